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
//! # Layers
//!
//! Access logs flow through the modules below from top to bottom; a module
//! imports only from modules above it (`tests/layers.rs` holds that).
//!
//! 1. [`model`]: the words as types.
//! 2. [`input`]: files and streams become newline-aligned blocks of bytes.
//! 3. [`mod@format`]: a line of a gateway's log becomes a raw record.
//! 4. [`event`]: a raw record becomes an event: path, client, outcome.
//! 5. [`catalog`]: API descriptions become operations, and a path matcher.
//! 6. [`grants`]: policy files become grants that know their own bytes.
//! 7. [`usage`]: events become counts per day, client, operation, outcome.
//! 8. [`analysis`]: used against granted: the exact minimum, verdicts, levels.
//! 9. [`finding`]: facts worth a reviewer's time.
//! 10. [`patch`]: verdicts become edits of the user's own files, proved and undone.
//! 11. [`enforce`]: requests that show whether the trimmed policy is enforced.
//! 12. [`report`]: one view of the result, and its renderers.
//! 13. [`run`]: the stages of each job, from settings to a result; nothing here prints.
//! 14. [`cli`]: arguments, printing and exit codes, one file per subcommand.

pub mod model;

pub mod input;

pub mod format;

pub mod event;

pub mod catalog;

pub mod grants;

pub mod usage;

pub mod analysis;

pub mod finding;

pub mod patch;

pub mod enforce;

pub mod report;

pub mod run;

pub mod cli;
