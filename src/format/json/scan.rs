//! The scanner: one walk along the line, checking its grammar (RFC 8259) and
//! noting where the wanted values are. Strings are passed over by their marks.
//!
//! `None` means "not sure": the line may still be good.

use super::keys::{Keys, START};
use super::marks::Marks;
use super::{Action, Found, Kind, Plan, SLOTS};
use crate::input::bytes::find;

/// Nesting the scanner follows; `serde_json` goes to 128.
const DEPTH: u32 = 48;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    marks: &'a Marks,
    /// Nodes already entered: an object that stands twice is for the full parser.
    entered: u64,
}

/// `keys` has one entry for each node of the plan.
pub(super) fn scan(
    bytes: &[u8],
    marks: &Marks,
    plan: &Plan,
    keys: &mut [Keys],
    found: &mut [Found; SLOTS],
) -> Option<()> {
    let mut scanner = Scanner {
        bytes,
        at: 0,
        marks,
        entered: 0,
    };
    scanner.space();
    scanner.eat(b'{')?;
    scanner.object(plan, 0, keys, found)?;
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

    /// Other white space is a control byte, and such a line never comes here.
    #[inline]
    fn space(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Behind an object's `{`.
    fn object(
        &mut self,
        plan: &Plan,
        number: usize,
        keys: &mut [Keys],
        found: &mut [Found; SLOTS],
    ) -> Option<()> {
        if number >= 64 || self.entered & (1 << number) != 0 {
            return None;
        }
        self.entered |= 1 << number;
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        let mut last = START;
        loop {
            let guess = keys[number].guess(&mut last, self.bytes.get(self.at..)?);
            let action = if let Some((action, len)) = guess {
                self.at += len;
                action
            } else {
                let start = self.at;
                let key = self.key()?;
                let action = plan.nodes[number].action(key).copied();
                keys[number].learn(&mut last, &self.bytes[start..self.at], action);
                action
            };
            self.space();
            match action {
                None => self.skip(0)?,
                Some(Action::Take(slot)) => found[slot] = self.take()?,
                Some(Action::Enter(next)) => {
                    if self.peek()? == b'{' {
                        self.at += 1;
                        self.object(plan, next, keys, found)?;
                    } else if self.entered & (1 << next) == 0 {
                        // A scalar where an object was expected: nothing to take from it.
                        // Behind an object of the same name it would have to undo that one.
                        self.entered |= 1 << next;
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

    /// A key with its colon; one that holds escapes is for the full parser.
    fn key(&mut self) -> Option<&[u8]> {
        self.eat(b'"')?;
        let start = self.at;
        let end = self.string()?;
        self.space();
        self.eat(b':')?;
        (!self.escaped(start, end)).then(|| &self.bytes[start..end])
    }

    #[inline]
    fn escaped(&self, start: usize, end: usize) -> bool {
        self.marks.escapes && find(b'\\', &self.bytes[start..end]).is_some()
    }

    fn take(&mut self) -> Option<Found> {
        let first = self.peek()?;
        let (kind, start, end, escaped) = if first == b'"' {
            self.at += 1;
            let start = self.at;
            let end = self.string()?;
            (Kind::Text, start, end, self.escaped(start, end))
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

    /// Behind an opening quote: the end of the content.
    #[inline]
    fn string(&mut self) -> Option<usize> {
        let mut word = self.at / 64;
        let mut bits = self.marks.quotes.get(word)? & u64::MAX << (self.at % 64);
        while bits == 0 {
            word += 1;
            bits = *self.marks.quotes.get(word)?;
        }
        let end = word * 64 + bits.trailing_zeros() as usize;
        self.at = end + 1;
        Some(end)
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
