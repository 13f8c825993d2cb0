//! Requests for which it is not certain what they needed.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{Held, Told};
use crate::model::{Cause, Day};

/// Requests of one cause that may have needed a term.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "possible_need")]
pub struct PossibleNeed<'a> {
    /// What is not certain of them.
    pub cause: Cause,
    /// How many.
    #[schemars(range(min = 1))]
    pub requests: u64,
    /// On how many days; 0 where they have no time.
    pub days: usize,
    /// Their first day.
    pub first: Option<Day>,
    /// Their last day.
    pub last: Option<Day>,
    /// Of the example: its method; `ANY` where it could not be read.
    pub method: Option<&'static str>,
    /// Of the example: its template, or its path with ids as `{}`; ends with `/**` where the rest
    /// is not known.
    pub path: Option<&'a str>,
    /// Of the example: some of the callers' names.
    pub names: &'a BTreeSet<String>,
    /// Of the example: the id of the earliest request, where the log has ids.
    pub sample_request_id: Option<&'a str>,
}

impl<'a> PossibleNeed<'a> {
    pub(super) fn of(held: &'a Held) -> Self {
        let seen = held.seen.as_ref();
        Self {
            cause: held.cause,
            requests: held.requests,
            days: held.days.len(),
            first: held.days.first(),
            last: held.days.last(),
            method: seen.map(|seen| seen.0.name()),
            path: seen.map(|seen| seen.1.as_str()),
            names: &held.names,
            sample_request_id: held.sample.as_deref(),
        }
    }
}

/// All requests of one cause, and what they hold at review.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "possible_needs")]
pub struct PossibleNeeds {
    /// What is not certain of them.
    pub cause: Cause,
    /// How many.
    #[schemars(range(min = 1))]
    pub requests: u64,
    /// Their first day.
    pub first: Option<Day>,
    /// Their last day.
    pub last: Option<Day>,
    /// Scopes of a client that they hold at review.
    #[schemars(range(min = 1))]
    pub scopes: u64,
    /// Clients that hold these.
    #[schemars(range(min = 1))]
    pub clients: u64,
}

impl PossibleNeeds {
    pub(super) fn of(told: &Told) -> Self {
        Self {
            cause: told.cause,
            requests: told.requests,
            first: told.days.map(|days| days.0),
            last: told.days.map(|days| days.1),
            scopes: told.scopes,
            clients: told.clients,
        }
    }
}
