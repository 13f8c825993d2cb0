//! The backtest as rows: one for each month end and level.

use super::{bound, share};
use crate::analysis::backtest::{Backtest, LEVELS, Scores};
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::words::{rounded, rounded_up};
use crate::report::table::Table;

const COLUMNS: [Column; 21] = columns! {
    as_of: Day, "the month end";
    days_after: Integer(32), "days that were replayed";
    censored: Bool, "they are fewer than the horizon: more may follow";
    level: Text, "this level and everything safer";
    removals: Integer(64), "grants that would have been removed";
    wrong: Integer(64), "those that were needed after it";
    rate: Float(None) or Null, "share of the wrong ones";
    at_most: Float(None) or Null, "its bound (Wilson, one-sided 95 %)";
    denied_requests: Integer(64), "requests that would have been denied";
    denied_requests_30: Integer(64), "those of the first 30 days";
    clients: Integer(64), "clients that would have missed something";
    operations: Integer(64), "operations that would have been denied";
    first_denied_after: Integer(32) or Null, "days to the first denial";
    wrong_within_30: Integer(64), "wrong ones that 30 days would have shown";
    unknown_requests: Integer(64), "requests whose needs are not known";
    requests: Integer(64), "requests that were replayed";
    scored_grants: Integer(64) or Null, "grants that were given a probability";
    expected_uses: Float(None) or Null, "uses that the probabilities expected";
    seen_uses: Integer(64) or Null, "uses that came";
    brier: Float(None) or Null, "Brier score of the probabilities";
    log: Float(None) or Null, "log score of the probabilities";
};

/// One row for each month end and level.
pub(crate) fn rows(found: &Backtest) -> Table<impl Rows> {
    let rows = Held::new(found.origins.len(), |at, each| {
        let origin = &found.origins[at];
        let scores = scores(origin.scores.as_ref());
        for (tally, level) in origin.tallies.iter().zip(LEVELS) {
            let [grants, expected, seen, brier, log] = scores.clone();
            each(&[
                origin.as_of.into(),
                origin.days_after.into(),
                origin.censored.into(),
                level.name().into(),
                tally.removals.into(),
                tally.wrong.into(),
                share(tally.wrong, tally.removals)
                    .map(|share| rounded_up(share, 6))
                    .into(),
                bound(tally).map(|share| rounded_up(share, 6)).into(),
                tally.requests.into(),
                tally.requests_early.into(),
                tally.clients.into(),
                tally.operations.into(),
                tally.first.into(),
                tally.wrong_early.into(),
                origin.unknown.into(),
                origin.requests.into(),
                grants,
                expected,
                seen,
                brier,
                log,
            ]);
        }
    });
    Table::new(&COLUMNS, rows)
}

fn scores(scores: Option<&Scores>) -> [Cell<'static>; 5] {
    let Some(scores) = scores else {
        return [const { Cell::Null }; 5];
    };
    let [brier, log] = [scores.brier(), scores.log()].map(|score| rounded(score.unwrap_or(0.0), 6));
    [
        scores.grants.into(),
        rounded(scores.expected, 2).into(),
        scores.used.into(),
        brier.into(),
        log.into(),
    ]
}
