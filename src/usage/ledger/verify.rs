//! Whether a ledger is what was written, and whether its rows add up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::columns::Columns;
use super::manifest::Part;
use super::{Ledger, LedgerError, Table, part};
use crate::model::words::{either, plural};

/// What `verify` found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Files whose bytes, columns and rows are right.
    pub files: usize,
    /// What is wrong, one sentence each.
    pub faults: Vec<String>,
    /// Files that a crash has left over.
    pub orphans: Vec<PathBuf>,
    /// Whether they were removed; not while somebody writes.
    pub cleaned: bool,
}

impl Ledger {
    /// Reads every file and compares it with the manifest; adds up the counts of
    /// each source; removes what a crash has left over.
    pub(crate) fn verify(dir: &Path) -> Result<Verified, LedgerError> {
        // Nothing is created in a folder that is not a ledger.
        let lock = Self::open(dir)?.dir.try_lock();
        let ledger = Self::open(dir)?;
        let mut found = Verified {
            orphans: ledger.dir.orphans(&ledger.manifest.names())?,
            ..Verified::default()
        };
        let parts: Vec<&Part> = ledger.manifest.parts.iter().collect();
        let check = |part: &&Part| part::read(&ledger.dir, part).map(|_| ());
        let checked: Vec<Result<(), LedgerError>> = parts.par_iter().map(check).collect();
        for done in checked {
            match done {
                Ok(()) => found.files += 1,
                Err(error) => found.faults.push(error.to_string()),
            }
        }
        if found.faults.is_empty() {
            found.faults = ledger.sums()?;
        }
        if lock.is_some() {
            ledger.dir.clean(&ledger.manifest.names())?;
            found.cleaned = true;
        }
        Ok(found)
    }

    /// Records counted by the readers against requests in the table.
    fn sums(&self) -> Result<Vec<String>, LedgerError> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for part in self.manifest.of(Table::Usage) {
            for batch in part::read(&self.dir, part)? {
                let columns = Columns(&batch);
                let (source, count) = (columns.text("source")?, columns.number("count")?);
                for row in 0..batch.num_rows() {
                    match sums.get_mut(source.value(row)) {
                        Some(sum) => *sum += count.value(row),
                        None => {
                            sums.insert(source.value(row).to_owned(), count.value(row));
                        }
                    }
                }
            }
        }
        let mut faults = Vec::new();
        for record in self.records()? {
            let sum = sums.remove(&record.id).unwrap_or(0);
            let whole = record.first_day >= self.manifest.pruned_before;
            let counted = record.facts.counts.counted;
            if (whole && sum != counted) || sum > counted {
                faults.push(format!(
                    "`{}`: {} {} counted, the table holds {sum}",
                    record.facts.shown,
                    plural(counted, "record"),
                    either(counted, "was", "were")
                ));
            }
        }
        for (id, sum) in sums {
            faults.push(format!(
                "{} {} to the unknown source `{id}`",
                plural(sum, "request"),
                either(sum, "belongs", "belong")
            ));
        }
        Ok(faults)
    }
}
