//! Lines of a bounded width, all of them escaped.
//!
//! In: text, hostile or not. Out: lines of at most 60 to 200 columns. What is
//! cut is marked, what is left out of a list is counted.

use std::borrow::Cow;
use std::io::{self, Write};

use super::escape::{self, columns};
use super::table::Grid;

/// Lines of one message.
const LINES: usize = 10;
/// Columns of a message that is not cut.
const WHOLE: usize = 8_000;

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

    /// A screen for a part of such a line.
    pub(super) fn narrow(out: &'w mut dyn Write, width: usize) -> Self {
        Self { out, width }
    }

    /// Columns of one line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// One line, cut to the width.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escape::cut(text.trim_end(), self.width))
    }

    /// One message, wrapped and not cut, whose lines are painted when their width is known.
    pub(super) fn painted(
        &mut self,
        how: &dyn Fn(&str) -> String,
        label: &str,
        text: &str,
    ) -> io::Result<()> {
        let mut plain = Vec::new();
        Screen::new(&mut plain, self.width).whole(label, text)?;
        for line in String::from_utf8_lossy(&plain).lines() {
            writeln!(self.out, "{}", how(line))?;
        }
        Ok(())
    }

    /// A command that can be copied: where it is wider than the screen, its lines end as a
    /// shell wants it. With a word for which there is no room the options are left out, and
    /// that is said.
    pub(super) fn command(&mut self, label: &str, words: &[String]) -> io::Result<()> {
        let indent = columns(label);
        let words: Vec<Cow<'_, str>> = words.iter().map(|word| escape::terminal(word)).collect();
        let room = self.width - indent - 4;
        let hostile = words.iter().any(|word| matches!(word, Cow::Owned(_)));
        if hostile || words.iter().any(|word| columns(word) > room) {
            let fits = |word: &&Cow<'_, str>| !word.starts_with('-') && columns(word) <= room;
            let start: Vec<&str> = words
                .iter()
                .take(2)
                .take_while(fits)
                .map(AsRef::as_ref)
                .collect();
            return self.whole(
                label,
                &format!("{} with the options of this call", start.join(" ")),
            );
        }
        let mut line = label.to_owned();
        let mut used = indent;
        for (at, word) in words.iter().enumerate() {
            let last = at + 1 == words.len();
            let need = columns(word) + usize::from(at > 0) + if last { 0 } else { 2 };
            if at > 0 && used + need > self.width {
                writeln!(self.out, "{line} \\")?;
                line = " ".repeat(indent + 2);
                used = indent + 2;
            } else if at > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += columns(word);
        }
        writeln!(self.out, "{line}")
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

    /// A row whose last cell is text, which is wrapped below itself. A name that is wider
    /// than its column gets a line of its own, because a cut one may be that of another.
    pub(super) fn row(
        &mut self,
        name: &str,
        column: usize,
        cells: &str,
        text: &str,
    ) -> io::Result<()> {
        let name = escape::terminal(name);
        let label = if columns(&name) > column {
            self.whole("  ", &name)?;
            " ".repeat(2 + column)
        } else {
            format!("  {name}{}", " ".repeat(column - columns(&name)))
        };
        self.whole(&format!("{label}{cells}"), text)
    }

    /// Rows of escaped cells under a head, which is the first row. Their first `keys` cells are
    /// names. Columns for which there is no room follow below, with the names again; a row with
    /// fewer cells has a remark instead of figures. A first name that is wider than a third of
    /// the screen gets a line of its own, because a cut one may be that of another.
    pub(super) fn table(
        &mut self,
        indent: &str,
        keys: usize,
        rows: &[Vec<String>],
    ) -> io::Result<()> {
        let count = rows.first().map_or(0, Vec::len);
        let figures = (0..count).map(|at| at >= keys).collect();
        let mut grid = Grid::new(figures, (self.width / 3).max(20));
        for row in rows {
            let names = keys.min(row.len());
            grid.widen(if row.len() < count {
                &row[..names]
            } else {
                row
            });
        }
        let room = self.width - columns(indent);
        for (at, fold) in grid.folds(keys, room).iter().enumerate() {
            for row in rows {
                let is_remark = row.len() < count;
                if is_remark && at > 0 {
                    continue;
                }
                let mut row = row.clone();
                if grid.is_pushed(&row) {
                    self.whole(indent, &std::mem::take(&mut row[0]))?;
                }
                if is_remark {
                    let remark = row.pop().unwrap_or_default();
                    self.whole(&format!("{indent}{}", grid.line(&row, fold)), &remark)?;
                } else {
                    self.line(&format!("{indent}{}", grid.line(&row, fold)))?;
                }
            }
        }
        Ok(())
    }

    /// One message, wrapped and not cut: a fact that stands nowhere else. Only beyond
    /// [`WHOLE`] columns, which no honest name needs, is the rest left out and marked.
    pub(super) fn whole(&mut self, label: &str, text: &str) -> io::Result<()> {
        let text = escape::cut(text, WHOLE);
        let indent = columns(label).min(self.width / 2);
        let mut line = label.to_owned();
        let mut used = columns(label);
        let mut empty = true;
        for word in text.split(' ') {
            let mut word = word;
            if !empty && used + 1 + columns(word) > self.width {
                writeln!(self.out, "{}", line.trim_end())?;
                line = " ".repeat(indent);
                used = indent;
                empty = true;
            }
            if !empty {
                line.push(' ');
                used += 1;
            }
            // A word that fits on no line is broken where the line ends.
            while used + columns(word) > self.width {
                let fits = escape::fitting(word, self.width.saturating_sub(used));
                if fits == 0 && used > indent {
                    writeln!(self.out, "{line}")?;
                    line = " ".repeat(indent);
                    used = indent;
                    continue;
                }
                let fits = fits.max(1);
                let end = word
                    .char_indices()
                    .nth(fits)
                    .map_or(word.len(), |(at, _)| at);
                line.push_str(&word[..end]);
                word = &word[end..];
                writeln!(self.out, "{line}")?;
                line = " ".repeat(indent);
                used = indent;
            }
            line.push_str(word);
            used += columns(word);
            empty = false;
        }
        writeln!(self.out, "{}", line.trim_end())
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
