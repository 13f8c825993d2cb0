//! One block of a file that needs no unpacking.
//!
//! A line belongs to the block in which it begins; the worker reads on after
//! its block until that line ends. So workers need not talk to each other.

use std::io;
use std::ops::Range;
use std::path::Path;

use super::{BEGINNING, BLOCK};
use crate::storage::Content;

/// Where things are in the buffer after a read.
pub(super) struct BlockLines {
    /// The block itself, for the digest.
    pub(super) block: Range<usize>,
    /// The lines that begin in it.
    pub(super) lines: Range<usize>,
    /// Offset of the first of these lines in the file.
    pub(super) offset: u64,
    /// The beginning of a line over the limit that begins in the block.
    pub(super) oversize: Option<Range<usize>>,
}

/// What one worker uses again from block to block.
#[derive(Default)]
pub(super) struct Reused {
    pub(super) buffer: Vec<u8>,
    /// The file that was read last, by the number of its source.
    file: Option<(usize, Content)>,
}

impl Reused {
    /// The file of a source, opened unless it was the last one.
    pub(super) fn file(&mut self, source: usize, path: Option<&Path>) -> io::Result<&Content> {
        if self.file.as_ref().is_none_or(|(last, _)| *last != source) {
            self.file = Some((source, Content::open(path.unwrap_or(Path::new("")))?));
        }
        let file = self.file.as_ref().map(|(_, file)| file);
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Bytes read at a time after the block to finish its last line.
const MORE: usize = 16 << 10;

/// Reads the block and the rest of its last line into `buffer`.
///
/// What is before `begins` is not a line, but whitespace or what a sparse file has for them.
/// `size` is the file's size when it was opened: what is appended later is left
/// for the next run, and a file that shrank is an error.
pub(super) fn read_block(
    file: &Content,
    index: usize,
    (begins, size): (u64, u64),
    line: usize,
    buffer: &mut Vec<u8>,
) -> io::Result<BlockLines> {
    let begin = index as u64 * BLOCK as u64;
    let end = (begin + BLOCK as u64).min(size);
    // The byte before the block shows whether a line begins at its first byte.
    let lead = usize::from(index > 0);
    let block_len = usize::try_from(end - begin).unwrap_or(BLOCK);
    buffer.resize(lead + block_len, 0);
    file.read_exact_at(buffer, begin - lead as u64)?;
    let block = lead..buffer.len();
    let first = if begins >= end {
        None
    } else if begins >= begin {
        usize::try_from(begins - begin).ok().map(|at| lead + at)
    } else {
        memchr::memchr(b'\n', &buffer[..block.end])
            .map(|at| at + 1)
            .filter(|at| *at < block.end)
    };
    let Some(first) = first else {
        // No line begins in this block.
        return Ok(BlockLines {
            block: block.clone(),
            lines: block.end..block.end,
            offset: end,
            oversize: None,
        });
    };
    let offset = begin + first as u64 - lead as u64;
    let mut at = end;
    while at < size && buffer.last() != Some(&b'\n') {
        let start = buffer.len();
        let take = usize::try_from((size - at).min(MORE as u64)).unwrap_or(MORE);
        buffer.resize(start + take, 0);
        file.read_exact_at(&mut buffer[start..], at)?;
        if let Some(newline) = memchr::memchr(b'\n', &buffer[start..]) {
            buffer.truncate(start + newline + 1);
            break;
        }
        at += take as u64;
        if buffer.len() - block.end > line {
            break;
        }
    }
    let last = memchr::memrchr(b'\n', &buffer[first..block.end.max(first)])
        .map_or(first, |at| first + at + 1);
    let tail =
        buffer.len() - last - usize::from(buffer.len() > last && buffer.last() == Some(&b'\n'));
    if tail > line {
        return Ok(BlockLines {
            block,
            lines: first..last,
            offset,
            oversize: Some(last..buffer.len().min(last + BEGINNING)),
        });
    }
    Ok(BlockLines {
        block,
        lines: first..buffer.len(),
        offset,
        oversize: None,
    })
}
