//! What can be wrong with a ledger, as sentences.

use std::io;
use std::path::{Path, PathBuf};

/// Why a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// There is none.
    #[error("`{}` holds no ledger", .0.display())]
    Missing(PathBuf),
    /// The folder is used for something else.
    #[error("`{}` is not a ledger, and is not empty", .0.display())]
    Foreign(PathBuf),
    /// The table files are there, the manifest is not.
    #[error("`{}` has lost its manifest", .0.display())]
    NoManifest(PathBuf),
    /// Another process writes.
    #[error("`{}` is being written by {holder}", dir.display())]
    Locked {
        /// The ledger.
        dir: PathBuf,
        /// Process id and start, as the holder wrote them.
        holder: String,
    },
    /// The system refused.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// A file that the manifest lists.
    #[error("`{}` belongs to the ledger and is not there", .0.display())]
    Gone(PathBuf),
    /// The ledger, or one of its files, has another form.
    #[error("`{}` was written by another version of scopetrim: {reason}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// What this version does not know, or misses.
        reason: String,
    },
    /// The content is not what was written.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Rows could not be put into columns.
    #[error("cannot build the table: {0}")]
    Columns(String),
    /// Other status codes mean "refused" than those that the ledger was counted with.
    #[error("`{}` was counted with {known}, and this is counted with {stated}", dir.display())]
    Outcomes {
        /// The ledger.
        dir: PathBuf,
        /// Its table, as flags.
        known: String,
        /// The other one.
        stated: String,
    },
    /// The logs were split, and a share of them never came.
    #[error("`{}` is not complete: {missing} of a list of logs is not merged", dir.display())]
    Shards {
        /// The ledger.
        dir: PathBuf,
        /// Which ones.
        missing: String,
    },
    /// Another writer was first. Only in a bucket: a folder has a lock.
    #[error("`{}` was changed by another run meanwhile: nothing of this one counts", .0.display())]
    Overtaken(PathBuf),
    /// Nobody knows whether the last step was done.
    #[error("`{}`: the commit ended with an error, and may have been done: {error}", dir.display())]
    Unsettled {
        /// The ledger.
        dir: PathBuf,
        /// The store's words.
        error: io::Error,
    },
    /// A removal began, and not all of it was done.
    #[error("`{}`: the change is committed, and not every file that does not count any more could be removed: {error}", dir.display())]
    Left {
        /// The ledger.
        dir: PathBuf,
        /// The store's words.
        error: io::Error,
    },
    /// The store takes every put.
    #[error("`{}` lies in a store that takes a put whose condition does not hold: nothing was removed", .0.display())]
    Unconditional(PathBuf),
    /// The address cannot be used.
    #[error("`{}`: {error}", shown.display())]
    Address {
        /// Without what may be a credential.
        shown: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// The folder that a partial result goes to is in use.
    #[error("`{}` holds a ledger already", .0.display())]
    Exists(PathBuf),
    /// The folder that a partial result goes to has another one.
    #[error("`{}` holds another result already: {known}", dir.display())]
    OtherResult {
        /// The folder.
        dir: PathBuf,
        /// What it is of.
        known: String,
    },
    /// Shares of the rows of a table, and the ledger has others of it.
    #[error("the ledger has other rows of `{0}` already")]
    OtherRows(String),
    /// A partial result whose making was interrupted.
    #[error("`{}` is not finished: whoever began it has committed nothing", .0.display())]
    Unfinished(PathBuf),
}

impl LedgerError {
    /// What to do about it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Missing(_) => "`scopetrim ingest LOGS --ledger DIR` makes one",
            Self::Foreign(_) => "choose an empty folder or one that does not exist",
            Self::NoManifest(_) => {
                "restore `manifest.json` from a backup, or remove the folder and ingest the logs again"
            }
            Self::Locked { .. } => "wait until it has finished; the lock ends with the process",
            Self::Io { .. } => {
                "the ledger is as it was before; check the folder, its permissions and free space"
            }
            Self::Damaged { .. } | Self::Gone(_) => {
                "restore the file from a backup, or remove the ledger and ingest the logs again"
            }
            Self::Version { .. } => {
                "use that version, or ingest the logs again into a new folder; nothing was changed here"
            }
            Self::Columns(_) => "this is a bug in scopetrim: please report it",
            Self::Outcomes { .. } => {
                "one ledger has one table of outcomes: give the same --denied and --attempted (or [outcomes] in scopetrim.toml), or ingest the logs into a new folder"
            }
            Self::Shards { .. } => {
                "`scopetrim ledger merge` the partial results that are missing; `ingest --shard I/N --partial DIR` with the same list of logs makes one again"
            }
            Self::Overtaken(_) => "run it again: the same logs are counted once",
            Self::Unsettled { .. } => {
                "run it again: the same logs are counted once, and either way the ledger is whole"
            }
            Self::Left { .. } => {
                "run it again: it removes the rest; whoever removes needs the right to delete objects"
            }
            Self::Unconditional(_) => {
                "two writers at once could lose what one of them did there: use a store with conditional puts, or let nobody else write and remove the files by its own tools"
            }
            Self::Address { .. } => {
                "write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX; the programs of the releases know object stores, others are built with `--features object-storage`"
            }
            Self::Exists(_) => "choose a new folder with --partial",
            Self::OtherResult { .. } => {
                "choose a new folder with --partial, or remove this one; where logs have changed since, every shard has to be read again"
            }
            Self::OtherRows(_) => {
                "name the rows that are new, as a query in brackets: --table \"(SELECT value FROM logs WHERE day = '2026-11-30')\"; for rows that were read before, give the --tasks of that time"
            }
            Self::Unfinished(_) => {
                "run the same `ingest --partial` again, which takes the folder over, or remove it: without its logs their days would look unused"
            }
        }
    }

    /// A file that the manifest lists is not there: perhaps replaced meanwhile.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_))
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::Io {
            path: path.into(),
            error,
        }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl From<arrow::error::ArrowError> for LedgerError {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Columns(error.to_string())
    }
}
