//! What would have been recommended at an origin.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::analysis::{ClientAnalysis, Decisions, Inputs, Options, Prepared};
use crate::model::{ClientName, Day, Granted, Level, Policy, RoleName, Subject, Term, Window};
use crate::usage::ClientUse;

use super::Held;
use crate::grants::history::History;

/// The recommendation of one origin.
pub(super) struct Proposed<'a> {
    /// Last day it knows.
    pub(super) as_of: Day,
    /// Verdicts and levels as they would have been, in the order of the prepared clients.
    pub(super) clients: Vec<ClientAnalysis>,
    /// Terms that each client gets later, and when, by the policy files' own dates.
    pub(super) later: BTreeMap<ClientName, Vec<(Day, Term)>>,
    /// Of a policy that held something else then; otherwise that of today is right.
    other: Option<Prepared<'a>>,
    today: &'a Prepared<'a>,
}

impl Proposed<'_> {
    /// What does not change with the date, of the clients in their order.
    pub(super) fn prepared(&self) -> &Prepared<'_> {
        self.other.as_ref().unwrap_or(self.today)
    }
}

/// Whether a removal of this level is in the set of removals up to another one.
pub(super) fn is_removed(level: Option<Level>, up_to: Level) -> bool {
    level.is_some_and(|level| level <= up_to)
}

/// What the replay of every origin starts from.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) options: &'a Options,
}

/// Analyses what was known at the end of `as_of`, with the code that analyses today.
pub(super) fn proposed<'a>(basis: &Basis<'a>, as_of: Day) -> Proposed<'a> {
    let policy = (basis.inputs.policy, basis.inputs.history);
    let then = policy_at(policy, as_of);
    let other = then.as_ref().map(|then| {
        let Basis {
            prepared,
            inputs,
            options,
        } = basis;
        prepared.of_policy(then, inputs, options)
    });
    let then = then.as_ref().unwrap_or(policy.0);
    analysed(basis, as_of, policy, (then, other))
}

/// The same with what was held then.
pub(super) fn proposed_as_held<'a>(basis: &Basis<'a>, as_of: Day, held: &Held) -> Proposed<'a> {
    let policy = (&held.policy, &held.history);
    let then = policy_at(policy, as_of);
    let then = then.as_ref().unwrap_or(policy.0);
    let inputs = Inputs {
        policy: then,
        ..*basis.inputs
    };
    let other = Prepared::new(&inputs, basis.options, basis.prepared.universe);
    let mut found = analysed(basis, as_of, policy, (then, Some(other)));
    for (client, more) in &held.later {
        let terms = found.later.entry(client.clone()).or_default();
        terms.extend(more.iter().cloned());
        terms.sort();
        terms.dedup();
    }
    found
}

/// A policy, and what is known besides its dates.
type DatedPolicy<'a> = (&'a Policy, &'a History);

fn analysed<'a>(
    basis: &Basis<'a>,
    as_of: Day,
    of: DatedPolicy<'_>,
    (policy, other): (&Policy, Option<Prepared<'a>>),
) -> Proposed<'a> {
    let (inputs, options) = (basis.inputs, basis.options);
    let coverage = inputs.coverage.until(as_of);
    let usage: BTreeMap<ClientName, ClientUse> = inputs
        .usage
        .par_iter()
        .map(|(client, used)| (client.clone(), used.until(as_of)))
        .filter(|(_, used)| !used.routes.is_empty())
        .collect();
    let former = inputs
        .former
        .iter()
        .map(|(name, used)| (name.clone(), used.until(as_of)));
    let former = former.filter(|(_, used)| !used.routes.is_empty()).collect();
    let possible = inputs.possible.until(as_of);
    let mut window = Window::ending(as_of, options.window.days().max(1));
    if let Some(span) = coverage.span() {
        window.from = window.from.max(span.from);
    }
    let then = Inputs {
        policy,
        history: of.1,
        usage: &usage,
        former: &former,
        // They are shown only, and nobody looks at them here.
        unmatched: &BTreeMap::new(),
        possible: &possible,
        coverage: &coverage,
        ..*inputs
    };
    let options = Options {
        window,
        ..options.clone()
    };
    let prepared = other.as_ref().unwrap_or(basis.prepared);
    let Decisions { clients, .. } = prepared.decide(&then, &options);
    Proposed {
        as_of,
        clients,
        later: later(of, as_of),
        other,
        today: basis.prepared,
    }
}

/// The policy without what its own dates place after the origin; `None` where they place
/// nothing there.
///
/// Entries keep their index, which other parts of the analysis rely on: a later
/// one grants a role that does not exist.
fn policy_at(of: DatedPolicy<'_>, as_of: Day) -> Option<Policy> {
    if !is_dated_after(of, as_of) {
        return None;
    }
    // No policy file can spell this name.
    let nobody = RoleName::new("\u{0}later");
    let mut then = of.0.clone();
    for (file, policy) in then.files.iter_mut().enumerate() {
        for (index, entry) in policy.entries.iter_mut().enumerate() {
            if since(of, file, index).is_some_and(|since| since > as_of) {
                match &entry.subject {
                    Subject::Client(_) => entry.granted = Granted::Role(nobody.clone()),
                    Subject::Role(_) => entry.subject = Subject::Role(nobody.clone()),
                }
            }
        }
    }
    Some(then)
}

/// Whether some entry came into force after a day.
fn is_dated_after(of: DatedPolicy<'_>, as_of: Day) -> bool {
    let mut files = of.0.files.iter().enumerate();
    files.any(|(file, names)| {
        let mut entries = 0..names.entries.len();
        entries.any(|entry| since(of, file, entry).is_some_and(|since| since > as_of))
    })
}

/// Since when an entry is in force: its date, or the later day on which git saw the
/// line come below a date of its client or role.
fn since((policy, history): DatedPolicy<'_>, file: usize, entry: usize) -> Option<Day> {
    let stated = policy.files.get(file)?.entries.get(entry)?.since;
    stated.max(history.came_later(file, entry))
}

/// Terms that clients get after the origin.
fn later(of: DatedPolicy<'_>, as_of: Day) -> BTreeMap<ClientName, Vec<(Day, Term)>> {
    let mut all: BTreeMap<ClientName, Vec<(Day, Term)>> = BTreeMap::new();
    if !is_dated_after(of, as_of) {
        return all;
    }
    for (client, held) in of.0.holdings() {
        for (term, vias) in held {
            for via in vias {
                let since = |file: usize, entry: usize| since(of, file, entry);
                let membership = via.role.as_ref();
                let membership = membership.and_then(|held| since(held.file, held.entry));
                // Held from the later of both; a side without a date holds from the start.
                let from = since(via.file, via.entry).max(membership);
                if let Some(from) = from.filter(|from| *from > as_of) {
                    all.entry(client.clone())
                        .or_default()
                        .push((from, term.clone()));
                }
            }
        }
    }
    for dates in all.values_mut() {
        dates.sort();
        dates.dedup();
    }
    all
}
