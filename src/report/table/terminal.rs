//! A table for reading: aligned columns, numbers to the right, every cell escaped.
//!
//! Invariants: one line a row; a cell is cut only where nobody reads on, and marked then.
//! Columns are as wide as the first part needs; a later part may widen them.

use std::io::{self, Write};

use super::{Grid, Table, plain};
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
    let figures = columns.iter().map(|own| own.kind.is_number()).collect();
    let all: Vec<usize> = (0..columns.len()).collect();
    let mut grid = Grid::new(figures, KEPT);
    grid.widen(&head);
    let mut rows = 0;
    let render = |part: &Part<'_>| {
        let mut lines = Vec::new();
        part(&mut |row| lines.push(texts(columns, row)));
        lines
    };
    let mut line =
        |grid: &Grid, row: &[String]| writeln!(out, "{}", grid.line(row, &all).trim_end());
    table.rows.for_each_part(render, |lines| {
        for row in &lines {
            grid.widen(row);
        }
        if rows == 0 && !lines.is_empty() {
            line(&grid, &head)?;
        }
        rows += lines.len() as u64;
        lines.iter().try_for_each(|row| line(&grid, row))
    })?;
    if rows == 0 {
        line(&grid, &head)?;
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
