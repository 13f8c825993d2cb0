//! UTF-16 becomes UTF-8.
//!
//! In: text that begins with a byte order mark, as PowerShell and Windows tools write it.
//! Out: the same text in UTF-8, without the mark.
//!
//! A half of a pair that stands alone becomes U+FFFD, as everywhere else: one letter never
//! fails a file. A byte that is left over at the end is an error: the text is cut off.

use std::io::{self, ErrorKind, Read};

use super::layer::Reader;

/// Bytes that are read at a time.
const CHUNK: usize = 16 << 10;

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    /// The low one.
    Little,
    /// The high one.
    Big,
}

/// Gives a text in UTF-16 as UTF-8.
pub(super) struct Utf16 {
    inner: Reader,
    order: ByteOrder,
    /// An odd byte at the end of what was read.
    odd: Option<u8>,
    /// The first half of a pair at the end of what was read.
    half: Option<u16>,
    /// The byte order mark was not passed yet.
    at_start: bool,
    /// Text that is ready, and how much of it was taken.
    ready: String,
    taken: usize,
    ended: bool,
}

impl Utf16 {
    pub(super) fn new(inner: Reader, order: ByteOrder) -> Self {
        Self {
            inner,
            order,
            odd: None,
            half: None,
            at_start: true,
            ready: String::new(),
            taken: 0,
            ended: false,
        }
    }

    /// Makes the next text ready; there is none at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !self.ended {
            let mut chunk = [0; CHUNK];
            let from = self.odd.take().map_or(0, |odd| {
                chunk[0] = odd;
                1
            });
            let count = match self.inner.read(&mut chunk[from..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => 0,
                Ok(0) => {
                    self.ended = true;
                    if self.half.take().is_some() {
                        self.ready.push(char::REPLACEMENT_CHARACTER);
                    }
                    0
                }
                read => read?,
            };
            let (units, rest) = chunk[..from + count].as_chunks::<2>();
            self.odd = rest.first().copied();
            self.decode(units);
        }
        Ok(())
    }

    fn decode(&mut self, units: &[[u8; 2]]) {
        let order = self.order;
        let unit = |bytes: &[u8; 2]| match order {
            ByteOrder::Little => u16::from_le_bytes(*bytes),
            ByteOrder::Big => u16::from_be_bytes(*bytes),
        };
        let mut units = units.iter().map(unit).peekable();
        if self.at_start && units.peek().is_some() {
            self.at_start = false;
            units.next_if_eq(&0xfeff);
        }
        let all = self.half.take().into_iter().chain(units);
        for letter in char::decode_utf16(all) {
            // Its other half may be the next unit, so only another one decides.
            if self.half.take().is_some() {
                self.ready.push(char::REPLACEMENT_CHARACTER);
            }
            match letter {
                Ok(letter) => self.ready.push(letter),
                Err(alone) if alone.unpaired_surrogate() < 0xdc00 => {
                    self.half = Some(alone.unpaired_surrogate());
                }
                Err(_) => self.ready.push(char::REPLACEMENT_CHARACTER),
            }
        }
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.fill()?;
        }
        let rest = &self.ready.as_bytes()[self.taken..];
        if rest.is_empty() && self.odd.take().is_some() {
            let text = "the UTF-16 text ends within a character";
            return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives few bytes at a time.
    struct Slow(io::Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn bytes(units: impl IntoIterator<Item = u16>, order: ByteOrder) -> Vec<u8> {
        let pair = |unit: u16| match order {
            ByteOrder::Little => unit.to_le_bytes(),
            ByteOrder::Big => unit.to_be_bytes(),
        };
        units.into_iter().flat_map(pair).collect()
    }

    #[test]
    fn a_text_is_the_same_in_both_orders_however_it_comes() {
        let text = format!("{{\"path\":\"/größe/😀\"}}\r\n{}", "x😀".repeat(20_000));
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let coded = bytes([0xfeff].into_iter().chain(text.encode_utf16()), order);
            for most in [1, 3, 1_000, usize::MAX] {
                let inner = Slow(io::Cursor::new(coded.clone()), most);
                let mut read = String::new();
                let mut reader = Utf16::new(Box::new(inner), order);
                reader.read_to_string(&mut read).unwrap();
                assert!(read == text, "{order:?} {most}");
            }
        }
    }

    #[test]
    fn a_half_of_a_pair_is_replaced_and_half_a_unit_is_an_error() {
        let units = [
            0xfeff, 0x61, 0xd83d, 0x62, 0xde00, 0xd83d, 0xd83d, 0xde00, 0xd83d,
        ];
        for most in [1, 2, usize::MAX] {
            let mut coded = bytes(units, ByteOrder::Little);
            let read = |coded: &[u8]| {
                let inner = Slow(io::Cursor::new(coded.to_vec()), most);
                let mut content = Vec::new();
                let fault = Utf16::new(Box::new(inner), ByteOrder::Little)
                    .read_to_end(&mut content)
                    .err();
                let text = String::from_utf8(content).unwrap();
                (text, fault.map(|error| error.kind()))
            };
            let wanted = "a\u{fffd}b\u{fffd}\u{fffd}😀\u{fffd}";
            assert_eq!(read(&coded), (wanted.to_owned(), None), "{most}");
            coded.push(0x61);
            let cut = Some(ErrorKind::UnexpectedEof);
            assert_eq!(read(&coded), (wanted.to_owned(), cut), "{most}");
        }
    }
}
