//! The parser's character positions as bytes, lines and columns.

use saphyr_parser::Marker;

use crate::model::Span;

/// Character index to byte offset: the byte of every 32nd character, then a short walk.
pub(super) struct Offsets<'a> {
    /// What the user wrote, without its byte order mark.
    text: &'a str,
    /// What the parser sees: the same bytes, except in whitespace and comments.
    parsed: &'a str,
    every: Vec<usize>,
    ascii: bool,
    newlines: Vec<usize>,
    /// Length of the byte order mark.
    pub(super) shift: usize,
}

const STRIDE: usize = 32;

impl<'a> Offsets<'a> {
    pub(super) fn new(text: &'a str, parsed: &'a str, shift: usize) -> Self {
        let ascii = parsed.is_ascii();
        let every = if ascii {
            Vec::new()
        } else {
            parsed
                .char_indices()
                .step_by(STRIDE)
                .map(|(at, _)| at)
                .collect()
        };
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Self {
            text,
            parsed,
            every,
            ascii,
            newlines,
            shift,
        }
    }

    /// Offset in the text without its byte order mark.
    pub(super) fn byte(&self, mark: Marker) -> usize {
        let index = mark.index();
        if self.ascii {
            return index.min(self.parsed.len());
        }
        let Some(&near) = self.every.get(index / STRIDE) else {
            return self.parsed.len();
        };
        let mut rest = self.parsed[near..].char_indices();
        rest.nth(index % STRIDE)
            .map_or(self.parsed.len(), |(at, _)| near + at)
    }

    /// Offsets in the file.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span {
            start: start + self.shift,
            end: end + self.shift,
        }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, byte: usize) -> u32 {
        let before = self.newlines.partition_point(|newline| *newline < byte);
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub(super) fn place(&self, byte: usize) -> (usize, usize) {
        let before = self.newlines.partition_point(|newline| *newline < byte);
        let start = before
            .checked_sub(1)
            .map_or(0, |last| self.newlines[last] + 1);
        let column = self
            .text
            .get(start..byte)
            .map_or(0, |line| line.chars().count());
        (before + 1, column + 1)
    }
}
