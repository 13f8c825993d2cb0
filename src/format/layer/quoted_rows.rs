//! Rows of CSV whose quoted cells may hold line ends (RFC 4180).
//!
//! In: the text of a table. Out: the same bytes with spaces for the line ends within cells, so
//! that each row is a line.
//!
//! A quote opens a cell only where a cell begins: one within a cell is a character.

use std::io;

use super::through::{Filter, Through};
use crate::input::{Layer, Reader};

/// Cells are separated by this byte.
pub(in crate::format) struct QuotedRows(pub(in crate::format) u8);

impl Layer for QuotedRows {
    /// Only a format that has such rows asks for it.
    fn is_around(&self, _: &[u8]) -> bool {
        false
    }

    fn open(&self, inner: Reader) -> Reader {
        Box::new(Through::new(inner, Cells::new(self.0)))
    }
}

struct Cells {
    separator: u8,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where a cell begins.
    Start,
    Plain,
    Quoted,
    /// After a quote within a quoted cell: its end, or the first of two that stand for one.
    Quote,
}

impl Cells {
    fn new(separator: u8) -> Self {
        Self {
            separator,
            place: Place::Start,
        }
    }
}

impl Filter for Cells {
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len());
        for byte in bytes.iter().copied() {
            let quoted = self.place == Place::Quoted;
            self.place = match (self.place, byte) {
                (Place::Quoted, b'"') => Place::Quote,
                (Place::Quoted, _) | (Place::Quote | Place::Start, b'"') => Place::Quoted,
                (_, b'\n') => Place::Start,
                (_, byte) if byte == self.separator => Place::Start,
                // The mark that some tools write first is no part of a cell.
                (Place::Start, 0xef | 0xbb | 0xbf) => Place::Start,
                _ => Place::Plain,
            };
            out.push(match byte {
                b'\n' | b'\r' if quoted => b' ',
                byte => byte,
            });
        }
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::through::filtered;
    use super::*;

    #[test]
    fn a_line_end_in_a_quoted_cell_is_a_space_and_no_other_is() {
        let rows = |text: &str| filtered(text.as_bytes(), || Cells::new(b','));
        assert_eq!(
            rows("a,b\r\n1,\"x\r\ny\"\n2,3\n"),
            "a,b\r\n1,\"x  y\"\n2,3\n"
        );
        assert_eq!(
            rows("1,\"say \"\"hi\"\"\nyou\"\n2,3\n"),
            "1,\"say \"\"hi\"\" you\"\n2,3\n"
        );
        assert_eq!(
            rows("1,5\" pipe\n2,\"\"\n3,4\n"),
            "1,5\" pipe\n2,\"\"\n3,4\n"
        );
    }
}
