//! F26 and F27: tokens that carry too much, and credentials that do.

use super::*;
use crate::finding::testing::networks;
use crate::format::AuthKind;
use crate::usage::credentials::Network;

const KEY: AuthKind = AuthKind::ApiKey;
const EIGHT: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const ALL: &str = "a b c d e f g h";

fn wide() -> Case {
    let operations = EIGHT.map(|name| format!("GET /{name} = {name}"));
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    case(&operations, r#"{"app":["a","b","c","d","e","f","g","h"]}"#)
}

#[test]
fn f26_tokens_with_all_scopes_of_which_a_day_needs_one() {
    let of = |scopes: &'static str, days: i32, count: u64| {
        wide().with_token(("app", scopes), "GET /a", 0..days, (false, count))
    };
    let found = of(ALL, 10, 2);
    assert_eq!(
        found.says("F26"),
        [
            "low app: its tokens always carry 8 of its 8 scopes, and on 9 of 10 days the calls need no more than 1 of them (a): 20 requests on 10 days"
        ]
    );
    assert_eq!(of(ALL, 9, 9).says("F26"), [""; 0], "nine days");
    assert_eq!(of(ALL, 10, 1).says("F26"), [""; 0], "ten requests");
    assert_eq!(
        of("a b c d e f g", 10, 2).says("F26"),
        [""; 0],
        "seven of eight"
    );
    let seldom = found.with_token(("app", "a"), "GET /a", 0..10, (false, 1));
    assert_eq!(seldom.says("F26"), [""; 0], "not always");
}

#[test]
fn f26_tokens_whose_scopes_are_used_and_clients_with_few_scopes() {
    let busy = ["GET /a", "GET /b", "GET /c"]
        .iter()
        .fold(wide(), |case, operation| {
            case.with_token(("app", ALL), operation, 0..40, (false, 2))
        });
    assert_eq!(busy.says("F26"), [""; 0], "three of eight on each day");
    let turns = (0..40).fold(wide(), |case, day: i32| {
        let operation = format!("GET /{}", EIGHT[day.unsigned_abs() as usize % 8]);
        case.with_token(("app", ALL), &operation, [day], (false, 2))
    });
    assert_eq!(turns.says("F26").len(), 1, "each day another one");
    let few = case(&["GET /a = a", "GET /b = b"], r#"{"app":["a","b"]}"#);
    let few = few.with_token(("app", "a b"), "GET /a", 0..40, (false, 2));
    assert_eq!(few.says("F26"), [""; 0]);
    missing(&wide(), "F26", "scopes of the token");
    let unread = busy.showed("app", ("", AuthKind::Token), [5], nothing);
    assert_eq!(unread.unjudged("F26"), [""; 0]);
}

/// A key with so many requests on each day, from one network around noon.
fn daily(counts: impl IntoIterator<Item = (i32, u64)>) -> Case {
    counts.into_iter().fold(plain(), |case, (day, count)| {
        case.showed("app", ("k", KEY), [day], move |facts| {
            facts.count = count;
            networks(facts, 1);
        })
    })
}

fn steady() -> impl Iterator<Item = (i32, u64)> {
    (0..190).map(|day: i32| (day, 20 + u64::from(day.unsigned_abs() % 5)))
}

#[test]
fn f27_a_day_with_far_more_requests_than_ever() {
    let of = |count: u64| daily(steady().chain([(195, count)])).says("F27");
    assert_eq!(of(99), [""; 0]);
    assert_eq!(of(110).len(), 1, "five times the median of 22");
    let says = of(2_400);
    assert!(
        says[0].starts_with("medium app: cred:")
            && says[0].ends_with(
                "sent 2400 requests on 1970-07-15, usually 22 a day and never more than 24"
            ),
        "{says:?}"
    );
    let two = daily(steady().chain([(195, 2_400), (196, 2_000)])).says("F27");
    assert!(
        two[0].contains("up to 2400 requests a day on 2 days"),
        "{two:?}"
    );
    let old = daily(
        steady()
            .filter(|(day, _)| *day != 100)
            .chain([(100, 2_400)]),
    );
    assert_eq!(old.says("F27"), [""; 0], "three months ago");
}

#[test]
fn f27_a_spike_from_a_new_network_is_high() {
    let case = daily(steady().chain([(195, 2_400)])).showed("app", ("k", KEY), [195], |facts| {
        facts
            .networks
            .add(&Network::of(b"203.0.113.9").unwrap(), 1 << 3, 8);
    });
    let says = case.says("F27");
    assert!(
        says[0].starts_with("high") && says[0].ends_with("for the first time from 203.0.113.0/24"),
        "{says:?}"
    );
}

#[test]
fn f27_growth_and_peaks_that_were_seen_before_are_none() {
    let growth = daily((0..200).map(|day: i32| (day, 20 + u64::from((day * day).unsigned_abs()))));
    assert_eq!(growth.says("F27"), [""; 0]);
    let month_end = daily((0..200).map(|day| (day, if day % 30 == 29 { 3_000 } else { 20 })));
    assert_eq!(month_end.says("F27"), [""; 0]);
    let short = daily((170..200).map(|day| (day, if day == 199 { 3_000 } else { 20 })));
    missing(
        &short,
        "F27",
        "more than 30 active days of one client (limit min_history; 30 seen)",
    );
}

#[test]
fn f27_a_key_that_takes_over_from_another_one_is_none() {
    let count = |client: &'static str, days: std::ops::Range<i32>, count: u64| {
        move |case: Case| {
            case.showed("app", (client, KEY), days.clone(), move |facts| {
                facts.count = count;
                networks(facts, 1);
            })
        }
    };
    let old = count("old", 0..190, 500)(plain());
    let trial = count("new", 100..190, 5)(old);
    let moved = count("new", 190..200, 500)(trial);
    assert_eq!(moved.says("F27"), [""; 0]);
    let both = count("old", 190..200, 500)(moved);
    assert_eq!(both.says("F27").len(), 1, "the old one goes on");
}

#[test]
fn f27_a_new_network_at_a_strange_hour_and_at_a_usual_one() {
    let of = |hour: u32| {
        daily(steady())
            .showed("app", ("k", KEY), [195], move |facts| {
                facts
                    .networks
                    .add(&Network::of(b"203.0.113.9").unwrap(), 1 << hour, 8);
            })
            .says("F27")
    };
    assert!(
        of(3)[0].contains("came for the first time from 203.0.113.0/24 on 1970-07-15, at 03 h UTC"),
        "{:?}",
        of(3)
    );
    assert_eq!(of(12), [""; 0]);
}

#[test]
fn f27_clients_without_a_past_are_named() {
    let scenario = case(&ROUTES, r#"{"a":["orders:read"],"b":["orders:read"]}"#)
        .showed("a", ("", AuthKind::Token), 0..100, nothing)
        .showed("b", ("", AuthKind::Token), 150..180, nothing);
    assert_eq!(
        scenario.unjudged("F27"),
        ["more than 30 active days for 1 of 2 clients: b"]
    );
    let spike = scenario.showed("a", ("", AuthKind::Token), [190], |facts| facts.count = 900);
    assert!(
        spike.says("F27")[0].starts_with("medium a: sent 900 requests"),
        "{:?}",
        spike.says("F27")
    );
}
