//! A catalogue compiled to numbers: which terms open which operations.
//!
//! In: the operations, the enforcer's rule for names, and a risk weight for each
//! operation. Out: answers about sets of terms.
//!
//! Invariants:
//! * an operation that asks for nothing, or about which nothing is known, is never opened
//!   and never refused;
//! * numbers of scopes are those of their names in order.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use super::bits::Bits;
use crate::model::{Catalog, Requirement, Scope, ScopeMatch, Semantics, Term};

/// The scopes that some terms open.
#[derive(Clone, Debug)]
pub struct Holding(Bits);

pub(super) struct Op {
    /// Minimised clauses over scope numbers; empty when nothing is required or nothing is known.
    pub(super) clauses: Vec<Vec<u32>>,
    /// Anonymous callers are accepted as well as those with scopes: nobody is refused, but only
    /// who holds a clause gets the answer that its holders are used to.
    optional: bool,
    pub(super) write: bool,
    pub(super) weight: u64,
    pub(super) least: Vec<u32>,
}

/// A catalogue compiled to numbers, shared by all clients.
pub struct Universe {
    /// Looked up for each term of each client; never gone through in its order.
    pub(super) scopes: HashMap<Scope, u32, foldhash::fast::FixedState>,
    pub(super) names: BTreeSet<Scope>,
    semantics: Semantics,
    pub(super) ops: Vec<Op>,
    /// By scope: the operations with a clause that contains it, in order.
    by_scope: Vec<Vec<usize>>,
    /// Scopes that are in some clause.
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
                    write: operation.is_write(),
                    weight: weights.get(index).copied().unwrap_or(1),
                    least: operation.least.iter().filter_map(number).collect(),
                }
            })
            .collect();
        let mut asked = Bits::new(scopes.len());
        let mut by_scope: Vec<Vec<usize>> = vec![Vec::new(); scopes.len()];
        for (index, op) in ops.iter().enumerate() {
            for scope in op.clauses.iter().flatten() {
                asked.insert(*scope as usize);
                let operations = &mut by_scope[*scope as usize];
                if operations.last() != Some(&index) {
                    operations.push(index);
                }
            }
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
            by_scope,
            asked,
            total_weight,
        }
    }

    /// Whether a term opens the scope of its own name alone.
    fn is_plain(&self) -> bool {
        self.semantics.matching == ScopeMatch::Exact && self.semantics.implies.is_empty()
    }

    /// The scopes that a term opens, as sorted numbers.
    pub(in crate::analysis) fn scopes_of(&self, term: &Term) -> Vec<u32> {
        if self.is_plain() {
            let number = self.scopes.get(term.as_str()).copied();
            return number.into_iter().collect();
        }
        self.semantics
            .expand(term, &self.names)
            .iter()
            .filter_map(|scope| self.scopes.get(scope).copied())
            .collect()
    }

    /// Whether some operation asks for one of these scopes.
    pub(in crate::analysis) fn asks_for_any(&self, scopes: &[u32]) -> bool {
        let mut scopes = scopes.iter();
        scopes.any(|scope| self.asked.contains(*scope as usize))
    }

    pub(super) fn held<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> Bits {
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

    /// The same for terms whose scopes ([`Self::scopes_of`]) are known.
    pub(in crate::analysis) fn holding_scopes<'s>(
        &self,
        terms: impl Iterator<Item = &'s [u32]>,
    ) -> Holding {
        let mut held = Bits::new(self.scopes.len());
        for scope in terms.flatten() {
            held.insert(*scope as usize);
        }
        Holding(held)
    }

    /// The operations that these scopes take part in opening, in order.
    pub(in crate::analysis) fn operations_of(
        &self,
        scopes: impl Iterator<Item = u32>,
    ) -> Vec<usize> {
        let mut operations: Vec<usize> = scopes
            .filter_map(|scope| self.by_scope.get(scope as usize))
            .flatten()
            .copied()
            .collect();
        operations.sort_unstable();
        operations.dedup();
        operations
    }

    /// Whether a clause of the operation is held; those without any are not opened.
    pub(in crate::analysis) fn opens_operation(&self, held: &Holding, operation: usize) -> bool {
        operation < self.ops.len() && self.satisfied(&held.0, operation)
    }

    /// The scopes of the clauses by which `held` opens the operation.
    pub(in crate::analysis) fn ways<'s>(
        &'s self,
        held: &'s Holding,
        operation: usize,
    ) -> impl Iterator<Item = u32> + 's {
        let clauses = self
            .ops
            .get(operation)
            .into_iter()
            .flat_map(|op| &op.clauses);
        clauses
            .filter(|clause| clause.iter().all(|scope| held.0.contains(*scope as usize)))
            .flatten()
            .copied()
    }

    /// The operations that holding the terms opens; those that need no scope do not count.
    pub fn opens<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> BTreeSet<usize> {
        let held = self.held(terms);
        let scopes = held.iter().filter_map(|scope| u32::try_from(scope).ok());
        let possible = self.operations_of(scopes).into_iter();
        possible.filter(|op| self.satisfied(&held, *op)).collect()
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
    pub(super) fn satisfied(&self, held: &Bits, operation: usize) -> bool {
        self.ops[operation]
            .clauses
            .iter()
            .any(|clause| clause.iter().all(|scope| held.contains(*scope as usize)))
    }

    /// Whether the term is part of a way in which `held` permits the operation.
    pub fn serves(&self, term: &Term, held: &BTreeSet<Term>, operation: usize) -> bool {
        let scopes = self.scopes_of(term);
        let clauses = self
            .ops
            .get(operation)
            .into_iter()
            .flat_map(|op| &op.clauses);
        let takes_part = |clause: &&Vec<u32>| {
            clause
                .iter()
                .any(|scope| scopes.binary_search(scope).is_ok())
        };
        let mut ways = clauses.filter(takes_part).peekable();
        // Most terms have nothing to do with most operations.
        if ways.peek().is_none() {
            return false;
        }
        let all = self.held(held);
        ways.any(|clause| clause.iter().all(|scope| all.contains(*scope as usize)))
    }

    /// [`Self::serves`] for the scopes of a term and held terms that were looked up before.
    pub(in crate::analysis) fn serves_holding(
        &self,
        part: &[u32],
        held: &Holding,
        operation: usize,
    ) -> bool {
        let known = self.ops.get(operation);
        known.into_iter().flat_map(|op| &op.clauses).any(|clause| {
            clause.iter().any(|scope| part.binary_search(scope).is_ok())
                && clause.iter().all(|scope| held.0.contains(*scope as usize))
        })
    }

    /// Share (0..1, four decimals) of the risk weight that these operations have.
    ///
    /// Each operation is given once.
    pub fn share(&self, operations: impl IntoIterator<Item = usize>) -> f64 {
        if self.total_weight == 0 {
            return 0.0;
        }
        let restricted = operations
            .into_iter()
            .filter_map(|index| self.ops.get(index))
            .filter(|op| !op.clauses.is_empty());
        let part: u128 = restricted.map(|op| u128::from(op.weight)).sum();
        let scaled =
            (part * 10_000 + u128::from(self.total_weight) / 2) / u128::from(self.total_weight);
        f64::from(u32::try_from(scaled).unwrap_or(10_000)) / 10_000.0
    }

    /// Share of the risk weight that holding the terms opens.
    pub fn exposure<'t>(&self, terms: impl IntoIterator<Item = &'t Term>) -> f64 {
        self.share(self.opens(terms))
    }

    /// Whether holding a term gives scopes that nobody knows yet.
    pub fn is_open_ended(&self, term: &Term) -> bool {
        let rule = self.semantics.matching;
        let above = matches!(rule, ScopeMatch::Hierarchy(_));
        rule.is_pattern(term.as_str()) || (above && self.scopes_of(term).len() > 1)
    }

    /// Held terms, and every scope of the catalogue that opens nothing new to
    /// whoever holds them, alone or together; nor does any that is spelt as a pattern match more
    /// names than one that is held.
    pub fn narrow_pool(&self, held: &BTreeSet<Term>) -> BTreeSet<Term> {
        let bits = self.held(held);
        let open = |op: &Op, with: Option<u32>| {
            let has = |scope: &u32| bits.contains(*scope as usize) || with == Some(*scope);
            op.clauses.iter().any(|clause| clause.iter().all(has))
        };
        let closed: Vec<&Op> = self
            .ops
            .iter()
            .filter(|op| !op.clauses.is_empty() && !open(op, None))
            .collect();
        // A scope that is in any requirement of a closed operation could help to open it.
        let risky: BTreeSet<u32> = closed
            .iter()
            .flat_map(|op| op.clauses.iter().flatten().copied())
            .collect();
        let mut pool = held.clone();
        for (scope, number) in self.names.iter().zip(0_usize..) {
            if !self.asked.contains(number) {
                continue;
            }
            if self.is_plain() {
                if bits.contains(number) || !risky.contains(&scope_number(number)) {
                    pool.insert(Term::new(scope.as_str()));
                }
                continue;
            }
            let term = Term::new(scope.as_str());
            if self.is_open_ended(&term) && !self.is_within(&term, held) {
                continue;
            }
            let implied = self.scopes_of(&term);
            if implied
                .iter()
                .all(|scope| bits.contains(*scope as usize) || !risky.contains(scope))
            {
                pool.insert(term);
            }
        }
        pool
    }

    /// Whether one of these terms gives every name that the term gives.
    pub(in crate::analysis) fn is_within(&self, term: &Term, held: &BTreeSet<Term>) -> bool {
        let rule = self.semantics.matching;
        let mut held = held.iter();
        held.any(|own| rule.includes(own.as_str(), term.as_str()))
    }
}

fn scope_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Drops clauses that contain another clause.
pub(super) fn minimise(mut clauses: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    for clause in &mut clauses {
        clause.sort_unstable();
        clause.dedup();
    }
    clauses.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    clauses.dedup();
    let mut kept: Vec<Vec<u32>> = Vec::new();
    for clause in clauses {
        if !kept.iter().any(|scopes| {
            scopes
                .iter()
                .all(|scope| clause.binary_search(scope).is_ok())
        }) {
            kept.push(clause);
        }
    }
    kept
}
