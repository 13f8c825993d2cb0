//! The fewest roles that cover a matrix exactly.
//!
//! Two cells can be in one role when their clients need each other's terms. A cover by roles is then
//! a cover of the graph of cells by cliques, and a cell that can join every role in which another
//! can be needs no thought: it follows that one (Ene, Horne, Milosavljevic, Rao, Schreiber and
//! Tarjan, "Fast exact and heuristic methods for role minimization problems", SACMAT 2008, section
//! 4). What real matrices leave after that is small, and is solved by branch and bound.
//!
//! Invariants:
//! * a role holds only cells of the matrix, and every cell is in a role;
//! * `at_least` is a lower bound: equal to the number of roles, the number is proven.

use super::bits::Bits;
use super::cliques::Graph;
use super::matrix::Matrix;

/// A client and a term.
type Cell = (usize, usize);

/// How much work the search may be. It is counted, never timed: the result is the same everywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// More cells than this are first covered by a greedy hand: their graph would not fit.
    pub(super) largest_graph: usize,
    /// Steps of branch and bound.
    pub(super) steps: u64,
    /// Words of bits that reducing may look at.
    pub(super) reducing: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            largest_graph: 4_000,
            steps: 20_000,
            reducing: 6_000_000_000,
        }
    }
}

/// A role: its clients and its terms.
pub(super) type Rectangle = (Bits, Bits);

/// A cover with few roles.
pub(super) struct Fewest {
    pub(super) roles: Vec<Rectangle>,
    /// No exact cover has fewer.
    pub(super) at_least: usize,
}

/// What is still to be covered, and how the rest follows from it.
struct Kernel<'m> {
    matrix: &'m Matrix,
    left: Vec<Bits>,
    /// Gone, and because of which cell: a role with the second can be given the first.
    follows: Vec<(Cell, Cell)>,
    roles: Vec<Rectangle>,
    /// Words that reducing may still look at.
    work: u64,
}

/// The fewest roles that cover what is `left` of the matrix.
pub(super) fn fewest(matrix: &Matrix, left: Vec<Bits>, limits: Limits) -> Fewest {
    let mut kernel = Kernel {
        matrix,
        left,
        follows: Vec::new(),
        roles: Vec::new(),
        work: limits.reducing,
    };
    kernel.reduce();
    // Each of these cells can be in one role with no other cell that was left.
    let certain = kernel.roles.len();
    let mut at_least = None;
    let mut cells = kernel.cells();
    if cells.len() > limits.largest_graph {
        at_least = Some(kernel.independent(&cells));
    }
    while cells.len() > limits.largest_graph {
        kernel.greedy(&cells);
        kernel.reduce();
        cells = kernel.cells();
    }
    let cover = Graph::new(kernel.graph(&cells)).cover(limits.steps);
    for clique in &cover.cliques {
        let own = || clique.iter().map(|at| cells[at]);
        let clients = Bits::of(matrix.rows.len(), own().map(|cell| cell.0));
        let terms = Bits::of(matrix.columns.len(), own().map(|cell| cell.1));
        kernel.roles.push((clients, terms));
    }
    kernel.follow();
    Fewest {
        at_least: certain + at_least.unwrap_or(cover.at_least),
        roles: kernel.roles,
    }
}

impl Kernel<'_> {
    fn cells(&self) -> Vec<Cell> {
        let rows = self.left.iter().enumerate();
        rows.flat_map(|(client, row)| row.iter().map(move |term| (client, term)))
            .collect()
    }

    fn reduce(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for client in 0..self.left.len() {
                for term in self.left[client].clone().iter() {
                    if self.work == 0 {
                        return;
                    }
                    changed |= self.left[client].contains(term) && self.visit((client, term));
                }
            }
        }
    }

    /// Takes out what follows from this cell, and the cell itself when no other is left beside it.
    fn visit(&mut self, cell: Cell) -> bool {
        let (client, term) = cell;
        let (rows, columns) = (&self.matrix.rows, &self.matrix.columns);
        // What is left of the cells that can be in one role with this one, by client and by term,
        // and who and what goes with all of them.
        let mut terms = Bits::none(columns.len());
        let mut all_terms = rows[client].clone();
        for other in columns[term].iter() {
            self.work = self
                .work
                .saturating_sub(1 + rows[client].words().len() as u64);
            if terms.add_both(&self.left[other], &rows[client]) {
                all_terms.keep_only(&rows[other]);
            }
        }
        let mut all_clients = columns[term].clone();
        for other in terms.iter() {
            self.work = self
                .work
                .saturating_sub(1 + all_clients.words().len() as u64);
            all_clients.keep_only(&columns[other]);
        }
        let before = self.follows.len();
        for other in all_clients.iter() {
            let mut goes = self.left[other].clone();
            goes.keep_only(&all_terms);
            if other == client {
                goes.remove(term);
            }
            let gone = goes.iter().map(|gone| ((other, gone), cell));
            self.follows.extend(gone);
            self.left[other].take(&goes);
        }
        let alone = |other: usize| {
            let beside = self.left[other].shared(&rows[client]);
            beside == usize::from(other == client)
        };
        if columns[term].iter().all(alone) {
            self.left[client].remove(term);
            let clients = Bits::of(rows.len(), [client]);
            self.roles.push((clients, Bits::of(columns.len(), [term])));
            return true;
        }
        self.follows.len() > before
    }

    fn fits(&self, one: Cell, other: Cell) -> bool {
        self.matrix.rows[one.0].contains(other.1) && self.matrix.rows[other.0].contains(one.1)
    }

    fn graph(&self, cells: &[Cell]) -> Vec<Bits> {
        let near = |one: &Cell| {
            let others = cells.iter().enumerate();
            let near = others.filter(|(_, other)| self.fits(*one, **other));
            Bits::of(cells.len(), near.map(|(at, _)| at))
        };
        cells.iter().map(near).collect()
    }

    /// How many of these cells are found of which no two can be in one role.
    fn independent(&self, cells: &[Cell]) -> usize {
        let mut order = cells.to_vec();
        order.sort_by_key(|cell| self.room(*cell));
        let mut taken: Vec<Cell> = Vec::new();
        for cell in order {
            if taken.iter().all(|other| !self.fits(*other, cell)) {
                taken.push(cell);
            }
        }
        taken.len()
    }

    /// How large roles with this cell can be.
    fn room(&self, (client, term): Cell) -> usize {
        self.matrix.columns[term].len() * self.matrix.rows[client].len()
    }

    /// One role through the cell with the least room: what its client shares with another.
    fn greedy(&mut self, cells: &[Cell]) {
        let cell = cells.iter().min_by_key(|cell| self.room(**cell));
        let Some((client, term)) = cell.copied() else {
            return;
        };
        let (rows, columns) = (&self.matrix.rows, &self.matrix.columns);
        let roles = columns[term].iter().map(|other| {
            let mut terms = rows[client].clone();
            terms.keep_only(&rows[other]);
            // Who has none of them left is no part of it: what follows from a cell fits only
            // those who have.
            let all = |holder: &usize| {
                terms.is_within(&rows[*holder]) && terms.meets(&self.left[*holder])
            };
            let clients = Bits::of(rows.len(), columns[term].iter().filter(all));
            let mut own = Bits::none(columns.len());
            let mut gain = 0;
            for client in clients.iter() {
                own.add_both(&self.left[client], &terms);
                gain += self.left[client].shared(&terms);
            }
            (gain, clients, own)
        });
        if let Some((_, clients, terms)) = roles.max_by_key(|role| role.0) {
            for client in clients.iter() {
                self.left[client].take(&terms);
            }
            self.roles.push((clients, terms));
        }
    }

    /// What went because of another cell joins the role of that one, the last that went first.
    fn follow(&mut self) {
        for ((client, term), because) in self.follows.iter().rev() {
            let holds =
                |role: &&mut Rectangle| role.0.contains(because.0) && role.1.contains(because.1);
            if let Some(role) = self.roles.iter_mut().find(holds) {
                role.0.insert(*client);
                role.1.insert(*term);
            }
        }
    }
}
