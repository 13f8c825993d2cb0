//! The monthly report as a user gets it: three months, every format, pseudonyms, size.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "../support/mod.rs"]
mod support;

mod formats;
mod hostile;
mod layers_page;
mod months;
mod names;
mod page;
mod pages;
mod safe;
mod sums;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{Case, daily, line};

const ROUTES: &str = "routes:
  GET /a: [a:read]
  POST /a: [a:write]
  GET /b: [b:read]
  DELETE /b: [b:admin]
";

/// One policy file for each month.
const POLICIES: [(&str, &str); 3] = [
    (
        "2026-07",
        r#"{"one":["a:read","a:write","b:admin"],"two":["b:read","a:write"]}"#,
    ),
    (
        "2026-08",
        r#"{"one":["a:read","a:write"],"two":["b:read","a:write","b:admin"]}"#,
    ),
    (
        "2026-09",
        r#"{"one":["a:read","b:admin"],"two":["b:read","a:write","b:admin"],"three":["a:read","b:read"]}"#,
    ),
];

/// January to September: one reads `/a`, two reads `/b`, each every day.
fn log() -> String {
    let mut log = [
        daily(273, "one", "GET /a", 200),
        daily(273, "two", "GET /b", 200),
    ]
    .concat();
    log.push_str(&line(269, "three", "GET /a", 200)); // 27 September
    for _ in 0..3 {
        log.push_str(&line(231, "one", "DELETE /b", 403)); // 20 August
    }
    log.push_str(&line(252, "two", "DELETE /b", 200)); // 10 September
    log
}

fn case() -> Case {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write("log.jsonl", log());
    for (month, policy) in POLICIES {
        case.write(&format!("{month}.grants.json"), policy);
    }
    case
}

/// Runs the report of one month into a folder of its name, and reads its JSON.
fn month(case: &Case, month: &str, folder: &str, more: &[&str]) -> Value {
    let grants = format!("{month}.grants.json");
    let mut args = vec!["report", "--month", month, "--out", folder];
    args.extend(["--format", "html,md,json,csv,sarif,ocsf"]);
    args.extend([
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        &grants,
    ]);
    args.extend(more);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    read(&case.path(folder).join("report.json"))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
