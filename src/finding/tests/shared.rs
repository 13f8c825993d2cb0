//! F7: what is sharing, and what only looks like it.

use super::*;
use crate::finding::RuleSettings;
use crate::finding::testing::{agents, networks};
use crate::format::AuthKind;
use crate::usage::credentials::Network;

const KEY: AuthKind = AuthKind::ApiKey;

fn at(facts: &mut Facts, numbers: &[u8]) {
    for n in numbers {
        let network = Network::of(format!("10.0.{n}.1").as_bytes()).unwrap();
        facts.networks.add(&network, 1 << 12, 8);
    }
}

fn two() -> Case {
    case(&ROUTES, r#"{"a":["orders:read"],"b":["orders:read"]}"#)
}

/// Days on which two clients used one key.
fn twins(a: std::ops::Range<i32>, b: std::ops::Range<i32>) -> Case {
    let one = |facts: &mut Facts| networks(facts, 1);
    two()
        .showed("a", ("k", KEY), a, one)
        .showed("b", ("k", KEY), b, one)
}

#[test]
fn f7_one_key_from_many_networks_and_from_a_pool_that_is_allowed() {
    let shared = || {
        plain().showed("app", ("k", AuthKind::ApiKey), 190..194, |facts| {
            networks(facts, 4);
        })
    };
    assert!(shared().says("F7")[0].contains("from up to 4 networks within one hour, on 4 days"));
    let mut pool = shared();
    let allow = RuleSettings {
        allow: vec!["10.0.*".to_owned()],
        ..RuleSettings::default()
    };
    pool.settings.rules.insert("F7".to_owned(), allow);
    assert_eq!(pool.says("F7"), [""; 0]);
    let two_days = plain().showed("app", ("k", AuthKind::ApiKey), 190..192, |facts| {
        networks(facts, 4);
    });
    assert_eq!(two_days.says("F7"), [""; 0]);
    let programs = plain().showed("app", ("k", AuthKind::ApiKey), 190..194, |facts| {
        agents(facts, &["curl", "okhttp"]);
    });
    assert!(programs.says("F7")[0].contains("2 kinds of program"));
    missing(
        &plain().showed("app", ("k", AuthKind::ApiKey), [1], nothing),
        "F7",
        "network address",
    );
    missing(&plain(), "F7", "credential id");
}

#[test]
fn f7_one_key_of_two_clients_names_what_they_hold_together() {
    let both = case(
        &ROUTES,
        r#"{"a":["orders:read"],"b":["orders:write","invoices:read"]}"#,
    )
    .showed("a", ("k", AuthKind::ApiKey), 190..194, |facts| {
        networks(facts, 1);
    })
    .showed("b", ("k", AuthKind::ApiKey), 190..194, |facts| {
        networks(facts, 1);
    });
    let says = both.says("F7");
    assert!(
        says[0].contains("2 clients (a, b); together they hold exposure 1"),
        "{says:?}"
    );
}

#[test]
fn f7_a_client_that_was_renamed_shares_nothing() {
    assert_eq!(twins(0..180, 178..200).says("F7"), [""; 0]);
    assert_eq!(
        twins(0..180, 173..200).says("F7"),
        [""; 0],
        "a week side by side"
    );
    assert_eq!(twins(0..180, 160..200).says("F7").len(), 1, "twenty days");
    assert_eq!(
        twins(0..200, 190..193).says("F7").len(),
        1,
        "one in the middle of the other"
    );
    assert_eq!(twins(0..200, 190..192).says("F7"), [""; 0], "two days");
    let turns = two()
        .showed("a", ("k", KEY), (0..200).step_by(7), |facts| {
            networks(facts, 1);
        })
        .showed("b", ("k", KEY), (1..200).step_by(7), |facts| {
            networks(facts, 1);
        });
    assert_eq!(
        turns.says("F7").len(),
        1,
        "never on one day, and by turns all the time"
    );
}

#[test]
fn f7_a_sharing_that_ended_long_ago_is_low_and_dated() {
    let says = twins(0..50, 0..50).says("F7");
    assert!(
        says[0].starts_with("low : cred:")
            && says[0].contains("was used by 2 clients (a, b) until 1970-02-19"),
        "{says:?}"
    );
    assert!(twins(0..170, 0..170).says("F7")[0].starts_with("high"));
    let networks = plain().showed("app", ("k", KEY), 20..25, |facts| networks(facts, 4));
    let says = networks.says("F7");
    assert!(
        says[0].starts_with("low app") && says[0].ends_with("on 5 days, until 1970-01-25"),
        "{says:?}"
    );
}

#[test]
fn f7_a_client_on_the_allow_list_is_not_counted() {
    assert_eq!(twins(0..200, 0..200).allow("F7", "a").says("F7"), [""; 0]);
    let third = twins(0..200, 0..200)
        .allow("F7", "a")
        .showed("c", ("k", KEY), 0..200, nothing);
    let says = third.says("F7");
    assert!(
        says[0].contains("2 clients (b, c)"),
        "a name that no policy knows counts: {says:?}"
    );
}

#[test]
fn f7_several_egress_zones_all_the_time_are_a_note_and_who_joins_them_is_not() {
    let zones = |from: i32, key: &str| {
        plain().showed("app", (key, KEY), from..200, |facts| at(facts, &[1, 2, 3]))
    };
    let says = zones(0, "k").says("F7");
    assert_eq!(
        says,
        [
            "note app: uses 3 networks all the time: egress of several zones, or shared from the start; the log cannot tell (within one hour, on 200 days)"
        ]
    );
    let rotated =
        zones(100, "k2").showed("app", ("k1", KEY), 0..100, |facts| at(facts, &[1, 2, 3]));
    assert!(
        rotated
            .says("F7")
            .iter()
            .all(|message| message.starts_with("note")),
        "over all its keys"
    );
    let joined = zones(0, "k").showed("app", ("k", KEY), 190..193, |facts| at(facts, &[9]));
    let says = joined.says("F7");
    assert!(
        says[0].starts_with("high app")
            && says[0].contains("from up to 4 networks (usually 3) within one hour, on 3 days"),
        "{says:?}"
    );
    assert!(
        zones(175, "k").says("F7")[0].starts_with("high"),
        "25 days make nothing usual"
    );
}

#[test]
fn f7_a_change_of_network_or_of_library_is_not_sharing() {
    let moved = |side: i32| {
        plain()
            .showed("app", ("k", KEY), 0..150, |facts| at(facts, &[1, 2, 3]))
            .showed("app", ("k", KEY), 150 - side..200, |facts| {
                at(facts, &[4, 5, 6]);
            })
            .says("F7")
    };
    for side in [0, 1, 7] {
        assert!(
            moved(side)
                .iter()
                .all(|message| message.starts_with("note")),
            "{side}: {:?}",
            moved(side)
        );
    }
    assert!(
        moved(20)
            .iter()
            .any(|message| message.contains("6 networks"))
    );
    let library = |side: i32| {
        plain()
            .showed("app", ("k", KEY), 0..150, |facts| {
                agents(facts, &["okhttp"]);
            })
            .showed("app", ("k", KEY), 150 - side..200, |facts| {
                agents(facts, &["axios"]);
            })
            .says("F7")
    };
    assert_eq!(library(7), [""; 0]);
    assert!(library(9)[0].starts_with("low app"), "{:?}", library(9));
}

#[test]
fn f7_two_libraries_all_the_time_are_a_note() {
    let case = plain().showed("app", ("k", KEY), 0..200, |facts| {
        agents(facts, &["a", "b"]);
    });
    assert!(case.says("F7")[0].starts_with("note app: uses 2 kinds of program all the time"));
    let joined = case.showed("app", ("k", KEY), 190..195, |facts| {
        agents(facts, &["curl"]);
    });
    assert!(joined.says("F7")[0].contains("by up to 3 kinds of program (usually 2)"));
}

#[test]
fn f7_says_of_whom_only_ids_of_tokens_are_known() {
    let tokens = (0..100).fold(two(), |case, day| {
        case.showed(
            "a",
            (&format!("jti-{day}"), AuthKind::Token),
            [day],
            |facts| networks(facts, 3),
        )
    });
    missing(&tokens, "F7", "the ids of tokens change by themselves");
    let both = tokens.showed("b", ("k", KEY), [5], |facts| networks(facts, 1));
    assert!(both.unjudged("F7")[0].ends_with("for 1 of 2 clients: a"));
    let stays = two().showed("a", ("one", AuthKind::Token), 190..200, |facts| {
        networks(facts, 3);
    });
    assert_eq!(
        stays.says("F7").len(),
        1,
        "a token of ten days can be shared"
    );
}
