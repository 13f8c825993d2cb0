//! The scanner: one pass over the line, checking its grammar (RFC 8259) and
//! noting where the wanted values are.
//!
//! `None` means "not sure": the line may still be good.

use wide::u8x16;

use super::{Action, Found, Kind, Plan, SLOTS};

/// Nesting the scanner follows; `serde_json` goes to 128.
const DEPTH: u32 = 48;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Nodes already entered: an object that stands twice is for the full parser.
    entered: u64,
}

pub(super) fn scan(bytes: &[u8], plan: &Plan, found: &mut [Found; SLOTS]) -> Option<()> {
    let mut scanner = Scanner {
        bytes,
        at: 0,
        entered: 0,
    };
    scanner.space();
    scanner.eat(b'{')?;
    scanner.object(plan, 0, found)?;
    scanner.space();
    (scanner.at == bytes.len()).then_some(())
}

impl Scanner<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Behind an object's `{`.
    fn object(&mut self, plan: &Plan, node: usize, found: &mut [Found; SLOTS]) -> Option<()> {
        if node >= 64 || self.entered & (1 << node) != 0 {
            return None;
        }
        self.entered |= 1 << node;
        let node = &plan.nodes[node];
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.eat(b'"')?;
            let start = self.at;
            let (end, escaped) = self.string()?;
            if escaped {
                return None;
            }
            self.space();
            self.eat(b':')?;
            self.space();
            match node.action(&self.bytes[start..end]) {
                None => self.skip(0)?,
                Some(Action::Take(slot)) => found[*slot] = self.take()?,
                Some(Action::Enter(next)) => {
                    if self.peek()? == b'{' {
                        self.at += 1;
                        self.object(plan, *next, found)?;
                    } else if self.entered & (1 << *next) == 0 {
                        // A scalar where an object was expected: nothing to take from it.
                        // Behind an object of the same name it would have to undo that one.
                        self.entered |= 1 << *next;
                        self.skip(0)?;
                    } else {
                        return None;
                    }
                }
            }
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
            self.space();
        }
    }

    fn take(&mut self) -> Option<Found> {
        let first = self.peek()?;
        let (kind, start, end, escaped) = if first == b'"' {
            self.at += 1;
            let start = self.at;
            let (end, escaped) = self.string()?;
            (Kind::Text, start, end, escaped)
        } else {
            let start = self.at;
            self.skip(0)?;
            let kind = match first {
                b'{' | b'[' => Kind::Container,
                b't' | b'f' => Kind::Bool,
                b'n' => Kind::Null,
                _ => Kind::Number,
            };
            (kind, start, self.at, false)
        };
        Some(Found {
            kind,
            copied: false,
            escaped,
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }

    /// Behind an opening quote: the end of the content, and whether it holds escapes.
    #[inline]
    fn string(&mut self) -> Option<(usize, bool)> {
        let mut escaped = false;
        let quote = u8x16::splat(b'"');
        let backslash = u8x16::splat(b'\\');
        let control = u8x16::splat(0x1f);
        loop {
            if let Some(chunk) = self.bytes.get(self.at..self.at + 16) {
                let bytes = u8x16::from(<[u8; 16]>::try_from(chunk).ok()?);
                let stop = bytes.simd_eq(quote)
                    | bytes.simd_eq(backslash)
                    | bytes.min(control).simd_eq(bytes);
                let mask = stop.to_bitmask();
                if mask == 0 {
                    self.at += 16;
                    continue;
                }
                self.at += mask.trailing_zeros() as usize;
            } else {
                while !matches!(self.peek()?, b'"' | b'\\' | 0..=0x1f) {
                    self.at += 1;
                }
            }
            match self.bytes[self.at] {
                b'"' => {
                    let end = self.at;
                    self.at += 1;
                    return Some((end, escaped));
                }
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
    }

    /// At a backslash.
    fn escape(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                let digits = self.bytes.get(self.at + 2..self.at + 6)?;
                // Surrogates need their other half: left to the full parser.
                let surrogate = matches!(
                    digits,
                    [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]
                );
                if surrogate || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                self.at += 6;
            }
            _ => return None,
        }
        Some(())
    }

    /// Any value, checked and passed over.
    fn skip(&mut self, depth: u32) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string().map(|_| ())
            }
            b'{' if depth < DEPTH => {
                self.at += 1;
                self.skip_object(depth + 1)
            }
            b'[' if depth < DEPTH => {
                self.at += 1;
                self.skip_array(depth + 1)
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn skip_object(&mut self, depth: u32) -> Option<()> {
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.eat(b'"')?;
            self.string()?;
            self.space();
            self.eat(b':')?;
            self.space();
            self.skip(depth)?;
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
            self.space();
        }
    }

    fn skip_array(&mut self, depth: u32) -> Option<()> {
        self.space();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.skip(depth)?;
            self.space();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
            self.space();
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let end = self.at + word.len();
        (self.bytes.get(self.at..end)? == word).then(|| self.at = end)
    }

    /// A number without exponent; one with an exponent may be out of range.
    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        let first = self.peek()?;
        let digits = self.digits();
        if digits == 0 || (first == b'0' && digits > 1) || digits > 300 {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        (!matches!(self.peek(), Some(b'e' | b'E'))).then_some(())
    }

    #[inline]
    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }
}
