//! Lines of a bounded width, all of them escaped.
//!
//! In: text, hostile or not. Out: lines of at most 60 to 200 columns. What is
//! cut is marked, what is left out of a list is counted.

use std::io::{self, Write};

use super::escape::{self, columns};

/// Lines of one message.
const LINES: usize = 4;

/// A writer that knows its width in columns.
pub(super) struct Screen<'w> {
    out: &'w mut dyn Write,
    width: usize,
}

impl<'w> Screen<'w> {
    /// A screen of 60 to 200 columns.
    pub(super) fn new(out: &'w mut dyn Write, width: usize) -> Self {
        Self {
            out,
            width: width.clamp(60, 200),
        }
    }

    /// Columns of one line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// One line, cut to the width.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escape::cut(text.trim_end(), self.width))
    }

    /// One message on as many lines as it needs, but at most [`LINES`].
    pub(super) fn prose(&mut self, label: &str, text: &str) -> io::Result<()> {
        let room = self.width - columns(label);
        // Each break costs less than a line, hence half of the room is always used.
        let text = escape::cut(text, room * LINES / 2);
        let mut line = label.to_owned();
        let mut empty = true;
        for word in text.split(' ') {
            if !empty && columns(&line) + 1 + columns(word) > self.width {
                self.line(&line)?;
                line = " ".repeat(columns(label));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line)
    }

    /// A list with its rest counted.
    pub(super) fn list(&mut self, label: &str, total: usize, items: &[String]) -> io::Result<()> {
        for item in items {
            self.prose(label, item)?;
        }
        if total > items.len() {
            self.line(&format!(
                "{}and {} more",
                " ".repeat(columns(label)),
                total - items.len()
            ))?;
        }
        Ok(())
    }
}
