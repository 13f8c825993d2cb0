//! Cuts an unpacked stream into blocks of whole lines.
//!
//! In: what a decompressor gives. Out: blocks whose lines are whole, each with
//! the beginning of the line that the block before left unfinished. A line
//! over the limit is dropped up to its end and counted once.

use std::ops::Range;

use super::BLOCK;

/// A block on its way from the worker that unpacked it: `carry` bytes of the
/// line that began in the block before, then the block itself.
pub(super) struct Parcel {
    pub(super) source: usize,
    pub(super) index: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) carry: usize,
    /// The whole lines within `bytes`.
    pub(super) lines: Range<usize>,
    /// The input has no other block.
    pub(super) only: bool,
    /// Offset of the first of the lines in the unpacked content.
    pub(super) offset: u64,
}

/// Cuts a stream into blocks of whole lines.
pub(super) struct Cutter {
    pub(super) index: usize,
    /// Unpacked bytes before the block that comes next.
    pub(super) offset: u64,
    /// The unfinished line at the end of the block before.
    pub(super) carry: Vec<u8>,
    /// Inside a line over the limit: everything up to the next newline goes.
    pub(super) skipping: bool,
    pub(super) line: usize,
}

impl Cutter {
    /// Puts the carry and up to one block into `bytes`; whether the end was reached, and a fault.
    pub(super) fn fill(
        &mut self,
        reader: &mut dyn std::io::Read,
        bytes: &mut Vec<u8>,
    ) -> (bool, Option<String>) {
        // What an earlier block left in the buffer is overwritten, so it is not cleared first.
        let start = self.carry.len();
        bytes.resize(start + BLOCK, 0);
        bytes[..start].copy_from_slice(&self.carry);
        let mut filled = start;
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
    ) -> (Parcel, Option<u64>) {
        let carry = std::mem::take(&mut self.carry).len();
        let begins = self.offset - carry as u64;
        self.offset += (bytes.len() - carry) as u64;
        let mut lines = 0..memchr::memrchr(b'\n', &bytes[carry..]).map_or(0, |at| carry + at + 1);
        if self.skipping {
            // The line over the limit ends at the first newline, if there is one.
            match memchr::memchr(b'\n', &bytes) {
                Some(at) => (self.skipping, lines.start) = (false, at + 1),
                None => lines = bytes.len()..bytes.len(),
            }
        }
        let mut oversize = None;
        if bytes.len() - lines.end > self.line {
            oversize = Some(begins + lines.end as u64);
            self.skipping = true;
        } else if !last {
            self.carry.extend_from_slice(&bytes[lines.end..]);
        } else if !broken {
            lines.end = bytes.len();
        }
        let offset = begins + lines.start as u64;
        let parcel = Parcel {
            source,
            index: self.index,
            carry,
            lines,
            only: self.index == 0 && last,
            offset,
            bytes,
        };
        self.index += 1;
        (parcel, oversize)
    }
}
