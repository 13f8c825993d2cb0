//! The smallest set: never wider, never a wildcard, replaced in one edit.

use crate::support::{Case, daily};
use crate::{app_holds, because, changes, client, report, term, texts, verdict};

/// Reading is open to two scopes, writing to one of them.
const READ_OR_WRITE: &str = "\
version: 1
routes:
  GET /mail: [mail:read, mail:readwrite]
  POST /mail: mail:readwrite
";

#[test]
fn who_loses_a_wildcard_is_told_about_what_comes_later() {
    let routes = "version: 1\nroutes:\n  GET /mail: mail:read\n  POST /mail: mail:write\n";
    let log = daily(100, "app", "GET /mail", 200);
    let case = Case::of(routes, &app_holds(&["mail:*"]), &log);
    let args = ["--level", "review", "--narrow", "--match", "wildcard::"];
    let narrow = case.analyze(&args);
    assert_eq!(changes(&narrow), ["- - mail:*", "+ - mail:read"]);
    let report = report(&case.analyze(&[&args[..], &["--json"]].concat()), 0);
    assert!(because(&report, "app", "mail:*", "narrower_suffices"));
    assert!(because(&report, "app", "mail:*", "pattern_given_up"));
}

#[test]
fn e6_a_broad_scope_is_replaced_in_one_edit_and_only_when_asked() {
    let log = daily(100, "app", "GET /mail", 200);
    let case = Case::of(READ_OR_WRITE, &app_holds(&["mail:readwrite"]), &log);
    let kept = case.analyze(&["--level", "review"]);
    assert_eq!(kept.code, Some(0), "{}", kept.err);
    assert_eq!(changes(&kept), [""; 0]);
    let plain = report(&case.analyze(&["--level", "review", "--json"]), 0);
    assert_eq!(texts(&client(&plain, "app")["minimal"]), ["mail:readwrite"]);

    let narrow = case.analyze(&["--level", "review", "--narrow"]);
    assert_eq!(narrow.code, Some(0), "{}", narrow.err);
    assert_eq!(changes(&narrow), ["- - mail:readwrite", "+ - mail:read"]);
    let hunks = narrow.out.lines().filter(|line| line.starts_with("@@"));
    assert_eq!(hunks.count(), 1, "one edit: {}", narrow.out);
    let report = report(
        &case.analyze(&["--level", "review", "--narrow", "--json"]),
        0,
    );
    assert_eq!(
        verdict(&report, "app", "mail:readwrite"),
        "narrow broad review"
    );
    assert_eq!(
        texts(&term(&report, "app", "mail:readwrite")["replace_with"]),
        ["mail:read"]
    );
    assert_eq!(texts(&client(&report, "app")["minimal"]), ["mail:read"]);
    // Below its level the replacement waits as a whole.
    let likely = case.analyze(&["--narrow"]);
    assert_eq!(changes(&likely), [""; 0]);
}

#[test]
fn e8_of_two_held_scopes_the_one_that_serves_everything_stays() {
    let routes = "version: 1\nroutes:\n  GET /a: [p:one, p:two]\n  GET /b: p:two\n";
    let log = daily(100, "app", "GET /a", 200) + &daily(100, "app", "GET /b", 200);
    let case = Case::of(routes, &app_holds(&["p:one", "p:two"]), &log);
    let report = report(&case.analyze(&["--json"]), 0);
    let app = client(&report, "app");
    assert_eq!(texts(&app["minimal"]), ["p:two"]);
    assert_eq!(app["minimal_proven"], true);
    assert_eq!(verdict(&report, "app", "p:two"), "keep");
    assert_eq!(verdict(&report, "app", "p:one"), "remove redundant review");
    assert!(because(&report, "app", "p:one", "others_suffice"));
}

#[test]
fn e9_a_scope_that_is_not_held_and_opens_more_is_never_recommended() {
    let routes = "version: 1\nroutes:\n  GET /groups/{id}/members: [members:read, groups:read]\n  \
                  GET /groups/{id}: groups:read\n";
    let log = daily(100, "app", "GET /groups/7/members", 200);
    let case = Case::of(routes, &app_holds(&["members:read"]), &log);
    let args = ["--level", "review", "--narrow", "--hints", "first"];
    let run = case.analyze(&[&args[..], &["--json"]].concat());
    let report = report(&run, 0);
    assert_eq!(verdict(&report, "app", "members:read"), "keep");
    assert!(
        !report["clients"].to_string().contains("groups:read"),
        "{}",
        run.out
    );
    assert_eq!(changes(&case.analyze(&args)), [""; 0]);
}

#[test]
fn e31_no_answer_introduces_a_wildcard() {
    let routes = "version: 1\nmatch: {wildcard: \":\"}\nroutes:\n  GET /orders: orders:read\n  \
                  POST /orders: orders:write\n  DELETE /orders/{id}: orders:delete\n";
    let log = daily(100, "app", "GET /orders", 200) + &daily(100, "app", "POST /orders", 201);
    let args = ["--level", "review", "--narrow"];
    for held in [&["orders:*"][..], &["orders:read", "orders:write"]] {
        let case = Case::of(routes, &app_holds(held), &log);
        let run = case.analyze(&args);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let added = changes(&run);
        let wide = added
            .iter()
            .any(|line| line.starts_with('+') && line.contains('*'));
        assert!(!wide, "{added:?}");
        let report = report(&case.analyze(&[&args[..], &["--json"]].concat()), 0);
        assert_eq!(
            texts(&client(&report, "app")["minimal"]),
            ["orders:read", "orders:write"]
        );
    }
}

#[test]
fn e32_reading_is_never_joined_upward_to_reading_and_writing() {
    let routes = "version: 1\nroutes:\n  GET /mail: [mail:read, all:readwrite]\n  \
                  GET /files: [files:read, all:readwrite]\n  POST /files: all:readwrite\n";
    let log = daily(100, "app", "GET /mail", 200) + &daily(100, "app", "GET /files", 200);
    let args = ["--level", "review", "--narrow", "--json"];
    // One broad scope would be fewer than two, and opens more.
    let case = Case::of(routes, &app_holds(&["mail:read", "files:read"]), &log);
    let run = case.analyze(&args);
    let json = report(&run, 0);
    assert_eq!(
        texts(&client(&json, "app")["minimal"]),
        ["files:read", "mail:read"]
    );
    assert!(
        !json["clients"].to_string().contains("all:readwrite"),
        "{}",
        run.out
    );
    let case = Case::of(
        routes,
        &app_holds(&["mail:read", "files:read", "all:readwrite"]),
        &log,
    );
    let json = report(&case.analyze(&args), 0);
    assert_eq!(
        texts(&client(&json, "app")["minimal"]),
        ["files:read", "mail:read"]
    );
    assert_eq!(
        verdict(&json, "app", "all:readwrite"),
        "remove redundant review"
    );
}

#[test]
fn e30_a_scope_that_the_catalogue_says_is_implied_counts_as_held() {
    let routes = "version: 1\nimplies:\n  keys:create: [keys:grant]\nroutes:\n  \
                  POST /keys: keys:create\n  POST /grants: keys:grant\n";
    let log = daily(100, "app", "POST /grants", 201);
    let case = Case::of(routes, &app_holds(&["keys:create"]), &log);
    let json = report(&case.analyze(&["--json"]), 0);
    assert!(!json["findings"].to_string().contains("enforcement-hole"));
    assert_eq!(
        texts(&client(&json, "app")["minimal"]),
        ["keys:create"],
        "it is used through what it implies"
    );
    let case = Case::of(routes, &app_holds(&["keys:create", "keys:grant"]), &log);
    let json = report(&case.analyze(&["--json"]), 0);
    assert_eq!(texts(&client(&json, "app")["minimal"]), ["keys:grant"]);
    assert!(verdict(&json, "app", "keys:create").starts_with("remove redundant"));
    // Without the edge nothing is inferred from the names.
    let bare = routes.replace("implies:\n  keys:create: [keys:grant]\n", "");
    let case = Case::of(&bare, &app_holds(&["keys:create", "keys:grant"]), &log);
    let json = report(&case.analyze(&["--json"]), 0);
    assert_eq!(verdict(&json, "app", "keys:create"), "remove unused likely");
}
