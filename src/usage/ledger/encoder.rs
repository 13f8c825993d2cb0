//! Sorted rows, a piece after the other, as the bytes of one Parquet file.
//!
//! Invariant: the bytes do not depend on how the rows were cut into pieces.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, make_array};
use arrow::compute::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{LedgerError, Table};

/// Rows that the writer is always handed at once: where it ends a page depends on that.
const PIECE: usize = 1 << 16;

/// A file that is being written.
pub(super) struct Encoder {
    table: Table,
    writer: ArrowWriter<Vec<u8>>,
    waiting: Vec<RecordBatch>,
    /// Those that wait.
    held: usize,
    /// All that were written.
    rows: u64,
}

fn fault(error: &ParquetError) -> LedgerError {
    LedgerError::Columns(error.to_string())
}

impl Encoder {
    pub(super) fn new(table: Table) -> Result<Self, LedgerError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // A version here would change bytes from release to release.
            .set_created_by("scopetrim".to_owned())
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties));
        Ok(Self {
            table,
            writer: writer.map_err(|error| fault(&error))?,
            waiting: Vec::new(),
            held: 0,
            rows: 0,
        })
    }

    /// Adds the next rows.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), LedgerError> {
        self.rows += rows.num_rows() as u64;
        self.held += rows.num_rows();
        self.waiting.push(rows.clone());
        if self.held < PIECE {
            return Ok(());
        }
        let all = concat_batches(&self.table.schema(), &self.waiting)?;
        let whole = self.held / PIECE * PIECE;
        for at in (0..whole).step_by(PIECE) {
            self.hand(&all.slice(at, PIECE))?;
        }
        self.held -= whole;
        self.waiting.clear();
        self.waiting.push(all.slice(whole, self.held));
        Ok(())
    }

    /// Where nothing is null no column may say that something could be: of those the writer ends
    /// its pages elsewhere.
    fn hand(&mut self, piece: &RecordBatch) -> Result<(), LedgerError> {
        let column = |column: &ArrayRef| {
            if column.null_count() > 0 || column.nulls().is_none() {
                return Ok(Arc::clone(column));
            }
            let data = column.to_data().into_builder().nulls(None).build();
            data.map(make_array)
        };
        let columns: Result<Vec<ArrayRef>, _> = piece.columns().iter().map(column).collect();
        let piece = RecordBatch::try_new(self.table.schema(), columns?)?;
        self.writer.write(&piece).map_err(|error| fault(&error))
    }

    /// The bytes of the file, and its number of rows.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, u64), LedgerError> {
        let rest = concat_batches(&self.table.schema(), &self.waiting)?;
        self.hand(&rest)?;
        Ok((
            self.writer.into_inner().map_err(|error| fault(&error))?,
            self.rows,
        ))
    }
}
