use arrow::compute::concat_batches;
use proptest::prelude::*;

use super::*;
use crate::usage::ledger::columns::{Values, batch};
use crate::usage::ledger::encoder::Encoder;
use crate::usage::ledger::part::canonical;

/// Rows of the grants, which are few columns.
fn rows(terms: &[u32]) -> RecordBatch {
    let text = |value: String| Some(value);
    let client = terms
        .iter()
        .map(|term| text(format!("client-{}", term % 7)));
    let term = terms.iter().map(|term| text(format!("scope:{term:x}")));
    let columns = vec![
        Values::Text(client.collect()),
        Values::Text(term.collect()),
        Values::Text(
            terms
                .iter()
                .map(|term| (term % 3 == 0).then(|| format!("role-{term}")))
                .collect(),
        ),
    ];
    let fields = Table::Grants.schema().fields().len();
    assert_eq!(fields, columns.len(), "the table has other columns now");
    batch(Table::Grants, columns).unwrap()
}

/// A sorted run, so many rows at a time.
fn run(terms: &[u32], at_a_time: usize) -> (RecordBatch, Run<'static>) {
    let sorted = canonical(Table::Grants, &[rows(terms)]).unwrap();
    let pieces: Vec<_> = (0..sorted.num_rows())
        .step_by(at_a_time)
        .map(|at| Ok(sorted.slice(at, at_a_time.min(sorted.num_rows() - at))))
        .collect();
    (sorted, Box::new(pieces.into_iter()))
}

proptest! {
    #[test]
    fn runs_come_together_as_if_all_rows_were_sorted_at_once(
        all in proptest::collection::vec((proptest::collection::vec(0..40_u32, 0..60), 1..9_usize), 0..6),
    ) {
        let (sorted, runs): (Vec<_>, Vec<_>) = all.iter().map(|(terms, size)| run(terms, *size)).unzip();
        let mut found = Vec::new();
        each(Table::Grants, runs, |rows| {
            found.push(rows.clone());
            Ok(())
        }).unwrap();
        let found = concat_batches(&Table::Grants.schema(), &found).unwrap();
        prop_assert_eq!(found, canonical(Table::Grants, &sorted).unwrap());
    }
}

#[test]
fn the_bytes_of_a_file_do_not_depend_on_the_pieces_in_which_its_rows_came() {
    // More than a group of rows, more words than a dictionary holds, and a column that is null for long.
    let mut terms: Vec<u32> = (0..1_200_000_u32)
        .map(|at| at.wrapping_mul(2_654_435_761) >> 8)
        .collect();
    terms[300_000..].sort_unstable_by_key(|term| term % 3);
    let all = rows(&terms);
    let file = |sizes: &[usize]| {
        let mut file = Encoder::new(Table::Grants).unwrap();
        let (mut at, mut sizes) = (0, sizes.iter().cycle());
        while at < all.num_rows() {
            let size = (*sizes.next().unwrap()).min(all.num_rows() - at);
            file.write(&all.slice(at, size)).unwrap();
            at += size;
        }
        file.finish().unwrap()
    };
    let whole = file(&[all.num_rows()]);
    assert_eq!(whole.1, 1_200_000);
    for sizes in [&[1, 70_001, 3][..], &[99_328, 200_704]] {
        assert!(file(sizes) == whole, "{sizes:?}");
    }
    let none = Encoder::new(Table::Grants).unwrap().finish().unwrap();
    assert_eq!(none.1, 0);
}
