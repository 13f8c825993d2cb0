//! Sorted rows, a piece after the other, as the bytes of one Parquet file.
//!
//! Invariant: the bytes do not depend on how the rows were cut into pieces.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{LedgerError, Table};

/// Rows that are handed to the writer at once, or a multiple of it: the writer looks after so many
/// whether a page is full, counted from the first of those that it is handed.
const STEP: usize = 1024;
/// Rows that are waited for.
const ENOUGH: usize = 64 * STEP;

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

fn fault(error: ParquetError) -> LedgerError {
    LedgerError::Columns(error.to_string())
}

impl Encoder {
    pub(super) fn new(table: Table) -> Result<Self, LedgerError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_write_batch_size(STEP)
            // A version here would change bytes from release to release.
            .set_created_by("scopetrim".to_owned())
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties));
        Ok(Self {
            table,
            writer: writer.map_err(fault)?,
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
        if self.held < ENOUGH {
            return Ok(());
        }
        let all = concat_batches(&self.table.schema(), &self.waiting)?;
        let now = self.held / STEP * STEP;
        self.writer.write(&all.slice(0, now)).map_err(fault)?;
        self.held -= now;
        self.waiting.clear();
        self.waiting.push(all.slice(now, self.held));
        Ok(())
    }

    /// The bytes of the file, and its number of rows.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, u64), LedgerError> {
        let rest = concat_batches(&self.table.schema(), &self.waiting)?;
        self.writer.write(&rest).map_err(fault)?;
        Ok((self.writer.into_inner().map_err(fault)?, self.rows))
    }
}
