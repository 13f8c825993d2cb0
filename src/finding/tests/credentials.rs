//! The rules about credentials: F3 to F7, F16, F22, F23, F26, F27.

use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::finding::testing::networks;
use crate::format::AuthKind;

const KEY: AuthKind = AuthKind::ApiKey;

fn two() -> Case {
    case(&ROUTES, r#"{"a":["orders:read"],"b":["orders:read"]}"#)
}

#[test]
fn f3_a_second_over_is_rounding_and_an_exact_sentence_never_contradicts_itself() {
    let of = |seconds: u32| {
        plain()
            .showed("app", ("", AuthKind::Token), [5], move |facts| {
                facts.lifetime = Some((60, seconds));
            })
            .says("F3")
    };
    assert_eq!((of(3_601), of(3_605)), (vec![], vec![]));
    assert_eq!(
        of(3_606),
        ["medium app: tokens live up to 1 h 0 min 6 s, limit 1 hour (10 requests)"]
    );
    assert!(of(30 * 86_400 + 60)[0].contains("up to 30 d 0 h 1 min, limit 1 hour"));
}

#[test]
fn f3_an_end_without_a_start_is_a_lower_bound() {
    let of = |left: u32| {
        plain().showed("app", ("", AuthKind::Token), [5], move |facts| {
            facts.left = Some(left);
        })
    };
    assert_eq!(
        of(28_800).says("F3"),
        [
            "medium app: tokens live at least 8 hours (their start is not logged), limit 1 hour (10 requests)"
        ]
    );
    assert_eq!(of(28_800).unjudged("F3"), [""; 0]);
    assert_eq!(of(3_600).says("F3"), [""; 0]);
    assert_eq!(
        of(3_600).unjudged("F3"),
        ["iat and exp of the token for 1 of 1 client: app"],
        "a token may live longer than what is left of it"
    );
}

#[test]
fn f3_clients_with_opaque_tokens_are_named_and_those_with_keys_are_not() {
    let told = two().showed("a", ("", AuthKind::Token), [5], |facts| {
        facts.lifetime = Some((60, 60));
    });
    assert_eq!(told.unjudged("F3"), [""; 0]);
    let opaque = told.showed("b", ("", AuthKind::Unknown), [5], nothing);
    assert_eq!(
        opaque.unjudged("F3"),
        ["iat and exp of the token for 1 of 2 clients: b"]
    );
    let key = two()
        .showed("a", ("", AuthKind::Token), [5], |facts| facts.endless = 1)
        .showed("b", ("k", AuthKind::ApiKey), [5], nothing);
    assert_eq!(key.unjudged("F3"), [""; 0]);
}

#[test]
fn f4_and_f6_are_evaluable_when_the_log_is_as_long_as_the_configured_limit() {
    let of = |days: i32, limit: u64| {
        let mut case = plain()
            .did("app", "GET /orders", [0, 2], USED(1))
            .showed("app", ("k", KEY), [0, days - 1], nothing)
            .set("F4", "max_age", limit)
            .set("F6", "idle", limit);
        case.days = days;
        case
    };
    let short = of(60, 30);
    assert!(short.says("F4")[0].contains("in use for at least 59 days"));
    assert!(short.says("F6")[0].contains("no request for 57 covered days"));
    let long = of(100, 365);
    missing(
        &long,
        "F4",
        "more than 365 covered days (limit max_age; 100 covered)",
    );
    missing(&long, "F6", "365 covered days (limit idle; 100 covered)");
}

#[test]
fn f4_an_age_ends_at_the_last_use_and_not_at_the_end_of_the_log() {
    let of = |last: i32| {
        let case = plain().showed("app", ("k", KEY), 102..=last, nothing);
        case.says("F4")
    };
    assert_eq!(of(191), [""; 0], "89 days");
    assert!(of(192)[0].contains("in use for 90 days"), "{:?}", of(192));
}

#[test]
fn f4_says_of_whom_only_ids_of_tokens_are_known() {
    let tokens = (0..200).fold(two(), |case, day| {
        case.showed(
            "a",
            (&format!("jti-{day}"), AuthKind::Token),
            [day],
            nothing,
        )
    });
    missing(&tokens, "F4", "the ids of tokens change by themselves");
    let both = tokens.showed("b", ("k", KEY), 0..200, nothing);
    assert_eq!(both.says("F4").len(), 1);
    let unjudged = both.unjudged("F4");
    assert!(
        unjudged[0].ends_with("for 1 of 2 clients: a"),
        "{unjudged:?}"
    );
    assert_eq!(both.unjudged("F5").len(), 1);
    let stays = two().showed("a", ("one", AuthKind::Token), 0..200, nothing);
    assert_eq!(stays.says("F4").len(), 1, "a token that stays is old");
}

fn keys(all: &[(&str, Range<i32>)]) -> Case {
    all.iter().fold(plain(), |case, (id, days)| {
        case.showed("app", (id, KEY), days.clone(), nothing)
    })
}

#[test]
fn f5_with_a_third_key_the_oldest_that_is_still_used_is_the_finding() {
    let case = keys(&[("A", 0..200), ("B", 10..200), ("C", 198..200)]);
    let says = case.says("F5");
    assert_eq!(says.len(), 1, "no rotation yet: {says:?}");
    assert!(
        says[0].starts_with("medium app") && says[0].contains("still in use 189 days"),
        "{says:?}"
    );
    assert_eq!(case.says("F4"), [""; 0], "one fact is one finding");
    let two = keys(&[("A", 0..200), ("B", 10..200), ("C", 150..200)]).says("F5");
    assert_eq!(two.len(), 1);
    assert!(
        two[0].ends_with("; so is 1 more that was replaced"),
        "{two:?}"
    );
    let young = keys(&[("A", 150..200), ("B", 180..200)]).says("F5");
    assert!(young[0].starts_with("low app"), "{young:?}");
}

#[test]
fn f5_a_rotation_is_claimed_only_after_the_old_key_rested() {
    let of = |until: i32| keys(&[("A", 0..until), ("B", 180..200)]).says("F5");
    assert!(of(186)[0].starts_with("note app: rotated on"));
    assert_eq!(of(187), [""; 0], "it rested for 13 days");
    let monthly = plain()
        .showed("app", ("A", KEY), [0, 30, 60, 90, 120, 150, 180], nothing)
        .showed("app", ("B", KEY), 175..200, nothing);
    assert_eq!(monthly.says("F5"), [""; 0], "it always rests for 29 days");
}

#[test]
fn f5_a_key_that_is_used_seldom_did_not_appear_when_it_was_first_seen() {
    let case =
        keys(&[("A", 0..200)]).showed("app", ("B", KEY), [8, 38, 68, 98, 128, 158, 188], nothing);
    assert_eq!(case.says("F5"), [""; 0]);
    let trial = keys(&[("A", 0..200), ("B", 50..52)]);
    assert_eq!(trial.says("F5"), [""; 0]);
    assert_eq!(trial.says("F4").len(), 1, "the newer one is not in use");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn f4_and_f5_never_speak_of_the_same_key(
        spans in prop::collection::vec((0..199_i32, 1..200_i32, 1..40_usize), 1..6),
    ) {
        let case = spans.iter().enumerate().fold(plain(), |case, (n, (from, length, step))| {
            let days = (*from..(from + length).min(200)).step_by(*step);
            case.showed("app", (&format!("k{n}"), KEY), days, nothing)
        });
        let old: Vec<String> = case.run("F4").unwrap().into_iter().map(|finding| finding.subject).collect();
        for open in case.run("F5").unwrap() {
            if let Some(hash) = open.subject.strip_suffix(" still in use") {
                prop_assert!(!old.iter().any(|subject| subject == hash), "{hash}");
            }
        }
    }
}

const ROLES: &str = "PUT /users/{id}/roles";

fn roles() -> Case {
    let operation = format!("{ROLES} = roles:write");
    case(&[&operation], r#"{"app":["roles:write"]}"#)
}

#[test]
fn f16_is_one_finding_for_each_client_and_operation() {
    let case = roles()
        .showed("app", ("", AuthKind::Token), 0..200, |facts| {
            networks(facts, 1);
        })
        .did("app", ROLES, 180..186, USED(1));
    let case = (180..186).fold(case, |case, day| case.at("app", ROLES, day, (false, 3, 3)));
    let found = case.run("F16").unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].severity, found[0].requests),
        (Severity::Medium, 6)
    );
    assert_eq!(found[0].trace.len(), 2);
    assert!(
        found[0].message.contains(
            "as never before on 6 days from 1970-06-30 to 1970-07-05; on 1970-06-30: for the first time after 180 silent covered days, at 03 h UTC"
        ),
        "{found:?}"
    );
}

#[test]
fn f16_a_log_that_shows_no_such_silence_says_so_and_judges_networks_and_hours() {
    let of = |idle: u64| {
        let case = roles()
            .did("app", ROLES, [199], USED(1))
            .set("F16", "idle", idle);
        case.showed("app", ("", AuthKind::Token), 0..200, |facts| {
            networks(facts, 1);
        })
    };
    assert_eq!(of(365).says("F16"), [""; 0]);
    assert_eq!(
        of(365).unjudged("F16"),
        ["more than 365 covered days (limit idle; 200 covered) for use after a long silence"]
    );
    assert_eq!(of(30).unjudged("F16"), [""; 0]);
    assert_eq!(of(30).says("F16").len(), 1);
}

#[test]
fn f22_and_f23_name_the_clients_whose_tokens_were_not_logged_with_scopes() {
    let case = two()
        .did("a", "GET /orders", 0..40, USED(2))
        .with_token(("a", "orders:read"), "GET /orders", 0..40, (false, 2))
        .showed("a", ("", AuthKind::Token), 0..40, |facts| facts.scoped = 2);
    assert_eq!(case.unjudged("F22"), [""; 0]);
    assert_eq!(case.unjudged("F23"), [""; 0]);
    let case = case.showed("b", ("", AuthKind::Token), [5], nothing);
    assert_eq!(
        case.unjudged("F22"),
        ["scopes of the token for 1 of 2 clients: b"]
    );
    let why = case.unjudged("F23");
    assert!(
        why.len() == 1 && why[0].ends_with("for 1 of 2 clients: b"),
        "{why:?}"
    );
    let key = two()
        .with_token(("a", "orders:read"), "GET /orders", 0..40, (false, 2))
        .showed("b", ("k", KEY), [5], nothing);
    assert_eq!(key.unjudged("F22"), [""; 0], "a key carries no scopes");
}
