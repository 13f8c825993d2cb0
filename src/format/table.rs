//! Rows of a table: columns with names, in text.
//!
//! In: a header and rows. Out: the cells of a row by meaning.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use super::declared::{MEANINGS, Meaning};

/// How rows are read: the header they follow, and its columns.
#[derive(Clone)]
pub(super) struct Layout {
    /// The header as it is in the log.
    pub(super) header: Arc<[u8]>,
    pub(super) columns: Arc<Columns>,
}

/// Columns by meaning.
pub(super) struct Columns {
    /// How many there are.
    pub(super) count: usize,
    of: [Box<[usize]>; MEANINGS],
}

impl Columns {
    /// The columns of a header. Names are compared without regard to case; of several for one
    /// meaning the first in the declaration comes first.
    pub(super) fn new(header: &[&[u8]], declared: &[(Meaning, &[&str])]) -> Self {
        let mut of: [Vec<usize>; MEANINGS] = std::array::from_fn(|_| Vec::new());
        for (meaning, names) in declared {
            for name in *names {
                let same = |own: &&[u8]| own.eq_ignore_ascii_case(name.as_bytes());
                of[meaning.index()].extend(header.iter().position(same));
            }
        }
        Self {
            count: header.len(),
            of: of.map(Vec::into_boxed_slice),
        }
    }

    /// Whether some column has this meaning.
    pub(super) fn has(&self, meaning: Meaning) -> bool {
        !self.of[meaning.index()].is_empty()
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'a, 'c> {
    pub(super) columns: &'c Columns,
    /// The cells, one after the other.
    pub(super) text: &'a [u8],
    /// Where each ends.
    pub(super) ends: &'a [usize],
}

impl<'a> Row<'a, '_> {
    /// Where the first cell of a meaning is that says something.
    pub(super) fn place(&self, meaning: Meaning) -> Option<Range<usize>> {
        let mut columns = self.columns.of[meaning.index()].iter();
        columns.find_map(|column| {
            let start = match column.checked_sub(1) {
                Some(before) => *self.ends.get(before)?,
                None => 0,
            };
            let place = start..*self.ends.get(*column)?;
            let says = |cell: &&[u8]| !matches!(*cell, b"" | b"-");
            self.text.get(place.clone()).filter(says).map(|_| place)
        })
    }

    /// The first cell of a meaning that says something.
    pub(super) fn text(&self, meaning: Meaning) -> Option<&'a [u8]> {
        self.text.get(self.place(meaning)?)
    }
}

/// The names of the columns: the first line that is not blank.
pub(super) fn header(sample: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let Some(line) = lines.find(|line| !line.is_empty()) else {
        return Vec::new();
    };
    let (mut cells, mut ends) = (Vec::new(), Vec::new());
    if cells_of(line, separator, &mut cells, &mut ends).is_none() {
        return Vec::new();
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let names = starts
        .zip(&ends)
        .map(|(start, end)| cells[start..*end].to_vec());
    names.collect()
}

thread_local! {
    /// A reader and its separator: to make one takes a hundred times as long as to read a row.
    static READER: RefCell<(u8, csv_core::Reader)> = RefCell::new((b',', reader(b',')));
}

fn reader(separator: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(separator).build()
}

/// The cells of one row (RFC 4180).
pub(super) fn cells_of(
    line: &[u8],
    separator: u8,
    text: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Option<()> {
    READER.with_borrow_mut(|(known, own)| {
        if *known != separator {
            (*known, *own) = (separator, reader(separator));
        }
        own.reset();
        cells_by(own, line, text, ends)
    })
}

fn cells_by(
    reader: &mut csv_core::Reader,
    line: &[u8],
    text: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Option<()> {
    text.resize(line.len() + 1, 0);
    ends.resize(line.len() + 2, 0);
    let (mut read, mut written, mut count) = (0, 0, 0);
    loop {
        let (result, took, wrote, ended) =
            reader.read_record(&line[read..], &mut text[written..], &mut ends[count..]);
        (read, written, count) = (read + took, written + wrote, count + ended);
        match result {
            // The end of the line is told by one more call without bytes.
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::Record => break,
            _ => return None,
        }
    }
    text.truncate(written);
    ends.truncate(count);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str, separator: u8) -> Option<Vec<String>> {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        cells_of(line.as_bytes(), separator, &mut text, &mut ends)?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let cells = starts.zip(&ends).map(|(start, end)| &text[start..*end]);
        let cells = cells.map(|cell| String::from_utf8_lossy(cell).into_owned());
        Some(cells.collect())
    }

    #[test]
    fn a_row_knows_nothing_of_the_one_before_it() {
        for _ in 0..2 {
            assert_eq!(cells("a,\"b,c\"", b',').unwrap(), ["a", "b,c"]);
            // A quote that does not end, and another separator.
            cells("a,\"b", b',');
            assert_eq!(cells("a;b,c", b';').unwrap(), ["a", "b,c"]);
        }
    }
}
