//! Lines of a text that say how the lines after them are read.
//!
//! In: a text. Out: the same text; and for each place in it the last such line before.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::through::{Filter, Through};
use crate::input::{Layer, Reader};

/// Longest directive that is kept.
const LONGEST: usize = 64 << 10;

/// Directives by the place after them.
type Seen = Arc<Mutex<BTreeMap<u64, Arc<[u8]>>>>;

/// Remembers the lines that begin with a word.
pub(in crate::format) struct Directives {
    word: &'static [u8],
    seen: Seen,
}

impl Directives {
    /// Of a text that begins like the sample.
    pub(in crate::format) fn new(word: &'static [u8], sample: &[u8]) -> Self {
        let seen = Seen::default();
        let mut watch = Watch::new(word, Arc::clone(&seen));
        watch.look(sample);
        Self { word, seen }
    }

    /// The last directive before a place.
    pub(in crate::format) fn before(&self, offset: u64) -> Option<Arc<[u8]>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, line) = seen.range(..=offset).next_back()?;
        Some(Arc::clone(line))
    }

    /// The layer, which shares what it sees with this.
    pub(in crate::format) fn shared(&self) -> Self {
        Self {
            word: self.word,
            seen: Arc::clone(&self.seen),
        }
    }
}

impl Layer for Directives {
    /// Only a format that has directives asks for it.
    fn is_around(&self, _: &[u8]) -> bool {
        false
    }

    fn open(&self, inner: Reader) -> Reader {
        let watch = Watch::new(self.word, Arc::clone(&self.seen));
        Box::new(Through::new(inner, watch))
    }
}

struct Watch {
    word: &'static [u8],
    seen: Seen,
    offset: u64,
    /// The beginning of the line, as far as it may be a directive; `None` when it is none.
    line: Option<Vec<u8>>,
}

impl Watch {
    fn new(word: &'static [u8], seen: Seen) -> Self {
        Self {
            word,
            seen,
            offset: 0,
            line: Some(Vec::new()),
        }
    }

    fn look(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let part = &rest[..end.unwrap_or(rest.len())];
            if let Some(line) = &mut self.line {
                line.extend_from_slice(&part[..part.len().min(LONGEST)]);
                let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
                let common = text.len().min(self.word.len());
                let may_be = text[..common] == self.word[..common] || text.len() < 3;
                if !may_be || line.len() > LONGEST {
                    self.line = None;
                }
            }
            let read = end.map_or(rest.len(), |end| end + 1);
            self.offset += read as u64;
            rest = &rest[read..];
            if end.is_some() {
                let line = self.line.replace(Vec::new()).unwrap_or_default();
                let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
                if text.starts_with(self.word) {
                    let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.insert(self.offset, Arc::from(text));
                }
            }
        }
    }
}

impl Filter for Watch {
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.look(bytes);
        out.extend_from_slice(bytes);
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_last_directive_before_a_place_counts_however_the_text_is_cut() {
        let text = b"\xef\xbb\xbf#Fields: a\n1\n#Remark\n2\n#Fields: b c\n3\n";
        let directives = Directives::new(b"#Fields:", &text[..20]);
        let mut read = Vec::new();
        let inner = io::Cursor::new(text.to_vec());
        let mut layer = directives.shared().open(Box::new(inner));
        layer.read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
        let before = |offset| directives.before(offset).map(|line| line.to_vec());
        assert_eq!(before(0), None);
        assert_eq!(before(14), Some(b"#Fields: a".to_vec()));
        let second = text.len() as u64 - 2;
        assert_eq!(before(second), Some(b"#Fields: b c".to_vec()));
        assert_eq!(before(second - 1), Some(b"#Fields: a".to_vec()));
    }
}
