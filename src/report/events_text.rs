//! Normalised events for reading: a table, or one JSON object a line.

use std::io::{self, Write};

use serde_json::Value;

use super::json::instant;
use super::{escape, json_text};
use crate::usage::{Cell, EventRow};

/// Columns of the table and their widths; the last has the rest.
const COLUMNS: [(&str, usize); 5] = [
    ("time", 24),
    ("client", 20),
    ("status", 6),
    ("outcome", 16),
    ("operation", 0),
];

/// The head of the table.
pub fn header(out: &mut dyn Write) -> io::Result<()> {
    row(out, &COLUMNS.map(|(name, _)| name.to_owned()))
}

/// One row of the table; a request that matched no operation shows its path.
pub fn table(event: &EventRow, out: &mut dyn Write) -> io::Result<()> {
    let text = |name| event.text(name).unwrap_or("-");
    let what = event
        .text("path_template")
        .map_or_else(|| format!("{} (no operation)", text("path")), str::to_owned);
    let status = match event.cell("status") {
        Cell::Code(code) => code.to_string(),
        _ => "-".to_owned(),
    };
    let cells = [
        instant(event.time()),
        text("client_id").to_owned(),
        status,
        text("outcome").to_owned(),
        format!("{} {what}", text("method")),
    ];
    row(out, &cells)
}

fn row(out: &mut dyn Write, cells: &[String; COLUMNS.len()]) -> io::Result<()> {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let cell = escape::cut(cell, if width == 0 { 200 } else { width });
        line.push_str(&cell);
        let blanks = (width + 1).saturating_sub(escape::columns(&cell));
        line.extend(std::iter::repeat_n(' ', blanks));
    }
    writeln!(out, "{}", line.trim_end())
}

/// One line of NDJSON, with the names of the Parquet columns.
pub fn ndjson(event: &EventRow, out: &mut dyn Write) -> io::Result<()> {
    let mut object = serde_json::Map::new();
    for (name, cell) in event.cells() {
        let value = match cell {
            Cell::Null => Value::Null,
            Cell::Time(time) => instant(*time).into(),
            Cell::Second(time) => instant(time.saturating_mul(1_000)).into(),
            Cell::Number(number) => (*number).into(),
            Cell::Code(code) => (*code).into(),
            Cell::Text(text) => text.as_str().into(),
            Cell::List(list) => list.as_slice().into(),
        };
        object.insert(name.to_owned(), value);
    }
    writeln!(out, "{}", json_text::line(&object)?)
}
