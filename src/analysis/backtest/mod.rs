//! Had its own advice been followed in the past, what would have been denied?
//!
//! In: everything the analysis reads. Out: for each month end with enough log
//! before and after it, what would have been recommended then, and which of the
//! requests that came later it would have denied.
//!
//! Invariants:
//! * the recommendation of an origin is made by the analysis itself, from days
//!   up to that origin only: no later event can change it;
//! * a grant that a policy file dates later is not held at the origin;
//! * an origin whose following days are not all in the log is marked, and plays
//!   no part in the pooled rate;
//! * a request counts as denied when it was permitted by what was held on its
//!   day, and is not any more without the removals;
//! * advice to suspend a client as a whole is replayed as well, and counted separately.
//!
//! Configuration (exceptions, protected patterns, aliases) is today's.

mod past_advice;
mod pool;
pub(crate) mod recommendation_log;
mod replay;
mod scores;
pub(crate) mod suspended;

#[cfg(test)]
mod held_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod world;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months};
use rayon::prelude::*;

use super::landmark::LONGEST;
use super::share::refutes;
use super::{Analysis, Inputs, Options, Prepared};
use crate::grants::history::History;
use crate::model::{ClientName, Day, Level, Policy, Reason, Term, Window};
use crate::usage::Coverage;

use past_advice::{Basis, proposed};
pub(crate) use pool::Pooled;
pub(crate) use scores::Scores;

/// Days that are replayed after an origin.
pub(crate) const HORIZON: u32 = 90;
/// Days of shadow denial whose effect is shown.
pub(crate) const SHADOW: u32 = 30;
/// Covered days that must lie before an origin.
const BEFORE: u32 = 90;
/// Days that must lie after an origin.
const AFTER: i32 = 30;
/// Missing days after an origin, in percent, above which it counts as censored.
const MISSING_PERCENT: u32 = 10;

/// What is replayed: each level with everything safer, as `--level` does it.
pub(crate) const LEVELS: [Level; 3] = [Level::Safe, Level::Likely, Level::Review];

/// One held term of one client.
pub(crate) type Grant = (ClientName, Term);

/// What one set of removals did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Terms that would have been taken away.
    pub removals: u64,
    /// Those of them that a request would have missed.
    pub wrong: u64,
    /// Those of them that a request would have missed in the first [`SHADOW`] days.
    pub wrong_early: u64,
    /// Requests that would have been denied.
    pub requests: u64,
    /// Those of them that prove use.
    pub used: u64,
    /// Requests denied in the first [`SHADOW`] days.
    pub requests_early: u64,
    /// Clients with such a request.
    pub clients: u64,
    /// Operations with such a request.
    pub operations: u64,
    /// Days from the origin to the first such request; 1 is the next day.
    pub first: Option<u32>,
}

/// A client and operation that a set of removals would have hit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The client.
    pub client: ClientName,
    /// Index into the catalogue's operations.
    pub operation: usize,
    /// The safest set that hits it.
    pub level: Level,
    /// Day of the first denied request.
    pub first: Day,
    /// Days from the origin to it; 1 is the next day.
    pub after: u32,
    /// Requests denied within the horizon.
    pub requests: u64,
    /// Removed terms that would have served it.
    pub terms: BTreeSet<Term>,
}

/// One month end.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Last day that the recommendation knows.
    pub as_of: Day,
    /// Days of log after it, at most [`HORIZON`].
    pub days_after: u32,
    /// Not all of the horizon is in the log, so that more may have been denied.
    pub censored: bool,
    /// Requests of clients of the policy within the horizon.
    pub requests: u64,
    /// Those of them whose needs are unknown.
    pub unknown: u64,
    /// What each set did, in the order of [`LEVELS`].
    pub tallies: [Tally; LEVELS.len()],
    /// What was hit, by client and operation.
    pub hits: Vec<Hit>,
    /// What advice to suspend clients did, in the order of [`LEVELS`]; no removal is in it.
    pub suspended: [suspended::Tally; LEVELS.len()],
    /// How right its probabilities were; `None` when it is censored or gave none.
    pub scores: Option<Scores>,
}

/// Whose grants an origin takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrantsOf {
    /// Those of today, except what the files date later.
    #[default]
    Today,
    /// Those of the policy files as git had them at the origin.
    Git,
    /// Those that the ledger's `grants` table recorded last before the origin.
    Ledger,
}

/// All origins, and the sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backtest {
    /// In order of time.
    pub origins: Vec<Origin>,
    /// Where the grants of an origin come from.
    pub grants: GrantsOf,
    /// Month ends whose grants are not known, in order of time.
    pub left_out: Vec<Day>,
    /// Sums over the origins that are not censored, in the order of `LEVELS`.
    pub pooled: [Pooled; LEVELS.len()],
    /// Sums over all origins, of the first `SHADOW` days alone.
    pub pooled_early: [Pooled; LEVELS.len()],
    /// The probabilities of all origins that are not censored.
    pub scores: Option<Scores>,
    /// Sums of the advice to suspend clients, as in `pooled`.
    pub suspended: [suspended::Pooled; LEVELS.len()],
    /// Share of wrong removals that `safe` promises not to pass, 0..1.
    pub promised: f64,
}

/// What was held at a month end.
pub(crate) struct Held {
    /// The policy files as they were, or what a record says of them.
    pub policy: Policy,
    /// The age of their grants.
    pub history: History,
    /// What each client got after that day, and when, in order of time.
    pub later: BTreeMap<ClientName, Vec<(Day, Term)>>,
}

/// Replays every month end that has enough log before and after it, with today's
/// grants except those that the policy files date later.
///
/// `prepared` is the policy of `inputs`.
pub(crate) fn backtest(
    prepared: &Prepared<'_>,
    inputs: &Inputs<'_>,
    options: &Options,
) -> Backtest {
    replayed(prepared, inputs, options, (GrantsOf::Today, None))
}

/// The same with the grants as they were. Month ends about which nothing is known are
/// left out, and counted. The usage must hold every client of every version.
pub(crate) fn backtest_as_held(
    prepared: &Prepared<'_>,
    inputs: &Inputs<'_>,
    options: &Options,
    (grants, held): (GrantsOf, &BTreeMap<Day, Held>),
) -> Backtest {
    replayed(prepared, inputs, options, (grants, Some(held)))
}

fn replayed(
    prepared: &Prepared<'_>,
    inputs: &Inputs<'_>,
    options: &Options,
    (grants, held): (GrantsOf, Option<&BTreeMap<Day, Held>>),
) -> Backtest {
    let basis = Basis {
        prepared,
        inputs,
        options,
    };
    let mut result = Backtest {
        grants,
        promised: options.thresholds.safe_p,
        ..Backtest::default()
    };
    let mut pools = pool::Pools::default();
    // One after the other, for each holds its own past in memory; the work within is parallel.
    for as_of in origins(inputs.coverage, options.window.to) {
        let then = held.map(|all| all.get(&as_of));
        let proposal = match then {
            None => proposed(&basis, as_of),
            Some(Some(then)) => past_advice::proposed_as_held(&basis, as_of, then),
            Some(None) => {
                result.left_out.push(as_of);
                continue;
            }
        };
        let origin = replay::origin(inputs, options.window.to, &proposal);
        pools.add(&proposal, &origin);
        if let Some(scores) = &origin.scores {
            result.scores = Some(result.scores.unwrap_or_default().and(scores));
        }
        result.origins.push(origin);
        // To give back so many small values takes long, and is done on all threads as well.
        proposal.clients.into_par_iter().for_each(drop);
    }
    (result.pooled, result.pooled_early) = pools.sums();
    let whole = || result.origins.iter().filter(|origin| !origin.censored);
    result.suspended = std::array::from_fn(|at| {
        suspended::Pooled::of(whole().map(|origin| &origin.suspended[at]))
    });
    result
}

/// Month ends with at least 90 covered days up to them and 30 days after them, of the last twenty years.
pub(crate) fn origins(coverage: &Coverage, to: Day) -> Vec<Day> {
    let Some(span) = coverage.span() else {
        return Vec::new();
    };
    let mut list = Vec::new();
    let from = span.from.max(to.plus(-LONGEST));
    let mut next = from.date().with_day(1);
    while let Some(first) = next {
        let as_of = Day::from_date(first).plus(-1);
        if as_of.plus(AFTER) > to {
            break;
        }
        let before = Window {
            from: span.from,
            to: as_of,
        };
        if coverage.covered(before) >= BEFORE {
            list.push(as_of);
        }
        next = first.checked_add_months(Months::new(1));
    }
    list
}

impl Backtest {
    /// The sum of past `safe` sets, when it forbids to call anything safe: more of them
    /// went wrong than `safe` promises, beyond chance.
    pub fn brake(&self) -> Option<&Pooled> {
        let safe = &self.pooled[0];
        refutes(safe.rate? * safe.cases, safe.cases, self.promised).then_some(safe)
    }

    /// Turns every `safe` into `likely` when past `safe` sets went wrong too
    /// often; says how many. Advice to suspend a client also when clients that it
    /// was safe to suspend came back too often.
    pub fn apply_brake(&self, analysis: &mut Analysis) -> usize {
        let all = self.brake().is_some();
        if !all && !self.suspended[0].brakes(self.promised) {
            return 0;
        }
        let mut changed = 0;
        for client in &mut analysis.clients {
            for term in &mut client.terms {
                if all && term.level == Some(Level::Safe) {
                    term.level = Some(Level::Likely);
                    term.reasons.push(Reason::BacktestBrake);
                    changed += 1;
                }
            }
            if let Some(advice) = client
                .suspend
                .as_mut()
                .filter(|suspension| suspension.level == Level::Safe)
            {
                advice.level = Level::Likely;
                advice.reasons.insert(Reason::BacktestBrake);
                changed += 1;
            }
            // Nothing is left that is safe.
            if all {
                client.exposure.after_safe = client.exposure.before;
            }
        }
        changed
    }
}
