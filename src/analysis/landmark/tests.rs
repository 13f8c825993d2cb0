use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::analysis::share;
use crate::model::Reason;

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
                until: None,
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
    let landmarks = history.landmarks(end);
    let model = Model::fit(&Looks::new(history, &landmarks), landmarks.len());
    history
        .grants
        .iter()
        .zip(history.states(end))
        .map(|(grant, state)| {
            let state = state?;
            let odds = model.odds(&state, (grant.client, grant.scope));
            let level = if is_old(&state) && !in_rhythm(&state) && state.idle >= IDLE {
                Thresholds::default().level(&odds)
            } else {
                Level::Review
            };
            Some((odds.p.to_bits(), odds.upper.to_bits(), odds.similar, level))
        })
        .collect()
}

/// What earlier decisions would have broken.
fn past(history: &History) -> Past {
    let landmarks = history.landmarks(history.clock.to());
    let looks = Looks::new(history, &landmarks);
    Past::judge(history, (&looks, &landmarks), &Thresholds::default())
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
    fn the_order_of_grants_and_the_numbers_of_clients_change_no_level(grants in some_grants()) {
        let turned: Vec<Plain> = grants
            .iter()
            .rev()
            .map(|(client, scope, since, days)| (5 - client, *scope, *since, days.clone()))
            .collect();
        let mut there = answers(&history(&turned, &[], 0));
        there.reverse();
        // The sums run in another order, so the last bits may differ.
        let near = |bits: u64| (f64::from_bits(bits) * 1e9).round();
        for (row, other) in answers(&history(&grants, &[], 0)).into_iter().zip(there) {
            let plain = |row: (u64, u64, u32, Level)| (near(row.0), near(row.1), row.2, row.3);
            prop_assert_eq!(row.map(plain), other.map(plain));
        }
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
    assert_eq!(spans(&whole), [(219, 300, 30), (180, 180, 0)]);
    assert_eq!(spans(&holes), [(179, 260, 30), (140, 140, 0)]);
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
        Some((40, 29))
    );
    assert_eq!(later[1], None);
}

#[test]
fn a_log_shorter_than_a_landmark_and_its_horizon_is_answered_by_the_prior() {
    let covered: BTreeSet<Day> = (0..119).map(Day).collect();
    let clock = Clock::new(Day(0), Day(119), &covered);
    let held = |client| Grant {
        client,
        scope: 0,
        since: Some(Day(-300)),
        until: None,
        days: Vec::new(),
    };
    let history = History::new(clock, vec![vec![]; 2], vec![held(0), held(1)], 1);
    assert!(history.landmarks(Day(119)).is_empty());
    assert!(past(&history).origins.is_empty());
    let found = answers(&history);
    let (p, upper, similar, level) = found[0].unwrap();
    // Never used for 90 to 150 days: 3.5 %, of 20 cases.
    assert!((f64::from_bits(p) - 0.035).abs() < 1e-12);
    assert!((f64::from_bits(upper) - share::upper(0.7, 20.0)).abs() < 1e-12);
    assert_eq!((similar, level), (0, Level::Likely));
}

#[test]
fn many_grants_of_one_client_are_few_cases() {
    // One client with 400 grants never used, or 400 clients with one of 40 scopes each.
    let one: Vec<Plain> = (0..400).map(|scope| (0, scope, -100, vec![])).collect();
    let many: Vec<Plain> = (0..400).map(|n| (n, n % 40, -100, vec![])).collect();
    let upper = |grants: &[Plain]| f64::from_bits(answers(&history(grants, &[], 0))[0].unwrap().1);
    assert!(upper(&one) > 0.05, "{}", upper(&one));
    assert!(upper(&many) < 0.05, "{}", upper(&many));
}

#[test]
fn past_removals_that_came_back_pull_the_brake_only_when_they_refute_the_promise() {
    // 200 grants never used, of which some come back late in the log.
    let came = |back: usize| {
        let mut grants: Vec<Plain> = (0..200).map(|n| (n, n % 50, -100, vec![])).collect();
        for grant in grants.iter_mut().take(back) {
            grant.3.push(LOG - HORIZON + 10);
        }
        past(&history(&grants, &[], 0))
    };
    let quiet = came(0);
    assert!(quiet.origins[0].safe >= 190, "{quiet:?}");
    assert_eq!(quiet.safest(), Level::Safe);
    // 2 % is what `safe` promises, and 4 of 200 refute nothing.
    assert_eq!(came(4).safest(), Level::Safe);
    let failed = came(20);
    assert_eq!(failed.origins[0].safe_used, 20);
    assert!(failed.safest() > Level::Safe);
}

#[test]
fn a_scope_that_everybody_used_at_this_time_last_year_rests_and_a_short_log_knows_no_season() {
    let grants: Vec<Plain> = (0..6)
        .map(|client| (client, 0, -100, vec![LOG - 300, LOG - 290]))
        .chain([(6, 1, -100, vec![])])
        .collect();
    let history = history(&grants, &[], 0);
    let states = history.states(Day(LOG));
    let seasons = Seasons::new(&history, Day(LOG));
    let of = |place: usize| {
        let (client, scope, ..) = grants[place];
        seasons.holds(&states[place].unwrap(), (client, scope))
    };
    assert_eq!(of(0), Some((Level::Review, Reason::SeasonOfTheFleet)));
    assert_eq!(of(6), Some((Level::Likely, Reason::SeasonNotSeen)));
}

#[test]
fn a_season_is_not_seen_for_a_client_whose_own_source_had_no_data_then() {
    let clock = |gone: std::ops::Range<i32>| {
        let covered = (0..500)
            .filter(|day| !gone.contains(day))
            .map(Day)
            .collect();
        Clock::new(Day(0), Day(500), &covered)
    };
    let held = |client| Grant {
        client,
        scope: 0,
        since: Some(Day(-300)),
        until: None,
        days: Vec::new(),
    };
    // The coming 90 days were days 135 to 224 a year earlier.
    let clocks = [
        (1, clock(0..300)),
        (2, clock(140..161)),
        (3, clock(140..160)),
        (4, clock(0..135)),
    ];
    let grants = (0..5).map(held).collect();
    let history = History::new(clock(0..0), vec![vec![]; 5], grants, 1).with_clocks(clocks.into());
    let seasons = Seasons::new(&history, Day(500));
    let states = history.states(Day(500));
    let seen = |client: usize| {
        seasons
            .holds(&states[client].unwrap(), (client, 0))
            .is_none()
    };
    assert_eq!([0, 1, 2, 3, 4].map(seen), [true, false, false, true, true]);
}
