//! Rows of a day and table, wherever they are, that are to lie in one file.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::manifest::Part;
use super::runs::{self, Run};
use super::store::Store;
use super::{LedgerError, Table, part};
use crate::model::Day;

/// Files of other ledgers, and where they are.
pub(super) type Taken = Vec<(Arc<Store>, Part)>;

/// The rows of one day and table.
#[derive(Default)]
pub(super) struct Unwritten {
    /// In memory.
    pub(super) batches: Vec<RecordBatch>,
    /// In files of this ledger, which have no place any more when it is written.
    pub(super) parts: Vec<Part>,
    pub(super) taken: Taken,
}

impl Unwritten {
    /// Whether something of it is not in a file of this ledger.
    pub(super) fn is_new(&self) -> bool {
        !(self.batches.is_empty() && self.taken.is_empty())
    }

    /// Writes the file. Of those that there are only a part is in memory.
    pub(super) fn write(
        &self,
        dir: &Store,
        series: u32,
        key: (Table, Day),
    ) -> Result<Option<Part>, LedgerError> {
        if let ([], [], [(from, part)]) = (&self.batches[..], &self.parts[..], &self.taken[..]) {
            let opened = part::Opened::new(from, part)?;
            if opened.is_current() {
                let own = Part {
                    series,
                    ..part.clone()
                };
                dir.write_part(&own.path(), opened.bytes())?;
                return Ok(Some(own));
            }
        }
        let own = part::canonical(key.0, &self.batches)?;
        let mut all: Vec<Run<'_>> = vec![Box::new(std::iter::once(Ok(own)))];
        let rows = runs::rows_of_each(self.parts.len() + self.taken.len());
        for part in &self.parts {
            all.push(part::Opened::new(dir, part)?.run(rows)?);
        }
        for (from, part) in &self.taken {
            all.push(part::Opened::new(from, part)?.run(rows)?);
        }
        part::write_runs(dir, series, key, all)
    }
}
