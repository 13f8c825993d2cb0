//! Which key comes next: a gateway writes its keys in nearly the same order on
//! every line, so the key after the one just read is compared before it is
//! looked up.
//!
//! Invariant: only an answer that a look-up gave is repeated, for the very same
//! bytes; a wrong guess costs a comparison and never changes an answer.

use wide::u8x16;

use super::Action;
use crate::input::bytes::find;

/// Longest `"key":` that is remembered.
const LONGEST: usize = 32;
/// Keys of one object that are remembered; more are looked up each time.
const MOST: usize = 60;

/// `"key":` and what is to be done after it.
struct Known {
    text: [u8; LONGEST],
    len: usize,
    action: Option<Action>,
    /// The keys that came after it, the last one first.
    next: [u8; 2],
}

/// No key.
const NONE: u8 = u8::MAX;

/// The keys of one node of the plan.
pub(super) struct Keys {
    known: Vec<Known>,
    first: [u8; 2],
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            first: [NONE; 2],
        }
    }
}

/// The key that was read last; before the first key of an object there is none.
#[derive(Clone, Copy)]
pub(super) struct Last(u8);

pub(super) const START: Last = Last(NONE);

impl Known {
    /// Whether the line goes on with this key.
    #[inline]
    fn stands_at(&self, text: &[u8]) -> bool {
        let Some((halves, _)) = text
            .first_chunk::<LONGEST>()
            .map(|text| text.as_chunks::<16>())
        else {
            return text.starts_with(&self.text[..self.len]);
        };
        let (known_halves, _) = self.text.as_chunks::<16>();
        let equal = |half: usize| {
            u8x16::from(known_halves[half])
                .simd_eq(u8x16::from(halves[half]))
                .to_bitmask()
        };
        let wanted = u32::MAX >> (LONGEST - self.len);
        if self.len <= 16 {
            equal(0) & wanted == wanted
        } else {
            (equal(1) << 16 | equal(0)) & wanted == wanted
        }
    }
}

impl Keys {
    /// The action and the length of the key at the start of `text`, when it is one of those expected.
    #[inline]
    pub(super) fn guess(&self, last: &mut Last, text: &[u8]) -> Option<(Option<Action>, usize)> {
        let next = self
            .known
            .get(usize::from(last.0))
            .map_or(self.first, |known| known.next);
        for guess in next {
            if let Some(known) = self.known.get(usize::from(guess))
                && known.stands_at(text)
            {
                *last = Last(guess);
                return Some((known.action, known.len));
            }
        }
        None
    }

    /// Remembers what a look-up said about `text`: a key with its quotes and its colon.
    pub(super) fn learn(&mut self, last: &mut Last, text: &[u8], action: Option<Action>) {
        let known = self
            .known
            .iter()
            .position(|known| &known.text[..known.len] == text);
        let number = match known {
            Some(number) => number,
            // A backslash would make it another key than its bytes.
            None if text.len() > LONGEST
                || self.known.len() >= MOST
                || find(b'\\', text).is_some() =>
            {
                return *last = START;
            }
            None => {
                let mut padded = [0; LONGEST];
                padded[..text.len()].copy_from_slice(text);
                self.known.push(Known {
                    text: padded,
                    len: text.len(),
                    action,
                    next: [NONE; 2],
                });
                self.known.len() - 1
            }
        };
        let number = u8::try_from(number).unwrap_or(NONE);
        let next = match self.known.get_mut(usize::from(last.0)) {
            Some(known) => &mut known.next,
            None => &mut self.first,
        };
        *next = [number, next[0]];
        *last = Last(number);
    }
}
