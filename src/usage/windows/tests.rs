use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::frame::{DayUse, RouteUse};
use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// One request at noon of each day; `used` of the first kind or attempted.
fn route(route: u32, days: &[(&str, u64, u64)]) -> RouteUse {
    let days = days.iter().map(|(text, used, attempted)| {
        let noon = day(text).start() + 43_200_000;
        let mut counts = [0; Outcome::ALL.len()];
        counts[Outcome::Used as usize] = *used;
        counts[Outcome::Attempted as usize] = *attempted;
        counts[Outcome::DeniedGateway as usize] = 9;
        DayUse {
            day: day(text).0,
            counts,
            first: noon,
            last: noon,
            ..DayUse::default()
        }
    });
    RouteUse {
        route,
        days: days.collect(),
    }
}

fn coverage(from: &str, to: &str, without: &str) -> Coverage {
    let days: BTreeMap<Day, u64> = (day(from).0..=day(to).0)
        .map(Day)
        .filter(|date| *date != day(without))
        .map(|day| (day, 1))
        .collect();
    Coverage {
        days,
        gaps: Vec::new(),
    }
}

/// The figures are counted by hand from the days below; as-of is 2026-03-31.
#[test]
fn the_matrix_is_what_a_hand_count_gives_at_the_borders() {
    let usage = ClientUse {
        client: 1,
        routes: vec![
            // 2026-03-25 is the first of the last 7 days, 2026-03-24 the last before them;
            // 2026-03-01 is the 31st day back; months turn between February and March.
            route(
                0,
                &[
                    ("2026-02-28", 1, 0),
                    ("2026-03-01", 2, 0),
                    ("2026-03-24", 4, 0),
                ],
            ),
            route(
                1,
                &[
                    ("2026-03-01", 0, 8),
                    ("2026-03-25", 16, 0),
                    ("2026-03-31", 32, 0),
                ],
            ),
            // Only refused: no use at all.
            route(2, &[("2026-03-30", 0, 0)]),
        ],
    };
    let holding = |term, routes: &[u32]| Holding {
        client: "billing",
        term,
        observable: true,
        usage: Some(&usage),
        routes: routes.to_vec(),
    };
    let coverage = coverage("2026-02-01", "2026-03-31", "2026-03-30");
    let periods = periods(day("2026-03-31"), 3, &coverage);
    let found = matrix(
        vec![
            holding("both", &[0, 1]),
            holding("one", &[0]),
            holding("refused", &[2]),
            holding("none", &[]),
        ],
        periods,
    )
    .unwrap();
    let line = |row: usize| -> String {
        let cells = found.periods.iter().zip(&found.uses[row]);
        let cells = cells.map(|(period, uses)| {
            let date = |at: Option<Millis>| {
                at.map_or("-".to_owned(), |at| Day::of(at).to_string()[5..].to_owned())
            };
            format!(
                "{}: {} ({}) on {} {}..{} gap {:?}\n",
                period.id,
                uses.requests,
                uses.proved,
                uses.days,
                date(uses.first),
                date(uses.last),
                uses.longest_gap
            )
        });
        cells.collect()
    };
    insta::assert_snapshot!(line(0), @r"
    7d: 48 (48) on 2 03-25..03-31 gap Some(5)
    30d: 52 (52) on 3 03-24..03-31 gap Some(5)
    60d: 63 (55) on 5 02-28..03-31 gap Some(22)
    90d: 63 (55) on 5 02-28..03-31 gap Some(22)
    180d: 63 (55) on 5 02-28..03-31 gap Some(22)
    365d: 63 (55) on 5 02-28..03-31 gap Some(22)
    2026-01: 0 (0) on 0 -..- gap None
    2026-02: 1 (1) on 1 02-28..02-28 gap None
    2026-03: 62 (54) on 4 03-01..03-31 gap Some(22)
    ");
    assert_eq!(
        found.uses[1][0],
        Uses::default(),
        "the day before the window"
    );
    assert_eq!(found.uses[1][8].requests, 6);
    assert!(
        found.uses[2]
            .iter()
            .chain(&found.uses[3])
            .all(|uses| *uses == Uses::default())
    );
    let covered: Vec<u32> = found.periods.iter().map(|period| period.covered).collect();
    assert_eq!(covered, [6, 29, 58, 58, 58, 58, 0, 28, 30]);
}

#[test]
fn a_month_is_cut_at_as_of_and_the_year_turns() {
    let coverage = coverage("2025-12-01", "2026-01-31", "2026-01-02");
    let months: Vec<String> = periods(day("2026-01-10"), 2, &coverage)
        .iter()
        .filter(|period| period.month)
        .map(|period| {
            format!(
                "{} {}..{} {}",
                period.id, period.window.from, period.window.to, period.covered
            )
        })
        .collect();
    assert_eq!(
        months,
        [
            "2025-12 2025-12-01..2025-12-31 31",
            "2026-01 2026-01-01..2026-01-10 9"
        ]
    );
}

#[test]
fn nothing_held_is_an_empty_matrix() {
    let found = matrix(Vec::new(), Vec::new()).unwrap();
    assert!(found.uses.is_empty());
}

/// Counted day by day from what was put in, without a frame.
fn by_hand(days: &BTreeMap<i32, (u64, u64)>, window: Window) -> Uses {
    let mut uses = Uses::default();
    let mut before: Option<i32> = None;
    for (day, (used, attempted)) in days.range(window.from.0..=window.to.0) {
        if used + attempted == 0 {
            continue;
        }
        let noon = Day(*day).start() + 43_200_000;
        uses.requests += used + attempted;
        uses.proved += used;
        uses.days += 1;
        uses.first = uses.first.or(Some(noon));
        uses.last = Some(noon);
        if let Some(before) = before {
            let silence = u32::try_from(day - before - 1).unwrap();
            uses.longest_gap = uses.longest_gap.max(Some(silence));
        }
        before = Some(*day);
    }
    uses
}

proptest! {
    #[test]
    fn every_holding_has_its_own_days_in_every_period(
        clients in prop::collection::vec(
            prop::collection::vec((0..4_u32, 20_000..20_060, 0..3_u64, 0..3_u64), 0..40), 1..4),
        terms in prop::collection::vec(prop::collection::btree_set(0..4_u32, 0..4), 1..4),
    ) {
        let uses: Vec<ClientUse> = (0..).zip(&clients).map(|(client, rows)| {
            let mut routes: BTreeMap<u32, BTreeMap<i32, (u64, u64)>> = BTreeMap::new();
            for (route, day, used, attempted) in rows {
                let counts = routes.entry(*route).or_default().entry(*day).or_default();
                *counts = (counts.0 + used, counts.1 + attempted);
            }
            let routes = routes.into_iter().map(|(number, days)| {
                let days: Vec<(String, u64, u64)> =
                    days.into_iter().map(|(day, (used, attempted))| (Day(day).date().to_string(), used, attempted)).collect();
                let days: Vec<(&str, u64, u64)> = days.iter().map(|(day, used, attempted)| (day.as_str(), *used, *attempted)).collect();
                route(number, &days)
            });
            ClientUse { client, routes: routes.collect() }
        }).collect();
        let coverage = coverage("2024-10-01", "2024-12-02", "2024-10-02");
        let periods = periods(Day(20_055), 2, &coverage);
        let mut holdings = Vec::new();
        let mut expected = Vec::new();
        for (usage, rows) in uses.iter().zip(&clients) {
            for term in &terms {
                let routes: Vec<u32> = term.iter().copied().collect();
                let mut days: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
                for (_, day, used, attempted) in rows.iter().filter(|row| term.contains(&row.0)) {
                    let counts = days.entry(*day).or_default();
                    *counts = (counts.0 + used, counts.1 + attempted);
                }
                expected.push(periods.iter().map(|period| by_hand(&days, period.window)).collect::<Vec<_>>());
                holdings.push(Holding { client: "c", term: "t", observable: true, usage: Some(usage), routes });
            }
        }
        let found = matrix(holdings, periods).unwrap();
        prop_assert_eq!(found.uses, expected);
    }
}
