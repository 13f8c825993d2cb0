//! Learns the shapes of lines: the most that all lines of a shape have in common.
//!
//! In: lines that fit no shape and that the scanner answered.
//!
//! Two lines are joined value by value. Where both have the same bytes these are
//! fixed; where both have a string, or both a number, there is a hole for one;
//! where they differ otherwise (other keys in an object) there is a hole for
//! any value. Lines that differ in their outermost keys have different shapes.
//!
//! Learning costs as much as reading a few lines and the number of shapes is
//! small, so a log in which lines have nothing in common is left to the scanner.

#[cfg(test)]
#[path = "learn_tests.rs"]
mod tests;

use super::keys::Keys;
use super::marks::Marks;
use super::scan::values;
use super::shape::{Hole, Shape};
use super::{Action, FoundValue, Kind, Plan, SLOTS};
use crate::input::bytes::find;

/// Shapes kept of one log.
const SHAPES: usize = 8;
/// Longest line that a shape is learned from, and the most values it may have.
const LONGEST: usize = 32 << 10;
const MOST: usize = 1_000;
/// Learning is worth this many lines that fit.
const PRICE: u32 = 256;
/// More misses than hits by this number: shapes are left alone for some lines.
const PATIENCE: i32 = 32;
const REST: u32 = 2_048;

/// One value of a line, objects and arrays before what is in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Index of the first value that is not inside of this one.
    pub(super) next: usize,
    pub(super) kind: Kind,
    pub(super) action: Option<Action>,
    /// What other lines had here instead.
    pub(super) hole: Option<Hole>,
}

impl Value {
    /// Where its content is, counted from `from`.
    pub(super) fn found(&self, text: &[u8], from: usize) -> FoundValue {
        let quote = usize::from(self.kind == Kind::Text);
        let place = |place: usize| u32::try_from(place - from).unwrap_or(u32::MAX);
        FoundValue {
            kind: self.kind,
            copied: false,
            escaped: quote == 1 && find(b'\\', &text[self.start..self.end]).is_some(),
            start: place(self.start + quote),
            end: place(self.end - quote),
        }
    }
}

/// The shapes of one log.
pub(super) struct Shapes {
    /// The one that fitted last comes first.
    list: Vec<Shape>,
    /// Hits less misses.
    score: i32,
    resting: u32,
    /// What may be spent on learning.
    purse: u32,
}

impl Default for Shapes {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            score: 0,
            resting: 0,
            purse: 64 * PRICE,
        }
    }
}

impl Shapes {
    /// Whether the line has a known shape, and then whether a wanted value holds escapes.
    #[inline]
    pub(super) fn read(
        &mut self,
        line: &[u8],
        plan: &Plan,
        keys: &mut [Keys],
        marks: &mut Marks,
        found: &mut [FoundValue; SLOTS],
    ) -> Option<bool> {
        if self.resting > 0 {
            self.resting -= 1;
            return None;
        }
        for index in 0..self.list.len() {
            let shape = &mut self.list[index];
            if let Some(escapes) = shape.read(line, plan, keys, marks, found) {
                shape.fitted += 1;
                self.list.swap(0, index);
                self.score = (self.score + 1).min(PATIENCE);
                self.purse = (self.purse + 1).min(64 * PRICE);
                return Some(escapes);
            }
            found[..plan.slots].fill(FoundValue::default());
        }
        self.score -= 1;
        if self.score < -PATIENCE {
            (self.score, self.resting) = (0, REST);
        }
        None
    }

    /// Learns from a line that fitted none and that the scanner answered.
    #[cold]
    pub(super) fn learn(&mut self, line: &[u8], marks: &Marks, plan: &Plan) {
        if self.resting > 0 || self.purse < PRICE || line.len() > LONGEST {
            return;
        }
        self.purse -= PRICE;
        let Some(values) = values(line, marks, plan, MOST) else {
            return;
        };
        for shape in &mut self.list {
            if shape.join(line, &values) {
                return;
            }
        }
        if self.list.len() == SHAPES {
            let rarest = (0..SHAPES).min_by_key(|shape| self.list[*shape].fitted);
            self.list.swap_remove(rarest.unwrap_or(0));
            for shape in &mut self.list {
                shape.fitted /= 2;
            }
        }
        self.list.push(Shape::new(line, values));
    }
}

impl Shape {
    /// Widens the shape so that this line fits too; `false` and nothing is
    /// changed when its outermost keys are others.
    fn join(&mut self, line: &[u8], values: &[Value]) -> bool {
        let Some(root) = values.first() else {
            return false;
        };
        let whole = &self.values[0];
        let alike = self.text[..whole.start] == line[..root.start]
            && self.text[whole.end..] == line[root.end..]
            && self.same_keys(0, line, values, 0);
        if alike {
            self.widen(0, line, values, 0);
            self.compile();
        }
        alike
    }

    fn widen(&mut self, index: usize, line: &[u8], values: &[Value], other: usize) {
        let (mine, theirs) = (self.values[index], values[other]);
        if mine.hole == Some(Hole::Any)
            || (mine.hole.is_none()
                && self.text[mine.start..mine.end] == line[theirs.start..theirs.end])
        {
            return;
        }
        let taken = matches!(mine.action, Some(Action::Take(_)));
        self.values[index].hole = match (mine.kind, theirs.kind) {
            (Kind::Text, Kind::Text) => Some(Hole::Text),
            (Kind::Number, Kind::Number) => Some(Hole::Number),
            // A container that is wanted as a whole has no holes inside.
            (Kind::Container, Kind::Container)
                if !taken && self.same_keys(index, line, values, other) =>
            {
                let (mut mine, mut theirs) = (index + 1, other + 1);
                while mine < self.values[index].next {
                    self.widen(mine, line, values, theirs);
                    (mine, theirs) = (self.values[mine].next, values[theirs].next);
                }
                None
            }
            _ => Some(Hole::Any),
        };
    }

    /// Whether two containers have the same bytes around the values in them.
    fn same_keys(&self, index: usize, line: &[u8], values: &[Value], other: usize) -> bool {
        around(&self.text, &self.values, index).eq(around(line, values, other))
    }
}

/// The bytes before, between and after the values of a container.
fn around<'a>(
    text: &'a [u8],
    values: &'a [Value],
    container: usize,
) -> impl Iterator<Item = &'a [u8]> {
    let all = values[container];
    let (mut from, mut index) = (Some(all.start), container + 1);
    std::iter::from_fn(move || {
        let start = from?;
        let inner = values.get(index).filter(|_| index < all.next);
        let end = inner.map_or(all.end, |inner| inner.start);
        from = inner.map(|inner| inner.end);
        index = inner.map_or(index, |inner| inner.next);
        text.get(start..end)
    })
}
