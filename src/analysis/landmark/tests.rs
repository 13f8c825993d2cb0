use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Days of the invented logs.
const LOG: i32 = 300;

/// A history from plain numbers: for each grant its client, scope, date and days of use.
fn history(grants: &[(usize, usize, i32, Vec<i32>)], missing: &[i32], shift: i32) -> History {
    let clients = 1 + grants.iter().map(|grant| grant.0).max().unwrap_or(0);
    let scopes = 1 + grants.iter().map(|grant| grant.1).max().unwrap_or(0);
    let covered: BTreeSet<Day> = (0..LOG)
        .filter(|day| !missing.contains(day))
        .map(|day| Day(day + shift))
        .collect();
    let mut seen = vec![BTreeSet::new(); clients];
    let grants = grants
        .iter()
        .map(|(client, scope, since, days)| {
            let days: BTreeSet<Day> = days.iter().map(|day| Day(day + shift)).collect();
            seen[*client].extend(&days);
            Grant {
                client: *client,
                scope: *scope,
                since: Some(Day(since + shift)),
                days: days.into_iter().collect(),
            }
        })
        .collect();
    let clients = seen.into_iter().map(|days| days.into_iter().collect());
    let clock = Clock::new(Day(shift), Day(LOG + shift), &covered);
    History::new(clock, clients.collect(), grants, scopes)
}

/// Bits of p and of the bound, the counts and the level of each grant.
fn answers(history: &History) -> Vec<Option<(u64, u64, u32, Level)>> {
    let end = history.clock.to();
    let model = Model::fit(history, &history.landmarks(end));
    let days = history.clock.days_to(end);
    history
        .grants
        .iter()
        .zip(history.states(end))
        .map(|(grant, state)| {
            let state = state?;
            let odds = model.odds(&state, grant.scope);
            let level = if guards(&state, days) {
                Thresholds::default().level(&odds)
            } else {
                Level::Review
            };
            Some((odds.p.to_bits(), odds.upper.to_bits(), odds.similar, level))
        })
        .collect()
}

type Plain = (usize, usize, i32, Vec<i32>);

fn some_grants() -> impl Strategy<Value = Vec<Plain>> {
    let days = prop::collection::vec(0..LOG, 0..12);
    let one = (0_usize..6, 0_usize..4, -50..LOG, days);
    prop::collection::vec(one, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_week_later_everything_looks_the_same(grants in some_grants(), weeks in 1..60_i32) {
        let now = answers(&history(&grants, &[100, 101], 0));
        prop_assert_eq!(now, answers(&history(&grants, &[100, 101], 7 * weeks)));
    }

    #[test]
    fn the_order_of_grants_and_the_numbers_of_clients_change_nothing(grants in some_grants()) {
        let turned: Vec<Plain> = grants
            .iter()
            .rev()
            .map(|(client, scope, since, days)| (5 - client, *scope, *since, days.clone()))
            .collect();
        let mut there = answers(&history(&turned, &[], 0));
        there.reverse();
        prop_assert_eq!(answers(&history(&grants, &[], 0)), there);
    }

    #[test]
    fn a_use_within_30_days_withdraws_the_recommendation(grants in some_grants(), back in 1..30_i32) {
        let mut used = grants;
        used[0].3.push(LOG - back);
        let level = answers(&history(&used, &[], 0))[0].map(|found| found.3);
        prop_assert_eq!(level, Some(Level::Review));
    }

    #[test]
    fn what_happens_later_decides_nothing(grants in some_grants(), day in 200..LOG) {
        let date = Day(200);
        let before = history(&grants, &[], 0);
        let mut changed = grants;
        changed[0].3.push(day);
        prop_assert_eq!(before.states(date), history(&changed, &[], 0).states(date));
    }
}

#[test]
fn days_without_records_do_not_age_anything() {
    let grants = [(0, 0, -10, vec![50, 80]), (0, 1, 120, vec![])];
    let whole = history(&grants, &[], 0).states(Day(LOG));
    let missing: Vec<i32> = (200..240).collect();
    let holes = history(&grants, &missing, 0).states(Day(LOG));
    let spans = |states: &[Option<State>]| -> Vec<(u32, u32, u32)> {
        let span = |state: &State| (state.idle, state.age, state.gap);
        states.iter().flatten().map(span).collect()
    };
    assert_eq!(spans(&whole), [(220, 300, 30), (180, 180, 0)]);
    assert_eq!(spans(&holes), [(180, 260, 30), (140, 140, 0)]);
}

#[test]
fn a_grant_of_unknown_age_counts_from_its_first_use() {
    let mut history = history(&[(0, 0, 0, vec![60, 70]), (0, 1, 0, vec![])], &[], 0);
    for grant in &mut history.grants {
        grant.since = None;
    }
    assert_eq!(history.states(Day(60)), [None, None]);
    let later = history.states(Day(100));
    assert_eq!(
        later[0].map(|state| (state.age, state.idle)),
        Some((40, 30))
    );
    assert_eq!(later[1], None);
}

#[test]
fn zero_of_52_is_the_first_count_below_five_percent() {
    assert!(wilson(0.0, 51.0) > 0.05);
    assert!(wilson(0.0, 52.0) <= 0.05);
    assert!((wilson(0.0, 0.0) - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_log_shorter_than_a_landmark_and_its_horizon_says_nothing() {
    let covered: BTreeSet<Day> = (0..119).map(Day).collect();
    let clock = Clock::new(Day(0), Day(119), &covered);
    let history = History::new(clock, vec![vec![]], Vec::new(), 1);
    assert!(history.landmarks(Day(119)).is_empty());
    assert!(
        Past::judge(&history, &Thresholds::default())
            .origins
            .is_empty()
    );
}

#[test]
fn past_removals_that_came_back_pull_the_brake() {
    // 200 grants never used; two of a hundred come back late in the log.
    let mut grants: Vec<Plain> = (0..200).map(|index| (index, 0, -100, vec![])).collect();
    let origin = LOG - HORIZON;
    let quiet = Past::judge(&history(&grants, &[], 0), &Thresholds::default());
    assert_eq!(quiet.safe(), (200, 0));
    assert!(!quiet.brakes());
    for grant in grants.iter_mut().take(4) {
        grant.3.push(origin + 10);
    }
    let past = Past::judge(&history(&grants, &[], 0), &Thresholds::default());
    assert_eq!(past.origins[0].safe_used, 4);
    assert!(past.brakes());
}
