//! What the method's own past decisions would have broken.
//!
//! At an earlier date, with what was known then, the same levels are given; the
//! log shows what was used afterwards. A level that broke more than it promises is
//! not given in this run.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::model::{Looks, Model};
use super::state::Scene;
use super::{AGE, HORIZON, History, IDLE, Thresholds, in_rhythm, is_old};
use crate::analysis::share::{OF_A_CLIENT, refutes, upper, weight};
use crate::model::{Day, Level};

/// Earlier dates that are judged, 90 days apart.
const ORIGINS: i32 = 4;
/// Days of log that an earlier decision needs at least, and one.
const BEFORE: i32 = 91;
/// Covered days of silence that an earlier decision takes.
const SILENT: u32 = 90;

/// Decisions at one earlier date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The date; days before it were known.
    pub date: Day,
    /// Grants that would have been called safe.
    pub safe: u32,
    /// Of these, used within 90 days.
    pub safe_used: u32,
    /// Grants that would have been called safe or likely.
    pub likely: u32,
    /// Of these, used within 90 days.
    pub likely_used: u32,
}

/// Removals of one level, weighted by client, and those of them used again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Weighted {
    cases: f64,
    used: f64,
}

impl Weighted {
    fn add(&mut self, removed: &BTreeMap<usize, [u32; 2]>) {
        for [all, used] in removed.values() {
            let weight = weight(*all, OF_A_CLIENT);
            self.cases += f64::from(*all) * weight;
            self.used += f64::from(*used) * weight;
        }
    }

    /// Whether it refutes that at most this share is used again.
    fn refutes(self, promised: f64) -> bool {
        refutes(self.used, self.cases, promised)
    }
}

/// All earlier decisions that the log can judge, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// One entry for each date; their 90 days do not overlap.
    pub origins: Vec<Origin>,
    safe: Weighted,
    /// Whether removals of a level broke more than the level promises: safe, likely.
    failed: [bool; 2],
}

impl Past {
    /// Decides at the earlier dates, 90 days apart, of the year before the end of the log.
    /// The landmarks are those of the looks.
    pub fn judge(
        history: &History,
        (looks, landmarks): (&Looks, &[Day]),
        thresholds: &Thresholds,
    ) -> Self {
        let end = history.clock.to();
        let first = history.clock.from().plus(BEFORE);
        let mut dates: Vec<Day> = (1..=ORIGINS)
            .map(|back| end.plus(-HORIZON * back))
            .filter(|date| *date >= first && history.clock.at(*date) >= AGE)
            .collect();
        dates.reverse();
        let scene = Scene::new(history, &dates);
        let (mut past, mut likely_ones) = (Self::default(), Weighted::default());
        let models: Vec<Model> = dates
            .iter()
            .map(|date| {
                let known = landmarks.partition_point(|day| *day <= date.plus(-HORIZON));
                Model::fit(looks, known)
            })
            .collect();
        // By date and level: for each client its removals, and those of them used again.
        let mut removed: Vec<[BTreeMap<usize, [u32; 2]>; 2]> =
            vec![Default::default(); dates.len()];
        let decided = |grant| {
            let states = scene.states(grant).enumerate();
            let decided = states.filter_map(|(place, found)| {
                let fits = |state: &super::State| {
                    state.idle >= SILENT.max(IDLE) && is_old(state) && !in_rhythm(state)
                };
                let (state, used) = found.filter(|(state, _)| fits(state))?;
                let odds = models[place].odds(&state, (grant.client, grant.scope));
                let level = thresholds.level(&odds);
                let date = dates[place];
                // Nobody saw that it was left alone.
                let blind = !used && history.is_blind(grant.client, date, date.plus(HORIZON));
                (level <= Level::Likely && !blind).then_some((place, level, grant.client, used))
            });
            decided.collect::<Vec<_>>()
        };
        let decided: Vec<_> = history.grants.par_iter().flat_map_iter(decided).collect();
        for (place, level, client, used) in decided {
            let index = usize::from(level == Level::Likely);
            let [all, came] = removed[place][index].entry(client).or_default();
            *all += 1;
            *came += u32::from(used);
        }
        for (date, [safe, likely]) in dates.iter().zip(&removed).rev() {
            let sum = |record: &BTreeMap<usize, [u32; 2]>| {
                record.values().fold([0, 0], |[all, used], counts| {
                    [all + counts[0], used + counts[1]]
                })
            };
            let ([safe_all, safe_used], [rest, rest_used]) = (sum(safe), sum(likely));
            past.origins.push(Origin {
                date: *date,
                safe: safe_all,
                safe_used,
                likely: safe_all + rest,
                likely_used: safe_used + rest_used,
            });
            past.safe.add(safe);
            likely_ones.add(likely);
        }
        past.failed = [
            past.safe.refutes(thresholds.safe_p),
            likely_ones.refutes(thresholds.likely_p),
        ];
        past
    }

    /// Past `safe` removals, and how many were used again.
    pub fn safe(&self) -> (u32, u32) {
        self.origins.iter().fold((0, 0), |(all, used), origin| {
            (all + origin.safe, used + origin.safe_used)
        })
    }

    /// The safest level that is given in this run: past removals of a safer one were used
    /// again more often than it promises, beyond chance.
    pub fn safest(&self) -> Level {
        match self.failed {
            [_, true] => Level::Review,
            [true, _] => Level::Likely,
            _ => Level::Safe,
        }
    }

    /// Upper 95 % bound of the share of past `safe` removals used again, those of one
    /// client counted together.
    pub fn safe_upper(&self) -> f64 {
        upper(self.safe.used, self.safe.cases)
    }
}
