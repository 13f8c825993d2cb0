//! What the readers take, and what they say about the rest.

mod held_by_roles;
mod joined;
mod keep;
mod others;
mod rbac;
mod strangers;

use std::fmt::Write as _;

use super::*;
use crate::model::{ClientName, Day, Entry, Granted, RoleName, ScopeMatch, Subject, Term};

fn file(text: &str, path: &str) -> PolicyFile {
    read(Arc::from(text.as_bytes()), path).unwrap()
}

fn yaml(text: &str) -> PolicyFile {
    file(text, "grants.yaml")
}

/// The message and the advice.
fn refused(text: &str, path: &str) -> (String, String) {
    let error = read(Arc::from(text.as_bytes()), path).unwrap_err();
    (error.to_string(), error.help().unwrap_or_default())
}

/// Every entry in one line each.
fn listed(file: &PolicyFile) -> String {
    let mut lines = String::new();
    for entry in &file.entries {
        let who = match &entry.subject {
            Subject::Client(client) => client.to_string(),
            Subject::Role(role) => format!("@{role}"),
        };
        let what = match &entry.granted {
            Granted::Term(term) => term.to_string(),
            Granted::Role(role) => format!("@{role}"),
        };
        let optional = if entry.optional { " optional" } else { "" };
        let since = entry
            .since
            .map(|day| format!(" since {day}"))
            .unwrap_or_default();
        let owner = entry
            .owner
            .as_deref()
            .map(|owner| format!(" owner {owner}"))
            .unwrap_or_default();
        let text = std::str::from_utf8(&file.bytes[entry.span.start..entry.span.end]).unwrap();
        let frozen = if entry.frozen.is_some() {
            " frozen"
        } else {
            ""
        };
        writeln!(
            lines,
            "{}: {who} {what}{optional}{since}{owner} <{text}>{frozen}",
            entry.place.line
        )
        .unwrap();
    }
    lines
}

const FULL: &str = "\
version: 1
audience: https://api.shop.example
match: {wildcard: \":\"}
implies:
  orders:admin: [orders:read, orders:update]
x-ops: &ops [ops:read, ops:write]
roles:
  clerk: [orders:read, 'orders:update']
  boss:
    owner: hr
    since: 2024-05-01
    scopes: [orders:admin]
clients:
  billing:
    owner: payments team
    since: 2025-01-01
    scopes:
      - orders:read
      - invoices:write    # keep until=2027-03-31 reason=\"year-end job\"
      - {scope: refunds:read, since: 2025-06-30}
      - scope: refunds:write
        owner: other
    optional: [profile:read]
  web:
    roles: [clerk, {role: boss, since: 2026-01-01}]
  ops: {scopes: *ops}
  more:
    <<: {scopes: [m:read]}
    roles: [clerk]
  idle:
  4711: [007]
";

#[test]
fn the_native_format_says_everything_it_can_say() {
    let file = yaml(FULL);
    insta::assert_snapshot!(listed(&file), @r"
    8: @clerk orders:read <orders:read>
    8: @clerk orders:update <'orders:update'>
    12: @boss orders:admin since 2024-05-01 owner hr <orders:admin>
    18: billing orders:read since 2025-01-01 owner payments team <orders:read>
    19: billing invoices:write since 2025-01-01 owner payments team <invoices:write>
    20: billing refunds:read since 2025-06-30 owner payments team <refunds:read>
    21: billing refunds:write since 2025-01-01 owner other <refunds:write>
    23: billing profile:read optional since 2025-01-01 owner payments team <profile:read>
    25: web @clerk <clerk>
    25: web @boss since 2026-01-01 <boss>
    6: ops ops:read <ops:read> frozen
    6: ops ops:write <ops:write> frozen
    29: more @clerk <clerk>
    28: more m:read <m:read> frozen
    31: 4711 007 <007>
    ");
    assert_eq!(file.matching, Some(ScopeMatch::Wildcard(':')));
    assert_eq!(file.implies.values().next().unwrap().len(), 2);
    let clients: Vec<&str> = file.clients.iter().map(AsRef::as_ref).collect();
    assert_eq!(clients, ["4711", "billing", "idle", "more", "ops", "web"]);
    let keep = file.entries[4].keep.as_ref().unwrap();
    assert_eq!(
        (keep.until, keep.reason.as_deref()),
        (Day::parse("2027-03-31"), Some("year-end job"))
    );
    assert_eq!(
        file.entries
            .iter()
            .filter(|entry| entry.keep.is_some())
            .count(),
        1
    );
    assert!(file.warnings.is_empty());
}

#[test]
fn a_slip_in_a_key_is_an_error_with_the_right_word() {
    let cases = [
        (
            "versio: 1\nclients: {}\n",
            "grants.yaml:1: unknown key `versio` in the file",
            "did you mean `version`?",
        ),
        (
            "clients:\n  c:\n    scope: [a]\n",
            "grants.yaml:3: unknown key `scope` in client `c`",
            "did you mean `scopes`?",
        ),
        (
            "roles:\n  r: {roles: [a]}\nclients: {}\n",
            "grants.yaml:2: unknown key `roles` in role `r`",
            "",
        ),
        (
            "clients:\n  c:\n    scopes: [{scop: a}]\n",
            "grants.yaml:3: unknown key `scop` in an item for a scope",
            "did you mean `scope`?",
        ),
    ];
    for (text, message, help) in cases {
        let (found, advice) = refused(text, "grants.yaml");
        assert_eq!(found, message);
        assert!(help.is_empty() || advice == help, "{advice}");
    }
}

#[test]
fn values_of_the_wrong_kind_are_errors_with_a_line() {
    let cases = [
        (
            "version: 2\nclients: {}\n",
            "grants.yaml:1: `version` must be 1, not a number",
        ),
        (
            "version: 1\n",
            "grants.yaml:1: the file must be a mapping with the key `clients`, not a mapping",
        ),
        (
            "clients: [a]\n",
            "grants.yaml:1: `clients` must be a mapping, not a list",
        ),
        (
            "clients:\n  c: a b\n",
            "grants.yaml:2: client `c` must be a list of scopes or a mapping, not a string",
        ),
        (
            "clients:\n  c: {scopes: a}\n",
            "grants.yaml:2: `scopes` must be a list, not a string",
        ),
        (
            "clients:\n  c: [[a]]\n",
            "grants.yaml:2: the name of a scope must be a string, not a list",
        ),
        (
            "clients:\n  c:\n  -\n",
            "grants.yaml:3: the name of a scope must be a string, not nothing",
        ),
        (
            "clients:\n  c: [a b]\n",
            "grants.yaml:2: the name of a scope contains whitespace: write one item for each",
        ),
        (
            "clients:\n  c: ['']\n",
            "grants.yaml:2: the name of a scope is empty",
        ),
        (
            "clients:\n  c: [\"a\\u0007\"]\n",
            "grants.yaml:2: the name of a scope holds a control character",
        ),
        (
            "clients:\n  c: {since: soon}\n",
            "grants.yaml:2: `soon` is not a date",
        ),
        (
            "match: prefix\nclients: {}\n",
            "grants.yaml:1: `match` must be `exact`, `glob`, `{wildcard: \":\"}` or `{hierarchy: \".\"}`, not `prefix`",
        ),
        (
            "clients:\n  c: [a]\n  c: [b]\n",
            "grants.yaml:3:3: this key is already in this mapping, in line 2",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refused(text, "grants.yaml").0, message);
    }
}

#[test]
fn a_grant_that_occurs_twice_is_read_twice_and_warned_about_once() {
    let file = yaml("clients:\n  c: {scopes: [a, a], optional: [a]}\n  d: [a]\n");
    assert_eq!(file.entries.len(), 4);
    let codes: Vec<&str> = file.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["duplicate-grant", "duplicate-grant"]);
    let csv = read(
        Arc::from(&b"client,audience,scope\nc,x,a\nc,y,a\nc,x,a\n"[..]),
        "g.csv",
    )
    .unwrap();
    assert_eq!(
        csv.warnings.len(),
        1,
        "another audience is another permission"
    );
}

#[test]
fn template_markers_freeze_what_they_touch() {
    let text = "clients:\n  c:\n  - '{{ x }}'\n  - \"${{ env }}\"\n  - a # {{ if }}\n  - ##X##\n  - b##Y##\n  - '@@Z@@'\n  - c@@d\n  '{{ e }}': [f]\n";
    let frozen: Vec<bool> = yaml(&text.replace("  - ##X##\n", ""))
        .entries
        .iter()
        .map(|entry| entry.frozen.is_some())
        .collect();
    assert_eq!(frozen, [true, true, true, true, true, false, true]);
    let json = file(r#"{"c": ["a"], "d": ["{{ b }}", "e"]}"#, "g.json");
    let frozen: Vec<bool> = json
        .entries
        .iter()
        .map(|entry| entry.frozen.is_some())
        .collect();
    assert_eq!(frozen, [false, true, true]);
}

#[test]
fn odd_layouts_are_read_but_frozen_each_for_itself() {
    let text = "clients:\n  c:\n  - >-\n    folded\n  -\n    below\n  - a\n  d: [!!str b, c]\n";
    let file = yaml(text);
    let granted = file.entries.iter().map(|entry| match &entry.granted {
        Granted::Term(term) => term.as_str(),
        Granted::Role(role) => role.as_str(),
    });
    assert!(granted.eq(["folded", "below", "a", "b", "c"]));
    let entries = file.entries.iter();
    let reasons: Vec<&str> = entries
        .map(|entry| entry.frozen.as_deref().unwrap_or("-"))
        .collect();
    assert_eq!(
        reasons,
        [
            "it is written as a string of several lines",
            "it is on another line than its dash",
            "-",
            "it has a YAML tag in front of it",
            "-"
        ]
    );
}

#[test]
fn a_json_number_is_not_the_name_of_a_scope_and_is_named_with_its_line() {
    for (text, path, line) in [
        ("{\"app\": [\"orders:read\",\n3]}", "g.json", 2),
        ("{\"app\": [true]}", "g.json", 1),
        ("{\"app\": [1.5]}", "g.json", 1),
        ("{\"app\": [null]}", "g.json", 1),
        (
            "{\"version\": 1, \"roles\": {\"1\": [\"a\"]},\n\"clients\": {\"app\": {\"roles\": [1]}}}",
            "g.json",
            2,
        ),
    ] {
        let error = read(Arc::from(text.as_bytes()), path)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("{path}:{line}: the name of a ")),
            "{error}"
        );
        assert!(error.contains("must be a string in quotes"), "{error}");
    }
}
