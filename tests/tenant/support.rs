//! `docs/findings-formats.md`: which rule can be judged on which log format, by what was found.

use std::fmt::Write as _;

use serde_json::Value;

use crate::compare::{findings, fits, is_unjudged};
use crate::run::Reports;
use crate::tenant::plants::{Expect, Plant};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/findings-formats.md");

const HEAD: &str = "# Which log format supports which rule

Each rule was run on the same tenant in four log formats, with the problems planted that it looks for (`cargo run --example tenant -- OUT
--plant list` lists them; `--plant all` writes them). A format supports a rule as far as its lines carry the fields, so an operator who logs
less gets less: `not_evaluable` of the report says so, for all or for the clients that it names.

| answer | meaning |
| --- | --- |
| yes | the planted problem was found |
| in part | it was found for clients whose lines carry the field, and the report names others about which nothing can be said |
| no | the report lists the rule as not evaluable |
| - | nothing was found, and nothing is missing |

";

/// The document is what the reports say.
pub(crate) fn check(plants: &[Plant], reports: &Reports) {
    let text = document(plants, reports);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert_eq!(written, text, "run the test with UPDATE_DOCS=1");
}

fn document(plants: &[Plant], reports: &Reports) -> String {
    let mut text = HEAD.to_owned();
    let names: Vec<String> = reports
        .iter()
        .map(|(_, report)| {
            let name = report["inputs"][0]["format"].as_str().unwrap();
            format!("`{name}`")
        })
        .collect();
    let _ = writeln!(text, "| rule | {} |", names.join(" | "));
    let _ = writeln!(text, "| --- |{}", " --- |".repeat(names.len()));
    for rule in scopetrim::finding::ALL {
        let doc = rule.doc();
        let wanted = plants.iter().flat_map(|plant| &plant.expects);
        let wanted: Vec<&Expect> = wanted.filter(|expect| expect.rule == doc.number).collect();
        let cells: Vec<&str> = reports
            .iter()
            .map(|(_, report)| cell(&wanted, doc.number, report))
            .collect();
        let _ = writeln!(
            text,
            "| {} {} | {} |",
            doc.number,
            doc.id,
            cells.join(" | ")
        );
    }
    text
}

fn cell(wanted: &[&Expect], number: &str, report: &Value) -> &'static str {
    let entries = report["not_evaluable"].as_array().unwrap();
    let whole = |value: &&Value| value["number"] == number && value["partly"] == false;
    if entries.iter().any(|entry| whole(&entry)) {
        return "no";
    }
    let all = findings(report);
    let found = |expect: &&&Expect| all.iter().any(|finding| fits(expect, finding));
    if !wanted.iter().any(|expect| found(&expect)) {
        return "-";
    }
    // A planted client is named as one of whom nothing can be said.
    let silent = wanted
        .iter()
        .any(|expect| !found(&expect) && is_unjudged(expect, report));
    if silent { "in part" } else { "yes" }
}
