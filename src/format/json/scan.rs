//! The scanner: one walk along the line, checking its grammar (RFC 8259) and
//! noting where the wanted values are. Strings are passed over by their marks.
//!
//! `None` means "not sure": the line may still be good.

use super::keys::{Keys, START};
use super::learn::Value;
use super::marks::Marks;
use super::value::number_end;
use super::{Action, FoundValue, Kind, Plan, SLOTS};
use crate::input::bytes::find;

/// Nesting the scanner follows; `serde_json` goes to 128.
const DEPTH: u32 = 48;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    marks: &'a Marks,
    /// Nodes already entered: an object that occurs twice is for the full parser.
    entered: u64,
}

/// `keys` has one entry for each node of the plan.
pub(super) fn scan(
    bytes: &[u8],
    marks: &Marks,
    plan: &Plan,
    keys: &mut [Keys],
    found: &mut [FoundValue; SLOTS],
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

/// One value at a place inside of a line; its end. `action` is what the plan wants of it.
#[inline(never)]
pub(super) fn one(
    bytes: &[u8],
    at: usize,
    marks: &Marks,
    plan: &Plan,
    action: Option<Action>,
    keys: &mut [Keys],
    found: &mut [FoundValue; SLOTS],
) -> Option<usize> {
    let mut scanner = Scanner {
        bytes,
        at,
        marks,
        entered: 0,
    };
    match action {
        Some(Action::Take(slot)) => found[slot] = scanner.take()?,
        Some(Action::Enter(node)) if scanner.eat(b'{').is_some() => {
            scanner.object(plan, node, keys, found)?;
        }
        _ => scanner.skip(0)?,
    }
    Some(scanner.at)
}

/// All values of a line that [`scan`] answered; `None` when there are more than `most`.
#[inline(never)]
pub(super) fn values(bytes: &[u8], marks: &Marks, plan: &Plan, most: usize) -> Option<Vec<Value>> {
    let mut scanner = Scanner {
        bytes,
        at: 0,
        marks,
        entered: 0,
    };
    let mut values = Vec::new();
    scanner.space();
    scanner.value(plan, Some(Action::Enter(0)), &mut values, most)?;
    Some(values)
}

/// The kind of value that begins with this byte.
fn kind(first: u8) -> Kind {
    match first {
        b'"' => Kind::Text,
        b'{' | b'[' => Kind::Container,
        b't' | b'f' => Kind::Bool,
        b'n' => Kind::Null,
        _ => Kind::Number,
    }
}

impl Scanner<'_> {
    /// Notes a value and those in it.
    fn value(
        &mut self,
        plan: &Plan,
        action: Option<Action>,
        values: &mut Vec<Value>,
        most: usize,
    ) -> Option<()> {
        let (start, index) = (self.at, values.len());
        let kind = kind(self.peek()?);
        if index >= most {
            return None;
        }
        values.push(Value {
            start,
            end: start,
            next: index,
            kind,
            action,
            hole: None,
        });
        match self.peek()? {
            open @ (b'{' | b'[') => {
                self.at += 1;
                self.space();
                while !matches!(self.peek()?, b'}' | b']') {
                    let mut inner = None;
                    if open == b'{' {
                        let start = self.at + 1;
                        self.eat(b'"')?;
                        let end = self.string()?;
                        if let Some(Action::Enter(node)) = action {
                            inner = plan.nodes[node].action(&self.bytes[start..end]).copied();
                        }
                        self.space();
                        self.eat(b':')?;
                        self.space();
                    }
                    self.value(plan, inner, values, most)?;
                    self.space();
                    if self.eat(b',').is_some() {
                        self.space();
                    }
                }
                self.at += 1;
            }
            _ => self.skip(0)?,
        }
        (values[index].end, values[index].next) = (self.at, values.len());
        Some(())
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Other whitespace is a control byte, and such a line never comes here.
    #[inline]
    fn space(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// After an object's `{`.
    fn object(
        &mut self,
        plan: &Plan,
        number: usize,
        keys: &mut [Keys],
        found: &mut [FoundValue; SLOTS],
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
                        // After an object of the same name it would have to undo that one.
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

    fn take(&mut self) -> Option<FoundValue> {
        let first = self.peek()?;
        let (kind, start, end, escaped) = if first == b'"' {
            self.at += 1;
            let start = self.at;
            let end = self.string()?;
            (Kind::Text, start, end, self.escaped(start, end))
        } else {
            let start = self.at;
            self.skip(0)?;
            (kind(first), start, self.at, false)
        };
        Some(FoundValue {
            kind,
            copied: false,
            escaped,
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }

    /// After an opening quote: the end of the content.
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

    fn number(&mut self) -> Option<()> {
        self.at = number_end(self.bytes, self.at)?;
        Some(())
    }
}
