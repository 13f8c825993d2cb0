//! Levels rest on the past, through the whole program.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use assert_cmd::Command;
use chrono::NaiveDate;
use serde_json::Value;

/// Clients of the invented organisation.
const CLIENTS: i64 = 70;
/// Days of its log: 2025-09-01 to 2026-06-27.
const DAYS: i64 = 300;

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: [orders:read]\n  POST /orders: [orders:write]\n  GET /reports: [reports:read]\n";

/// Requests on one day: client, method and path.
type Calls<'a> = &'a dyn Fn(i64) -> Vec<(i64, &'static str)>;

/// Everybody reads orders every third day, in turns.
fn reads(day: i64) -> Vec<(i64, &'static str)> {
    let turn = |client: &i64| (client + day) % 3 == 0;
    (0..CLIENTS)
        .filter(turn)
        .map(|client| (client, "GET /orders"))
        .collect()
}

/// The report of `analyze --json` with these calls, each logged so many times.
fn report(calls: Calls<'_>, times: usize, more: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let first = NaiveDate::from_ymd_opt(2025, 9, 1).unwrap();
    let (mut log, mut grants) = (String::new(), "version: 1\nclients:\n".to_owned());
    for (day, date) in (0..DAYS).zip(first.iter_days()) {
        for (client, call) in calls(day) {
            let (method, path) = call.split_once(' ').unwrap();
            let line = format!(
                r#"{{"time":"{date}T12:00:00Z","client_id":"c{client:02}","method":"{method}","path":"{path}","status":200}}"#
            );
            for _ in 0..times {
                writeln!(log, "{line}").unwrap();
            }
        }
    }
    for client in 0..CLIENTS {
        writeln!(
            grants,
            "  c{client:02}:\n    since: 2024-01-01\n    scopes: [orders:read, orders:write, reports:read]"
        )
        .unwrap();
    }
    for (name, text) in [
        ("log.jsonl", &*log),
        ("routes.yaml", ROUTES),
        ("grants.yaml", &*grants),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(folder.path())
        .args([
            "analyze",
            "--logs",
            "log.jsonl",
            "--catalog",
            "routes.yaml",
            "--grants",
            "grants.yaml",
            "--json",
        ])
        .args(more)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Level and evidence of each client's term.
fn levels(report: &Value) -> BTreeMap<(String, String), (String, Value)> {
    let mut found = BTreeMap::new();
    for client in report["clients"].as_array().unwrap() {
        for term in client["terms"].as_array().unwrap() {
            let name = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let key = (name(&client["id"]), name(&term["term"]));
            found.insert(key, (name(&term["level"]), term["evidence"].clone()));
        }
    }
    found
}

fn count(report: &Value, level: &str) -> usize {
    levels(report)
        .values()
        .filter(|(own, _)| own == level)
        .count()
}

#[test]
fn what_nobody_ever_came_back_to_is_safe_with_its_counts() {
    let whole = report(&reads, 1, &[]);
    assert_eq!(count(&whole, "safe"), 2 * 70);
    let (level, evidence) = &levels(&whole)[&("c00".to_owned(), "orders:write".to_owned())];
    assert_eq!(
        (&**level, &evidence["similar"], &evidence["reused"]),
        ("safe", &140.into(), &0.into())
    );
    assert_eq!(
        evidence["stratum"],
        "never used, granted for 150 to 225 days, client active"
    );
    // Doubled counts are the same days.
    assert_eq!(levels(&whole), levels(&report(&reads, 2, &[])));
}

#[test]
fn a_use_within_30_days_keeps_the_grant() {
    let used = |day: i64| {
        let mut calls = reads(day);
        calls.extend((day == DAYS - 20).then_some((7, "GET /reports")));
        calls
    };
    let (before, after) = (
        levels(&report(&reads, 1, &[])),
        levels(&report(&used, 1, &[])),
    );
    let key = ("c07".to_owned(), "reports:read".to_owned());
    assert_eq!((&*before[&key].0, &*after[&key].0), ("safe", "-"));
    // With a window that does not see it, the guards do.
    let short = levels(&report(&used, 1, &["--window", "14d"]));
    assert_eq!(short[&key].0, "review");
}

#[test]
fn forty_days_without_records_in_the_last_ninety_leave_nothing_safe() {
    let hole = |day: i64| {
        if (DAYS - 70..DAYS - 30).contains(&day) {
            Vec::new()
        } else {
            reads(day)
        }
    };
    let torn = report(&hole, 1, &[]);
    assert_eq!((count(&torn, "safe"), count(&torn, "likely")), (0, 0));
    assert_eq!(count(&torn, "review"), 2 * 70);
}

#[test]
fn what_came_back_before_is_no_longer_safe() {
    // Every fourth client writes for the first time late, long after its grant.
    let late = |day: i64| {
        let mut calls = reads(day);
        let writers = (0..CLIENTS).filter(|client| client % 4 == 0 && 200 + client == day);
        calls.extend(writers.map(|client| (client, "POST /orders")));
        calls
    };
    let found = levels(&report(&late, 1, &[]));
    let level = |client: &str, scope: &str| &*found[&(client.to_owned(), scope.to_owned())].0;
    assert_eq!(level("c01", "orders:write"), "review");
    assert_eq!(level("c04", "orders:write"), "-", "used in the window");
}

#[test]
fn what_is_stated_as_needed_waits_for_a_person_and_thresholds_can_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("scopetrim.toml");
    fs::write(
        &config,
        "needs = ['POST /orders']\n[levels]\nsafe_upper = 0.001\n",
    )
    .unwrap();
    let own = report(&reads, 1, &["--config", config.to_str().unwrap()]);
    let found = levels(&own);
    let level = |scope: &str| &*found[&("c00".to_owned(), scope.to_owned())].0;
    assert_eq!(
        (level("orders:write"), level("reports:read")),
        ("review", "likely")
    );
}
