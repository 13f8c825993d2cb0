//! The smallest cover of the vertices of a small graph by cliques: branch and bound.
//!
//! In: the graph of cells that can be in one role. Out: cliques, and how many any cover needs.
//!
//! Invariants:
//! * every vertex is in a clique, and every clique is one;
//! * the number is called proven only when no branch was left out.

use super::bits::Bits;

/// More cliques through one vertex are not tried.
const MANY_CLIQUES: usize = 2_000;

/// Each vertex with its neighbours.
pub(super) struct Graph {
    near: Vec<Bits>,
}

/// A cover.
pub(super) struct Cover {
    pub(super) cliques: Vec<Bits>,
    /// No cover has fewer.
    pub(super) at_least: usize,
}

impl Graph {
    /// `near[v]` holds `v` itself and its neighbours.
    pub(super) fn new(near: Vec<Bits>) -> Self {
        Self { near }
    }

    /// The smallest cover that is found in `steps` steps.
    pub(super) fn cover(&self, steps: u64) -> Cover {
        let all = Bits::all(self.near.len());
        let mut search = Search {
            graph: self,
            steps,
            cut: false,
        };
        let greedy = search.greedy(all.clone());
        let at_least = self.independent(&all);
        let better = if greedy.len() > at_least {
            search.best(all, greedy.len() - 1)
        } else {
            None
        };
        let cliques = better.unwrap_or(greedy);
        let at_least = if search.cut { at_least } else { cliques.len() };
        Cover { cliques, at_least }
    }

    /// How many vertices are found of which no two are neighbours: each needs a clique of its own.
    fn independent(&self, among: &Bits) -> usize {
        let mut left = among.clone();
        let mut found = 0;
        while let Some(vertex) = self.loneliest(&left) {
            left.take(&self.near[vertex]);
            found += 1;
        }
        found
    }

    fn loneliest(&self, left: &Bits) -> Option<usize> {
        left.iter()
            .min_by_key(|vertex| self.near[*vertex].shared(left))
    }

    /// Takes out what follows from the rest: a vertex that fits wherever one of its neighbours can
    /// be, and a vertex whose neighbours are all gone, which is a clique.
    fn reduce(&self, left: &mut Bits, follows: &mut Vec<(usize, usize)>, cliques: &mut Vec<Bits>) {
        let mut changed = true;
        while changed {
            changed = false;
            for vertex in left.clone().iter() {
                if !left.contains(vertex) {
                    continue;
                }
                let mut near = self.near[vertex].clone();
                near.keep_only(left);
                let fits = |other: &usize| *other != vertex && near.is_within(&self.near[*other]);
                let gone: Vec<usize> = near.iter().filter(fits).collect();
                changed |= !gone.is_empty();
                for other in gone {
                    left.remove(other);
                    near.remove(other);
                    follows.push((other, vertex));
                }
                if near.len() == 1 {
                    left.remove(vertex);
                    cliques.push(near);
                    changed = true;
                }
            }
        }
    }

    /// The connected parts.
    fn parts(&self, left: &Bits) -> Vec<Bits> {
        let mut rest = left.clone();
        let mut parts = Vec::new();
        while let Some(first) = rest.nth(0) {
            let mut part = Bits::of(self.near.len(), [first]);
            let mut open = vec![first];
            rest.remove(first);
            while let Some(vertex) = open.pop() {
                let mut next = self.near[vertex].clone();
                next.keep_only(&rest);
                rest.take(&next);
                part.add(&next);
                open.extend(next.iter());
            }
            parts.push(part);
        }
        parts
    }

    /// The maximal cliques through a vertex, and whether these are all of them.
    fn through(&self, vertex: usize, left: &Bits) -> (Vec<Bits>, bool) {
        let size = self.near.len();
        let mut may = self.near[vertex].clone();
        may.keep_only(left);
        may.remove(vertex);
        let mut found = Vec::new();
        let clique = Bits::of(size, [vertex]);
        let complete = self.extend(&clique, may, Bits::none(size), &mut found);
        (found, complete)
    }

    /// Bron and Kerbosch, with a pivot.
    fn extend(&self, clique: &Bits, mut may: Bits, mut not: Bits, found: &mut Vec<Bits>) -> bool {
        if found.len() >= MANY_CLIQUES {
            return false;
        }
        let joins = |pivot: &usize| self.near[*pivot].shared(&may);
        let Some(pivot) = may.iter().chain(not.iter()).max_by_key(joins) else {
            found.push(clique.clone());
            return true;
        };
        let mut go = may.clone();
        go.take(&self.near[pivot]);
        if may.contains(pivot) {
            go.insert(pivot);
        }
        for vertex in go.iter() {
            let mut near = self.near[vertex].clone();
            near.remove(vertex);
            let (mut larger, mut may_too, mut not_too) = (clique.clone(), may.clone(), not.clone());
            larger.insert(vertex);
            may_too.keep_only(&near);
            not_too.keep_only(&near);
            if !self.extend(&larger, may_too, not_too, found) {
                return false;
            }
            may.remove(vertex);
            not.insert(vertex);
        }
        true
    }
}

struct Search<'g> {
    graph: &'g Graph,
    steps: u64,
    /// A branch was left out.
    cut: bool,
}

impl Search<'_> {
    /// The largest clique through the loneliest vertex, again and again.
    fn greedy(&self, mut left: Bits) -> Vec<Bits> {
        let (mut follows, mut cliques) = (Vec::new(), Vec::new());
        loop {
            self.graph.reduce(&mut left, &mut follows, &mut cliques);
            let Some(vertex) = self.graph.loneliest(&left) else {
                break;
            };
            let (through, _) = self.graph.through(vertex, &left);
            let largest = through.into_iter().max_by_key(Bits::len);
            let clique = largest.unwrap_or_else(|| Bits::of(self.graph.near.len(), [vertex]));
            left.take(&clique);
            cliques.push(clique);
        }
        follow(&follows, &mut cliques);
        cliques
    }

    /// The smallest cover with at most `limit` cliques, if there is one.
    fn best(&mut self, mut left: Bits, limit: usize) -> Option<Vec<Bits>> {
        if self.steps == 0 {
            self.cut = true;
            return None;
        }
        self.steps -= 1;
        let (mut follows, mut cliques) = (Vec::new(), Vec::new());
        self.graph.reduce(&mut left, &mut follows, &mut cliques);
        let parts = self.graph.parts(&left);
        let least = parts.iter().map(|part| self.graph.independent(part));
        let least: Vec<usize> = least.collect();
        let mut rest: usize = least.iter().sum();
        for (part, least) in parts.iter().zip(least) {
            rest -= least;
            let others = cliques.len() + rest;
            let own = limit.checked_sub(others).filter(|own| *own >= least)?;
            cliques.extend(self.branch(part, own, least)?);
        }
        follow(&follows, &mut cliques);
        (cliques.len() <= limit).then_some(cliques)
    }

    /// Tries each clique through the loneliest vertex: one of them is in some smallest cover.
    fn branch(&mut self, part: &Bits, mut limit: usize, least: usize) -> Option<Vec<Bits>> {
        let vertex = self.graph.loneliest(part)?;
        let (mut through, complete) = self.graph.through(vertex, part);
        self.cut |= !complete;
        through.sort_by_key(|clique| std::cmp::Reverse(clique.len()));
        let mut best = None;
        for clique in through {
            if limit == 0 || limit < least {
                break;
            }
            let mut left = part.clone();
            left.take(&clique);
            if let Some(mut found) = self.best(left, limit - 1) {
                found.push(clique);
                limit = found.len() - 1;
                best = Some(found);
            }
        }
        best
    }
}

/// What went because of another vertex joins the clique of that one, the last that went first.
fn follow(follows: &[(usize, usize)], cliques: &mut [Bits]) {
    for (gone, because) in follows.iter().rev() {
        let mut holding = cliques.iter_mut();
        if let Some(clique) = holding.find(|clique| clique.contains(*because)) {
            clique.insert(*gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(size: usize, edges: &[(usize, usize)]) -> Graph {
        let mut near: Vec<Bits> = (0..size).map(|vertex| Bits::of(size, [vertex])).collect();
        for (one, other) in edges {
            near[*one].insert(*other);
            near[*other].insert(*one);
        }
        Graph::new(near)
    }

    #[test]
    fn a_ring_of_five_needs_three_pairs_and_this_is_proven_by_branching() {
        let ring = graph(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]);
        let cover = ring.cover(1_000);
        assert_eq!((cover.cliques.len(), cover.at_least), (3, 3));
        assert_eq!(
            ring.independent(&Bits::all(5)),
            2,
            "the simple bound does not prove it"
        );
        let hurried = ring.cover(0);
        assert_eq!(
            (hurried.cliques.len(), hurried.at_least),
            (3, 2),
            "not proven without a step"
        );
    }
}
