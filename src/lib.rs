//! scopetrim cuts API permissions down to what is really used.
//!
//! It counts what the access logs of an API gateway show, compares that with what policy files
//! grant, and says which grants can go, why, and how sure that is. Each edit is proved before
//! it is shown: every request that was needed is replayed against the edited files.
//!
//! # As a library
//!
//! [`run`] has one function for each job. Settings are those of the command line; what is not
//! stated has the same default.
//!
//! ```no_run
//! use scopetrim::run::{self, Settings, config::Config};
//!
//! let settings = Settings::new(Config {
//!     logs: vec!["logs/*.gz".to_owned()],
//!     catalog: vec!["openapi.yaml".to_owned()],
//!     grants: vec!["grants.yaml".to_owned()],
//!     ..Config::default()
//! })?;
//! let run = run::analyse(settings)?;
//! for client in &run.analysis.clients {
//!     for term in &client.terms {
//!         println!("{} {}: {:?}", client.id, term.term, term.verdict);
//!     }
//! }
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! The result is made of the types of [`model`], [`analysis`], [`usage`] and [`finding`];
//! [`report::model`] is the contract of the JSON report. Settings are written as
//! [`run::config::Config`], the keys of `scopetrim.toml`.
//!
//! # Layers
//!
//! Access logs flow through the modules below from top to bottom; a module
//! imports only from modules above it (`tests/layers.rs` holds that). Those without a link
//! are internal; `docs/architecture.md` follows a log line and a policy entry through all of them.
//!
//! 1. [`model`]: the words as types.
//! 2. `storage`: objects of S3, Google Cloud Storage, Azure and web servers, read like files.
//! 3. `input`: files and streams become newline-aligned blocks of bytes.
//! 4. `format`: a line of a gateway's log becomes a raw record.
//! 5. `event`: a raw record becomes an event: path, client, outcome.
//! 6. `document`: YAML, JSON and CSV become trees and tables that know their own bytes.
//! 7. `catalog`: API descriptions become operations, and a path matcher.
//! 8. `grants`: policy files become grants that know their own bytes.
//! 9. [`usage`]: events become counts per day, client, operation, outcome.
//! 10. [`analysis`]: used against granted: the exact minimum, verdicts, levels.
//! 11. [`finding`]: facts worth a reviewer's time.
//! 12. `patch`: verdicts become edits of the user's own files, proved and undone.
//! 13. `enforce`: requests that show whether the trimmed policy is enforced.
//! 14. [`report`]: one view of the result, and its renderers.
//! 15. `engine`: shares of the logs on a cluster of the user's own.
//! 16. [`run`]: the stages of each job, from settings to a result; nothing here prints.
//! 17. [`cli`]: arguments, printing and exit codes, one file per subcommand.

pub mod model;

#[cfg_attr(
    not(feature = "object-storage"),
    expect(
        dead_code,
        reason = "what only a store has, a program without one never makes"
    )
)]
mod storage;

mod input;

mod format;

mod event;

mod catalog;
mod document;

mod grants;

pub mod usage;

pub mod analysis;

pub mod finding;

mod patch;

mod enforce;

pub mod report;

mod engine;

pub mod run;

pub mod cli;

/// Single stages, for the benchmarks, examples and tests of this repository; no contract.
#[doc(hidden)]
pub mod stages {
    pub use crate::analysis::landmark::{in_rhythm, is_old};
    pub use crate::analysis::weight::weights;
    pub use crate::format::alone::opened_for as log_format_for;
    pub use crate::format::opened as log_format;
    pub use crate::grants::Formats as PolicyFormats;
    pub use crate::input::{Block, BlockSink, SourceStatus, discover, head, read_once};
    pub use crate::usage::credentials::HashKey;
    pub use crate::usage::{CollectOptions, collect};
}
