//! The stages of each job, from settings to a result that renderers show.
//!
//! In: [`Settings`]. Out: values; nothing here prints, asks for arguments or ends the
//! process. A failure carries its sentence and, as [`Advised`], what to do about it.
//!
//! ```no_run
//! use scopetrim::run::{self, SettingsSource};
//!
//! // As `scopetrim analyze samples/shop` does it.
//! let source = SettingsSource {
//!     folder: Some("samples/shop".into()),
//!     ..SettingsSource::default()
//! };
//! let run = run::analyse(source.settings()?)?;
//! for client in &run.analysis.clients {
//!     println!("{}: {} grants", client.id, client.terms.len());
//! }
//! // Every needed request was replayed against the edited files.
//! let proved = run::prove(&run)?;
//! println!("{}", proved.diff(&run));
//! # Ok::<(), anyhow::Error>(())
//! ```

mod addresses;
mod advised;
pub(crate) mod analysis_run;
pub(crate) mod applied;
pub(crate) mod apply;
pub(crate) mod ask;
pub(crate) mod atomic_file;
pub(crate) mod audience_check;
mod audit;
mod blind_spots;
pub(crate) mod client_join;
mod client_usage;
mod cluster;
pub(crate) mod compared_layers;
pub mod config;
mod earlier_reports;
pub(crate) mod enforced;
pub(crate) mod from_ledger;
pub(crate) mod git_history;
mod grant_age;
mod grant_snapshots;
mod ingestion;
pub(crate) mod init;
pub(crate) mod input_diagnostics;
mod log_formats;
mod monthly_report;
mod names;
pub(crate) mod observed_days;
pub(crate) mod pipeline;
pub(crate) mod policy;
mod progress;
mod proof;
pub(crate) mod read_usage;
pub(crate) mod recommendation_log;
pub(crate) mod rejects;
pub(crate) mod repository;
pub(crate) mod review;
pub(crate) mod role_diff;
mod role_needs;
pub(crate) mod role_proposal;
mod roles_over_time;
pub(crate) mod routes;
pub(crate) mod settings;
mod snapshot_day;
mod undated_grants;
mod window_comparison;
pub(crate) mod write_back;

// Types of the stages that settings and results hold.
pub use crate::analysis::backtest::Backtest;
pub use crate::analysis::blast::Blast;
pub use crate::analysis::minimum::Universe;
pub use crate::analysis::replay::Replay;
pub use crate::catalog::LoadOptions;
pub use crate::catalog::matcher::{MatchOptions, Matcher, Route};
pub use crate::event::EventRules;
pub use crate::event::identity::Identities;
pub use crate::format::LogFormat;
pub use crate::grants::history::History;
pub use crate::input::Limits;
pub use crate::patch::{FilePatch, Patch};
pub use crate::report::monthly::{Month, Previous, Sealed};
pub use crate::report::pseudonym::Pseudonyms;

pub use advised::Advised;
pub use analysis_run::{AnalysisRun, analyse, analyse_with_backtest};
pub use audit::Audit;
pub(crate) use cluster::{Cluster, ingest_on, job_for};
pub use earlier_reports::read as earlier_reports;
pub use ingestion::{Ingest, Ingested, ingest};
pub use log_formats::LogFormats;
pub use monthly_report::{MonthlyReport, month};
pub use pipeline::{LoadedUsage, Routes};
pub use progress::{Following, NoProgress, Progress};
pub use proof::{Proved, prove};
pub use settings::{Settings, SettingsSource};
pub use snapshot_day::Record;
