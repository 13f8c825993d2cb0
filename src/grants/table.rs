//! A table with a row for each grant, or for several in one cell.
//!
//! A row whose last term is removed goes too. Where several terms come in the place of one
//! that has a row of its own, each gets a row.

use super::words::fate_of_words;
use super::written::{Fate, with_scalar};
use crate::document::csv::{Cell, Row, Split, words};
use crate::model::{Edit, Span};

/// The rows of a table, and the words of their cells.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Line>,
    words: Vec<Span>,
    split: Split,
}

/// A row, its cell, and the number of its first word.
#[derive(Debug)]
struct Line {
    row: Span,
    cell: Cell,
    first: usize,
}

impl Table {
    /// A table whose cells are split so.
    pub(super) fn of(split: Split) -> Self {
        Self {
            split,
            ..Self::default()
        }
    }

    /// Takes a row in, and gives its terms with their bytes.
    pub(super) fn add(&mut self, text: &str, row: &Row, cell: Cell) -> Vec<(Span, String)> {
        let words = words(text, cell, self.split);
        self.rows.push(Line {
            row: row.span,
            cell,
            first: self.words.len(),
        });
        self.words.extend(words.iter().map(|(span, _)| *span));
        words
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The number of the row that a word stands in, and the words of that row.
    fn line(&self, word: usize) -> Option<(&Line, std::ops::Range<usize>)> {
        // A row without words starts with the same number as the next one.
        let at = self.rows.partition_point(|line| line.first <= word);
        let line = self.rows.get(at.checked_sub(1)?)?;
        let end = self
            .rows
            .get(at)
            .map_or(self.words.len(), |next| next.first);
        Some((line, line.first..end))
    }

    /// A term as it is written in place of a word of a cell.
    pub(super) fn spell(&self, word: Span, plain: &str) -> Result<String, &'static str> {
        let at = self
            .words
            .binary_search_by_key(&word.start, |own| own.start);
        let line = at.ok().and_then(|at| self.line(at));
        let (line, _) = line.ok_or("the file has no such entry")?;
        let doubled = plain.replace('"', "\"\"");
        let special = plain.contains([',', '"']);
        if matches!(self.split, Split::At(own) if plain.contains(own)) {
            return Err("its cell would be split within the new term");
        }
        match (special, line.cell.quoted, word == line.cell.span) {
            (_, true, false) => Ok(doubled),
            (_, true, true) | (true, false, true) => Ok(format!("\"{doubled}\"")),
            (false, false, _) => Ok(plain.to_owned()),
            (true, false, false) => Err("the new term needs quotes that its cell does not have"),
        }
    }

    /// What stands between two terms of a cell.
    fn joint(&self) -> String {
        match self.split {
            Split::At(own) => own.to_string(),
            Split::Blank | Split::Never => " ".to_owned(),
        }
    }

    pub(super) fn edits(
        &self,
        text: &str,
        mut fates: &[(usize, Fate)],
    ) -> Result<Vec<Edit>, &'static str> {
        let mut edits: Vec<Edit> = Vec::new();
        while let Some((item, _)) = fates.first() {
            let (line, words) = self.line(*item).ok_or("the file has no such entry")?;
            let own = fates.partition_point(|(item, _)| *item < words.end);
            let (own, rest) = fates.split_at(own.max(1));
            fates = rest;
            let removed = |(_, fate): &&(usize, Fate)| *fate == Fate::Remove;
            if own.iter().filter(removed).count() == words.len() {
                let above = edits
                    .pop_if(|edit| edit.replacement.is_empty() && edit.span.end == line.row.start);
                let start = above.map_or(line.row.start, |edit| edit.span.start);
                edits.push(Edit::delete(start, line.row.end));
                continue;
            }
            match own {
                [(_, Fate::Replace(word, texts))] if words.len() == 1 => {
                    let (first, more) = texts.split_first().ok_or("nothing replaces it")?;
                    edits.push(rows(text, line, *word, (first, more)));
                }
                // The cell holds several terms as it is.
                _ => {
                    let of_row = |(item, fate): &(usize, Fate)| (item - words.start, fate.clone());
                    let own: Vec<(usize, Fate)> = own.iter().map(of_row).collect();
                    let words = self.words.get(words).unwrap_or_default();
                    fate_of_words(words, &own, &self.joint(), &mut edits)?;
                }
            }
        }
        Ok(edits)
    }
}

/// A row for each term, equal to the one they come in the place of in everything else.
fn rows(text: &str, line: &Line, word: Span, (first, more): (&str, &[String])) -> Edit {
    let row = &text[line.row.start..line.row.end];
    let bare = row.strip_suffix('\n').unwrap_or(row);
    let bare = bare.strip_suffix('\r').unwrap_or(bare);
    let eol = match &row[bare.len()..] {
        "" if text.contains("\r\n") => "\r\n",
        "" => "\n",
        eol => eol,
    };
    let whole = Span {
        start: line.row.start,
        end: line.row.start + bare.len(),
    };
    let mut new = with_scalar(text, whole, word, first);
    for more in more {
        new.extend([eol, with_scalar(text, whole, word, more).as_str()]);
    }
    Edit::replace(whole, new)
}
