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
    let holding = universe.holding(held);
    let scopes: Vec<(&Term, Vec<u32>)> = held
        .iter()
        .map(|term| (term, universe.scopes_of(term)))
        .collect();
    for used in usage.routes.iter().filter(|used| used.route != UNMATCHED) {
        let route = routes.get(used.route as usize);
        let operations = route.map_or(&[][..], |route| &route.operations);
        for (term, scopes) in &scopes {
            let serves = |op: &usize| universe.serves_holding(scopes, &holding, *op);
            if operations.iter().any(serves) {
                all.entry((*term).clone()).or_default().push(used.route);
            }
        }
    }
    all
}
