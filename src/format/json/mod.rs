//! The few keys a format needs, out of one line of JSON.
//!
//! In: a line and a [`Plan`] of key paths. Out: the values at these paths.
//!
//! Invariants:
//! * two readers give the answer: a scanner that marks the quotes of the whole
//!   line, walks along it and decodes nothing it does not need, and a full
//!   parser (`serde_json`);
//! * whatever the scanner is not sure about (an escape it would have to decode
//!   twice, a repeated object, deep nesting, anything malformed) goes to the
//!   full parser, and a property test holds that both agree on every line;
//! * of a repeated key the last one counts, as in most JSON readers.

mod full;
mod keys;
mod learn;
pub(super) mod list;
mod marks;
mod scan;
mod shape;
mod unescape;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Skip;
pub(super) use unescape::unescape;

/// Most slots a plan can have.
pub(crate) const SLOTS: usize = 64;

/// What kind of value is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    /// The path does not exist.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number; its text as written.
    Number,
    /// A string, decoded.
    Text,
    /// An object or an array; its JSON text.
    Container,
}

/// Where the bytes of a value are.
#[derive(Clone, Copy, Debug, Default)]
struct FoundValue {
    kind: Kind,
    /// In the scratch buffer instead of the line.
    copied: bool,
    /// A string of the line that still holds escapes.
    escaped: bool,
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Take(usize),
    Enter(usize),
}

#[derive(Default)]
struct Node {
    /// Letter case plays no part in its keys.
    any_case: bool,
    /// Bit n is set when some key of the node is n bytes long.
    lengths: u64,
    keys: Vec<(Box<[u8]>, Action)>,
}

impl Node {
    #[inline]
    fn action(&self, key: &[u8]) -> Option<&Action> {
        if self.lengths & (1_u64 << (key.len() & 63)) == 0 {
            return None;
        }
        self.keys
            .iter()
            .find(|(name, _)| self.same(name, key))
            .map(|(_, action)| action)
    }

    #[inline]
    fn same(&self, name: &[u8], key: &[u8]) -> bool {
        *name == *key || self.any_case && name.eq_ignore_ascii_case(key)
    }
}

/// Which paths to take; a path is keys from the outside in.
pub(crate) struct Plan {
    /// Tells plans apart: what was learned for one says nothing about another.
    number: u64,
    nodes: Vec<Node>,
    slots: usize,
}

impl Plan {
    /// Builds a plan; slot n is the n-th path. At most [`SLOTS`] paths.
    pub(crate) fn new(paths: &[&[&str]]) -> Self {
        static PLANS: AtomicU64 = AtomicU64::new(1);
        debug_assert!(paths.len() <= SLOTS, "a plan has at most {SLOTS} slots");
        let mut plan = Self {
            number: PLANS.fetch_add(1, Ordering::Relaxed),
            nodes: vec![Node::default()],
            slots: paths.len(),
        };
        for (slot, path) in paths.iter().enumerate().take(SLOTS) {
            let mut node = 0;
            for (depth, key) in path.iter().enumerate() {
                let last = depth + 1 == path.len();
                node = plan.step(node, key, if last { Some(slot) } else { None });
            }
        }
        plan
    }

    /// The same for keys in any letter case.
    pub(crate) fn any_case(mut self) -> Self {
        for node in &mut self.nodes {
            node.any_case = true;
        }
        self
    }

    fn step(&mut self, node: usize, key: &str, slot: Option<usize>) -> usize {
        if let (None, Some(Action::Enter(next))) = (slot, self.nodes[node].action(key.as_bytes())) {
            return *next;
        }
        let next = self.nodes.len();
        let action = if let Some(slot) = slot {
            Action::Take(slot)
        } else {
            self.nodes.push(Node::default());
            Action::Enter(next)
        };
        let here = &mut self.nodes[node];
        here.lengths |= 1 << (key.len() & 63);
        here.keys.push((Box::from(key.as_bytes()), action));
        next
    }
}

/// Buffers that are used again for every line.
pub struct Scratch {
    found: [FoundValue; SLOTS],
    text: Vec<u8>,
    marks: marks::Marks,
    /// The keys seen so far by node of the plan with this number.
    keys: Vec<keys::Keys>,
    /// The shapes its lines had.
    shapes: learn::Shapes,
    plan: u64,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            found: [FoundValue::default(); SLOTS],
            text: Vec::new(),
            marks: marks::Marks::default(),
            keys: Vec::new(),
            shapes: learn::Shapes::default(),
            plan: 0,
        }
    }
}

/// The values of one line.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    line: &'a [u8],
    scratch: &'a Scratch,
}

/// Values of a line may be anybody's secret.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields(..)")
    }
}

impl<'a> Fields<'a> {
    /// What is at the slot's path.
    pub(crate) fn kind(&self, slot: usize) -> Kind {
        self.scratch
            .found
            .get(slot)
            .map_or(Kind::Missing, |found| found.kind)
    }

    /// The value's text: a decoded string, or a number, bool or container as
    /// written. `None` for missing and null.
    pub(crate) fn raw(&self, slot: usize) -> Option<&'a [u8]> {
        let found = self.scratch.found.get(slot)?;
        if matches!(found.kind, Kind::Missing | Kind::Null) {
            return None;
        }
        let from = if found.copied {
            &self.scratch.text[..]
        } else {
            self.line
        };
        from.get(found.start as usize..found.end as usize)
    }

    /// A string or number that says something: `None` also for `""` and `"-"`,
    /// which gateways write for "missing".
    pub(crate) fn text(&self, slot: usize) -> Option<&'a [u8]> {
        match self.kind(slot) {
            Kind::Text | Kind::Number => self.raw(slot).filter(|text| !matches!(*text, b"" | b"-")),
            _ => None,
        }
    }

    /// A status code, written as a number or as a string; `None` for missing and 0.
    pub(crate) fn status(&self, slot: usize) -> Option<u16> {
        parse_status(self.text(slot)?)
    }
}

/// Reads a status code; 0 is "no response" and therefore `None`.
pub(crate) fn parse_status(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    let mut code: u16 = 0;
    for byte in text {
        code = code * 10 + u16::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    (code != 0).then_some(code)
}

/// After retries there is a status for every attempt, `502, 200`, or `502 : 200`; the last one
/// decides, and one without an answer (`-`) has none.
pub(crate) fn last_status(text: &[u8]) -> Option<u16> {
    let last = text
        .rsplit(|byte| matches!(byte, b',' | b' ' | b':'))
        .find(|part| !part.is_empty())?;
    parse_status(last)
}

/// Reads one line: the scanner, and when it is not sure the full parser.
pub(crate) fn read<'a>(
    line: &'a [u8],
    plan: &Plan,
    scratch: &'a mut Scratch,
) -> Result<Fields<'a>, Skip> {
    if line.len() > u32::MAX as usize / 2 {
        return Err(Skip::Oversize);
    }
    if !scan_line(line, plan, scratch) {
        full::read(line, plan, scratch)?;
    }
    Ok(Fields { line, scratch })
}

/// Whether the scanner answered; the scratch then holds the answer.
fn scan_line(line: &[u8], plan: &Plan, scratch: &mut Scratch) -> bool {
    scratch.found[..plan.slots].fill(FoundValue::default());
    scratch.text.clear();
    if scratch.plan != plan.number {
        scratch.plan = plan.number;
        scratch.keys.clear();
        scratch
            .keys
            .resize_with(plan.nodes.len(), keys::Keys::default);
        scratch.shapes = learn::Shapes::default();
    }
    let Scratch {
        found,
        marks,
        keys,
        shapes,
        ..
    } = scratch;
    let escapes = if let Some(escapes) = shapes.read(line, plan, keys, marks, found) {
        escapes
    } else {
        if !marks.fill(line) || scan::scan(line, marks, plan, keys, found).is_none() {
            return false;
        }
        shapes.learn(line, marks, plan);
        marks.escapes
    };
    if escapes {
        decode(line, &mut found[..plan.slots], &mut scratch.text);
    }
    true
}

/// Decodes the strings that hold escapes into the buffer.
fn decode(line: &[u8], found: &mut [FoundValue], text: &mut Vec<u8>) {
    for found in found {
        if found.escaped {
            let raw = &line[found.start as usize..found.end as usize];
            let start = text.len();
            unescape(raw, text);
            *found = FoundValue {
                kind: found.kind,
                copied: true,
                escaped: false,
                start: u32::try_from(start).unwrap_or(u32::MAX),
                end: u32::try_from(text.len()).unwrap_or(u32::MAX),
            };
        }
    }
}
