//! Drops old days. What makes their content known stays: it does not come back.

use super::manifest::Part;
use super::{LedgerError, Table, Writer};
use crate::model::Day;

impl Writer {
    /// The last day with records.
    pub fn last_day(&self) -> Option<Day> {
        self.records().filter_map(|own| own.last_day).max()
    }

    /// Drops the days before this one, for good; returns how many.
    pub fn prune_before(&mut self, first: Option<Day>) -> Result<usize, LedgerError> {
        let Some(first) = first else {
            return Ok(0);
        };
        if self.manifest.pruned_before >= Some(first) {
            return Ok(0);
        }
        self.flush()?;
        let old = |own: &Part| own.table.is_pruned() && own.day < first;
        let days: std::collections::BTreeSet<Day> = self
            .manifest
            .of(Table::Coverage)
            .filter(|own| old(own))
            .map(|own| own.day)
            .collect();
        self.manifest.parts.retain(|own| !old(own));
        self.manifest.pruned_before = Some(first);
        Ok(days.len())
    }
}
