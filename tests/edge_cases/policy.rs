//! Clients, roles, files and exceptions.

use crate::support::{ANY_SHARE, Case, daily};
use crate::{ROUTES, app_holds, because, changes, client, report, texts, verdict};

#[test]
fn e7_the_same_scope_of_two_clients_is_judged_for_each() {
    let grants = "version: 1\nclients:\n  uses:\n    since: 2024-01-01\n    scopes: [orders:read, invoices:read]\n  \
                  idle:\n    since: 2024-01-01\n    scopes: [orders:read, invoices:read]\n";
    let log = daily(100, "uses", "GET /orders", 200)
        + &daily(100, "uses", "GET /invoices", 200)
        + &daily(100, "idle", "GET /orders", 200);
    let case = Case::of(ROUTES, grants, &log);
    let json = report(&case.analyze(&["--json"]), 0);
    assert_eq!(verdict(&json, "uses", "invoices:read"), "keep");
    assert_eq!(
        verdict(&json, "idle", "invoices:read"),
        "remove unused likely"
    );
    let run = case.analyze(&[]);
    assert_eq!(
        changes(&run),
        [
            "- scopes: [orders:read, invoices:read]",
            "+ scopes: [orders:read]"
        ]
    );
    let at = |text: &str| run.out.find(text).unwrap();
    assert!(at("   idle:") < at("-    scopes: [orders:read, invoices:read]"));
}

#[test]
fn e7_the_same_scope_in_two_files_is_edited_only_where_it_is_unused() {
    let log = daily(100, "uses", "GET /invoices", 200) + &daily(100, "idle", "GET /orders", 200);
    let case = Case::of(
        ROUTES,
        &app_holds(&["invoices:read"]).replace("app", "uses"),
        &log,
    );
    let other = app_holds(&["invoices:read", "orders:read"]).replace("app", "idle");
    case.write("other.yaml", other);
    let args = ["analyze", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    let both = ["--grants", "grants.yaml", "--grants", "other.yaml"];
    let run = case.run(&[&args[..], &both, &ANY_SHARE].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(changes(&run), ["- - invoices:read"]);
    assert!(run.out.contains("+++ b/other.yaml"), "{}", run.out);
    assert!(!run.out.contains("+++ b/grants.yaml"), "{}", run.out);
}

#[test]
fn e26_a_role_is_judged_term_by_term() {
    let grants = "version: 1\nmatch: {wildcard: \":\"}\nroles:\n  clerk:\n    since: 2024-01-01\n    scopes:\n      \
                  - invoices:read\n      - orders:*\nclients:\n  app:\n    since: 2024-01-01\n    roles: [clerk]\n";
    let log = daily(100, "app", "GET /orders", 200)
        + &daily(100, "app", "POST /orders", 201)
        + &daily(100, "app", "PATCH /orders/7", 200)
        + &daily(100, "app", "DELETE /orders/7", 204);
    let case = Case::of(ROUTES, grants, &log);
    let json = report(&case.analyze(&["--json"]), 0);
    assert_eq!(verdict(&json, "app", "orders:*"), "keep");
    assert_eq!(
        verdict(&json, "app", "invoices:read"),
        "remove unused likely"
    );
    assert_eq!(changes(&case.analyze(&[])), ["- - invoices:read"]);
}

#[test]
fn e27_of_two_roles_that_open_the_same_one_is_kept_and_always_the_same() {
    let routes = "version: 1\nroutes:\n  GET /orders: [clerk:orders, sales:orders]\n  GET /invoices: invoices:read\n";
    let grants = |first: &str, second: &str| {
        format!(
            "version: 1\nroles:\n  {first}:\n    since: 2024-01-01\n    scopes: [{first}:orders]\n  {second}:\n    \
             since: 2024-01-01\n    scopes: [{second}:orders]\nclients:\n  app:\n    since: 2024-01-01\n    \
             roles: [{first}, {second}]\n"
        )
    };
    let log = daily(100, "app", "GET /orders", 200);
    for text in [grants("clerk", "sales"), grants("sales", "clerk")] {
        let json = report(&Case::of(routes, &text, &log).analyze(&["--json"]), 0);
        assert_eq!(texts(&client(&json, "app")["minimal"]), ["clerk:orders"]);
        assert_eq!(verdict(&json, "app", "clerk:orders"), "keep");
        assert_eq!(
            verdict(&json, "app", "sales:orders"),
            "remove redundant review"
        );
        assert!(because(&json, "app", "sales:orders", "others_suffice"));
    }
}

#[test]
fn e29_what_no_request_can_show_is_unobservable_and_stays() {
    let log = daily(100, "app", "GET /orders", 200);
    let grants = app_holds(&["orders:read", "openid", "gifts:redeem"]);
    let case = Case::of(ROUTES, &grants, &log);
    let json = report(&case.analyze(&["--json", "--level", "review"]), 0);
    for (scope, reason) in [
        ("openid", "protocol_scope"),
        ("gifts:redeem", "opens_no_operation"),
    ] {
        assert_eq!(verdict(&json, "app", scope), "unobservable");
        assert!(because(&json, "app", scope, reason));
    }
    assert_eq!(changes(&case.analyze(&["--level", "review"])), [""; 0]);
}

#[test]
fn e33_an_unknown_key_of_the_configuration_is_an_error_with_a_suggestion() {
    let log = daily(100, "app", "GET /orders", 200);
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), &log);
    case.write("scopetrim.toml", "\nprotcted = [\"orders:*\"]\n");
    let run = case.analyze(&["--json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("scopetrim.toml:2"), "{}", run.err);
    assert!(run.err.contains("unknown key `protcted`"), "{}", run.err);
    assert!(run.err.contains("`protected`"), "{}", run.err);
}

#[test]
fn e33_an_exception_keeps_its_term_and_nothing_else() {
    let log = daily(100, "app", "GET /orders", 200);
    let grants = app_holds(&["orders:read", "invoices:read", "invoices:write"]);
    let case = Case::of(ROUTES, &grants, &log);
    let before = report(&case.analyze(&["--json"]), 0);
    assert_eq!(
        verdict(&before, "app", "invoices:write"),
        "remove unused likely"
    );
    case.write(
        "scopetrim.toml",
        "[[exceptions]]\nclient = \"app\"\nterm = \"invoices:write\"\nreason = \"year-end job\"\nuntil = 2027-01-31\n",
    );
    let after = report(&case.analyze(&["--json"]), 0);
    assert_eq!(verdict(&after, "app", "invoices:write"), "keep");
    assert!(because(&after, "app", "invoices:write", "exception"));
    assert_eq!(
        verdict(&after, "app", "invoices:read"),
        "remove unused likely"
    );
    assert_eq!(changes(&case.analyze(&[])), ["- - invoices:read"]);
}

#[test]
fn e34_what_a_client_holds_is_the_union_over_all_files() {
    let log = daily(100, "app", "GET /orders", 200) + &daily(100, "app", "GET /invoices", 200);
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), &log);
    case.write("more.yaml", app_holds(&["invoices:read", "orders:write"]));
    let args = ["analyze", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    let both = ["--grants", "grants.yaml", "--grants", "more.yaml"];
    let json = report(&case.run(&[&args[..], &both, &["--json"]].concat()), 0);
    assert_eq!(
        texts(&client(&json, "app")["granted"]),
        ["invoices:read", "orders:read", "orders:write"]
    );
    assert!(!json["findings"].to_string().contains("enforcement-hole"));
    assert_eq!(verdict(&json, "app", "invoices:read"), "keep");
    let run = case.run(&[&args[..], &both, &ANY_SHARE].concat());
    assert_eq!(changes(&run), ["- - orders:write"]);
    assert!(run.out.contains("+++ b/more.yaml"), "{}", run.out);
}
