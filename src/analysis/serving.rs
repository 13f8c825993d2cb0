//! Which routes each held term serves: what counts as its use.

use std::collections::{BTreeMap, BTreeSet};

use super::minimum::Universe;
use crate::catalog::matcher::Route;
use crate::model::Term;
use crate::usage::{ClientUse, UNMATCHED};

/// The routes of the client's requests that each held term serves.
///
/// The rule is that of the verdicts: the grants permit the operation, and the
/// term takes part in it.
pub fn serving(
    universe: &Universe,
    routes: &[Route],
    held: &BTreeSet<Term>,
    usage: &ClientUse,
) -> BTreeMap<Term, Vec<u32>> {
    let mut all: BTreeMap<Term, Vec<u32>> = BTreeMap::new();
    for own in usage.routes.iter().filter(|own| own.route != UNMATCHED) {
        let operations = routes
            .get(own.route as usize)
            .map_or(&[][..], |route| &route.operations);
        let permitted: Vec<usize> = operations
            .iter()
            .copied()
            .filter(|op| universe.permits(held, *op))
            .collect();
        for term in held {
            if permitted.iter().any(|op| universe.serves(term, held, *op)) {
                all.entry(term.clone()).or_default().push(own.route);
            }
        }
    }
    all
}
