//! The levels on simulated organisations: what is promised holds, and less data does not allow more.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "../examples/levels/population.rs"]
mod population;
#[expect(dead_code, reason = "real histories are the affair of the example")]
#[path = "../examples/levels/real.rs"]
mod real;
#[path = "../examples/support/rng.rs"]
mod rng;
#[path = "../examples/levels/simulated.rs"]
mod simulated;
#[expect(dead_code, reason = "the example prints more than is asserted here")]
#[path = "../examples/levels/table.rs"]
mod table;
#[path = "../examples/levels/world.rs"]
mod world;

use std::collections::BTreeMap;

use scopetrim::model::{Day, Level};

use population::{BASE, mixed};
use table::{Sums, Table};
use world::{Key, Said, Tenant};

const AT: Day = Day(20_696);

fn judged(name: &str, seeds: u32) -> Vec<Table> {
    simulated::judge(&[name.to_owned()], seeds, 365).unwrap()
}

fn share(sums: Sums) -> f64 {
    let [again, all] = [sums.again, sums.removals].map(|count| u32::try_from(count).unwrap());
    f64::from(again) / f64::from(all.max(1))
}

#[test]
fn an_organisation_of_four_hundred_clients_gets_safe_removals_that_hold() {
    let tables = judged("base", 2);
    let ([safe, both], [safe_recall, recall]) = (tables[0].both(), tables[0].recall());
    assert!(safe.removals > 2_000 && share(safe) <= 0.02, "{safe:?}");
    assert!(
        safe_recall > 55.0 && recall > 70.0,
        "{safe_recall} {recall}"
    );
    assert!(share(both) <= 0.05, "{both:?}");
}

#[test]
fn a_log_that_has_not_seen_the_season_gives_nothing_safe() {
    for table in judged("season", 5) {
        let under_a_year = table.name.contains("255 d") || table.name.contains("300 d");
        let safe = table.both()[0];
        assert_eq!(safe.again, 0, "{}: {safe:?}", table.name);
        assert!(!under_a_year || safe.removals == 0, "{}", table.name);
    }
}

#[test]
fn tokens_with_many_unused_scopes_make_nobody_elses_scopes_safe() {
    for table in judged("god", 2) {
        if table.name.ends_with("apps") {
            assert_eq!(table.both()[0].removals, 0, "{}", table.name);
        }
    }
}

#[test]
fn a_small_team_gets_no_less_for_one_day_more_of_log() {
    let tables = judged("small", 8);
    let removals = |days: &str| {
        let name = format!("5 clients, {days} d");
        let table = tables.iter().find(|table| table.name == name).unwrap();
        let all: u64 = table.levels.iter().map(|level| level.removals).sum();
        (table.both()[1].removals, all)
    };
    let ((less, all), (more, left)) = (removals("119"), removals("120"));
    assert!(less > 200, "{less}");
    // What was used on that day is no longer a removal.
    assert!(more + (all - left) >= less, "{less}, then {more}");
}

/// Grants whose level is safer with less data, and all that could be.
fn rises(
    tenant: &Tenant,
    (more, longer): (&BTreeMap<Key, Said>, i32),
    (less, from): (&BTreeMap<Key, Said>, Day),
) -> (Vec<Level>, usize) {
    let mut rises = Vec::new();
    let mut all = 0;
    for (key, entry) in less {
        let days = tenant.uses.get(key).map_or(&[][..], |dates| dates);
        let known = |first: Day| days.iter().filter(move |day| first <= **day && **day <= AT);
        // Its only uses lay in what was taken away: that nobody can know.
        if known(from).next().is_none() && known(AT.plus(1 - longer)).next().is_some() {
            continue;
        }
        all += 1;
        let [now, before] =
            [Some(entry), more.get(key)].map(|said| said.and_then(|said| said.level));
        if let Some(level) = now.filter(|level| before.is_none_or(|before| *level < before)) {
            rises.push(level);
        }
    }
    (rises, all)
}

#[test]
fn days_taken_away_raise_at_most_one_level_in_fifty_and_none_to_safe_under_a_year() {
    let (mut raised, mut all) = (0, 0);
    for seed in 0..4 {
        let mut tenant = mixed(seed, &BASE, 40, AT);
        tenant.others = (0..450).map(|back| AT.plus(-back)).collect();
        let lengths = [365, 300, 240, 180, 120, 95];
        let said = lengths.map(|days| tenant.said(AT.plus(1 - days), AT));
        for (place, days) in lengths.iter().enumerate().skip(1) {
            let more = (&said[place - 1], lengths[place - 1]);
            let (found, compared) = rises(&tenant, more, (&said[place], AT.plus(1 - days)));
            assert!(!found.contains(&Level::Safe), "{days} days");
            raised += found.len();
            all += compared;
        }
    }
    assert!(all > 1_000 && raised * 50 <= all, "{raised} of {all}");
}
