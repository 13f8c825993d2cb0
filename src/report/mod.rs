//! One view of the result, and its renderers.
//!
//! In: a [`View`]. Out: text for a terminal, for a diff, for a file.
//!
//! Invariants:
//! * a renderer decides nothing: what it prints is in the view;
//! * names and paths from logs and policies are hostile: nothing reaches an
//!   output but through `escape`;
//! * what was incomplete is stated before any conclusion.

pub(crate) mod answers;
pub(crate) mod backtest;
pub(crate) mod check;
mod client_rows;
pub(crate) mod demand;
pub(crate) mod difftext;
pub(crate) mod escape;
pub(crate) mod events;
mod evidence;
pub(crate) mod explain;
pub(crate) mod explain_strip;
mod finding_lines;
pub(crate) mod followed;
pub(crate) mod grants_explained;
pub(crate) mod json;
pub(crate) mod json_text;
pub(crate) mod layers;
pub(crate) mod listings;
pub mod model;
pub(crate) mod monthly;
pub(crate) mod next;
mod notices;
pub(crate) mod output;
mod page;
pub(crate) mod paint;
pub(crate) mod plan;
pub(crate) mod possible;
pub(crate) mod pseudonym;
pub(crate) mod pull_request;
pub(crate) mod replay;
pub(crate) mod review;
pub(crate) mod roles;
pub(crate) mod rulebook;
mod screen;
pub(crate) mod shown_diff;
mod statistics;
pub(crate) mod suspend;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod usage;
pub(crate) mod windows;

#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::backtest::Backtest;
use crate::analysis::blast::Blast;
use crate::analysis::{Action, Analysis, Compared};
use crate::catalog::matcher::Route;
use crate::finding::Outcomes;
use crate::model::{Catalog, ClientName, ContentDigest, Level, Policy, Warning};
use crate::usage::Coverage;

/// Everything a renderer may show, as data.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Verdicts by client and term.
    pub analysis: &'a Analysis,
    /// Minimal sets of several windows, the shortest first; empty with a single one.
    pub compared: &'a [Compared],
    /// The policy files as read.
    pub policy: &'a Policy,
    /// The operations.
    pub catalog: &'a Catalog,
    /// The routes that the usage rows name.
    pub routes: &'a [Route],
    /// What the logs cover.
    pub coverage: &'a Coverage,
    /// Each log input.
    pub inputs: &'a [InputView],
    /// What may be edited, at any level, sorted by file and entry.
    pub actions: &'a [Action],
    /// The least safe level that the user asked for.
    pub level: Level,
    /// What a reviewer should know, from all stages.
    pub warnings: &'a [Warning],
    /// Clients of the log that no policy file names, with their requests.
    pub only_in_log: &'a [(String, u64)],
    /// Clients of the policy that the log never names.
    pub unused_names: &'a [ClientName],
    /// What was incomplete; stated first.
    pub incomplete: &'a [String],
    /// What the log reader noticed.
    pub usage_notes: &'a [String],
    /// What past advice would have denied, where that was asked.
    pub backtest: Option<&'a Backtest>,
    /// Findings, and rules that could not be judged.
    pub outcomes: &'a Outcomes,
    /// Exposure of the clients of one owner together.
    pub blast: &'a [Blast],
}

/// One log input as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputView {
    /// As shown to the user.
    pub path: Arc<str>,
    /// Digest of the decompressed content, when it was read to its end.
    pub digest: Option<ContentDigest>,
    /// Records read.
    pub records: u64,
    /// Records that are in the usage table.
    pub counted: u64,
    /// Records left out on purpose, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records that could not be understood, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Whether the input was read to its end.
    pub status: String,
    /// Name of the log format.
    pub format: Option<&'static str>,
    /// Records by format, where lines of several are mixed.
    pub formats: BTreeMap<&'static str, u64>,
    /// Size of the decompressed content in bytes.
    pub bytes: u64,
}
