//! The sample in which every finding is planted: exactly what its README lists comes out.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "../examples/findings/mod.rs"]
mod findings;
#[path = "../examples/support/rng.rs"]
mod rng;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::process::Command;

use flate2::read::MultiGzDecoder;
use scopetrim::stages::HashKey;
use serde_json::Value;

use findings::line::{self, Line};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/findings");

/// Rule, client, subject, severity.
type Row = (String, String, String, String);

#[test]
fn every_row_of_the_table_is_found_and_nothing_else() {
    let found = rows(&report(&["analyze", SAMPLE, "--json"]));
    let expected = table();
    let missing: Vec<&Row> = expected.difference(&found).collect();
    let extra: Vec<&Row> = found.difference(&expected).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing: {missing:#?}\nextra: {extra:#?}"
    );
}

#[test]
fn every_rule_is_planted_and_none_is_left_unjudged() {
    let planted: BTreeSet<String> = table().into_iter().map(|(rule, ..)| rule).collect();
    let all: BTreeSet<String> = scopetrim::finding::ALL
        .iter()
        .map(|rule| rule.doc().number.to_owned())
        .collect();
    assert_eq!(planted, all);
    let report = report(&["analyze", SAMPLE, "--json"]);
    let unjudged = report["not_evaluable"].as_array().unwrap();
    let whole: Vec<&Value> = unjudged
        .iter()
        .filter(|value| value["partly"] != true)
        .collect();
    assert!(whole.is_empty(), "{whole:#?}");
}

#[test]
fn the_ledger_gives_the_same_findings_as_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let ledger = ledger.to_str().unwrap();
    for part in ["1", "2"] {
        let log = format!("{SAMPLE}/logs/gateway-{part}.jsonl.gz");
        let catalog = format!("{SAMPLE}/openapi.yaml");
        let args = ["ingest", &log, "--ledger", ledger, "--catalog", &catalog];
        scopetrim(&args);
    }
    let config = fs::read_to_string(format!("{SAMPLE}/scopetrim.toml")).unwrap();
    let config = config.replace("logs = [\"logs/*.gz\"]", "ledger = \"ledger\"");
    fs::write(folder.path().join("scopetrim.toml"), config).unwrap();
    for name in ["openapi.yaml", "grants.yaml"] {
        fs::copy(format!("{SAMPLE}/{name}"), folder.path().join(name)).unwrap();
    }
    let direct = report(&["analyze", SAMPLE, "--json"]);
    let recalled = report(&["analyze", folder.path().to_str().unwrap(), "--json"]);
    let without_places = |report: &Value| {
        let mut findings = report["findings"].clone();
        for finding in findings.as_array_mut().unwrap() {
            finding["places"] = Value::Null;
        }
        findings
    };
    assert_eq!(without_places(&direct), without_places(&recalled));
}

#[test]
fn the_committed_logs_are_what_the_generator_writes() {
    let calls = findings::calls::calls();
    for part in 0..findings::DAYS / 90 {
        let mut lines: Vec<Line> = Vec::new();
        for day in part * 90..(part + 1) * 90 {
            for (number, call) in (0..).zip(&calls) {
                if call.on.falls_on(day) {
                    lines.extend(line::lines(call, number, day));
                }
            }
        }
        lines.sort();
        let text: String = lines.iter().flat_map(|line| [&line.text, "\n"]).collect();
        let name = format!("{SAMPLE}/logs/gateway-{}.jsonl.gz", part + 1);
        let mut plain = String::new();
        let file = fs::File::open(&name).unwrap();
        MultiGzDecoder::new(file)
            .read_to_string(&mut plain)
            .unwrap();
        // No diff of a megabyte on failure.
        assert!(plain == text, "{name} differs");
        assert!(fs::metadata(&name).unwrap().len() < 150_000, "{name}");
    }
}

fn report(args: &[&str]) -> Value {
    serde_json::from_str(&scopetrim(args)).unwrap()
}

/// What the program prints; it must succeed.
fn scopetrim(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    let ran = command
        .args(args)
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let talk = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{args:?}: {talk}");
    String::from_utf8(ran.stdout).unwrap()
}

fn rows(report: &Value) -> BTreeSet<Row> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let (number, client) = (text(finding, "number"), text(finding, "client"));
            (
                number,
                client,
                text(finding, "subject"),
                text(finding, "severity"),
            )
        })
        .collect()
}

/// The rows under "What must come out"; a key is listed there by its id, and is found by its hash.
fn table() -> BTreeSet<Row> {
    let text = fs::read_to_string(format!("{SAMPLE}/README.md")).unwrap();
    let (_, table) = text.split_once("## What must come out").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| F"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let words = cells[3]
            .split(' ')
            .map(|word| match word.strip_prefix("K-") {
                Some(_) => HashKey::default().hash(word.as_bytes()).to_string(),
                None => word.to_owned(),
            });
        let subject = words.collect::<Vec<_>>().join(" ");
        let client = cells[2].trim_matches('-');
        let client = if client.is_empty() { "" } else { cells[2] };
        (
            cells[1].to_owned(),
            client.to_owned(),
            subject,
            cells[4].to_owned(),
        )
    })
    .collect()
}
