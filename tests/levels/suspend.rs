//! A silent client is suspended as a whole, or nothing happens to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::world::{CLIENTS, Call, Org, levels, reads};

/// Thirty clients that never call, and what more is said of the policy.
fn never_seen(more: &str) -> String {
    let mut text = String::new();
    for client in 0..30 {
        writeln!(
            text,
            "  s{client:02}: {{since: 2024-01-01, scopes: [orders:read, orders:write, reports:read]}}"
        )
        .unwrap();
    }
    text + more
}

fn advice(report: &Value) -> BTreeMap<&str, &Value> {
    let clients = report["clients"].as_array().unwrap().iter();
    let advice = clients.filter(|client| !client["advice"].is_null());
    advice
        .map(|client| (client["id"].as_str().unwrap(), &client["advice"]))
        .collect()
}

fn has(advice: &Value, reason: &str) -> bool {
    let reasons = advice["reasons"].as_array().unwrap();
    reasons.iter().any(|name| name == reason)
}

#[test]
fn a_client_that_never_calls_gets_one_advice_alongside_the_levels_of_its_grants() {
    let grants = never_seen("");
    let org = Org {
        grants: &grants,
        ..Org::default()
    };
    let report = org.report();
    let all = advice(&report);
    assert_eq!(all.len(), 30, "nobody else is silent");
    let advised = all["s07"];
    assert_eq!(
        (&advised["level"], &advised["grants"]),
        (&"safe".into(), &3.into())
    );
    let sentence = advised["sentence"].as_str().unwrap();
    assert!(
        sentence
            .starts_with("suspend it as a whole (safe), which is easy to undo: of its 3 grants"),
        "{sentence}"
    );
    assert!(
        sentence.ends_with("; each of them can go on its own"),
        "{sentence}"
    );
    for ((client, _), (level, _)) in levels(&report) {
        assert!(!client.starts_with('s') || level == "safe", "{client}");
    }
    let text = org.run("analyze", &["--level", "likely", "--stats"]);
    let text = text.replace("\n#     ", " ");
    let cut =
        "# not in the diff: 30 clients to suspend at likely or safer; 0 of them needed something";
    assert!(text.contains(cut), "{text}");
    assert!(
        text.contains("suspend SAFE 30   LIKELY 0   REVIEW 0"),
        "{text}"
    );
    assert!(text.lines().any(|line| line.starts_with("-  s")), "{text}");
}

#[test]
fn where_half_of_the_clients_were_not_seen_who_never_calls_loses_nothing() {
    // Their logs may be missing.
    let few = |day: i64| -> Vec<Call> {
        let mut calls = reads(day);
        calls.retain(|(client, _)| *client < 50);
        calls
    };
    let grants = never_seen("");
    let org = Org {
        calls: &few,
        grants: &grants,
        ..Org::default()
    };
    let report = org.report();
    for ((client, term), (level, _)) in levels(&report) {
        assert!(
            !client.starts_with('s') || level == "review",
            "{client} {term}"
        );
    }
    let clients = report["clients"].as_array().unwrap();
    let client = clients.iter().find(|client| client["id"] == "s07").unwrap();
    assert!(has(&client["terms"][0], "client_silent"), "{client}");
}

#[test]
fn one_grant_that_holds_back_holds_back_the_whole_client() {
    let more = "  young: {since: 2024-01-01, scopes: [orders:read, {scope: orders:write, since: 2026-05-01}]}
  login: {since: 2024-01-01, scopes: [orders:read, openid]}
  dangling: {since: 2024-01-01, scopes: [orders:read, incident.override]}
  undated: {scopes: [orders:read]}
  kept:
    since: 2024-01-01
    scopes:
      - orders:read
      - orders:write # keep: the auditors need it
";
    let grants = never_seen(more);
    let org = Org {
        grants: &grants,
        ..Org::default()
    };
    let report = org.report();
    let all = advice(&report);
    assert_eq!(all["s00"]["level"], "safe");
    for (client, reason) in [
        ("young", "grant_too_young"),
        ("login", "protocol_scope"),
        ("dangling", "opens_no_operation"),
        ("undated", "grant_age_unknown"),
        ("kept", "exception"),
    ] {
        let advised = all[client];
        assert_eq!(advised["level"], "review", "{client}: {advised}");
        assert!(has(advised, reason), "{client}: {advised}");
    }
}

#[test]
fn grants_that_the_past_clears_go_one_by_one_where_only_another_grant_holds_the_client() {
    let more = "  young: {since: 2024-01-01, scopes: [orders:read, reports:read, {scope: orders:write, since: 2026-05-01}]}
  kept:
    since: 2024-01-01
    scopes:
      - orders:read
      - reports:read
      - orders:write # keep: the auditors need it
";
    let grants = never_seen(more);
    let org = Org {
        grants: &grants,
        ..Org::default()
    };
    let report = org.report();
    let (found, all) = (levels(&report), advice(&report));
    let level = |client: &str, term: &str| &*found[&(client.to_owned(), term.to_owned())].0;
    for client in ["young", "kept"] {
        assert_eq!(all[client]["level"], "review", "{}", all[client]);
        assert_eq!(all[client]["alone"], 2, "{}", all[client]);
        assert_eq!(level(client, "orders:read"), "safe");
        assert_eq!(level(client, "reports:read"), "safe");
        let sentence = all[client]["sentence"].as_str().unwrap();
        let end = "; 2 of its 3 grants can go on their own";
        assert!(sentence.ends_with(end), "{sentence}");
    }
    assert_eq!(level("young", "orders:write"), "review");
    assert_eq!(all["s00"]["level"], "safe");
    assert_eq!(all["s00"]["alone"], 3);
    assert_eq!(level("s00", "orders:read"), "safe");
    let text = org.run("analyze", &["--level", "safe"]);
    let gone: Vec<&str> = text.lines().filter(|line| line.starts_with('-')).collect();
    assert!(gone.iter().any(|line| line.contains("  young:")), "{text}");
    let why = org.run("explain young orders:read", &[]);
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        why.contains("its requests would be seen; to suspend it as a whole: review"),
        "{why}"
    );
}

#[test]
fn what_was_never_needed_goes_at_a_safer_level_than_the_client_as_a_whole() {
    let calls = stopped(None);
    let org = Org {
        calls: &calls,
        ..Org::default()
    };
    let report = org.report();
    let by_term = levels(&report);
    let all = advice(&report);
    assert_eq!(all["c00"]["level"], "likely", "{}", all["c00"]);
    let level = |term: &str| &*by_term[&("c00".to_owned(), term.to_owned())].0;
    assert_eq!((level("orders:write"), level("orders:read")), ("safe", "-"));
    assert_eq!(all["c00"]["alone"], 2);
    let sentence = all["c00"]["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("it would refuse 1 operation needed in the window"),
        "{sentence}"
    );
    let text = org.run("analyze", &["--level", "likely"]);
    let cut = "#   c00: 1 operation (";
    assert!(text.contains(cut), "{text}");
}

#[test]
fn a_client_in_doubt_loses_no_grant_on_its_own() {
    // It has a young grant as well, which alone would leave the others free.
    let grants = never_seen(
        "  young: {since: 2024-01-01, scopes: [orders:read, {scope: orders:write, since: 2026-05-01}]}\n",
    );
    let stranger = |day: i64| -> Vec<Call> {
        let mut calls = reads(day);
        calls.extend((day == 350).then_some((CLIENTS + 20, "GET /orders")));
        calls
    };
    let org = Org {
        calls: &stranger,
        grants: &grants,
        ..Org::default()
    };
    let report = org.report();
    for ((client, term), (level, _)) in levels(&report) {
        let silent = client.starts_with('s') || client == "young";
        assert!(!silent || level == "review", "{client} {term}: {level}");
    }
    assert_eq!(advice(&report)["young"]["alone"], 0);
}

#[test]
fn who_was_never_seen_may_be_in_the_log_under_another_name() {
    let stranger = |day: i64| -> Vec<Call> {
        let mut calls = reads(day);
        calls.extend((day == 350).then_some((CLIENTS + 20, "GET /orders")));
        calls
    };
    let grants = never_seen("");
    let org = Org {
        calls: &stranger,
        grants: &grants,
        ..Org::default()
    };
    let report = org.report();
    for (client, advised) in advice(&report) {
        assert_eq!(advised["level"], "review", "{client}");
        assert!(has(advised, "name_not_proven"), "{client}: {advised}");
    }
}

/// The first 40 clients stop on day 200; `then` is called by the first of them on day 350.
fn stopped(then: Option<&'static str>) -> impl Fn(i64) -> Vec<Call> {
    move |day| {
        let mut calls: Vec<Call> = reads(day)
            .into_iter()
            .filter(|(client, _)| *client >= 40 || day < 200)
            .collect();
        calls.extend(then.filter(|_| day == 350).map(|call| (0, call)));
        calls
    }
}

#[test]
fn what_was_needed_in_the_window_is_never_safe_to_suspend() {
    let calls = stopped(None);
    let year = Org {
        calls: &calls,
        ..Org::default()
    };
    let report = year.report();
    let advised = &advice(&report)["c00"];
    assert!(has(advised, "needed_in_window"), "{advised}");
    assert_eq!(advised["level"], "likely", "{advised}");
    // A window that does not see the need leaves it to the past.
    let short = Org {
        more: &["--window", "60d"],
        ..year
    };
    let report = short.report();
    let advised = &advice(&report)["c00"];
    assert!(!has(advised, "needed_in_window"), "{advised}");
    assert_eq!(advised["level"], "likely", "{advised}");
}

#[test]
fn a_request_that_matches_nothing_after_the_last_one_that_does_is_a_sign_of_life() {
    let calls = stopped(Some("GET /elsewhere"));
    let org = Org {
        calls: &calls,
        ..Org::default()
    };
    let report = org.report();
    let all = advice(&report);
    assert_eq!(all["c01"]["level"], "likely");
    assert_eq!(all["c00"]["level"], "review");
    assert!(has(all["c00"], "unmatched_traffic"), "{}", all["c00"]);
}

#[test]
fn what_is_left_of_a_silent_client_is_not_a_new_offer() {
    // Held back by one grant; stopped within the window; in doubt on its own.
    let grants = never_seen(
        "  young: {since: 2024-01-01, scopes: [orders:read, reports:read, {scope: orders:write, since: 2026-05-01}]}
  login: {since: 2024-01-01, scopes: [orders:read, openid]}
",
    );
    let calls = stopped(Some("GET /elsewhere"));
    let org = Org {
        calls: &calls,
        grants: &grants,
        ..Org::default()
    };
    for level in ["safe", "likely", "review"] {
        let folder = org.folder();
        let offer = || {
            org.run_in(&folder, "analyze", &["--level", level, "--out", "out"]);
            std::fs::read_to_string(folder.path().join("out/policy.diff")).unwrap()
        };
        assert!(offer().contains("@@"), "{level}");
        let applied = std::process::Command::new("git")
            .args(["apply", "out/policy.diff"])
            .current_dir(folder.path())
            .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap())
            .status()
            .unwrap();
        assert!(applied.success());
        let second = offer();
        assert!(!second.contains("@@"), "{level}:\n{second}");
    }
}

#[test]
fn a_client_that_is_safe_to_suspend_fails_the_gate_like_a_grant_that_is_safe_to_remove() {
    let grants = never_seen("");
    let org = Org {
        grants: &grants,
        ..Org::default()
    };
    let folder = org.folder();
    let check = |more: &[&str]| {
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .current_dir(folder.path())
            .args(["check", "--logs", "log.jsonl", "--catalog", "routes.yaml"])
            .args(["--grants", "grants.yaml", "--json", "--fail-on"])
            .args(more)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let issues = report["issues"].as_array().unwrap().clone();
        let silent = |issue: &Value| issue["rule"] == "silent-client" && issue["client"] == "s07";
        (ran.status.code(), issues.into_iter().find(silent).unwrap())
    };
    let (code, issue) = check(&["safe"]);
    assert_eq!((code, &issue["fails"]), (Some(1), &true.into()), "{issue}");
    let (_, issue) = check(&["none"]);
    assert_eq!(issue["fails"], false, "{issue}");
}
