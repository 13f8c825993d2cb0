//! Inputs that readers of logs are known to get wrong, and where each is held by a test.
//!
//! The table of all of them is in `nasty_inputs/list.rs`.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "nasty_inputs/list.rs"]
mod list;
#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use std::io::Write;
use std::path::Path;

use list::HELD;
use serde_json::Value;
use support::{Case, Run, daily, line};

const ROUTES: &str = "\
version: 1
routes:
  GET /orders: orders:read
  POST /orders: orders:write
  GET /invoices: invoices:read
";
const GRANTS: &str = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [orders:read, orders:write, invoices:read]\n";

#[test]
fn every_input_of_the_list_is_held_by_a_test_that_exists() {
    let mut all = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == "rs") {
                all += &std::fs::read_to_string(path).expect("text");
            }
        }
    }
    let numbers: Vec<u32> = HELD.iter().map(|own| own.0).collect();
    assert_eq!(numbers, (1..=23).chain(103..=112).collect::<Vec<_>>());
    for (number, what, tests) in HELD {
        for test in tests {
            let is_there = all.contains(&format!("fn {test}("));
            assert!(is_there, "{number}, {what}: there is no test `{test}`");
        }
    }
}

fn case() -> Case {
    Case::of(ROUTES, GRANTS, "")
}

fn report(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}\n{}", run.out, run.err))
}

/// The report on these logs.
fn analysed(case: &Case, logs: &[&str], more: &[&str]) -> Value {
    let mut args = vec!["analyze", "--json", "--catalog", "routes.yaml"];
    args.extend(["--grants", "grants.yaml"]);
    for log in logs {
        args.extend(["--logs", log]);
    }
    args.extend(more);
    report(&case.run(&args))
}

fn requests(report: &Value) -> u64 {
    let clients = report["clients"].as_array().expect("clients");
    let of = |client: &Value| client["requests"].as_u64().expect("a number");
    clients.iter().map(of).sum()
}

fn level(report: &Value, term: &str) -> String {
    let terms = report["clients"][0]["terms"].as_array().expect("terms");
    let own = terms
        .iter()
        .find(|own| own["term"] == term)
        .expect("the term");
    format!(
        "{} {}",
        own["verdict"].as_str().unwrap_or("-"),
        own["level"].as_str().unwrap_or("-")
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

#[test]
fn line_ends_of_windows_are_no_part_of_the_last_field() {
    let case = case();
    let combined = "192.0.2.1 - app [02/Jan/2026:12:00:00 +0000] \"GET /orders HTTP/1.1\" 200\r\n";
    case.write("access.log", combined.repeat(3));
    case.write(
        "log.jsonl",
        daily(3, "app", "GET /orders", 200).replace('\n', "\r\n"),
    );
    for log in ["access.log", "log.jsonl"] {
        let run = case.run(&["events", "--logs", log, "--output", "ndjson"]);
        assert_eq!(run.out.lines().count(), 3, "{}", run.err);
        for row in run.out.lines() {
            let row: Value = serde_json::from_str(row).expect("a row");
            assert_eq!(
                (&row["status"], &row["client_id"]),
                (&200.into(), &"app".into())
            );
        }
    }
}

#[test]
fn a_last_line_without_its_end_is_counted_once() {
    let case = case();
    let whole = daily(100, "app", "GET /orders", 200);
    case.write("whole.jsonl", &whole);
    case.write("open.jsonl", whole.trim_end());
    for log in ["whole.jsonl", "open.jsonl"] {
        assert_eq!(requests(&analysed(&case, &[log], &[])), 100, "{log}");
    }
}

#[test]
fn every_member_of_a_packed_log_is_read() {
    let case = case();
    let (a, b) = (
        daily(50, "app", "GET /orders", 200),
        daily(100, "app", "POST /orders", 201),
    );
    case.write("log.gz", [gzip(a.as_bytes()), gzip(b.as_bytes())].concat());
    assert_eq!(requests(&analysed(&case, &["log.gz"], &[])), 150);
}

#[test]
fn a_log_that_was_rotated_packed_renamed_or_has_grown_counts_once() {
    let requests_of = ["GET /orders", "POST /orders", "GET /invoices"];
    let night: String = requests_of
        .map(|request| daily(300, "app", request, 200))
        .concat();
    let noon = &night[..night.len() / 2];
    let noon = &noon[..=noon.rfind('\n').expect("a line")];
    // Longer than the beginning by which logs are told apart first.
    assert!(noon.len() > 40_000 && night.len() > 80_000);
    for (before, after) in [
        (night.as_bytes().to_vec(), night.as_bytes().to_vec()),
        (gzip(night.as_bytes()), night.as_bytes().to_vec()),
        (
            gzip(night.as_bytes()),
            zstd::encode_all(night.as_bytes(), 3).expect("memory"),
        ),
        (noon.as_bytes().to_vec(), night.as_bytes().to_vec()),
        (gzip(noon.as_bytes()), gzip(night.as_bytes())),
    ] {
        let case = case();
        case.write("access.log.1", before);
        case.write("old/kept", after);
        let both = analysed(&case, &["access.log.1", "old/kept"], &[]);
        assert_eq!(requests(&both), 900);
        let states = both["inputs"].as_array().expect("inputs").iter();
        let copies = states.filter(|own| {
            own["status"]
                .as_str()
                .is_some_and(|own| own.starts_with("duplicate of "))
        });
        assert_eq!(copies.count(), 1, "{}", both["inputs"]);
    }
    // Two requests that look the same are two: only whole contents are compared.
    let case = case();
    let line = line(5, "app", "GET /orders", 200);
    case.write("one.jsonl", line.repeat(2));
    case.write("two.jsonl", daily(9, "app", "GET /orders", 200));
    assert_eq!(
        requests(&analysed(&case, &["one.jsonl", "two.jsonl"], &[])),
        11
    );
}

#[test]
fn two_formats_in_one_file_are_read_line_by_line_and_every_line_is_accounted_for() {
    let case = case();
    let mut log = String::new();
    for (number, own) in daily(100, "app", "GET /orders", 200).lines().enumerate() {
        log += own;
        log += "\n192.0.2.1 - app [02/Jan/2026:12:00:00 +0000] \"POST /orders HTTP/1.1\" 201 5\n";
        if number % 20 == 0 {
            log += "2026/01/02 12:00:00 [notice] 1#0: start worker process 7\n";
        }
    }
    log += "{\"cut\": \n";
    case.write("both.log", &log);
    let json = analysed(&case, &["both.log"], &[]);
    let input = &json["inputs"][0];
    assert_eq!(input["format"], "native+combined");
    assert_eq!(
        input["records_by_format"],
        serde_json::json!({"combined": 100, "native": 100})
    );
    assert_eq!(input["skipped"]["other_record"], 5);
    assert_eq!(input["rejected"], 1);
    let all = ["counted", "rejected"].map(|key| input[key].as_u64().expect("a number"));
    assert_eq!(
        all[0] + all[1] + 5,
        input["records"].as_u64().expect("a number")
    );
    assert_eq!(requests(&json), 200);
    let run = case.run(&["formats", "detect", "both.log"]);
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(
        run.out.starts_with(
            "both.log: native+combined (native 100 of 206, combined 100 of 206, no requests 5"
        ),
        "{}",
        run.out
    );
    // The ledger knows the same.
    let args = [
        "ingest",
        "--logs",
        "both.log",
        "--catalog",
        "routes.yaml",
        "--ledger",
        "ledger",
    ];
    assert_eq!(case.run(&args).code, Some(0));
    let args = [
        "analyze",
        "--json",
        "--ledger",
        "ledger",
        "--catalog",
        "routes.yaml",
    ];
    let run = case.run(&[&args[..], &["--grants", "grants.yaml"]].concat());
    assert_eq!(
        report(&run)["inputs"][0]["records_by_format"],
        input["records_by_format"]
    );
}

#[test]
fn a_time_before_2000_or_after_2099_is_rejected_as_out_of_range() {
    let case = case();
    let good = daily(100, "app", "GET /orders", 200);
    let odd = |time: &str| {
        good.lines()
            .next()
            .expect("a line")
            .replace("2026-01-01T12:00:00Z", time)
    };
    let odd = [
        odd("1970-01-01T00:00:01Z"),
        odd("1999-12-31T23:59:59Z"),
        odd("2100-01-01T00:00:00Z"),
    ];
    case.write("log.jsonl", good.clone() + &odd.join("\n") + "\n");
    let json = analysed(&case, &["log.jsonl"], &["--max-reject-share", "0.5"]);
    let input = &json["inputs"][0];
    assert_eq!(
        input["rejected_by_reason"],
        serde_json::json!({"time_out_of_range": 3})
    );
    assert_eq!(json["coverage"]["from"], "2026-01-01");
}

#[test]
fn the_order_of_lines_changes_no_byte_of_the_report() {
    let mut lines: Vec<String> = Vec::new();
    for (client, request) in [
        ("app", "GET /orders"),
        ("app", "POST /orders"),
        ("x", "GET /other"),
    ] {
        lines.extend(daily(120, client, request, 200).lines().map(str::to_owned));
    }
    let case = case();
    let mut seen = None;
    for turn in 0..4_usize {
        // A fixed walk through all places: 7, 11 and 13 have no factor in common with 360.
        let step = [1, 7, 11, 13][turn];
        let places = (0..lines.len()).map(|place| place * step % lines.len());
        let log: Vec<&str> = places.map(|place| lines[place].as_str()).collect();
        case.write("log.jsonl", log.join("\n") + "\n");
        let mut json = analysed(&case, &["log.jsonl"], &[]);
        // The digest is that of the bytes, and the ids and digests of the report follow it.
        json["inputs"][0]["digest"] = Value::Null;
        let text = json.to_string();
        assert_eq!(
            *seen.get_or_insert_with(|| text.clone()),
            text,
            "step {step}"
        );
    }
}

#[test]
fn a_number_that_is_none_loses_no_line_and_makes_up_no_status() {
    let case = case();
    let own = daily(1, "app", "GET /orders", 200);
    let own = own.trim_end();
    let lines = ["1e400", "-0", "9223372036854775808", "-1", "null", "\"-\""]
        .map(|number| own.replace(":200", &format!(":{number}")));
    case.write("log.jsonl", format!("{own}\n{}\n", lines.join("\n")));
    let run = case.run(&["events", "--logs", "log.jsonl", "--output", "ndjson"]);
    let rows: Vec<Value> = run
        .out
        .lines()
        .map(|row| serde_json::from_str(row).expect("a row"))
        .collect();
    assert!(
        rows.iter().skip(1).all(|row| row["status"].is_null()),
        "{}",
        run.out
    );
    let json = analysed(&case, &["log.jsonl"], &[]);
    let input = &json["inputs"][0];
    let of = |key: &str| input[key].as_u64().expect("a number");
    assert_eq!(
        (of("records"), of("counted") + of("rejected")),
        (7, 7),
        "{input}"
    );
}

#[test]
fn a_request_to_an_address_of_many_operations_holds_every_grant_of_its_caller() {
    let case = case();
    let used = daily(300, "app", "GET /orders", 200);
    case.write("log.jsonl", &used);
    let before = analysed(&case, &["log.jsonl"], &support::ANY_SHARE);
    case.write("log.jsonl", used + &line(290, "app", "POST /graphql", 200));
    let after = analysed(&case, &["log.jsonl"], &support::ANY_SHARE);
    for term in ["orders:write", "invoices:read"] {
        assert_eq!(level(&before, term), "remove likely");
        assert_ne!(level(&after, term), "remove likely");
    }
}

#[test]
fn what_was_answered_after_the_authorisation_needed_the_permission() {
    for status in [304, 404, 405, 415, 500, 502] {
        let case = case();
        let log = daily(100, "app", "GET /orders", 200) + &line(95, "app", "GET /invoices", status);
        case.write("log.jsonl", log);
        let json = analysed(&case, &["log.jsonl"], &[]);
        assert!(
            level(&json, "invoices:read").starts_with("keep"),
            "{status}"
        );
    }
}

#[test]
fn less_than_a_quarter_of_a_year_makes_no_removal_likely() {
    let case = case();
    for (days, likely) in [(60, false), (300, true)] {
        case.write("log.jsonl", daily(days, "app", "GET /orders", 200));
        let json = analysed(&case, &["log.jsonl"], &support::ANY_SHARE);
        assert_eq!(
            level(&json, "invoices:read") == "remove likely",
            likely,
            "{days} days"
        );
    }
}
