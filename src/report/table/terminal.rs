//! A table for reading: aligned columns, numbers to the right, every cell escaped.
//!
//! Invariants: one line a row; a cell is cut only where nobody reads on, and marked then.
//! Columns are as wide as the first part needs; a later part may widen them.

use std::io::{self, Write};

use super::{Table, plain};
use crate::model::rows::{Cell, Column, Part, Rows};
use crate::report::escape;

/// Columns of a cell before it is cut.
const MOST: usize = 200;
/// Columns that are kept free for a cell; a longer one pushes the rest of its line.
const KEPT: usize = 48;

/// Writes head and rows; returns the number of rows.
pub(super) fn write<R: Rows>(table: &Table<R>, out: &mut dyn Write) -> io::Result<u64> {
    let columns = table.columns;
    let head: Vec<String> = columns.iter().map(|own| own.name.to_uppercase()).collect();
    let mut widths = vec![0; columns.len()];
    let mut rows = 0;
    let render = |part: &Part<'_>| {
        let mut lines = Vec::new();
        part(&mut |row| lines.push(texts(columns, row)));
        lines
    };
    let widen = |widths: &mut Vec<usize>, line: &[String]| {
        for (width, text) in widths.iter_mut().zip(line) {
            *width = (*width).max(escape::columns(text).min(KEPT));
        }
    };
    widen(&mut widths, &head);
    table.rows.for_each_part(render, |lines| {
        for line in &lines {
            widen(&mut widths, line);
        }
        if rows == 0 && !lines.is_empty() {
            write_line(columns, &head, &widths, out)?;
        }
        rows += lines.len() as u64;
        let mut lines = lines.iter();
        lines.try_for_each(|line| write_line(columns, line, &widths, out))
    })?;
    if rows == 0 {
        write_line(columns, &head, &widths, out)?;
    }
    Ok(rows)
}

fn texts(columns: &[Column], row: &[Cell<'_>]) -> Vec<String> {
    let cells = columns.iter().zip(row);
    cells
        .map(|(column, cell)| match cell {
            Cell::Null => "-".to_owned(),
            cell => escape::cut(&plain(column, cell), MOST),
        })
        .collect()
}

fn write_line(
    columns: &[Column],
    cells: &[String],
    widths: &[usize],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut line = String::new();
    for ((column, cell), width) in columns.iter().zip(cells).zip(widths) {
        let fill = " ".repeat(width.saturating_sub(escape::columns(cell)));
        if column.kind.is_number() {
            line.push_str(&fill);
        }
        line.push_str(cell);
        if !column.kind.is_number() {
            line.push_str(&fill);
        }
        line.push_str("  ");
    }
    writeln!(out, "{}", line.trim_end())
}
