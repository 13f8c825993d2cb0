//! How safe is a removal? The organisation's own past answers.
//!
//! In: for each grant the covered days on which it was used, and what days the
//! log covers. The past is replayed at landmarks, 15 days apart: of the grants
//! that were idle and looked like this one, how many were used in the 90 days
//! that followed? Out: for each grant that rate with its bound and its counts.
//!
//! Method: Sanders and Yue's idea of judging a generator by what comes after its
//! window, with landmarking from survival analysis; strata that are shrunk towards
//! coarser ones and a published prior (empirical Bayes), and cases counted by client.
//! `docs/levels.md` describes it exactly.
//!
//! Invariants:
//! * covered days only: a day that is missing is not evidence of silence;
//! * nothing that happened at or after a date counts for a decision at it;
//! * the answer is never undefined: without a past it is the prior's;
//! * the same input gives the same bits.

mod clock;
mod estimate;
mod model;
mod own_record;
mod prior;
mod season;
mod state;
mod stratum;

#[cfg(test)]
mod tests;

pub(crate) use clock::Clock;
pub(crate) use model::{HORIZON, Looks, Model, Odds};
pub(crate) use own_record::Past;
pub(crate) use season::Seasons;
pub(crate) use state::{Grant, IDLE, State};
pub(crate) use stratum::Stratum;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::model::{Day, Level};

/// Days between two landmarks.
const STEP: i32 = 15;
/// Longest past that is learned from, in days: twenty years. One stray date must not make
/// them many.
pub(crate) const LONGEST: i32 = 7_320;
/// Days of log before the first landmark.
const WARM_UP: i32 = 31;
/// Covered days that a grant must be old, and a log must hold.
pub(crate) const AGE: u32 = 90;
/// Idle time from which a used grant has left its rhythm, however long its silences were.
const YEAR: u32 = 365;

/// Shares up to which a removal gets a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Largest probability of `safe`, 0..1.
    pub safe_p: f64,
    /// Largest upper bound of `safe`, 0..1.
    pub safe_upper: f64,
    /// Largest probability of `likely`, 0..1.
    pub likely_p: f64,
    /// Largest upper bound of `likely`, 0..1.
    pub likely_upper: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            safe_p: 0.02,
            safe_upper: 0.05,
            likely_p: 0.05,
            likely_upper: 0.20,
        }
    }
}

impl Thresholds {
    /// The level of these odds when every guard passes.
    pub fn level(&self, odds: &Odds) -> Level {
        if odds.p <= self.safe_p && odds.upper <= self.safe_upper {
            Level::Safe
        } else if odds.p <= self.likely_p && odds.upper <= self.likely_upper {
            Level::Likely
        } else {
            Level::Review
        }
    }
}

/// Everything the method reads.
#[derive(Clone, Debug)]
pub struct History {
    /// Covered days.
    pub clock: Clock,
    /// For each client its days with requests, in order.
    pub clients: Vec<Vec<Day>>,
    /// The grants.
    pub grants: Vec<Grant>,
    /// Number of different scopes.
    pub scopes: usize,
    /// Clocks of clients some of whose days are not seen although the log covers them.
    clocks: BTreeMap<usize, Clock>,
}

impl History {
    /// Keeps covered days only.
    pub fn new(
        clock: Clock,
        mut clients: Vec<Vec<Day>>,
        mut grants: Vec<Grant>,
        scopes: usize,
    ) -> Self {
        let covered = |days: &mut Vec<Day>| days.retain(|day| clock.covers(*day));
        clients.par_iter_mut().for_each(covered);
        grants
            .par_iter_mut()
            .for_each(|grant| covered(&mut grant.days));
        Self {
            clock,
            clients,
            grants,
            scopes,
            clocks: BTreeMap::new(),
        }
    }

    /// With clocks of their own for some clients.
    #[must_use]
    pub fn with_clocks(self, clocks: BTreeMap<usize, Clock>) -> Self {
        Self { clocks, ..self }
    }

    /// The clock of a client.
    fn clock_of(&self, client: usize) -> &Clock {
        self.clocks.get(&client).unwrap_or(&self.clock)
    }

    /// Whether some day of the span is covered by the log and not seen for the client.
    fn is_blind(&self, client: usize, from: Day, to: Day) -> bool {
        let days = |clock: &Clock| clock.at(to) - clock.at(from);
        let clock = self.clocks.get(&client);
        clock.is_some_and(|clock| days(clock) < days(&self.clock))
    }

    /// The landmarks of a decision at `date`, in order of time; none when the log is too short.
    pub fn landmarks(&self, date: Day) -> Vec<Day> {
        let first = self.clock.from().plus(WARM_UP);
        // The grid hangs on the end of the log, so that an earlier decision uses a part of it.
        let newest = self.clock.to().plus(-HORIZON);
        let mut all: Vec<Day> = std::iter::successors(Some(newest), |day| Some(day.plus(-STEP)))
            .take_while(|day| *day >= first)
            .filter(|day| *day <= date.plus(-HORIZON))
            .collect();
        all.reverse();
        all
    }

    /// Each grant as it looked at `date`; `None` while it was not held, or nobody knows.
    pub fn states(&self, date: Day) -> Vec<Option<State>> {
        let dates = [date];
        let scene = state::Scene::new(self, &dates);
        let look = |grant| scene.states(grant).next().flatten().map(|(state, _)| state);
        self.grants.par_iter().map(look).collect()
    }
}

/// Old enough to be judged by its silence.
pub fn is_old(state: &State) -> bool {
    state.age >= AGE
}

/// Used before, and silent for less than twice its longest silence: it may be on time.
pub fn in_rhythm(state: &State) -> bool {
    Stratum::of(state).in_rhythm() && state.idle < YEAR
}
