//! Public writes, enforcement that was never seen, undocumented grants and toxic combinations.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::described::{declared, unjudged};
use super::*;
use crate::finding::Toxic;
use crate::model::{Clause, Place, Requirement, Scheme, Scope, ScopeMatch, Security};

const WRITES: [&str; 3] = [
    "DELETE /orders = ",
    "GET /orders = orders:read",
    "POST /login = ",
];

fn writes(first: &[Scheme]) -> Case {
    let scenario = case(&WRITES, r#"{"app":["orders:read"]}"#);
    let mut case = declared(scenario, &[first, &[Scheme::OAuth], &[]]);
    case.catalog.operations[0].place = Some(Place {
        file: Arc::from("openapi.yaml"),
        line: 7,
    });
    case
}

#[test]
fn f25_a_public_write_that_is_used_and_one_that_is_not() {
    let used = writes(&[]).did("app", "DELETE /orders", [5], USED(2));
    let found = used.run("F25").unwrap();
    assert_eq!(
        used.says("F25"),
        [
            "high : DELETE /orders is public by its description (`security: []`) and served 1 client (2 requests): app",
            "note : POST /login is public by its description (`security: []`) and served no request in the window",
        ]
    );
    assert_eq!((found[0].requests, found[0].places[0].line), (2, 7));
    let unused = writes(&[]).says("F25");
    assert!(
        unused[0].starts_with("medium : DELETE /orders"),
        "{unused:?}"
    );
    let stated = writes(&[Scheme::Basic]).did("app", "DELETE /orders", [5], USED(2));
    assert_eq!(stated.run("F25").unwrap().len(), 1, "only the login");
}

#[test]
fn f25_anonymous_callers_among_others_and_nothing_stated() {
    let mut both = writes(&[]);
    let ways = BTreeSet::from([BTreeSet::new(), BTreeSet::from([Scheme::OAuth])]);
    let write = &mut both.catalog.operations[0];
    write.security = Security::Stated(Arc::new(ways));
    write.optional_auth = true;
    let named = both.did("app", "DELETE /orders", [5], USED(2));
    assert!(named.says("F25")[0].starts_with("medium : DELETE /orders accepts callers that prove"));
    let nobody = named.did("", "DELETE /orders", [5], NAMELESS);
    assert!(nobody.says("F25")[0].starts_with("high "));
    let mut silent = writes(&[]).did("app", "DELETE /orders", [5], USED(2));
    let write = &mut silent.catalog.operations[0];
    write.security = Security::Unstated;
    write.requirement = Requirement::Unspecified;
    assert!(
        silent.says("F25")[0].starts_with(
            "medium : DELETE /orders states no requirement that can be read and served"
        )
    );
}

#[test]
fn f25_what_is_public_by_nature_is_a_note_and_what_only_sounds_so_is_not() {
    let of = |operation: &str| {
        let scenario = case(
            &[&format!("{operation} = "), "GET /x = x"],
            r#"{"app":["x"]}"#,
        );
        let case = declared(scenario, &[&[], &[Scheme::OAuth]]).did("", operation, [5], NAMELESS);
        case.run("F25").unwrap()[0].severity
    };
    for nature in [
        "POST /oauth/token",
        "POST /v1/sessions",
        "POST /login",
        "POST /login/{provider}",
        "POST /webhooks/stripe",
        "POST /users:signUp",
        "POST /v1/password-reset",
    ] {
        assert_eq!(of(nature), Severity::Note, "{nature}");
    }
    for other in [
        "POST /v1/webhooks",
        "DELETE /sessions",
        "PUT /webhooks/{id}",
        "POST /logins/{id}/roles",
        "POST /sessions/{id}/orders",
    ] {
        assert_eq!(of(other), Severity::High, "{other}");
    }
}

#[test]
fn f25_a_description_that_speaks_of_no_security_is_not_judged() {
    missing(
        &case(&["POST /x = "], r#"{"app":["a"]}"#),
        "F25",
        "security requirements",
    );
    let none = declared(case(&["POST /x = "], r#"{"app":["a"]}"#), &[&[]]);
    missing(&none, "F25", "no operation states any");
    assert_eq!(
        plain().says("F25"),
        [""; 0],
        "a routes file that states its scopes"
    );
}

#[test]
fn f28_operations_that_refused_nobody_in_a_long_log() {
    let of = |count: u64| {
        plain()
            .did("app", "GET /orders", 100..150, USED(count))
            .did("ghost", "GET /invoices", 100..150, USED(1))
    };
    let found = of(20).run("F28").unwrap();
    assert_eq!(
        of(20).says("F28"),
        [
            "note : 2 of 2 protected operations that were used have never refused anybody (1050 requests, 200 days of log): GET /orders, GET /invoices; `scopetrim boundary-tests` writes requests that must be refused"
        ]
    );
    assert_eq!(found[0].requests, 1_050);
    missing(
        &of(18),
        "F28",
        "1000 requests to operations (950 in the log)",
    );
    let mut short = of(40);
    short.days = 29;
    missing(&short, "F28", "30 days of log (29 covered)");
    let refused = of(20).did("other", "GET /orders", [1], LATE);
    assert!(
        refused.says("F28")[0].contains("1 of 2 protected operations that were used has never")
    );
    let both = refused.did("", "GET /invoices", [1], EARLY);
    assert_eq!(both.says("F28"), [""; 0]);
    let expired = of(20).did(
        "app",
        "GET /orders",
        [1],
        (Outcome::DeniedAuthentication, 9),
    );
    assert!(
        expired.says("F28")[0].contains("2 of 2"),
        "an expired token shows nothing about scopes"
    );
    missing(
        &case(&["GET /x = "], r#"{"app":["a"]}"#),
        "F28",
        "scopes required",
    );
}

#[test]
fn f29_some_grants_without_what_the_others_state() {
    let of = |a: &str, b: &str| {
        let yaml = format!(
            "clients:\n  a:\n{a}    scopes:\n      - orders:read\n      - orders:write\n  b:\n{b}    scopes:\n      - orders:read\n"
        );
        case(&ROUTES, &yaml)
    };
    let (owner, since) = ("    owner: team\n", "    since: 1970-01-01\n");
    let found = of("", owner).run("F29").unwrap();
    assert_eq!(
        of("", owner).says("F29"),
        ["low : grants.yaml: 2 of 3 grants state no owner, first in lines 4, 5"]
    );
    assert_eq!(
        (found[0].subject.as_str(), found[0].places.len()),
        ("grants.yaml owner", 2)
    );
    assert_eq!(
        of(since, since).says("F29"),
        [""; 0],
        "nobody keeps owners here"
    );
    assert_eq!(of(owner, owner).says("F29"), [""; 0]);
    assert_eq!(of(since, owner).says("F29").len(), 2);
    missing(&of("", ""), "F29", "no line of the policy states any");
    missing(&case(&ROUTES, r#"{"app":[]}"#), "F29", "grants");
}

#[test]
fn f29_the_scopes_of_a_role_are_not_grants() {
    let yaml = "roles:\n  r:\n    scopes: [orders:read]\nclients:\n  a:\n    since: 1970-01-01\n    roles: [r]\n    scopes: [orders:write]\n";
    assert_eq!(case(&ROUTES, yaml).says("F29"), [""; 0]);
}

#[test]
fn f29_a_reason_is_asked_for_where_a_line_is_kept() {
    let yaml = "clients:\n  a:\n    scopes:\n      - orders:read # keep until=2027-01-01 reason=\"drill\"\n      - orders:write # keep until=2027-01-01\n      - invoices:read\n";
    assert_eq!(
        case(&ROUTES, yaml).says("F29"),
        ["low : grants.yaml: 1 of 2 `keep`s states no reason, in line 5"]
    );
}

const PAY: [&str; 4] = [
    "POST /payments = payments:create",
    "POST /payments/{id}/approve = payments:approve",
    "POST /orders = orders:create",
    "POST /x = x",
];

fn toxic(a: &str, b: &str) -> Toxic {
    Toxic {
        a: a.to_owned(),
        b: b.to_owned(),
        reason: "four eyes".to_owned(),
    }
}

#[test]
fn f30_both_halves_of_a_default_pair_and_of_two_resources() {
    let of = |grants: &str| case(&PAY, grants);
    let both = of(r#"{"app":["payments:create","payments:approve"]}"#);
    let found = both.run("F30").unwrap();
    assert_eq!(
        both.says("F30"),
        [
            "low app: holds `payments:create` and `payments:approve` (a default pair); neither was used"
        ]
    );
    assert_eq!(found[0].places.len(), 1, "both are on one line");
    let used = both.did("app", "POST /payments", [9], USED(1));
    assert!(
        used.says("F30")[0].ends_with("`payments:create` was used and `payments:approve` was not")
    );
    let both = used.did("app", "POST /payments/{id}/approve", [9], USED(1));
    assert!(both.says("F30")[0].ends_with("both were used"));
    let other = of(r#"{"app":["orders:create","payments:approve"]}"#);
    assert_eq!(other.says("F30"), [""; 0]);
    let two = of(r#"{"a":["payments:create"],"b":["payments:approve"]}"#);
    assert_eq!(two.says("F30"), [""; 0]);
    missing(&plain(), "F30", "`[[toxic]]` names none");
    missing(&case(&PAY, r#"{"app":[]}"#), "F30", "grants");
}

#[test]
fn f30_configured_pairs_may_be_globs_and_are_held_through_any_term() {
    let of = |grants: &str, pairs: &[Toxic]| {
        let mut scenario = case(&PAY, grants);
        scenario.matching = ScopeMatch::Glob;
        scenario.settings.toxic = pairs.to_vec();
        scenario
    };
    let pair = [toxic("payments:create", "*:approve")];
    let wide = of(r#"{"app":["payments:*"]}"#, &pair);
    assert_eq!(
        wide.says("F30"),
        ["high app: holds `payments:create` and `payments:approve` (four eyes); neither was used"],
        "and not as a default pair once more"
    );
    let roles = "roles:\n  r:\n    scopes: [payments:approve]\nclients:\n  app:\n    roles: [r]\n    scopes: [payments:create]\n";
    let found = of(roles, &pair).run("F30").unwrap();
    assert_eq!(
        (found.len(), found[0].subject.as_str()),
        (1, "payments:approve payments:create")
    );
    assert!(found[0].places.len() >= 2, "{found:?}");
    let one = of(r#"{"app":["x"]}"#, &[toxic("x*", "*x")]);
    assert_eq!(one.says("F30"), [""; 0], "one scope is not a combination");
    let wrong = of(r#"{"app":["x"]}"#, &[toxic("x", "payments:aprove")]);
    assert_eq!(
        unjudged(&wrong, "F30"),
        ["a scope that fits `payments:aprove` of `[[toxic]]`"]
    );
    let mut away = of(r#"{"app":["payments:*"]}"#, &[]);
    away.catalog.operations[1].requirement =
        Requirement::AnyOf(vec![Clause::from([Scope::new("x")])]);
    missing(&away, "F30", "no two scopes fit a default pair");
}
