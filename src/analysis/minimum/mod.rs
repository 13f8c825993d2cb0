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
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::model::{Catalog, Requirement, Scope, Semantics, Term};
use bits::Bits;

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

/// The scopes that some terms open.
#[derive(Clone, Debug)]
pub struct Holding(Bits);

struct Op {
    /// Minimised clauses over scope numbers; empty when nothing is required or nothing is known.
    clauses: Vec<Vec<u32>>,
    /// Anonymous callers are accepted beside those with scopes: nobody is refused, but only
    /// who holds a clause gets the answer that its holders are used to.
    optional: bool,
    write: bool,
    weight: u64,
    least: Vec<u32>,
}

/// A catalogue compiled to numbers, shared by all clients.
pub struct Universe {
    /// Looked up for each term of each client; never gone through in its order.
    scopes: HashMap<Scope, u32, foldhash::fast::FixedState>,
    names: BTreeSet<Scope>,
    semantics: Semantics,
    ops: Vec<Op>,
    /// Scopes that stand in some clause.
    asked: Bits,
    total_weight: u64,
}

impl Universe {
    /// Compiles the catalogue; `weights` has one risk weight for each operation.
    pub fn new(catalog: &Catalog, semantics: &Semantics, weights: &[u64]) -> Self {
        let names = catalog.required_scopes();
        let scopes: HashMap<Scope, u32, _> = names.iter().cloned().zip(0..).collect();
        let number = |scope: &Scope| scopes.get(scope).copied();
        let ops: Vec<Op> = catalog
            .operations
            .iter()
            .enumerate()
            .map(|(index, operation)| {
                let optional = operation.optional_auth && operation.requirement.is_open();
                let clauses = match &operation.requirement {
                    requirement if requirement.is_open() && !optional => Vec::new(),
                    Requirement::Unspecified => Vec::new(),
                    Requirement::AnyOf(clauses) => minimise(
                        clauses
                            .iter()
                            .filter(|clause| !clause.is_empty())
                            .map(|clause| clause.iter().filter_map(number).collect())
                            .collect(),
                    ),
                };
                Op {
                    clauses,
                    optional,
                    write: operation.method.is_write(),
                    weight: weights.get(index).copied().unwrap_or(1),
                    least: operation.least.iter().filter_map(number).collect(),
                }
            })
            .collect();
        let mut asked = Bits::new(scopes.len());
        for scope in ops.iter().flat_map(|op| op.clauses.iter().flatten()) {
            asked.insert(*scope as usize);
        }
        let total_weight = ops
            .iter()
            .filter(|op| !op.clauses.is_empty())
            .map(|op| op.weight)
            .sum();
        Self {
            scopes,
            names,
            semantics: semantics.clone(),
            ops,
            asked,
            total_weight,
        }
    }

    /// Whether a term opens the scope of its own name alone.
    fn is_plain(&self) -> bool {
        self.semantics.matching == crate::model::ScopeMatch::Exact
            && self.semantics.implies.is_empty()
    }

    /// The scopes that a term opens, as sorted numbers.
    pub(super) fn scopes_of(&self, term: &Term) -> Vec<u32> {
        if self.is_plain() {
            let own = self.scopes.get(term.as_str()).copied();
            return own.into_iter().collect();
        }
        self.semantics
            .expand(term, &self.names)
            .iter()
            .filter_map(|scope| self.scopes.get(scope).copied())
            .collect()
    }

    /// Whether a term opens any scope that some operation asks for.
    pub fn is_observable(&self, term: &Term) -> bool {
        let mut open = self.scopes_of(term).into_iter();
        open.any(|scope| self.asked.contains(scope as usize))
    }

    fn held<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> Bits {
        let mut held = Bits::new(self.scopes.len());
        let plain = self.is_plain();
        for term in terms {
            if plain {
                if let Some(scope) = self.scopes.get(term.as_str()) {
                    held.insert(*scope as usize);
                }
                continue;
            }
            for scope in self.scopes_of(term) {
                held.insert(scope as usize);
            }
        }
        held
    }

    /// What the terms open, for many questions about the same terms.
    pub fn holding<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> Holding {
        Holding(self.held(terms))
    }

    /// The operations that holding the terms opens; those that need no scope do not count.
    pub fn opens<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> BTreeSet<usize> {
        let held = self.held(terms);
        let open = |op: &Op| {
            op.clauses
                .iter()
                .any(|clause| clause.iter().all(|scope| held.contains(*scope as usize)))
        };
        self.ops
            .iter()
            .enumerate()
            .filter(|(_, op)| open(op))
            .map(|(index, _)| index)
            .collect()
    }

    /// Whether the operation asks for some scope, as far as is known.
    pub fn is_restricted(&self, operation: usize) -> bool {
        self.ops
            .get(operation)
            .is_some_and(|op| !op.clauses.is_empty() && !op.optional)
    }

    /// Whether the terms permit the operation. One that asks for nothing, or of
    /// which nothing is known, is permitted.
    pub fn permits<'t>(&self, terms: impl IntoIterator<Item = &'t Term>, operation: usize) -> bool {
        !self.is_restricted(operation) || self.satisfied(&self.held(terms), operation)
    }

    /// The same for terms that were looked up before.
    pub fn permits_holding(&self, held: &Holding, operation: usize) -> bool {
        !self.is_restricted(operation) || self.satisfied(&held.0, operation)
    }

    /// Whether what is held has some clause of the operation.
    fn satisfied(&self, held: &Bits, operation: usize) -> bool {
        self.ops[operation]
            .clauses
            .iter()
            .any(|clause| clause.iter().all(|scope| held.contains(*scope as usize)))
    }

    /// Whether the term is part of a way in which `held` permits the operation.
    pub fn serves(&self, term: &Term, held: &BTreeSet<Term>, operation: usize) -> bool {
        let own = self.scopes_of(term);
        let clauses = self
            .ops
            .get(operation)
            .into_iter()
            .flat_map(|op| &op.clauses);
        let takes_part =
            |clause: &&Vec<u32>| clause.iter().any(|scope| own.binary_search(scope).is_ok());
        let mut ways = clauses.filter(takes_part).peekable();
        // Most terms have nothing to do with most operations.
        if ways.peek().is_none() {
            return false;
        }
        let all = self.held(held);
        ways.any(|clause| clause.iter().all(|scope| all.contains(*scope as usize)))
    }

    /// [`Self::serves`] for the scopes of a term and held terms that were looked up before.
    pub(super) fn serves_holding(&self, part: &[u32], held: &Holding, operation: usize) -> bool {
        let own = self.ops.get(operation);
        own.into_iter().flat_map(|op| &op.clauses).any(|clause| {
            clause.iter().any(|scope| part.binary_search(scope).is_ok())
                && clause.iter().all(|scope| held.0.contains(*scope as usize))
        })
    }

    /// Share (0..1, four decimals) of the risk weight that these operations have.
    pub fn share(&self, operations: &BTreeSet<usize>) -> f64 {
        if self.total_weight == 0 {
            return 0.0;
        }
        let restricted = operations
            .iter()
            .filter_map(|index| self.ops.get(*index))
            .filter(|op| !op.clauses.is_empty());
        let part: u128 = restricted.map(|op| u128::from(op.weight)).sum();
        let scaled =
            (part * 10_000 + u128::from(self.total_weight) / 2) / u128::from(self.total_weight);
        f64::from(u32::try_from(scaled).unwrap_or(10_000)) / 10_000.0
    }

    /// Share of the risk weight that holding the terms opens.
    pub fn exposure<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> f64 {
        self.share(&self.opens(terms))
    }

    /// Held terms, and every scope of the catalogue that opens nothing new to
    /// whoever holds them, alone or together.
    pub fn narrow_pool(&self, held: &BTreeSet<Term>) -> BTreeSet<Term> {
        let own = self.held(held);
        let open = |op: &Op, with: Option<u32>| {
            let has = |scope: &u32| own.contains(*scope as usize) || with == Some(*scope);
            op.clauses.iter().any(|clause| clause.iter().all(has))
        };
        let closed: Vec<&Op> = self
            .ops
            .iter()
            .filter(|op| !op.clauses.is_empty() && !open(op, None))
            .collect();
        // A scope that stands in any requirement of a closed operation could help to open it.
        let risky: BTreeSet<u32> = closed
            .iter()
            .flat_map(|op| op.clauses.iter().flatten().copied())
            .collect();
        let mut pool = held.clone();
        for (scope, number) in self.names.iter().zip(0_usize..) {
            if !self.asked.contains(number) {
                continue;
            }
            let term = Term::new(scope.as_str());
            let implied = self.scopes_of(&term);
            if implied
                .iter()
                .all(|scope| own.contains(*scope as usize) || !risky.contains(scope))
            {
                pool.insert(term);
            }
        }
        pool
    }
}

/// Drops clauses that contain another clause.
fn minimise(mut clauses: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    for clause in &mut clauses {
        clause.sort_unstable();
        clause.dedup();
    }
    clauses.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    clauses.dedup();
    let mut kept: Vec<Vec<u32>> = Vec::new();
    for clause in clauses {
        if !kept
            .iter()
            .any(|own| own.iter().all(|scope| clause.binary_search(scope).is_ok()))
        {
            kept.push(clause);
        }
    }
    kept
}

/// What is to be solved.
pub struct Problem<'a> {
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
pub struct Solution {
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
pub fn minimum(universe: &Universe, problem: &Problem<'_>) -> Solution {
    let instance = instance::Instance::new(universe, problem);
    let found = search::solve(&instance, problem.node_budget);
    let kept: BTreeSet<Term> = found
        .kept
        .iter()
        .map(|index| instance.terms[index].clone())
        .collect();
    let all = universe.held(&kept);
    let witness =
        kept.iter()
            .filter_map(|term| {
                let others = universe.held(kept.iter().filter(|own| *own != term));
                let shown = problem.needed.iter().copied().find(|op| {
                    universe.satisfied(&all, *op) && !universe.satisfied(&others, *op)
                })?;
                Some((term.clone(), shown))
            })
            .collect();
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
