//! `demand`: what clients ask for and do not get, the same from logs and from a ledger.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod support;

use serde_json::{Value, json};
use support::{Case, daily, line};

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: [orders:read]\n  POST /orders: [orders:write, admin]\n  DELETE /users: [admin]\n";
const GRANTS: &str = "version: 1\nclients:\n  app:\n    since: 2025-01-01\n    scopes: [orders:read, reports:run]\n  bot: {scopes: [orders:write]}\n";

/// One request at 12:00 of a day of January or February 2026.
fn request(day: u32, client: &str, request: &str, more: &Value) -> String {
    let (method, path) = request.split_once(' ').unwrap();
    let date = if day < 31 {
        format!("01-{:02}", day + 1)
    } else {
        format!("02-{:02}", day - 30)
    };
    let mut record = json!({
        "time": format!("2026-{date}T12:00:00Z"), "client_id": client,
        "method": method, "path": path, "status": 200, "request_id": format!("r{day}"),
    });
    let fields = record.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    format!("{record}\n")
}

fn case() -> Case {
    let mut log = daily(40, "bot", "POST /orders", 200);
    for day in 0..40 {
        let scopes = if day < 20 {
            "orders:read openid admin"
        } else {
            "orders:read"
        };
        log += &request(day, "app", "GET /orders", &json!({"scopes": scopes}));
    }
    for (day, id) in [(3, "no3"), (5, "no5"), (5, "no6")] {
        let refused = json!({"status": 403, "answered_by": "gateway", "request_id": id});
        log += &request(day, "app", "POST /orders", &refused);
    }
    log += &request(
        7,
        "app",
        "POST /orders",
        &json!({"status": 403, "request_id": "svc"}),
    );
    log += &line(8, "bot", "POST /orders", 403);
    log += &line(9, "app", "GET /nowhere", 401);
    Case::of(ROUTES, GRANTS, &log)
}

const FILES: [&str; 4] = ["--catalog", "routes.yaml", "--grants", "grants.yaml"];

fn demand(case: &Case, input: [&str; 2], more: &[&str]) -> String {
    let run = case.run(&[&["demand"], &input[..], &FILES[..], more].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    run.out
}

#[test]
fn what_is_refused_is_counted_with_its_cause_and_what_would_open_it() {
    let case = case();
    let text = demand(&case, ["--logs", "log.jsonl"], &["--json"]);
    let found: Value = serde_json::from_str(&text).unwrap();
    let app = &found["clients"][0];
    let post = app["denied"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["operation"] == "POST /orders")
        .unwrap();
    let expected = json!({
        "operation": "POST /orders", "requests": 4, "granted": false, "cause": "not_granted",
        "by_gateway": 3, "by_service_or_unknown": 1, "days": 3,
        "first": "2026-01-04T12:00:00.000Z", "last": "2026-01-08T12:00:00.000Z",
        "sample_request_id": "no3", "permitted_by": [], "in_token": true,
        "ways": [
            {"scopes": ["orders:write"], "opens": 1, "opens_writes": 1, "adds_exposure": post["ways"][0]["adds_exposure"], "in_token": []},
            {"scopes": ["admin"], "opens": 2, "opens_writes": 2, "adds_exposure": post["ways"][1]["adds_exposure"], "in_token": ["admin"]},
        ],
        "more_ways": 0,
    });
    assert_eq!(*post, expected);
    let unknown = app["denied"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["cause"] == "unknown");
    assert_eq!(unknown.unwrap()["operation"], "(no operation)");
    assert_eq!(app["tokens"]["days"], 40);
    assert_eq!(
        app["tokens"]["never_issued"],
        json!([]),
        "`reports:run` opens nothing: {app}"
    );
    let standing: Vec<&str> = app["tokens"]["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope["standing"].as_str().unwrap())
        .collect();
    assert_eq!(
        standing,
        ["not_granted", "protocol", "granted"],
        "admin, openid, orders:read"
    );
    let bot = &found["clients"][1];
    assert_eq!(bot["denied"][0]["cause"], "granted");
    assert_eq!(bot["denied"][0]["permitted_by"], json!(["orders:write"]));
    assert_eq!(bot["tokens"]["not_evaluable"], "no_token_scopes");
}

#[test]
fn the_ledger_gives_the_same_answers_as_the_logs() {
    let case = case();
    let whole = std::fs::read_to_string(case.path("log.jsonl")).unwrap();
    // Two sources, so that rows are merged.
    let lines: Vec<&str> = whole.lines().collect();
    for (name, part) in [("a.jsonl", &lines[..50]), ("b.jsonl", &lines[50..])] {
        case.write(name, part.join("\n") + "\n");
        let ingested = case.run(&[
            "ingest",
            name,
            "--ledger",
            "usage",
            "--catalog",
            "routes.yaml",
        ]);
        assert_eq!(ingested.code, Some(0), "{}", ingested.err);
    }
    for form in ["--json", "--csv"] {
        assert_eq!(
            demand(&case, ["--ledger", "usage"], &[form]),
            demand(&case, ["--logs", "log.jsonl"], &[form]),
        );
    }
}

#[test]
fn the_screen_says_it_in_words_at_every_width_and_csv_is_read_back() {
    let case = case();
    for width in ["60", "80", "120", "200"] {
        let mut command = case.command(&[&["demand", "--logs", "log.jsonl"], &FILES[..]].concat());
        let out = command.env("COLUMNS", width).output().unwrap().stdout;
        let text = String::from_utf8(out).unwrap();
        let most: usize = width.parse().unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= most),
            "{text}"
        );
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for fact in [
            "not granted POST /orders 4 requests refused on 3 days, 2026-01-04 to 2026-01-08, 3 by the gateway, 1 by the service or not stated by whom; for example no3",
            "would need orders:write: opens nothing else, 1 write in all; exposure +",
            "its tokens carried it, though it is not granted",
            "beyond admin (20 requests, 2026-01-01 to 2026-01-20): in tokens, and not granted",
            "although orders:write permits it: the mapping or the enforcement is at fault",
        ] {
            assert!(flat.contains(fact), "{fact}\n{text}");
        }
    }
    let text = demand(&case, ["--logs", "log.jsonl"], &["--csv"]);
    let mut lines = text.lines();
    let columns = lines.next().unwrap().split(',').count();
    assert!(
        lines.all(|line| line.split(',').count() == columns),
        "{text}"
    );
}

#[test]
fn a_misspelt_client_and_events_of_a_ledger_are_refused_with_advice() {
    let case = case();
    let run = case.run(
        &[
            &["demand", "--logs", "log.jsonl", "--client", "ap"],
            &FILES[..],
        ]
        .concat(),
    );
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("did you mean `app`?"), "{}", run.err);
    let events = case.run(&["events", "--ledger", "usage", "--catalog", "routes.yaml"]);
    assert_eq!(events.code, Some(2));
    assert!(
        events.err.contains("there are no events in it"),
        "{}",
        events.err
    );
}

#[test]
fn the_report_with_tokens_keeps_the_contract() {
    let case = case();
    let run = case.analyze(&["--json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let schema = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/report.schema.json"
    ));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, [""; 0]);
    assert_eq!(report["clients"][0]["completeness"]["days"], 40);
}
