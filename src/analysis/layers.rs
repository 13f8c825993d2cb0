//! What one layer allows and another one refuses: two policies, or two layers' logs.
//!
//! In: what each side permits, or what it let through and refused. Out: one difference for each
//! client and operation about which the two do not agree.
//!
//! Invariants:
//! * a policy and itself have no difference; swapped sides give the same differences with the
//!   other side as the one that allows;
//! * a client or a term that only one side knows is listed there, and never left out;
//! * an answer that says nothing about a right (throttled, failed, a token that was not
//!   accepted) is no opinion.

use std::collections::{BTreeMap, BTreeSet};

use super::minimum::Universe;
use super::replay::observed::Outside;
use crate::model::{Catalog, ClientName, Day, Millis, Outcome, Policy, Term, Via, Window};
use crate::usage::{UNMATCHED, UsageTable, for_each_day};

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    /// The one that is named first: with logs, the gateway.
    First,
    /// The other one.
    Second,
}

impl Which {
    /// The name used in every output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

/// A term that opens an operation, and where it is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Opener {
    /// The term.
    pub term: Term,
    /// `grants.yaml:12`, one for each line that gives it.
    pub places: Vec<String>,
}

/// Refused requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tally {
    /// How many.
    pub requests: u64,
    /// On how many days.
    pub days: u32,
    /// The first.
    pub first: Millis,
    /// The last.
    pub last: Millis,
}

/// One client and operation about which the two do not agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    /// Who calls.
    pub client: String,
    /// `GET /orders/{id}`.
    pub operation: String,
    /// The side that allows it; the other one refuses.
    pub allowed_by: Which,
    /// What opens it there; empty for logs.
    pub opened_by: Vec<Opener>,
    /// What the other side refused; none for policies.
    pub refused: Option<Tally>,
}

/// What only one side knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alone {
    /// Clients, and how many operations they may call (policies) or requests they sent (logs).
    pub clients: BTreeMap<String, u64>,
    /// Terms of clients of both sides, for which no operation of the catalogue asks.
    pub terms: BTreeSet<(String, String)>,
    /// Requests to no operation of the catalogue.
    pub unplaced: u64,
    /// Requests that name no caller.
    pub nameless: u64,
    /// Refusals of which the log does not say whether this layer made them.
    pub unsaid: u64,
}

/// The result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Sorted by client and operation.
    pub differences: Vec<Difference>,
    /// Clients that both sides know.
    pub clients: usize,
    /// Clients and operations about which they agree: both allow, or both refused.
    pub agreed: usize,
    /// What only the first side knows, and what only the second.
    pub alone: [Alone; 2],
}

/// One policy, ready to be asked.
pub(crate) struct PolicySide<'a> {
    /// The catalogue under this policy's rules.
    pub universe: &'a Universe,
    /// The policy.
    pub policy: &'a Policy,
}

type Held = BTreeMap<ClientName, BTreeMap<Term, Vec<Via>>>;

/// Compares what two policies permit.
pub(crate) fn policies(sides: [&PolicySide<'_>; 2], catalog: &Catalog) -> Comparison {
    let held: [Held; 2] = sides.map(|side| side.policy.holdings());
    let opens = |at: usize, client: &ClientName| -> BTreeSet<usize> {
        let terms = held[at].get(client).into_iter().flat_map(BTreeMap::keys);
        sides[at].universe.opens(terms)
    };
    let mut found = Comparison::default();
    for (at, other) in [(0, 1), (1, 0)] {
        for client in held[at]
            .keys()
            .filter(|name| !held[other].contains_key(*name))
        {
            let count = opens(at, client).len() as u64;
            let name = client.as_str().to_owned();
            found.alone[at].clients.insert(name, count);
        }
    }
    for (client, terms) in &held[0] {
        let Some(others) = held[1].get(client) else {
            continue;
        };
        found.clients += 1;
        let open = [opens(0, client), opens(1, client)];
        found.agreed += open[0].intersection(&open[1]).count();
        for (at, other, which) in [(0, 1, Which::First), (1, 0, Which::Second)] {
            let own = if at == 0 { terms } else { others };
            let foreign = if at == 0 { others } else { terms };
            for operation in open[at].difference(&open[other]) {
                found.differences.push(Difference {
                    client: client.as_str().to_owned(),
                    operation: catalog.operations[*operation].label(),
                    allowed_by: which,
                    opened_by: openers(sides[at], own, *operation),
                    refused: None,
                });
            }
            for term in own.keys().filter(|term| !foreign.contains_key(*term)) {
                let universe = sides[at].universe;
                if !universe.asks_for_any(&universe.scopes_of(term)) {
                    let pair = (client.as_str().to_owned(), term.as_str().to_owned());
                    found.alone[at].terms.insert(pair);
                }
            }
        }
    }
    found.differences.sort();
    found
}

fn openers(
    side: &PolicySide<'_>,
    held: &BTreeMap<Term, Vec<Via>>,
    operation: usize,
) -> Vec<Opener> {
    let all: BTreeSet<Term> = held.keys().cloned().collect();
    let place = |via: &Via| {
        let entry = side.policy.entry((via.file, via.entry))?;
        let place = entry.place.to_string();
        Some(match &via.role {
            Some(held) => format!("{place} (role {})", held.role),
            None => place,
        })
    };
    held.iter()
        .filter(|(term, _)| side.universe.serves(term, &all, operation))
        .map(|(term, vias)| Opener {
            term: term.clone(),
            places: vias
                .iter()
                .filter_map(place)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        })
        .collect()
}

/// What one layer did with the requests of one client to one route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    /// Requests that it let through.
    pub passed: Option<Tally>,
    /// Requests that it refused.
    pub refused: Option<Tally>,
}

/// What one layer did, by client and route.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    /// By client's name and index of the route.
    pub answers: BTreeMap<(String, u32), Answers>,
    /// Requests of each client that it names.
    pub requests: BTreeMap<String, u64>,
    /// Requests to no operation.
    pub unplaced: u64,
    /// Requests that name no caller.
    pub nameless: u64,
    /// Refusals of which the log does not say who made them.
    pub unsaid: u64,
}

/// Whose opinion is taken from a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The gateway: what a service behind it refused has passed here.
    Outer,
    /// The service, from a log of its own.
    Inner,
    /// The service, from the log of the gateway in front of it, which says who refused.
    Behind,
}

impl Place {
    /// Whether a request with this outcome passed (`Some(true)`) or was refused here.
    fn passes(self, outcome: Outcome) -> Option<bool> {
        use Outcome::{DeniedGateway, DeniedService, DeniedUnknown, Used};
        match (self, outcome) {
            (_, Used) | (Self::Outer, DeniedService) => Some(true),
            (Self::Outer, DeniedGateway)
            | (Self::Inner, DeniedGateway | DeniedUnknown | DeniedService)
            | (Self::Behind, DeniedService) => Some(false),
            _ => None,
        }
    }
}

/// What a layer's log shows in these days.
pub(crate) fn layer(table: &UsageTable, place: Place, window: Window, outside: Outside) -> Layer {
    let mut layer = Layer::default();
    let rows = |rows: crate::usage::DayRows| {
        let mut day = Vec::new();
        if let Some(shift) = outside.shift(rows.day(), window) {
            rows.for_each(|row| {
                let (first, last) = (row.first + shift, row.last + shift);
                day.push((row.client, row.route, row.outcome, row.count, (first, last)));
            });
        }
        day
    };
    let done = for_each_day(table, rows, |day| {
        for (client, route, outcome, count, span) in day {
            if outcome == Outcome::Ignored {
                continue;
            }
            let Some(name) = table
                .clients
                .get(client as usize)
                .filter(|name| !name.is_empty())
            else {
                layer.nameless += count;
                continue;
            };
            *layer.requests.entry(name.clone()).or_default() += count;
            if route == UNMATCHED {
                layer.unplaced += count;
                continue;
            }
            if place != Place::Inner && outcome == Outcome::DeniedUnknown {
                layer.unsaid += count;
            }
            let answers = layer.answers.entry((name.clone(), route)).or_default();
            let sum = match place.passes(outcome) {
                Some(true) => &mut answers.passed,
                Some(false) => &mut answers.refused,
                None => continue,
            };
            let next = Tally {
                requests: count,
                days: 1,
                first: span.0,
                last: span.1,
            };
            *sum = Some(sum.map_or(next, |sum| sum.and(&next)));
        }
        Ok::<(), std::convert::Infallible>(())
    });
    match done {
        Ok(()) => layer,
    }
}

impl Tally {
    fn and(self, next: &Self) -> Self {
        // Days come in order; two outcomes of one day are one day.
        let another = Day::of(self.last) < Day::of(next.first);
        Self {
            requests: self.requests + next.requests,
            days: self.days + u32::from(another),
            first: self.first.min(next.first),
            last: self.last.max(next.last),
        }
    }
}

/// Compares what two layers did: what one let through and the other refused.
pub(crate) fn logs(sides: [&Layer; 2], label: &dyn Fn(u32) -> String) -> Comparison {
    let mut found = Comparison::default();
    for (at, other) in [(0, 1), (1, 0)] {
        let strangers = sides[at].requests.iter();
        let strangers = strangers.filter(|(name, _)| !sides[other].requests.contains_key(*name));
        found.alone[at] = Alone {
            clients: strangers
                .map(|(name, count)| (name.clone(), *count))
                .collect(),
            terms: BTreeSet::new(),
            unplaced: sides[at].unplaced,
            nameless: sides[at].nameless,
            unsaid: sides[at].unsaid,
        };
    }
    let both = |name: &&String| sides[1].requests.contains_key(*name);
    found.clients = sides[0].requests.keys().filter(both).count();
    for ((client, route), first) in &sides[0].answers {
        let Some(second) = sides[1].answers.get(&(client.clone(), *route)) else {
            continue;
        };
        let mut agreed = first.passed.and(second.passed).is_some()
            || first.refused.and(second.refused).is_some();
        for (allows, refuses, which) in [
            (first, second, Which::First),
            (second, first, Which::Second),
        ] {
            if let (Some(_), Some(refused)) = (allows.passed, refuses.refused) {
                agreed = false;
                found.differences.push(Difference {
                    client: client.clone(),
                    operation: label(*route),
                    allowed_by: which,
                    opened_by: Vec::new(),
                    refused: Some(refused),
                });
            }
        }
        found.agreed += usize::from(agreed);
    }
    found.differences.sort();
    found
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
