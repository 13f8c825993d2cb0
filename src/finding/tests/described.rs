//! Rules that live on the API description and on the policy.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::finding::by_name;
use crate::format::AuthKind;
use crate::input::SourceStatus;
use crate::model::{Place, Scheme, Security};
use crate::usage::{FileCounts, SourceFacts};

/// The same operations with what the API description declares about the first `ways.len()` of
/// them: for each, which schemes do; none means `security: []`.
pub(super) fn declared(mut case: Case, ways: &[&[Scheme]]) -> Case {
    for (operation, ways) in case.catalog.operations.iter_mut().zip(ways) {
        let ways = ways.iter().map(|scheme| BTreeSet::from([scheme.clone()]));
        operation.security = Security::Stated(Arc::new(ways.collect()));
    }
    case
}

/// What a rule cannot judge although it judges the rest.
pub(super) fn unjudged(case: &Case, rule: &str) -> Vec<String> {
    let rule = by_name(rule).unwrap();
    case.with(|context| {
        let settings = case.settings.of(rule.doc());
        assert!(rule.evaluable(context, &settings).is_ok());
        let unjudged = rule.unjudged(context, &settings);
        unjudged
            .into_iter()
            .map(|unjudged| unjudged.missing)
            .collect()
    })
}

#[test]
fn f8_a_word_counts_where_it_names_the_right_and_not_where_it_describes_a_thing() {
    let says = |scope: &str| {
        let operations = [
            "GET /orders = orders:read".to_owned(),
            "POST /orders = orders:write".to_owned(),
            format!("GET /x = {scope}"),
        ];
        let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
        case(&operations, &format!(r#"{{"app":["{scope}"]}}"#)).says("F8")
    };
    for right in [
        "admin",
        "users:admin",
        "admin:write",
        "Admin.Read",
        "users/administrator",
        "root",
        "superuser",
        "docs:owner",
        "https://api.example.com/auth/admin.directory",
        "super-admin",
        "org_admin",
        "users:super-admin",
        "admin_read",
    ] {
        assert!(
            says(right)[0].starts_with("low app: holds the administrator's"),
            "{right}"
        );
    }
    for thing in [
        "owner-profile:read",
        "root-cause:read",
        "admin-notes:read",
        "account-owner:read",
        "account-owner",
        "root_cause_read",
        "owner_profile_read",
        "super-admin-notes:read",
        "roots:read",
        "administration",
        "ownership:read",
    ] {
        assert_eq!(says(thing), [""; 0], "{thing}");
    }
}

#[test]
fn f15_lists_callers_outside_the_policy_and_requests_without_a_caller() {
    let roles = ["PUT /users/{id}/roles = roles:write"];
    let label = "PUT /users/{id}/roles";
    let scenario = case(&roles, r#"{"app":["roles:write"]}"#)
        .did("app", label, [5], USED(2))
        .did("ghost", label, [5], USED(2))
        .did("", label, [5], NAMELESS);
    assert_eq!(
        scenario.says("F15"),
        [
            "note app: 2 requests to PUT /users/{id}/roles (escalation)",
            "low ghost: 2 requests of a caller that no policy file names to PUT /users/{id}/roles (escalation)",
            "low : 2 requests that name no caller to PUT /users/{id}/roles (escalation)",
        ]
    );
    let refused = case(&roles, r#"{"app":["roles:write"]}"#).did("ghost", label, [5], EARLY);
    assert_eq!(refused.says("F15"), [""; 0]);
}

fn key() -> Scheme {
    Scheme::QueryKey("key".into())
}

const OLD: [&str; 3] = [
    "GET /legacy = ",
    "GET /feed = ",
    "GET /orders = orders:read",
];

fn old(first: &[Scheme], second: &[Scheme]) -> Case {
    let scenario = case(&OLD, r#"{"app":["orders:read"],"b":["orders:read"]}"#);
    declared(scenario, &[first, second, &[Scheme::OAuth]])
}

#[test]
fn f10_an_operation_that_asks_for_a_password_or_a_key_in_the_query_and_is_used() {
    let mut used = old(&[Scheme::Basic], &[key()])
        .did("app", "GET /legacy", [5, 7], USED(2))
        .did("ghost", "GET /legacy", [6], USED(3))
        .did("", "GET /feed", [9], (Outcome::Unauthenticated, 4))
        .did("app", "GET /orders", [5], USED(9));
    used.catalog.operations[0].place = Some(Place {
        file: Arc::from("openapi.yaml"),
        line: 7,
    });
    let found = used.run("F10").unwrap();
    assert_eq!(
        used.says("F10"),
        [
            "medium : GET /legacy by its description asks for a user name and password (HTTP basic) and still serves 1 client and 1 caller that no policy file names (7 requests): app, ghost",
            "medium : GET /feed by its description asks for a key in the query string (`key`) and still serves callers without a name (4 requests)",
        ]
    );
    assert_eq!((found[0].requests, found[0].places[0].line), (7, 7));
    let day = |at: Option<i64>| at.unwrap() / 86_400_000;
    assert_eq!((day(found[0].first_seen), day(found[0].last_seen)), (5, 7));
    let unused = old(&[Scheme::Basic], &[key()]).did("app", "GET /legacy", [5], LATE);
    assert_eq!(unused.says("F10"), [""; 0]);
    let newer = old(&[Scheme::Bearer], &[Scheme::Key]).did("app", "GET /legacy", [5], USED(2));
    assert_eq!(newer.says("F10"), [""; 0]);
}

#[test]
fn f10_where_something_newer_is_accepted_too_nobody_knows_what_was_used() {
    let both = old(&[Scheme::Basic, Scheme::OAuth], &[]).did("app", "GET /legacy", [5], USED(2));
    assert_eq!(
        both.says("F10"),
        [
            "note : GET /legacy by its description also accepts a user name and password (HTTP basic) and still serves 1 client (2 requests): app"
        ]
    );
    let mut together = old(&[], &[]).did("app", "GET /legacy", [5], USED(2));
    let both = BTreeSet::from([Scheme::Basic, Scheme::OAuth]);
    together.catalog.operations[0].security = Security::Stated(Arc::new(BTreeSet::from([both])));
    assert_eq!(
        together.says("F10"),
        [""; 0],
        "the password is not all that protects"
    );
}

#[test]
fn f10_one_fact_is_one_finding() {
    let of = |shown: u64| {
        old(&[Scheme::Basic], &[])
            .did("app", "GET /legacy", [5], USED(10))
            .showed("app", ("", AuthKind::Basic), [5], move |facts| {
                facts.count = shown;
            })
    };
    assert_eq!(of(10).run("F10").unwrap().len(), 1);
    let more = of(11).says("F10");
    assert_eq!(more.len(), 2, "one request went elsewhere: {more:?}");
    let other = old(&[Scheme::Basic], &[])
        .did("app", "GET /legacy", [5], USED(10))
        .showed("app", ("", AuthKind::QueryKey), [5], nothing);
    assert_eq!(other.says("F10").len(), 2, "another way is another fact");
    let mut both = of(10);
    both.catalog.operations[0].deprecated = true;
    let says = both.says("F10");
    assert_eq!(says.len(), 1, "{says:?}");
    assert!(says[0].contains("is deprecated, by its description asks for a user name"));
}

#[test]
fn f10_a_deprecated_operation_that_serves_callers_outside_the_policy_only() {
    for (name, outcome) in [("ghost", USED(2)), ("", NAMELESS)] {
        let mut old = plain().did(name, "GET /orders", [5], outcome);
        old.catalog.operations[0].deprecated = true;
        let says = old.says("F10");
        assert!(
            says[0].contains("GET /orders is deprecated and still serves"),
            "{says:?}"
        );
    }
    let stranger = plain().showed("ghost", ("", AuthKind::Basic), [5], nothing);
    let stranger = stranger.did("ghost", "GET /orders", [5], USED(2));
    assert_eq!(
        stranger.says("F10"),
        [
            "medium ghost: is in no policy file and authenticates with a user name and password (10 requests)"
        ]
    );
}

#[test]
fn f10_says_which_logs_cannot_show_it_beyond_the_description() {
    let sources = || -> Vec<SourceFacts> {
        ["aws-apigw", "kong", "kong", "native"]
            .map(|format| SourceFacts {
                shown: Arc::from("x"),
                format: Some(format),
                counts: FileCounts::default(),
                digest: None,
                status: SourceStatus::Complete,
                bytes: 0,
            })
            .into()
    };
    let mut silent = plain().did("app", "GET /orders", [5], USED(2));
    silent.catalog.operations[0].deprecated = true;
    silent.sources = sources();
    let said = unjudged(&silent, "F10");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("HTTP basic, or a key in the query string: aws-apigw"));
    assert!(said[1].starts_with("HTTP basic: kong"));
    let mut declared = old(&[Scheme::Key], &[]);
    declared.sources = sources();
    let said = unjudged(&declared, "F10");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].ends_with("apart from what the API description declares, it is not known"));
}

#[test]
fn f12_held_by_nobody_is_not_said_of_what_callers_outside_the_policy_use() {
    let of = |names: &[&str], outcome| {
        let all = names.iter().fold(plain(), |case, name| {
            let outcome = if name.is_empty() { NAMELESS } else { outcome };
            case.did(name, "POST /orders", [5], outcome)
        });
        all.says("F12")
            .into_iter()
            .find(|message| message.contains("orders:write"))
            .unwrap()
    };
    let alone = "note : `orders:write` is required by operations and held by nobody";
    assert_eq!(of(&[], USED(1)), alone);
    assert_eq!(of(&["ghost"], LATE), alone);
    assert_eq!(
        of(&["ghost"], USED(1)),
        format!("{alone} in the policy; 1 caller outside it uses them")
    );
    assert!(of(&["ghost", ""], USED(1)).ends_with("2 callers outside it use them"));
}
