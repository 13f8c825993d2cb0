//! Cuts an unpacked stream into blocks of whole lines.
//!
//! In: what a decompressor gives. Out: blocks whose lines are whole, each with the line that
//! an earlier block left unfinished. A line over the limit is dropped up to its end and
//! counted once; its beginning is handed on. A line is copied once, however many blocks it
//! fills.

use std::ops::Range;

use super::envelope::Frames;
use super::{BEGINNING, BLOCK};

/// A block on its way from the worker that unpacked it.
pub(super) struct Parcel {
    pub(super) source: usize,
    pub(super) index: usize,
    pub(super) bytes: Vec<u8>,
    /// The whole lines within `bytes`.
    pub(super) lines: Range<usize>,
    /// The line that began in an earlier block and ends in this one, if any.
    pub(super) joined: Piece,
    /// The beginning of a line over the limit.
    pub(super) oversize: Option<Piece>,
    /// The input has no other block.
    pub(super) only: bool,
    /// The input was read to its end.
    pub(super) last: bool,
    /// Offset of the block in the unpacked content.
    pub(super) offset: u64,
}

/// Bytes of one line, and the offset of the line in the unpacked content.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) offset: u64,
}

/// Cuts a stream into blocks of whole lines.
#[derive(Default)]
pub(super) struct Cutter {
    index: usize,
    /// Unpacked bytes before the block that comes next.
    pub(super) offset: u64,
    /// The unfinished line at the end of the blocks before.
    carry: Piece,
    /// Inside a line over the limit: everything up to its end goes.
    skipping: bool,
    line: usize,
    begins: u64,
    /// Finds the ends of records where lines have none.
    frames: Option<Frames>,
}

impl Cutter {
    /// `line` is the longest line, `begins` the offset of the first byte that says something.
    pub(super) fn new(line: usize, begins: u64, frames: Option<Frames>) -> Self {
        Self {
            line,
            begins,
            frames,
            ..Self::default()
        }
    }

    /// Puts up to one block into `bytes`; whether the end was reached, and a fault.
    pub(super) fn fill(
        reader: &mut dyn std::io::Read,
        bytes: &mut Vec<u8>,
    ) -> (bool, Option<String>) {
        // What an earlier block left in the buffer is overwritten, so it is not cleared first.
        bytes.resize(BLOCK, 0);
        let mut filled = 0;
        let (mut end, mut fault) = (false, None);
        while filled < bytes.len() && !end {
            match reader.read(&mut bytes[filled..]) {
                Ok(0) => end = true,
                Ok(n) => filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    fault = Some(error.to_string());
                    break;
                }
            }
        }
        bytes.truncate(filled);
        (end, fault)
    }

    /// Splits off the unfinished last line. After a fault that line is dropped: it may be cut short.
    pub(super) fn cut(
        &mut self,
        source: usize,
        bytes: Vec<u8>,
        last: bool,
        broken: bool,
    ) -> Parcel {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        let ends = match &mut self.frames {
            Some(frames) => frames.ends(&bytes),
            None => memchr::memchr(b'\n', &bytes)
                .zip(memchr::memrchr(b'\n', &bytes))
                .map(|(first, last)| (first + 1, last + 1)),
        };
        let blank = usize::try_from(self.begins.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut joined = Piece::default();
        let mut start = blank.min(bytes.len());
        match ends {
            Some((first, _)) if self.skipping => (self.skipping, start) = (false, first),
            None if self.skipping => start = bytes.len(),
            Some((first, _)) if !self.carry.bytes.is_empty() => {
                self.carry.bytes.extend_from_slice(&bytes[..first]);
                joined = std::mem::take(&mut self.carry);
                start = first;
            }
            None if !self.carry.bytes.is_empty() => {
                self.carry.bytes.extend_from_slice(&bytes);
                start = bytes.len();
            }
            _ => {}
        }
        let mut end = ends.map_or(start, |(_, last)| last.max(start));
        if end < bytes.len() {
            self.carry.bytes.extend_from_slice(&bytes[end..]);
            self.carry.offset = offset + end as u64;
        }
        let mut oversize = None;
        if self.carry.bytes.len() > self.line {
            let mut line = std::mem::take(&mut self.carry);
            line.bytes.truncate(BEGINNING);
            line.bytes.shrink_to_fit();
            oversize = Some(line);
            self.skipping = true;
        } else if last && !broken && !self.carry.bytes.is_empty() {
            let carried = std::mem::take(&mut self.carry);
            if carried.offset < offset {
                joined = carried;
            } else {
                end = bytes.len();
            }
        }
        let parcel = Parcel {
            source,
            index: self.index,
            lines: start..end,
            joined,
            oversize,
            only: self.index == 0 && last,
            last: last && !broken,
            offset,
            bytes,
        };
        self.index += 1;
        parcel
    }
}
