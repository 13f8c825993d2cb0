//! How safe is a removal? The organisation's own past answers.
//!
//! In: for each grant the covered days on which it was used, and what days the
//! log covers. The past is replayed at landmarks, 15 days apart: of the grants
//! that were idle and looked like this one, how many were used in the 90 days
//! that followed? Out: for each grant that rate with its bound and its counts.
//!
//! Method: Sanders and Yue's idea of judging a generator by what comes after its
//! window, with landmarking from survival analysis. The strata, the bound and
//! the factor are described in `docs/safety.md`.
//!
//! Invariants:
//! * covered days only: a day without records is no evidence of silence;
//! * nothing that happened at or after a date counts for a decision at it;
//! * integer counts; the same input gives the same bits.

mod clock;
mod model;
mod past;
mod state;
mod stratum;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use model::{HORIZON, Model, Odds, wilson};
pub use past::{Origin, Past};
pub use state::{Grant, IDLE, State};
pub use stratum::{STRATA, Stratum};

use std::collections::BTreeMap;

use crate::model::{Day, Level};

/// Days between two landmarks.
const STEP: i32 = 15;
/// Longest past that is learnt from, in days: ten years. The work grows faster than the days do,
/// and one stray date must not make them many.
pub const LONGEST: i32 = 3_660;
/// Days of log before the first landmark.
const WARM_UP: i32 = 30;
/// Covered days that a grant must be old (guard G2).
const AGE: u32 = 90;
/// Idle time, in longest gaps, from which a used grant has left its rhythm (guard G3).
const LEFT: f64 = 2.0;
/// Days of log below which one week of use may be a yearly job (guard G4).
const YEAR: u32 = 400;

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
    own: BTreeMap<usize, Clock>,
}

impl History {
    /// Keeps covered days only.
    pub fn new(
        clock: Clock,
        mut clients: Vec<Vec<Day>>,
        mut grants: Vec<Grant>,
        scopes: usize,
    ) -> Self {
        let all = grants.iter_mut().map(|grant| &mut grant.days);
        for days in clients.iter_mut().chain(all) {
            days.retain(|day| clock.covers(*day));
        }
        Self {
            clock,
            clients,
            grants,
            scopes,
            own: BTreeMap::new(),
        }
    }

    /// With clocks of their own for some clients.
    #[must_use]
    pub fn with_clocks(self, own: BTreeMap<usize, Clock>) -> Self {
        Self { own, ..self }
    }

    /// The clock of a client.
    fn clock_of(&self, client: usize) -> &Clock {
        self.own.get(&client).unwrap_or(&self.clock)
    }

    /// Whether some day of the span is covered by the log and not seen for the client.
    fn is_blind(&self, client: usize, from: Day, to: Day) -> bool {
        let days = |clock: &Clock| clock.at(to) - clock.at(from);
        let own = self.own.get(&client);
        own.is_some_and(|own| days(own) < days(&self.clock))
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

    /// Each grant as it looked at `date`; `None` while nobody knows whether it was held.
    pub fn states(&self, date: Day) -> Vec<Option<State>> {
        use rayon::prelude::*;

        let dates = [date];
        let silent: Vec<Vec<bool>> = self
            .clients
            .par_iter()
            .enumerate()
            .map(|(client, days)| state::silences(self.clock_of(client), days, &dates))
            .collect();
        let look = |grant: &Grant| {
            let silent = &silent[grant.client];
            let clock = self.clock_of(grant.client);
            let mut found = state::states(clock, grant, &dates, silent, HORIZON);
            found.next().flatten().map(|(state, _)| state)
        };
        self.grants.par_iter().map(look).collect()
    }
}

/// The guards that need nothing but the state: old enough (G2), out of its
/// rhythm (G3), no yearly job (G4). `days` is the length of the log in calendar days.
pub fn guards(state: &State, days: u32) -> bool {
    state.age >= AGE && state.idle >= IDLE && left_rhythm(state) && !perhaps_yearly(state, days)
}

/// Used more than once, and idle for twice its longest silence or more; or nothing to learn from.
pub(super) fn left_rhythm(state: &State) -> bool {
    state.never || state.once || state.ratio() >= LEFT
}

/// Used within one week of less than 400 days, by a client that is alive.
pub(super) fn perhaps_yearly(state: &State, days: u32) -> bool {
    state.once && days < YEAR && !state.silent
}
