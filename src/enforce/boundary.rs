//! The test plan: which requests must be refused afterwards, and which must pass.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::text;
use crate::analysis::ClientAnalysis;
use crate::analysis::minimum::Universe;
use crate::catalog::matcher::{self, Matcher, Route};
use crate::model::{Catalog, ClientName, Method, Term};

/// An id that no object has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What the plan is asked to hold.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Also requests that would write, were they not refused.
    pub unsafe_methods: bool,
    /// A 404 counts as a refusal, for gateways that hide what they deny.
    pub accept_404: bool,
    /// Requests that must still pass, for each client at most.
    pub allowed_per_client: usize,
}

/// One client before and after the change.
pub struct Subject<'a> {
    /// What is known about it.
    pub client: &'a ClientAnalysis,
    /// What it holds after the change.
    pub after: BTreeSet<Term>,
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Request {
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
pub struct Denied {
    /// The request.
    pub request: Request,
    /// The removed terms that permitted it.
    pub terms: BTreeSet<Term>,
    /// Variable of a token that still may: without an answer to it, a refusal proves nothing.
    pub canary: String,
}

/// A term of which no request of the plan shows that it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Untested {
    /// The removed term.
    pub term: Term,
    /// Why.
    pub reason: &'static str,
}

/// The requests of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientPlan {
    /// Its name in the policy.
    pub client: ClientName,
    /// Variable of its token.
    pub token: String,
    /// What it must no longer reach.
    pub denied: Vec<Denied>,
    /// What it must still reach.
    pub allowed: Vec<Request>,
    /// Needed operations that are left out because they write, or by the limit.
    pub allowed_left_out: usize,
    /// Removed terms without a request.
    pub untested: Vec<Untested>,
}

/// All requests, by client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
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
    pub fn only(mut self, wanted: impl Fn(&ClientName) -> bool) -> Self {
        self.clients.retain(|own| wanted(&own.client));
        let used: BTreeSet<&str> = self
            .clients
            .iter()
            .flat_map(|own| own.denied.iter().map(|denied| denied.canary.as_str()))
            .chain(self.clients.iter().map(|own| own.token.as_str()))
            .chain(["base"])
            .collect();
        self.variables
            .retain(|name, _| used.contains(name.as_str()));
        self
    }
}

/// Chooses the requests.
pub fn plan(
    subjects: &[Subject<'_>],
    universe: &Universe,
    catalog: &Catalog,
    matcher: &Matcher,
    options: Options,
) -> Plan {
    let chooser = Chooser {
        universe,
        catalog,
        matcher,
        options,
        tokens: tokens(subjects),
        after: subjects
            .iter()
            .map(|subject| (&subject.client.id, universe.opens(&subject.after)))
            .collect(),
    };
    let clients: Vec<ClientPlan> = subjects
        .iter()
        .filter(|subject| subject.after != subject.client.granted)
        .map(|subject| chooser.client(subject))
        .collect();
    let mut variables = BTreeMap::from([(
        "base".to_owned(),
        "address of the gateway, for example https://api.example.com".to_owned(),
    )]);
    for own in &clients {
        variables.insert(
            own.token.clone(),
            format!("access token of {}, issued after the change", own.client),
        );
        for denied in &own.denied {
            let holder = chooser
                .tokens
                .iter()
                .find(|(_, token)| **token == denied.canary);
            variables
                .entry(denied.canary.clone())
                .or_insert_with(|| match holder {
                    Some((client, _)) => format!("access token of {client}"),
                    None => "access token of a test client that holds every scope".to_owned(),
                });
        }
    }
    let refused = if options.accept_404 {
        vec![403, 404]
    } else {
        vec![403]
    };
    Plan {
        clients,
        variables,
        refused,
    }
}

/// A variable for each client's token; equal slugs are told apart by number.
fn tokens<'a>(subjects: &[Subject<'a>]) -> BTreeMap<&'a ClientName, String> {
    let mut taken: BTreeSet<String> = BTreeSet::from(["token_privileged".to_owned()]);
    let mut tokens = BTreeMap::new();
    for subject in subjects {
        let slug = text::slug(subject.client.id.as_str());
        let base = format!("token_{}", if slug.is_empty() { "client" } else { &slug });
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        tokens.insert(&subject.client.id, name);
    }
    tokens
}

struct Chooser<'a> {
    universe: &'a Universe,
    catalog: &'a Catalog,
    matcher: &'a Matcher,
    options: Options,
    tokens: BTreeMap<&'a ClientName, String>,
    /// Operations open to each client after the change.
    after: BTreeMap<&'a ClientName, BTreeSet<usize>>,
}

impl Chooser<'_> {
    fn client(&self, subject: &Subject<'_>) -> ClientPlan {
        let id = &subject.client.id;
        let before = self.universe.opens(&subject.client.granted);
        let open = self.after.get(id).cloned().unwrap_or_default();
        let lost: BTreeSet<usize> = before.difference(&open).copied().collect();
        let mut chosen: BTreeMap<usize, (Request, BTreeSet<Term>)> = BTreeMap::new();
        let mut untested = Vec::new();
        for term in subject.client.granted.difference(&subject.after) {
            let own: Vec<usize> = lost
                .iter()
                .copied()
                .filter(|op| self.universe.serves(term, &subject.client.granted, *op))
                .collect();
            match self.safest(&own, &open) {
                Ok((op, request)) => {
                    let entry = chosen.entry(op).or_insert((request, BTreeSet::new()));
                    entry.1.insert(term.clone());
                }
                Err(reason) => untested.push(Untested {
                    term: term.clone(),
                    reason,
                }),
            }
        }
        let denied = chosen
            .into_iter()
            .map(|(op, (request, terms))| Denied {
                request,
                terms,
                canary: self.canary(op, id),
            })
            .collect();
        let mut allowed: Vec<Request> = Vec::new();
        let mut left_out = 0;
        for served in &subject.client.needed {
            let restricted = self.universe.is_restricted(served.operation);
            if !restricted || !open.contains(&served.operation) {
                continue;
            }
            match self.request(served.operation) {
                Some(request)
                    if (!request.unsafe_method || self.options.unsafe_methods)
                        && allowed.len() < self.options.allowed_per_client =>
                {
                    allowed.push(request);
                }
                _ => left_out += 1,
            }
        }
        ClientPlan {
            client: id.clone(),
            token: self.tokens.get(id).cloned().unwrap_or_default(),
            denied,
            allowed,
            allowed_left_out: left_out,
            untested,
        }
    }

    /// The request that can do the least harm.
    fn safest(
        &self,
        own: &[usize],
        open: &BTreeSet<usize>,
    ) -> Result<(usize, Request), &'static str> {
        if own.is_empty() {
            return Err("everything that it permitted stays permitted by other scopes");
        }
        let mut found: Vec<(u8, usize, Request)> = own
            .iter()
            .filter_map(|op| {
                // Where anonymous callers are accepted too, no refusal can be expected.
                if self.catalog.operations.get(*op)?.optional_auth {
                    return None;
                }
                let request = self.request(*op)?;
                // A path that also is an operation which stays open proves nothing.
                let route = self.route(&request)?;
                let stays = route
                    .operations
                    .iter()
                    .any(|other| open.contains(other) || !self.universe.is_restricted(*other));
                (!stays).then(|| (risk(&request), *op, request))
            })
            .collect();
        found.sort();
        let Some((_, op, request)) = found.into_iter().next() else {
            return Err("no path can be made that only callers with this scope reach");
        };
        if request.unsafe_method && !self.options.unsafe_methods {
            return Err("it permitted writing operations only: see --include-unsafe");
        }
        Ok((op, request))
    }

    fn request(&self, operation: usize) -> Option<Request> {
        let described = self.catalog.operations.get(operation)?;
        let method = match described.method {
            Method::Any => Method::Get,
            method => method,
        };
        let request = Request {
            method,
            path: text::path(&fill(&described.path)),
            operation: described.label(),
            unsafe_method: method.is_write(),
        };
        let route = self.route(&request)?;
        route.operations.contains(&operation).then_some(request)
    }

    fn route(&self, request: &Request) -> Option<&Route> {
        let found = self.matcher.find(request.method, request.path.as_bytes())?;
        self.matcher.routes().get(found.route as usize)
    }

    /// A client that may still call the operation, else a variable of its own.
    fn canary(&self, operation: usize, not: &ClientName) -> String {
        self.after
            .iter()
            .find(|(client, open)| **client != not && open.contains(&operation))
            .and_then(|(client, _)| self.tokens.get(*client).cloned())
            .unwrap_or_else(|| "token_privileged".to_owned())
    }
}

/// Reads first, without parameters first.
fn risk(request: &Request) -> u8 {
    let parameters = u8::from(request.path.contains(NOBODY));
    match request.method {
        Method::Get => parameters,
        Method::Head | Method::Options => 2 + parameters,
        Method::Delete => 8 + (1 - parameters),
        // With an id that does not exist a write meets nothing.
        _ => 5 - parameters,
    }
}

/// The template with an id that no object has in place of each parameter.
fn fill(template: &str) -> String {
    let template = matcher::plain(template);
    let mut path = String::new();
    let mut rest = template.as_str();
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        path.push_str(&rest[..open]);
        if !path.ends_with(NOBODY) {
            path.push_str(NOBODY);
        }
        rest = &rest[open + close + 1..];
    }
    path.push_str(rest);
    path.split('/')
        .map(|part| {
            if matches!(part, "*" | "**") {
                NOBODY
            } else {
                part
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_becomes_an_id_that_no_object_has() {
        assert_eq!(
            fill("/v1/orders/{id}/lines"),
            format!("/v1/orders/{NOBODY}/lines")
        );
        assert_eq!(
            fill("/files/{name}.{ext}"),
            format!("/files/{NOBODY}.{NOBODY}")
        );
        assert_eq!(fill("/a/**"), format!("/a/{NOBODY}"));
        assert_eq!(fill("/a/{b}{c}?d=e"), format!("/a/{NOBODY}"));
        assert_eq!(fill("/plain"), "/plain");
    }
}
