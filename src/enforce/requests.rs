//! The test plan as data: requests that must be refused, and requests that must pass.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::analysis::ClientAnalysis;
use crate::model::words::plural;
use crate::model::{ClientName, Method, Term};

/// What the plan is asked to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Also requests that would write, were they not refused.
    pub unsafe_methods: bool,
    /// A 404 counts as a refusal, for gateways that hide what they deny.
    pub accept_404: bool,
    /// Limit on the requests that must still pass, for each client.
    pub allowed_per_client: usize,
}

/// One client before and after the change.
pub(crate) struct Subject<'a> {
    /// What is known about it.
    pub client: &'a ClientAnalysis,
    /// What it holds after the change.
    pub after: BTreeSet<Term>,
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Request {
    /// The method.
    pub method: Method,
    /// The path with an id that does not exist in place of each parameter.
    pub path: String,
    /// The operation: method and template.
    pub operation: String,
    /// It would write, were it not refused.
    pub unsafe_method: bool,
}

/// A request that has to be refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Denied {
    /// The request.
    pub request: Request,
    /// The removed terms that permitted it.
    pub terms: BTreeSet<Term>,
    /// Variable of a token that still may: without an answer to it, a refusal proves nothing.
    pub canary: String,
    /// The canary's client was served on this operation in the window. Otherwise no client
    /// that still may was, and the token is that of a test client that holds every scope.
    pub canary_served: bool,
}

/// A term that no request of the plan shows to be gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Untested {
    /// The removed term.
    pub term: Term,
    /// Why.
    pub reason: &'static str,
}

/// The requests of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ClientPlan {
    /// Its name in the policy.
    pub client: ClientName,
    /// Variable of its token.
    pub token: String,
    /// What it must no longer reach.
    pub denied: Vec<Denied>,
    /// What it must still reach: operations on which it was served in the window.
    pub allowed: Vec<Request>,
    /// Needed operations that are left out because they write, or by the limit.
    pub allowed_left_out: usize,
    /// Needed operations that are left out because no answer proves that it was served.
    pub allowed_unproved: usize,
    /// Removed terms without a request.
    pub untested: Vec<Untested>,
}

impl ClientPlan {
    /// What the plan does not test, one sentence each.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let terms = self.untested.iter();
        let mut gaps: Vec<String> = terms
            .map(|untested| format!("not tested: {}: {}", untested.term, untested.reason))
            .collect();
        if self.allowed_left_out > 0 {
            let left_out = plural(self.allowed_left_out, "needed operation");
            gaps.push(format!("not tested: {left_out}"));
        }
        if self.allowed_unproved > 0 {
            let unproved = plural(self.allowed_unproved, "operation");
            gaps.push(format!(
                "not tested: {unproved} that it tried and no answer shows that it was served on"
            ));
        }
        if self.allowed.is_empty() {
            gaps.push("no request that must still pass: no operation that can be tested was served to it in the window".to_owned());
        }
        gaps
    }
}

impl Denied {
    /// A note on the canary.
    pub(crate) fn canary_note(&self) -> Option<&'static str> {
        (!self.canary_served).then_some(
            "no client that may still call it was served by it in the window: this needs the token of a test client",
        )
    }
}

/// All requests, by client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Plan {
    /// Clients from which something is taken, sorted by name.
    pub clients: Vec<ClientPlan>,
    /// Variables that have to be set: name and what it holds.
    pub variables: BTreeMap<String, String>,
    /// Status codes that count as a refusal.
    pub refused: Vec<u16>,
}

impl Plan {
    /// The plan of some clients only, with the variables that they need.
    #[must_use]
    pub(crate) fn only(mut self, wanted: impl Fn(&ClientName) -> bool) -> Self {
        self.clients.retain(|client| wanted(&client.client));
        let used: BTreeSet<&str> = self
            .clients
            .iter()
            .flat_map(|client| client.denied.iter().map(|denied| denied.canary.as_str()))
            .chain(self.clients.iter().map(|client| client.token.as_str()))
            .chain(["base"])
            .collect();
        self.variables
            .retain(|name, _| used.contains(name.as_str()));
        self
    }
}
