//! One client's problem over its own terms.

use std::collections::{BTreeMap, BTreeSet};

use super::bits::Bits;
use super::{Hints, Objective, Problem, Universe};
use crate::model::Term;

/// Alternatives of one requirement that are listed before it counts as too large.
const CLAUSES: usize = 2_000;

/// Components of the objective, most important first.
pub(super) type Cost = [u64; 6];

/// Operations that open together: their requirement over the terms is the same.
pub(super) struct Class {
    pub(super) clauses: Vec<Bits>,
    pub(super) cost: Cost,
}

/// Terms are numbered in the order of their names.
pub(super) struct Instance {
    pub(super) terms: Vec<Term>,
    /// What each term costs apart from the operations it opens: hint, not held, count.
    pub(super) term_cost: Vec<Cost>,
    /// Clauses of each needed operation; all are satisfied by the whole pool.
    pub(super) needed: Vec<Vec<Bits>>,
    /// Every operation that some set of these terms opens; empty where only one set will do.
    pub(super) classes: Vec<Class>,
    /// Some requirement was cut short.
    pub(super) capped: bool,
}

impl Instance {
    pub(super) fn new(universe: &Universe, problem: &Problem<'_>) -> Self {
        let mut capped = false;
        let opened: Vec<(&Term, Vec<u32>)> = problem
            .pool
            .iter()
            .map(|term| (term, universe.scopes_of(term)))
            .collect();
        let by_scope = |terms: &[(&Term, Vec<u32>)]| -> BTreeMap<u32, Vec<usize>> {
            let mut map: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
            for (index, (_, scopes)) in terms.iter().enumerate() {
                for scope in scopes {
                    map.entry(*scope).or_default().push(index);
                }
            }
            map
        };
        // Terms that are in no clause of a needed operation can never help.
        let all = by_scope(&opened);
        let mut useful: BTreeSet<usize> = BTreeSet::new();
        for op in problem
            .needed
            .iter()
            .filter_map(|index| universe.ops.get(*index))
        {
            for clause in &op.clauses {
                if clause.iter().all(|scope| all.contains_key(scope)) {
                    useful.extend(clause.iter().flat_map(|scope| all[scope].iter().copied()));
                }
            }
        }
        let opened: Vec<(&Term, Vec<u32>)> = useful
            .into_iter()
            .map(|index| opened[index].clone())
            .collect();
        let holders = by_scope(&opened);
        let size = opened.len();
        let mut over = |clauses: &[Vec<u32>]| over_terms(clauses, &holders, size, &mut capped);

        let needed_ops: BTreeSet<usize> = problem.needed.iter().copied().collect();
        let mut needed: BTreeSet<Vec<Bits>> = BTreeSet::new();
        let (mut serves_hinted, mut hinted) = (vec![false; size], vec![false; size]);
        for op in needed_ops
            .iter()
            .filter_map(|index| universe.ops.get(*index))
        {
            let clauses = over(&op.clauses);
            if clauses.is_empty() {
                continue;
            }
            if !op.least.is_empty() {
                for (term, (_, scopes)) in opened.iter().enumerate() {
                    serves_hinted[term] |= clauses.iter().any(|clause| clause.contains(term));
                    hinted[term] |= scopes.iter().any(|scope| op.least.contains(scope));
                }
            }
            needed.insert(clauses);
        }
        let needed: Vec<Vec<Bits>> = needed.into_iter().collect();
        let mut grouped: BTreeMap<Vec<Bits>, [u64; 3]> = BTreeMap::new();
        // Where terms that are needed in any case do, no set is compared with another one.
        let compared = !forced_suffices(&needed, size);
        let touched = compared.then(|| universe.operations_of(holders.keys().copied()));
        // Only what some of these scopes takes part in can be opened by them.
        for operation in touched.into_iter().flatten() {
            let op = &universe.ops[operation];
            let clauses = over(&op.clauses);
            if !clauses.is_empty() {
                let sums = grouped.entry(clauses).or_default();
                sums[0] += u64::from(op.write);
                sums[1] += 1;
                sums[2] += op.weight;
            }
        }
        let place = |writes, ops, hint, risk, new, count| {
            order(problem, [writes, ops, hint, risk, new, count])
        };
        let term_cost = (0..size)
            .map(|term| {
                let hint = u64::from(serves_hinted[term] && !hinted[term]);
                let new = u64::from(
                    problem
                        .held
                        .is_some_and(|held| !held.contains(opened[term].0)),
                );
                place(0, 0, hint, 0, new, 1)
            })
            .collect();
        let classes = grouped
            .into_iter()
            .map(|(clauses, [writes, ops, risk])| Class {
                clauses,
                cost: place(writes, ops, 0, risk, 0, 0),
            })
            .collect();
        let terms = opened.into_iter().map(|(term, _)| term.clone()).collect();
        Self {
            terms,
            term_cost,
            needed,
            classes,
            capped,
        }
    }
}

/// Puts the components in the order asked for.
fn order(problem: &Problem<'_>, [writes, ops, hint, risk, new, count]: [u64; 6]) -> Cost {
    let hint_or_none = if problem.hints == Hints::Ignore {
        0
    } else {
        hint
    };
    match (problem.objective, problem.hints) {
        (Objective::Reach, Hints::First) => [hint, writes, ops, risk, new, count],
        (Objective::Reach, _) => [writes, ops, hint_or_none, risk, new, count],
        (Objective::Risk, Hints::First) => [risk, hint, writes, ops, new, count],
        (Objective::Risk, _) => [risk, writes, ops, hint_or_none, new, count],
    }
}

/// Rewrites clauses over scopes as minimal clauses over terms.
fn over_terms(
    clauses: &[Vec<u32>],
    holders: &BTreeMap<u32, Vec<usize>>,
    size: usize,
    capped: &mut bool,
) -> Vec<Bits> {
    let mut out: BTreeSet<Bits> = BTreeSet::new();
    for clause in clauses {
        if !clause.iter().all(|scope| holders.contains_key(scope)) {
            continue;
        }
        let mut partial: BTreeSet<Bits> = BTreeSet::from([Bits::new(size)]);
        for scope in clause {
            let mut next = BTreeSet::new();
            for chosen in &partial {
                // A scope that is already open needs no further term.
                if holders[scope].iter().any(|term| chosen.contains(*term)) {
                    next.insert(chosen.clone());
                    continue;
                }
                for term in &holders[scope] {
                    let mut with = chosen.clone();
                    with.insert(*term);
                    next.insert(with);
                }
            }
            if next.len() > CLAUSES {
                *capped = true;
                next = next.into_iter().take(CLAUSES).collect();
            }
            partial = next;
        }
        out.extend(partial);
    }
    let mut sorted: Vec<Bits> = out.into_iter().collect();
    sorted.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut kept: Vec<Bits> = Vec::new();
    for clause in sorted {
        if !kept.iter().any(|bits| bits.is_subset(&clause)) {
            kept.push(clause);
        }
    }
    kept.sort();
    kept
}

/// Terms without which some needed operation cannot be satisfied.
pub(super) fn forced(needed: &[Vec<Bits>], size: usize) -> Bits {
    let mut forced = Bits::new(size);
    loop {
        let before = forced.len();
        for clauses in needed {
            if clauses.iter().any(|clause| clause.is_subset(&forced)) {
                continue;
            }
            // What every clause has in common is needed in any case.
            for term in clauses[0].iter() {
                if clauses.iter().all(|clause| clause.contains(term)) {
                    forced.insert(term);
                }
            }
        }
        if forced.len() == before {
            return forced;
        }
    }
}

/// Whether these terms satisfy every needed operation.
fn forced_suffices(needed: &[Vec<Bits>], size: usize) -> bool {
    let forced = forced(needed, size);
    let satisfied = |clauses: &Vec<Bits>| clauses.iter().any(|clause| clause.is_subset(&forced));
    needed.iter().all(satisfied)
}
