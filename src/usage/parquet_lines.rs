//! Parquet files as text: each row an object of JSON on a line of its own.
//!
//! In: a whole file, from its start. Out: its rows, with the columns as keys, in their order.
//!
//! Invariants:
//! * an empty cell is left out, as a log leaves out a field that it does not have;
//! * rows are made a few at a time. The list of them is at the end of a file, so a file is kept
//!   next to its reader, under no name, and is gone with it;
//! * what came before a damage is read, and the damage is an error.

use std::cell::Cell;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, LazyLock, Once};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::json::LineDelimitedWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::format::LAYERS;
use crate::input::{Layer, Layers, Reader};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Rows that are made at a time.
const ROWS: usize = 1_024;

/// Every layer that is known by its content: those of texts, and that of columns.
pub(crate) fn layers() -> Layers {
    static ALL: LazyLock<Vec<&'static dyn Layer>> =
        LazyLock::new(|| LAYERS.iter().copied().chain([&ParquetLines as _]).collect());
    &ALL
}

/// The layer's entry in the registry.
struct ParquetLines;

impl Layer for ParquetLines {
    fn is_around(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn open(&self, inner: Reader) -> Reader {
        Box::new(Lines {
            state: State::File(inner),
            made: Vec::new(),
            at: 0,
        })
    }
}

enum State {
    /// Nothing was read yet.
    File(Reader),
    Rows(ParquetRecordBatchReader),
    Ended,
}

struct Lines {
    state: State,
    /// Lines that were made, and how much of them was handed out.
    made: Vec<u8>,
    at: usize,
}

impl Lines {
    fn more(&mut self) -> io::Result<()> {
        self.made.clear();
        self.at = 0;
        match std::mem::replace(&mut self.state, State::Ended) {
            State::File(inner) => self.state = State::Rows(whole(&kept(inner)?)?),
            State::Rows(mut rows) => {
                if let Some(batch) = guarded(|| rows.next().transpose())? {
                    lines(&batch, &mut self.made).map_err(|error| broken(&error))?;
                    self.state = State::Rows(rows);
                }
            }
            State::Ended => {}
        }
        Ok(())
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.made.len() {
            if matches!(self.state, State::Ended) {
                return Ok(0);
            }
            self.more()?;
        }
        let mut rest = &self.made[self.at..];
        let read = rest.read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// The file, from its first byte to its last.
fn kept(mut inner: Reader) -> io::Result<File> {
    let written = |error: io::Error| {
        let text = format!("no temporary copy of the Parquet file can be written: {error}");
        io::Error::new(error.kind(), text)
    };
    let mut file = tempfile::tempfile().map_err(written)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match inner.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => file.write_all(&buffer[..read]).map_err(written)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    file.rewind()?;
    Ok(file)
}

fn whole(file: &File) -> io::Result<ParquetRecordBatchReader> {
    guarded(|| {
        let rows = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?)?;
        rows.with_batch_size(ROWS).build()
    })
}

thread_local! {
    /// Whether the library is at work on this thread.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The library panics in the middle of some damaged files: that is an error like any other, and
/// says nothing to the user.
fn guarded<T, E: Display>(read: impl FnOnce() -> Result<T, E>) -> io::Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    GUARDED.set(true);
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    match read {
        Ok(found) => found.map_err(|error| broken(&error)),
        Err(_) => Err(broken(&"a page is damaged")),
    }
}

fn broken(why: &dyn Display) -> io::Error {
    let text = format!("the Parquet file cannot be read: {why}");
    io::Error::new(ErrorKind::InvalidData, text)
}

/// Writes the rows as lines.
fn lines(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    let batch = readable(batch)?;
    let mut writer = LineDelimitedWriter::new(out);
    writer.write(&batch)?;
    writer.finish()
}

/// The columns as the writer of JSON takes them.
fn readable(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let mut columns = Vec::new();
    let mut fields = Vec::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let kind = match field.data_type() {
            // Texts that are not marked as such, as old engines write them. What is no text is
            // no field of a log.
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Utf8,
            // With a zone they are instants, and the name of the zone says nothing.
            DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
            other => other.clone(),
        };
        columns.push(cast(column, &kind)?);
        let field = field.as_ref().clone().with_nullable(true);
        fields.push(field.with_data_type(kind));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

#[cfg(test)]
#[path = "parquet_lines_tests.rs"]
mod tests;
