//! Month over month, against a table made by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::changes::{Gone, changes};
use super::page::Point;
use super::rows::{Change, Changes};
use super::{History, Item, Month, Previous};

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

/// A report with these open removals, `client/term`.
fn report(text: &str, open: &[&str]) -> Value {
    let clients: Vec<Value> = open
        .iter()
        .map(|pair| {
            let (client, term) = pair.split_once('/').unwrap();
            json!({"id": client, "granted": [term], "terms": [
                {"term": term, "verdict": "remove", "kind": "unused", "level": "likely"}]})
        })
        .collect();
    json!({"schema": "scopetrim.report/1", "as_of": format!("{text}-28"), "clients": clients,
        "findings": [], "fleet": {"exposure_mean_before": 0.5, "exposure_max_before": 0.9}})
}

fn read(report: &Value) -> Previous {
    Previous::read(report.to_string().as_bytes(), "report.json").unwrap()
}

fn compare(now: &str, open: &[&str], earlier: &[(&str, &[&str])]) -> Changes {
    let earlier = earlier.iter().map(|(text, open)| read(&report(text, open)));
    let history = History::before(month(now), earlier.collect());
    let items = read(&report(now, open)).items;
    changes(month(now), &history, &items, &|_| Gone::Resolved).unwrap()
}

/// `client/term since months`.
fn told(list: &[Change]) -> Vec<String> {
    let one = |change: &Change| {
        format!(
            "{}/{} {} {}",
            change.client, change.subject, change.since, change.for_months
        )
    };
    list.iter().map(one).collect()
}

#[test]
fn three_months_give_the_table_made_by_hand() {
    // | item | Jul | Aug | Sep | says            |
    // | a/x  | x   | x   | x   | ignored for 2   |
    // | a/y  | x   |     | x   | came back       |
    // | b/z  | x   |     |     | told in August  |
    // | c/w  |     | x   | x   | ignored for 1   |
    // | e/g  |     | x   |     | resolved        |
    // | d/n  |     |     | x   | new             |
    let found = compare(
        "2026-09",
        &["a/x", "a/y", "c/w", "d/n"],
        &[
            ("2026-07", &["a/x", "a/y", "b/z"]),
            ("2026-08", &["a/x", "c/w", "e/g"]),
        ],
    );
    assert_eq!(told(&found.ignored), ["a/x 2026-07 2", "c/w 2026-08 1"]);
    assert_eq!(told(&found.came_back), ["a/y 2026-09 0"]);
    assert_eq!(told(&found.resolved), ["e/g 2026-08 1"]);
    assert_eq!(told(&found.new), ["d/n 2026-09 0"]);
}

#[test]
fn a_month_without_a_report_neither_ends_a_run_nor_begins_one() {
    let found = compare(
        "2026-10",
        &["a/x"],
        &[("2026-06", &["a/x"]), ("2026-08", &["a/x"])],
    );
    assert_eq!(told(&found.ignored), ["a/x 2026-06 4"]);
}

#[test]
fn later_reports_are_left_aside_and_of_two_for_one_month_one_is_used() {
    let all = vec![
        read(&report("2026-08", &["a/x"])),
        read(&report("2026-08", &["a/x"])),
        read(&report("2026-11", &["a/x"])),
    ];
    let history = History::before(month("2026-10"), all);
    assert_eq!(history.reports.len(), 1);
    assert_eq!(history.notes.len(), 2, "{:?}", history.notes);
}

#[test]
fn a_number_that_an_old_report_does_not_state_is_not_known_and_never_zero() {
    let mut old = report("2026-08", &[]);
    old["fleet"] = json!({});
    let point: &Point = &read(&old).points[&month("2026-08")];
    assert_eq!((point.exposure_mean, point.applied), (None, None));
}

#[test]
fn a_file_of_something_else_is_not_a_report() {
    for (text, says) in [
        ("{", "not JSON: line 1, column 1"),
        ("{}", "not a report of scopetrim"),
        (
            r#"{"schema":"x"}"#,
            "its `schema` is not `scopetrim.report/1`",
        ),
    ] {
        let error = Previous::read(text.as_bytes(), "a.json")
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_is_gone_without_being_fixed_is_in_a_separate_list_and_never_resolved() {
    let last = read(&report("2026-08", &["a/x", "a/y", "b/z", "c/w"]));
    let history = History::before(month("2026-09"), vec![last]);
    let gone = |item: &Item| match item.subject.as_str() {
        "x" => Gone::Accepted,
        "y" => Gone::Void,
        "z" => Gone::Unjudged,
        _ => Gone::Resolved,
    };
    let found = changes(month("2026-09"), &history, &BTreeMap::new(), &gone).unwrap();
    assert_eq!(told(&found.accepted), ["a/x 2026-08 1"]);
    assert_eq!(told(&found.void), ["a/y 2026-08 1"]);
    assert_eq!(told(&found.unjudged), ["b/z 2026-08 1"]);
    assert_eq!(told(&found.resolved), ["c/w 2026-08 1"]);
}
