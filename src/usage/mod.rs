//! Events become counts per day, client, route and outcome.
//!
//! In: blocks of log lines. Out: the usage table (packed, sorted rows of each
//! day), what each client did route by route, unmatched paths, and what each
//! input covers.
//!
//! Invariants:
//! * memory grows with the number of distinct client × route × day × outcome,
//!   never with the number of lines;
//! * the same lines give the same table, whatever their order, their split
//!   into files, and the number of threads.
//!
//! Polars and Arrow are named only here.

mod aggregate;
mod batch;
mod blind;
mod bounded;
mod cell;
mod collect;
mod counts;
mod coverage;
pub mod credentials;
mod days;
mod event_row;
mod expected;
mod export;
mod facts;
mod frame;
pub mod ledger;
mod number;
mod packed;
mod parquet;
mod presence;
mod refused;
mod table;
mod windows;

pub use blind::{Absence, Blind, needed_by_concealed};
pub use bounded::{Cluster, is_id};
pub use collect::{CollectOptions, Collected, collect, collect_as_logged};
pub use counts::{FileCounts, Reject};
pub use coverage::{Coverage, Gap, REJECT_SHARE};
pub use days::{Days, DaysIter};
pub use event_row::{Cell, EventRow};
pub use export::{EventsRead, ExportError, read_events, write_events};
pub use facts::SourceFacts;
pub use frame::{ClientUse, DayUse, RouteUse, Within, frame, summarise};
pub use parquet::write_usage;
pub use presence::Presence;
pub use refused::RefusedUse;
pub use table::{DayRows, Row, UNMATCHED, UsageTable, for_each_day};
pub use windows::{Holding, Matrix, Period, Uses, WINDOW_DAYS, matrix, periods, write_windows};
