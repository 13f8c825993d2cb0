//! What clients ask for: refused operations, what would open them, and what their
//! tokens carried.
//!
//! In: the analysed clients, the usage table, and the scopes seen in tokens.
//! Out: a [`Demand`] for each client.
//!
//! Invariants:
//! * it changes no verdict, and it is information: no way to open an operation is
//!   recommended, only what else it would open;
//! * "not granted" is said only when the catalogue states a requirement;
//! * a scope is said to be never issued only where tokens with scopes were seen on
//!   enough days since it is granted; otherwise the reason is given.

mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

pub(crate) use tokens::{IssuedScope, NotEvaluable, Standing, Tokens};

use super::minimum::Universe;
use super::replay::observed::Outside;
use super::{Analysis, ClientAnalysis, Inputs};
use crate::model::words::rounded;
use crate::model::{ClientName, Operation, Requirement, Scope, Term};
use crate::usage::credentials::CredentialTable;
use crate::usage::{RefusedUse, UNMATCHED, UsageTable};

/// Ways to open an operation that are kept; the rest is counted.
pub(crate) const WAYS: usize = 8;

/// What one client asks for and does not get, and what its tokens carried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demand {
    /// Refused operations of the window, in the order of their routes.
    pub refused: Vec<Refused>,
    /// What its tokens carried.
    pub tokens: Tokens,
}

/// Why a refused operation was refused, as far as the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The grants permit it: the mapping, the token or the enforcement is at fault.
    Granted,
    /// The grants do not permit it.
    NotGranted,
    /// It asks for no scope, so the refusal has another cause.
    AsksNothing,
    /// The catalogue does not state what it requires, or does not know the operation.
    Unknown,
}

impl Cause {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::NotGranted => "not_granted",
            Self::AsksNothing => "asks_nothing",
            Self::Unknown => "unknown",
        }
    }
}

/// One refused operation of one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Index into the routes, or [`UNMATCHED`].
    pub route: u32,
    /// Counts, days, first, last, a sample.
    pub seen: RefusedUse,
    /// What the policy says about it.
    pub cause: Cause,
    /// Held terms that permit it; only where the grants permit it.
    pub terms: Vec<Term>,
    /// Whether some token of the client carried what permits it; `None` where no token
    /// with scopes was seen, or where it does not apply.
    pub in_token: Option<bool>,
    /// What would open it, the one that opens the least else first; only where it is not granted.
    pub ways: Vec<Way>,
    /// Further ways that are not listed.
    pub more_ways: usize,
}

/// Scopes that together would open a refused operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Scopes of the catalogue that the client lacks, sorted.
    pub scopes: Vec<Scope>,
    /// Operations that they would open, the refused one included.
    pub operations: usize,
    /// Those of them that write.
    pub writes: usize,
    /// Exposure (0..1) that they would add.
    pub exposure: f64,
    /// Those of the scopes that some token of the client carried.
    pub carried: Vec<Scope>,
}

/// Adds the demand to every client.
pub(crate) fn fill(
    analysis: &mut Analysis,
    inputs: &Inputs<'_>,
    universe: &Universe,
    protocol: &BTreeSet<Scope>,
    (table, outside, credentials): (&UsageTable, Outside, &CredentialTable),
) {
    let window = analysis.window;
    let numbers: BTreeMap<&ClientName, u32> = inputs
        .usage
        .iter()
        .map(|(name, client_use)| (name, client_use.client))
        .collect();
    let wanted: BTreeSet<u32> = numbers.values().copied().collect();
    let mut refused: BTreeMap<u32, Vec<(u32, RefusedUse)>> = BTreeMap::new();
    for ((client, route), seen) in table.refused(&wanted, |day| outside.shift(day, window)) {
        refused.entry(client).or_default().push((route, seen));
    }
    let carried = tokens::by_client(credentials, window.to);
    let none = Vec::new();
    let judge = Judge { inputs, universe };
    analysis.clients.par_iter_mut().for_each(|client| {
        let in_tokens = carried.get(client.id.as_str());
        let tokens = tokens::judge(client, inputs, universe, protocol, in_tokens);
        let number = numbers.get(&client.id);
        let found = number
            .and_then(|number| refused.get(number))
            .unwrap_or(&none);
        let issued = if found.is_empty() {
            IssuedTerms::default()
        } else {
            IssuedTerms::of(&tokens, universe)
        };
        let refused = found
            .iter()
            .map(|(route, seen)| judge.refused(client, (&tokens, &issued), *route, seen))
            .collect();
        client.demand = Demand { refused, tokens };
    });
}

/// The scopes of a client's tokens as terms, and what they open.
#[derive(Default)]
struct IssuedTerms {
    terms: Vec<Term>,
    opens: BTreeSet<u32>,
}

impl IssuedTerms {
    fn of(tokens: &Tokens, universe: &Universe) -> Self {
        let terms: Vec<Term> = tokens
            .scopes
            .iter()
            .map(|issued| Term::new(&issued.scope))
            .collect();
        let opens = terms.iter().flat_map(|term| universe.scopes_of(term));
        Self {
            opens: opens.collect(),
            terms,
        }
    }
}

struct Judge<'a> {
    inputs: &'a Inputs<'a>,
    universe: &'a Universe,
}

impl Judge<'_> {
    fn refused(
        &self,
        client: &ClientAnalysis,
        (tokens, issued): (&Tokens, &IssuedTerms),
        route: u32,
        seen: &RefusedUse,
    ) -> Refused {
        let operations = self
            .inputs
            .routes
            .get(route as usize)
            .map_or(&[][..], |route| &route.operations);
        let cause = self.cause(client, route, operations);
        let mut found = Refused {
            route,
            seen: seen.clone(),
            cause,
            terms: Vec::new(),
            in_token: None,
            ways: Vec::new(),
            more_ways: 0,
        };
        match cause {
            Cause::Granted => {
                let serves = |term: &&Term| {
                    let mut all = operations.iter();
                    all.any(|op| self.universe.serves(term, &client.granted, *op))
                };
                found.terms = client.granted.iter().filter(serves).cloned().collect();
                let permitted = |op: &usize| {
                    self.universe.is_restricted(*op) && self.universe.permits(&issued.terms, *op)
                };
                let permits = || operations.iter().any(permitted);
                found.in_token = tokens.are_comparable().then(permits);
            }
            Cause::NotGranted => {
                let mut ways = self.ways(client, &issued.opens, operations);
                let all = |way: &Way| way.carried.len() == way.scopes.len();
                found.in_token = tokens.are_comparable().then(|| ways.iter().any(all));
                found.more_ways = ways.len().saturating_sub(WAYS);
                ways.truncate(WAYS);
                found.ways = ways;
            }
            Cause::AsksNothing | Cause::Unknown => {}
        }
        found
    }

    fn cause(&self, client: &ClientAnalysis, route: u32, operations: &[usize]) -> Cause {
        if route == UNMATCHED || operations.is_empty() {
            return Cause::Unknown;
        }
        let stated = |op: &usize| {
            let found = self.inputs.catalog.operations.get(*op);
            found.is_some_and(|operation| operation.requirement != Requirement::Unspecified)
        };
        let restricted = |op: &usize| self.universe.is_restricted(*op);
        let permitted = |op: &usize| self.universe.permits(&client.granted, *op);
        if operations.iter().any(|op| restricted(op) && permitted(op)) {
            Cause::Granted
        } else if operations.iter().all(restricted) {
            Cause::NotGranted
        } else if operations.iter().all(stated) {
            Cause::AsksNothing
        } else {
            Cause::Unknown
        }
    }

    /// Everything that would open one of the operations, the one that opens the least else first.
    fn ways(
        &self,
        client: &ClientAnalysis,
        issued: &BTreeSet<u32>,
        operations: &[usize],
    ) -> Vec<Way> {
        let universe = self.universe;
        let open = universe.opens(&client.granted);
        let before = universe.share(open.iter().copied());
        let mut ways: Vec<Way> = universe
            .missing(&client.granted, operations)
            .into_iter()
            .map(|scopes| {
                let terms: Vec<Term> = scopes
                    .iter()
                    .map(|scope| Term::new(scope.as_str()))
                    .collect();
                let after = universe.opens(client.granted.iter().chain(&terms));
                let fresh: BTreeSet<usize> = after.difference(&open).copied().collect();
                let writes = fresh.iter().filter(|op| self.writes(**op)).count();
                let carried = |scope: &&Scope| {
                    let number = universe.number(scope.as_str());
                    number.is_some_and(|number| issued.contains(&number))
                };
                Way {
                    operations: fresh.len(),
                    writes,
                    exposure: rounded(universe.share(after.iter().copied()) - before, 4),
                    carried: scopes.iter().filter(carried).cloned().collect(),
                    scopes,
                }
            })
            .collect();
        ways.sort_by(|a, b| {
            (a.writes, a.operations)
                .cmp(&(b.writes, b.operations))
                .then_with(|| a.exposure.total_cmp(&b.exposure))
                .then_with(|| (a.scopes.len(), &a.scopes).cmp(&(b.scopes.len(), &b.scopes)))
        });
        ways
    }

    fn writes(&self, operation: usize) -> bool {
        let found = self.inputs.catalog.operations.get(operation);
        found.is_some_and(Operation::is_write)
    }
}

#[cfg(test)]
mod tests;
