//! A seeded tenant in four log formats: healthy it is quiet, and each planted problem is found once.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod compare;
#[path = "../../examples/support/rng.rs"]
mod rng;
mod run;
mod support;
#[path = "../../examples/tenant/mod.rs"]
mod tenant;

use std::collections::{BTreeMap, BTreeSet};

use compare::{Finding, differences, findings, table};
use run::{PLANTED, QUIET, size};
use tenant::Tenant;
use tenant::format::Format;
use tenant::plants;

#[test]
fn a_healthy_tenant_has_nothing_above_a_note_in_any_format() {
    let mut loud: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (format, report) in QUIET.iter() {
        let above = findings(report).into_iter();
        for finding in above.filter(|finding| finding.severity != "note") {
            let kind = format!(
                "{:<9} {:<3} {}",
                format.name(),
                finding.rule,
                finding.severity
            );
            loud.entry(kind).or_default().push(finding.sentence());
        }
    }
    let rows = loud.iter().map(|(kind, messages)| {
        format!("  {kind}: {}, for example {}", messages.len(), messages[0])
    });
    let rows: Vec<String> = rows.collect();
    assert!(rows.is_empty(), "{}", table("kinds are not quiet", &rows));
}

#[test]
fn each_planted_problem_is_found_once_and_nothing_else_is_above_a_note() {
    let plants = plants::all();
    let reports: Vec<_> = PLANTED
        .iter()
        .map(|(format, report)| (*format, report))
        .collect();
    let rows = differences(&plants, &reports);
    assert!(rows.is_empty(), "{}", table("differences", &rows));
}

#[test]
fn every_rule_is_planted_and_every_planted_rule_is_there() {
    let plants = plants::all();
    let planted = plants.iter().flat_map(|plant| &plant.expects);
    let planted: BTreeSet<&str> = planted.map(|expect| expect.rule).collect();
    let rules = scopetrim::finding::ALL.iter();
    let all: BTreeSet<&str> = rules.map(|rule| rule.doc().number).collect();
    let missing: Vec<_> = all.symmetric_difference(&planted).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(
        plants
            .iter()
            .filter(|plant| !plant.expects.is_empty())
            .count()
            >= 41
    );
    let names: BTreeSet<&str> = plants.iter().map(|plant| plant.slug).collect();
    assert_eq!(names.len(), plants.len(), "a name occurs twice");
}

#[test]
fn every_line_is_read_in_the_format_that_was_meant() {
    let events = Tenant::new(&size(), &plants::all()).events.len();
    for (format, report) in PLANTED.iter() {
        let input = &report["inputs"][0];
        let named = input["format"].as_str().unwrap();
        assert!(named.contains(format.name()), "{named}");
        assert_eq!(input["counted"], events, "{}: {input}", format.name());
        assert_eq!(input["rejected"], 0, "{}: {input}", format.name());
    }
}

#[test]
fn equal_seeds_give_equal_lines_and_a_plant_leaves_the_others_alone() {
    let all = plants::all();
    let [healthy, planted, again] =
        [&[][..], &all, &all].map(|plants| Tenant::new(&size(), plants));
    assert!(planted.events == again.events);
    let planted: BTreeSet<_> = planted.events.iter().collect();
    assert!(healthy.events.iter().all(|event| planted.contains(event)));
    let line = |seed: u64| {
        let tenant = Tenant::new(&tenant::Size { seed, ..size() }, &[]);
        Format::Aws.line(&tenant.events[0], 1)
    };
    assert_eq!(line(7), line(7));
    assert_ne!(line(7), line(8));
}

#[test]
fn the_table_of_formats_and_rules_is_what_is_found() {
    support::check(&plants::all(), &PLANTED);
}

impl Finding {
    fn sentence(&self) -> String {
        let client = if self.client.is_empty() {
            "-"
        } else {
            &self.client
        };
        let (severity, requests) = (&self.severity, self.requests);
        format!(
            "{:<3} {severity:<8} {client}: {} ({requests} requests)",
            self.rule, self.message
        )
    }
}
