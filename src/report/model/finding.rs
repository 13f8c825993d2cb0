//! Findings, and rules without an answer.

use schemars::JsonSchema;
use serde::Serialize;

use super::Instant;
use crate::finding::{self, Severity};
use crate::model::Place;

/// One finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "finding")]
pub struct Finding<'a> {
    /// Stable id: a hash of rule, client and subject.
    #[schemars(regex(pattern = "^[0-9a-f]{16}$"))]
    pub id: &'a str,
    /// Stable rule id.
    #[schemars(regex(pattern = "^[a-z]+(-[a-z]+)*$"))]
    pub rule: &'a str,
    /// Number of the rule.
    #[schemars(regex(pattern = "^F[0-9]+$"))]
    pub number: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// The client it is about; empty when it is about the API or the policy.
    pub client: &'a str,
    /// The operation, credential or term it is about.
    pub subject: &'a str,
    /// One sentence with its counts.
    pub message: &'a str,
    /// Requests that it rests on.
    pub requests: u64,
    /// How much it is about, in the rule's own unit (operations, scopes, clients, networks); null
    /// for a rule without such a number.
    pub extent: Option<u64>,
    /// First such request.
    pub first_seen: Option<Instant>,
    /// Last such request.
    pub last_seen: Option<Instant>,
    /// Lines it is about.
    pub places: &'a [Place],
    /// Ids of requests that show it, at most three.
    #[schemars(length(max = 3))]
    pub samples: &'a [String],
}

impl<'a> Finding<'a> {
    pub(super) fn of(finding: &'a finding::Finding) -> Self {
        Self {
            id: &finding.id,
            rule: finding.rule,
            number: finding.number,
            severity: finding.severity,
            client: &finding.client,
            subject: &finding.subject,
            message: &finding.message,
            requests: finding.requests,
            extent: finding.extent,
            first_seen: finding.first_seen.map(Instant),
            last_seen: finding.last_seen.map(Instant),
            places: &finding.places,
            samples: &finding.samples,
        }
    }
}

/// A rule that could not be judged, or not of all the data.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "not_evaluable")]
pub struct NotEvaluable<'a> {
    /// Stable rule id.
    pub rule: &'a str,
    /// Number of the rule.
    pub number: &'a str,
    /// The field or data that it misses.
    pub missing: &'a str,
    /// The rule was judged for the rest of the data.
    pub partly: bool,
    /// Clients about which nothing can be said, where it was judged for others.
    pub clients: &'a [String],
}

impl<'a> NotEvaluable<'a> {
    pub(in crate::report) fn of(rule: &'a finding::NotEvaluable) -> Self {
        Self {
            rule: rule.rule,
            number: rule.number,
            missing: &rule.missing.0,
            partly: rule.partly,
            clients: &rule.clients,
        }
    }
}
