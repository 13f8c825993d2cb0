use std::fmt::Write as _;
use std::sync::Arc;

use super::world::{World, day};
use super::*;
use crate::analysis::analyse;
use crate::analysis::share::upper;
use crate::model::Verdict;

/// `steady` holds a, b, c and uses a daily; `other` holds a, c and uses a daily;
/// `late` gets a and d in May and uses a. Once, on 10 May, `steady` needs b.
pub(super) fn three_months() -> World {
    let mut world = World::new(
        &["a", "b", "c", "d"],
        "version: 1\nclients:\n  steady: {since: 2024-01-01, scopes: [a, b, c]}\n  other: {since: 2024-01-01, scopes: [a, c]}\n  late: {since: 2025-05-15, scopes: [a, d]}\n",
        ("2025-01-01", "2025-07-15"),
    );
    let all = || (day("2025-01-01").0..=day("2025-07-15").0).map(Day);
    world.uses("steady", 0, all());
    world.uses("other", 0, all());
    world.uses("late", 0, all().filter(|date| *date >= day("2025-05-15")));
    world.uses("steady", 1, [day("2025-05-10")]);
    world
}

#[test]
fn three_origins_computed_by_hand() {
    let found = three_months().backtest();
    let dates: Vec<(String, u32, bool)> = found
        .origins
        .iter()
        .map(|origin| (origin.as_of.to_string(), origin.days_after, origin.censored))
        .collect();
    // 31 January and 28 February have fewer than 90 days before them, 30 June fewer than 30 after it.
    let expected = [
        ("2025-03-31", 90, false),
        ("2025-04-30", 76, true),
        ("2025-05-31", 45, true),
    ];
    let expected: Vec<(String, u32, bool)> = expected
        .iter()
        .map(|(day, n, c)| ((*day).to_owned(), *n, *c))
        .collect();
    assert_eq!(dates, expected);
    let likely: Vec<&Tally> = found
        .origins
        .iter()
        .map(|origin| &origin.tallies[1])
        .collect();
    // Idle and old enough: steady b, steady c, other c; from May on b is needed.
    let removals: Vec<u64> = likely.iter().map(|tally| tally.removals).collect();
    assert_eq!(removals, [3, 3, 2]);
    let wrong: Vec<(u64, u64)> = likely
        .iter()
        .map(|tally| (tally.wrong, tally.wrong_early))
        .collect();
    assert_eq!(wrong, [(1, 0), (1, 1), (0, 0)]);
    // 10 May is day 40 after 31 March and day 10 after 30 April.
    let first: Vec<Option<u32>> = likely.iter().map(|tally| tally.first).collect();
    assert_eq!(first, [Some(40), Some(10), None]);
    let requests: Vec<(u64, u64, u64)> = likely
        .iter()
        .map(|tally| (tally.requests, tally.clients, tally.operations))
        .collect();
    assert_eq!(requests, [(2, 1, 1), (2, 1, 1), (0, 0, 0)]);
    // late's d is too young for anything but a review, and not held at all before June.
    let review: Vec<u64> = found
        .origins
        .iter()
        .map(|origin| origin.tallies[2].removals)
        .collect();
    assert_eq!(review, [3, 3, 3]);
    assert_eq!(
        found.origins[0].tallies[0],
        Tally::default(),
        "nothing was safe"
    );
}

#[test]
fn the_sums_leave_out_censored_origins_and_count_each_grant_once_for_the_bound() {
    let found = three_months().backtest();
    let sum = found.pooled[1];
    assert_eq!(
        (sum.origins, sum.removals, sum.grants, sum.wrong),
        (1, 3, 3, 1)
    );
    assert!((sum.rate.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert!((sum.upper.unwrap() - upper(sum.cases / 3.0, sum.cases)).abs() < 1e-12);
    // The first 30 days are in the log of all three.
    let early = found.pooled_early[1];
    assert_eq!(
        (early.origins, early.removals, early.grants, early.wrong),
        (3, 8, 3, 1)
    );
    assert!((early.upper.unwrap() - upper(early.cases / 8.0, early.cases)).abs() < 1e-12);
}

#[test]
fn a_use_right_after_an_origin_is_found_with_its_day_and_its_grant() {
    let mut world = three_months();
    world.uses("other", 2, [day("2025-04-01")]);
    let found = world.backtest();
    let hit = &found.origins[0].hits[0];
    assert_eq!(
        (hit.client.as_str(), hit.operation, hit.after),
        ("other", 2, 1)
    );
    assert_eq!(
        (hit.first, hit.requests, hit.level),
        (day("2025-04-01"), 2, Level::Likely)
    );
    assert_eq!(hit.terms, BTreeSet::from([Term::new("c")]));
    assert_eq!(found.origins[0].tallies[1].first, Some(1));
    assert_eq!(found.origins[0].tallies[1].wrong, 2);
}

#[test]
fn a_grant_that_came_later_does_not_hide_a_need_and_one_that_came_back_serves_it() {
    // On 2 May b is granted again through a second entry: the use on 10 May is served by that.
    let mut world = three_months();
    let text = "version: 1\nroles:\n  again: {since: 2025-05-02, scopes: [b]}\nclients:\n  steady: {since: 2024-01-01, scopes: [a, b, c], roles: [again]}\n";
    let file = crate::grants::read(Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    world.policy.files = vec![file];
    let found = world.backtest();
    assert_eq!(found.origins[0].tallies[1].removals, 2, "b and c of steady");
    assert_eq!(found.origins[0].tallies[1].wrong, 0);
}

#[test]
fn missing_days_after_an_origin_and_unknown_requests_are_not_taken_for_silence() {
    let mut world = three_months();
    for gone in day("2025-04-10").0..day("2025-04-21").0 {
        world.coverage.days.remove(&Day(gone));
    }
    let found = world.backtest();
    assert!(found.origins[0].censored, "11 of 90 days are missing");
    assert_eq!(found.pooled[1].origins, 0);
    let mut world = three_months();
    world.uses("steady", crate::usage::UNMATCHED, [day("2025-04-02")]);
    assert_eq!(world.backtest().origins[0].unknown, 2);
}

/// Days, uses and a policy at random, and the same with other events after the cut.
fn random(seed: u64, cut: Day, change: bool) -> World {
    let mut state = seed;
    let mut dice = move |end: u64| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    };
    let letters = ["a", "b", "c", "d", "e"];
    let mut text = "version: 1\nclients:\n".to_owned();
    for client in 0..4 {
        let held: Vec<&str> = letters.iter().copied().filter(|_| dice(3) > 0).collect();
        let since = ["2024-01-01", "2025-02-01", "2025-06-15"][usize::try_from(dice(3)).unwrap()];
        writeln!(
            text,
            "  c{client}: {{since: {since}, scopes: [{}]}}",
            held.join(", ")
        )
        .unwrap();
    }
    let mut world = World::new(&letters, &text, ("2025-01-01", "2025-09-30"));
    let mut events: Vec<(u64, u32, Day)> = (0..60 + dice(60))
        .map(|_| {
            let at = i32::try_from(dice(273)).unwrap();
            (
                dice(4),
                u32::try_from(dice(5)).unwrap(),
                day("2025-01-01").plus(at),
            )
        })
        .collect();
    if change {
        events.retain(|(client, _, at)| *at <= cut || *client > 1);
        events.extend((0..30).map(|_| {
            let at = 1 + i32::try_from(dice(60)).unwrap();
            (dice(4), u32::try_from(dice(5)).unwrap(), cut.plus(at))
        }));
        let gone = |at: &Day| *at > cut.plus(20) && *at < cut.plus(40);
        world.coverage.days.retain(|at, _| !gone(at));
    }
    events.sort_unstable();
    for (client, route, at) in events {
        world.uses(&format!("c{client}"), route, [at]);
    }
    world
}

fn proposed_at(
    world: &World,
    cut: Day,
) -> BTreeMap<ClientName, Vec<(Term, Verdict, Option<Level>)>> {
    let terms = |client: crate::analysis::ClientAnalysis| {
        let known = client
            .terms
            .into_iter()
            .map(|term| (term.term, term.verdict, term.level));
        (client.id, known.collect())
    };
    world.ask_prepared(|prepared, inputs, options| {
        let basis = Basis {
            prepared,
            inputs,
            options,
        };
        let found = proposed(&basis, cut);
        found.clients.into_iter().map(terms).collect()
    })
}

#[test]
fn no_event_after_an_origin_changes_what_was_recommended_there() {
    let (mut recommended, mut differ) = (0, 0);
    for seed in 0..60 {
        for cut in ["2025-04-30", "2025-06-30", "2025-07-31"].map(day) {
            let (one, two) = (random(seed, cut, false), random(seed, cut, true));
            let (first, second) = (proposed_at(&one, cut), proposed_at(&two, cut));
            assert_eq!(first, second, "seed {seed} at {cut}");
            recommended += first
                .values()
                .flatten()
                .filter(|row| row.2.is_some())
                .count();
            // The test would prove nothing if the later events made no difference at all.
            differ += usize::from(one.ask(analyse_terms) != two.ask(analyse_terms));
        }
    }
    assert!(recommended > 100 && differ > 30, "{recommended} {differ}");
}

fn analyse_terms(inputs: &Inputs<'_>, options: &Options) -> Vec<(Term, Verdict, Option<Level>)> {
    let clients = analyse(inputs, options).clients;
    let terms = clients.into_iter().flat_map(|client| client.terms);
    terms
        .map(|term| (term.term, term.verdict, term.level))
        .collect()
}

#[test]
fn the_same_world_gives_the_same_backtest_on_one_thread_and_on_many() {
    let world = random(7, day("2025-06-30"), false);
    let pool = |n| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap()
    };
    let [one, many] = [1, 4].map(|n| pool(n).install(|| world.backtest()));
    assert_eq!(one, many);
    assert!(!one.origins.is_empty());
}

#[test]
fn the_brake_turns_every_safe_into_likely_and_says_why() {
    let with = |rate: f64, cases: f64| {
        let mut found = Backtest {
            promised: 0.02,
            ..Backtest::default()
        };
        found.pooled[0] = Pooled {
            rate: Some(rate),
            cases,
            ..Pooled::default()
        };
        found
    };
    assert!(with(0.019, 1e6).brake().is_none(), "what safe promises");
    assert!(with(0.5, 2.0).brake().is_none(), "one case is chance");
    let bad = with(0.06, 200.0);
    assert!(bad.brake().is_some());
    let mut analysis = three_months().ask(analyse);
    for term in analysis
        .clients
        .iter_mut()
        .flat_map(|client| &mut client.terms)
    {
        if term.level == Some(Level::Likely) {
            term.level = Some(Level::Safe);
        }
    }
    assert_eq!(bad.apply_brake(&mut analysis), 2);
    let terms = || analysis.clients.iter().flat_map(|client| &client.terms);
    assert!(terms().all(|term| term.level != Some(Level::Safe)));
    let said = terms().filter(|term| term.reasons.contains(&Reason::BacktestBrake));
    assert_eq!(said.count(), 2);
}

#[test]
fn a_log_of_a_century_gives_the_month_ends_of_its_last_twenty_years() {
    let days = (0..36_500).map(|day| (Day(day), 1)).collect();
    let coverage = Coverage {
        days,
        gaps: Vec::new(),
    };
    let found = origins(&coverage, Day(36_499));
    assert!((235..=241).contains(&found.len()), "{}", found.len());
    assert_eq!(
        found.last().map(ToString::to_string).as_deref(),
        Some("2069-10-31")
    );
}
