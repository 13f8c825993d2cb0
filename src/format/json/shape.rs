//! What the lines of a log have in common: fixed text, and holes for the values
//! that differ.
//!
//! In: a line. Out: the wanted values, when the line has a shape that was learned.
//!
//! A gateway writes the same keys in the same order, and many of the same
//! values, on every line. Comparing 16 bytes of such text at a time costs a
//! small part of walking along it.
//!
//! Invariants:
//! * a shape is learned only from lines that the scanner answered. What is fixed
//!   was held against the grammar there, what is in a hole is held against
//!   it each time: a line that fits is good JSON;
//! * the keys around a hole are fixed, so a value in it is at the path at which
//!   it was when the shape was learned;
//! * a line that fits no shape is the scanner's, which gives the same answer: a
//!   property test compares them.

use wide::u8x16;

use super::keys::Keys;
use super::learn::Value;
use super::marks::Marks;
use super::value::{number_end, text_end};
use super::{Action, FoundValue, Kind, Plan, SLOTS, scan};

/// What may be in a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    /// A string; its quotes belong to the fixed text.
    Text,
    /// A number.
    Number,
    /// Any value.
    Any,
}

/// Fixed text and the hole after it.
pub(super) struct Step {
    /// Its chunks in [`Shape::fixed`], after those of the step before: the last one is filled up.
    chunks: usize,
    /// Length of the fixed text.
    len: usize,
    /// Bits of the last chunk that count.
    last: u32,
    /// The wanted values in the fixed text: their number, in [`Shape::takes`].
    takes: usize,
    /// The text after the last hole has none.
    hole: Option<Hole>,
    action: Option<Action>,
}

/// One layout of a line.
pub(super) struct Shape {
    /// The line it was learned from, with its values.
    pub(super) text: Vec<u8>,
    pub(super) values: Vec<Value>,
    /// Lines that fitted.
    pub(super) fitted: u64,
    fixed: Vec<[u8; 16]>,
    steps: Vec<Step>,
    /// Places count from the start of the step's fixed text.
    takes: Vec<(usize, FoundValue)>,
}

/// Whether the line goes on with this text; of the last chunk only some bits count.
#[inline]
fn stands(fixed: &[[u8; 16]], last: u32, rest: &[u8]) -> bool {
    let equal = |chunk: &[u8; 16], other: &[u8; 16]| {
        u8x16::from(*chunk)
            .simd_eq(u8x16::from(*other))
            .to_bitmask()
    };
    let Some((chunk, others)) = fixed.split_last() else {
        return true;
    };
    let mut rest = rest;
    for chunk in others {
        match rest.split_first_chunk() {
            Some((other, after)) if equal(chunk, other) == 0xffff => rest = after,
            _ => return false,
        }
    }
    if let Some(other) = rest.first_chunk() {
        return equal(chunk, other) & last == last;
    }
    // At the end of the line.
    let len = last.count_ones() as usize;
    rest.len() >= len
        && chunk
            .iter()
            .zip(rest)
            .take(len)
            .all(|(chunk, other)| chunk == other)
}

impl Shape {
    pub(super) fn new(line: &[u8], values: Vec<Value>) -> Self {
        let mut shape = Self {
            text: line.to_vec(),
            values,
            fitted: 0,
            fixed: Vec::new(),
            steps: Vec::new(),
            takes: Vec::new(),
        };
        shape.compile();
        shape
    }

    /// Makes the steps again, from the values and what is known of them.
    pub(super) fn compile(&mut self) {
        self.fixed.clear();
        self.steps.clear();
        self.takes.clear();
        let (mut from, mut takes, mut index) = (0, 0, 0);
        while let Some(value) = self.values.get(index).copied() {
            let Some(hole) = value.hole else {
                if let Some(Action::Take(slot)) = value.action {
                    self.takes.push((slot, value.found(&self.text, from)));
                }
                index += 1;
                continue;
            };
            let quote = usize::from(hole == Hole::Text);
            self.step(
                (from, value.start + quote),
                takes,
                Some((hole, value.action)),
            );
            from = value.end - quote;
            takes = self.takes.len();
            index = value.next;
        }
        self.step((from, self.text.len()), takes, None);
    }

    fn step(&mut self, text: (usize, usize), takes: usize, hole: Option<(Hole, Option<Action>)>) {
        let text = &self.text[text.0..text.1];
        let first = self.fixed.len();
        for chunk in text.chunks(16) {
            let mut padded = [0; 16];
            padded[..chunk.len()].copy_from_slice(chunk);
            self.fixed.push(padded);
        }
        let tail = text.len() - text.len().saturating_sub(1) / 16 * 16;
        self.steps.push(Step {
            chunks: self.fixed.len() - first,
            len: text.len(),
            last: (1 << tail) - 1,
            takes: self.takes.len() - takes,
            hole: hole.map(|(hole, _)| hole),
            action: hole.and_then(|(_, action)| action),
        });
    }

    /// Whether the line has this shape, and then whether a wanted value holds escapes.
    #[inline(never)]
    pub(super) fn read(
        &self,
        line: &[u8],
        plan: &Plan,
        keys: &mut [Keys],
        marks: &mut Marks,
        found: &mut [FoundValue; SLOTS],
    ) -> Option<bool> {
        let (mut at, mut escapes, mut marked) = (0, false, false);
        let (mut fixed, mut takes) = (self.fixed.as_slice(), self.takes.as_slice());
        for step in &self.steps {
            let (chunks, later) = fixed.split_at_checked(step.chunks)?;
            if !stands(chunks, step.last, line.get(at..)?) {
                return None;
            }
            fixed = later;
            if step.takes > 0 {
                let (slots, later) = takes.split_at_checked(step.takes)?;
                for (slot, take) in slots {
                    escapes |= take.escaped;
                    found[*slot] = FoundValue {
                        start: take.start + place(at),
                        end: take.end + place(at),
                        ..*take
                    };
                }
                takes = later;
            }
            at += step.len;
            let start = at;
            let (kind, odd) = match step.hole {
                Some(Hole::Text) => {
                    let (end, odd) = text_end(line, at)?;
                    at = end;
                    (Kind::Text, odd)
                }
                Some(Hole::Number) => {
                    at = number_end(line, at)?;
                    (Kind::Number, false)
                }
                Some(Hole::Any) => {
                    marked = marked || marks.fill(line);
                    if !marked {
                        return None;
                    }
                    at = scan::one(line, at, marks, plan, step.action, keys, found)?;
                    escapes |= marks.escapes;
                    continue;
                }
                None => break,
            };
            if let Some(Action::Take(slot)) = step.action {
                escapes |= odd;
                found[slot] = FoundValue {
                    kind,
                    copied: false,
                    escaped: odd,
                    start: place(start),
                    end: place(at),
                };
            }
        }
        (at == line.len()).then_some(escapes)
    }
}

/// [`super::read`] refuses lines that are too long for such a place.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "lines are shorter than 2 GiB"
)]
fn place(at: usize) -> u32 {
    at as u32
}
