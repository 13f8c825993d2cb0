//! Who needs what, as rows and columns of bits.
//!
//! Clients with the same row are one, and so are terms with the same column: in a smallest set of
//! roles they can be treated alike, as each may copy what another of its class has. What is known
//! about them beyond the matrix (an existing role) keeps them apart.

use std::collections::BTreeMap;

use super::bits::Bits;

/// Rows are clients, columns are terms.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(super) rows: Vec<Bits>,
    pub(super) columns: Vec<Bits>,
}

impl Matrix {
    /// A matrix with these cells.
    pub(crate) fn new(
        clients: usize,
        terms: usize,
        cells: impl IntoIterator<Item = (usize, usize)>,
    ) -> Self {
        let mut rows = vec![Bits::none(terms); clients];
        let mut columns = vec![Bits::none(clients); terms];
        for (client, term) in cells {
            rows[client].insert(term);
            columns[term].insert(client);
        }
        Self { rows, columns }
    }

    /// How many cells it has.
    pub(super) fn cells(&self) -> usize {
        self.rows.iter().map(Bits::len).sum()
    }
}

/// A matrix of classes of clients and of terms that are alike. Who needs nothing, and what nobody
/// needs, is in no class.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    pub(super) matrix: Matrix,
    /// The clients of each class.
    pub(super) clients: Vec<Vec<usize>>,
    /// The terms of each class.
    pub(super) terms: Vec<Vec<usize>>,
    /// How many clients each class has.
    pub(super) client_weights: Vec<u64>,
    /// How many terms each class has.
    pub(super) term_weights: Vec<u64>,
}

impl Merged {
    /// `apart` holds sets of clients and sets of terms: who is in one of them is never merged with
    /// somebody who is not.
    pub(super) fn of(whole: &Matrix, apart: (&[Bits], &[Bits])) -> Self {
        let clients = classes(&whole.rows, apart.0);
        let terms = classes(&whole.columns, apart.1);
        let cells = clients.iter().enumerate().flat_map(|(client, members)| {
            let row = &whole.rows[members[0]];
            let held = terms.iter().enumerate();
            held.filter(|(_, same)| row.contains(same[0]))
                .map(move |(term, _)| (client, term))
        });
        let weights = |classes: &[Vec<usize>]| -> Vec<u64> {
            classes.iter().map(|class| class.len() as u64).collect()
        };
        Self {
            matrix: Matrix::new(clients.len(), terms.len(), cells),
            client_weights: weights(&clients),
            term_weights: weights(&terms),
            clients,
            terms,
        }
    }
}

fn classes(sets: &[Bits], apart: &[Bits]) -> Vec<Vec<usize>> {
    let mut found: BTreeMap<(&Bits, Vec<bool>), Vec<usize>> = BTreeMap::new();
    for (at, set) in sets.iter().enumerate().filter(|(_, set)| !set.is_empty()) {
        let inside = apart.iter().map(|known| known.contains(at)).collect();
        found.entry((set, inside)).or_default().push(at);
    }
    let mut classes: Vec<Vec<usize>> = found.into_values().collect();
    classes.sort();
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_alike_are_one_and_a_known_set_keeps_them_apart() {
        let whole = Matrix::new(4, 3, [(0, 0), (0, 1), (2, 0), (2, 1), (3, 1)]);
        let merged = Merged::of(&whole, (&[], &[]));
        assert_eq!(merged.clients, [vec![0, 2], vec![3]]);
        assert_eq!(merged.terms, [vec![0], vec![1]]);
        assert_eq!(merged.matrix.cells(), 3);
        assert_eq!(merged.client_weights, [2, 1]);
        let apart = Merged::of(&whole, (&[Bits::of(4, [2])], &[]));
        assert_eq!(apart.clients, [vec![0], vec![2], vec![3]]);
    }
}
