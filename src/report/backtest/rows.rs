//! The backtest as rows: one for each month end and level.

use super::{bound, rounded, share, upwards};
use crate::analysis::backtest::{Backtest, LEVELS, Scores};
use crate::model::rows::{Cell, Column, Held, Rows, columns};
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
    unknown_requests: Integer(64), "requests of which the needs are not known";
    requests: Integer(64), "requests that were replayed";
    scored_grants: Integer(64) or Null, "grants that were given a probability";
    expected_uses: Float(None) or Null, "uses that the probabilities expected";
    seen_uses: Integer(64) or Null, "uses that came";
    brier: Float(None) or Null, "Brier score of the probabilities";
    log: Float(None) or Null, "log score of the probabilities";
};

/// One row for each month end and level.
pub fn rows(found: &Backtest) -> Table<impl Rows> {
    let rows = Held::new(found.origins.len(), |at, each| {
        let origin = &found.origins[at];
        let scores = scores(origin.scores.as_ref());
        for (own, level) in origin.tallies.iter().zip(LEVELS) {
            let [grants, expected, seen, brier, log] = scores.clone();
            each(&[
                origin.as_of.into(),
                origin.days_after.into(),
                origin.censored.into(),
                level.name().into(),
                own.removals.into(),
                own.wrong.into(),
                share(own.wrong, own.removals).map(upwards).into(),
                bound(own).map(upwards).into(),
                own.requests.into(),
                own.requests_early.into(),
                own.clients.into(),
                own.operations.into(),
                own.first.into(),
                own.wrong_early.into(),
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

fn scores(own: Option<&Scores>) -> [Cell<'static>; 5] {
    let Some(own) = own else {
        return [const { Cell::Null }; 5];
    };
    let [brier, log] = [own.brier(), own.log()].map(|own| rounded(own.unwrap_or(0.0), 1e6));
    [
        own.grants.into(),
        rounded(own.expected, 1e2).into(),
        own.used.into(),
        brier.into(),
        log.into(),
    ]
}
