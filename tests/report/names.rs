//! Under pseudonyms every name of logs, policy and configuration is looked for in every output.

use std::fmt::Write as _;
use std::fs;

use serde_json::json;

use super::support::Case;

/// Names that are only in the places that [`folder`] puts them.
const NAMES: [&str; 26] = [
    "acme-own",
    "Acme-In-Log",
    "badger-owner",
    "civet-client",
    "dingo-stranger",
    "egret-role",
    "falcon-folder",
    "gecko-scope",
    "heron-wild",
    "ibis-issued",
    "jackal-exception",
    "kiwi-excepted",
    "lynx-exowner",
    "marten-reason",
    "newt-needed",
    "ocelot-weight",
    "puma-path",
    "quail-request",
    "raven-agent",
    "stoat-subject",
    "tapir-near",
    "urial-gone",
    "vole-goneheld",
    "wombat-keep",
    "yak-source",
    "zorilla-catalogue",
];

/// A tenant with a name in every place where one can be.
fn folder() -> Case {
    let case = Case::new();
    case.write(
        "zorilla-catalogue.yaml",
        "routes:\n  GET /a: [a:read]\n  POST /a: [a:write]\n  GET /b: [b:read]\n",
    );
    case.write(
        "falcon-folder/grants.yaml",
        "roles:\n  egret-role:\n    scopes: [b:read]\nclients:\n  civet-client:\n    owner: badger-owner\n    since: 2024-01-01\n    roles: [egret-role]\n    scopes:\n      - a:read\n      - a:write # keep until=2030-01-01 reason=\"wombat-keep\"\n      - gecko-scope:read\n      - heron-wild.*\n  'urial-gone':\n    scopes: [a:read, 'vole-goneheld:read']\n  'tapir-near ':\n    scopes: [a:write]\n",
    );
    case.write("key.txt", "correct horse battery staple\n");
    case.write(
        "scopetrim.toml",
        r#"
logs = ["falcon-folder/yak-source.jsonl"]
catalog = ["zorilla-catalogue.yaml"]
grants = ["falcon-folder/grants.yaml"]
needs = ["newt-needed:*"]
[aliases]
"Acme-In-Log" = "acme-own"
[[exceptions]]
client = "jackal-exception"
term = "kiwi-excepted:read"
reason = "marten-reason"
owner = "lynx-exowner"
until = 2025-01-01
[[weights]]
matches = "ocelot-weight"
weight = 9
"#,
    );
    let mut log = String::new();
    for day in 1..=27 {
        for month in 1..=9 {
            let mut request = |client: &str, path: &str, status: u16| {
                let line = json!({
                    "time": format!("2026-{month:02}-{day:02}T12:00:00Z"),
                    "client_id": client,
                    "method": "GET",
                    "path": path,
                    "status": status,
                    "request_id": format!("quail-request-{month}-{day}"),
                    "user_agent": "raven-agent/1",
                    "subject": "stoat-subject",
                    "scopes": "a:read ibis-issued:read",
                    "credential": "quail-request-key",
                    "ip": "192.0.2.7",
                });
                writeln!(log, "{line}").unwrap();
            };
            request("civet-client", "/a", 200);
            request("civet-client", "/puma-path/x", 200);
            request("dingo-stranger", "/a", 200);
            request("dingo-stranger", "/puma-path/y", 403);
            request("TAPIR-near", "/a", 200);
            request("civet-client", "/b", 403);
            if month < 9 {
                request("urial-gone", "/a", 200);
            }
        }
    }
    case.write("falcon-folder/yak-source.jsonl", log);
    case
}

const FORMATS: &str = "html,md,json,csv,sarif,ocsf";

/// As the outputs may spell it: as it is, in small letters, and with what escapes put between.
fn holds(text: &str, name: &str) -> bool {
    let letters = |text: &str| -> String {
        let plain = text.chars().filter(|c| *c != '\\');
        plain.flat_map(char::to_lowercase).collect()
    };
    letters(text).contains(&letters(name))
}

#[test]
fn no_name_of_logs_policy_or_configuration_is_in_any_output_under_pseudonyms() {
    let case = folder();
    let named = case.run(&[
        "report", ".", "--month", "2026-08", "--out", "2026-08", "--format", FORMATS,
    ]);
    assert!(matches!(named.code, Some(0 | 3)), "{}", named.err);
    // Without pseudonyms the names are there: otherwise the search below would prove nothing.
    let mut shown = String::new();
    for entry in fs::read_dir(case.path("2026-08")).unwrap() {
        shown += &fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    let absent: Vec<&&str> = NAMES.iter().filter(|name| !holds(&shown, name)).collect();
    let nowhere = ["raven-agent", "stoat-subject"];
    assert!(
        absent.iter().all(|name| nowhere.contains(name)),
        "{absent:?}"
    );

    // What the report of the month before knew of is gone now, and was a name all the same.
    let policy = fs::read_to_string(case.path("falcon-folder/grants.yaml")).unwrap();
    let (before, after) = policy.split_once("  'urial-gone':").unwrap();
    let rest = after.split_once("  'tapir-near ':").unwrap().1;
    case.write(
        "falcon-folder/grants.yaml",
        format!("{before}  'tapir-near ':{rest}"),
    );
    let hidden = case.run(&[
        "report",
        ".",
        "--month",
        "2026-09",
        "--out",
        "2026-09",
        "--format",
        FORMATS,
        "--previous",
        "2026-08",
        "--pseudonymise",
        "key.txt",
    ]);
    assert!(matches!(hidden.code, Some(0 | 3)), "{}", hidden.err);
    let mut files = 0;
    for entry in fs::read_dir(case.path("2026-09")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let found: Vec<String> = NAMES
            .iter()
            .filter(|name| holds(&text, name))
            .map(|name| {
                let at = text.to_lowercase().find(&name.to_lowercase());
                let at = at.unwrap_or_default();
                let around: String = text.chars().skip(at.saturating_sub(80)).take(160).collect();
                format!("{name}: {around}")
            })
            .collect();
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
        files += 1;
    }
    assert!(files >= 6, "{files} files");
    for name in NAMES {
        assert!(!holds(&hidden.out, name), "{name}: {}", hidden.out);
    }
}
