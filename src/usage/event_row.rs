//! The columns of a normalised event, as a row and as Arrow.
//!
//! Invariant: one table of columns makes the schema, the record batches and the
//! names in every other form, so that they cannot disagree.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
    TimestampMillisecondBuilder, UInt16Builder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

use crate::model::Millis;

/// One value of an event; `Null` is "the log does not say", never "no".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Not in the log.
    Null,
    /// An instant, UTC, in milliseconds since 1970.
    Time(Millis),
    /// An instant, UTC, in seconds since 1970.
    Second(i64),
    /// A count or an offset in bytes.
    Number(u64),
    /// A status code.
    Code(u16),
    /// Text; bytes that are no UTF-8 are replaced.
    Text(String),
    /// A list of texts; empty means that the log says "none".
    List(Vec<String>),
}

#[derive(Clone, Copy)]
enum Kind {
    Time,
    Second,
    Number,
    Code,
    Text,
    List,
}

/// Names and kinds, in their order.
const COLUMNS: [(&str, Kind); 20] = [
    ("time", Kind::Time),
    ("source_file", Kind::Text),
    ("source_offset", Kind::Number),
    ("format", Kind::Text),
    ("request_id", Kind::Text),
    ("client_id", Kind::Text),
    ("subject_id", Kind::Text),
    ("credential_id", Kind::Text),
    ("token_scopes", Kind::List),
    ("token_iat", Kind::Second),
    ("token_exp", Kind::Second),
    ("method", Kind::Text),
    ("host", Kind::Text),
    ("path", Kind::Text),
    ("path_template", Kind::Text),
    ("status", Kind::Code),
    ("upstream_status", Kind::Code),
    ("outcome", Kind::Text),
    ("client_ip", Kind::Text),
    ("user_agent", Kind::Text),
];

/// How many columns an event has.
pub(super) const WIDTH: usize = COLUMNS.len();

/// One normalised event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    pub(super) cells: [Cell; WIDTH],
}

impl EventRow {
    /// Names and values of all columns, in their order.
    pub fn cells(&self) -> impl Iterator<Item = (&'static str, &Cell)> {
        COLUMNS.iter().map(|(name, _)| *name).zip(&self.cells)
    }

    /// The value of one column; `Null` when there is no such column.
    pub fn cell(&self, column: &str) -> &Cell {
        self.cells()
            .find(|(name, _)| *name == column)
            .map_or(&Cell::Null, |(_, cell)| cell)
    }

    /// The value of a text column.
    pub fn text(&self, column: &str) -> Option<&str> {
        match self.cell(column) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// UTC, in milliseconds since 1970.
    pub fn time(&self) -> Millis {
        match self.cell("time") {
            Cell::Time(time) => *time,
            _ => 0,
        }
    }
}

/// Names and types of the Parquet file.
pub(super) fn schema() -> Schema {
    let utc = || Some("UTC".into());
    let of = |kind| match kind {
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, utc()),
        // Parquet has no unit of a second.
        Kind::Second => DataType::Timestamp(TimeUnit::Millisecond, utc()),
        Kind::Number => DataType::UInt64,
        Kind::Code => DataType::UInt16,
        Kind::Text => DataType::Utf8,
        Kind::List => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
    };
    let fields = COLUMNS.iter().map(|(name, kind)| {
        let always = matches!(kind, Kind::Time | Kind::Number);
        Field::new(*name, of(*kind), !always)
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// The rows as one batch of the schema.
pub(super) fn batch(rows: &[EventRow]) -> Result<RecordBatch, String> {
    let arrays = COLUMNS
        .iter()
        .enumerate()
        .map(|(at, (_, kind))| column(*kind, rows.iter().map(|row| &row.cells[at])))
        .collect();
    RecordBatch::try_new(Arc::new(schema()), arrays).map_err(|error| error.to_string())
}

fn column<'a>(kind: Kind, cells: impl Iterator<Item = &'a Cell>) -> ArrayRef {
    match kind {
        Kind::Time => {
            let mut out = TimestampMicrosecondBuilder::new();
            cells.for_each(|cell| match cell {
                Cell::Time(time) => out.append_value(time.saturating_mul(1_000)),
                _ => out.append_null(),
            });
            Arc::new(out.finish().with_timezone("UTC"))
        }
        Kind::Second => {
            let mut out = TimestampMillisecondBuilder::new();
            cells.for_each(|cell| match cell {
                Cell::Second(time) => out.append_value(time.saturating_mul(1_000)),
                _ => out.append_null(),
            });
            Arc::new(out.finish().with_timezone("UTC"))
        }
        Kind::Number => {
            let mut out = UInt64Builder::new();
            cells.for_each(|cell| match cell {
                Cell::Number(number) => out.append_value(*number),
                _ => out.append_null(),
            });
            Arc::new(out.finish())
        }
        Kind::Code => {
            let mut out = UInt16Builder::new();
            cells.for_each(|cell| match cell {
                Cell::Code(code) => out.append_value(*code),
                _ => out.append_null(),
            });
            Arc::new(out.finish())
        }
        Kind::Text => {
            let mut out = StringBuilder::new();
            cells.for_each(|cell| match cell {
                Cell::Text(text) => out.append_value(text),
                _ => out.append_null(),
            });
            Arc::new(out.finish())
        }
        Kind::List => {
            let mut out = ListBuilder::new(StringBuilder::new());
            cells.for_each(|cell| match cell {
                Cell::List(list) => out.append_value(list.iter().map(Some)),
                _ => out.append_null(),
            });
            Arc::new(out.finish())
        }
    }
}
