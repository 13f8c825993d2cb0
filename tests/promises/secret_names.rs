//! A token, a key or a password that a gateway logs in place of the client's name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::common::Folder;
use crate::ledger::ingest;

/// Stands in every secret of the cases below.
const MARK: &str = "S3cr3tMarkQ9";

const ROUTES: &str = r#"{"operations":[
    {"method":"GET","path":"/orders","any_of":[["orders:read"]]},
    {"method":"POST","path":"/orders","any_of":[["orders:write"]]},
    {"method":"DELETE","path":"/orders","any_of":[["orders:delete"]]}]}"#;
const GRANTS: &str = r#"{"erp":["orders:read","orders:write","orders:delete"]}"#;

/// The payload says `sub: erp`: whoever believed it would count this for the client of the policy.
fn jwt() -> String {
    format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJlcnAiLCJhenAiOiJlcnAifQ.{MARK}")
}

fn secrets() -> [String; 7] {
    [
        jwt(),
        format!("Bearer {}", jwt()),
        format!("sk_live_{MARK}{MARK}"),
        // `erp:` and the mark.
        "Basic ZXJwOlMzY3IzdE1hcmtROQ==".to_owned(),
        format!("access_token={MARK}"),
        format!("JSESSIONID={MARK}"),
        format!("https%3A%2F%2Fu%3A{MARK}%40h"),
    ]
}

const FORMATS: [&str; 5] = ["native", "kong", "aws-apigw", "envoy", "combined"];

/// A line of each format, with this client on day `day` of 2026.
fn line(format: &str, day: u32, client: &str, method: &str) -> String {
    let date = chrono::NaiveDate::from_yo_opt(2026, day).unwrap();
    match format {
        "native" => format!(
            r#"{{"time":"{date}T12:00:00Z","client_id":"{client}","method":"{method}","path":"/orders","status":200,"subject":"{client}"}}"#
        ),
        "kong" => format!(
            r#"{{"request":{{"uri":"\/orders","method":"{method}","headers":{{}}}},"response":{{"status":200}},"latencies":{{"proxy":1}},"consumer":{{"username":"{client}"}},"started_at":{}}}"#,
            date.and_hms_opt(12, 0, 0)
                .unwrap()
                .and_utc()
                .timestamp_millis()
        ),
        "aws-apigw" => format!(
            r#"{{"requestId":"r","requestTime":"{}:12:00:00 +0000","httpMethod":"{method}","resourcePath":"/orders","status":"200","clientId":"{client}","principalId":"{client}"}}"#,
            date.format("%d/%b/%Y")
        ),
        "envoy" => format!(
            r#"{{"start_time":"{date}T12:00:00.000Z","method":"{method}","path":"/orders","response_code":200,"response_flags":"-","azp":"{client}","sub":"{client}","downstream_peer_subject":"{client}"}}"#
        ),
        _ => format!(
            r#"192.0.2.1 - {client} [{}:12:00:00 +0000] "{method} /orders HTTP/1.1" 200 1 "-" "a""#,
            date.format("%d/%b/%Y")
        ),
    }
}

fn folder(log: &str) -> Folder {
    let folder = Folder::new();
    folder.put("routes.json", ROUTES);
    folder.put("grants.json", GRANTS);
    folder.put(
        "since.csv",
        "erp,orders:read,2024-01-01\nerp,orders:write,2024-01-01\nerp,orders:delete,2024-01-01\n",
    );
    folder.put("access.log", log);
    folder
}

const POLICY: [&str; 7] = [
    "--catalog",
    "routes.json",
    "--grants",
    "grants.json",
    "--granted-since",
    "since.csv",
    "--json",
];

fn report(folder: &Folder, more: &[&str]) -> Value {
    let args = [&["analyze"], &POLICY[..], more].concat();
    folder.run(&args).report(0)
}

#[test]
fn in_every_format_a_secret_in_place_of_a_client_reaches_no_output() {
    for format in FORMATS {
        let mut log = String::new();
        for day in 1..=3 {
            writeln!(log, "{}", line(format, day, "erp", "GET")).unwrap();
            for secret in secrets() {
                writeln!(log, "{}", line(format, day, &secret, "POST")).unwrap();
            }
        }
        let folder = folder(&log);
        ingest(&folder, "usage", &["access.log"]);
        let logs = ["--catalog", "routes.json", "--logs", "access.log"];
        let ledger = ["--catalog", "routes.json", "--ledger", "usage"];
        let policy = ["--grants", "grants.json"];
        let mut shown = String::new();
        for (command, with_policy) in [
            (&["analyze", "--json"][..], true),
            (&["analyze"], true),
            (&["explain", "erp"], true),
            (&["demand"], true),
            (&["windows"], true),
            (&["check"], true),
            (&["usage"], false),
            (&["usage", "--json"], false),
            (&["events", "--ndjson"], false),
            (&["events"], false),
        ] {
            for input in [&logs, &ledger] {
                if command[0] == "events" && input == &ledger {
                    continue;
                }
                let mut args = [command, &input[..]].concat();
                if with_policy {
                    args.extend(policy);
                }
                let run = folder.run(&args);
                assert!(matches!(run.code, Some(0 | 1)), "{args:?} {}", run.stderr);
                shown += &(run.stdout + &run.stderr);
            }
        }
        for secret in [MARK, "ZXJwOlMzY3IzdE1hcmtROQ", "eyJ"] {
            let lines: Vec<&str> = shown.lines().filter(|line| line.contains(secret)).collect();
            assert!(lines.is_empty(), "{format}: {lines:#?}");
        }
        for part in std::fs::read_dir(folder.path("usage")).unwrap() {
            let days = std::fs::read_dir(part.unwrap().path());
            for file in days.into_iter().flatten().flatten() {
                for file in std::fs::read_dir(file.path()).into_iter().flatten() {
                    let bytes = std::fs::read(file.unwrap().path()).unwrap();
                    let text = String::from_utf8_lossy(&bytes);
                    assert!(!text.contains(MARK), "{format}");
                }
            }
        }
        for input in [["--logs", "access.log"], ["--ledger", "usage"]] {
            let report = report(&folder, &input);
            let warnings = report["warnings"].as_array().unwrap();
            let warning = warnings
                .iter()
                .find(|warning| warning["code"] == "secret-as-client");
            let text =
                warning.unwrap_or_else(|| panic!("{format}: {warnings:?}"))["message"].to_string();
            // A token is one with and without its scheme.
            assert!(
                text.contains("21 requests") && text.contains("6 different"),
                "{text}"
            );
            let clients = report["clients"].as_array().unwrap();
            let erp = clients.iter().find(|client| client["id"] == "erp").unwrap();
            assert_eq!(erp["requests"], 3, "{format}: no part of a token is erp's");
        }
    }
}

/// Verdict, level and reasons of a term of erp.
fn term<'a>(report: &'a Value, term: &str) -> (&'a str, &'a str, BTreeSet<&'a str>) {
    let clients = report["clients"].as_array().unwrap();
    let client = clients.iter().find(|client| client["id"] == "erp").unwrap();
    let terms = client["terms"].as_array().unwrap();
    let grant = terms.iter().find(|entry| entry["term"] == term).unwrap();
    let reasons = grant["reasons"].as_array().unwrap();
    (
        grant["verdict"].as_str().unwrap(),
        grant["level"].as_str().unwrap_or_default(),
        reasons
            .iter()
            .map(|reason| reason.as_str().unwrap())
            .collect(),
    )
}

#[test]
fn what_callers_named_by_a_token_needed_is_held_at_review_for_everybody() {
    let mut log = String::new();
    for day in 1..=200 {
        writeln!(log, "{}", line("native", day, "erp", "GET")).unwrap();
        writeln!(log, "{}", line("native", day, &jwt(), "POST")).unwrap();
    }
    let report = report(&folder(&log), &["--logs", "access.log"]);
    let (verdict, level, reasons) = term(&report, "orders:write");
    assert_eq!((verdict, level), ("remove", "review"));
    assert!(reasons.contains("possible_need"), "{reasons:?}");
    let (verdict, _, reasons) = term(&report, "orders:delete");
    assert_eq!(verdict, "remove");
    assert!(!reasons.contains("possible_need"), "{reasons:?}");
    assert_eq!(term(&report, "orders:read").0, "keep");
}

#[test]
fn a_policy_or_an_alias_that_names_a_client_by_its_token_still_means_that_client() {
    let log: Vec<String> = (1..=3)
        .map(|day| line("native", day, &jwt(), "GET"))
        .collect();
    let folder = folder(&log.join("\n"));
    ingest(&folder, "usage", &["access.log"]);
    let alias = format!("Bearer {}=erp", jwt());
    let held = GRANTS.replace("erp", &jwt());
    for input in [["--logs", "access.log"], ["--ledger", "usage"]] {
        folder.put("grants.json", GRANTS);
        let json = report(&folder, &[input[0], input[1], "--alias", &alias]);
        assert_eq!(term(&json, "orders:read").0, "keep");
        folder.put("grants.json", &held);
        let json = report(&folder, &input);
        assert_eq!(json["clients"][0]["requests"], 3, "{json}");
        let warnings = json["warnings"].as_array().unwrap();
        let told = warnings
            .iter()
            .find(|warning| warning["code"] == "secret-in-policy");
        assert_eq!(told.unwrap()["place"]["line"], 1);
    }
    // An alias that leads nowhere is named without its token.
    let alias = alias.replace("=erp", "=erq");
    let mut args = [
        &["analyze", "--logs", "access.log", "--alias", &alias],
        &POLICY[..],
    ]
    .concat();
    folder.put("grants.json", GRANTS);
    folder.put("access.log", line("native", 1, "erp", "GET"));
    let run = folder.run(&args);
    assert!(run.stdout.contains("unmet-alias"), "{}", run.stdout);
    args.retain(|arg| *arg != "--json");
    for shown in [run.stdout, run.stderr, folder.run(&args).stdout] {
        assert!(!shown.contains(MARK), "{shown}");
    }
}
