//! Usage kept in a folder or a bucket, added to day by day.
//!
//! In: what was collected from logs, source by source. Out: the same usage
//! table, coverage and facts that reading the logs would give.
//!
//! Invariants:
//! * the state is what one manifest lists; it changes in one step, so that a
//!   crash at any point leaves the state before or the state after;
//! * every row names its source, so that a log that has grown replaces exactly
//!   what its earlier part had given, also after `compact`;
//! * the same content is never counted twice, whatever its name or compression;
//! * files are canonical: equal rows give equal bytes, in any order of arrival;
//! * of two writers one commits, and the other one changes nothing; readers need no lock.
//!
//! Names are kept as logged: aliases, policies and the catalogue are applied
//! when the ledger is read.

mod columns;
mod contribution;
mod credentials;
mod encoder;
mod error;
mod grants;
mod judge;
mod known;
mod lock;
mod manifest;
mod merge;
mod operations;
mod outcomes;
mod part;
mod prune;
mod read;
mod remove;
mod rows;
mod runs;
mod seen;
mod shards;
mod source;
mod status;
mod store;
mod table;
mod tokens;
mod unwritten;
mod verify;
mod view;
mod withdrawn;
mod writer;

use std::path::{Path, PathBuf};

pub(crate) use contribution::Contribution;
pub(crate) use error::LedgerError;
pub(crate) use grants::OnRecord;
pub(crate) use known::Added;
pub(crate) use operations::Operations;
pub(crate) use read::{Ids, Reading, Recalled};
pub(crate) use shards::missing as missing_shards;
pub(crate) use source::{Heads, heads};
pub(crate) use table::Table;
pub(crate) use withdrawn::Withdrawn;
pub(crate) use writer::{Committed, Writer};

use manifest::Manifest;
use store::Store;

/// A ledger that is read.
pub(crate) struct Ledger {
    dir: Store,
    manifest: Manifest,
}

/// A writer may replace files while they are read; then its new manifest is read.
const ATTEMPTS: usize = 8;

impl Ledger {
    /// Opens a ledger for reading.
    pub(crate) fn open(dir: &Path) -> Result<Self, LedgerError> {
        let dir = Store::at(dir)?;
        let missing = || LedgerError::Missing(dir.path().into());
        let (manifest, _) = Manifest::load(&dir)?.ok_or_else(missing)?;
        Ok(Self { dir, manifest })
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The places below this one that may be ledgers: every folder that is not hidden.
    pub(crate) fn folders(dir: &Path) -> Result<Vec<PathBuf>, LedgerError> {
        Store::at(dir)?.folders()
    }

    /// Runs `work` on a state whose files are all there: when a writer has replaced
    /// some of them meanwhile, again on the new state.
    pub(crate) fn consistent<T>(
        dir: &Path,
        work: impl Fn(&Self) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut ledger = Self::open(dir)?;
        for _ in 1..ATTEMPTS {
            match work(&ledger) {
                Err(error) if error.is_gone() => {
                    let next = Self::open(dir)?;
                    if next.manifest == ledger.manifest {
                        return Err(error);
                    }
                    ledger = next;
                }
                done => return done,
            }
        }
        work(&ledger)
    }
}
