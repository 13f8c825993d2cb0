//! Single guards, each where no other one would hold the removal.

use crate::support::{Case, daily, line};
use crate::{ROUTES, app_holds, because, report, verdict};

fn analyzed(grants: &str, log: &str, more: &[&str]) -> serde_json::Value {
    let mut args = vec!["--json"];
    args.extend(more);
    report(&Case::of(ROUTES, grants, log).analyze(&args), 0)
}

#[test]
fn what_matches_nothing_holds_what_it_is_near_and_however_much_of_it_nothing_else() {
    let log = |path: &str, unmatched| {
        daily(100, "app", "GET /orders", 200) + &daily(unmatched, "app", path, 200)
    };
    let grants = app_holds(&["orders:read", "invoices:write"]);
    for (path, days, held) in [
        ("POST /zz/top/9", 1, false),
        ("POST /zz/top/9", 100, false),
        ("POST /v3/invoices", 1, true),
        ("POST /invoices.json", 1, true),
    ] {
        let json = analyzed(&grants, &log(path, days), &[]);
        let level = if held { "review" } else { "likely" };
        let found = verdict(&json, "app", "invoices:write");
        assert_eq!(found, format!("remove unused {level}"), "{path} {days}");
        let why = because(&json, "app", "invoices:write", "possible_need");
        assert_eq!(why, held, "{path} {days}");
    }
}

#[test]
fn a_removal_that_takes_a_comment_along_is_only_for_review() {
    let log = daily(100, "app", "GET /orders", 200);
    let grants = app_holds(&["orders:read", "invoices:write", "orders:delete"]);
    let grants = grants.replace(
        "- invoices:write",
        "- invoices:write  # asked for by the auditors",
    );
    let json = analyzed(&grants, &log, &[]);
    let found = |term| verdict(&json, "app", term);
    assert_eq!(found("invoices:write"), "remove unused review");
    assert!(because(&json, "app", "invoices:write", "comment_affected"));
    assert_eq!(found("orders:delete"), "remove unused likely");
}

#[test]
fn a_grant_is_old_enough_after_ninety_days_and_not_after_eighty_nine() {
    // The last day is 2026-04-10; 90 days before it is 2026-01-10.
    let log = daily(100, "app", "GET /orders", 200);
    for (since, level) in [("2026-01-10", "likely"), ("2026-01-11", "review")] {
        let grants = app_holds(&["orders:read", "invoices:write"]);
        let json = analyzed(&grants.replace("2024-01-01", since), &log, &[]);
        let found = verdict(&json, "app", "invoices:write");
        assert_eq!(found, format!("remove unused {level}"), "{since}");
        let young = because(&json, "app", "invoices:write", "grant_too_young");
        assert_eq!(young, level == "review", "{since}");
    }
}

#[test]
fn a_monthly_job_that_is_late_is_held_by_its_calendar() {
    // Every 30 days, and then nothing for more than twice its longest silence (58 days),
    // but not for more than twice the period and a week (67).
    let job = |end: u32| -> String {
        let runs = (0..6).map(|run| line(run * 30, "app", "POST /invoices", 201));
        daily(end, "app", "GET /orders", 200) + &runs.collect::<String>()
    };
    let grants = app_holds(&["orders:read", "invoices:write"]);
    for (idle, held) in [(62, true), (72, false)] {
        let json = analyzed(&grants, &job(151 + idle), &["--window", "30d"]);
        let why = |reason| because(&json, "app", "invoices:write", reason);
        assert_eq!(why("calendar"), held, "{idle} days");
        assert!(!why("still_in_rhythm"), "{idle} days");
    }
}
