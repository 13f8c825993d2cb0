//! What past advice would have denied, for each month end and level.

use serde::Serialize;

use crate::analysis::backtest::{Backtest, LEVELS};
use crate::model::Day;
use crate::report::model::{LevelTally, PooledLevel};

/// One past month end at one level.
#[derive(Clone, Debug, Serialize)]
pub struct Cut {
    /// The last day that the advice knew.
    pub as_of: Day,
    /// The log ends too early to see all that may have been denied.
    pub censored: bool,
    /// What the removals did.
    #[serde(flatten)]
    pub tally: LevelTally,
}

/// Every month end at every level.
pub(super) fn cuts(found: &Backtest) -> Vec<Cut> {
    let of_origin = |origin: &crate::analysis::backtest::Origin| {
        let (as_of, censored) = (origin.as_of, origin.censored);
        let tallies = LEVELS.into_iter().zip(&origin.tallies);
        let cut = |(level, tally)| Cut {
            as_of,
            censored,
            tally: LevelTally::of(level, tally),
        };
        tallies.map(cut).collect::<Vec<Cut>>()
    };
    found.origins.iter().flat_map(of_origin).collect()
}

/// The sums over the month ends that are not censored, by level.
pub(super) fn pooled(found: &Backtest) -> Vec<PooledLevel> {
    let levels = LEVELS.into_iter().zip(&found.pooled);
    levels
        .map(|(level, pooled)| PooledLevel::of(level, pooled))
        .collect()
}
