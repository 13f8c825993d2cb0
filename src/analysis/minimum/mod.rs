//! The exact minimum: the smallest set of terms that permits what was needed.
//!
//! In: the operations needed, the terms that may be kept, and the catalogue.
//! Out: the best set, a witness for each of its terms, and whether it is proved.
//!
//! The objective is about the *set*: write operations opened, operations
//! opened, the vendor's hint, risk weight, number of terms, names, compared in
//! this order. One broad scope is worse than two narrow ones.
//!
//! Invariants:
//! * the answer is a subset of the pool and permits every needed operation
//!   that the pool permits;
//! * no single term of the answer can be dropped;
//! * equal inputs give the equal answer in any order, down to the names.
//!
//! Method: minimise each requirement, take forced terms, split into parts that
//! share no operation, branch and bound on integers in each part.

mod bits;
mod instance;
mod missing;
#[cfg(test)]
mod pattern_tests;
mod search;
#[cfg(test)]
mod tests;
mod universe;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Term;
use bits::Bits;
pub(crate) use universe::Holding;
pub use universe::Universe;

/// Place of the vendor's privilege hint in the objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hints {
    /// Before everything else.
    First,
    /// Behind the number of operations opened.
    #[default]
    Tiebreak,
    /// Not at all.
    Ignore,
}

/// What is minimised first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The number of write operations, then of all operations opened.
    #[default]
    Reach,
    /// The risk weight of the operations opened.
    Risk,
}

/// What is to be solved.
pub(crate) struct Problem<'a> {
    /// Operations that must stay permitted, as far as the pool permits them.
    pub needed: &'a [usize],
    /// Terms that may be kept.
    pub pool: &'a BTreeSet<Term>,
    /// Terms of the pool that are held already; `None` when all are.
    pub held: Option<&'a BTreeSet<Term>>,
    /// Place of the vendor's hint.
    pub hints: Hints,
    /// What comes first.
    pub objective: Objective,
    /// Search steps, over all parts.
    pub node_budget: u64,
}

/// The best set found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// The terms to keep.
    pub kept: BTreeSet<Term>,
    /// No better set exists.
    pub proven: bool,
    /// What is not proved, in words.
    pub gap: Option<String>,
    /// Search steps taken.
    pub nodes: u64,
    /// For each kept term a needed operation that the others do not permit.
    pub witness: BTreeMap<Term, usize>,
}

/// Finds the exact minimum.
pub(crate) fn minimum(universe: &Universe, problem: &Problem<'_>) -> Solution {
    let instance = instance::Instance::new(universe, problem);
    let found = search::solve(&instance, problem.node_budget);
    let kept: BTreeSet<Term> = found
        .kept
        .iter()
        .map(|index| instance.terms[index].clone())
        .collect();
    let witness = witnesses(universe, problem.needed, &kept);
    let gap = found.gap.or_else(|| {
        instance
            .capped
            .then(|| "a requirement has too many alternatives to list".to_owned())
    });
    Solution {
        kept,
        proven: gap.is_none(),
        gap,
        nodes: found.nodes,
        witness,
    }
}

/// For each term a needed operation that the other ones do not permit.
fn witnesses(
    universe: &Universe,
    needed: &[usize],
    kept: &BTreeSet<Term>,
) -> BTreeMap<Term, usize> {
    let opened: Vec<Vec<u32>> = kept.iter().map(|term| universe.scopes_of(term)).collect();
    let mut all = Bits::new(universe.scopes.len());
    let mut holders = vec![0_u32; universe.scopes.len()];
    for scope in opened.iter().flatten() {
        all.insert(*scope as usize);
        holders[*scope as usize] += 1;
    }
    let served: Vec<usize> = needed
        .iter()
        .copied()
        .filter(|op| universe.satisfied(&all, *op))
        .collect();
    let mut found = BTreeMap::new();
    for (term, scopes) in kept.iter().zip(&opened) {
        let alone = |scope: &&u32| holders[**scope as usize] == 1;
        let mut others = all.clone();
        for scope in scopes.iter().filter(alone) {
            others.remove(*scope as usize);
        }
        let lost = served.iter().find(|op| !universe.satisfied(&others, **op));
        if let Some(operation) = lost {
            found.insert(term.clone(), *operation);
        }
    }
    found
}
