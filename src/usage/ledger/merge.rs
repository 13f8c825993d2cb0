//! Joins ledgers: the partial results of many workers, in any order and split.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use super::columns::Columns;
use super::contribution::Contribution;
use super::judge::{covers, whole};
use super::known::Known;
use super::{Added, Ledger, LedgerError, Table, Writer, part};
use crate::model::Day;
use crate::usage::SourceFacts;

impl Writer {
    /// Adds everything that others hold, each of the logs once, and says what became of each, by name.
    /// All that are merged at once come together here: see [`Self::join_shards`].
    pub(crate) fn merge_all(
        &mut self,
        others: &[Ledger],
    ) -> Result<Vec<(SourceFacts, Added)>, LedgerError> {
        let mut tables = BTreeSet::new();
        if !self.begun(others) {
            let known = self.records().map(|record| &*record.facts.shown);
            tables.extend(known.filter_map(table_of).map(str::to_owned));
        }
        let mut all = Vec::new();
        for other in others {
            let records = other.records()?;
            let done = self.merge(other)?;
            // Both have the order of the ledger's records.
            let facts = records.into_iter().map(|record| record.facts);
            all.extend(facts.zip(done.into_iter().map(|(_, added)| added)));
        }
        let new = |added: &Added| !matches!(added, Added::Known | Added::Earlier(_));
        let new = all.iter().filter(|(_, added)| new(added));
        // A share of a table is no earlier part of a larger one: its rows would count twice.
        if let Some(table) = new
            .filter_map(|(facts, _)| table_of(&facts.shown))
            .find(|table| tables.contains(*table))
        {
            return Err(LedgerError::OtherRows(table.to_owned()));
        }
        self.join_shards(others);
        all.sort_by(|a, b| a.0.shown.cmp(&b.0.shown));
        Ok(all)
    }

    /// Adds everything that another ledger holds. Of equal content the name that
    /// sorts first is kept, so that the order of merging does not matter.
    ///
    /// The content is not at hand, so an earlier part is known by its head and its
    /// rows: each has its counterpart with the same first request in the longer one.
    pub(super) fn merge(&mut self, other: &Ledger) -> Result<Vec<(String, Added)>, LedgerError> {
        let merged = self.add_all_of(other);
        merged.map_err(|error| self.or_overtaken(error))
    }

    fn add_all_of(&mut self, other: &Ledger) -> Result<Vec<(String, Added)>, LedgerError> {
        if other.is_unfinished() {
            return Err(LedgerError::Unfinished(other.dir.path().into()));
        }
        if let Some(table) = other.outcomes() {
            self.counted_with(table)?;
        }
        let done = match self.take(other)? {
            Some(done) => done,
            None => self.merge_sources(other)?,
        };
        for part in other.manifest.of(Table::Grants) {
            let rows = part::read(&other.dir, part)?;
            self.add_grants(part.day, rows)?;
        }
        self.prune_before(other.manifest.pruned_before)?;
        Ok(done)
    }

    /// Takes the files of another ledger as they are, where adding its sources one by one comes to the
    /// same: none of them may be the same as another one, or a part of it.
    fn take(&mut self, other: &Ledger) -> Result<Option<Vec<(String, Added)>>, LedgerError> {
        if self.manifest.pruned_before.is_some() {
            return Ok(None);
        }
        let records = other.records()?;
        let mut own = Known::default();
        for record in &records {
            if !own.near(record).is_empty() || self.near(record).next().is_some() {
                return Ok(None);
            }
            own.insert(record.clone());
        }
        let dir = Arc::new(other.dir.clone());
        let parts = other.manifest.parts.iter();
        for part in parts.filter(|part| part.table.has_source()) {
            let same = self.taken.entry((part.table, part.day)).or_default();
            same.push((Arc::clone(&dir), part.clone()));
        }
        let mut done = Vec::new();
        for record in records {
            done.push((record.facts.shown.to_string(), Added::New));
            self.records.insert(record);
        }
        Ok(Some(done))
    }

    /// Adds the sources of another ledger.
    pub(super) fn merge_sources(
        &mut self,
        other: &Ledger,
    ) -> Result<Vec<(String, Added)>, LedgerError> {
        // What they are compared with has to be there.
        self.settle()?;
        let mut done = Vec::new();
        for contribution in other.contributions()? {
            let contribution = contribution?;
            let shown = contribution.record.facts.shown.to_string();
            let better = self.known(&contribution.record.id).is_some_and(|known| {
                known.facts.shown > contribution.record.facts.shown
                    && known.is_complete() == contribution.record.is_complete()
            });
            if better {
                self.forget(&contribution.record.id)?;
            }
            let mut earlier = BTreeSet::new();
            for known in self.near(&contribution.record) {
                if !known.is_unreadable()
                    && known.may_begin(&contribution.record)
                    && covers(&self.rows_of(known)?, &whole(&contribution))?
                {
                    earlier.insert(known.id.clone());
                }
            }
            let added = self.offer(contribution, &earlier)?;
            done.push((shown, added));
        }
        Ok(done)
    }
}

/// The table whose rows a source is a share of, by the name that the driver of an engine gives it:
/// `TABLE#01-of-12`.
fn table_of(shown: &str) -> Option<&str> {
    let (table, share) = shown.rsplit_once('#')?;
    let (at, of) = share.split_once("-of-")?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(at) && number(of)).then_some(table)
}

impl Ledger {
    /// What each source added, one after another.
    fn contributions(
        &self,
    ) -> Result<impl Iterator<Item = Result<Contribution, LedgerError>>, LedgerError> {
        let records = self.records()?;
        let mut all: BTreeMap<String, BTreeMap<(Table, Day), Vec<RecordBatch>>> = BTreeMap::new();
        let parts = self.manifest.parts.iter();
        for part in parts.filter(|part| part.table.has_source()) {
            for batch in part::read(&self.dir, part)? {
                // Rows are sorted by source: each has one run.
                let ids = Columns(&batch).text("source")?;
                let mut start = 0;
                for row in 1..=batch.num_rows() {
                    if row == batch.num_rows() || ids.value(row) != ids.value(start) {
                        let key = (part.table, part.day);
                        let rows = all.entry(ids.value(start).to_owned()).or_default();
                        rows.entry(key)
                            .or_default()
                            .push(batch.slice(start, row - start));
                        start = row;
                    }
                }
            }
        }
        Ok(records.into_iter().map(move |record| {
            let mut batches = BTreeMap::new();
            for (key, rows) in all.remove(&record.id).unwrap_or_default() {
                // Sorted, if need be, when they are written.
                batches.insert(key, concat_batches(&key.0.schema(), &rows)?);
            }
            Ok(Contribution { record, batches })
        }))
    }
}
