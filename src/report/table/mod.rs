//! One table, written in any format.
//!
//! In: columns and rows. Out: aligned text for a terminal, CSV, a JSON array, NDJSON, Parquet.
//!
//! Invariants:
//! * every format has the same rows under the same column names;
//! * text of a cell is hostile: what a terminal or a spreadsheet would act on is made
//!   visible, and JSON and Parquet keep the value as it is;
//! * rows are written while they are produced.

mod csv;
mod grid;
mod json;
mod terminal;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

pub(super) use grid::Grid;

use super::json::instant;
use crate::model::rows::{Cell, Column, Kind, Part, Rows};
use crate::usage::write_parquet;

/// A form in which results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For reading.
    Table,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// An array of objects, or a document of its own.
    Json,
    /// One object a line.
    Ndjson,
    /// Columns with types.
    Parquet,
}

impl Format {
    /// Every format and its name.
    pub(crate) const ALL: [(&str, Self); 5] = [
        ("table", Self::Table),
        ("csv", Self::Csv),
        ("json", Self::Json),
        ("ndjson", Self::Ndjson),
        ("parquet", Self::Parquet),
    ];

    /// The format of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, format)| format)
    }
}

/// Columns and their rows.
pub(crate) struct Table<R> {
    columns: &'static [Column],
    rows: R,
}

impl<R: Rows> Table<R> {
    /// A table; each row has a cell for each column.
    pub(crate) const fn new(columns: &'static [Column], rows: R) -> Self {
        Self { columns, rows }
    }

    /// Where its rows come from.
    pub(crate) const fn rows(&self) -> &R {
        &self.rows
    }

    /// Writes the table; returns the number of rows.
    pub(crate) fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<u64> {
        match format {
            Format::Table => terminal::write(self, out),
            Format::Csv => {
                csv::header(self.columns, out)?;
                self.lines(out, |row, text| csv::line(self.columns, row, text))
            }
            Format::Json => json::array(self, out),
            Format::Ndjson => self.lines(out, |row, text| {
                json::object(self.columns, row, text)?;
                text.push(b'\n');
                Ok(())
            }),
            Format::Parquet => write_parquet(self.columns, &self.rows, out),
        }
    }

    /// Writes each row as `line` renders it; returns the number of rows.
    fn lines(
        &self,
        out: &mut dyn Write,
        line: impl Fn(&[Cell<'_>], &mut Vec<u8>) -> io::Result<()> + Sync,
    ) -> io::Result<u64> {
        let mut rows = 0;
        let render = |part: &Part<'_>| {
            let (mut text, mut count, mut done) = (Vec::new(), 0, Ok(()));
            part(&mut |row| {
                if done.is_ok() {
                    done = line(row, &mut text);
                }
                count += 1;
            });
            done.map(|()| (text, count))
        };
        self.rows.for_each_part(render, |part| {
            let (text, count) = part?;
            rows += count;
            out.write_all(&text)
        })?;
        Ok(rows)
    }
}

/// A cell as text, not yet escaped; `Null` is empty.
fn plain(column: &Column, cell: &Cell<'_>) -> String {
    match (cell, column.kind) {
        (Cell::Null, _) => String::new(),
        (Cell::Text(text), _) => text.clone().into_owned(),
        (Cell::Integer(count), _) => count.to_string(),
        (Cell::Float(number), Kind::Float(Some(decimals))) => format!("{number:.decimals$}"),
        (Cell::Float(number), _) => number.to_string(),
        (Cell::Bool(yes), _) => yes.to_string(),
        (Cell::Day(day), _) => day.to_string(),
        (Cell::Instant(time), _) => instant(*time),
        (Cell::List(items), Kind::List(between)) => items.join(between),
        (Cell::List(items), _) => items.join(" "),
    }
}
