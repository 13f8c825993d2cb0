//! What would have been recommended at an origin.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::analysis::{Analysis, Inputs, Options, analyse};
use crate::model::{ClientName, Day, Granted, Policy, RoleName, Subject, Term, Verdict, Window};
use crate::usage::ClientUse;

use super::Held;
use crate::grants::history::History;

/// The recommendation of one origin.
pub struct Proposed {
    /// Last day it knows.
    pub as_of: Day,
    /// The analysis as it would have been.
    pub analysis: Analysis,
    /// Terms that each client gets later, and when, by the policy files' own dates.
    pub(super) later: BTreeMap<ClientName, Vec<(Day, Term)>>,
}

impl Proposed {
    /// Removals up to each of [`super::LEVELS`], by client.
    pub(super) fn removals(&self) -> BTreeMap<&ClientName, [BTreeSet<Term>; super::LEVELS.len()]> {
        let mut all: BTreeMap<&ClientName, [BTreeSet<Term>; super::LEVELS.len()]> = BTreeMap::new();
        for client in &self.analysis.clients {
            for term in client
                .terms
                .iter()
                .filter(|term| term.verdict == Verdict::Remove)
            {
                for (at, level) in super::LEVELS.iter().enumerate() {
                    if term.level.is_some_and(|own| own <= *level) {
                        all.entry(&client.id).or_default()[at].insert(term.term.clone());
                    }
                }
            }
        }
        all
    }
}

/// Analyses what was known at the end of `as_of`, with the code that analyses today.
pub fn proposed(inputs: &Inputs<'_>, options: &Options, as_of: Day) -> Proposed {
    analysed(inputs, options, as_of, (inputs.policy, inputs.history))
}

/// The same with what was held then.
pub(super) fn proposed_as_held(
    inputs: &Inputs<'_>,
    options: &Options,
    as_of: Day,
    held: &Held,
) -> Proposed {
    let mut found = analysed(inputs, options, as_of, (&held.policy, &held.history));
    for (client, more) in &held.later {
        let own = found.later.entry(client.clone()).or_default();
        own.extend(more.iter().cloned());
        own.sort();
        own.dedup();
    }
    found
}

/// A policy, and what is known beside its dates.
type Of<'a> = (&'a Policy, &'a History);

fn analysed(inputs: &Inputs<'_>, options: &Options, as_of: Day, of: Of<'_>) -> Proposed {
    let coverage = inputs.coverage.until(as_of);
    let usage: BTreeMap<ClientName, ClientUse> = inputs
        .usage
        .par_iter()
        .map(|(client, own)| (client.clone(), own.until(as_of)))
        .filter(|(_, own)| !own.routes.is_empty())
        .collect();
    let former = inputs
        .former
        .iter()
        .map(|(name, own)| (name.clone(), own.until(as_of)));
    let former = former.filter(|(_, own)| !own.routes.is_empty()).collect();
    let possible = inputs.possible.until(as_of);
    let policy = policy_at(of, as_of);
    let mut window = Window::ending(as_of, options.window.days().max(1));
    if let Some(span) = coverage.span() {
        window.from = window.from.max(span.from);
    }
    let then = Inputs {
        catalog: inputs.catalog,
        semantics: inputs.semantics,
        routes: inputs.routes,
        weights: inputs.weights,
        policy: &policy,
        history: of.1,
        usage: &usage,
        former: &former,
        // They are shown only, and nobody looks at them here.
        unmatched: &BTreeMap::new(),
        possible: &possible,
        coverage: &coverage,
        blind: inputs.blind,
        exceptions: inputs.exceptions,
    };
    let options = Options {
        window,
        ..options.clone()
    };
    Proposed {
        as_of,
        analysis: analyse(&then, &options),
        later: later(of, as_of),
    }
}

/// The policy without what its own dates place behind the origin.
///
/// Entries keep their index, which other parts of the analysis rely on: a later
/// one grants a role that does not exist.
fn policy_at(of: Of<'_>, as_of: Day) -> Policy {
    // No policy file can spell this name.
    let nobody = RoleName::new("\u{0}later");
    let mut then = of.0.clone();
    for (file, own) in then.files.iter_mut().enumerate() {
        for (index, entry) in own.entries.iter_mut().enumerate() {
            if since(of, file, index).is_some_and(|since| since > as_of) {
                match &entry.subject {
                    Subject::Client(_) => entry.granted = Granted::Role(nobody.clone()),
                    Subject::Role(_) => entry.subject = Subject::Role(nobody.clone()),
                }
            }
        }
    }
    then
}

/// Since when an entry is in force: its date, or the later day on which git saw the
/// line come below a date of its client or role.
fn since((policy, history): Of<'_>, file: usize, entry: usize) -> Option<Day> {
    let stated = policy.files.get(file)?.entries.get(entry)?.since;
    stated.max(history.came_later(file, entry))
}

/// Terms that clients get behind the origin.
fn later(of: Of<'_>, as_of: Day) -> BTreeMap<ClientName, Vec<(Day, Term)>> {
    let mut all: BTreeMap<ClientName, Vec<(Day, Term)>> = BTreeMap::new();
    for (client, held) in of.0.holdings() {
        for (term, vias) in held {
            for via in vias {
                let since = |entry: usize| since(of, via.file, entry);
                let membership = via.role.as_ref().and_then(|(_, entry)| since(*entry));
                // Held from the later of both; a side without a date holds from the start.
                let from = since(via.entry).max(membership);
                if let Some(from) = from.filter(|from| *from > as_of) {
                    all.entry(client.clone())
                        .or_default()
                        .push((from, term.clone()));
                }
            }
        }
    }
    for own in all.values_mut() {
        own.sort();
        own.dedup();
    }
    all
}
