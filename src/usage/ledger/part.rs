//! Parquet files in canonical form: sorted rows, fixed writer properties.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    Array, AsArray as _, BooleanArray, RecordBatch, StringArray, UInt32Array, new_null_array,
};
use arrow::compute::{concat_batches, filter_record_batch, take_record_batch};
use arrow::datatypes::{FieldRef, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};

use super::encoder::Encoder;
use super::manifest::Part;
use super::runs::{self, Run};
use super::store::Store;
use super::{LedgerError, Table};
use crate::model::Day;

/// Rows of one batch when a file is read: large, because a day is used as a whole.
const ROWS: usize = 1 << 16;

/// All batches as one, its rows sorted by every column.
pub(super) fn canonical(table: Table, batches: &[RecordBatch]) -> Result<RecordBatch, LedgerError> {
    let whole = concat_batches(&table.schema(), batches)?;
    if whole.num_rows() < 2 {
        return Ok(whole);
    }
    let rows = runs::comparable(table)?.convert_columns(whole.columns())?;
    let mut order: Vec<u32> = (0..u32::try_from(whole.num_rows()).unwrap_or(u32::MAX)).collect();
    // Mostly these are runs that are sorted already, which this sort finds.
    order.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
    let order = UInt32Array::from(order);
    Ok(take_record_batch(&whole, &order)?)
}

/// So many batches in a row become one when each has fewer rows than one of [`SMALL`]: batches of
/// one row are mostly overhead, and of many thousand sources they would be gigabytes.
const JOINED: usize = 16;
const SMALL: [usize; 2] = [16, 256];

/// Joins the last batches into one, once many of them are small.
pub(super) fn join_small(table: Table, batches: &mut Vec<RecordBatch>) -> Result<(), LedgerError> {
    for rows in SMALL {
        let last = batches.iter().rev().take(JOINED);
        let small = last.take_while(|batch| batch.num_rows() < rows).count();
        if small == JOINED {
            let last = batches.split_off(batches.len() - JOINED);
            batches.push(concat_batches(&table.schema(), &last)?);
        }
    }
    Ok(())
}

/// Writes rows, in whatever order, as one file and returns its entry for the manifest; `None` where
/// there is no row, and none says nothing.
pub(super) fn write_rows(
    dir: &Store,
    series: u32,
    (table, day): (Table, Day),
    batches: &[RecordBatch],
) -> Result<Option<Part>, LedgerError> {
    let rows = canonical(table, batches)?;
    let mut file = Encoder::new(table)?;
    file.write(&rows)?;
    write_file(dir, series, (table, day), file)
}

/// The same of rows that come sorted in several runs, of which a part at a time is in memory.
pub(super) fn write_runs(
    dir: &Store,
    series: u32,
    (table, day): (Table, Day),
    runs: Vec<Run<'_>>,
) -> Result<Option<Part>, LedgerError> {
    let mut file = Encoder::new(table)?;
    runs::each(table, runs, |rows| file.write(rows))?;
    write_file(dir, series, (table, day), file)
}

fn write_file(
    dir: &Store,
    series: u32,
    (table, day): (Table, Day),
    file: Encoder,
) -> Result<Option<Part>, LedgerError> {
    let (bytes, rows) = file.finish()?;
    if rows == 0 && !table.is_empty_a_record() {
        return Ok(None);
    }
    let digest = blake3::hash(&bytes).to_hex().to_string();
    let part = Part {
        table,
        day,
        digest,
        rows,
        bytes: bytes.len() as u64,
        series,
    };
    dir.write_part(&part.path(), &bytes)?;
    Ok(Some(part))
}

/// Reads the rows of one file.
pub(super) fn read(dir: &Store, part: &Part) -> Result<Vec<RecordBatch>, LedgerError> {
    Opened::new(dir, part)?.all()
}

/// One file whose bytes are those that were written: a damaged one could look like less use.
pub(super) struct Opened<'a> {
    path: PathBuf,
    part: &'a Part,
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
}

/// The bytes of one file, which are those that were written.
pub(super) fn bytes(dir: &Store, part: &Part) -> Result<Vec<u8>, LedgerError> {
    let path = dir.within(&part.path());
    let bytes = dir
        .read(&part.path(), part.bytes)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => LedgerError::Gone(path.clone()),
            ErrorKind::FileTooLarge => LedgerError::damaged(&path, "its digest does not fit"),
            _ => LedgerError::io(&path)(error),
        })?;
    if blake3::hash(&bytes).to_hex().as_str() != part.digest {
        return Err(LedgerError::damaged(&path, "its digest does not fit"));
    }
    Ok(bytes)
}

impl<'a> Opened<'a> {
    pub(super) fn new(dir: &Store, part: &'a Part) -> Result<Self, LedgerError> {
        let path = dir.within(&part.path());
        let bytes = Bytes::from(bytes(dir, part)?);
        let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::default())
            .map_err(|error| LedgerError::damaged(&path, error.to_string()))?;
        if let Err(reason) = known(metadata.schema(), &part.table.schema()) {
            return Err(LedgerError::Version { path, reason });
        }
        Ok(Self {
            path,
            part,
            bytes,
            metadata,
        })
    }

    /// Whether it has the columns that are written today.
    pub(super) fn is_current(&self) -> bool {
        self.metadata.schema().fields() == self.part.table.schema().fields()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn all(&self) -> Result<Vec<RecordBatch>, LedgerError> {
        let batches = self.batches(|builder| builder)?;
        self.count(&batches)?;
        let batches = batches.into_iter();
        batches
            .map(|batch| columns(self.part.table, &batch))
            .collect()
    }

    /// The rows, so many at a time.
    pub(super) fn run(self, rows: usize) -> Result<Run<'a>, LedgerError> {
        let reader = self.reader(rows, |builder| builder)?;
        let (mut left, path, part) = (self.part.rows, self.path, self.part);
        let damaged = move |text: String| LedgerError::damaged(&path, text);
        let batches = reader.map(Some).chain(std::iter::once(None));
        Ok(Box::new(batches.filter_map(move |batch| match batch {
            Some(Ok(batch)) => {
                left = left.wrapping_sub(batch.num_rows() as u64);
                Some(columns(part.table, &batch))
            }
            Some(Err(error)) => Some(Err(damaged(error.to_string()))),
            None if left == 0 => None,
            None => Some(Err(damaged("it has other rows than are listed".to_owned()))),
        })))
    }

    /// The rows with their columns in order, but with the text of one column only where
    /// `keep` says so of a batch without it, and null elsewhere.
    pub(super) fn sparse(
        &self,
        column: usize,
        keep: impl Fn(&RecordBatch) -> Result<BooleanArray, LedgerError>,
    ) -> Result<Vec<RecordBatch>, LedgerError> {
        let schema = self.part.table.schema();
        if !self.is_current() {
            return self.all();
        }
        let leaves = self.metadata.metadata().file_metadata().schema_descr();
        let others = (0..schema.fields().len()).filter(|index| *index != column);
        let others = ProjectionMask::leaves(leaves, others);
        let batches = self.batches(|builder| builder.with_projection(others))?;
        self.count(&batches)?;
        let kept: Vec<BooleanArray> = batches.iter().map(keep).collect::<Result<_, _>>()?;
        let mut texts = Vec::new();
        if kept
            .iter()
            .any(|boolean_array| boolean_array.true_count() > 0)
        {
            let only = ProjectionMask::leaves(leaves, [column]);
            let rows = RowSelection::from_filters(&kept);
            texts =
                self.batches(|builder| builder.with_projection(only).with_row_selection(rows))?;
        }
        let found: usize = texts.iter().map(RecordBatch::num_rows).sum();
        let wanted: usize = kept.iter().map(BooleanArray::true_count).sum();
        if found != wanted {
            let text = format!("{found} texts of {wanted}");
            return Err(LedgerError::damaged(&self.path, text));
        }
        let mut texts = texts
            .iter()
            .flat_map(|batch| batch.column(0).as_string::<i32>().iter());
        let mut whole = Vec::with_capacity(batches.len());
        for (batch, kept) in batches.iter().zip(kept) {
            let strings: StringArray = (0..kept.len())
                .map(|row| kept.value(row).then(|| texts.next().flatten()).flatten())
                .collect();
            let mut columns = batch.columns().to_vec();
            columns.insert(column, Arc::new(strings));
            whole.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
        }
        Ok(whole)
    }

    fn batches(
        &self,
        build: impl FnOnce(
            ParquetRecordBatchReaderBuilder<Bytes>,
        ) -> ParquetRecordBatchReaderBuilder<Bytes>,
    ) -> Result<Vec<RecordBatch>, LedgerError> {
        let batches: Result<Vec<RecordBatch>, _> = self.reader(ROWS, build)?.collect();
        batches.map_err(|error| LedgerError::damaged(&self.path, error.to_string()))
    }

    fn reader(
        &self,
        rows: usize,
        build: impl FnOnce(
            ParquetRecordBatchReaderBuilder<Bytes>,
        ) -> ParquetRecordBatchReaderBuilder<Bytes>,
    ) -> Result<ParquetRecordBatchReader, LedgerError> {
        let (bytes, metadata) = (self.bytes.clone(), self.metadata.clone());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata);
        build(builder.with_batch_size(rows))
            .build()
            .map_err(|error| LedgerError::damaged(&self.path, error.to_string()))
    }

    fn count(&self, batches: &[RecordBatch]) -> Result<(), LedgerError> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows as u64 != self.part.rows {
            let text = format!("{rows} rows of {}", self.part.rows);
            return Err(LedgerError::damaged(&self.path, text));
        }
        Ok(())
    }
}

/// All columns of a table, in their order; null where the file is older than the column.
fn columns(table: Table, batch: &RecordBatch) -> Result<RecordBatch, LedgerError> {
    let schema = table.schema();
    let column = |field: &FieldRef| match batch.column_by_name(field.name()) {
        Some(array) => Arc::clone(array),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = schema.fields().iter().map(column).collect();
    Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
}

/// Whether a file can be read: a column that came later is null in it; one that it must
/// have, or that only a later version knows, is more than can be guessed.
fn known(found: &Schema, wanted: &Schema) -> Result<(), String> {
    for stored in found.fields() {
        let name = stored.name();
        match wanted.field_with_name(name) {
            Err(_) => return Err(format!("it has the unknown column `{name}`")),
            Ok(field) if field != stored.as_ref() => {
                return Err(format!("the column `{name}` is of another kind"));
            }
            Ok(_) => {}
        }
    }
    let missing = |field: &&FieldRef| found.field_with_name(field.name()).is_err();
    let mut missing = wanted.fields().iter().filter(missing);
    match missing.find(|field| !field.is_nullable()) {
        Some(field) => Err(format!("it lacks the column `{}`", field.name())),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::usage::ledger::columns::{Columns, Values, batch};

    /// Grants as a version wrote them that had one column less or more.
    fn written(dir: &Path, batch: &RecordBatch) -> Part {
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(batch).unwrap();
        let bytes = writer.into_inner().unwrap();
        let part = Part {
            table: Table::Grants,
            day: Day(3),
            digest: blake3::hash(&bytes).to_hex().to_string(),
            rows: batch.num_rows() as u64,
            bytes: bytes.len() as u64,
            series: 0,
        };
        std::fs::create_dir_all(dir.join(part.path()).parent().unwrap()).unwrap();
        std::fs::write(dir.join(part.path()), bytes).unwrap();
        part
    }

    #[test]
    fn a_column_that_came_later_is_null_in_older_files_and_any_other_difference_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let text = |name: &str| Values::Text(vec![Some(name.to_owned())]);
        let columns = vec![text("erp"), text("orders:read"), text("admin")];
        let whole = batch(Table::Grants, columns).unwrap();
        let of = |columns: &[usize]| written(dir.path(), &whole.project(columns).unwrap());
        let store = Store::at(dir.path()).unwrap();
        let found = read(&store, &of(&[0, 1])).unwrap();
        let columns = Columns(&found[0]);
        assert_eq!(columns.text("term").unwrap().value(0), "orders:read");
        assert!(columns.text("via").unwrap().is_null(0));
        let refused = |part: &Part| read(&store, part).unwrap_err().to_string();
        let text = refused(&of(&[0, 2]));
        assert!(text.ends_with("it lacks the column `term`"), "{text}");
        let more = arrow::datatypes::Field::new("until", arrow::datatypes::DataType::Utf8, true);
        let known = whole.schema();
        let fields = known.fields().iter().cloned();
        let schema = Schema::new(fields.chain([Arc::new(more)]).collect::<Vec<_>>());
        let mut columns = whole.columns().to_vec();
        columns.push(Arc::new(StringArray::from(vec!["x"])));
        let newer = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        let text = refused(&written(dir.path(), &newer));
        assert!(
            text.ends_with("it has the unknown column `until`"),
            "{text}"
        );
    }
}
