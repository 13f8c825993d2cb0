//! The record of a review: what was decided about each removal that an analysis proposed.
//!
//! In: the decisions. Out: `review.json`, the same read back, and the exceptions that follow.
//!
//! Invariants:
//! * a decision names what it is about as `plan.json` does, and the digest of the evidence that
//!   was shown: other evidence is another question;
//! * the record names the plan beside it by its hash, so that `apply` notices any other plan;
//! * equal decisions give equal bytes: no clock is read, and lists are in the order of the files.

pub(crate) mod exceptions;
pub(crate) mod screen;

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use super::json_text;
use super::plan::{Given, Holder};
use crate::model::{Day, Level};

/// Name and version of the file.
pub(crate) const SCHEMA: &str = "scopetrim.review/1";
/// The file, next to `plan.json`.
pub(crate) const NAME: &str = "review.json";

/// What a reviewer says about a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    /// It goes into the plan.
    Accept,
    /// It stays until a day.
    Defer,
    /// It stays.
    Reject,
    /// It was looked at and left open.
    Skip,
}

impl Choice {
    /// As files name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Defer => "defer",
            Self::Reject => "reject",
            Self::Skip => "skip",
        }
    }

    /// What became of the removal.
    pub(crate) fn done(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Defer => "deferred",
            Self::Reject => "rejected",
            Self::Skip => "skipped",
        }
    }
}

/// A choice, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// What was chosen.
    pub choice: Choice,
    /// Why; always there where something stays.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Last day on which a deferred removal waits.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "day",
        default
    )]
    pub until: Option<Day>,
    /// Who decided, where that was stated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// When, where that was stated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on: Option<String>,
    /// Last day of the analysis that was looked at.
    pub as_of: Option<String>,
}

impl Decision {
    /// `deferred until 2027-01-31: still in use abroad (ann, 2026-11-02)`.
    pub(crate) fn sentence(&self) -> String {
        let mut text = self.choice.done().to_owned();
        if let Some(day) = self.until {
            text = format!("{text} until {day}");
        }
        if let Some(reason) = &self.reason {
            text = format!("{text}: {reason}");
        }
        let stamp: Vec<&str> = [&self.by, &self.on]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if stamp.is_empty() {
            return text;
        }
        format!("{text} ({})", stamp.join(", "))
    }
}

fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Day>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else {
        return Ok(None);
    };
    let day = Day::parse(&text).ok_or_else(|| serde::de::Error::custom("not a date"))?;
    Ok(Some(day))
}

/// One entry of a policy file, and what was decided about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// Whose entry it is.
    pub of: Holder,
    /// What the entry gives.
    pub gives: Given,
    /// What would come in its place; empty for a removal.
    pub replace_with: Vec<String>,
    /// How safe it is.
    pub level: Level,
    /// Who loses something.
    pub clients: BTreeSet<String>,
    /// What they lose.
    pub terms: BTreeSet<String>,
    /// Digest of what was shown about it.
    pub evidence: String,
    /// What was decided.
    pub decision: Decision,
}

/// What was decided about the removals of one analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// Last day of the analysis.
    pub as_of: Option<String>,
    /// First day of it.
    pub from: Option<String>,
    /// Hash of the plan of everything that was proposed.
    pub proposed: String,
    /// Hash of the plan of what was accepted, which lies beside this file.
    pub plan: String,
    /// Edits of policy files that nothing was said about.
    pub open: usize,
    /// Decisions about what is proposed now.
    pub decisions: Vec<Line>,
    /// Earlier decisions whose evidence is another one now, or whose day has passed: asked again.
    pub outdated: Vec<Line>,
    /// Earlier decisions about what is not proposed any more.
    pub gone: Vec<Line>,
}

impl Record {
    /// The file's text.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        Ok(json_text::pretty(self)? + "\n")
    }

    /// The same, read.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let place = |error: serde_json::Error| {
            // The parser's own words quote the file, which may be any.
            format!("line {}, column {}", error.line(), error.column())
        };
        let record: Self = serde_json::from_slice(bytes).map_err(place)?;
        if record.schema == SCHEMA {
            Ok(record)
        } else {
            Err(format!("its `schema` is not `{SCHEMA}`"))
        }
    }
}
