//! Where a ledger lies: a folder of this machine, or what is below a prefix of a bucket.
//!
//! In and out: named bytes. Parts are named by their content and never change; the manifest
//! changes in one step.
//!
//! | | folder | bucket |
//! | --- | --- | --- |
//! | commit | a temporary file is renamed | the manifest is put on the condition that it is the one that was read |
//! | two writers | the second one waits for the lock | the second one to commit fails, and nothing of it counts |
//! | what a crash left | the next writer removes it, under the lock | stays until it is asked for: see `remove.rs` |
//! | parts that were replaced | go after the commit | stay, for the same reason |

mod bucket;
mod folder;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use self::bucket::Bucket;
use self::folder::Folder;
use super::LedgerError;
use super::lock::Lock;
use crate::storage::{self, Version};

/// The name of the manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// Some ten million parts.
const MAX_MANIFEST: u64 = 1 << 30;

/// What of a store was read, for a change on the condition that it is still so. A folder has
/// its lock in place of it.
pub(super) type State = Option<Version>;

/// A place for a ledger.
#[derive(Clone, Debug)]
pub(super) enum Store {
    Folder(Folder),
    Bucket(Bucket),
}

impl Store {
    /// The store at a path or an address.
    pub(super) fn at(dir: &Path) -> Result<Self, LedgerError> {
        if storage::is_remote(dir) {
            Bucket::at(dir).map(Self::Bucket)
        } else {
            Ok(Self::Folder(Folder(dir.to_path_buf())))
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(folder) => &folder.0,
            Self::Bucket(bucket) => &bucket.shown,
        }
    }

    /// Where something in it is, as it is shown.
    pub(super) fn within(&self, name: &Path) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.0.join(name),
            Self::Bucket(bucket) => PathBuf::from(bucket.address(name).to_string()),
        }
    }

    /// The bytes of something in it, or an error when it has more than `limit`.
    pub(super) fn read(&self, name: &Path, limit: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => folder.read(name, limit),
            Self::Bucket(bucket) => bucket.read(name, limit).map(|found| found.0),
        }
    }

    /// The manifest as it is now; `None` when there is none, and nothing else of a ledger.
    pub(super) fn manifest(&self) -> Result<Option<(Vec<u8>, State)>, LedgerError> {
        let name = Path::new(MANIFEST);
        let found = match self {
            Self::Folder(folder) => folder.read(name, MAX_MANIFEST).map(|bytes| (bytes, None)),
            Self::Bucket(bucket) => bucket
                .read(name, MAX_MANIFEST)
                .map(|(bytes, version)| (bytes, Some(version))),
        };
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self {
                Self::Folder(folder) => folder.look_around(),
                Self::Bucket(bucket) => bucket.look_around(),
            }
            .map(|()| None),
            Err(error) => Err(LedgerError::io(&self.within(name))(error)),
        }
    }

    /// Makes room for a writer, who holds what this gives.
    pub(super) fn take(&self) -> Result<Option<Lock>, LedgerError> {
        match self {
            Self::Folder(folder) => folder.take().map(Some),
            Self::Bucket(bucket) => bucket.writable().map(|()| None),
        }
    }

    /// The lock of a ledger that is there, if it can be had.
    pub(super) fn try_lock(&self) -> Option<Lock> {
        match self {
            Self::Folder(folder) => Lock::take(&folder.0).ok(),
            Self::Bucket(_) => None,
        }
    }

    /// Writes a part, whose name is given by its bytes. Nothing refers to it yet.
    pub(super) fn write_part(&self, name: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        match self {
            Self::Folder(folder) => folder.write_part(name, bytes),
            Self::Bucket(bucket) => bucket.write_part(name, bytes),
        }
    }

    /// Makes these bytes the manifest in place of what was read. All parts are there already.
    pub(super) fn commit(&self, bytes: &[u8], before: &State) -> Result<State, LedgerError> {
        match self {
            Self::Folder(folder) => folder.commit(bytes).map(|()| None),
            Self::Bucket(bucket) => bucket.commit(bytes, before.as_ref()).map(Some),
        }
    }

    /// What has the name of a part and is not among these.
    pub(super) fn orphans(&self, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, LedgerError> {
        match self {
            Self::Folder(folder) => folder.orphans(known),
            Self::Bucket(bucket) => bucket.orphans(known),
        }
    }

    /// What of a bucket has the name of a part and is not among these.
    pub(super) fn unlisted(&self, known: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, LedgerError> {
        match self {
            Self::Folder(_) => Ok(Vec::new()),
            Self::Bucket(bucket) => bucket.unlisted(known),
        }
    }

    /// Removes these from a bucket, for good.
    pub(super) fn remove(&self, names: &[PathBuf]) -> Result<(), LedgerError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.remove(names),
        }
    }

    /// Tries on something that is there whether a put whose condition does not hold is refused.
    pub(super) fn honours_conditions(&self, name: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.honours_conditions(name, bytes),
        }
    }

    /// The series of a name that is one of a part.
    pub(super) fn series(name: &Path) -> Option<u32> {
        series(&name.file_name()?.to_string_lossy())
    }

    /// Removes what nothing refers to; only ever called under the lock, and without one nothing goes.
    pub(super) fn clean(&self, known: &BTreeSet<PathBuf>) -> Result<(), LedgerError> {
        match self {
            Self::Folder(folder) => folder.clean(known),
            Self::Bucket(_) => Ok(()),
        }
    }

    /// Removes a part that a commit has replaced, where nobody can be about to use it.
    pub(super) fn drop_replaced(&self, name: &Path) {
        if let Self::Folder(folder) = self {
            // The new state is committed; what cannot be removed now is cleaned up by the next writer.
            let _ = std::fs::remove_file(folder.0.join(name));
        }
    }

    /// The places of the ledgers in it, which are its folders; hidden ones are passed over.
    pub(super) fn folders(&self) -> Result<Vec<PathBuf>, LedgerError> {
        match self {
            Self::Folder(folder) => folder.folders(),
            Self::Bucket(bucket) => bucket.folders(),
        }
    }
}

/// Whether the name of a file is one that is given to parts: nothing else is ever removed.
fn is_part(name: &str) -> bool {
    series(name).is_some()
}

/// The series of the name of a part: `DIGEST.parquet` is of the first, `DIGEST-2.parquet` of the third.
fn series(name: &str) -> Option<u32> {
    let name = name.strip_suffix(".parquet")?;
    let (digest, series) = match name.split_once('-') {
        None => (name, 0),
        Some((digest, later)) => {
            let series: u32 = later.parse().ok()?;
            // As it is written, and in no other way.
            (later == series.to_string() && series > 0).then_some((digest, series))?
        }
    };
    let is_digest = digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some(series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_given_to_parts_are_known_as_such() {
        let digest = "0123456789abcdef0123456789abcdef";
        assert_eq!(series(&format!("{digest}.parquet")), Some(0));
        assert_eq!(series(&format!("{digest}-12.parquet")), Some(12));
        for other in ["-0", "-01", "-", "-+1", "-1-2", "0", "-x"] {
            assert_eq!(series(&format!("{digest}{other}.parquet")), None, "{other}");
        }
        assert_eq!(series(digest), None);
    }
}
