//! What was read: days, inputs, callers without a policy, warnings.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{self, ContentDigest, Day, Place};
use crate::report::{InputView, View};

/// A span of days, both ends included.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "span")]
pub struct Span {
    /// First day.
    pub from: Option<Day>,
    /// Last day: as-of.
    pub to: Option<Day>,
}

/// Which days the logs cover.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "coverage")]
pub struct Coverage {
    /// First day with a record, in all data.
    pub from: Option<Day>,
    /// Last day with a record, in all data.
    pub to: Option<Day>,
    /// Days of the window that have records.
    pub covered_days: u32,
    /// Days of the window without records.
    #[schemars(with = "std::collections::BTreeSet<Day>")]
    pub missing_days: Vec<Day>,
    /// Inputs with a part that could not be read, each with its reason.
    pub gaps: Vec<String>,
}

impl Coverage {
    pub(super) fn of(view: &View<'_>) -> Self {
        let (window, span) = (view.analysis.window, view.coverage.span());
        let missing = span.map(|_| view.coverage.missing(window));
        let gaps = view.coverage.gaps.iter();
        Self {
            from: span.map(|span| span.from),
            to: span.map(|span| span.to),
            covered_days: view.coverage.covered(window),
            missing_days: missing.into_iter().flatten().collect(),
            gaps: gaps
                .map(|gap| format!("{}: {}", gap.source, gap.reason))
                .collect(),
        }
    }
}

/// One log file, or one part of an archive.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "input")]
pub struct Input<'a> {
    /// Path as shown to the user.
    pub path: &'a str,
    /// BLAKE3 of the decompressed content; null when it was not read to its end.
    #[schemars(with = "Option<String>", regex(pattern = "^blake3:[0-9a-f]{64}$"))]
    pub digest: Option<ContentDigest>,
    /// Name of the log format, by content or by --log-format; null when no line told it.
    pub format: Option<&'static str>,
    /// Records that were read in each format, where lines of several are mixed; else absent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, u64>")]
    pub records_by_format: &'a BTreeMap<&'static str, u64>,
    /// Size of the decompressed content that was read.
    pub bytes: u64,
    /// Records read: counted + skipped + rejected.
    pub records: u64,
    /// Records in the usage table.
    pub counted: u64,
    /// Records left out on purpose, by reason; reasons that did not occur are absent.
    #[schemars(with = "BTreeMap<String, NonZeroU64>")]
    #[schemars(extend("propertyNames" = {"enum": ["other_record", "preflight", "health", "probe", "garbage", "noise", "repeated"]}))]
    pub skipped: &'a BTreeMap<&'static str, u64>,
    /// Records that could not be understood: the sum of `rejected_by_reason`.
    pub rejected: u64,
    /// Records that could not be understood, by reason.
    #[schemars(with = "BTreeMap<String, NonZeroU64>")]
    #[schemars(extend("propertyNames" = {"enum": ["malformed", "missing_field", "bad_time", "time_out_of_range", "oversize"]}))]
    pub rejected_by_reason: &'a BTreeMap<&'static str, u64>,
    /// `checked`: read to its end. `duplicate of PATH`: that input has the same content, or begins
    /// with it, and it is counted there. `partial: WHY` or `unreadable: WHY` otherwise.
    #[schemars(regex(pattern = "^(checked$|duplicate of |partial: |unreadable: )"))]
    pub status: &'a str,
}

impl<'a> Input<'a> {
    pub(in crate::report) fn of(view: &'a InputView) -> Self {
        Self {
            path: &view.path,
            digest: view.digest,
            format: view.format,
            records_by_format: &view.formats,
            bytes: view.bytes,
            records: view.records,
            counted: view.counted,
            skipped: &view.skipped,
            rejected: view.rejected.values().sum(),
            rejected_by_reason: &view.rejected,
            status: &view.status,
        }
    }
}

/// A client of the log that no policy file names.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "only_in_log")]
pub struct OnlyInLog<'a> {
    /// Name in the log.
    pub name: &'a str,
    /// Its requests in the data read.
    pub requests: u64,
}

impl<'a> OnlyInLog<'a> {
    pub(super) fn of((name, requests): &'a (String, u64)) -> Self {
        Self {
            name,
            requests: *requests,
        }
    }
}

/// One warning.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "warning")]
pub struct Warning<'a> {
    /// Stable code.
    #[schemars(regex(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"))]
    pub code: &'a str,
    /// One sentence.
    pub message: &'a str,
    /// Where, if anywhere.
    pub place: Option<&'a Place>,
}

impl<'a> Warning<'a> {
    pub(in crate::report) fn of(warning: &'a model::Warning) -> Self {
        Self {
            code: warning.code,
            message: &warning.message,
            place: warning.place.as_ref(),
        }
    }
}
