//! CSV text to rows and cells that know their bytes.

use std::sync::Arc;

use super::{GrantError, error};
use crate::model::{Place, Span};

/// The columns of a table of grants.
const COLUMNS: [&str; 5] = ["client", "audience", "scope", "owner", "since"];

/// One cell: its bytes with quotes, and whether there are quotes.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) span: Span,
    pub(super) quoted: bool,
}

pub(super) struct Row {
    pub(super) line: u32,
    /// With its line break.
    pub(super) span: Span,
    pub(super) cells: Vec<Cell>,
}

/// Cuts a text into rows and cells (RFC 4180); blank lines are not rows.
pub(super) fn rows(text: &str, shown: &Arc<str>) -> Result<Vec<Row>, GrantError> {
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
                            return Err(GrantError::Csv {
                                place,
                                message: "a quoted cell does not end".to_owned(),
                                help: None,
                            });
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
                    let message = "something follows the closing quote of a cell".to_owned();
                    return Err(GrantError::Csv {
                        place,
                        message,
                        help: None,
                    });
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

pub(super) fn header(
    text: &str,
    row: Option<Row>,
    shown: &Arc<str>,
) -> Result<Vec<&'static str>, GrantError> {
    let fail = |line: u32, message: String, help: String| GrantError::Csv {
        place: Place {
            file: Arc::clone(shown),
            line,
        },
        message,
        help: Some(help),
    };
    let wanted = format!("the first line names the columns: {}", COLUMNS.join(","));
    let Some(row) = row else {
        return Err(fail(1, "the header is missing".to_owned(), wanted));
    };
    let mut columns: Vec<&'static str> = Vec::new();
    for cell in &row.cells {
        let name = unquoted(text, *cell).trim().to_ascii_lowercase();
        let Some(known) = COLUMNS.iter().find(|column| **column == name) else {
            return Err(match error::similar(&name, COLUMNS) {
                Some(column) => fail(
                    row.line,
                    format!("unknown column `{name}`"),
                    format!("did you mean `{column}`?"),
                ),
                // What is not near a column may be no table of grants at all.
                None => fail(row.line, "this line is not a header".to_owned(), wanted),
            });
        };
        if columns.contains(known) {
            return Err(fail(
                row.line,
                format!("column `{name}` stands twice"),
                wanted,
            ));
        }
        columns.push(known);
    }
    match ["client", "scope"]
        .iter()
        .find(|name| !columns.contains(name))
    {
        Some(missing) => Err(fail(
            row.line,
            format!("column `{missing}` is missing"),
            wanted,
        )),
        None => Ok(columns),
    }
}

/// A cell's value.
pub(super) fn unquoted(text: &str, cell: Cell) -> String {
    let raw = &text[cell.span.start..cell.span.end];
    match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
        Some(inner) if cell.quoted => inner.replace("\"\"", "\""),
        _ => raw.to_owned(),
    }
}

/// The scopes of a cell and their bytes; a single one has the whole cell's bytes, quotes included.
pub(super) fn words(text: &str, cell: Cell) -> Vec<(Span, String)> {
    let inside = usize::from(cell.quoted);
    let (start, end) = (cell.span.start + inside, cell.span.end - inside);
    let mut words = Vec::new();
    let mut at = start;
    for word in text[start..end].split([' ', '\t', '\r', '\n']) {
        if !word.is_empty() {
            let term = if cell.quoted {
                word.replace("\"\"", "\"")
            } else {
                word.to_owned()
            };
            words.push((
                Span {
                    start: at,
                    end: at + word.len(),
                },
                term,
            ));
        }
        at += word.len() + 1;
    }
    if let [(span, _)] = words.as_mut_slice()
        && cell.quoted
        && (span.start, span.end) == (start, end)
    {
        *span = cell.span;
    }
    words
}
