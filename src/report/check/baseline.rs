//! Issues that were there before: they are shown, and do not fail the gate.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Outcome;

/// Name and version of the file.
const SCHEMA: &str = "scopetrim.baseline/1";

/// The ids of known issues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Stable ids, sorted.
    pub ids: BTreeSet<String>,
}

/// Why a baseline cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not JSON, or of another shape. What stands there is not said: it may be any file.
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
}

impl Baseline {
    /// Reads what [`Baseline::write`] or `check --output json` wrote.
    pub fn read(bytes: &[u8]) -> Result<Self, BaselineError> {
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| BaselineError::Malformed(error.line(), error.column()))?;
        if file.schema != SCHEMA {
            return Err(BaselineError::OtherSchema);
        }
        Ok(Self {
            ids: file.issues.into_iter().map(|issue| issue.id).collect(),
        })
    }

    /// Every issue of this run, sorted by id, so that a change of the file shows what changed.
    pub fn write(outcome: &Outcome) -> String {
        let mut issues: Vec<_> = outcome
            .issues
            .iter()
            .map(|issue| {
                serde_json::json!({
                    "id": issue.id, "rule": issue.rule, "client": issue.client, "subject": issue.subject,
                })
            })
            .collect();
        issues.sort_by_key(|issue| issue["id"].as_str().map(str::to_owned));
        format!(
            "{:#}\n",
            serde_json::json!({ "schema": SCHEMA, "issues": issues })
        )
    }
}
