//! Reads a content through a filter that rewrites bytes where they are.

use std::io::{self, Read};

use crate::input::Reader;

/// Rewrites a content chunk by chunk.
pub(in crate::format) trait Filter: Send {
    /// Takes the next bytes and gives what is certain by now.
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>);

    /// Gives what was held back, at the end; an error when it is not the end of the content.
    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()>;
}

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;

/// A content as a filter leaves it.
pub(in crate::format) struct Through<F> {
    inner: Reader,
    filter: F,
    chunk: Vec<u8>,
    out: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<F: Filter> Through<F> {
    pub(in crate::format) fn new(inner: Reader, filter: F) -> Self {
        Self {
            inner,
            filter,
            chunk: vec![0; CHUNK],
            out: Vec::new(),
            given: 0,
            ended: false,
        }
    }
}

impl<F: Filter> Read for Through<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() && !self.ended {
            self.out.clear();
            self.given = 0;
            let count = self.inner.read(&mut self.chunk)?;
            if count == 0 {
                self.ended = true;
                self.filter.finish(&mut self.out)?;
            } else {
                self.filter.filter(&self.chunk[..count], &mut self.out);
            }
        }
        let rest = &self.out[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// What a filter makes of a content, read in pieces of every size.
#[cfg(test)]
pub(in crate::format) fn filtered<F: Filter + 'static>(
    content: &[u8],
    new: impl Fn() -> F,
) -> String {
    let whole = {
        let (mut filter, mut out) = (new(), Vec::new());
        filter.filter(content, &mut out);
        let _ = filter.finish(&mut out);
        out
    };
    for size in [1, 2, 3, 7] {
        let (mut filter, mut out) = (new(), Vec::new());
        for piece in content.chunks(size) {
            filter.filter(piece, &mut out);
        }
        let _ = filter.finish(&mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&whole)
        );
    }
    assert_eq!(whole.len(), content.len(), "no byte moves");
    String::from_utf8_lossy(&whole).replace('\0', "~")
}
