//! `docs/report.schema.json` says the truth about `analyze --json`.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::Command;
use jsonschema::Validator;
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_report_of_the_shop_keeps_the_contract() {
    assert_eq!(complaints(&report(&["samples/shop"], 0)), [""; 0]);
}

#[test]
fn a_report_without_data_and_with_an_unreadable_part_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let [empty, torn, grants, routes] =
        ["empty.jsonl", "torn.jsonl", "grants.json", "catalog.json"]
            .map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    std::fs::write(&empty, "").unwrap();
    let line = r#"{"time":"2026-08-01T00:00:00Z","client_id":"a","method":"GET","path":"/x","status":200}"#;
    std::fs::write(&torn, format!("{line}\n{line}\n{{\"time\": tor\n")).unwrap();
    std::fs::write(&grants, r#"{"a":["x:read","x:write"],"b":["x:read"]}"#).unwrap();
    let catalog = json!({"operations": [
        {"method": "GET", "path": "/x", "any_of": [["x:read"], ["x:write"]]},
        {"method": "POST", "path": "/x", "any_of": [["x:write"]]},
    ]});
    std::fs::write(&routes, catalog.to_string()).unwrap();
    for log in [&empty, &torn] {
        let report = report(
            &["--logs", log, "--catalog", &routes, "--grants", &grants],
            3,
        );
        assert_eq!(complaints(&report), [""; 0], "{log}");
        assert_ne!(report["incomplete"], json!([]));
        let verdicts = report.to_string();
        assert!(!verdicts.contains(r#""verdict":"remove""#), "{verdicts}");
    }
}

#[test]
fn a_report_with_a_backtest_keeps_the_contract() {
    let shop = report(&["samples/shop", "--backtest"], 0);
    assert_eq!(complaints(&shop), [""; 0]);
    assert!(shop["backtest"]["origins"].as_array().unwrap().len() > 5);
    // A scope that is idle for four months and then needed again.
    let folder = tempfile::tempdir().unwrap();
    let [log, grants, routes] = ["log.jsonl", "grants.yaml", "catalog.json"]
        .map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let start = i64::from(scopetrim::model::Day::parse("2025-01-01").unwrap().0);
    let line = |day: i64, path: &str| {
        let time = (start + day) * 86_400;
        json!({"time": time, "client_id": "a", "method": "GET", "path": path, "status": 200})
            .to_string()
            + "\n"
    };
    let mut lines: String = (0..240).map(|day| line(day, "/x")).collect();
    lines.push_str(&line(130, "/y"));
    std::fs::write(&log, lines).unwrap();
    let policy = "version: 1\nclients:\n  a: {since: 2024-01-01, scopes: [x, y]}\n";
    std::fs::write(&grants, policy).unwrap();
    let operation =
        |path: &str, scope: &str| json!({"method": "GET", "path": path, "any_of": [[scope]]});
    let catalog = json!({"operations": [operation("/x", "x"), operation("/y", "y")]});
    std::fs::write(&routes, catalog.to_string()).unwrap();
    let inputs = ["--logs", &log, "--catalog", &routes, "--grants", &grants];
    // One client is too few to compare with, so any share that comes back will do.
    let levels = "likely_p = 1, likely_upper = 1";
    let report = report(
        &[&inputs[..], &["--backtest", "--levels", levels]].concat(),
        0,
    );
    assert_eq!(complaints(&report), [""; 0]);
    // Day 130 is 11 May, 41 days after 31 March and 11 days after 30 April.
    let origins = report["backtest"]["origins"].as_array().unwrap();
    let first = |at: usize| origins[at]["levels"][1]["days_to_first"].clone();
    assert_eq!(
        [first(0), first(1), first(2)],
        [json!(41), json!(11), json!(null)]
    );
    assert_eq!(origins[0]["hits"][0]["terms"], json!(["y"]));
    assert_eq!(report["backtest"]["pooled"][1]["wrong"], json!(2));
}

#[test]
fn a_broken_report_is_refused() {
    let whole = report(&["samples/shop"], 0);
    let breaks: [(&str, Value); 10] = [
        ("/schema", json!("scopetrim.report/2")),
        ("/as_of", json!("2026-10-31T00:00:00Z")),
        ("/clients/0/status", json!("asleep")),
        ("/clients/0/requests", json!(-1)),
        ("/clients/0/exposure/before", json!(1.5)),
        ("/clients/0/terms/0/verdict", json!("delete")),
        ("/clients/0/terms/0/reasons/0", json!("felt_like_it")),
        ("/clients/0/terms/0/uses", json!({"30": 1})),
        ("/clients/0/terms/0/secret", json!("a field of no contract")),
        ("/inputs/0/digest", json!("sha256:00")),
    ];
    for (place, value) in breaks {
        let mut broken = whole.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        match broken.pointer_mut(parent).unwrap() {
            Value::Object(fields) => {
                fields.insert(key.to_owned(), value);
            }
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            other => unreachable!("{other}"),
        }
        assert_ne!(complaints(&broken), [""; 0], "{place}");
    }
    for key in whole.as_object().unwrap().keys() {
        let mut broken = whole.clone();
        broken.as_object_mut().unwrap().remove(key);
        assert_ne!(complaints(&broken), [""; 0], "without {key}");
    }
}

/// The names are taken from the source: a new reason must reach the contract.
#[test]
fn every_name_of_the_code_is_in_the_contract() {
    let schema = schema();
    for (file, name, place) in [
        ("src/model/verdict.rs", "Verdict", "/$defs/verdict/enum"),
        ("src/model/verdict.rs", "Kind", "/$defs/kind/enum"),
        ("src/model/verdict.rs", "Level", "/$defs/level/enum"),
        ("src/model/verdict.rs", "Reason", "/$defs/reason/enum"),
        (
            "src/analysis/mod.rs",
            "Status",
            "/$defs/client/properties/status/enum",
        ),
    ] {
        let listed: BTreeSet<String> = schema
            .pointer(place)
            .and_then(Value::as_array)
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(listed, variants(file, name), "{name}");
    }
}

/// A field without a description, or an object open to anything, is not a contract.
#[test]
fn every_field_of_the_contract_is_described_and_closed() {
    fn check(schema: &Value, place: &str, wrong: &mut Vec<String>) {
        if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
            if schema["additionalProperties"] != json!(false) {
                wrong.push(format!("{place} is open"));
            }
            for (name, field) in fields {
                let place = format!("{place}/{name}");
                if field.get("description").is_none() && field.get("$ref").is_none() {
                    wrong.push(format!("{place} is not described"));
                }
                check(field, &place, wrong);
            }
        }
        if let Some(items) = schema.get("items") {
            check(items, &format!("{place}[]"), wrong);
        }
    }
    let (schema, mut wrong) = (schema(), Vec::new());
    check(&schema, "", &mut wrong);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if definition.get("description").is_none() {
            wrong.push(format!("{name} is not described"));
        }
        check(definition, name, &mut wrong);
    }
    assert_eq!(wrong, [""; 0]);
}

fn schema() -> Value {
    let path = Path::new(ROOT).join("docs/report.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn complaints(report: &Value) -> Vec<String> {
    let schema: Validator = jsonschema::draft202012::new(&schema()).unwrap();
    schema
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn report(arguments: &[&str], code: i32) -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(ROOT)
        .args(["analyze", "--quiet", "--json"])
        .args(arguments)
        .assert()
        .code(code);
    serde_json::from_slice(&ran.get_output().stdout).unwrap()
}

/// The variants of an enum, as `rename_all = "snake_case"` writes them.
fn variants(file: &str, name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let head = format!("pub enum {name} {{");
    let body = text.split_once(&head).unwrap().1;
    body.split_once("\n}")
        .unwrap()
        .0
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(|line| {
            let mut snake = String::new();
            for letter in line.trim_end_matches(',').chars() {
                if letter.is_uppercase() && !snake.is_empty() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            snake
        })
        .collect()
}
