//! One client.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Advice, Completeness, Denied, Instant, OperationName, TermEntry, Tokens};
use crate::analysis::{self, ClientAnalysis, Served};
use crate::model::Term;
use crate::model::words::rounded;
use crate::report::View;
use crate::usage::Cluster;

/// One client that a policy file names.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "client")]
pub struct Client<'a, T = TermEntry<'a>> {
    /// Name in the policy file.
    pub id: &'a str,
    /// active: seen. `denied_only`: only refused. silent: idle for longer than its rhythm
    /// explains. dormant: never in the log, while other clients of the file are. unknown: the log
    /// cannot tell.
    #[schemars(extend("enum" = ["active", "denied_only", "silent", "dormant", "unknown"]))]
    pub status: &'static str,
    /// Its requests in the window.
    pub requests: u64,
    /// Its last request in the data up to as-of.
    pub last_seen: Option<Instant>,
    /// Shares of the API's risk-weighted operations.
    pub exposure: Exposure,
    /// What to do with a silent client as a whole; null for every other. A grant of it is in the
    /// diff only at a safer level than this.
    pub advice: Option<Advice<'a>>,
    /// Terms it holds, directly and through roles.
    pub granted: &'a BTreeSet<Term>,
    /// The exact smallest set of held terms that permits everything needed in the window, whatever
    /// the levels. Terms that no request can show are not in it.
    pub minimal: &'a BTreeSet<Term>,
    /// Whether the search proved that no better set exists.
    pub minimal_proven: bool,
    /// How far from the optimum the set may be; only there when it is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub gap: Option<&'a str>,
    /// Each term with its verdict.
    pub terms: Vec<T>,
    /// Operations that must stay permitted.
    pub needed: Vec<NeededOperation<'a>>,
    /// Requests that match no operation of the catalogue.
    pub unmatched: Unmatched<'a>,
    /// Refused requests (by default 401 and 403) by operation.
    pub denied: Vec<Denied<'a>>,
    /// Scopes that its tokens carried, in all data up to as-of, where the log has them.
    pub tokens: Tokens<'a>,
    /// How much of the client the log has shown, days as samples (Chao2, bias-corrected), in all
    /// data up to as-of.
    pub completeness: Completeness,
}

impl<'a> Client<'a> {
    /// What the report says about one client.
    pub fn of(view: &'a View<'a>, client: &'a ClientAnalysis) -> Self {
        Self::with_terms(view, client, TermEntry::all(view, client))
    }
}

impl<'a, T> Client<'a, T> {
    /// The same with terms of which more may be said.
    pub(in crate::report) fn with_terms(
        view: &'a View<'a>,
        client: &'a ClientAnalysis,
        terms: Vec<T>,
    ) -> Self {
        let denied = client.denied.iter();
        Self {
            id: client.id.as_str(),
            status: client.status.name(),
            requests: client.requests,
            last_seen: client.last_seen.map(Instant),
            exposure: Exposure::of(client.exposure),
            advice: Advice::of(view, client),
            granted: &client.granted,
            minimal: &client.minimal,
            minimal_proven: client.minimal_proven,
            gap: client.gap.as_deref(),
            terms,
            needed: client
                .needed
                .iter()
                .filter_map(|served| NeededOperation::of(view, served))
                .collect(),
            unmatched: Unmatched::of(client),
            denied: denied.map(|row| Denied::of(view, client, row)).collect(),
            tokens: Tokens::of(&client.demand.tokens),
            completeness: Completeness::of(&client.seen),
        }
    }
}

/// Shares of the API's risk-weighted operations: 0 is none, 1 is all.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "exposure")]
pub struct Exposure {
    /// What the client can call now.
    #[schemars(range(min = 0, max = 1))]
    pub before: f64,
    /// After every removal at level safe.
    #[schemars(range(min = 0, max = 1))]
    pub after_safe: f64,
    /// After every removal at level safe or likely.
    #[schemars(range(min = 0, max = 1))]
    pub after_likely: f64,
    /// After every removal, whatever its level.
    #[schemars(range(min = 0, max = 1))]
    pub after_all: f64,
    /// What it needed in the window.
    #[schemars(range(min = 0, max = 1))]
    pub needed: f64,
    /// needed / before; null when before is 0.
    #[schemars(range(min = 0, max = 1))]
    pub efficiency: Option<f64>,
}

impl Exposure {
    fn of(exposure: analysis::Exposure) -> Self {
        let efficiency =
            (exposure.before > 0.0).then(|| rounded(exposure.needed / exposure.before, 4));
        Self {
            before: exposure.before,
            after_safe: exposure.after_safe,
            after_likely: exposure.after_likely,
            after_all: exposure.after_all,
            needed: exposure.needed,
            efficiency,
        }
    }
}

/// One needed operation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "needed")]
pub struct NeededOperation<'a> {
    /// Method and path template.
    pub operation: OperationName<'a>,
    /// Requests in the window that needed it.
    pub requests: u64,
    /// Those that passed authorisation; the others were throttled, unavailable or aborted.
    pub proves_use: u64,
    /// The first of them.
    pub first: Instant,
    /// The last of them.
    pub last: Instant,
}

impl<'a> NeededOperation<'a> {
    pub(in crate::report) fn of(view: &View<'a>, served: &Served) -> Option<Self> {
        Some(Self {
            operation: OperationName(view.catalog.operations.get(served.operation)?),
            requests: served.count,
            proves_use: served.used,
            first: Instant(served.first),
            last: Instant(served.last),
        })
    }
}

/// Requests that match no operation of the catalogue.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "unmatched")]
pub struct Unmatched<'a> {
    /// How many in the window may have needed a permission (used or attempted).
    pub requests: u64,
    /// Their paths in groups; the number of groups is bounded.
    pub paths: Vec<UnmatchedPath<'a>>,
}

impl<'a> Unmatched<'a> {
    fn of(client: &'a ClientAnalysis) -> Self {
        Self {
            requests: client.unmatched_requests,
            paths: client.unmatched.iter().map(UnmatchedPath::of).collect(),
        }
    }
}

/// One group of paths.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "unmatched_path")]
pub struct UnmatchedPath<'a> {
    /// HTTP method.
    pub method: &'static str,
    /// Path with variable parts as `{}`; `**` is any rest.
    pub path: &'a str,
    /// All requests of the group in the data read, refused ones included.
    pub requests: u64,
}

impl<'a> UnmatchedPath<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        Self {
            method: cluster.method.name(),
            path: &cluster.path,
            requests: cluster.counts.possible() + cluster.counts.other,
        }
    }
}
