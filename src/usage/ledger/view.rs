//! The rows that count: those of the ledger, without what additional logs replace, and those of the logs.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{BooleanArray, RecordBatch};

use super::columns::Columns;
use super::contribution::Contribution;
use super::manifest::Part;
use super::part::{self, Opened};
use super::read::Ids;
use super::{Ledger, LedgerError, Table, outcomes};
use crate::model::{Day, Outcome};

/// A ledger with additional logs, read table by table and day by day.
pub(super) struct View<'a> {
    ledger: &'a Ledger,
    /// Sources of the ledger whose rows do not count.
    replaced: &'a BTreeSet<String>,
    unsaved: BTreeMap<(Table, Day), Vec<&'a RecordBatch>>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        ledger: &'a Ledger,
        replaced: &'a BTreeSet<String>,
        added: impl Iterator<Item = &'a Contribution>,
    ) -> Self {
        let mut unsaved: BTreeMap<(Table, Day), Vec<&RecordBatch>> = BTreeMap::new();
        for contribution in added {
            for (key, batch) in &contribution.batches {
                unsaved.entry(*key).or_default().push(batch);
            }
        }
        Self {
            ledger,
            replaced,
            unsaved,
        }
    }

    /// The days of a table, in order.
    pub(super) fn days(&self, table: Table) -> Vec<Day> {
        let saved = self.ledger.manifest.of(table).map(|part| part.day);
        let logs = self.unsaved.keys().filter(|key| key.0 == table);
        let days: BTreeSet<Day> = saved.chain(logs.map(|key| key.1)).collect();
        days.into_iter().collect()
    }

    /// The rows of one day.
    pub(super) fn batches(&self, table: Table, day: Day) -> Result<Vec<RecordBatch>, LedgerError> {
        self.read(table, day, |part| part::read(&self.ledger.dir, part))
    }

    /// The rows of usage of one day; those on disk with the ids that are asked for alone.
    pub(super) fn usage(&self, day: Day, ids: Ids) -> Result<Vec<RecordBatch>, LedgerError> {
        if ids == Ids::All {
            return self.batches(Table::Usage, day);
        }
        let sample = Table::Usage.schema().index_of("sample_request_id")?;
        self.read(Table::Usage, day, |part| {
            Opened::new(&self.ledger.dir, part)?.sparse(sample, refused)
        })
    }

    fn read(
        &self,
        table: Table,
        day: Day,
        part: impl Fn(&Part) -> Result<Vec<RecordBatch>, LedgerError>,
    ) -> Result<Vec<RecordBatch>, LedgerError> {
        let mut all = Vec::new();
        for saved in self.ledger.manifest.on(table, day) {
            for batch in part(saved)? {
                all.push(if self.replaced.is_empty() {
                    batch
                } else {
                    part::of_sources(&batch, self.replaced, false)?
                });
            }
        }
        let unsaved = self.unsaved.get(&(table, day)).into_iter().flatten();
        all.extend(unsaved.map(|batch| (*batch).clone()));
        Ok(all)
    }

    /// Records of each source by day, and how many of them name nobody.
    pub(super) fn covered(&self) -> Result<BTreeMap<String, BTreeMap<Day, [u64; 2]>>, LedgerError> {
        let mut covered: BTreeMap<String, BTreeMap<Day, [u64; 2]>> = BTreeMap::new();
        for day in self.days(Table::Coverage) {
            for batch in self.batches(Table::Coverage, day)? {
                let columns = Columns(&batch);
                let (source, count) = (columns.text("source")?, columns.number("records")?);
                let nobody = columns.number("nobody")?;
                for row in 0..batch.num_rows() {
                    let days = covered.entry(source.value(row).to_owned()).or_default();
                    let counts = days.entry(day).or_default();
                    counts[0] += count.value(row);
                    counts[1] += nobody.value(row);
                }
            }
        }
        Ok(covered)
    }
}

/// The rows of refused requests, and of those without a client.
fn refused(rows: &RecordBatch) -> Result<BooleanArray, LedgerError> {
    let names = Columns(rows).text("outcome")?;
    let shown = |outcome: &Outcome| outcome.is_denied() || *outcome == Outcome::Unauthenticated;
    let denied = Outcome::ALL.into_iter().filter(shown);
    let denied: Vec<Outcome> = denied.collect();
    let of = |row| outcomes::read(names.value(row));
    let batches = (0..rows.num_rows())
        .map(|row| Some(of(row).is_some_and(|outcome| denied.contains(&outcome))));
    Ok(batches.collect())
}
