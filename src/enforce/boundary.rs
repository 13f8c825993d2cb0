//! Chooses the requests that must be refused afterwards, and those that must pass.

use std::collections::{BTreeMap, BTreeSet};

use super::escape;
use super::requests::{ClientPlan, Denied, Options, Plan, Request, Subject, Untested};
use crate::analysis::ClientAnalysis;
use crate::analysis::minimum::Universe;
use crate::catalog::matcher::{self, Matcher, Route};
use crate::model::{Catalog, ClientName, Method, Term};

/// An id that no object has.
pub(super) const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What the variable of the address holds.
pub(super) const BASE: &str = "address of the gateway, for example https://api.example.com";

/// Variable of the token of a test client that holds every scope.
const PRIVILEGED: &str = "token_privileged";

/// Chooses the requests.
pub(crate) fn plan(
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
        tokens: tokens(subjects.iter().map(|subject| subject.client.id.as_str())),
        after: subjects
            .iter()
            .map(|subject| (&subject.client.id, universe.opens(&subject.after)))
            .collect(),
        served: subjects
            .iter()
            .map(|subject| (&subject.client.id, served(subject.client)))
            .collect(),
    };
    let clients: Vec<ClientPlan> = subjects
        .iter()
        .filter(|subject| subject.after != subject.client.granted)
        .map(|subject| chooser.client(subject))
        .collect();
    let mut variables = BTreeMap::from([("base".to_owned(), BASE.to_owned())]);
    for client in &clients {
        variables.insert(
            client.token.clone(),
            format!("access token of {}, issued after the change", client.client),
        );
        for denied in &client.denied {
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

/// Operations on which an answer proves that the client was served.
fn served(client: &ClientAnalysis) -> BTreeSet<usize> {
    let served = client.needed.iter().filter(|served| served.used > 0);
    served.map(|served| served.operation).collect()
}

/// A variable for each client's token; equal slugs are told apart by number.
pub(super) fn tokens<'a>(clients: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut taken: BTreeSet<String> = BTreeSet::from([PRIVILEGED.to_owned()]);
    let mut tokens = BTreeMap::new();
    for client in clients {
        let slug = escape::slug(client);
        let base = format!("token_{}", if slug.is_empty() { "client" } else { &slug });
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        tokens.insert(client, name);
    }
    tokens
}

struct Chooser<'a> {
    universe: &'a Universe,
    catalog: &'a Catalog,
    matcher: &'a Matcher,
    options: Options,
    tokens: BTreeMap<&'a str, String>,
    /// Operations open to each client after the change.
    after: BTreeMap<&'a ClientName, BTreeSet<usize>>,
    /// Operations on which each client was served.
    served: BTreeMap<&'a ClientName, BTreeSet<usize>>,
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
            let operations: Vec<usize> = lost
                .iter()
                .copied()
                .filter(|op| self.universe.serves(term, &subject.client.granted, *op))
                .collect();
            match self.safest(&operations, &open) {
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
            .map(|(op, (request, terms))| {
                let canary = self.canary(op, id);
                Denied {
                    request,
                    terms,
                    canary_served: canary.is_some(),
                    canary: canary.unwrap_or_else(|| PRIVILEGED.to_owned()),
                }
            })
            .collect();
        let mut allowed: Vec<Request> = Vec::new();
        let (mut left_out, mut unproved) = (0, 0);
        for served in &subject.client.needed {
            let restricted = self.universe.is_restricted(served.operation);
            if !restricted || !open.contains(&served.operation) {
                continue;
            }
            // What was only tried may be refused for other reasons than its grants.
            if served.used == 0 {
                unproved += 1;
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
            token: self.tokens.get(id.as_str()).cloned().unwrap_or_default(),
            denied,
            allowed,
            allowed_left_out: left_out,
            allowed_unproved: unproved,
            untested,
        }
    }

    /// The request that can do the least harm.
    fn safest(
        &self,
        operations: &[usize],
        open: &BTreeSet<usize>,
    ) -> Result<(usize, Request), &'static str> {
        if operations.is_empty() {
            return Err("everything that it permitted stays permitted by other scopes");
        }
        let mut found: Vec<(u8, usize, Request)> = operations
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
            path: escape::path(&fill(&described.path)),
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

    /// A client that was served on the operation and may still call it. One that merely may
    /// proves nothing: what stops it may be something else than its grants.
    fn canary(&self, operation: usize, not: &ClientName) -> Option<String> {
        let was_served = |client| {
            let served = self.served.get(client);
            served.is_some_and(|served: &BTreeSet<usize>| served.contains(&operation))
        };
        let mut may = self
            .after
            .iter()
            .filter(|(_, open)| open.contains(&operation));
        let (client, _) = may.find(|(client, _)| **client != not && was_served(*client))?;
        self.tokens.get(client.as_str()).cloned()
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
#[path = "boundary_tests.rs"]
mod tests;
