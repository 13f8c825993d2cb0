//! Removes from a bucket what no state of its ledger lists any more, while others may write.
//!
//! Why a name that is removed is never listed again, without a lock and without a clock:
//!
//! 1. A removal begins with a commit that begins a new series of names. Whoever read an earlier
//!    manifest fails its own commit, because that is put in place of what was read.
//! 2. Whoever reads this manifest, or a later one, lists of earlier series only what that one
//!    listed: what it writes has names of the new series, also where the content is the same.
//! 3. Only names of earlier series that this manifest does not list are removed.
//!
//! So a removal that stands still for hours, and goes on then, harms nobody. What it needs is a
//! store that honours conditions of puts, which is tried before. A reader of an earlier state
//! finds a file gone, and reads the new state.

use super::manifest::{Manifest, Part};
use super::store::Store;
use super::writer::Committed;
use super::{LedgerError, Table, Writer, part};

impl Writer {
    /// Commits, and removes from a bucket every file that does not count any more. Out: also how
    /// many these were. In a folder nothing of the kind is left.
    pub(crate) fn commit_and_remove(mut self) -> Result<(Committed, usize), LedgerError> {
        if matches!(self.dir, Store::Folder(_)) {
            let done = self.commit()?;
            return Ok((done, done.dropped));
        }
        self.flush()?;
        if self.dir.unlisted(&self.manifest.names())?.is_empty() {
            return Ok((self.commit()?, 0));
        }
        if let Some(part) = self.witness() {
            let bytes = part::bytes(&self.dir, part)?;
            self.dir.honours_conditions(&part.path(), &bytes)?;
        }
        let next = self.manifest.series.checked_add(1);
        let next = next.ok_or_else(|| {
            LedgerError::damaged(self.dir.path(), "it has no further series of names")
        })?;
        self.manifest.series = next;
        let dir = self.dir.clone();
        let done = self.commit()?;
        // From here on an error is none of the commit.
        let begun = |error| match error {
            LedgerError::Io { error, .. } => LedgerError::Left {
                dir: dir.path().into(),
                error,
            },
            error => error,
        };
        // As it is by now: what a later state does not list either, nobody can list again.
        let now = Manifest::load(&dir).map_err(begun)?;
        let (now, _) = now.ok_or_else(|| LedgerError::NoManifest(dir.path().into()))?;
        let mut left = dir.unlisted(&now.names()).map_err(begun)?;
        left.retain(|name| Store::series(name).is_some_and(|series| series < next));
        dir.remove(&left)?;
        Ok((done, left.len()))
    }

    /// A file that stays, and a small one where there is one.
    fn witness(&self) -> Option<&Part> {
        let small = self.manifest.of(Table::Sources).next();
        small.or(self.manifest.parts.first())
    }
}
