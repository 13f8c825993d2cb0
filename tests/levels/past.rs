//! What the past says decides the level.

use std::fs;

use super::world::{Call, DAYS, count, levels, reads, report};

#[test]
fn what_nobody_ever_came_back_to_is_safe_with_its_counts() {
    let whole = report(&reads, 1, &[]);
    assert_eq!(count(&whole, "safe"), 2 * 70);
    let (level, evidence) = &levels(&whole)[&("c00".to_owned(), "orders:write".to_owned())];
    assert_eq!((&**level, &evidence["reused"]), ("safe", &0.into()));
    // 140 grants of 70 clients and two scopes are fewer cases.
    let effective = evidence["effective"].as_f64().unwrap();
    assert!((60.0..140.0).contains(&effective), "{evidence}");
    assert_eq!(
        evidence["stratum"],
        "silent for 365 to 545 days, never used, client active on 10 or more of 90 days, \
         scope used by nobody else within 365 days"
    );
    // Doubled counts are the same days.
    assert_eq!(levels(&whole), levels(&report(&reads, 2, &[])));
}

#[test]
fn the_backtest_scores_the_probabilities_of_each_month() {
    let org = super::world::Org::default();
    let found: serde_json::Value = serde_json::from_str(&org.run("backtest", &["--json"])).unwrap();
    let scored: Vec<_> = found["origins"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|origin| !origin["scores"].is_null())
        .collect();
    // Without a past the published one answers, from 90 days of log on.
    let dates: Vec<_> = scored.iter().map(|entry| entry["as_of"].as_str()).collect();
    assert_eq!(
        dates,
        [
            "2025-08-31",
            "2025-09-30",
            "2025-10-31",
            "2025-11-30",
            "2025-12-31",
            "2026-01-31",
            "2026-02-28"
        ]
        .map(Some)
    );
    for origin in scored {
        let result = &origin["scores"];
        assert_eq!(
            (&result["grants"], &result["used"]),
            (&140.into(), &0.into())
        );
        let (brier, expected) = (
            result["brier"].as_f64().unwrap(),
            result["expected"].as_f64().unwrap(),
        );
        // Each was given the same small probability, and none came back.
        assert!(brier < 0.002 && expected < 6.0, "{result}");
        assert!(
            (brier - (expected / 140.0).powi(2)).abs() < 1e-5,
            "{result}"
        );
    }
    assert_eq!(found["scores"]["grants"], 7 * 140);
    let text = org.run("backtest", &[]);
    assert!(
        text.contains("AS OF       GRANTS  EXPECTED  CAME   BRIER     LOG"),
        "{text}"
    );
}

#[test]
fn a_use_within_30_days_keeps_the_grant() {
    let used = |day: i64| -> Vec<Call> {
        let mut calls = reads(day);
        calls.extend((day == DAYS - 20).then_some((7, "GET /reports")));
        calls
    };
    let (before, after) = (
        levels(&report(&reads, 1, &[])),
        levels(&report(&used, 1, &[])),
    );
    let key = ("c07".to_owned(), "reports:read".to_owned());
    assert_eq!((&*before[&key].0, &*after[&key].0), ("safe", "-"));
    // With a window that does not see it, the guards do.
    let short = levels(&report(&used, 1, &["--window", "14d"]));
    assert_eq!(short[&key].0, "review");
}

#[test]
fn forty_days_without_records_in_the_last_ninety_leave_nothing_safe() {
    let hole = |day: i64| -> Vec<Call> {
        if (DAYS - 70..DAYS - 30).contains(&day) {
            Vec::new()
        } else {
            reads(day)
        }
    };
    let torn = report(&hole, 1, &[]);
    assert_eq!((count(&torn, "safe"), count(&torn, "likely")), (0, 0));
    assert_eq!(count(&torn, "review"), 2 * 70);
}

#[test]
fn an_outage_of_three_weeks_in_the_window_leaves_nothing_safe_and_a_shorter_one_does_not() {
    let with_hole = |days: i64| {
        let hole = move |day: i64| -> Vec<Call> {
            if (200..200 + days).contains(&day) {
                Vec::new()
            } else {
                reads(day)
            }
        };
        report(&hole, 1, &[])
    };
    let (long, short) = (with_hole(21), with_hole(20));
    assert_eq!((count(&long, "safe"), count(&long, "likely")), (0, 0));
    assert_eq!(count(&short, "safe"), 2 * 70);
}

#[test]
fn callers_that_left_the_policy_show_how_long_a_scope_rests() {
    // One client used reports once; callers that no policy file names come back to it.
    let with = |callers: i64| {
        let calls = move |day: i64| -> Vec<Call> {
            let mut calls = reads(day);
            calls.extend((day == 10).then_some((7, "GET /reports")));
            let comes = |caller: &i64| (day - caller % 20) % 120 == 0 && day > 0;
            let callers_of_day = (0..callers).filter(comes);
            calls.extend(
                callers_of_day.map(|caller| (super::world::CLIENTS + caller, "GET /reports")),
            );
            calls
        };
        let found = levels(&report(&calls, 1, &[]));
        found[&("c07".to_owned(), "reports:read".to_owned())].clone()
    };
    let ((_, alone), (_, together)) = (with(0), with(40));
    let [alone, together] = [alone, together].map(|entry| entry["p"].as_f64().unwrap());
    assert!(
        together > 1.5 * alone,
        "{alone} alone, {together} next to them"
    );
}

#[test]
fn what_came_back_before_is_no_longer_safe() {
    // Every fourth client writes for the first time late, long after its grant.
    let late = |day: i64| -> Vec<Call> {
        let mut calls = reads(day);
        let writers =
            (0..super::world::CLIENTS).filter(|client| client % 4 == 0 && 200 + client == day);
        calls.extend(writers.map(|client| (client, "POST /orders")));
        calls
    };
    let found = levels(&report(&late, 1, &[]));
    let level = |client: &str, scope: &str| &*found[&(client.to_owned(), scope.to_owned())].0;
    assert_eq!(level("c01", "orders:write"), "review");
    assert_eq!(level("c04", "orders:write"), "-", "used in the window");
}

#[test]
fn what_is_stated_as_needed_waits_for_a_person_and_thresholds_can_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("scopetrim.toml");
    fs::write(
        &config,
        "needs = ['POST /orders']\n[levels]\nsafe_upper = 0.001\n",
    )
    .unwrap();
    let json = report(&reads, 1, &["--config", config.to_str().unwrap()]);
    let found = levels(&json);
    let level = |scope: &str| &*found[&("c00".to_owned(), scope.to_owned())].0;
    assert_eq!(
        (level("orders:write"), level("reports:read")),
        ("review", "likely")
    );
}
