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
//!   into files, and the number of threads; but for the counts of requests that
//!   were delivered twice, which are compared within parts of a file (`repeats`).
//!
//! Polars and Arrow are named only here.

mod aggregate;
mod batch;
mod blind_spots;
mod bounded;
mod collect;
mod counted_event;
mod counts;
mod coverage;
pub(crate) mod credentials;
mod daily_use;
mod day_table;
mod event_row;
mod expected;
mod export;
mod frame;
pub(crate) mod ledger;
mod merge;
mod named_operations;
mod number;
mod one_sided;
mod packed_count;
mod parquet;
mod parquet_lines;
mod possible;
mod presence;
mod quiet;
mod refused;
mod repeats;
mod seen_paths;
mod source_summary;
mod stated;
mod table;
mod uncertain;
mod uncertain_requests;
mod unplaced;
mod windows;
mod worker;

pub use crate::catalog::near::is_id;
pub use aggregate::NOBODY;
pub use blind_spots::{Absence, Blind};
pub use collect::{CollectOptions, Collected, collect, collect_as_logged};
pub use counts::{FileCounts, Reject};
pub use coverage::{Coverage, Gap, REJECT_SHARE};
pub use daily_use::{Days, DaysIter};
pub use event_row::{EVENT_COLUMNS, EventRow};
pub use export::{EventsRead, read_events};
pub use frame::{ClientUse, DayUse, RouteUse, Within, frame, summarise};
pub(crate) use named_operations::named_operations;
pub use one_sided::{nameless_days, without_success};
#[cfg(test)]
pub(crate) use parquet::read_parquet;
pub use parquet::write_parquet;
pub(crate) use parquet_lines::layers;
pub use possible::{Evidence, PossibleNeed, PossibleNeeds, Stranger, Who};
pub use presence::Presence;
pub(crate) use presence::stem;
pub use refused::RefusedUse;
pub(crate) use seen_paths::seen_paths;
pub use source_summary::{SourceFacts, delivered_twice};
pub use stated::stated_days;
pub use table::{DayRows, Row, UNMATCHED, UsageTable, for_each_day};
pub use uncertain::Uncertain;
pub use unplaced::{Cluster, Counts as ClusterCounts};
pub use windows::{Holding, Matrix, Period, Uses, WINDOW_DAYS, matrix, periods};
