//! What a role gives goes at the level of everything that goes with it.

use super::world::{Org, levels};

#[test]
fn a_role_is_taken_from_a_client_no_safer_than_the_least_safe_of_its_scopes() {
    // `c00` and `one` share a role: nobody needs the protected scope, `c00` needs the other.
    let grants = "  one: {since: 2024-01-01, scopes: [orders:write], roles: [desk]}
  two: {since: 2024-01-01, scopes: [orders:write], roles: [desk]}
roles:
  desk:
    since: 2024-01-01
    scopes: [orders:read, reports:read]
";
    let calls = |day: i64| {
        let mut calls = super::world::reads(day);
        // `one` and `two` write; `two` reads as well.
        calls.extend([
            (100, "POST /orders"),
            (101, "POST /orders"),
            (101, "GET /orders"),
        ]);
        calls
    };
    let name = |client: i64| match client {
        100 => "one".to_owned(),
        101 => "two".to_owned(),
        other => super::world::named(other),
    };
    let more = ["--protected", "reports:*"];
    let org = Org {
        calls: &calls,
        name: &name,
        grants,
        more: &more,
        ..Org::default()
    };
    let report = org.report();
    let own = levels(&report);
    let level = |client: &str, term: &str| &*own[&(client.to_owned(), term.to_owned())].0;
    assert_eq!(level("one", "reports:read"), "review", "protected");
    assert_eq!(level("two", "orders:read"), "-", "needed");
    let text = org.run("analyze", &["--level", "likely"]);
    let lost = text
        .lines()
        .find(|line| line.starts_with('-') && line.contains("desk"));
    assert_eq!(lost, None, "the role holds a protected scope\n{text}");
}
