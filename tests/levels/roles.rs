//! What a role gives goes at the level of everything that goes with it, and the cause is named.

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
    let by_term = levels(&report);
    let level = |client: &str, term: &str| &*by_term[&(client.to_owned(), term.to_owned())].0;
    assert_eq!(level("one", "reports:read"), "review", "protected");
    assert_eq!(level("two", "orders:read"), "-", "needed");
    // The scope that is the cause is named.
    let read = term(&report, "one", "orders:read");
    assert_eq!(read["level"], "review", "{read}");
    assert_eq!(read["goes_with"], serde_json::json!(["reports:read"]));
    assert_eq!(reasons(&read).pop(), Some("role_scope_less_safe"));
    let text = org.run("analyze", &["--level", "likely"]);
    let lost = text
        .lines()
        .find(|line| line.starts_with('-') && line.contains("desk"));
    assert_eq!(lost, None, "the role holds a protected scope\n{text}");
}

/// `one` and `two` read; they and `three` share a role that none of the first two needs.
fn desk(day: i64) -> Vec<super::world::Call> {
    let mut calls = super::world::reads(day);
    calls.extend([
        (100, "GET /orders"),
        (101, "GET /orders"),
        (102, "GET /orders"),
    ]);
    calls
}

fn desk_names(client: i64) -> String {
    match client {
        100 => "one".to_owned(),
        101 => "two".to_owned(),
        102 => "three".to_owned(),
        other => super::world::named(other),
    }
}

fn org<'a>(grants: &'a str, more: &'a [&'a str]) -> Org<'a> {
    Org {
        calls: &desk,
        name: &desk_names,
        grants,
        more,
        ..Org::default()
    }
}

/// The term of a client, from the report.
fn term(report: &serde_json::Value, client: &str, name: &str) -> serde_json::Value {
    let clients = report["clients"].as_array().unwrap();
    let value = clients.iter().find(|value| value["id"] == client).unwrap();
    let terms = value["terms"].as_array().unwrap();
    terms
        .iter()
        .find(|term| term["term"] == name)
        .unwrap()
        .clone()
}

fn reasons(term: &serde_json::Value) -> Vec<&str> {
    let all = term["reasons"].as_array().unwrap().iter();
    all.map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn a_removal_that_only_another_member_holds_at_review_names_that_member() {
    let grants = "  one: {since: 2024-01-01, scopes: [orders:read], roles: [desk]}
  two: {since: 2024-01-01, scopes: [orders:read], roles: [desk]}
  three: {since: 2026-06-01, scopes: [orders:read], roles: [desk]}
roles:
  desk:
    since: 2024-01-01
    scopes: [orders:write]
";
    let org = org(grants, &[]);
    let folder = org.folder();
    let report: serde_json::Value =
        serde_json::from_str(&org.run_in(&folder, "analyze", &["--json"])).unwrap();
    for client in ["one", "two"] {
        let grant = term(&report, client, "orders:write");
        assert_eq!(
            (&grant["verdict"], &grant["level"]),
            (&"remove".into(), &"review".into())
        );
        assert_eq!(grant["held_by"], serde_json::json!(["three"]));
        let last = reasons(&grant).pop();
        assert_eq!(last, Some("role_member_less_safe"), "{grant}");
        assert!(!reasons(&grant).contains(&"grant_too_young"), "{grant}");
    }
    // `three` is the cause, by reasons of its own.
    let grant = term(&report, "three", "orders:write");
    assert_eq!(
        (&grant["level"], grant.get("held_by")),
        (&"review".into(), None)
    );
    assert!(reasons(&grant).contains(&"grant_too_young"), "{grant}");
    let said = org.run_in(&folder, "explain one orders:write", &[]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence =
        "the role loses it for all members, and for another one that is less safe (three)";
    assert!(said.contains(sentence), "{said}");
    // Under pseudonyms no name of a member is left.
    std::fs::write(folder.path().join("key"), "a key of some length").unwrap();
    let masked = org.run_in(
        &folder,
        "report --month 2026-05 --pseudonymise key --format md",
        &[],
    );
    assert!(
        masked.contains("for another one that is less safe (client-"),
        "{masked}"
    );
    assert!(!masked.contains("three"), "{masked}");
}

#[test]
fn a_removal_that_another_member_stops_names_that_member() {
    let grants = "  one: {since: 2024-01-01, scopes: [orders:read], roles: [desk]}
  two: {since: 2024-01-01, roles: [desk]}
roles:
  desk:
    since: 2024-01-01
    scopes: [orders:read, orders:write]
";
    let org = org(grants, &[]);
    let report = org.report();
    let grant = term(&report, "one", "orders:write");
    // Both lose the write; the read stays for `two`, which has it from nowhere else.
    assert_eq!(grant.get("held_by"), None, "{grant}");
    let calls = |day: i64| {
        let mut calls = desk(day);
        calls.push((101, "POST /orders"));
        calls
    };
    let org = Org {
        calls: &calls,
        ..org
    };
    let report = org.report();
    let grant = term(&report, "one", "orders:write");
    // The role holds what `one` needs, so it cannot be taken away; `two` needs the write.
    assert_eq!(grant["level"], "manual", "{grant}");
    assert_eq!(reasons(&grant).pop(), Some("shared_role"));
    assert_eq!(grant["held_by"], serde_json::json!(["two"]));
}
