//! Records within records: a list in an object, or JSON and text as a string of it.
//!
//! In: lines of JSON. Out: the same bytes, with each inner record on a line of its own; what is
//! around the records is NUL.
//!
//! Invariants:
//! * no byte moves but those after an escape of a string that is taken out;
//! * a line without what is looked for stays as it is: the reader counts it.

use std::io;

use crate::format::json;
use crate::format::json::list::{Step, all};
use crate::format::layer::through::{Filter, Through};
use crate::input::{Layer, Reader};

/// Longest line that is opened.
const LONGEST: usize = 64 << 20;

/// A step inwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::format) enum Inner {
    /// Every value at this pointer.
    Values(Vec<Step>),
    /// The text of the string at this pointer.
    Text(Vec<Step>),
}

/// The layer of a described format.
pub(super) struct Unwrap(pub(super) Vec<Inner>);

impl Layer for Unwrap {
    /// Only a format that has such records asks for it.
    fn is_around(&self, _: &[u8]) -> bool {
        false
    }

    fn open(&self, inner: Reader) -> Reader {
        Box::new(Through::new(inner, Lines::new(self.0.clone())))
    }
}

/// Takes the records out of each line.
pub(super) struct Lines {
    inner: Vec<Inner>,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn new(inner: Vec<Inner>) -> Self {
        Self {
            inner,
            line: Vec::new(),
        }
    }

    /// The records of a line, where it is.
    pub(super) fn open(&self, line: &mut [u8]) {
        let whole = 0..line.len();
        let mut lines = vec![whole];
        for inner in &self.inner {
            let mut found = Vec::new();
            for place in lines {
                let before = found.len();
                match inner {
                    Inner::Values(steps) => values(line, place.clone(), steps, &mut found),
                    Inner::Text(steps) => texts(line, place.clone(), steps, &mut found),
                }
                if found.len() == before {
                    found.push(place);
                }
            }
            lines = found;
        }
        let mut from = 0;
        for (number, place) in lines.iter().enumerate() {
            line[from..place.start].fill(0);
            if number > 0 && from < place.start {
                line[from] = b'\n';
            }
            from = place.end;
        }
        line[from..].fill(0);
    }
}

type Place = std::ops::Range<usize>;

fn values(line: &[u8], place: Place, steps: &[Step], found: &mut Vec<Place>) {
    let mut inner = Vec::new();
    all(&line[place.clone()], 0, steps, &mut inner);
    let inner = inner.into_iter();
    found.extend(inner.map(|own| own.start + place.start..own.end + place.start));
}

fn texts(line: &mut [u8], place: Place, steps: &[Step], found: &mut Vec<Place>) {
    let mut inner = Vec::new();
    values(line, place, steps, &mut inner);
    for own in inner {
        if line[own.start] != b'"' || own.len() < 2 {
            continue;
        }
        let mut text = Vec::new();
        json::unescape(&line[own.start + 1..own.end - 1], &mut text);
        let json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        // Between the parts of JSON a line end is a blank; within a text it ends a record.
        for byte in text
            .iter_mut()
            .filter(|byte| json && matches!(**byte, b'\n' | b'\r'))
        {
            *byte = b' ';
        }
        let end = own.start + 1 + text.len();
        let room = line.get_mut(own.start + 1..end);
        // An escape is never shorter than what it stands for.
        let Some(room) = room else { continue };
        room.copy_from_slice(&text);
        line[own.start] = 0;
        line[end..own.end].fill(0);
        found.push(own.start + 1..end);
    }
}

impl Lines {
    /// The line is whole.
    fn end(&mut self, out: &mut Vec<u8>) {
        let mut line = std::mem::take(&mut self.line);
        self.open(&mut line);
        out.append(&mut line);
        self.line = line;
    }
}

impl Filter for Lines {
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line.extend_from_slice(&rest[..end]);
            self.end(out);
            out.push(b'\n');
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > LONGEST {
            out.append(&mut self.line);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.end(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::layer::through::filtered;

    fn steps(path: &str) -> Vec<Step> {
        super::super::pointer(path)
    }

    #[test]
    fn records_of_a_list_and_texts_in_them_are_lines() {
        let inner = || {
            vec![
                Inner::Values(steps("/records/*")),
                Inner::Text(steps("/message")),
            ]
        };
        let line = r#"{"x":1,"records":[{"message":"{\"a\":\"b\"}"},{"message":"GET \u002f"}],"y":2}
{"other":1}
"#;
        let read = filtered(line.as_bytes(), || Lines::new(inner()));
        let records: Vec<&str> = read
            .lines()
            .map(|line| line.trim_matches('~'))
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(records, [r#"{"a":"b"}"#, "GET /", r#"{"other":1}"#]);
    }
}
