//! CSV text to rows and cells that know their bytes.

use std::sync::Arc;

use super::{Node, Value};
use crate::model::{Place, Span};

/// Why a text is no table, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct CsvError {
    /// File and line.
    pub place: Place,
    /// What is wrong.
    pub message: &'static str,
}

/// One cell: its bytes with quotes, and whether there are quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Its bytes.
    pub span: Span,
    /// Whether it stands in quotes.
    pub quoted: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its first line, counted from 1.
    pub line: u32,
    /// With its line break.
    pub span: Span,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// Cuts a text into rows and cells (RFC 4180); blank lines are not rows.
pub(crate) fn rows(text: &str, shown: &Arc<str>) -> Result<Vec<Row>, CsvError> {
    #[cfg(test)]
    super::parses::count();
    let bytes = text.as_bytes();
    let mut rows = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut line = 1_u32;
    while at < bytes.len() {
        let (start, first_line) = (at, line);
        let mut cells = Vec::new();
        loop {
            let from = at;
            let quoted = bytes.get(at) == Some(&b'"');
            if quoted {
                at += 1;
                loop {
                    match bytes.get(at) {
                        Some(b'"') if bytes.get(at + 1) == Some(&b'"') => at += 2,
                        Some(b'"') => break at += 1,
                        Some(byte) => {
                            line = line.saturating_add(u32::from(*byte == b'\n'));
                            at += 1;
                        }
                        None => {
                            let place = Place {
                                file: Arc::clone(shown),
                                line: first_line,
                            };
                            let message = "a quoted cell does not end";
                            return Err(CsvError { place, message });
                        }
                    }
                }
            } else {
                while !matches!(bytes.get(at), None | Some(b',' | b'\n'))
                    && !bytes[at..].starts_with(b"\r\n")
                {
                    at += 1;
                }
            }
            cells.push(Cell {
                span: Span {
                    start: from,
                    end: at,
                },
                quoted,
            });
            match bytes.get(at) {
                Some(b',') => at += 1,
                None | Some(b'\n') => break,
                Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => break at += 1,
                Some(_) => {
                    let place = Place {
                        file: Arc::clone(shown),
                        line,
                    };
                    let message = "something follows the closing quote of a cell";
                    return Err(CsvError { place, message });
                }
            }
        }
        if at < bytes.len() {
            at += 1;
            line = line.saturating_add(1);
        }
        let blank = text[start..at].trim().is_empty();
        if !blank {
            rows.push(Row {
                line: first_line,
                span: Span { start, end: at },
                cells,
            });
        }
    }
    Ok(rows)
}

/// A cell's value.
pub(crate) fn unquoted(text: &str, cell: Cell) -> String {
    let raw = &text[cell.span.start..cell.span.end];
    match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
        Some(inner) if cell.quoted => inner.replace("\"\"", "\""),
        _ => raw.to_owned(),
    }
}

/// Where one term of a cell ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Split {
    /// At whitespace.
    #[default]
    Blank,
    /// At this character; whitespace around a term is no part of it.
    At(char),
    /// Nowhere: a cell holds one term.
    Never,
}

/// The scopes of a cell and their bytes; a single one has the whole cell's bytes, quotes included.
pub(crate) fn words(text: &str, cell: Cell, split: Split) -> Vec<(Span, String)> {
    let inside = usize::from(cell.quoted);
    let (start, end) = (cell.span.start + inside, cell.span.end - inside);
    let mut words = Vec::new();
    let mut at = start;
    let ends = |c: char| match split {
        Split::Blank => matches!(c, ' ' | '\t' | '\r' | '\n'),
        Split::At(own) => c == own,
        Split::Never => false,
    };
    for part in text[start..end].split(ends) {
        let word = part.trim();
        if !word.is_empty() {
            let term = if cell.quoted {
                word.replace("\"\"", "\"")
            } else {
                word.to_owned()
            };
            let from = at + (part.len() - part.trim_start().len());
            words.push((
                Span {
                    start: from,
                    end: from + word.len(),
                },
                term,
            ));
        }
        at += part.len() + 1;
    }
    if let [(span, _)] = words.as_mut_slice()
        && cell.quoted
        && (span.start, span.end) == (start, end)
    {
        *span = cell.span;
    }
    words
}

/// The table as a list of mappings, one for each row: the header has the keys. A column of a name
/// that is there already is left out, and so is what a row has beyond the header.
pub(crate) fn tree(text: &str, shown: &Arc<str>) -> Result<Node, CsvError> {
    let mut rows = rows(text, shown)?.into_iter();
    let node = |line: u32, span: Span, value: Value| Node {
        line,
        span,
        value,
        anchor: false,
        alias: false,
        tagged: false,
        flow: false,
        spelling: None,
    };
    let scalar = |line: u32, cell: Cell| node(line, cell.span, Value::String(unquoted(text, cell)));
    let header = rows.next();
    let mut columns: Vec<(usize, Node)> = Vec::new();
    for (at, cell) in header.iter().flat_map(|row| row.cells.iter().enumerate()) {
        let mut key = scalar(header.as_ref().map_or(1, |row| row.line), *cell);
        let name = key.text().unwrap_or_default().trim().to_owned();
        if !columns.iter().any(|(_, known)| known.text() == Some(&name)) {
            key.value = Value::String(name);
            columns.push((at, key));
        }
    }
    let item = |row: Row| {
        let pair = |(at, key): &(usize, Node)| {
            let cell = row.cells.get(*at)?;
            Some((key.clone(), scalar(row.line, *cell)))
        };
        let pairs = columns.iter().filter_map(pair).collect();
        node(row.line, row.span, Value::Map(pairs))
    };
    let whole = Span {
        start: 0,
        end: text.len(),
    };
    Ok(node(1, whole, Value::Seq(rows.map(item).collect())))
}
