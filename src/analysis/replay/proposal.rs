//! A proposed policy against what was observed: which requests would be denied?
//!
//! In: what was needed per client and route, what each client holds under the
//! proposal and, where known, what it holds before. Out: one of four results for
//! each client and route, and what the proposal opens in addition.
//!
//! Invariants:
//! * a refused request (401, 403) is not a need and plays no part;
//! * without a policy before, everything that the proposal does not permit is
//!   denied; with one, what was not covered before is told apart;
//! * routes that serve several operations count as denied as soon as one of
//!   them was permitted before and is not any more;
//! * what no catalogue entry or client explains is unknown, never unchanged.

use std::collections::{BTreeMap, BTreeSet};

use super::observed::Seen;
use crate::analysis::minimum::Universe;
use crate::catalog::matcher::Route;
use crate::model::{
    Catalog, Clause, ClientName, Millis, Policy, Requirement, Scope, Semantics, Term,
};
use crate::usage::UNMATCHED;

/// What becomes of a request that was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// Permitted before (where that is known) and under the proposal denied.
    Denied,
    /// Permitted neither before nor under the proposal: the service let it
    /// through although no grant covers it.
    NotCovered,
    /// It cannot be told what the request needs, or who made it.
    Unknown,
    /// Permitted under the proposal.
    Unchanged,
}

impl Fate {
    /// Every result, the worst first.
    pub(crate) const ALL: [Self; 4] = [
        Self::Denied,
        Self::NotCovered,
        Self::Unknown,
        Self::Unchanged,
    ];

    /// The name used in every output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotCovered => "not_covered",
            Self::Unknown => "unknown",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Why a result is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::enum_variant_names, reason = "each says what is missing")]
pub(crate) enum Unknown {
    /// The request matches no operation of the catalogue.
    NoOperation,
    /// The catalogue does not say what the operation requires.
    NoRequirement,
    /// The request names no client.
    NoClient,
}

impl Unknown {
    /// The name used in every output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoOperation => "no_operation",
            Self::NoRequirement => "no_requirement",
            Self::NoClient => "no_client",
        }
    }
}

/// One policy, ready to be asked.
pub(crate) struct Side<'a> {
    /// The catalogue under this policy's scope semantics.
    pub universe: &'a Universe,
    /// The semantics themselves.
    pub semantics: &'a Semantics,
    /// What each client holds; a client that is missing is not named at all.
    pub held: BTreeMap<ClientName, BTreeSet<Term>>,
}

impl<'a> Side<'a> {
    /// What the clients of a policy hold.
    pub(crate) fn new(universe: &'a Universe, semantics: &'a Semantics, policy: &Policy) -> Self {
        let held = policy.holdings().into_iter();
        Self {
            universe,
            semantics,
            held: held
                .map(|(client, terms)| (client, terms.into_keys().collect()))
                .collect(),
        }
    }

    fn terms(&self, client: &str) -> impl Iterator<Item = &Term> {
        self.held.get(client).into_iter().flatten()
    }

    fn open(&self, client: &str) -> BTreeSet<usize> {
        // Most strangers of a log hold nothing: that needs no look at the catalogue.
        match self.held.get(client) {
            Some(terms) if !terms.is_empty() => self.universe.opens(terms),
            _ => BTreeSet::new(),
        }
    }

    fn scopes(&self, client: &str, known: &BTreeSet<Scope>) -> BTreeSet<Scope> {
        self.terms(client)
            .flat_map(|term| self.semantics.expand(term, known))
            .collect()
    }
}

/// Scopes that a client lacks under the proposal for one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// All of these together would do.
    pub scopes: Clause,
    /// The client held all of them before.
    pub held_before: bool,
}

/// One client and route with a result other than unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What becomes of it.
    pub fate: Fate,
    /// The client as the log names it; empty for nobody.
    pub client: String,
    /// The policy before names the client.
    pub in_before: bool,
    /// The proposal names the client.
    pub in_after: bool,
    /// What was observed.
    pub seen: Seen,
    /// Why it is unknown, if so.
    pub unknown: Option<Unknown>,
    /// Each of these would do, what the client held before first; only for denied rows.
    pub would_do: Vec<Lack>,
}

/// How many requests have one result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Requests that must stay permitted.
    pub requests: u64,
    /// Pairs of client and route.
    pub pairs: u64,
    /// Clients.
    pub clients: u64,
}

/// What changes for one client, whatever was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The client.
    pub client: ClientName,
    /// Terms that only the proposal lists.
    pub added: BTreeSet<Term>,
    /// Terms that only the policy before lists.
    pub removed: BTreeSet<Term>,
    /// Operations that only the proposal opens, as indices into the catalogue.
    pub opened: BTreeSet<usize>,
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proposal {
    /// Denied, not covered and unknown, in this order; then by client and route.
    pub rows: Vec<Row>,
    /// Counts of each result, in the order of [`Fate::ALL`].
    pub sums: [Sum; Fate::ALL.len()],
    /// Clients of either policy whose terms or open operations differ; empty without a policy before.
    pub changes: Vec<Change>,
    /// First and last request that would be denied.
    pub denied_span: Option<(Millis, Millis)>,
}

impl Proposal {
    /// Counts of one result.
    pub(crate) fn sum(&self, fate: Fate) -> Sum {
        self.sums[fate as usize]
    }

    /// Rows of one result.
    pub(crate) fn of(&self, fate: Fate) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.fate == fate)
    }

    /// Requests of the window that must stay permitted.
    pub(crate) fn requests(&self) -> u64 {
        self.sums.iter().map(|sum| sum.requests).sum()
    }
}

/// Replays what was observed against a proposal.
///
/// `clients` are the names behind [`Seen::client`]; `nameless` says which of them
/// mean nobody in particular.
pub(crate) fn simulate(
    catalog: &Catalog,
    routes: &[Route],
    observed: &[Seen],
    clients: &[String],
    nameless: impl Fn(u32) -> bool,
    (before, after): (Option<&Side<'_>>, &Side<'_>),
) -> Proposal {
    let known = catalog.required_scopes();
    let mut result = Proposal::default();
    for of_client in observed.chunk_by(|a, b| a.client == b.client) {
        let client = clients
            .get(of_client[0].client as usize)
            .map_or("", String::as_str);
        let judge = Judge {
            catalog,
            open: after.open(client),
            before: before.map(|side| (side, side.open(client))),
            after,
        };
        let mut met = [false; Fate::ALL.len()];
        // Expanding terms is dear, and hardly ever needed.
        let mut scopes: Option<[BTreeSet<Scope>; 2]> = None;
        for seen in of_client {
            let route = routes
                .get(seen.route as usize)
                .filter(|_| seen.route != UNMATCHED);
            let (fate, lost, unknown) = match route {
                None => (Fate::Unknown, Vec::new(), Some(Unknown::NoOperation)),
                Some(route) => judge.fate(&route.operations, nameless(seen.client)),
            };
            let sum = &mut result.sums[fate as usize];
            sum.requests += seen.need();
            sum.pairs += 1;
            sum.clients += u64::from(!std::mem::replace(&mut met[fate as usize], true));
            if fate == Fate::Unchanged {
                continue;
            }
            let mut would_do = Vec::new();
            if fate == Fate::Denied {
                let [old, new] = scopes.get_or_insert_with(|| {
                    let old = before.map(|side| side.scopes(client, &known));
                    [old.unwrap_or_default(), after.scopes(client, &known)]
                });
                would_do = lacks(catalog, &lost, old, new);
                let span = result.denied_span.unwrap_or((seen.first, seen.last));
                result.denied_span = Some((span.0.min(seen.first), span.1.max(seen.last)));
            }
            result.rows.push(Row {
                fate,
                client: client.to_owned(),
                in_before: before.is_some_and(|side| side.held.contains_key(client)),
                in_after: after.held.contains_key(client),
                seen: seen.clone(),
                unknown,
                would_do,
            });
        }
    }
    result
        .rows
        .sort_by(|a, b| (a.fate, &a.client, a.seen.route).cmp(&(b.fate, &b.client, b.seen.route)));
    result.changes = before.map_or_else(Vec::new, |before| changes(before, after));
    result
}

/// One client under both policies.
struct Judge<'a> {
    catalog: &'a Catalog,
    open: BTreeSet<usize>,
    before: Option<(&'a Side<'a>, BTreeSet<usize>)>,
    after: &'a Side<'a>,
}

impl Judge<'_> {
    /// The result for a route, the operations that are lost, and why it is unknown.
    fn fate(&self, operations: &[usize], nameless: bool) -> (Fate, Vec<usize>, Option<Unknown>) {
        let permitted = |open: &BTreeSet<usize>, universe: &Universe, op: &usize| {
            !universe.is_restricted(*op) || open.contains(op)
        };
        let known: Vec<usize> = operations
            .iter()
            .copied()
            .filter(|op| self.stated(*op))
            .collect();
        if known.is_empty() {
            return (Fate::Unknown, Vec::new(), Some(Unknown::NoRequirement));
        }
        let after = |op: &usize| permitted(&self.open, self.after.universe, op);
        let any = known.iter().any(after);
        if nameless && !any {
            return (Fate::Unknown, Vec::new(), Some(Unknown::NoClient));
        }
        let Some((side, open)) = &self.before else {
            let fate = if any { Fate::Unchanged } else { Fate::Denied };
            return (fate, known, None);
        };
        let covered = |op: &&usize| permitted(open, side.universe, op);
        let before: Vec<usize> = known.iter().filter(covered).copied().collect();
        let lost: Vec<usize> = before.iter().copied().filter(|op| !after(op)).collect();
        let fate = if !lost.is_empty() {
            Fate::Denied
        } else if before.is_empty() && !any {
            Fate::NotCovered
        } else {
            Fate::Unchanged
        };
        (fate, lost, None)
    }

    fn stated(&self, operation: usize) -> bool {
        self.catalog
            .operations
            .get(operation)
            .is_some_and(|operation| operation.requirement != Requirement::Unspecified)
    }
}

/// What is missing for the operations, the least first.
fn lacks(
    catalog: &Catalog,
    operations: &[usize],
    before: &BTreeSet<Scope>,
    after: &BTreeSet<Scope>,
) -> Vec<Lack> {
    let clauses = operations
        .iter()
        .filter_map(|op| catalog.operations.get(*op))
        .flat_map(|operation| operation.requirement.clauses());
    let mut missing: Vec<Clause> = clauses
        .map(|clause| clause.difference(after).cloned().collect())
        .collect();
    missing.sort_by(|a: &Clause, b: &Clause| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut kept: Vec<Lack> = Vec::new();
    for scopes in missing {
        if !kept.iter().any(|lack| lack.scopes.is_subset(&scopes)) {
            kept.push(Lack {
                held_before: scopes.is_subset(before),
                scopes,
            });
        }
    }
    kept.sort_by_key(|lack| !lack.held_before);
    kept
}

fn changes(before: &Side<'_>, after: &Side<'_>) -> Vec<Change> {
    let clients: BTreeSet<&ClientName> = before.held.keys().chain(after.held.keys()).collect();
    let none = BTreeSet::new();
    clients
        .into_iter()
        .filter_map(|client| {
            let old = before.held.get(client).unwrap_or(&none);
            let new = after.held.get(client).unwrap_or(&none);
            let was = before.universe.opens(old);
            let change = Change {
                client: client.clone(),
                added: new.difference(old).cloned().collect(),
                removed: old.difference(new).cloned().collect(),
                opened: after
                    .universe
                    .opens(new)
                    .difference(&was)
                    .copied()
                    .collect(),
            };
            let same =
                change.added.is_empty() && change.removed.is_empty() && change.opened.is_empty();
            (!same).then_some(change)
        })
        .collect()
}

#[cfg(test)]
#[path = "proposal_tests.rs"]
mod tests;
