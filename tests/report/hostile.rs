//! Names that somebody chose to do harm, through every command and every form of output.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use super::support::Case;

/// Names that a policy file can hold too.
const VISIBLE: [&str; 10] = [
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://e.example\")",
    "@SUM(1)",
    "+1+cmd|' /C calc'!A0",
    "::error::owned",
    "##vso[task.setvariable variable=x]y",
    "x%}",
    "{{7*7}}{%raw%}",
    "`id`$(id)${id}",
    "]]>&amp;\"'",
];

/// Names of a log alone: a policy file with control characters is refused.
const UNSEEN: [&str; 4] = [
    "\u{1b}[2J\u{1b}]0;t\u{7}\u{202e}evil\u{2066}",
    "a\nDELETE {{base}}/x",
    "nul\u{0}byte",
    "x\r\n::error::owned",
];

fn names() -> Vec<String> {
    let mut names: Vec<String> = VISIBLE.map(str::to_owned).into();
    names.push("l".repeat(300));
    names
}

fn case() -> Case {
    let mut grants = String::from("clients:\n");
    for name in names() {
        let name = json!(name);
        write!(grants, "  {name}:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write\n      - reports:read\n").unwrap();
    }
    let mut log = String::new();
    for day in 1..=28 {
        for name in names().iter().map(String::as_str).chain(UNSEEN) {
            for (path, status) in [
                ("/orders", 200),
                ("/reports", 403),
                (&*format!("/{name}"), 200),
            ] {
                let line = json!({
                    "time": format!("2026-02-{day:02}T12:00:00Z"), "client_id": name, "method": "GET",
                    "path": path, "status": status, "request_id": name, "subject": name,
                    "user_agent": name, "scopes": [name], "host": name,
                });
                writeln!(log, "{line}").unwrap();
            }
        }
        log += "\u{1b}]0;no line ::error::owned =1+1 <script>\n";
    }
    let routes = "routes:\n  GET /orders: [orders:read]\n  POST /orders: [orders:write]\n  GET /reports: [reports:read]\n";
    let case = Case::of(routes, &grants, &log);
    case.write("key.txt", "correct horse battery staple\n");
    case
}

const LOGS: [&str; 6] = [
    "--logs",
    "log.jsonl",
    "--catalog",
    "routes.yaml",
    "--max-reject-share",
    "1",
];
const GRANTS: [&str; 4] = ["--grants", "grants.yaml", "--level", "review"];

/// The output of a command that has to end well.
fn output(case: &Case, command: &[&str], more: &[&[&str]]) -> String {
    let args = [command, &more.concat()].concat();
    let run = case.run(&args);
    assert!(matches!(run.code, Some(0 | 1 | 3)), "{args:?}: {}", run.err);
    seen(&format!("{args:?}, standard error"), &run.err);
    run.out
}

/// One can see all of it, and no CI system takes a line of it for a command.
fn seen(what: &str, text: &str) {
    let unseen = |c: &char| {
        (c.is_control() && *c != '\n') || "\u{202a}\u{202e}\u{2066}\u{200b}".contains(*c)
    };
    assert_eq!(text.chars().find(unseen), None, "{what}: {text:?}");
    for line in text.lines().map(str::trim_start) {
        assert!(!line.starts_with("::error::owned"), "{what}: {line}");
        assert!(!line.contains("##vso["), "{what}: {line}");
    }
}

/// No cell is a formula for a spreadsheet.
fn cells(what: &str, text: &str) {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true);
    let mut rows = 0;
    for row in reader.from_reader(text.as_bytes()).records() {
        for cell in &row.expect(what) {
            let start = cell.trim_start();
            let number = start.parse::<f64>().is_ok();
            assert!(
                !start.starts_with(['=', '+', '-', '@']) || number,
                "{what}: {cell}"
            );
            assert!(
                !cell.contains(['\u{0}', '\u{1b}', '\u{202e}']),
                "{what}: {cell:?}"
            );
        }
        rows += 1;
    }
    assert!(rows > 1, "{what}");
}

#[test]
fn hostile_names_act_in_no_text_of_any_command() {
    let case = case();
    let policy = [&LOGS[..], &GRANTS].concat();
    let without_level = [&LOGS[..], &GRANTS[..2]].concat();
    for command in [
        &["analyze"][..],
        &["check"],
        &["check", "--output", "github"],
    ] {
        let text = output(&case, command, &[&policy]);
        // The lines of a diff are those of the file, byte for byte.
        let head = text.split("\n--- a/").next().unwrap();
        seen(&format!("{command:?}"), head);
    }
    for command in [&["demand"][..], &["windows"], &["grants"]] {
        let more: &[&str] = if command[0] == "grants" {
            &GRANTS[..2]
        } else {
            &without_level
        };
        seen(&format!("{command:?}"), &output(&case, command, &[more]));
    }
    for command in [&["events"][..], &["catalog"]] {
        let more = if command[0] == "catalog" {
            &LOGS[2..4]
        } else {
            &LOGS
        };
        seen(&format!("{command:?}"), &output(&case, command, &[more]));
    }
    for name in names() {
        let text = output(&case, &["explain", &name], &[&policy]);
        seen(&format!("explain {name}"), &text);
    }
}

#[test]
fn hostile_names_act_in_no_table_and_in_no_data() {
    let case = case();
    let policy = [&LOGS[..], &GRANTS[..2]].concat();
    cells("usage", &output(&case, &["usage"], &[&LOGS]));
    for command in [["demand", "--csv"], ["windows", "--csv"]] {
        cells(command[0], &output(&case, &command, &[&policy]));
    }
    for command in [
        ["analyze", "--json"],
        ["check", "--json"],
        ["demand", "--json"],
    ] {
        let text = output(&case, &command, &[&policy]);
        let data: Value = serde_json::from_str(&text).unwrap();
        assert!(data.to_string().contains("alert(1)"), "{command:?}");
        assert!(
            !text.contains(['\u{1b}', '\u{202e}', '\u{0}']),
            "{command:?}"
        );
    }
    let events = output(&case, &["events", "--ndjson"], &[&LOGS]);
    let clients: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["client_id"].clone())
        .collect();
    for name in names().iter().map(String::as_str).chain(UNSEEN) {
        assert!(
            clients.contains(&json!(name)),
            "{name:?} comes back as it was"
        );
    }
    assert!(!events.contains(['\u{1b}', '\u{202e}', '\u{0}']));
    output(&case, &["analyze", "--out", "o"], &[&policy]);
    for file in ["o/report.json", "o/rejects.ndjson"] {
        let text = fs::read_to_string(case.path(file)).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{file}");
    }
}

#[test]
fn hostile_names_act_in_no_kind_of_report() {
    let case = case();
    let policy = [&LOGS[..], &GRANTS].concat();
    let kinds = [
        "--month",
        "2026-02",
        "--format",
        "html,md,json,csv,sarif,ocsf",
    ];
    for (folder, more) in [("o", &[][..]), ("p", &["--pseudonymise", "key.txt"])] {
        output(
            &case,
            &["report", "--out", folder],
            &[&kinds, more, &policy],
        );
        for entry in fs::read_dir(case.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            let what = path.display().to_string();
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{what}");
            match path
                .extension()
                .and_then(|extension| extension.to_str())
                .unwrap()
            {
                "csv" if text.lines().count() > 1 => cells(&what, &text),
                "json" | "sarif" => {
                    serde_json::from_str::<Value>(&text).expect(&what);
                }
                "html" | "md" => {
                    assert!(!text.contains("<script>alert"), "{what}");
                    assert!(!text.contains("href=\"http://e.example"), "{what}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn hostile_names_act_in_no_test_tool() {
    let case = case();
    let policy = [&LOGS[..], &GRANTS].concat();
    let tool = |name| output(&case, &["boundary-tests", "--tool", name], &[&policy]);
    let only_own = |text: &str, what: &str| {
        let mut rest = text.split("{{");
        let variable = |text: &str| {
            let name = text.split("}}").next().unwrap_or_default();
            name == "base" || name.starts_with("token_")
        };
        rest.next();
        assert!(rest.all(variable), "{what}: a variable of somebody else");
        assert!(!text.contains("${id}") || what == "k6", "{what}");
        seen(what, text);
    };
    let hurl = tool("hurl");
    only_own(&hurl, "hurl");
    let known = [
        "GET {{base}}/",
        "Authorization: ",
        "HTTP ",
        "[Asserts]",
        "status ",
        "#",
    ];
    for line in hurl.lines().filter(|line| !line.is_empty()) {
        assert!(known.iter().any(|known| line.starts_with(known)), "{line}");
    }
    let http = tool("http");
    only_own(&http, "http");
    let scripts: Vec<&str> = http
        .lines()
        .filter(|line| line.starts_with("> {%"))
        .collect();
    assert!(scripts.len() > 10);
    for script in scripts {
        let inner = script
            .strip_prefix("> {%")
            .and_then(|text| text.strip_suffix("%}"));
        let inner = inner.unwrap();
        assert!(!inner.contains("%}") && !inner.contains('`'), "{script}");
    }
    let script = tool("k6");
    seen("k6", &script);
    let calls: Vec<&str> = script
        .lines()
        .filter_map(|line| line.strip_prefix("  call("))
        .collect();
    assert!(calls.len() > 10);
    for call in calls {
        let (args, expected) = call.rsplit_once(", ").unwrap();
        let args: Vec<Value> = serde_json::from_str(&format!("[{args}]")).unwrap();
        assert_eq!(args.len(), 4, "{call}");
        assert!(
            ["passes);", "denied);", "unauthenticated);"].contains(&expected),
            "{call}"
        );
    }
}
