//! What the advice of past months would have denied: `scopetrim.backtest/1`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::OperationName;
use crate::analysis::backtest::{self, HORIZON, Hit, LEVELS, Pooled, SHADOW, Tally, suspended};
use crate::model::words::{rounded, rounded_up};
use crate::model::{Catalog, ClientName, Day, Level, Term};
use crate::report::backtest::{SCHEMA, grants_of, share};

/// Past month ends, and what their advice would have denied.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "backtest")]
pub struct Backtest<'a> {
    /// Name and version.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Days replayed after an origin.
    pub horizon_days: u32,
    /// Days of shadow denial whose effect is shown.
    pub shadow_days: u32,
    /// What the numbers take for granted.
    pub assumptions: &'static str,
    /// today: the grants of today, except those that the files date later. `as_held`: as git had
    /// the policy files at each origin. ledger: as the ledger recorded them last, at most 31 days
    /// before each origin.
    #[schemars(extend("enum" = ["today", "as_held", "ledger"]))]
    pub grants: &'static str,
    /// Month ends whose grants are not known.
    pub left_out: usize,
    /// These month ends, in order.
    pub left_out_origins: &'a [Day],
    /// What they lack; null when none was left out.
    pub left_out_because: Option<&'static str>,
    /// Past `safe` sets went wrong too often: nothing is called safe in this run.
    pub brake: bool,
    /// In order of time.
    pub origins: Vec<Origin<'a>>,
    /// Sums over the origins that are not censored, one for each level; a level contains
    /// everything safer.
    pub pooled: [PooledLevel; 3],
    /// The same over all origins, of the first 30 days alone.
    pub pooled_30: [PooledLevel; 3],
    /// Advice to suspend clients, which is in no count of removals, over the origins that are not
    /// censored.
    pub suspended: [SuspendedPooled; 3],
    /// Clients that were safe to suspend came back too often: none is safe to suspend in this run.
    pub suspension_brake: bool,
    /// The probabilities given to idle grants; null without one.
    pub scores: Option<Scores>,
}

impl<'a> Backtest<'a> {
    /// The whole result as data.
    pub fn of(found: &'a backtest::Backtest, catalog: &'a Catalog) -> Self {
        let origins = found.origins.iter();
        Self {
            schema: SCHEMA,
            horizon_days: HORIZON,
            shadow_days: SHADOW,
            assumptions: grants_of::assumptions(found),
            grants: grants_of::name(found),
            left_out: found.left_out.len(),
            left_out_origins: &found.left_out,
            left_out_because: grants_of::why(found),
            brake: found.brake().is_some(),
            origins: origins.map(|origin| Origin::of(origin, catalog)).collect(),
            pooled: by_level(&found.pooled, PooledLevel::of),
            pooled_30: by_level(&found.pooled_early, PooledLevel::of),
            suspended: by_level(&found.suspended, SuspendedPooled::of),
            suspension_brake: found.suspended[0].brakes(found.promised),
            scores: found.scores.as_ref().map(Scores::of),
        }
    }
}

/// One row for each of [`LEVELS`].
fn by_level<T, U>(all: &[T; 3], row: fn(Level, &T) -> U) -> [U; 3] {
    std::array::from_fn(|at| row(LEVELS[at], &all[at]))
}

/// One month end.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "origin")]
pub struct Origin<'a> {
    /// The last day that its advice knows.
    pub as_of: Day,
    /// Days of log after it, at most the horizon.
    pub days_after: u32,
    /// Not all of the horizon is in the log, so it is not in the sums.
    pub censored: bool,
    /// Requests of clients of the policy within the horizon.
    pub requests: u64,
    /// Those whose needs are unknown.
    pub unknown: u64,
    /// What advice to suspend clients as a whole did; no removal is in it.
    pub suspended: [SuspendedTally; 3],
    /// What each set did.
    pub levels: [LevelTally; 3],
    /// Clients and operations that would have been denied.
    pub hits: Vec<DeniedOperation<'a>>,
    /// The probabilities given to idle grants; null without one, or when the horizon is not all in
    /// the log.
    pub scores: Option<Scores>,
}

impl<'a> Origin<'a> {
    fn of(origin: &'a backtest::Origin, catalog: &'a Catalog) -> Self {
        let hits = origin.hits.iter();
        Self {
            as_of: origin.as_of,
            days_after: origin.days_after,
            censored: origin.censored,
            requests: origin.requests,
            unknown: origin.unknown,
            suspended: by_level(&origin.suspended, SuspendedTally::of),
            levels: by_level(&origin.tallies, LevelTally::of),
            hits: hits
                .filter_map(|hit| DeniedOperation::of(hit, catalog))
                .collect(),
            scores: origin.scores.as_ref().map(Scores::of),
        }
    }
}

/// What the removals of one level did.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "level_tally")]
pub struct LevelTally {
    /// The least safe level of the set.
    #[schemars(extend("enum" = ["safe", "likely", "review"]))]
    pub level: Level,
    /// Terms that would have been taken away.
    pub removals: u64,
    /// Those that a request would have missed.
    pub wrong: u64,
    /// Wrong removals of all, 0 to 1, to six decimals, rounded up; null without removals.
    #[schemars(range(min = 0, max = 1))]
    pub rate: Option<f64>,
    /// Requests that would have been denied.
    pub denied_requests: u64,
    /// Those that prove use.
    pub denied_requests_used: u64,
    /// Those of the first 30 days.
    pub denied_requests_30: u64,
    /// Clients with such a request.
    pub clients: u64,
    /// Operations with such a request.
    pub operations: u64,
    /// Days from the origin to the first; 1 is the next day.
    #[schemars(range(min = 1))]
    pub days_to_first: Option<u32>,
    /// Wrong removals that 30 days of shadow denial would have shown.
    pub wrong_within_30: u64,
}

impl LevelTally {
    pub(in crate::report) fn of(level: Level, tally: &Tally) -> Self {
        Self {
            level,
            removals: tally.removals,
            wrong: tally.wrong,
            rate: share(tally.wrong, tally.removals).map(|own| rounded_up(own, 6)),
            denied_requests: tally.requests,
            denied_requests_used: tally.used,
            denied_requests_30: tally.requests_early,
            clients: tally.clients,
            operations: tally.operations,
            days_to_first: tally.first,
            wrong_within_30: tally.wrong_early,
        }
    }
}

/// One client and operation that would have been denied.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "denied_operation")]
pub struct DeniedOperation<'a> {
    /// The client.
    pub client: &'a ClientName,
    /// Method and path template.
    #[schemars(with = "String")]
    pub operation: OperationName<'a>,
    /// The safest set that denies it.
    #[schemars(extend("enum" = ["safe", "likely", "review"]))]
    pub level: Level,
    /// Day of the first.
    pub first: Day,
    /// Days from the origin to the first; 1 is the next day.
    #[schemars(range(min = 1))]
    pub days_to_first: u32,
    /// Requests denied within the horizon.
    #[schemars(range(min = 1))]
    pub requests: u64,
    /// Removed terms that would have served it.
    #[schemars(with = "Vec<Term>")]
    pub terms: &'a BTreeSet<Term>,
}

impl<'a> DeniedOperation<'a> {
    fn of(hit: &'a Hit, catalog: &'a Catalog) -> Option<Self> {
        Some(Self {
            client: &hit.client,
            operation: OperationName(catalog.operations.get(hit.operation)?),
            level: hit.level,
            first: hit.first,
            days_to_first: hit.after,
            requests: hit.requests,
            terms: &hit.terms,
        })
    }
}

/// The sum of one level over origins.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "pooled")]
pub struct PooledLevel {
    /// The least safe level of the set.
    #[schemars(extend("enum" = ["safe", "likely", "review"]))]
    pub level: Level,
    /// Origins summed up.
    pub origins: u32,
    /// Removals, counted once for each origin.
    pub removals: u64,
    /// Different grants among them.
    pub grants: u64,
    /// The same as independent cases: grants of one client count together.
    #[schemars(range(min = 0))]
    pub cases: f64,
    /// Removals that a request would have missed.
    pub wrong: u64,
    /// Those that 30 days of shadow denial would have shown.
    pub wrong_within_30: u64,
    /// Requests that would have been denied.
    pub denied_requests: u64,
    /// Wrong removals of all, 0 to 1, to six decimals, rounded up; null without removals.
    #[schemars(range(min = 0, max = 1))]
    pub rate: Option<f64>,
    /// Its upper bound, likewise.
    #[schemars(range(min = 0, max = 1))]
    pub upper: Option<f64>,
}

impl PooledLevel {
    pub(in crate::report) fn of(level: Level, pooled: &Pooled) -> Self {
        Self {
            level,
            origins: pooled.origins,
            removals: pooled.removals,
            grants: pooled.grants,
            cases: rounded(pooled.cases, 1),
            wrong: pooled.wrong,
            wrong_within_30: pooled.wrong_early,
            denied_requests: pooled.requests,
            rate: pooled.rate.map(|own| rounded_up(own, 6)),
            upper: pooled.upper.map(|own| rounded_up(own, 6)),
        }
    }
}

/// What the advice of one origin to suspend clients did.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "suspended_tally")]
pub struct SuspendedTally {
    /// The least safe level of the advice.
    #[schemars(extend("enum" = ["safe", "likely", "review"]))]
    pub level: Level,
    /// Clients that would have been suspended.
    pub clients: usize,
    /// Those that needed something within the horizon.
    pub came_back: u64,
    /// Requests that would have been refused.
    pub denied_requests: u64,
}

impl SuspendedTally {
    fn of(level: Level, tally: &suspended::Tally) -> Self {
        Self {
            level,
            clients: tally.clients.len(),
            came_back: tally.back,
            denied_requests: tally.requests,
        }
    }
}

/// The sum of the advice of one level over origins.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "suspended_pooled")]
pub struct SuspendedPooled {
    /// The least safe level of the advice.
    #[schemars(extend("enum" = ["safe", "likely", "review"]))]
    pub level: Level,
    /// Pieces of advice, once for each origin.
    pub advice: u64,
    /// Different clients among them.
    pub clients: u64,
    /// Advice after which the client needed something within the horizon.
    pub came_back: u64,
    /// Requests that would have been refused.
    pub denied_requests: u64,
    /// Advice after which the client came back, of all, 0 to 1, to six decimals, rounded up; null
    /// without advice.
    #[schemars(range(min = 0, max = 1))]
    pub rate: Option<f64>,
    /// Its upper bound, likewise.
    #[schemars(range(min = 0, max = 1))]
    pub upper: Option<f64>,
}

impl SuspendedPooled {
    fn of(level: Level, pooled: &suspended::Pooled) -> Self {
        Self {
            level,
            advice: pooled.advice,
            clients: pooled.clients,
            came_back: pooled.back,
            denied_requests: pooled.requests,
            rate: pooled.rate.map(|own| rounded_up(own, 6)),
            upper: pooled.upper.map(|own| rounded_up(own, 6)),
        }
    }
}

/// The probabilities given to idle grants, against what came within the horizon.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "scores")]
pub struct Scores {
    /// Grants that were given one.
    #[schemars(range(min = 1))]
    pub grants: u64,
    /// Sum of the probabilities.
    #[schemars(range(min = 0))]
    pub expected: f64,
    /// Grants that a request needed.
    pub used: u64,
    /// Mean squared error; 0 is perfect.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub brier: Option<f64>,
    /// Mean logarithmic loss; 0 is perfect.
    #[schemars(with = "f64", range(min = 0))]
    pub log: Option<f64>,
}

impl Scores {
    fn of(scores: &backtest::Scores) -> Self {
        Self {
            grants: scores.grants,
            expected: rounded(scores.expected, 2),
            used: scores.used,
            brier: scores.brier().map(|score| rounded(score, 6)),
            log: scores.log().map(|score| rounded(score, 6)),
        }
    }
}
