//! Columns of a table, written and read by name.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, Date32Array, RecordBatch, StringArray,
    StringBuilder, TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Date32Type, TimestampMillisecondType, UInt32Type, UInt64Type};

use super::{LedgerError, Table};
use crate::model::{Day, Millis};
use crate::usage::table::NAME_SEPARATOR;

/// Values of one column.
pub(super) enum Values {
    Text(Vec<Option<String>>),
    /// The same text in each of so many rows.
    Same(String, usize),
    /// What was written as a column from the start: one string for each row is slow where there are millions.
    Column(ArrayRef),
    Number(Vec<u64>),
    Small(Vec<Option<u32>>),
    Flag(Vec<bool>),
    Instant(Vec<Option<Millis>>),
    Day(Vec<Option<Day>>),
}

/// One batch from its columns, which come in the order of the schema.
pub(super) fn batch(table: Table, columns: Vec<Values>) -> Result<RecordBatch, LedgerError> {
    let arrays = columns
        .into_iter()
        .map(|values| -> ArrayRef {
            match values {
                Values::Text(values) => Arc::new(text(&values)),
                Values::Same(value, rows) => Arc::new(text(&vec![Some(value.as_str()); rows])),
                Values::Column(column) => column,
                Values::Number(values) => Arc::new(UInt64Array::from(values)),
                Values::Small(values) => Arc::new(UInt32Array::from(values)),
                Values::Flag(values) => Arc::new(BooleanArray::from(values)),
                Values::Instant(values) => {
                    Arc::new(TimestampMillisecondArray::from(values).with_timezone("UTC"))
                }
                Values::Day(values) => {
                    let days = values.into_iter().map(|day| day.map(|day| day.0));
                    Arc::new(days.collect::<Date32Array>())
                }
            }
        })
        .collect();
    Ok(RecordBatch::try_new(table.schema(), arrays)?)
}

/// Without room for more: a column has few rows, and there are many thousand columns.
pub(super) fn text<T: AsRef<str>>(values: &[Option<T>]) -> StringArray {
    let bytes = values.iter().flatten().map(|text| text.as_ref().len());
    let mut column = StringBuilder::with_capacity(values.len(), bytes.sum());
    for value in values {
        column.append_option(value.as_ref());
    }
    column.finish()
}

/// The columns of a batch whose schema was checked when it was read.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a>(pub(super) &'a RecordBatch);

impl<'a> Columns<'a> {
    fn column(self, name: &str) -> Result<&'a ArrayRef, LedgerError> {
        self.0
            .column_by_name(name)
            .ok_or_else(|| LedgerError::Columns(format!("there is no column `{name}`")))
    }

    fn wrong(name: &str) -> LedgerError {
        LedgerError::Columns(format!("the column `{name}` has another type"))
    }

    pub(super) fn text(self, name: &str) -> Result<&'a StringArray, LedgerError> {
        let column = self.column(name)?;
        column.as_string_opt().ok_or_else(|| Self::wrong(name))
    }

    pub(super) fn number(self, name: &str) -> Result<&'a UInt64Array, LedgerError> {
        let column = self.column(name)?;
        column
            .as_primitive_opt::<UInt64Type>()
            .ok_or_else(|| Self::wrong(name))
    }

    pub(super) fn small(self, name: &str) -> Result<&'a UInt32Array, LedgerError> {
        let column = self.column(name)?;
        column
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(|| Self::wrong(name))
    }

    pub(super) fn flag(self, name: &str) -> Result<&'a BooleanArray, LedgerError> {
        self.column(name)?
            .as_boolean_opt()
            .ok_or_else(|| Self::wrong(name))
    }

    pub(super) fn instant(self, name: &str) -> Result<&'a TimestampMillisecondArray, LedgerError> {
        let column = self.column(name)?;
        column
            .as_primitive_opt::<TimestampMillisecondType>()
            .ok_or_else(|| Self::wrong(name))
    }

    pub(super) fn day(self, name: &str) -> Result<&'a Date32Array, LedgerError> {
        let column = self.column(name)?;
        column
            .as_primitive_opt::<Date32Type>()
            .ok_or_else(|| Self::wrong(name))
    }
}

/// A value that may be null.
pub(super) fn text_at(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The one or two names of a client as logged, from the form in which they are counted.
pub(super) fn names(raw: &str) -> (&str, Option<&str>) {
    match raw.split_once(char::from(NAME_SEPARATOR)) {
        Some((name, alt)) => (name, Some(alt)),
        None => (raw, None),
    }
}

/// The form in which names are counted.
pub(super) fn join_names(name: &str, alt: Option<&str>, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(name.as_bytes());
    if let Some(alt) = alt {
        out.push(NAME_SEPARATOR);
        out.extend_from_slice(alt.as_bytes());
    }
}
