//! A row as a JSON object; a day and an instant are strings, what is empty is `null`.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Table;
use crate::model::rows::{Cell, Column, Rows};
use crate::report::json::instant;
use crate::report::json_text;

/// An array with one row a line.
pub(super) fn array<R: Rows>(table: &Table<R>, out: &mut dyn Write) -> io::Result<u64> {
    let mut out = Items { out, any: false };
    let rows = table.lines(&mut out, |row, text| {
        text.extend_from_slice(b",\n");
        object(table.columns, row, text)
    })?;
    let Items { out, any } = out;
    out.write_all(if any { b"\n]\n" } else { b"[\n]\n" })?;
    Ok(rows)
}

/// What separates items is written before each of them: before the first, the array begins.
struct Items<'o> {
    out: &'o mut dyn Write,
    any: bool,
}

impl Write for Items<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.any || bytes.is_empty() {
            return self.out.write(bytes);
        }
        self.out.write_all(b"[")?;
        self.any = true;
        Ok(1)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One row on one line, without its end.
pub(super) fn object(columns: &[Column], row: &[Cell<'_>], out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(json_text::line(&Object(columns, row))?.as_bytes());
    Ok(())
}

struct Object<'a>(&'a [Column], &'a [Cell<'a>]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (column, cell) in self.0.iter().zip(self.1) {
            match cell {
                Cell::Null => object.serialize_entry(column.name, &()),
                Cell::Text(text) => object.serialize_entry(column.name, text),
                Cell::Integer(count) => object.serialize_entry(column.name, count),
                Cell::Float(number) => object.serialize_entry(column.name, number),
                Cell::Bool(yes) => object.serialize_entry(column.name, yes),
                Cell::Day(day) => object.serialize_entry(column.name, day),
                Cell::Instant(time) => object.serialize_entry(column.name, &instant(*time)),
                Cell::List(items) => object.serialize_entry(column.name, items),
            }?;
        }
        object.end()
    }
}
