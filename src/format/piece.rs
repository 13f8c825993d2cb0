//! A value of a line that may have had to be decoded.

use std::ops::Range;

/// A value as it is in the line, or its place in a buffer.
#[derive(Clone, Default)]
pub(super) enum Piece<'a> {
    /// There is none.
    #[default]
    Missing,
    /// In the line.
    Line(&'a [u8]),
    /// In the buffer.
    Text(Range<usize>),
}

impl<'a> Piece<'a> {
    /// The value, once nothing more is written to the buffer.
    pub(super) fn of(self, text: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Missing => None,
            Self::Line(raw) => Some(raw),
            Self::Text(range) => text.get(range),
        }
    }

    /// The value as it is now.
    pub(super) fn bytes<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]>
    where
        'a: 't,
    {
        match self {
            Self::Missing => None,
            Self::Line(raw) => Some(raw),
            Self::Text(range) => text.get(range.clone()),
        }
    }

    /// A part of the value; places count from its beginning.
    pub(super) fn part(self, part: Range<usize>) -> Self {
        match self {
            Self::Missing => Self::Missing,
            Self::Line(raw) => raw.get(part).map_or(Self::Missing, Self::Line),
            Self::Text(range) => Self::Text(range.start + part.start..range.start + part.end),
        }
    }

    /// A value that is written to the buffer.
    pub(super) fn written(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let start = text.len();
        write(text);
        Self::Text(start..text.len())
    }

    /// Appends the value to the buffer.
    pub(super) fn append(&self, text: &mut Vec<u8>) {
        match self {
            Self::Missing => {}
            Self::Line(raw) => text.extend_from_slice(raw),
            Self::Text(range) => text.extend_from_within(range.clone()),
        }
    }
}
