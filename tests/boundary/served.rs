//! Requests that have to pass: those that passed before.

use super::support::{self, Case};
use super::{Entry, ROUTES, hurl_file, read};

/// Who was served on `/reports`, and who tried `/audit/{day}` without success.
fn served(zed_calls: bool) -> Case {
    let grants = "clients:
  app:
    since: 2024-01-01
    scopes:
      - audit:read
      - orders:read
      - reports:read
  keeper:
    since: 2024-01-01
    scopes:
      - reports:read # keep until=2030-01-01 reason=\"drill\"
  zed:
    since: 2024-01-01
    scopes:
      - reports:read # keep until=2030-01-01 reason=\"drill\"
";
    let mut log = support::daily(240, "app", "GET /orders", 200)
        + &support::daily(240, "app", "GET /audit/7", 503)
        + &support::daily(240, "keeper", "GET /reports", 503);
    if zed_calls {
        log += &support::daily(240, "zed", "GET /reports", 200);
    }
    Case::of(ROUTES, grants, &log)
}

/// The token of the canary for `/reports`.
fn canary(file: &str) -> String {
    let entries = read(file);
    let canary = entries
        .iter()
        .find(|entry| entry.comment.contains("a caller that may: GET /reports"));
    canary.unwrap().token.clone().unwrap()
}

#[test]
fn the_canary_is_a_client_that_was_served_and_never_one_that_merely_may() {
    let file = hurl_file(&served(true), &[]);
    assert_eq!(canary(&file), "token_zed");
    assert!(!file.contains("the token of a test client"), "{file}");
    // Nobody was served: the plan says so, and asks for a token that may do everything.
    for tool in ["hurl", "k6", "http"] {
        let file = hurl_file(&served(false), &["--tool", tool]);
        assert!(
            file.contains("no client that may still call it was served by it in the window"),
            "{tool}: {file}"
        );
    }
    assert_eq!(canary(&hurl_file(&served(false), &[])), "token_privileged");
}

#[test]
fn a_request_that_must_pass_was_served_before_and_not_only_tried() {
    let file = hurl_file(&served(true), &["--client", "app"]);
    let passes: Vec<Entry> = read(&file);
    let passes = passes
        .iter()
        .filter(|entry| entry.comment.contains("must still reach"));
    assert_eq!(
        passes.map(|entry| &*entry.path).collect::<Vec<_>>(),
        ["/orders"],
        "{file}"
    );
    assert!(
        file.contains("# not tested: 1 operation that it tried and no answer shows"),
        "{file}"
    );
}
