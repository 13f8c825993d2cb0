//! Branch and bound over one instance.
//!
//! A branch takes an operation that is not yet satisfied and tries its
//! clauses, cheapest first; a later branch excludes what the earlier ones
//! chose, so that no set is looked at twice. The bound is the cost of what is
//! chosen, plus for the worst unsatisfied operation its cheapest clause: cost
//! grows with the set, so nothing below a branch can be cheaper.

use super::bits::Bits;
use super::instance::{Cost, Instance, forced};

/// Search steps after which sets of equal cost are no longer compared by name.
const TIES: u64 = 20_000;

pub(super) struct FoundSet {
    pub(super) kept: Bits,
    pub(super) gap: Option<String>,
    pub(super) nodes: u64,
}

pub(super) fn solve(instance: &Instance, budget: u64) -> FoundSet {
    let size = instance.terms.len();
    let mut kept = forced(&instance.needed, size);
    let mut nodes = 0;
    let mut gap = None;
    for part in parts(instance, &kept) {
        let mut search = Search {
            instance,
            base: &kept,
            needed: &part.needed,
            classes: &part.classes,
            best: None,
            nodes: 0,
            budget: budget.saturating_sub(nodes).max(1_000),
            stopped: false,
            open_bound: None,
        };
        let none = Bits::new(size);
        search.branch(&none, &none);
        nodes += search.nodes;
        let Some((cost, best)) = search.best else {
            continue;
        };
        if search.stopped {
            let bound = search.open_bound.unwrap_or_default();
            gap = Some(format!(
                "stopped after {nodes} steps: best cost {cost:?}, not excluded from {bound:?}"
            ));
        }
        kept.add(&best);
    }
    FoundSet { kept, gap, nodes }
}

/// A part of the problem that shares no operation with the others.
struct Part {
    needed: Vec<Vec<Bits>>,
    classes: Vec<usize>,
}

/// Splits what the forced terms leave open. Terms belong together when one
/// operation, needed or not, depends on both.
fn parts(instance: &Instance, forced: &Bits) -> Vec<Part> {
    let size = instance.terms.len();
    let mut leader: Vec<usize> = (0..size).collect();
    let rest = |clauses: &[Bits]| -> Option<Vec<Bits>> {
        if clauses.iter().any(|clause| clause.is_subset(forced)) {
            return None;
        }
        Some(
            clauses
                .iter()
                .map(|clause| {
                    let mut clause = clause.clone();
                    clause.take(forced);
                    clause
                })
                .collect(),
        )
    };
    let needed: Vec<Vec<Bits>> = without_implied(
        instance
            .needed
            .iter()
            .filter_map(|clauses| rest(clauses))
            .collect(),
    );
    let useful = {
        let mut useful = Bits::new(size);
        needed
            .iter()
            .flatten()
            .for_each(|clause| useful.add(clause));
        useful
    };
    let classes: Vec<(usize, Vec<Bits>)> = instance
        .classes
        .iter()
        .enumerate()
        .filter_map(|(index, class)| {
            let clauses: Vec<Bits> = rest(&class.clauses)?
                .into_iter()
                .filter(|clause| clause.is_subset(&useful))
                .collect();
            (!clauses.is_empty()).then_some((index, clauses))
        })
        .collect();
    for clauses in needed
        .iter()
        .chain(classes.iter().map(|(_, clauses)| clauses))
    {
        let mut members = clauses.iter().flat_map(Bits::iter);
        if let Some(first) = members.next() {
            members.for_each(|other| join(&mut leader, first, other));
        }
    }
    let mut parts: Vec<(usize, Part)> = Vec::new();
    for clauses in needed {
        let Some(member) = clauses.iter().flat_map(Bits::iter).next() else {
            continue;
        };
        let root = find(&leader, member);
        match parts.iter_mut().find(|(part, _)| *part == root) {
            Some((_, part)) => part.needed.push(clauses),
            None => parts.push((
                root,
                Part {
                    needed: vec![clauses],
                    classes: Vec::new(),
                },
            )),
        }
    }
    for (index, clauses) in &classes {
        let Some(member) = clauses.iter().flat_map(Bits::iter).next() else {
            continue;
        };
        let root = find(&leader, member);
        if let Some((_, part)) = parts.iter_mut().find(|(part, _)| *part == root) {
            part.classes.push(*index);
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

/// Drops operations that are satisfied whenever another one is.
fn without_implied(mut needed: Vec<Vec<Bits>>) -> Vec<Vec<Bits>> {
    needed.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    needed.dedup();
    let implies = |a: &[Bits], b: &[Bits]| {
        a.iter()
            .all(|clause| b.iter().any(|bits| bits.is_subset(clause)))
    };
    let mut kept: Vec<Vec<Bits>> = Vec::new();
    for clauses in needed {
        if !kept.iter().any(|other| implies(other, &clauses)) {
            kept.retain(|other| !implies(&clauses, other));
            kept.push(clauses);
        }
    }
    kept
}

fn find(leader: &[usize], mut member: usize) -> usize {
    while leader[member] != member {
        member = leader[member];
    }
    member
}

fn join(leader: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(leader, a), find(leader, b));
    leader[a.max(b)] = a.min(b);
}

struct Search<'a> {
    instance: &'a Instance,
    /// Chosen before the search began.
    base: &'a Bits,
    needed: &'a [Vec<Bits>],
    classes: &'a [usize],
    best: Option<(Cost, Bits)>,
    nodes: u64,
    budget: u64,
    stopped: bool,
    /// Lowest bound among branches that were not looked at.
    open_bound: Option<Cost>,
}

impl Search<'_> {
    /// Cost of a set on top of the base, within this part.
    fn cost(&self, set: &Bits) -> Cost {
        let mut all = set.clone();
        all.add(self.base);
        let mut cost = Cost::default();
        let mut add = |more: &Cost| {
            cost.iter_mut()
                .zip(more)
                .for_each(|(total, more)| *total += more);
        };
        for index in self.classes {
            let class = &self.instance.classes[*index];
            if class.clauses.iter().any(|clause| clause.is_subset(&all)) {
                add(&class.cost);
            }
        }
        set.iter()
            .for_each(|term| add(&self.instance.term_cost[term]));
        cost
    }

    fn satisfied(&self, set: &Bits) -> bool {
        self.needed
            .iter()
            .all(|clauses| clauses.iter().any(|clause| clause.is_subset(set)))
    }

    fn offer(&mut self, set: &Bits) {
        let mut set = set.clone();
        // Terms that became superfluous go, the last names first.
        let members: Vec<usize> = set.iter().collect();
        for term in members.into_iter().rev() {
            set.remove(term);
            if !self.satisfied(&set) {
                set.insert(term);
            }
        }
        let cost = self.cost(&set);
        let better = match &self.best {
            None => true,
            Some((best, bits)) => cost < *best || (cost == *best && first_by_name(&set, bits)),
        };
        if better {
            self.best = Some((cost, set));
        }
    }

    fn branch(&mut self, chosen: &Bits, excluded: &Bits) {
        if self.stopped && self.best.is_some() {
            return;
        }
        self.nodes += 1;
        let mut bound = self.cost(chosen);
        // The unsatisfied operation with the fewest clauses left, and these clauses by cost.
        let mut next: Option<Vec<(Cost, &Bits)>> = None;
        for clauses in self.needed {
            if clauses.iter().any(|clause| clause.is_subset(chosen)) {
                continue;
            }
            let mut left: Vec<(Cost, &Bits)> = Vec::new();
            for clause in clauses.iter().filter(|clause| !clause.meets(excluded)) {
                let mut with = chosen.clone();
                with.add(clause);
                left.push((self.cost(&with), clause));
            }
            let Some(cheapest) = left.iter().map(|(cost, _)| *cost).min() else {
                return;
            };
            bound = bound.max(cheapest);
            if next.as_ref().is_none_or(|next| left.len() < next.len()) {
                next = Some(left);
            }
        }
        if let Some((best, _)) = &self.best
            && (bound > *best || (bound == *best && self.nodes > TIES))
        {
            return;
        }
        let Some(mut next) = next else {
            self.offer(chosen);
            return;
        };
        if self.nodes >= self.budget && self.best.is_some() {
            self.stopped = true;
            self.open_bound = Some(self.open_bound.map_or(bound, |open| open.min(bound)));
            return;
        }
        next.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        let mut excluded = excluded.clone();
        for (_, clause) in next {
            if clause.meets(&excluded) {
                continue;
            }
            let mut with = chosen.clone();
            with.add(clause);
            self.branch(&with, &excluded);
            let mut fresh = clause.clone();
            fresh.take(chosen);
            // Only a single term can be excluded: of two, one may still be wanted.
            if fresh.len() == 1 {
                excluded.add(&fresh);
            }
        }
    }
}

/// Whether the sorted names of `a` come before those of `b`: terms are numbered by name.
fn first_by_name(a: &Bits, b: &Bits) -> bool {
    a.iter().lt(b.iter())
}
