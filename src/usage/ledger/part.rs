//! Parquet files in canonical form: sorted rows, fixed writer properties.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::{
    SortColumn, concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch,
};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::manifest::{Part, folder, write_synced};
use super::{LedgerError, Table};
use crate::model::{ContentDigest, Day};

/// Rows of one batch when a file is read: large, because a day is used as a whole.
const ROWS: usize = 1 << 16;

/// All batches as one, its rows sorted by every column.
pub(super) fn canonical(table: Table, batches: &[RecordBatch]) -> Result<RecordBatch, LedgerError> {
    let whole = concat_batches(&table.schema(), batches)?;
    if whole.num_rows() < 2 {
        return Ok(whole);
    }
    let columns: Vec<SortColumn> = whole
        .columns()
        .iter()
        .map(|values| SortColumn {
            values: Arc::clone(values),
            options: None,
        })
        .collect();
    let order = lexsort_to_indices(&columns, None)?;
    Ok(take_record_batch(&whole, &order)?)
}

/// Writes sorted rows as one file and returns its entry for the manifest.
pub(super) fn write(
    dir: &Path,
    (table, day): (Table, Day),
    rows: &RecordBatch,
) -> Result<Part, LedgerError> {
    let bytes = encode(table, rows)?;
    let digest = blake3::hash(&bytes).to_hex().to_string();
    let part = Part {
        table,
        day,
        digest,
        rows: rows.num_rows() as u64,
        bytes: bytes.len() as u64,
    };
    let own = dir.join(folder(table, day));
    std::fs::create_dir_all(&own).map_err(LedgerError::io(&own))?;
    write_synced(&dir.join(part.path()), &bytes)?;
    super::manifest::sync_folder(&own)?;
    Ok(part)
}

fn encode(table: Table, rows: &RecordBatch) -> Result<Vec<u8>, LedgerError> {
    let fault = |error: parquet::errors::ParquetError| LedgerError::Columns(error.to_string());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // A version here would change bytes from release to release.
        .set_created_by("scopetrim".to_owned())
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties)).map_err(fault)?;
    writer.write(rows).map_err(fault)?;
    writer.into_inner().map_err(fault)
}

/// Reads the rows of one file.
pub(super) fn read(dir: &Path, part: &Part) -> Result<Vec<RecordBatch>, LedgerError> {
    let path = dir.join(part.path());
    let file = File::open(&path).map_err(LedgerError::io(&path))?;
    let damaged = |error: &dyn std::fmt::Display| LedgerError::damaged(&path, error.to_string());
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(ROWS).build())
        .map_err(|error| damaged(&error))?;
    let mut batches = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| damaged(&error))?;
        if batch.schema_ref().fields() != part.table.schema().fields() {
            return Err(damaged(&"its columns are not those of the table"));
        }
        batches.push(batch);
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows as u64 != part.rows {
        return Err(damaged(&format!("{rows} of {} rows", part.rows)));
    }
    Ok(batches)
}

/// Whether the file's bytes are those that were written.
pub(super) fn check(dir: &Path, part: &Part) -> Result<(), LedgerError> {
    let path = dir.join(part.path());
    let bytes = std::fs::read(&path).map_err(LedgerError::io(&path))?;
    let found = ContentDigest::of(&bytes).to_string();
    if found != format!("blake3:{}", part.digest) {
        return Err(LedgerError::damaged(&path, "its digest does not fit"));
    }
    read(dir, part).map(|_| ())
}

/// The rows whose source is, or is not, one of these.
pub(super) fn of_sources(
    batch: &RecordBatch,
    sources: &BTreeSet<String>,
    inside: bool,
) -> Result<RecordBatch, LedgerError> {
    let column = batch.column(0).as_string::<i32>();
    let keep: BooleanArray = (0..column.len())
        .map(|row| Some(sources.contains(column.value(row)) == inside))
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}
