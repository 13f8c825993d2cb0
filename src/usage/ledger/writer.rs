//! Adds to a ledger, under its lock where it has one; nothing counts before the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::contribution::Contribution;
use super::judge::{self, Batches, Verdict};
use super::known::{Added, Known};
use super::lock::Lock;
use super::manifest::{Manifest, Part};
use super::source::SourceRecord;
use super::store::{State, Store};
use super::unwritten::{Taken, Unwritten};
use super::{LedgerError, Table, part};
use crate::input::Source;
use crate::model::Day;

/// Rows that are kept in memory before they are written, still uncommitted.
const PENDING: usize = 1 << 20;

/// What one commit changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Files added.
    pub written: usize,
    /// Files dropped.
    pub dropped: usize,
}

/// The only writer of a ledger; of one in a bucket, the only one that can commit.
pub(crate) struct Writer {
    pub(super) dir: Store,
    pub(super) manifest: Manifest,
    /// As it was read.
    committed: Manifest,
    /// Files that were taken out of the state, also such as were written since.
    given_up: BTreeSet<Part>,
    /// Files of other ledgers, whose rows become this one's.
    pub(super) taken: BTreeMap<(Table, Day), Taken>,
    state: State,
    pub(super) records: Known,
    pending: BTreeMap<(Table, Day), Vec<RecordBatch>>,
    rows: usize,
    /// Whether files that were written are to go when it ends without a commit.
    cleans: bool,
    _lock: Option<Lock>,
}

impl Writer {
    /// Takes the lock, makes the ledger when there is none, and cleans what a
    /// crash has left over.
    pub(crate) fn open(dir: &Path) -> Result<Self, LedgerError> {
        let mut writer = Self::open_uncleaned(dir)?;
        writer.dir.clean(&writer.manifest.names())?;
        writer.cleans = true;
        Ok(writer)
    }

    /// The same without cleaning, for a partial result. Where the file system's locks do not
    /// hold between machines, two attempts at a share write the same files: none removes the other's.
    pub(crate) fn open_uncleaned(dir: &Path) -> Result<Self, LedgerError> {
        let dir = Store::at(dir)?;
        // Looked at before anything is made there.
        Manifest::load(&dir)?;
        let lock = dir.take()?;
        let (manifest, state) = if let Some(known) = Manifest::load(&dir)? {
            known
        } else {
            // First of all, so that parts without a manifest mean a lost one.
            let empty = Manifest::default();
            let state = empty.commit(&dir, &None)?;
            (empty, state)
        };
        let mut records = Known::default();
        for part in manifest.of(Table::Sources) {
            for batch in part::read(&dir, part)? {
                for record in SourceRecord::from_batch(&batch)? {
                    records.insert(record);
                }
            }
        }
        Ok(Self {
            dir,
            committed: manifest.clone(),
            given_up: BTreeSet::new(),
            taken: BTreeMap::new(),
            manifest,
            state,
            records,
            pending: BTreeMap::new(),
            rows: 0,
            cleans: false,
            _lock: lock,
        })
    }

    /// Whether nothing was ever added.
    pub(crate) fn is_empty(&self) -> bool {
        self.manifest.parts.is_empty()
    }

    /// The sources that are in the ledger.
    pub(crate) fn records(&self) -> impl Iterator<Item = &SourceRecord> {
        self.records.values()
    }

    /// Adds one source, whose content is at hand.
    pub(crate) fn add(
        &mut self,
        contribution: Contribution,
        source: &Source,
    ) -> Result<Added, LedgerError> {
        let added = self.add_at_hand(contribution, source);
        added.map_err(|error| self.or_overtaken(error))
    }

    /// The error, or that another run has committed, where a file is gone that was listed.
    pub(super) fn or_overtaken(&self, error: LedgerError) -> LedgerError {
        let now = || Manifest::load(&self.dir);
        if error.is_gone() && matches!(now(), Ok(Some((_, now))) if now != self.state) {
            return LedgerError::Overtaken(self.dir.path().into());
        }
        error
    }

    fn add_at_hand(
        &mut self,
        contribution: Contribution,
        source: &Source,
    ) -> Result<Added, LedgerError> {
        self.settle()?;
        let record = &contribution.record;
        let mut near = self.records.near(record);
        near.extend(self.records.cut_of(record, source));
        let mut earlier = BTreeSet::new();
        for known in near.iter().filter_map(|id| self.records.get(id)) {
            if !known.is_unreadable()
                && known.may_begin_at_hand(record)
                && judge::begins(known, source, &contribution, || self.rows_of(known))?
            {
                earlier.insert(known.id.clone());
            }
        }
        self.offer(contribution, &earlier)
    }

    /// Adds one source, of which these known ones are earlier parts.
    pub(super) fn offer(
        &mut self,
        contribution: Contribution,
        earlier: &BTreeSet<String>,
    ) -> Result<Added, LedgerError> {
        let begins = |known: &SourceRecord| Ok(earlier.contains(&known.id));
        let covered = |known: &SourceRecord| {
            judge::covers(&judge::whole(&contribution), &self.rows_of(known)?)
        };
        let mut near = self.records.near(&contribution.record);
        near.extend(earlier.iter().map(String::as_str));
        let near = near.iter().filter_map(|id| self.records.get(id));
        let replaced = match judge::judge(near, &contribution, begins, covered)? {
            Verdict::Known => return Ok(Added::Known),
            Verdict::Earlier(shown) => return Ok(Added::Earlier(shown)),
            Verdict::Add(replaced) => replaced,
        };
        let mut shown = Vec::new();
        for id in replaced {
            if let Some(record) = self.forget(&id)? {
                shown.push(record.facts.shown.to_string());
            }
        }
        self.rows += contribution.rows();
        self.records.insert(contribution.record);
        for (key, batch) in contribution.batches {
            let pruned = self.manifest.pruned_before.is_some_and(|day| key.1 < day);
            if !(pruned && key.0.is_pruned()) {
                let batches = self.pending.entry(key).or_default();
                batches.push(batch);
                part::join_small(key.0, batches)?;
            }
        }
        if self.rows > PENDING {
            self.flush()?;
        }
        Ok(if shown.is_empty() {
            Added::New
        } else {
            Added::Replaces(shown)
        })
    }

    /// The usage rows of a known source, on disk or still in memory.
    pub(super) fn rows_of(&self, record: &SourceRecord) -> Result<Batches, LedgerError> {
        let mut found = judge::rows_of(&self.dir, &self.manifest, record)?;
        let ids = BTreeSet::from([record.id.clone()]);
        for (day, batch) in self.pending_of(Table::Usage) {
            let batch = part::of_sources(batch, &ids, true)?;
            found.entry((Table::Usage, day)).or_default().push(batch);
        }
        Ok(found)
    }

    /// Rows of a table that are still in memory.
    pub(super) fn pending_of(&self, table: Table) -> impl Iterator<Item = (Day, &RecordBatch)> {
        let days = self.pending.iter().filter(move |(key, _)| key.0 == table);
        days.flat_map(|(key, batches)| batches.iter().map(|batch| (key.1, batch)))
    }

    /// The known sources that this one may have to do with.
    pub(super) fn near(&self, record: &SourceRecord) -> impl Iterator<Item = &SourceRecord> {
        let near = self.records.near(record).into_iter();
        near.filter_map(|id| self.records.get(id))
    }

    pub(super) fn known(&self, id: &str) -> Option<&SourceRecord> {
        self.records.get(id)
    }

    /// Drops a source with all its rows.
    pub(super) fn forget(&mut self, id: &str) -> Result<Option<SourceRecord>, LedgerError> {
        self.settle()?;
        let Some(record) = self.records.remove(id) else {
            return Ok(None);
        };
        let ids = BTreeSet::from([id.to_owned()]);
        let pending = self.pending.iter_mut();
        for (_, batches) in pending.filter(|(key, _)| key.0.has_source()) {
            for batch in batches.iter_mut() {
                *batch = part::of_sources(batch, &ids, false)?;
            }
        }
        // Its rows on disk go now: the same source may be added again.
        self.forget_on_disk(&record)?;
        Ok(Some(record))
    }

    /// Replaces the rows of one day of a table that has no sources.
    pub(super) fn replace_day(&mut self, table: Table, day: Day, rows: RecordBatch) {
        let parts = self.manifest.parts.iter();
        let old: Vec<Part> = parts
            .filter(|part| (part.table, part.day) == (table, day))
            .cloned()
            .collect();
        self.give_up(old);
        self.pending.insert((table, day), vec![rows]);
    }

    /// Writes what is pending as files that nothing refers to yet.
    pub(super) fn flush(&mut self) -> Result<(), LedgerError> {
        self.write(BTreeSet::new())
    }

    /// Makes parts of what was taken from other ledgers.
    pub(super) fn settle(&mut self) -> Result<(), LedgerError> {
        if self.taken.is_empty() {
            return Ok(());
        }
        self.flush()
    }

    /// Writes one file for each day and table of which there is something new, or several of these parts.
    fn write(&mut self, parts: BTreeSet<Part>) -> Result<(), LedgerError> {
        self.rows = 0;
        let mut all: BTreeMap<(Table, Day), Unwritten> = BTreeMap::new();
        for (key, batches) in std::mem::take(&mut self.pending) {
            all.entry(key).or_default().batches = batches;
        }
        for (key, taken) in std::mem::take(&mut self.taken) {
            all.entry(key).or_default().taken = taken;
        }
        for part in parts {
            let same = all.entry((part.table, part.day)).or_default();
            same.parts.push(part);
        }
        all.retain(|_, rows| rows.is_new() || rows.parts.len() > 1);
        let (dir, series) = (&self.dir, self.manifest.series);
        let written: Vec<(Vec<Part>, Option<Part>)> = all
            .into_par_iter()
            .map(|(key, rows)| {
                let new = rows.write(dir, series, key)?;
                Ok((rows.parts, new))
            })
            .collect::<Result<_, LedgerError>>()?;
        for (old, new) in written {
            self.give_up(old);
            self.manifest.add_all(new);
        }
        Ok(())
    }

    /// Writes the parts that hold rows of a source again, without them.
    fn forget_on_disk(&mut self, record: &SourceRecord) -> Result<(), LedgerError> {
        let days = record.partition()..=record.last_partition();
        let own_days = |part: &&Part| {
            part.table.has_source()
                && (days.contains(&part.day) || part.day == record.last_partition())
        };
        let ids = BTreeSet::from([record.id.clone()]);
        let parts = self.manifest.parts.iter();
        let parts: Vec<Part> = parts.filter(own_days).cloned().collect();
        let (dir, series) = (&self.dir, self.manifest.series);
        let changed: Vec<Option<(Part, Option<Part>)>> = parts
            .into_par_iter()
            .map(|part| {
                let mut kept = Vec::new();
                for batch in part::read(dir, &part)? {
                    kept.push(part::of_sources(&batch, &ids, false)?);
                }
                let rows: usize = kept.iter().map(RecordBatch::num_rows).sum();
                if rows as u64 == part.rows {
                    return Ok(None);
                }
                let new = part::write_rows(dir, series, (part.table, part.day), &kept)?;
                Ok(Some((part, new)))
            })
            .collect::<Result<_, LedgerError>>()?;
        for (old, new) in changed.into_iter().flatten() {
            self.give_up([old]);
            self.manifest.add_all(new);
        }
        Ok(())
    }

    /// One file a day and table. Rows keep their source, so that a log that grows
    /// later still replaces exactly its own.
    pub(crate) fn compact(&mut self) -> Result<(), LedgerError> {
        let written = self.write(self.manifest.parts.clone());
        written.map_err(|error| self.or_overtaken(error))
    }

    /// Takes files out of the state; they go with the commit, also when they were never committed.
    fn give_up(&mut self, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            self.manifest.parts.remove(&part);
            self.given_up.insert(part);
        }
    }

    /// Makes everything that was added the state of the ledger, in one step.
    pub(crate) fn commit(mut self) -> Result<Committed, LedgerError> {
        // How often it was flushed must not show: shards that were merged are flushed at other points.
        self.write(&self.manifest.parts - &self.committed.parts)?;
        let parts = &self.manifest.parts;
        let written = parts.difference(&self.committed.parts).count();
        let dropped = self.committed.parts.difference(parts).count();
        let gone = &(&self.committed.parts | &self.given_up) - parts;
        // From here on it may be that the files count, whatever becomes of this.
        self.cleans = false;
        if self.manifest != self.committed {
            self.manifest.commit(&self.dir, &self.state)?;
        }
        for part in &gone {
            self.dir.drop_replaced(&part.path());
        }
        Ok(Committed { written, dropped })
    }
}

/// Without a commit a ledger is as it was, also for those who read its files without its manifest.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.cleans {
            // The run has ended with another error already; the next writer tries this again.
            let _ = self.dir.clean(&self.committed.names());
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
