//! What would open an operation to somebody who cannot call it.

use std::collections::BTreeSet;

use super::universe::{Universe, minimise};
use crate::model::{Scope, Term};

impl Universe {
    /// The smallest sets of scopes that, together with what is held, would permit one of these
    /// operations; empty when one is permitted already, or when none asks for a scope.
    pub fn missing(&self, held: &BTreeSet<Term>, operations: &[usize]) -> Vec<Vec<Scope>> {
        let bits = self.held(held);
        let clauses = operations
            .iter()
            .filter_map(|index| self.ops.get(*index))
            .flat_map(|op| &op.clauses);
        let lacks: Vec<Vec<u32>> = clauses
            .map(|clause| {
                let lacks = clause.iter().copied();
                lacks
                    .filter(|scope| !bits.contains(*scope as usize))
                    .collect()
            })
            .collect();
        if lacks.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        // Numbers are in the order of the names.
        let names: Vec<&Scope> = self.names.iter().collect();
        minimise(lacks)
            .into_iter()
            .map(|set| {
                let found = set.iter().filter_map(|number| names.get(*number as usize));
                found.map(|name| (*name).clone()).collect()
            })
            .collect()
    }

    /// The number of a scope that some operation asks for.
    pub(in crate::analysis) fn number(&self, scope: &str) -> Option<u32> {
        self.scopes.get(scope).copied()
    }

    /// The operations that nothing else held opens: they would answer 403 without the term.
    pub fn lost_without(&self, term: &Term, held: &BTreeSet<Term>) -> BTreeSet<usize> {
        let without = self.opens(held.iter().filter(|kept| *kept != term));
        let open = self.opens(held);
        open.difference(&without).copied().collect()
    }
}
