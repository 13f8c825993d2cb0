//! Issues that were there before: they are shown, and do not fail the gate unless they are
//! worse than they were.
//!
//! Invariants:
//! * time alone makes nothing worse: neither more requests or days, nor a removal that has
//!   become safer, which says how sure the advice is and not how bad the grant is;
//! * a file that does not say how bad an issue was excuses it by its id.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Issue, Outcome, Weight};
use crate::finding::Severity;

/// Name and version of the file.
const SCHEMA: &str = "scopetrim.baseline/1";

/// The known issues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Baseline {
    /// By stable id.
    pub issues: BTreeMap<String, Known>,
}

/// How bad a known issue was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The severity of a finding; `None` for another issue, or where the file does not say it.
    pub severity: Option<Severity>,
    /// How much it was about, likewise.
    pub extent: Option<u64>,
}

impl Known {
    /// What is worse now, in words; `None` when nothing is.
    pub(crate) fn worse(&self, now: &Issue) -> Option<String> {
        let mut worse = Vec::new();
        if let (Some(before), Weight::Finding(severity)) = (self.severity, now.weight)
            && severity.0 > before
        {
            worse.push(format!("{} -> {}", before.name(), severity.0.name()));
        }
        if let (Some(before), Some(after)) = (self.extent, now.extent)
            && after > before
            && after / 2 >= before
        {
            worse.push(format!("{before} -> {after}"));
        }
        (!worse.is_empty()).then(|| worse.join(", "))
    }
}

/// Why a baseline cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BaselineError {
    /// Not JSON, or of another shape. Its content is not shown: it may be any file.
    #[error("line {0}, column {1}: JSON of another shape, or none")]
    Malformed(usize, usize),
    /// A file of something else.
    #[error("its `schema` is not `{SCHEMA}`")]
    OtherSchema,
}

#[derive(Deserialize)]
struct File {
    schema: String,
    issues: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    weight: Option<String>,
    extent: Option<u64>,
}

impl Baseline {
    /// Reads what [`Baseline::write`] or `check --output json` wrote.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BaselineError> {
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| BaselineError::Malformed(error.line(), error.column()))?;
        if file.schema != SCHEMA {
            return Err(BaselineError::OtherSchema);
        }
        let mut issues: BTreeMap<String, Known> = BTreeMap::new();
        for issue in file.issues {
            let known = issues.entry(issue.id).or_default();
            let severity = issue.weight.as_deref().and_then(Severity::parse);
            known.severity = known.severity.max(severity);
            known.extent = known.extent.max(issue.extent);
        }
        Ok(Self { issues })
    }

    /// Every issue of this run, sorted by id, so that a change of the file shows what changed.
    pub(crate) fn write(outcome: &Outcome) -> String {
        let mut issues: Vec<_> = outcome
            .issues
            .iter()
            .map(|issue| {
                serde_json::json!({
                    "id": issue.id, "rule": issue.rule, "client": issue.client, "subject": issue.subject,
                    "weight": issue.weight.name(), "extent": issue.extent,
                })
            })
            .collect();
        issues.sort_by_key(|issue| issue["id"].as_str().map(str::to_owned));
        super::json::text(&serde_json::json!({ "schema": SCHEMA, "issues": issues }))
    }
}
