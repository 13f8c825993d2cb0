//! Drops old days. What makes their content known stays: it does not come back.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;

use super::columns::Columns;
use super::manifest::Part;
use super::{LedgerError, Table, Writer, part};
use crate::model::Day;
use crate::usage::Coverage;

impl Writer {
    /// The last day with records, without those of single clocks that ran ahead: at most
    /// `share` (0..1) of all. Were days counted from one of them, all others would be old.
    pub(crate) fn last_day(&mut self, share: f64) -> Result<Option<Day>, LedgerError> {
        self.settle()?;
        let last = self.credible_last_day(share);
        last.map_err(|error| self.or_overtaken(error))
    }

    fn credible_last_day(&self, share: f64) -> Result<Option<Day>, LedgerError> {
        let parts = || self.manifest.of(Table::Coverage);
        let pending = || self.pending_of(Table::Coverage);
        let written = parts().map(|part| part.day);
        let days: BTreeSet<Day> = written.chain(pending().map(|(day, _)| day)).collect();
        let mut coverage = Coverage {
            days: days.into_iter().map(|day| (day, 0)).collect(),
            gaps: Vec::new(),
        };
        // The counts are read only where they decide.
        if coverage.has_a_hole() {
            let mut add = |day: Day, rows: &RecordBatch| -> Result<(), LedgerError> {
                let records = coverage.days.entry(day).or_default();
                for count in Columns(rows).number("records")?.values() {
                    *records = records.saturating_add(*count);
                }
                Ok(())
            };
            for part in parts() {
                for batch in part::read(&self.dir, part)? {
                    add(part.day, &batch)?;
                }
            }
            for (day, batch) in pending() {
                add(day, batch)?;
            }
            return Ok(coverage.credible_end(share).map(|(day, _)| day));
        }
        Ok(coverage.days.keys().next_back().copied())
    }

    /// Drops the days before this one, for good; returns how many.
    pub(crate) fn prune_before(&mut self, first: Option<Day>) -> Result<usize, LedgerError> {
        let Some(first) = first else {
            return Ok(0);
        };
        if self.manifest.pruned_before >= Some(first) {
            return Ok(0);
        }
        self.flush()?;
        let old = |part: &Part| part.table.is_pruned() && part.day < first;
        let days: BTreeSet<Day> = self
            .manifest
            .of(Table::Coverage)
            .filter(|part| old(part))
            .map(|part| part.day)
            .collect();
        self.manifest.parts.retain(|part| !old(part));
        self.manifest.pruned_before = Some(first);
        Ok(days.len())
    }
}
