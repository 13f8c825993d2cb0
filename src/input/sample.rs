//! The first lines of an input that say something.
//!
//! In: the head of a content, and what follows it. Out: where its first line begins, and
//! lines that show the format, when the head holds no whole line: `logrotate copytruncate`
//! leaves NUL bytes where the old lines were, and a line may be longer than the head.

use std::io::{self, Read};

use super::envelope::Envelope;

/// Bytes looked at for detection, after unpacking.
pub(super) const HEAD: usize = 64 << 10;
/// A first line up to this length is part of the sample; a longer one is passed over.
const LONGEST: usize = 4 << 20;

/// Where the first line begins, and what the format is told by.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Offset of the first byte that is neither NUL nor whitespace; that of the end when there is none.
    pub(super) begins: u64,
    /// First lines; `None` when the head has them.
    pub(super) lines: Option<Vec<u8>>,
}

impl Sample {
    /// Reads on after the head as far as needed, but not more than `most` bytes, and puts
    /// what was read into `keep`. Something after nothing but NUL bytes that is further away
    /// is an error: who does not look there loses it without a word.
    pub(super) fn of(
        head: &[u8],
        reader: &mut dyn Read,
        most: u64,
        mut keep: Option<&mut Vec<u8>>,
    ) -> io::Result<Self> {
        let says = |byte: &u8| !byte.is_ascii_whitespace() && *byte != 0;
        let mut first = head.iter().position(says);
        let rest = first.map_or(&[][..], |at| &head[at..]);
        let enough = head.len() < HEAD
            || rest.contains(&b'\n')
            || Envelope::of(rest).is_some_and(|envelope| envelope.streamed);
        if enough {
            let begins = first.unwrap_or(head.len()) as u64;
            return Ok(Self {
                begins,
                lines: None,
            });
        }
        let mut lines = rest.to_vec();
        let mut read = head.len() as u64;
        let mut begins = first.map(|at| at as u64);
        // Where the first line ends in `lines`, and whether it is passed over.
        let (mut end, mut passing) = (None, false);
        loop {
            if read >= most && begins.is_none() {
                return Err(io::Error::other(format!(
                    "nothing but NUL bytes and whitespace in the first {read} bytes: cut them off first"
                )));
            }
            let chunk = if read < most {
                read_what_is_there(reader, HEAD)
            } else {
                Vec::new()
            };
            if let Some(keep) = keep.as_mut() {
                keep.extend_from_slice(&chunk);
            }
            let mut bytes = &chunk[..];
            if begins.is_none() {
                first = bytes.iter().position(says);
                begins = first.map(|at| read + at as u64);
                bytes = first.map_or(&[][..], |at| &bytes[at..]);
            }
            read += chunk.len() as u64;
            let newline = memchr::memchr(b'\n', bytes).filter(|_| end.is_none());
            match newline {
                Some(at) if passing => {
                    (lines, passing, end) = (bytes[at + 1..].to_vec(), false, Some(0));
                }
                _ if passing => {}
                _ => {
                    end = end.or(newline.map(|at| lines.len() + at + 1));
                    lines.extend_from_slice(bytes);
                    if end.is_none() && lines.len() > LONGEST {
                        passing = true;
                        lines.truncate(HEAD);
                    }
                }
            }
            let enough = end.is_some_and(|end| lines.len() >= end + HEAD);
            if enough || chunk.len() < HEAD {
                let begins = begins.unwrap_or(read);
                let lines = (!lines.is_empty()).then_some(lines);
                return Ok(Self { begins, lines });
            }
        }
    }
}

/// Fills a buffer as far as the reader goes, and keeps what came before an error: a truncated
/// file still has a head.
pub(super) fn read_what_is_there(reader: &mut dyn Read, limit: usize) -> Vec<u8> {
    let mut bytes = vec![0; limit];
    let mut filled = 0;
    while filled < limit {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    bytes.truncate(filled);
    bytes
}
