//! Sorted rows of several files become one sorted sequence, of which a part at a time is in memory.

use std::cmp::Ordering;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::row::{RowConverter, Rows, SortField};

use super::{LedgerError, Table};

/// Rows in their order, some at a time.
pub(super) type Run<'r> = Box<dyn Iterator<Item = Result<RecordBatch, LedgerError>> + 'r>;

/// Rows of all runs together that are in memory, about.
const ROWS: usize = 1 << 18;

/// How many rows of each run are read at a time, when there are so many runs.
pub(super) fn rows_of_each(runs: usize) -> usize {
    (ROWS / runs.max(1)).max(1024)
}

/// Makes of each row bytes that compare as the row does: to compare column by column takes several
/// times as long.
pub(super) fn comparable(table: Table) -> Result<RowConverter, LedgerError> {
    let fields = table.schema();
    let fields = fields.fields().iter();
    let fields = fields.map(|field| SortField::new(field.data_type().clone()));
    Ok(RowConverter::new(fields.collect())?)
}

/// What is read of a run, from the first row that was not handed on.
struct Head {
    batch: RecordBatch,
    rows: Rows,
    from: usize,
}

impl Head {
    fn last(&self) -> Option<arrow::row::Row<'_>> {
        let last = self.rows.num_rows().checked_sub(1)?;
        Some(self.rows.row(last))
    }

    /// After the last row that is not greater.
    fn up_to(&self, bound: arrow::row::Row<'_>) -> usize {
        let (mut low, mut high) = (self.from, self.rows.num_rows());
        while low < high {
            let middle = low.midpoint(high);
            match self.rows.row(middle).cmp(&bound) {
                Ordering::Greater => high = middle,
                _ => low = middle + 1,
            }
        }
        low
    }
}

/// Hands on all rows in their order.
pub(super) fn each(
    table: Table,
    runs: Vec<Run<'_>>,
    mut call: impl FnMut(&RecordBatch) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let converter = comparable(table)?;
    let mut runs: Vec<(Run<'_>, Option<Head>)> = runs.into_iter().map(|run| (run, None)).collect();
    loop {
        for (run, head) in &mut runs {
            while head
                .as_ref()
                .is_none_or(|head| head.from == head.rows.num_rows())
            {
                let Some(batch) = run.next().transpose()? else {
                    *head = None;
                    break;
                };
                let rows = converter.convert_columns(batch.columns())?;
                *head = Some(Head {
                    batch,
                    rows,
                    from: 0,
                });
            }
        }
        runs.retain(|(_, head)| head.is_some());
        // Nothing that is not read yet is smaller than the smallest of the last rows that are.
        let heads: Vec<&Head> = runs.iter().filter_map(|(_, head)| head.as_ref()).collect();
        let Some(bound) = heads.iter().filter_map(|head| head.last()).min() else {
            return Ok(());
        };
        let ends: Vec<usize> = heads.iter().map(|head| head.up_to(bound)).collect();
        if let [head] = heads[..] {
            call(&head.batch.slice(head.from, ends[0] - head.from))?;
        } else {
            let mut order: Vec<(usize, usize)> = Vec::new();
            for (at, (head, end)) in heads.iter().zip(&ends).enumerate() {
                order.extend((head.from..*end).map(|row| (at, row)));
            }
            // These are sorted runs, which this sort finds.
            order.sort_by(|a, b| heads[a.0].rows.row(a.1).cmp(&heads[b.0].rows.row(b.1)));
            let batches: Vec<&RecordBatch> = heads.iter().map(|head| &head.batch).collect();
            call(&interleave_record_batch(&batches, &order)?)?;
        }
        for ((_, head), end) in runs.iter_mut().zip(ends) {
            if let Some(head) = head {
                head.from = end;
            }
        }
    }
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
