//! One view of the result as data, and its renderers.
//!
//! In: the analysis and what it was made from. Out: text for terminals, JSON,
//! diffs with reasons, CSV.
//!
//! Invariants: every renderer shows the same facts; whatever came from a log or
//! a policy file is escaped for the output it goes to.

pub mod difftext;
pub mod escape;
pub mod explain;
pub mod json;
pub mod terminal;
pub mod usage_csv;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::{Action, Analysis};
use crate::catalog::matcher::Route;
use crate::model::{Catalog, ClientName, ContentDigest, Level, Policy, Warning};
use crate::usage::Coverage;

/// Everything a renderer may show, as data.
pub struct View<'a> {
    /// Verdicts of every client.
    pub analysis: &'a Analysis,
    /// The policy files as read.
    pub policy: &'a Policy,
    /// Operations and requirements.
    pub catalog: &'a Catalog,
    /// Routes of the usage rows.
    pub routes: &'a [Route],
    /// What the logs cover.
    pub coverage: &'a Coverage,
    /// What became of each input.
    pub inputs: &'a [InputView],
    /// Everything that can be edited, at any level.
    pub actions: &'a [Action],
    /// Level up to which removals are in the diff.
    pub level: Level,
    /// What the reviewer should know.
    pub warnings: &'a [Warning],
    /// Clients that call and that no policy names, with their requests.
    pub only_in_log: &'a [(String, u64)],
    /// Clients of the policy that never appear in the log.
    pub unused_names: &'a [ClientName],
    /// What was incomplete; stated first.
    pub incomplete: &'a [String],
}

/// What became of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputView {
    /// As the user named it.
    pub path: Arc<str>,
    /// Digest of the unpacked content; `None` unless it was read to its end.
    pub digest: Option<ContentDigest>,
    /// Records seen: counted + skipped + rejected.
    pub records: u64,
    /// Records in the usage table.
    pub counted: u64,
    /// Records that say nothing about permissions, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Lines that gave no record, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// `checked`, or how far it could be read.
    pub status: String,
    /// The log format, when there was anything to recognise.
    pub format: Option<&'static str>,
    /// Unpacked bytes.
    pub bytes: u64,
}
