//! What a ledger holds, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::source::SourceRecord;
use super::{Ledger, LedgerError, Table, part};
use crate::model::Day;

/// What a ledger holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Files, rows and bytes of each table.
    pub tables: BTreeMap<&'static str, (u64, u64, u64)>,
    /// Days with records.
    pub days: BTreeSet<Day>,
    /// Days before this one were pruned.
    pub pruned_before: Option<Day>,
    /// Most files that one day of a table has.
    pub most_files: u64,
}

impl Ledger {
    /// The sources, by key.
    pub(crate) fn records(&self) -> Result<Vec<SourceRecord>, LedgerError> {
        let mut records = Vec::new();
        for part in self.manifest.of(Table::Sources) {
            for batch in part::read(&self.dir, part)? {
                records.extend(SourceRecord::from_batch(&batch)?);
            }
        }
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
    }

    /// Files, rows, days.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary {
            tables: Table::ALL
                .iter()
                .map(|table| (table.name(), (0, 0, 0)))
                .collect(),
            pruned_before: self.manifest.pruned_before,
            ..Summary::default()
        };
        let mut files: BTreeMap<(Table, Day), u64> = BTreeMap::new();
        for part in &self.manifest.parts {
            let sums = summary.tables.entry(part.table.name()).or_default();
            sums.0 += 1;
            sums.1 += part.rows;
            sums.2 += part.bytes;
            if part.table == Table::Coverage {
                summary.days.insert(part.day);
            }
            *files.entry((part.table, part.day)).or_default() += 1;
        }
        summary.most_files = files.into_values().max().unwrap_or(0);
        summary
    }
}
