//! Normalised events for reading: a table, or one JSON object a line.

use std::io::{self, Write};

use super::json::instant;
use super::{escape, json_text};
use crate::usage::EventRow;

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
    let cells = [
        instant(event.time),
        text("client_id").to_owned(),
        event
            .status
            .map_or_else(|| "-".to_owned(), |code| code.to_string()),
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
    object.insert("time".to_owned(), instant(event.time).into());
    object.insert("source_offset".to_owned(), event.offset.into());
    object.insert("status".to_owned(), event.status.into());
    object.insert("upstream_status".to_owned(), event.upstream_status.into());
    for (name, text) in event.texts() {
        object.insert(name.to_owned(), text.into());
    }
    writeln!(out, "{}", json_text::line(&object)?)
}
