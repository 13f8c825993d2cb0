//! The values of one line, by their numbers.
//!
//! In: a line, and what kind of text a description says it is. Out: for each place that the
//! description names, its value.

use std::sync::Arc;

use regex::bytes::{CaptureLocations, Regex};

use super::layout::Layout;
use super::span::Span;
use crate::format::Skip;
use crate::format::json::{Fields, Kind, Plan};

/// What the lines are.
pub(in crate::format) enum Shape {
    /// One object each.
    Json {
        /// The objects' own names for the places.
        plan: Plan,
        /// NGINX or Apache wrote it: what they do not escape as JSON asks is repaired.
        repaired: bool,
    },
    /// Rows of a table.
    Rows {
        /// Between two cells.
        separator: u8,
        /// The names of the columns, where the log has no header.
        columns: Vec<String>,
    },
    /// Rows after a line `#Fields:`.
    W3c,
    /// `key=value key="a value"`.
    Logfmt,
    /// What named groups of the first pattern that fits hold.
    Regex(Vec<Pattern>),
    /// The variables of a server's own format line.
    Layout(Layout),
}

/// A pattern, and the number of its group for each place.
pub(in crate::format) struct Pattern {
    pub(super) regex: Regex,
    pub(super) groups: Vec<Option<usize>>,
}

/// The columns of a table, as its header has them.
#[derive(Clone)]
pub(in crate::format) struct Header {
    /// The line that names them.
    pub(super) line: Arc<[u8]>,
    /// How many there are.
    pub(super) count: usize,
    /// The column of each place.
    pub(super) columns: Arc<[Option<usize>]>,
}

impl Header {
    /// Of the names of the columns; letter case plays no part.
    pub(super) fn new<'n>(
        line: &[u8],
        names: impl Iterator<Item = &'n [u8]>,
        places: &[Box<str>],
    ) -> Self {
        let names: Vec<&[u8]> = names.collect();
        let column = |place: &str| {
            let same = |own: &&[u8]| own.eq_ignore_ascii_case(place.as_bytes());
            names.iter().position(same)
        };
        Self {
            line: Arc::from(line),
            count: names.len(),
            columns: places.iter().map(|place| column(place)).collect(),
        }
    }
}

/// Buffers of one worker for described formats.
#[derive(Default)]
pub(in crate::format) struct Buffers {
    /// The description that the rest belongs to.
    pub(super) number: u64,
    /// Places in the line, or in the cells of its row.
    pub(super) spans: Vec<Span>,
    /// The same, read from the end of the line.
    pub(super) other: Vec<Span>,
    /// Groups of the patterns.
    pub(super) groups: Vec<CaptureLocations>,
    /// What had to be decoded.
    pub(super) decoded: Vec<u8>,
    pub(super) spare: Vec<u8>,
    pub(super) joined: Vec<u8>,
    /// The header that counts here.
    pub(super) header: Option<Header>,
}

/// The values of one line.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    Json(Fields<'a>),
    Spans { base: &'a [u8], spans: &'a [Span] },
}

/// One value as it is written.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: &'a [u8],
    pub(super) kind: Kind,
    pub(super) escaped: bool,
}

impl<'a> Values<'a> {
    /// What is at a place; `None` also for `null`.
    pub(super) fn get(&self, slot: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(fields) => Some(Value {
                text: fields.raw(slot)?,
                kind: fields.kind(slot),
                escaped: false,
            }),
            Self::Spans { base, spans } => {
                let span = spans.get(slot)?;
                Some(Value {
                    text: base.get(span.start as usize..span.end as usize)?,
                    kind: Kind::Text,
                    escaped: span.escaped,
                })
            }
        }
    }
}

/// Reads `key=value key="a value"`; what stands alone is a word of the message.
///
/// The quotes are those of Go's `strconv.Quote`, which the usual writers of logfmt use.
pub(super) fn logfmt(line: &[u8], places: &[Box<str>], spans: &mut [Span]) -> Result<(), Skip> {
    let mut at = 0;
    let mut pairs = 0;
    while at < line.len() {
        if line[at] == b' ' {
            at += 1;
            continue;
        }
        let from = at;
        let ends = |byte: &u8| matches!(byte, b'=' | b' ');
        at += line[at..].iter().position(ends).unwrap_or(line.len() - at);
        let key = &line[from..at];
        if line.get(at) != Some(&b'=') {
            continue;
        }
        at += 1;
        let span = if line.get(at) == Some(&b'"') {
            let quoted = at + 1;
            let (end, escaped) = crate::format::combined::parts::closing_quote(line, quoted)
                .ok_or(Skip::Malformed)?;
            at = end + 1;
            Span::new(quoted, end, escaped)
        } else {
            let from = at;
            at += memchr::memchr(b' ', &line[at..]).unwrap_or(line.len() - at);
            Span::new(from, at, false)
        };
        pairs += 1;
        if let Some(place) = places.iter().position(|place| place.as_bytes() == key) {
            spans[place] = span;
        }
    }
    if pairs == 0 {
        return Err(Skip::Malformed);
    }
    Ok(())
}

impl Pattern {
    /// The values of its groups; whether it fits.
    pub(super) fn read(
        &self,
        line: &[u8],
        groups: &mut CaptureLocations,
        spans: &mut [Span],
    ) -> bool {
        if self.regex.captures_read(groups, line).is_none() {
            return false;
        }
        for (span, group) in spans.iter_mut().zip(&self.groups) {
            if let Some((start, end)) = group.and_then(|group| groups.get(group)) {
                *span = Span::new(start, end, false);
            }
        }
        true
    }
}
