//! What the ledger knows apart from the counts: since when grants are held, what an
//! older catalogue did not tell apart, which source carries whom.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;
use serde_json::Value;

use crate::common::Folder;
use crate::ledger::{analyze, folder, ingest, lines};

fn term<'a>(report: &'a Value, client: &str, term: &str) -> &'a Value {
    let clients = report["clients"].as_array().unwrap();
    let value = clients.iter().find(|value| value["id"] == client).unwrap();
    let terms = value["terms"].as_array().unwrap();
    terms.iter().find(|entry| entry["term"] == term).unwrap()
}

fn gives(found: &Value, reason: &str) -> bool {
    let reasons = found["reasons"].as_array().unwrap();
    reasons.iter().any(|name| name == reason)
}

fn recorded(folder: &Folder, log: &str) {
    let run = folder.run(&[
        "ingest",
        log,
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn a_grant_without_date_and_repository_is_as_old_as_the_ledger_has_seen_it() {
    let folder = folder();
    for (log, days) in [("1.log", 0..3), ("2.log", 3..6), ("3.log", 6..9)] {
        folder.put(log, lines(3, days, 20));
    }
    let with = r#"{"erp":["orders:read","orders:write","orders:delete"],"bi":["orders:all"]}"#;
    let without = r#"{"erp":["orders:read","orders:write"],"bi":["orders:all"]}"#;
    for (log, grants) in [("1.log", with), ("2.log", without), ("3.log", with)] {
        folder.put("grants.json", grants);
        recorded(&folder, log);
    }
    let report = analyze(&folder, &["--ledger", "usage"], 0);
    let since = |name| {
        let grant = term(&report, "erp", name);
        assert_eq!(grant["granted_since_from"], "ledger");
        grant["granted_since"].as_str().unwrap().to_owned()
    };
    assert_eq!(since("orders:write"), "2026-03-03");
    assert_eq!(
        since("orders:delete"),
        "2026-03-09",
        "it was away in between"
    );
    let said = folder.run(&[
        "explain",
        "erp",
        "orders:write",
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
    ]);
    assert!(
        said.stdout.contains("first seen in the ledger"),
        "{}",
        said.stdout
    );
    // At an earlier day the ledger knew less.
    let then = analyze(&folder, &["--ledger", "usage", "--as-of", "2026-03-05"], 0);
    assert_eq!(
        term(&then, "erp", "orders:write")["granted_since"],
        "2026-03-03"
    );
    let then = analyze(&folder, &["--ledger", "usage", "--as-of", "2026-03-02"], 0);
    assert_eq!(
        term(&then, "erp", "orders:write")["granted_since"],
        Value::Null
    );
    // A date in the policy file wins, and a table of dates comes last.
    folder.put(
        "dated.csv",
        "client,scope,since\nerp,orders:read,2026-03-08\nerp,orders:write,\nerp,orders:delete,\n",
    );
    folder.put("since.csv", "erp,orders:write,2020-01-01\n");
    let run = folder.run(&[
        "analyze",
        "--json",
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
        "--grants",
        "dated.csv",
        "--granted-since",
        "since.csv",
    ]);
    let report = run.report(0);
    let read = term(&report, "erp", "orders:read");
    assert_eq!(read["granted_since_from"], "policy_file");
    assert_eq!(read["granted_since"], "2026-03-08");
    assert_eq!(
        term(&report, "erp", "orders:write")["granted_since"],
        "2026-03-03"
    );
}

/// One line a day for each call, from `first` on.
fn daily(days: std::ops::Range<u64>, calls: &[(&str, &str, &str)]) -> String {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let mut text = String::new();
    for day in days {
        let date = first + chrono::Days::new(day);
        for (client, method, path) in calls {
            writeln!(
                text,
                r#"{{"time":"{date}T12:00:00Z","client_id":"{client}","method":"{method}","path":"{path}","status":200}}"#
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn an_operation_that_the_catalogue_did_not_have_then_holds_its_scope_at_review() {
    let folder = folder();
    let op = |method: &str, path: &str, scope: &str| {
        format!(r#"{{"method":"{method}","path":"{path}","any_of":[["{scope}"]]}}"#)
    };
    let (read, write) = (
        op("GET", "/orders/{id}", "orders:read"),
        op("POST", "/orders", "orders:write"),
    );
    let export = op("GET", "/orders/export", "orders:export");
    folder.put(
        "routes.json",
        format!(r#"{{"operations":[{read},{write}]}}"#),
    );
    folder.put(
        "grants.json",
        r#"{"erp":["orders:read","orders:export"],"bi":["orders:write","orders:export"]}"#,
    );
    folder.put(
        "a.log",
        daily(
            0..120,
            &[("erp", "GET", "/orders/export"), ("bi", "POST", "/orders")],
        ),
    );
    ingest(&folder, "usage", &["a.log"]);
    folder.put(
        "routes.json",
        format!(r#"{{"operations":[{read},{write},{export}]}}"#),
    );
    let report = analyze(&folder, &["--ledger", "usage"], 0);
    let grant = term(&report, "erp", "orders:export");
    assert_eq!(grant["verdict"], "remove");
    assert_eq!(grant["level"], "review");
    assert!(gives(grant, "counted_as_another"), "{grant}");
    assert!(!gives(
        term(&report, "bi", "orders:export"),
        "counted_as_another"
    ));
    // Counted with the catalogue of today, it is plain use.
    ingest(&folder, "fresh", &["a.log"]);
    let report = analyze(&folder, &["--ledger", "fresh"], 0);
    assert_eq!(term(&report, "erp", "orders:export")["verdict"], "keep");
    let logs = analyze(&folder, &["--logs", "a.log"], 0);
    assert_eq!(logs, report);
}

#[test]
fn days_without_the_source_that_carries_a_client_are_not_silence_of_that_client() {
    let folder = folder();
    folder.put("grants.json", r#"{"erp":["orders:read","orders:delete"],"bi":["orders:all","orders:delete"],"both":["orders:read","orders:delete"]}"#);
    let (erp, bi, both) = (
        ("erp", "GET", "/orders/7"),
        ("bi", "POST", "/orders"),
        ("both", "GET", "/orders/9"),
    );
    folder.put("gw-1.log", daily(0..150, &[erp, both]));
    folder.put("gw-2-2026-01.log", daily(0..60, &[bi]));
    folder.put("gw-2-2026-03.log", daily(60..100, &[bi, both]));
    let logs = ["gw-1.log", "gw-2-2026-01.log", "gw-2-2026-03.log"];
    let mut args = vec!["--logs"];
    args.extend(logs);
    let report = analyze(&folder, &args, 0);
    let missing: BTreeMap<&str, bool> = ["erp", "bi", "both"]
        .map(|client| {
            (
                client,
                gives(term(&report, client, "orders:delete"), "source_missing"),
            )
        })
        .into();
    assert_eq!(
        missing,
        BTreeMap::from([("bi", true), ("both", true), ("erp", false)])
    );
    // Its clock stops while its source is away, but not the clock of a client that another source carries.
    let idle = |client, name| term(&report, client, name)["idle_days"].clone();
    assert_eq!(idle("bi", "orders:all"), 0);
    assert_eq!(idle("erp", "orders:read"), 0);
    let mut explain = vec!["explain", "bi", "orders:delete", "--quiet"];
    explain.extend([
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
        "--logs",
    ]);
    explain.extend(logs);
    let text = folder.run(&explain);
    let text = (text.stdout + &text.stderr)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(text.contains("then 0 days with records"), "{text}");
    assert!(
        text.contains("(50 of them without a record from a source that carries the client)"),
        "{text}"
    );
    assert!(
        text.contains("no data on more than 10 % of the last 90 days, or for three weeks of the window in a row): failed"),
        "{text}"
    );
    let note = "the source `gw-2.log` has no data on 50 of the 150 days";
    assert!(report.to_string().contains(note), "{report}");
    ingest(&folder, "usage", &logs);
    assert_eq!(analyze(&folder, &["--ledger", "usage"], 0), report);
    assert_eq!(
        analyze(&folder, &["--ledger", "usage", "--logs", "gw-1.log"], 0),
        report
    );
    // The same with one source alone: nothing is known to be missing.
    let alone = analyze(&folder, &["--logs", "gw-1.log"], 0);
    assert!(!alone.to_string().contains("source_missing"));
}

#[test]
fn rejected_lines_are_listed_and_the_ledger_is_named_in_any_of_three_ways() {
    let folder = folder();
    folder.put(
        "a.log",
        lines(5, 0..3, 10) + "{\"no line\n{\"time\":1,\"meth\n",
    );
    let run = folder.run(&[
        "ingest",
        "a.log",
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
        "--rejects",
        "rejects.ndjson",
    ]);
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    let rejects = folder.read("rejects.ndjson");
    let rows: Vec<Value> = rejects
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2, "{rejects}");
    assert_eq!(rows[0]["file"], "a.log");
    assert_eq!(rows[0]["offset"], lines(5, 0..3, 10).len());
    assert_eq!(rows[0]["excerpt"], "{\"xx xxxx", "masked");
    let shown = folder.run(&["ledger", "status", "usage"]).stdout;
    assert_eq!(
        folder
            .run(&["ledger", "status", "--ledger", "usage"])
            .stdout,
        shown
    );
    folder.put("scopetrim.toml", "ledger = \"usage\"\n");
    assert_eq!(folder.run(&["ledger", "status"]).stdout, shown);
    std::fs::create_dir(folder.path("conf")).unwrap();
    folder.put("conf/own.toml", "ledger = \"../usage\"\n");
    let named = folder.run(&["ledger", "status", "--config", "conf/own.toml"]);
    assert_eq!(named.stdout, shown, "{}", named.stderr);
    let both = folder.run(&["ledger", "status", "usage", "--ledger", "usage"]);
    assert_eq!(both.code, Some(2));
}

#[test]
fn credentials_are_hashed_under_the_key_that_is_named() {
    let folder = folder();
    folder.put("one.key", "a secret of at least some bytes, number one");
    folder.put("two.key", "a secret of at least some bytes, number two");
    let line = r#"{"time":"2026-03-01T12:00:00Z","client_id":"erp","method":"GET","path":"/orders/7","status":200,"credential":"key-4711"}"#;
    folder.put("a.log", format!("{line}\n"));
    let hashed = |ledger: &str, key: &[&str]| {
        let mut args = vec![
            "ingest",
            "a.log",
            "--ledger",
            ledger,
            "--catalog",
            "routes.json",
        ];
        args.extend(key);
        let run = folder.run(&args);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let files = crate::ledger::bytes(&folder.path(ledger));
        files
            .into_iter()
            .filter(|(name, _)| name.starts_with("credentials"))
            .collect::<BTreeMap<_, _>>()
    };
    let plain = hashed("plain", &[]);
    let one = hashed("one", &["--hash-key", "one.key"]);
    assert!(!plain.is_empty());
    assert_ne!(plain, one);
    assert_eq!(hashed("again", &["--hash-key", "one.key"]), one);
    assert_ne!(hashed("two", &["--hash-key", "two.key"]), one);
}

#[test]
fn no_date_of_a_client_covers_what_a_record_of_the_ledger_shows_that_it_did_not_hold() {
    let folder = folder();
    for (log, days) in [("1.log", 0..3), ("2.log", 3..6), ("3.log", 6..9)] {
        folder.put(log, lines(3, days, 20));
    }
    let policy = |scopes: &str, roles: &str| {
        format!(
            r#"{{"version":1,"roles":{{"desk":{{"since":"2020-01-01","scopes":["orders:delete"]}}}},"clients":{{"erp":{{"since":"2020-01-01","scopes":[{scopes}],"roles":[{roles}]}},"bi":["orders:all"]}}}}"#
        )
    };
    let first = policy(r#""orders:read""#, "");
    let second = policy(r#""orders:read","orders:write""#, r#""desk""#);
    for (log, grants) in [("1.log", &first), ("2.log", &first), ("3.log", &second)] {
        folder.put("grants.json", grants);
        recorded(&folder, log);
    }
    let since = |name: &str, more: &[&str]| {
        let report = analyze(&folder, &[&["--ledger", "usage"], more].concat(), 0);
        let grant = term(&report, "erp", name);
        ["granted_since", "granted_since_from"].map(|key| grant[key].as_str().unwrap().to_owned())
    };
    assert_eq!(since("orders:read", &[]), ["2020-01-01", "policy_file"]);
    assert_eq!(since("orders:write", &[]), ["2026-03-09", "ledger"]);
    assert_eq!(
        since("orders:delete", &[]),
        ["2026-03-09", "ledger"],
        "the client joined the role later"
    );
    // What no record names yet came after the last of them.
    let third = policy(r#""orders:read","orders:write","orders:all""#, r#""desk""#);
    folder.put("grants.json", third);
    assert_eq!(since("orders:all", &[]), ["2026-03-09", "ledger"]);
    assert_eq!(since("orders:read", &[]), ["2020-01-01", "policy_file"]);
    // The records of one day alone cannot tell what was before.
    let early = ["--as-of", "2026-03-03"];
    assert_eq!(since("orders:read", &early), ["2020-01-01", "policy_file"]);
}
