//! Logs that are empty, cut or broken: never a reason to remove anything.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Case, daily, line};
use crate::{ROUTES, app_holds, because, changes, report, term, verdict};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

/// The case read from a file of this name, with exit code 3 and no diff.
fn undetermined(case: &Case, log: &str) {
    let args = ["analyze", "--catalog", "routes.yaml", "--grants"];
    let args = [
        &args[..],
        &["grants.yaml", "--level", "review", "--logs", log],
    ]
    .concat();
    let json = report(&case.run(&[&args[..], &["--json"]].concat()), 3);
    for scope in ["orders:read", "invoices:read"] {
        assert_eq!(
            verdict(&json, "app", scope),
            "undetermined",
            "{log} {scope}"
        );
    }
    assert!(!json["incomplete"].as_array().expect("a list").is_empty());
    let run = case.run(&args);
    assert_eq!(run.code, Some(3), "{log}: {}", run.err);
    assert_eq!(changes(&run), [""; 0], "{log}");
    assert!(run.out.starts_with("incomplete: "), "{log}: {}", run.out);
}

#[test]
fn e2_an_empty_log_proves_nothing_about_any_grant() {
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), "");
    undetermined(&case, "log.jsonl");
    case.write("blank.jsonl", "\n\n   \n");
    undetermined(&case, "blank.jsonl");
    case.write("empty.gz", gzip(""));
    undetermined(&case, "empty.gz");
}

#[test]
fn times_without_a_zone_are_counted_in_one_warning_that_says_what_to_do() {
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), "");
    let zoned = daily(3, "app", "GET /orders", 200);
    case.write("log.jsonl", &zoned);
    case.write("local.jsonl", zoned.replace("Z\"", "\""));
    let clf = r#"192.0.2.1 - app [02/Jan/2026:12:00:00] "GET /orders HTTP/1.1" 200 1"#;
    case.write("access.log", format!("{clf}\n{clf}5\n"));
    let args = ["analyze", "--json", "--catalog", "routes.yaml", "--grants"];
    let read = |from: &[&str]| {
        let json = report(&case.run(&[&args[..], &["grants.yaml"], from].concat()), 0);
        let warnings = json["warnings"].as_array().expect("a list").clone();
        let messages = warnings
            .into_iter()
            .filter(|warning| warning["code"] == "time-without-zone");
        let texts = messages.map(|warning| warning["message"].as_str().expect("a text").to_owned());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(read(&["--logs", "log.jsonl"]), [""; 0]);
    let logs = [
        "--logs",
        "log.jsonl",
        "--logs",
        "local.jsonl",
        "--logs",
        "access.log",
    ];
    let told = read(&logs);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("2 records (combined: `access.log`)"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("3 records (native: `local.jsonl`)"),
        "{told:?}"
    );
    assert!(told[1].contains("log the offset"), "{told:?}");
    let ingest = ["ingest", "log.jsonl", "local.jsonl", "access.log"];
    let more = ["--catalog", "routes.yaml", "--ledger", "usage"];
    let run = case.run(&[&ingest[..], &more].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(read(&["--ledger", "usage"]), told);
}

#[test]
fn a_byte_order_mark_and_blank_lines_inside_of_a_log_are_not_records_and_lose_none() {
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), "");
    let days = daily(100, "app", "GET /orders", 200);
    // Two files with a mark each, one after the other.
    let both = format!("\u{feff}{days}\n   \n\t\n\u{feff}{days}\n \r\n");
    case.write("log.jsonl", &both);
    let args = ["analyze", "--json", "--catalog", "routes.yaml", "--grants"];
    let run = case.run(&[&args[..], &["grants.yaml", "--logs", "log.jsonl"]].concat());
    let input = &report(&run, 0)["inputs"][0];
    assert_eq!(input["records"], 2 * days.lines().count());
    assert_eq!(input["counted"], input["records"]);
}

#[test]
fn e2_a_log_that_cannot_be_unpacked_proves_nothing_about_any_grant() {
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), "");
    case.write("broken.gz", b"\x1f\x8b\x08\x00this was an error page");
    undetermined(&case, "broken.gz");
}

#[test]
fn e2_a_failed_export_next_to_good_ones_makes_no_grant_look_unused() {
    let case = Case::of(
        ROUTES,
        &app_holds(&["orders:read", "invoices:read"]),
        &daily(100, "app", "GET /orders", 200),
    );
    case.write("failed.gz", b"\x1f\x8b\x08\x00throttled");
    let args = ["analyze", "--catalog", "routes.yaml", "--grants"];
    let logs = ["grants.yaml", "--logs", "log.jsonl", "failed.gz"];
    let args = [&args[..], &logs].concat();
    let json = report(&case.run(&[&args[..], &["--json"]].concat()), 3);
    assert_eq!(verdict(&json, "app", "orders:read"), "keep");
    assert_eq!(verdict(&json, "app", "invoices:read"), "undetermined");
    assert!(because(&json, "app", "invoices:read", "partial_input"));
    assert_eq!(changes(&case.run(&args)), [""; 0]);
}

#[test]
fn e25_a_huge_line_is_counted_and_hides_nothing_after_it() {
    let mut log = daily(100, "app", "GET /orders", 200);
    let huge = format!("/orders/{}", "x".repeat(5 << 20));
    log += &line(99, "app", &format!("GET {huge}"), 200);
    log += &line(99, "app", "GET /invoices", 200);
    let grants = app_holds(&["orders:read", "invoices:read", "orders:write"]);
    let case = Case::of(ROUTES, &grants, &log);
    let json = report(&case.analyze(&["--json"]), 0);
    let input = &json["inputs"][0];
    assert_eq!(
        (&input["records"], &input["counted"]),
        (&102.into(), &101.into())
    );
    assert_eq!(input["rejected_by_reason"]["oversize"], 1);
    assert_eq!(verdict(&json, "app", "invoices:read"), "keep");
    assert_eq!(
        verdict(&json, "app", "orders:write"),
        "remove unused likely"
    );
}

#[test]
fn e25_a_cut_gzip_keeps_what_it_held_and_makes_the_rest_undetermined() {
    let mut log = String::new();
    for day in 0..100 {
        for id in 0..50_u32 {
            let path = format!(
                "GET /orders/{:x}",
                (day * 50 + id).wrapping_mul(2_654_435_761)
            );
            log += &line(day, "app", &path, 200);
        }
    }
    log += &line(100, "app", "GET /invoices", 200);
    let whole = gzip(&log);
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), "");
    case.write("cut.gz", &whole[..whole.len() / 2]);
    let args = ["analyze", "--catalog", "routes.yaml", "--grants"];
    let args = [&args[..], &["grants.yaml", "--logs", "cut.gz"]].concat();
    let json = report(&case.run(&[&args[..], &["--json"]].concat()), 3);
    assert_eq!(verdict(&json, "app", "orders:read"), "keep");
    assert!(term(&json, "app", "orders:read")["uses"]["365"].as_u64() > Some(1_000));
    assert_eq!(verdict(&json, "app", "invoices:read"), "undetermined");
    let status = json["inputs"][0]["status"].as_str().unwrap();
    assert!(status.starts_with("partial"), "{status}");
    assert_eq!(changes(&case.run(&args)), [""; 0]);
}

/// A hundred good lines a day for a hundred days, and this many half-written ones.
fn with_broken(broken: usize) -> Case {
    let mut log = String::new();
    for _ in 0..10 {
        log += &daily(100, "app", "GET /orders", 200);
    }
    for _ in 0..broken {
        log += "{\"time\":\"2026-02-01T12:00:00Z\",\"client_id\":\"app\",\"meth\n";
    }
    Case::of(ROUTES, &app_holds(&["orders:read", "invoices:read"]), &log)
}

#[test]
fn e38_a_few_half_written_lines_are_counted() {
    let json = report(&with_broken(5).analyze(&["--json"]), 0);
    let input = &json["inputs"][0];
    assert_eq!(
        (&input["records"], &input["counted"]),
        (&1005.into(), &1000.into())
    );
    assert_eq!(input["rejected"], 5);
    assert_eq!(verdict(&json, "app", "orders:read"), "keep");
    // They name the client, and nobody can tell what it asked for.
    assert_eq!(
        verdict(&json, "app", "invoices:read"),
        "remove unused review"
    );
    assert!(because(&json, "app", "invoices:read", "possible_need"));
}

#[test]
fn e38_many_half_written_lines_leave_no_removal() {
    let case = with_broken(20);
    let json = report(&case.analyze(&["--json"]), 3);
    assert_eq!(json["inputs"][0]["rejected"], 20);
    assert_eq!(verdict(&json, "app", "orders:read"), "keep");
    assert_eq!(verdict(&json, "app", "invoices:read"), "undetermined");
    assert!(because(&json, "app", "invoices:read", "partial_input"));
    let said = json["incomplete"][0].as_str().unwrap_or_default();
    for word in [
        "20 of ",
        " %) were rejected",
        "max_reject_share = 0.01 (1 %, the default)",
        "rejects.ndjson",
    ] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(changes(&case.analyze(&["--level", "review"])), [""; 0]);
    // Where the owner of the log says that so much loss is usual, the lines still hold what
    // they may have needed.
    let json = report(&case.analyze(&["--json", "--max-reject-share", "0.05"]), 0);
    assert_eq!(
        verdict(&json, "app", "invoices:read"),
        "remove unused review"
    );
}

#[test]
fn e38_logs_in_cloudwatch_envelopes_count_like_their_lines_and_a_cut_one_is_partial() {
    let line = |day: u32| {
        format!(
            r#"{{"requestId":"r{day}","requestTime":"{day:02}/Jan/2026:12:00:00 +0000","httpMethod":"GET","resourcePath":"/orders","path":"/orders","status":"200","clientId":"app"}}"#
        )
    };
    let envelope = |days: std::ops::Range<u32>, kind: &str| {
        let events: Vec<_> = days
            .map(|day| serde_json::json!({"id": "0", "timestamp": 0, "message": line(day)}))
            .collect();
        serde_json::json!({"messageType": kind, "owner": "1", "logGroup": "g", "logEvents": events})
            .to_string()
    };
    let whole = envelope(1..3, "DATA_MESSAGE")
        + &envelope(3..4, "CONTROL_MESSAGE")
        + &envelope(4..6, "DATA_MESSAGE");
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), &whole);
    let read = report(&case.analyze(&["--json"]), 0);
    assert_eq!(read["inputs"][0]["counted"], 4, "{read:#}");
    assert_eq!(verdict(&read, "app", "orders:read"), "keep");
    let cut = &whole[..whole.len() - 40];
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), cut);
    let read = report(&case.analyze(&["--json"]), 3);
    // All that came before the cut counts.
    assert_eq!(read["inputs"][0]["counted"], 3);
    assert!(
        read.to_string().contains("the list of records breaks off"),
        "{read:#}"
    );
}

#[test]
fn a_file_that_is_no_request_log_is_passed_over_next_to_one_and_refused_alone() {
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), "");
    let error = "2026/01/02 12:00:00 [error] 7#7: *1 open() failed\n";
    let okta = "{\"eventType\":\"a\",\"actor\":{},\"published\":\"2026-01-02T12:00:00Z\",\"outcome\":{}}\n";
    let request = "192.0.2.1 - - [02/Jan/2026:12:00:00 +0000] \"GET /orders HTTP/1.1\" 200 1\n";
    case.write("logs/access.log", daily(100, "app", "GET /orders", 200));
    case.write("logs/error.log", error.repeat(200));
    case.write("logs/mixed.log", request.to_owned() + &error.repeat(200));
    case.write("logs/okta.json", okta.repeat(3));
    let analyze = |logs: &str| {
        let args = ["analyze", "--json", "--no-blame", "--logs", logs];
        let files = ["--catalog", "routes.yaml", "--grants", "grants.yaml"];
        case.run(&[&args[..], &files[..]].concat())
    };
    let run = analyze("logs");
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("a report");
    let inputs: Vec<String> = json["inputs"]
        .as_array()
        .expect("inputs")
        .iter()
        .map(|own| format!("{} {} {}", own["format"], own["skipped"], own["rejected"]))
        .collect();
    let expected = [
        r#""native" {} 0"#,
        r#""other" {"other_record":200} 0"#,
        // A request among such lines is read.
        r#""combined" {"other_record":200} 0"#,
        r#""other" {"other_record":3} 0"#,
    ];
    assert_eq!(inputs, expected);
    let warnings = json["warnings"].to_string();
    for told in [
        "`logs/error.log` is passed over with its 200 records: it looks like an error log",
        "`logs/okta.json` is passed over with its 3 records: it looks like an Okta system log",
    ] {
        assert!(warnings.contains(told), "{warnings}");
    }
    // What is not known to tell of no request is not passed over.
    case.write(
        "logs/own.json",
        "{\"rpc\":\"GetOrder\",\"who\":\"app\"}\n".repeat(3),
    );
    let run = analyze("logs");
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(run.err.contains("`logs/own.json`"), "{}", run.err);
    for alone in ["logs/error.log", "logs/o*"] {
        let run = analyze(alone);
        assert_eq!(run.code, Some(2), "{}", run.out);
        let refused = "is not recognised: it looks like";
        assert!(run.err.contains(refused), "{}", run.err);
    }
}
