//! What the readers take, and what they say about the rest.

use proptest::prelude::*;

use super::*;
use crate::model::{Day, Granted, ScopeMatch, Subject};

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
        lines.push_str(&format!(
            "{}: {who} {what}{optional}{since}{owner} <{text}>{frozen}\n",
            entry.place.line
        ));
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
        (
            "roles: {clerk: [a]}\nclients:\n  c: {roles: [clrk]}\n",
            "grants.yaml:3: client `c` has role `clrk`, which this file does not define",
            "did you mean `clerk`?",
        ),
        (
            "clients:\n  c: {roles: [clerk]}\n",
            "grants.yaml:2: client `c` has role `clerk`, which this file does not define",
            "define it under `roles:`",
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
            "grants.yaml:2: client `c` must be a list of scopes or a mapping, not a text",
        ),
        (
            "clients:\n  c: {scopes: a}\n",
            "grants.yaml:2: `scopes` must be a list, not a text",
        ),
        (
            "clients:\n  c: [[a]]\n",
            "grants.yaml:2: the name of a scope must be a text, not a list",
        ),
        (
            "clients:\n  c:\n  -\n",
            "grants.yaml:3: the name of a scope must be a text, not nothing",
        ),
        (
            "clients:\n  c: [a b]\n",
            "grants.yaml:2: scope `a b` holds a blank: write one item for each",
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
            "grants.yaml:3:3: key `c` stands twice in one mapping, first in line 2",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refused(text, "grants.yaml").0, message);
    }
}

#[test]
fn a_keep_comment_holds_for_every_grant_of_its_line() {
    let text = "clients:\n  c:\n    scopes: [a, b] # keep\n  d:\n    scopes:\n    - e # keep: reason=why\n    - scope: f # keep until=2030-01-01\n      owner: x\n    - g\n    - h # keeping this sorted\n    - i # keep for audits\n    # keep this list sorted\n    - j\n";
    let file = yaml(text);
    let kept: Vec<bool> = file
        .entries
        .iter()
        .map(|entry| entry.keep.is_some())
        .collect();
    assert_eq!(kept, [true, true, true, true, false, false, true, false]);
    assert_eq!(
        file.entries[6].keep.as_ref().unwrap().reason.as_deref(),
        Some("for audits")
    );
    assert_eq!(file.warnings.len(), 1);
    assert_eq!(file.warnings[0].code, "keep-in-prose");
}

#[test]
fn a_keep_comment_that_cannot_be_honoured_is_an_error() {
    let cases = [
        (
            "until=2027-02-30",
            "grants.yaml:3: `2027-02-30` is not a date",
        ),
        (
            "reason=\"x",
            "grants.yaml:3: the quotes of `reason` in a keep comment do not close",
        ),
        (
            "til=2027-01-01",
            "grants.yaml:3: unknown attribute `til` in a keep comment",
        ),
        (
            "until=2027-01-01 please",
            "grants.yaml:3: `please` in a keep comment is no attribute",
        ),
        (
            "until=2027-01-01 until=2027-01-01",
            "grants.yaml:3: `until` stands twice in a keep comment",
        ),
    ];
    for (attributes, message) in cases {
        let text = format!("clients:\n  c:\n  - a # keep {attributes}\n");
        assert_eq!(refused(&text, "grants.yaml").0, message);
    }
    for lost in [
        "clients:\n  c: # keep\n  - a\n",
        "clients:\n  c:\n  # keep until=2027-01-01\n  - a\n",
    ] {
        assert!(
            refused(lost, "grants.yaml")
                .0
                .ends_with("this keep comment stands on no grant's line")
        );
    }
}

#[test]
fn a_hash_in_a_scalar_is_no_comment() {
    let file = yaml(
        "clients:\n  c: ['# keep', \"a # keep\\\n    b\", x#keep]\n"
            .replace("a # keep\\\n    b", "a\\x23")
            .as_str()
            .replace("'# keep'", "'#keep'")
            .as_str(),
    );
    assert_eq!(file.entries.len(), 3);
    assert!(file.entries.iter().all(|entry| entry.keep.is_none()));
}

#[test]
fn a_grant_that_stands_twice_is_read_twice_and_warned_about_once() {
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
fn texts_of_several_lines_and_odd_layouts_are_read_but_frozen() {
    let text = "clients:\n  c:\n  - >-\n    folded\n  -\n    below\n  - a\n  d: [!!str b, c]\n";
    let file = yaml(text);
    let terms: Vec<String> = listed(&file)
        .lines()
        .map(|line| line.split(' ').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(terms, ["folded", "below", "a", "b", "c"]);
    assert!(
        file.entries.iter().all(|entry| entry.frozen.is_some()),
        "a list that is not understood is not edited"
    );
}

#[test]
fn a_plain_map_is_read_from_json_and_yaml() {
    let json = file("{\"c\": [\"a\", \"b\\u0063\"], \"d\": []}", "grants.json");
    assert_eq!(
        (json.format, json.entries.len(), json.clients.len()),
        ("client-map", 2, 2)
    );
    insta::assert_snapshot!(listed(&json), @r#"
    1: c a <"a">
    1: c bc <"b\u0063">
    "#);
    assert_eq!(yaml("c: [a]\nd:\n- b\n").entries.len(), 2);
    assert_eq!(
        refused("{\"c\": \"a b\"}", "g.json").0,
        "g.json:1: `c` must be a list, not a text"
    );
}

#[test]
fn broken_json_is_an_error_with_line_and_column() {
    let cases = [
        (
            "{\"c\": [\"a\",]}",
            "g.json:1:12: a value was expected here",
        ),
        (
            "{\"c\": [\"a\"\n \"b\"]}",
            "g.json:2:2: `,` or `]` was expected here",
        ),
        (
            "{\"c\": [],\n \"c\": []}",
            "g.json:2:2: key `c` stands twice in one object, first in line 1",
        ),
        (
            "{\"c\": [\"a]}",
            "g.json:1:8: the text that starts here does not end",
        ),
        (
            "{\"c\": [\"\\x\"]}",
            "g.json:1:8: the text that starts here has a wrong escape",
        ),
        ("{\"c\": [tru]}", "g.json:1:8: `tru` is not a JSON value"),
        (
            "{\"c\": []} x",
            "g.json:1:11: something follows the end of the document",
        ),
        (
            "{\"ü\": [], c: []}",
            "g.json:1:11: a key in double quotes was expected here",
        ),
        (
            "{\"c\": [] // x\n}",
            "g.json:1:10: `,` or `}` was expected here",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(refused(text, "g.json").0, message);
    }
    assert!(
        refused(&format!("{{\"c\": {}", "[".repeat(1_000_000)), "g.json")
            .0
            .contains("nest deeper")
    );
}

#[test]
fn csv_is_read_with_quotes_and_in_any_order_of_columns() {
    let text = "\u{feff}since,\"scope\",client,owner\r\n2025-01-01,a,c,\"x, y\"\r\n\r\n,\"b  d\",\"c\"\"\",\r\n";
    let csv = file(text, "export.txt");
    insta::assert_snapshot!(listed(&csv), @r#"
    2: c a since 2025-01-01 owner x, y <a>
    4: c" b <b>
    4: c" d <d>
    "#);
    let cases = [
        (
            "client,scop\n",
            "g.csv:1: unknown column `scop`",
            "did you mean `scope`?",
        ),
        (
            "client,owner\n",
            "g.csv:1: column `scope` is missing",
            "the first line names the columns: client,audience,scope,owner,since",
        ),
        (
            "client,scope\na\n",
            "g.csv:2: the row has 1 cells, and the header has 2",
            "",
        ),
        (
            "client,scope\na,\"b\n\n",
            "g.csv:2: a quoted cell does not end",
            "",
        ),
        (
            "client,scope\na,\"b\"c\n",
            "g.csv:2: something follows the closing quote of a cell",
            "",
        ),
        ("client,scope\n,b\n", "g.csv:2: the row names no client", ""),
        (
            "client,scope,since\na,b,1.1.2025\n",
            "g.csv:2: `1.1.2025` is not a date",
            "",
        ),
        ("", "g.csv:1: the header is missing", ""),
    ];
    for (text, message, help) in cases {
        let (found, advice) = refused(text, "g.csv");
        assert_eq!(found, message);
        assert!(help.is_empty() || advice == help, "{advice}");
    }
}

#[test]
fn a_text_in_another_encoding_is_an_error_with_a_line() {
    let error = read(Arc::from(&b"clients:\n  c: [\xff]\n"[..]), "g.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "g.yaml:2: the policy file is not UTF-8 text"
    );
}

#[test]
fn one_file_cannot_be_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.json");
    std::fs::write(&path, "{\"c\": [\"a\"]}").unwrap();
    let twice = folder.path().join(".").join("g.json");
    let error = load(&[
        (path.clone(), "g.json".to_owned()),
        (twice, "./g.json".to_owned()),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "./g.json: the policy file is given twice, first as `g.json`"
    );
    assert_eq!(load(&[(path, "g.json".to_owned())]).unwrap().files.len(), 1);
    let none = load(&[(folder.path().join("none"), "none".to_owned())]).unwrap_err();
    assert!(
        none.to_string()
            .starts_with("none: the policy file cannot be read")
    );
}

#[test]
fn a_real_inventory_is_read_completely() {
    let places = ["../shared", "../../shared"]; // beside the repository, or a worktree's parent
    let found = places
        .iter()
        .find_map(|place| std::fs::read(format!("{place}/data/cases/gmail/grants.json")).ok());
    let Some(bytes) = found else {
        eprintln!("skipped: the shared data is not here");
        return;
    };
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let scopes: usize = json
        .as_object()
        .unwrap()
        .values()
        .map(|list| list.as_array().unwrap().len())
        .sum();
    let file = read(Arc::from(bytes), "grants.json").unwrap();
    assert_eq!(file.entries.len(), scopes);
    assert!(file.entries.iter().all(|entry| entry.frozen.is_none()));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        text in r#"(clients:|roles:|scopes:|  |\n|\r\n|- |a|b|'|"|\[|\]|\{|\}|, |:|#| # keep|,|\\|client,scope\n|until=|&a |\*a|é|<<: |!x |\||\t){0,40}"#,
        path in "g\\.(yaml|json|csv|txt)",
    ) {
        if let Ok(file) = read(Arc::from(text.as_bytes()), &path) {
            for entry in &file.entries {
                prop_assert!(text.get(entry.span.start..entry.span.end).is_some_and(|text| !text.is_empty()));
            }
            let _ = comments_affected(&file);
            let all: Vec<usize> = (0..file.entries.len()).filter(|entry| file.entries[*entry].frozen.is_none()).collect();
            let format = by_name(file.format).unwrap();
            prop_assert!(format.remove(&file, &all).is_ok());
        }
    }

    #[test]
    fn json_is_read_as_the_json_library_reads_it(text in r#"(\{|\}|\[|\]|,|:|"a"|"\\n"|"\\u00e9"| |1|-2.5e3|true|null|\n){0,24}"#) {
        let ours = json::parse(&text, &Arc::from("t"));
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(&ours.to_json(), theirs),
            (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("stands twice"), "{}", error),
            (Ok(_), Err(error)) => prop_assert!(false, "{error}"),
            (Err(_), Err(_)) => {}
        }
    }
}
