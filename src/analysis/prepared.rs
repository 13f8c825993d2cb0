//! What is known of each client before any date is looked at.
//!
//! In: a policy, the catalogue and the options. Out: for each client its terms, the scopes
//! that each of them opens, and what of its verdicts does not depend on a date.
//!
//! An analysis of one date and the replay of a year of month ends take the same values:
//! names are compared here, once, and numbers from then on.
//!
//! Invariant: clients and the terms of each are in the order of their names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::minimum::{Holding, Universe};
use super::term::unobservable;
use super::{Inputs, Options};
use crate::grants::{self, CommentEffect};
use crate::model::{ClientName, Operation, Policy, Reason, Scope, ScopeMatch, Term, Via};

/// Entries of each policy file whose comment an edit would lose or move.
pub(super) type Comments = Vec<BTreeMap<usize, CommentEffect>>;

/// Everything about a policy that does not change with the date.
pub struct Prepared<'a> {
    pub(super) universe: &'a Universe,
    /// By client, in the order of their names.
    pub(super) clients: Vec<Holder>,
    /// The number of each held term, in the order in which clients name them.
    pub(super) numbers: HashMap<Term, usize, foldhash::fast::FixedState>,
    comments: Arc<Comments>,
}

/// One client of the policy.
pub(super) struct Holder {
    pub(super) id: ClientName,
    pub(super) granted: BTreeSet<Term>,
    /// In the order of their names.
    pub(super) terms: Vec<HeldTerm>,
    pub(super) holding: Holding,
    /// Terms whose use requests can show.
    pub(super) observable: BTreeSet<Term>,
    /// These without patterns that are judged by their members; `None` when there are none.
    pub(super) names: Option<BTreeSet<Term>>,
    /// These, and scopes of the catalogue that open nothing more; `None` when there are none.
    pub(super) narrow_pool: Option<BTreeSet<Term>>,
    /// Operations that need a scope and that the terms open, in order.
    pub(super) opened: Vec<usize>,
    /// Scopes with the places in `terms` that open them, sorted.
    by_scope: Vec<(u32, u32)>,
}

/// One term that a client holds.
pub(super) struct HeldTerm {
    pub(super) term: Term,
    pub(super) vias: Vec<Via>,
    /// Number among all terms: see [`Prepared::numbers`].
    pub(super) number: usize,
    /// The scopes that it opens, as sorted numbers.
    pub(super) scopes: Vec<u32>,
    /// Why no request can show that it is used, if so.
    pub(super) unobservable: Option<Reason>,
    /// It is a pattern that is judged by what logs show of its members: those of which they need
    /// not show anything.
    pub(super) pattern: Option<BTreeSet<Term>>,
    /// A pattern of guard G6 names it.
    pub(super) protected: bool,
    /// Something states it as needed (guard G10).
    pub(super) stated: bool,
    /// An edit of one of its entries would lose or move a comment.
    pub(super) commented: bool,
}

impl<'a> Prepared<'a> {
    /// Compiles the policy of `inputs`; `universe` is that of its catalogue.
    pub fn new(inputs: &Inputs<'_>, options: &Options, universe: &'a Universe) -> Self {
        let files = &inputs.policy.files;
        let comments = files.par_iter().map(grants::comments_affected).collect();
        Self::with(
            inputs.policy,
            inputs,
            options,
            (universe, Arc::new(comments)),
        )
    }

    /// The same for another policy whose entries are at the same places of the same files.
    pub(super) fn of_policy(
        &self,
        policy: &Policy,
        inputs: &Inputs<'_>,
        options: &Options,
    ) -> Self {
        let shared = (self.universe, Arc::clone(&self.comments));
        Self::with(policy, inputs, options, shared)
    }

    fn with(
        policy: &Policy,
        inputs: &Inputs<'_>,
        options: &Options,
        (universe, comments): (&'a Universe, Arc<Comments>),
    ) -> Self {
        let shared = Shared {
            universe,
            options,
            comments: &comments,
            required: inputs.catalog.required_scopes(),
            unrecorded: &inputs.catalog.unrecorded,
            patterns: &inputs.catalog.patterns,
            in_parts: inputs.catalog.in_parts,
            stated: stated_operations(inputs, options),
        };
        let holdings: Vec<_> = policy.holdings().into_iter().collect();
        let clients = holdings.into_par_iter();
        let mut clients: Vec<Holder> = clients
            .map(|(id, held)| Holder::new(&shared, id, held))
            .collect();
        let mut numbers = HashMap::default();
        for held in clients.iter_mut().flat_map(|client| &mut client.terms) {
            let next = numbers.len();
            held.number = *numbers.entry(held.term.clone()).or_insert(next);
        }
        Self {
            universe,
            clients,
            numbers,
            comments,
        }
    }
}

/// What is the same for all clients.
struct Shared<'a> {
    universe: &'a Universe,
    options: &'a Options,
    comments: &'a Comments,
    required: BTreeSet<Scope>,
    /// Terms of which no silence says anything.
    unrecorded: &'a BTreeSet<Term>,
    /// Patterns that are judged, with what of them is not.
    patterns: &'a BTreeMap<Term, BTreeSet<Term>>,
    /// No term stands in for another one.
    in_parts: bool,
    /// Operations that something states as needed.
    stated: Vec<usize>,
}

/// Operations that a pattern of the stated needs names (`GET /orders/*`).
fn stated_operations(inputs: &Inputs<'_>, options: &Options) -> Vec<usize> {
    let patterns: Vec<&String> = options
        .needs
        .iter()
        .filter(|pattern| pattern.contains(' '))
        .collect();
    if patterns.is_empty() {
        return Vec::new();
    }
    let labels = inputs.catalog.operations.iter().map(Operation::label);
    let stated = |label: &str| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| ScopeMatch::Glob.covers(pattern, label))
    };
    let numbered = labels.enumerate();
    let found = numbered.filter(|(_, label)| stated(label));
    found.map(|(index, _)| index).collect()
}

impl Holder {
    fn new(shared: &Shared<'_>, id: ClientName, held: BTreeMap<Term, Vec<Via>>) -> Self {
        let universe = shared.universe;
        let granted: BTreeSet<Term> = held.keys().cloned().collect();
        let scopes: Vec<Vec<u32>> = granted
            .iter()
            .map(|term| universe.scopes_of(term))
            .collect();
        let holding = universe.holding_scopes(scopes.iter().map(Vec::as_slice));
        let by_scope: Vec<(u32, u32)> = {
            let places = (0_u32..).zip(&scopes);
            let mut pairs: Vec<(u32, u32)> = places
                .flat_map(|(place, scopes)| scopes.iter().map(move |scope| (*scope, place)))
                .collect();
            pairs.sort_unstable();
            pairs
        };
        let opened = universe
            .operations_of(by_scope.iter().map(|(scope, _)| *scope))
            .into_iter()
            .filter(|operation| universe.opens_operation(&holding, *operation))
            .collect();
        let terms: Vec<HeldTerm> = held
            .into_iter()
            .zip(scopes)
            .map(|((term, vias), scopes)| shared.held(term, vias, scopes, &holding))
            .collect();
        let observable: BTreeSet<Term> = terms
            .iter()
            .filter(|held| held.unobservable.is_none())
            .map(|held| held.term.clone())
            .collect();
        let pool = (!shared.in_parts).then(|| universe.narrow_pool(&observable));
        let patterns = terms.iter().filter(|held| held.pattern.is_some());
        let patterns: BTreeSet<Term> = patterns.map(|held| held.term.clone()).collect();
        let names = observable.difference(&patterns).cloned();
        Self {
            names: (!patterns.is_empty()).then(|| names.collect()),
            id,
            granted,
            terms,
            holding,
            narrow_pool: pool.filter(|pool| pool.len() > observable.len()),
            observable,
            opened,
            by_scope,
        }
    }

    /// Places of the terms that take part in opening some of these operations, in order.
    pub(super) fn serving(&self, universe: &Universe, operations: &[usize]) -> Vec<usize> {
        let mut places = Vec::new();
        for operation in operations {
            for scope in universe.ways(&self.holding, *operation) {
                let start = self.by_scope.partition_point(|(number, _)| *number < scope);
                let same = self.by_scope[start..].iter();
                let same = same.take_while(|(number, _)| *number == scope);
                places.extend(same.map(|(_, place)| *place as usize));
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// What is left when the terms at some places go.
    pub(super) fn without(&self, universe: &Universe, goes: impl Fn(usize) -> bool) -> Holding {
        let terms = self.terms.iter().enumerate();
        let staying = terms.filter(|(place, _)| !goes(*place));
        universe.holding_scopes(staying.map(|(_, held)| held.scopes.as_slice()))
    }
}

impl Shared<'_> {
    fn held(&self, term: Term, vias: Vec<Via>, scopes: Vec<u32>, holding: &Holding) -> HeldTerm {
        let options = self.options;
        let named = |pattern: &String| ScopeMatch::Glob.covers(pattern, term.as_str());
        let serves = |operation: &usize| {
            let universe = self.universe;
            universe.serves_holding(&scopes, holding, *operation)
        };
        let commented = |via: &Via| {
            let of_file = self.comments.get(via.file);
            of_file.is_some_and(|comments| comments.contains_key(&via.entry))
        };
        HeldTerm {
            number: 0,
            unobservable: unobservable(
                self.universe,
                (&self.required, self.unrecorded),
                options,
                &term,
                &scopes,
            ),
            pattern: self.patterns.get(&term).cloned(),
            protected: options.protected.iter().any(named),
            stated: options.needs.iter().any(named) || self.stated.iter().any(serves),
            commented: vias.iter().any(commented),
            term,
            vias,
            scopes,
        }
    }
}
