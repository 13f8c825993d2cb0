//! Logs that are read by an engine of the user's own, with the same program.
//!
//! In: a list of logs, the files that say how they are read, and the arguments of
//! `scopetrim ingest`. Out: partial results in a folder, for the caller to merge.
//!
//! Invariants: the engine only starts this program, on shares of the list and on partial
//! results; a share that is read twice changes nothing; after a failure there is no result.
//!
//! What a log means, and the ledger, are not known here.

mod job;
pub(crate) mod spark;

use std::path::PathBuf;

use thiserror::Error;

pub(crate) use job::{Job, Rows, relative};

/// Why an engine gave no result.
#[derive(Debug, Error)]
pub(crate) enum EngineError {
    /// The word after `--engine`.
    #[error("`{0}` is not an engine")]
    Unknown(String),
    /// No Spark on this machine.
    #[error("no Spark is found: there is no `spark-submit` on the path, and SPARK_HOME is not set")]
    NoSpark,
    /// The program that starts Spark cannot be started.
    #[error("`{}` cannot be started: {error}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The folder for the job is there.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// A file of the job cannot be read or written.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The cluster, or the program on it, says why.
    #[error("Spark: {said}")]
    Failed {
        /// Its words.
        said: String,
        /// What to do about it.
        help: String,
    },
}

impl EngineError {
    /// What to do about it.
    pub(crate) fn help(&self) -> &str {
        match self {
            Self::Unknown(_) => {
                "write spark, or spark://HOST:PORT for the master of a standalone cluster"
            }
            Self::NoSpark => {
                "name your `spark-submit` with --spark-submit PATH, or set SPARK_HOME; without Spark, --shard splits the work as well (docs/scale.md)"
            }
            Self::Start { .. } => "name the `spark-submit` of your Spark with --spark-submit PATH",
            Self::Exists(_) => "name a new folder with --job DIR, or remove this one",
            Self::Io { .. } => "check the permissions and the space; the ledger is as it was",
            Self::Failed { help, .. } => help,
        }
    }
}
