//! Whoever is in the log is looked at: clients of the policy, other names, and nobody;
//! and a refusal counts for what it is.

use std::sync::Arc;

use super::*;
use crate::input::SourceStatus;
use crate::model::{Cause, ClientName, Day, DaySet, Method};
use crate::usage::{Cluster, ClusterCounts, FileCounts, SourceFacts};

/// An input: its format, records, and records without a caller.
fn source(shown: &str, format: &'static str, [counted, nobody]: [u64; 2]) -> SourceFacts {
    SourceFacts {
        shown: Arc::from(shown),
        format: Some(format),
        counts: FileCounts {
            records: counted,
            counted,
            nobody,
            ..FileCounts::default()
        },
        digest: None,
        status: SourceStatus::Complete,
        bytes: 0,
    }
}

fn of_nobody(sources: Vec<SourceFacts>) -> Case {
    let days = (Outcome::Unauthenticated, 5);
    let mut case = plain().did("", "POST /orders", 3..8, days);
    case.sources = sources;
    case
}

fn partly(case: &Case, rule: &str) -> Vec<String> {
    let rule = crate::finding::by_name(rule).unwrap();
    case.with(|context| {
        let settings = case.settings.of(rule.doc());
        let all = rule.unjudged(context, &settings).into_iter();
        all.map(|unjudged| unjudged.missing).collect()
    })
}

#[test]
fn f1_a_caller_that_no_policy_names_is_judged_by_its_tokens() {
    let ghost = |scopes| {
        plain()
            .did("ghost", "POST /orders", 3..8, USED(5))
            .with_token(("ghost", scopes), "POST /orders", 3..8, (false, 5))
    };
    let lacks = ghost("orders:read").run("F1").unwrap();
    assert_eq!((lacks.len(), lacks[0].requests), (1, 25));
    assert_eq!(
        (lacks[0].client.as_str(), lacks[0].severity),
        ("ghost", Severity::Critical)
    );
    assert!(
        lacks[0]
            .message
            .ends_with("no policy file names this caller")
    );
    assert_eq!(ghost("orders:write").says("F1"), [""; 0]);
}

#[test]
fn f1_a_success_of_nobody_is_news_only_where_the_log_names_callers() {
    let told = of_nobody(vec![source("a", "kong", [100, 25])]);
    let found = told.run("F1").unwrap();
    assert_eq!((found.len(), found[0].requests), (1, 25));
    assert_eq!(
        (found[0].client.as_str(), found[0].severity),
        ("", Severity::Critical)
    );
    assert_eq!(partly(&told, "F1"), [""; 0]);
    let silent = of_nobody(vec![
        source("a", "kong", [100, 0]),
        source("b", "combined", [25, 25]),
    ]);
    assert_eq!(silent.says("F1"), [""; 0]);
    assert_eq!(
        partly(&silent, "F1"),
        ["the caller of 25 requests in 1 input that names nobody (b)"]
    );
}

#[test]
fn f1_nobody_may_call_what_lets_anonymous_callers_in_and_may_be_turned_away() {
    let mut optional = of_nobody(vec![source("a", "kong", [100, 25])]);
    optional.catalog.operations[1].optional_auth = true;
    assert_eq!(optional.says("F1"), [""; 0]);
    let mut failed = plain().did("", "POST /orders", 3..8, (Outcome::Attempted, 5));
    failed.sources = vec![source("a", "kong", [100, 25])];
    assert_eq!(failed.says("F1"), [""; 0]);
}

#[test]
fn f1_two_of_five_are_critical_and_the_doubt_is_a_second_sentence() {
    let grants = r#"{"a":["orders:read"],"b":["orders:read"],"c":["orders:read"],"d":["orders:read"],"e":["orders:read"]}"#;
    let all = ["a", "b", "c", "d", "e"].iter();
    let all = all.fold(case(&ROUTES, grants), |case, client| {
        case.did(client, "GET /orders", [5], USED(1))
    });
    let two = all
        .did("a", "GET /invoices", [5], USED(1))
        .did("b", "GET /invoices", [5], USED(1));
    let says = two.says("F1");
    assert_eq!(says.len(), 2, "{says:?}");
    assert!(says.iter().all(|message| message.starts_with("critical ")));
    assert!(says[0].ends_with(
        "2 of 5 active clients pass it so, so that the requirement map may be wrong instead of the gateway"
    ));
}

#[test]
fn f2_the_service_alone_refuses_and_the_gateway_never_does() {
    let late = plain().did("app", "GET /orders", 0..4, LATE);
    let says = late.says("F2");
    assert_eq!(says.len(), 1, "{says:?}");
    assert!(says[0].starts_with("medium app: late deny: 12 of 12 requests"));
}

#[test]
fn f2_a_refusal_by_an_unknown_layer_is_not_a_late_deny_whatever_others_say() {
    let grants = r#"{"app":["orders:read"],"shop":["orders:read"]}"#;
    let unknown = (Outcome::DeniedUnknown, 3);
    let both = case(&ROUTES, grants)
        .did("app", "GET /orders", 0..4, EARLY)
        .did("shop", "GET /orders", 0..4, unknown);
    let found = both.run("F2").unwrap();
    assert!(
        found.iter().all(|finding| finding.client == "app"),
        "{found:?}"
    );
    let left = partly(&both, "F2");
    assert!(left[0].ends_with("for 1 of 2 clients: shop"), "{left:?}");
    let alone = plain().did("app", "GET /orders", 0..4, unknown);
    missing(&alone, "F2", "who refused");
    let mut mute = plain().did("app", "GET /orders", 0..4, USED(3));
    mute.sources = vec![source("a", "combined", [12, 0])];
    missing(&mute, "F2", "who refused");
    mute.sources.push(source("b", "kong", [12, 0]));
    assert_eq!(mute.says("F2"), [""; 0]);
}

#[test]
fn a_failed_authentication_is_not_an_opinion_about_scopes() {
    let expired = (Outcome::DeniedAuthentication, 9);
    let case =
        plain()
            .did("app", "GET /orders", 0..20, expired)
            .did("app", "GET /orders", 0..20, USED(9));
    for rule in ["F2", "F13", "F18"] {
        assert_eq!(case.says(rule), [""; 0], "{rule}");
    }
}

#[test]
fn a_few_refusals_of_the_service_next_to_many_answers_are_a_note() {
    let few = |passed: u64| {
        plain()
            .did("app", "GET /orders", 0..4, LATE)
            .did("app", "GET /orders", 0..4, USED(passed))
    };
    for rule in ["F2", "F18"] {
        let says = few(30).says(rule);
        assert_eq!(says.len(), 1, "{says:?}");
        assert!(says[0].starts_with("note "), "{says:?}");
        let more = few(27).says(rule);
        assert!(more[0].starts_with("medium "), "{more:?}");
    }
}

#[test]
fn f2_what_the_gateway_should_have_refused_counts_whatever_its_share() {
    let not_held =
        plain()
            .did("app", "POST /orders", 0..4, LATE)
            .did("app", "POST /orders", 0..4, USED(100));
    assert!(not_held.says("F2")[0].starts_with("medium app: late deny"));
    let lacked = plain()
        .did("app", "GET /orders", 0..4, LATE)
        .did("app", "GET /orders", 0..4, USED(100))
        .with_token(("app", "other"), "GET /orders", 0..4, (true, 3));
    assert!(lacked.says("F2")[0].starts_with("medium app: late deny"));
}

fn outside(client: &str, paths: u64, [need, nameless, other, served]: [u64; 4]) -> Case {
    at(
        client,
        (0..paths).map(|n| (n, std::iter::once(Day(9)).collect::<DaySet>())),
        [need, nameless, other, served],
    )
}

fn at(
    client: &str,
    paths: impl Iterator<Item = (u64, DaySet)>,
    [need, nameless, other, served]: [u64; 4],
) -> Case {
    let mut case = plain().did("app", "GET /orders", [9], USED(1));
    let clusters = paths.map(|(n, days)| Cluster {
        cause: Cause::NoOperation,
        method: Method::Get,
        path: format!("/admin{n}/config"),
        counts: ClusterCounts {
            need,
            nameless,
            other,
            served,
            tried: days,
            ..ClusterCounts::default()
        },
    });
    let name = ClientName::new(client);
    case.unmatched.insert(name, clusters.collect());
    case
}

#[test]
fn f13_paths_outside_the_description_are_doors_too_by_whomever() {
    let refused = [0, 0, 1, 0];
    assert_eq!(
        outside("app", 11, refused).says("F13"),
        ["high app: tried 11 different paths outside the description on 1970-01-10, 11 requests"]
    );
    assert_eq!(outside("app", 10, refused).says("F13"), [""; 0]);
    assert!(outside("ghost", 11, refused).says("F13")[0].starts_with("high ghost: "));
    assert!(
        outside("", 11, refused).says("F13")[0]
            .starts_with("medium : requests that name no caller: tried 11 different paths")
    );
    // They serve something: that is left to F11.
    assert_eq!(outside("app", 11, [1, 0, 0, 1]).says("F13"), [""; 0]);
}

#[test]
fn f13_a_path_that_is_asked_for_every_day_is_a_wrong_base_path_and_no_probe() {
    let days = || (5..8).map(Day).collect::<DaySet>();
    let habit = (0..40).map(|n| (n, days()));
    assert_eq!(at("app", habit, [0, 0, 3, 0]).says("F13"), [""; 0]);
}

#[test]
fn f13_one_door_a_day_is_found_over_the_window() {
    let slow = |doors: u64| {
        let days = (0..doors).map(|n| {
            (
                n,
                std::iter::once(Day(i32::try_from(n).unwrap())).collect::<DaySet>(),
            )
        });
        at("app", days, [0, 0, 1, 0])
    };
    assert_eq!(
        slow(13).says("F13"),
        [
            "medium app: tried 13 different paths outside the description, spread over 13 days, 13 requests"
        ]
    );
    assert_eq!(slow(12).says("F13"), [""; 0]);
}

#[test]
fn f13_another_name_and_nobody_are_refused_at_many_operations() {
    let operations: Vec<String> = (0..11).map(|n| format!("GET /o{n} = s{n}")).collect();
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    let of = |client: &str, refused: (Outcome, u64)| {
        let scenario = case(&operations, r#"{"app":["s0"]}"#).did("app", "GET /o0", [5], USED(1));
        let all = operations
            .iter()
            .map(|operation| operation.split(" = ").next().unwrap());
        all.fold(scenario, |case, operation| {
            case.did(client, operation, [40], refused)
        })
    };
    assert!(of("ghost", EARLY).says("F13")[0].starts_with("high ghost: refused at 11"));
    assert!(of("", EARLY).says("F13")[0].starts_with("medium : "));
    // Gateways log the 401 of a token that is renewed without its client.
    let renewed = (Outcome::DeniedAuthentication, 3);
    assert_eq!(of("", renewed).says("F13"), [""; 0]);
}

#[test]
fn f11_other_names_count_and_a_path_of_nobody_is_low() {
    let says = outside("ghost", 1, [10, 0, 0, 10]).says("F11");
    assert_eq!(
        says,
        [
            "medium : GET /admin0/config is in no API description and answered 10 requests of 1 caller (ghost)"
        ]
    );
    let says = outside("", 1, [0, 10, 0, 0]).says("F11");
    assert_eq!(
        says,
        [
            "low : GET /admin0/config is in no API description and answered 10 requests without a caller"
        ]
    );
}

#[test]
fn f24_a_caller_outside_the_policy_is_named_with_what_it_did() {
    let ghost = |operation| plain().did("ghost", operation, 3..8, USED(5));
    assert_eq!(
        ghost("POST /orders").says("F24"),
        [
            "high ghost: no policy file names it, and 25 of its requests to 1 operation passed: POST /orders"
        ]
    );
    assert!(ghost("GET /orders").says("F24")[0].starts_with("medium ghost: "));
    let refused = plain().did("ghost", "POST /orders", 3..8, EARLY);
    assert_eq!(refused.says("F24"), [""; 0]);
    // What its token did not carry is an enforcement hole.
    let lacked = ghost("POST /orders").with_token(
        ("ghost", "orders:read"),
        "POST /orders",
        3..8,
        (false, 5),
    );
    assert_eq!(lacked.says("F24"), [""; 0]);
    missing(&case(&ROUTES, "clients: {}\n"), "F24", "grants");
    let open = case(&["GET /x = "], r#"{"app":["a"]}"#);
    missing(&open, "F24", "scopes required");
}

#[test]
fn f24_very_many_callers_mean_that_the_policy_is_not_whole() {
    let all = |count: usize| {
        (0..count).fold(plain(), |case, n| {
            case.did(&format!("ghost-{n:02}"), "GET /orders", [5], USED(1))
        })
    };
    assert_eq!(all(20).says("F24").len(), 20);
    let says = all(21).says("F24");
    assert_eq!(says.len(), 1, "{says:?}");
    assert!(says[0].starts_with("note : the policy files do not name 21 callers"));
}
