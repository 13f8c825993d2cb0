//! The requests of an enforced policy, for a test tool or for whoever asks a gateway.
//!
//! In: the requests of a model with their decisions. Out: those that may be sent, how each says
//! who calls, and what an answer says about the gateway.
//!
//! Invariants:
//! * no request that could write is sent unless it was asked for;
//! * what is left out is counted, with the reason;
//! * an answer that may have another reason than the policy is unclear, and neither right nor
//!   wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::boundary::{self, BASE};
use super::policy::METHODS;
use super::policy::requests::{Request, STRANGER, path};
use crate::model::words::plural;

/// How a request says who calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Identity {
    /// The client's name, in a header of this name.
    Header(String),
    /// A bearer token for each client, from a variable.
    Token,
}

/// What the checks are asked to be.
#[derive(Clone, Debug)]
pub(crate) struct CheckOptions {
    /// How a request says who calls.
    pub identity: Identity,
    /// Also requests that would write, were they let through.
    pub unsafe_methods: bool,
    /// A 404 counts as a refusal too.
    pub accept_404: bool,
    /// Exactly these statuses are refusals, whatever the request; empty: the usual ones.
    pub refused: BTreeSet<u16>,
}

/// Why a request is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LeftOut {
    /// It would write, were it let through.
    Writes,
    /// No header can carry the name, or no token can be had for it.
    NoSuchCaller,
    /// The tool does not send the path, the method or the name as it is.
    Altered,
    /// There is no token of the client.
    NoToken,
    /// The gateway stopped answering.
    Silent,
}

impl LeftOut {
    /// As words after a number of requests.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Writes => "would write, were they let through: see --include-unsafe",
            Self::NoSuchCaller => {
                "by a caller that cannot be played: a name that no header can carry, or that has no token"
            }
            Self::Altered => "would not be sent as they are by this tool: --ask sends them",
            Self::NoToken => "by clients without a token",
            Self::Silent => "were left when the gateway had stopped answering",
        }
    }
}

/// The value of the header that says who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// This text.
    Text(String),
    /// A bearer token from this variable.
    Token(String),
}

/// What an answer says about the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It decided as the policy does.
    Right,
    /// It let through what the policy refuses, or the other way round.
    Wrong,
    /// The answer may have another reason.
    Unclear,
}

/// What the gateway answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What was asked.
    pub request: Request,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// What that says.
    pub verdict: Verdict,
}

/// The requests that may be sent.
#[derive(Clone, Debug)]
pub(crate) struct Checks {
    /// In a fixed order.
    pub requests: Vec<Request>,
    /// How many are left out, and why.
    pub left_out: BTreeMap<LeftOut, usize>,
    /// By client of the policy: the variable of its token.
    pub tokens: BTreeMap<String, String>,
    /// What was asked for.
    pub options: CheckOptions,
}

impl Checks {
    /// Chooses from the requests of a model those that may be sent.
    pub(crate) fn new(all: Vec<Request>, options: CheckOptions) -> Self {
        let known: BTreeSet<&str> = all
            .iter()
            .filter(|request| request.in_policy)
            .filter_map(|request| request.client.as_deref())
            .collect();
        let tokens = boundary::tokens(known.into_iter());
        let tokens = tokens
            .into_iter()
            .map(|(client, token)| (client.to_owned(), token))
            .collect();
        let mut checks = Self {
            requests: Vec::new(),
            left_out: BTreeMap::new(),
            tokens,
            options,
        };
        for request in all {
            match checks.why_not(&request) {
                Some(why) => checks.leave_out(why, 1),
                None => checks.requests.push(request),
            }
        }
        checks
    }

    /// Counts requests that are not sent.
    pub(crate) fn leave_out(&mut self, why: LeftOut, count: usize) {
        *self.left_out.entry(why).or_default() += count;
    }

    /// Leaves out what a tool that reads addresses would change on the way.
    #[must_use]
    pub(crate) fn for_tools(mut self) -> Self {
        let all = std::mem::take(&mut self.requests);
        // A token stands in a variable, so that the name is in comments alone.
        let in_header = self.options.identity != Identity::Token;
        let (kept, altered): (Vec<_>, Vec<_>) = all.into_iter().partition(|request| {
            is_sent_as_is(request) && (!in_header || is_harmless(request.client.as_deref()))
        });
        self.requests = kept;
        if !altered.is_empty() {
            self.leave_out(LeftOut::Altered, altered.len());
        }
        self
    }

    fn why_not(&self, request: &Request) -> Option<LeftOut> {
        // Methods that nobody knows may do anything: PURGE empties caches.
        if !self.options.unsafe_methods && !matches!(&*request.method, "GET" | "HEAD" | "OPTIONS") {
            return Some(LeftOut::Writes);
        }
        let name = request.client.as_deref()?;
        let playable = match self.options.identity {
            // The ends of a header's value are no part of it, and nor is a line end.
            Identity::Header(_) => name.trim() == name && !name.contains(char::is_control),
            Identity::Token => request.in_policy || name == STRANGER,
        };
        (!playable).then_some(LeftOut::NoSuchCaller)
    }

    /// The statuses that count as a refusal of the request.
    pub(crate) fn refusals(&self, request: &Request) -> BTreeSet<u16> {
        if !self.options.refused.is_empty() {
            return self.options.refused.clone();
        }
        let mut all = BTreeSet::from([403]);
        if self.options.accept_404 {
            all.insert(404);
        }
        if !request.in_policy {
            all.insert(401);
        }
        // Servers turn away what they cannot read before any policy is asked.
        if is_unusual(path(&request.target)) {
            all.insert(400);
        }
        if !METHODS.contains(&&*request.method) {
            all.extend([400, 405, 501]);
        }
        all
    }

    /// What the status of an answer says; `None` is no answer.
    pub(crate) fn judge(&self, request: &Request, status: Option<u16>) -> Verdict {
        let Some(status) = status else {
            return Verdict::Unclear;
        };
        let refuses = self.refusals(request).contains(&status);
        if request.allowed && self.fails(request).contains(&status) {
            return Verdict::Wrong;
        }
        if !request.allowed && refuses {
            return Verdict::Right;
        }
        match status {
            // Too many requests, a fault of the gateway or of what is behind it, or a token
            // that was not accepted: none of them is about the right.
            401 | 429 | 500.. => Verdict::Unclear,
            _ if request.allowed => Verdict::Right,
            _ => Verdict::Wrong,
        }
    }

    /// The statuses that show that a request was refused which has to pass.
    pub(crate) fn fails(&self, request: &Request) -> BTreeSet<u16> {
        let mut all = BTreeSet::from([401, 403]);
        if !self.options.refused.is_empty() {
            all.extend(self.refusals(request));
        }
        // An object that does not exist is not found by those who may look for it either.
        all.remove(&404);
        all
    }

    /// The header that says who calls; none for a caller without a name.
    pub(crate) fn caller(&self, request: &Request) -> Option<(&str, Said)> {
        let name = request.client.as_deref()?;
        Some(match &self.options.identity {
            Identity::Header(header) => (header, Said::Text(name.to_owned())),
            Identity::Token => match self.tokens.get(name) {
                Some(token) => ("Authorization", Said::Token(token.clone())),
                None => ("Authorization", Said::Text(format!("Bearer {name}"))),
            },
        })
    }

    /// What the requests need: name of a variable and what it holds.
    pub(crate) fn variables(&self) -> BTreeMap<&str, String> {
        let mut all = BTreeMap::from([("base", BASE.to_owned())]);
        if self.options.identity == Identity::Token {
            let tokens = self.tokens.iter();
            all.extend(
                tokens.map(|(client, token)| (&**token, format!("access token of {client}"))),
            );
        }
        all
    }

    /// What is left out, one sentence each.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let gap = |(why, count): (&LeftOut, &usize)| {
            format!("not asked: {} {}", plural(*count, "request"), why.reason())
        };
        self.left_out.iter().map(gap).collect()
    }
}

/// A path that some servers do not read, or read as another one.
fn is_unusual(path: &str) -> bool {
    path.contains(['%', ';', '\\'])
        || path
            .split('/')
            .skip(1)
            .any(|segment| segment.is_empty() || segment.starts_with('.'))
}

/// Whether tools that parse the address send the request as it is: they resolve steps, also
/// encoded ones (`WHATWG` URL, of which Hurl is made), and k6 writes methods in capital letters.
fn is_sent_as_is(request: &Request) -> bool {
    let step = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    };
    let method = request.method.bytes().all(|byte| byte.is_ascii_uppercase());
    method && !path(&request.target).split('/').any(step)
}

/// Whether a name means nothing to any tool where it is the value of a header.
fn is_harmless(name: Option<&str>) -> bool {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "-._~:@/+=,| ".contains(letter);
    name.is_none_or(|name| name.chars().all(harmless))
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
