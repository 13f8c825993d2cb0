//! Changes of the input that must change nothing, or only what they say.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::{CLIENTS, Call, DAYS, Org, count, levels, reads};

/// A mixed past: some come back late, some stop, the rest reads.
fn mixed(day: i64) -> Vec<Call> {
    let mut calls: Vec<Call> = reads(day)
        .into_iter()
        .filter(|(client, _)| client % 10 != 9 || day < 120)
        .collect();
    let writers = (0..CLIENTS).filter(|client| client % 16 == 3 && 190 + client == day);
    calls.extend(writers.map(|client| (client, "POST /orders")));
    calls.extend((day % 30 == 7).then_some((12, "GET /reports")));
    calls
}

const SILENT: &str = "  s1: {since: 2024-01-01, scopes: [reports:read, orders:write]}\n";

fn mixed_org<'a>() -> Org<'a> {
    Org {
        calls: &mixed,
        grants: SILENT,
        ..Org::default()
    }
}

/// Levels with evidence, and the advice, by client.
type Said = (
    BTreeMap<(String, String), (String, Value)>,
    BTreeMap<String, Value>,
);

fn said(report: &Value) -> Said {
    let clients = report["clients"].as_array().unwrap();
    let advice = clients.iter().map(|client| {
        let name = client["id"].as_str().unwrap().to_owned();
        (name, client["advice"].clone())
    });
    (levels(report), advice.collect())
}

#[test]
fn a_few_weeks_later_every_level_is_the_same() {
    let now = said(&mixed_org().report());
    let all: Vec<&str> = now.0.values().map(|(level, _)| level.as_str()).collect();
    let some = |level: &str| all.contains(&level);
    assert!(
        some("likely") && (some("safe") || some("review")),
        "the past of this test is mixed: {all:?}"
    );
    for weeks in [1, 6] {
        let later = Org {
            weeks,
            ..mixed_org()
        };
        assert_eq!(said(&later.report()), now, "{weeks} weeks");
    }
}

#[test]
fn the_names_of_the_clients_and_their_order_change_nothing() {
    let turned = |client: i64| format!("c{:02}", CLIENTS - 1 - client);
    let org = Org {
        name: &turned,
        ..mixed_org()
    };
    let (levels, advice) = said(&org.report());
    let back = |name: &String| match name.strip_prefix('c') {
        Some(number) => turned(number.parse().unwrap()),
        None => name.clone(),
    };
    let levels = levels
        .into_iter()
        .map(|((client, term), level)| ((back(&client), term), level));
    let advice = advice
        .into_iter()
        .map(|(client, entry)| (back(&client), entry));
    let turned: Said = (levels.collect(), advice.collect());
    assert_eq!(turned, said(&mixed_org().report()));
}

#[test]
fn twice_as_many_requests_on_the_same_days_change_nothing() {
    let twice = Org {
        times: 2,
        ..mixed_org()
    };
    assert_eq!(said(&twice.report()), said(&mixed_org().report()));
}

#[test]
fn a_use_of_any_idle_grant_within_30_days_withdraws_its_recommendation() {
    let before = levels(&mixed_org().report());
    for (client, call, term) in [
        (4, "POST /orders", "orders:write"),
        (19, "GET /reports", "reports:read"),
    ] {
        let used = |day: i64| {
            let mut calls = mixed(day);
            calls.extend((day == DAYS - 29).then_some((client, call)));
            calls
        };
        let org = Org {
            calls: &used,
            ..mixed_org()
        };
        let after = levels(&org.report());
        let key = (format!("c{client:02}"), term.to_owned());
        assert_ne!(before[&key].0, "-", "{key:?} was recommended");
        assert_eq!(after[&key].0, "-", "{key:?}");
    }
}

#[test]
fn a_hole_of_forty_days_leaves_nothing_safe_wherever_it_lies_in_the_last_ninety() {
    for from in [DAYS - 90, DAYS - 60, DAYS - 41] {
        let hole = |day: i64| {
            if (from..from + 40).contains(&day) {
                Vec::new()
            } else {
                mixed(day)
            }
        };
        let org = Org {
            calls: &hole,
            ..mixed_org()
        };
        let report = org.report();
        let (_, advice) = said(&report);
        assert_eq!((count(&report, "safe"), count(&report, "likely")), (0, 0));
        let levels = advice.values().filter_map(|term| term["level"].as_str());
        assert!(levels.clone().count() > 0, "somebody is silent");
        assert!(levels.clone().all(|level| level == "review"), "{advice:?}");
    }
}
