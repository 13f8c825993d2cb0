//! `replay` as a user meets it: its table, its lists, its exit codes.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::path::Path;
use std::process::{Command, Output};

const CATALOG: &str = r#"{"operations": [
    {"method": "GET", "path": "/orders/{id}", "any_of": [["orders:read"], ["admin"]]},
    {"method": "POST", "path": "/orders", "any_of": [["orders:write", "orders:read"]]}]}"#;
const LOG: &str = r#"{"time": "2026-01-01T10:00:00Z", "client_id": "billing", "method": "GET", "path": "/orders/1", "status": 200, "request_id": "r-1"}
{"time": "2026-01-02T10:00:00Z", "client_id": "billing", "method": "POST", "path": "/orders", "status": 201, "request_id": "r-2"}
{"time": "2026-01-03T10:00:00Z", "client_id": "billing", "method": "POST", "path": "/orders", "status": 429, "request_id": "r-3"}
{"time": "2026-01-03T11:00:00Z", "client_id": "billing", "method": "POST", "path": "/orders", "status": 403, "request_id": "r-4"}
{"time": "2026-01-03T12:00:00Z", "client_id": "\u001b[31mevil", "method": "GET", "path": "/orders/2", "status": 200, "request_id": "=cmd()"}
"#;
const OLD: &str = r#"{"billing": ["orders:read", "orders:write"]}"#;

fn folder(new: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("catalog.json", CATALOG),
        ("log.jsonl", LOG),
        ("old.json", OLD),
        ("new.json", new),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn command(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    command
        .args(["replay", "--logs", "log.jsonl", "--catalog", "catalog.json"])
        .args(["--grants", "new.json"])
        .args(more)
        .env_remove("COLUMNS")
        .current_dir(folder);
    command
}

fn replay(folder: &Path, more: &[&str]) -> Output {
    command(folder, more).output().unwrap()
}

fn text(run: &Output) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

#[test]
fn a_dropped_scope_is_shown_with_its_requests_and_what_would_do() {
    let folder = folder(r#"{"billing": ["orders:read"]}"#);
    let run = replay(folder.path(), &["--before", "old.json"]);
    assert_eq!(run.status.code(), Some(1));
    insta::assert_snapshot!(text(&run), @r#"
    replay  2026-01-01..2026-01-03  3 days, 0 missing   4 needed requests
      proposal  new.json
      before    old.json

    would be denied: 2 requests on 1 operation of 1 client

      CLIENT   OPERATION     REQUESTS  USED  DAYS  FIRST       LAST
      billing  POST /orders         2     1     2  2026-01-02  2026-01-03
          would do: orders:write (held before)
          requests: r-3, r-2

    not covered before: 1 request on 1 operation of 1 client: served, although
                        neither policy permits them
      \u{1b}[31mevil (in neither policy)  GET /orders/{id}  1 request

    unchanged: 1 request on 1 operation
    "#);
}

#[test]
fn a_narrow_terminal_shows_client_operation_requests_and_the_last_day() {
    let folder = folder("{}");
    let log = LOG.replace("billing", "a-client-with-a-long-name");
    std::fs::write(folder.path().join("log.jsonl"), log).unwrap();
    let mut command = command(folder.path(), &[]);
    let run = command.env("COLUMNS", "60").output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    let shown = text(&run);
    let row = "  a-client-with-a-lon…  POST /orders           2  2026-01-03";
    assert!(shown.contains(row), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 60),
        "{shown}"
    );
}

#[test]
fn the_csv_neither_moves_a_cursor_nor_starts_a_formula() {
    let folder = folder("{}");
    let run = replay(folder.path(), &["--csv"]);
    assert_eq!(run.status.code(), Some(1));
    insta::assert_snapshot!(text(&run), @r#"
    result,client,operation,requests,used,attempted,days,first,last,would_do,samples,note
    denied,\u{1b}[31mevil,GET /orders/{id},1,1,0,1,2026-01-03T12:00:00.000Z,2026-01-03T12:00:00.000Z,admin | orders:read,"'=cmd()",client_not_in_proposal
    denied,billing,POST /orders,2,1,1,2,2026-01-02T10:00:00.000Z,2026-01-03T10:00:00.000Z,orders:read + orders:write,r-2 r-3,client_not_in_proposal
    denied,billing,GET /orders/{id},1,1,0,1,2026-01-01T10:00:00.000Z,2026-01-01T10:00:00.000Z,admin | orders:read,r-1,client_not_in_proposal
    "#);
}

#[test]
fn a_proposal_that_permits_all_ends_well_and_incomplete_input_is_not_hidden() {
    let folder = folder(OLD);
    let run = replay(folder.path(), &["--before", "old.json"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run));
    let mut log = LOG.to_owned();
    log.push_str("{\"time\": \"2026-01-03T13:00:00Z\", \"client\n");
    std::fs::write(folder.path().join("log.jsonl"), log).unwrap();
    let run = replay(folder.path(), &["--before", "old.json"]);
    assert_eq!(run.status.code(), Some(3), "{}", text(&run));
    assert!(text(&run).starts_with("incomplete: `log.jsonl`"));
}

#[test]
fn names_that_do_not_meet_are_an_error_and_not_a_clean_answer() {
    let folder = folder(r#"{"Billing": ["orders:read"]}"#);
    let run = replay(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(2));
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(said.contains("the names do not match"), "{said}");
}

#[test]
fn a_native_file_that_drops_its_rule_is_taken_at_its_word_and_a_plain_map_keeps_it() {
    let folder = folder(r#"{"billing": ["orders:*"]}"#);
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put(
        "old.yaml",
        "version: 1\nmatch: {wildcard: \":\"}\nclients:\n  billing: {scopes: [\"orders:*\"]}\n",
    );
    let run = replay(folder.path(), &["--before", "old.yaml"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run));
    put(
        "new.yaml",
        "version: 1\nclients:\n  billing: {scopes: [\"orders:*\"]}\n",
    );
    let run = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .args(["replay", "--logs", "log.jsonl", "--catalog", "catalog.json"])
        .args(["--grants", "new.yaml", "--before", "old.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", text(&run));
    assert!(text(&run).contains("changes the scope rules"));
}

#[test]
fn what_a_wrong_clock_dated_after_the_data_is_replayed_as_well() {
    let folder = folder(r#"{"billing": ["orders:read"]}"#);
    // Enough records that the one of 2099 is a stray.
    let line = LOG.lines().next().unwrap().to_owned() + "\n";
    let mut log: String = (0..200)
        .map(|second| {
            line.replace(
                "10:00:00",
                &format!("10:{:02}:{:02}", second / 60, second % 60),
            )
        })
        .collect();
    log += r#"{"time": "2099-05-05T10:00:00Z", "client_id": "billing", "method": "POST", "path": "/orders", "status": 201, "request_id": "r-late"}"#;
    std::fs::write(folder.path().join("log.jsonl"), log).unwrap();
    let run = replay(folder.path(), &["--before", "old.json"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run));
    let shown = text(&run);
    assert!(
        shown.contains("would be denied: 1 request on 1 operation"),
        "{shown}"
    );
    assert!(shown.contains("2026-01-01..2026-01-01"), "{shown}");
    assert!(shown.contains("r-late"), "{shown}");
    assert!(shown.contains("1 record is dated"), "{shown}");
    // An end that was asked for cuts it off, as in `analyze`.
    let cut = replay(
        folder.path(),
        &["--before", "old.json", "--as-of", "2026-01-01"],
    );
    assert_eq!(cut.status.code(), Some(0), "{}", text(&cut));
}
