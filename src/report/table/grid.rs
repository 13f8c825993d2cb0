//! Text in aligned columns, of which every table for reading is made.
//!
//! Cells are escaped before they come here.

use crate::report::escape;

/// Columns and how wide they are.
pub(in crate::report) struct Grid {
    /// Which of them hold figures: those stand to the right.
    figures: Vec<bool>,
    widths: Vec<usize>,
    /// Most that is kept free for a cell; a wider one pushes the rest of its line.
    most: usize,
}

impl Grid {
    /// Columns without width.
    pub(in crate::report) fn new(figures: Vec<bool>, most: usize) -> Self {
        Self {
            widths: vec![0; figures.len()],
            figures,
            most,
        }
    }

    /// Makes room for a row.
    pub(in crate::report) fn widen(&mut self, row: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(escape::columns(cell).min(self.most));
        }
    }

    /// Whether the first cell is wider than its column.
    pub(in crate::report) fn is_pushed(&self, row: &[String]) -> bool {
        let first = row.first().zip(self.widths.first());
        first.is_some_and(|(cell, width)| escape::columns(cell) > *width)
    }

    /// The row's cells in some columns, two spaces after each.
    pub(in crate::report) fn line(&self, row: &[String], columns: &[usize]) -> String {
        let mut line = String::new();
        for at in columns {
            let Some(cell) = row.get(*at) else { break };
            let fill = " ".repeat(self.widths[*at].saturating_sub(escape::columns(cell)));
            let (before, after) = if self.figures[*at] {
                (fill.as_str(), "")
            } else {
                ("", fill.as_str())
            };
            line.extend([before, cell, after, "  "]);
        }
        line
    }

    /// The columns of each line where one has only so much room: the first `keys` in all of
    /// them, and as many others as fit.
    pub(in crate::report) fn folds(&self, keys: usize, room: usize) -> Vec<Vec<usize>> {
        let wide = |at: usize| self.widths[at] + 2;
        let mut folds: Vec<Vec<usize>> = Vec::new();
        let mut left = 0;
        for at in keys..self.widths.len() {
            if wide(at) > left {
                folds.push((0..keys).collect());
                left = (room + 2).saturating_sub((0..keys).map(wide).sum());
            }
            left = left.saturating_sub(wide(at));
            if let Some(fold) = folds.last_mut() {
                fold.push(at);
            }
        }
        folds
    }
}
