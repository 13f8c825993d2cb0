//! Where the record is within the object of a shipper.
//!
//! In: a line that is a JSON object or a list. Out: the place of the record in it.
//!
//! Invariants:
//! * an object is an envelope only when keys of the shipper are in it and, unless nothing else
//!   has these keys, what they hold looks like a record of a request;
//! * an object that tells of a request itself is a record, whatever else is in it;
//! * where the shipper says that it cut the text off, nobody reads the half.

use std::ops::Range;
use std::sync::LazyLock;

use super::json::{self, members};
use super::likely;
use super::shippers::{ACTIONS, ATTRIBUTES, CUT, SHIPPERS, Shipper, Takes};

/// A set of keys, by number.
#[derive(Clone, Copy, Default)]
struct Keys([u64; MOST / 64]);

impl Keys {
    fn add(&mut self, key: usize) {
        self.0[key / 64] |= 1 << (key % 64);
    }

    fn has(self, key: usize) -> bool {
        self.0[key / 64] & 1 << (key % 64) != 0
    }

    /// Whether a key is in both.
    fn meets(self, other: Self) -> bool {
        self.0
            .iter()
            .zip(other.0)
            .any(|(own, other)| own & other != 0)
    }

    /// Whether all keys are in the other set.
    fn within(self, other: Self) -> bool {
        self.0
            .iter()
            .zip(other.0)
            .all(|(own, other)| own & !other == 0)
    }

    fn count(self) -> usize {
        self.0.iter().map(|part| part.count_ones() as usize).sum()
    }
}

/// The table, with numbers for the keys.
struct Table {
    /// Sorted; the number of a key is its place here.
    keys: Vec<&'static str>,
    /// Keys whose objects are entered.
    inside: Keys,
    rows: Vec<Row>,
    cut: Vec<(usize, &'static [u8])>,
    actions: Keys,
    preview: Keys,
    last: usize,
}

struct Row {
    at: usize,
    with: Keys,
    without: Keys,
    shipper: &'static Shipper,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::new);

/// Most keys that are told apart.
const MOST: usize = 256;
/// The number of the key that stands for no other key.
const ALONE_KEY: usize = MOST - 1;
/// Longest way to a key, with dots.
const LONGEST: usize = 40;

impl Table {
    fn new() -> Self {
        let mut keys: Vec<&str> = SHIPPERS
            .iter()
            .flat_map(|row| [row.at].into_iter().chain(row.with.iter().copied()))
            .chain(SHIPPERS.iter().flat_map(|row| row.without.iter().copied()))
            .chain(CUT.iter().map(|(key, _)| *key))
            .chain(ACTIONS)
            .filter(|key| !key.is_empty())
            .collect();
        let outer: Vec<&str> = keys
            .iter()
            .flat_map(|key| key.match_indices('.').map(|(at, _)| &key[..at]))
            .collect();
        keys.extend(&outer);
        keys.sort_unstable();
        keys.dedup();
        // What is over the most is not looked for: a test holds that there is nothing.
        keys.truncate(ALONE_KEY);
        // The name of no key is in no list of keys.
        let place = |key: &str| keys.binary_search(&key).unwrap_or(ALONE_KEY);
        let set = |all: &[&str]| {
            let mut set = Keys::default();
            for key in all {
                set.add(place(key));
            }
            set
        };
        Self {
            inside: set(&outer),
            rows: SHIPPERS
                .iter()
                .map(|shipper| Row {
                    at: place(shipper.at),
                    with: set(shipper.with),
                    without: set(shipper.without),
                    shipper,
                })
                .collect(),
            cut: CUT.iter().map(|(key, says)| (place(key), *says)).collect(),
            actions: set(&ACTIONS),
            preview: set(&["preview", "offset", "lastrow"]),
            last: place("lastrow"),
            keys,
        }
    }
}

/// What is within an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inner {
    /// A string: still escaped, without its quotes.
    Text(Range<usize>),
    /// The bytes of a text as numbers, without the brackets.
    Bytes(Range<usize>),
    /// An object.
    Object(Range<usize>),
    /// It says something about the records around it, and holds none.
    Nothing,
    /// A record that the shipper cut off.
    Cut,
}

/// Keys that were found, and where their values are.
struct Found {
    keys: Keys,
    places: [(usize, usize); MOST],
    /// Members of the object itself.
    count: usize,
    /// A known key comes twice: which one counts is not known.
    twice: bool,
}

/// The record within an object that is an envelope.
pub(super) fn inner(text: &[u8]) -> Option<Inner> {
    if text.first() == Some(&b'[') {
        return listed(text);
    }
    if text.first() != Some(&b'{') {
        return None;
    }
    let table = &*TABLE;
    let mut found = Found {
        keys: Keys::default(),
        places: [(0, 0); MOST],
        count: 0,
        twice: false,
    };
    let end = enter(table, text, 0, &[], &mut found)?;
    if end < text.len() || found.twice {
        return None;
    }
    if marks_others(table, text, &found) {
        return Some(Inner::Nothing);
    }
    if found.count == 1 {
        found.keys.add(ALONE_KEY);
    }
    let value = |at: usize| found.places[at].0..found.places[at].1;
    let fits = |row: &&Row| {
        let place = value(row.at);
        let keys = found.keys;
        if !keys.has(row.at) || !keys.meets(row.with) || keys.meets(row.without) {
            return false;
        }
        let takes = row.shipper.takes;
        let right = match text[place.start] {
            b'"' => takes != Takes::Object,
            b'{' => takes != Takes::Text,
            b'[' => row.shipper.at == "MESSAGE",
            _ => false,
        };
        let told = || {
            row.shipper.at == "body.stringValue"
                && ATTRIBUTES.iter().any(|key| {
                    let outside = |part: &[u8]| memchr::memmem::find(part, key).is_some();
                    outside(&text[..place.start]) || outside(&text[place.end..])
                })
        };
        right
            && (row.shipper.sure
                || text[place.start] == b'['
                || likely::is_record(&text[place.start..place.end]))
            && !told()
    };
    let row = table.rows.iter().find(fits)?;
    let says = |(at, says): &(usize, &[u8])| {
        found.keys.has(*at) && memchr::memmem::find(&text[value(*at)], says).is_some()
    };
    if table.cut.iter().any(says) {
        return Some(Inner::Cut);
    }
    let Range { start, end } = value(row.at);
    Some(match text[start] {
        b'"' => Inner::Text(start + 1..end - 1),
        b'[' => Inner::Bytes(start + 1..end - 1),
        _ => Inner::Object(start..end),
    })
}

/// Notes the known members of the object that begins at `at`, and of those in it; where it ends.
fn enter(table: &Table, text: &[u8], at: usize, way: &[u8], found: &mut Found) -> Option<usize> {
    members(text, at, &mut |key, value| {
        found.count += usize::from(way.is_empty());
        let mut path = [0; LONGEST];
        let len = if way.is_empty() {
            key.len()
        } else {
            way.len() + 1 + key.len()
        };
        let Some(path) = path.get_mut(..len) else {
            return;
        };
        let (before, own) = path.split_at_mut(len - key.len());
        own.copy_from_slice(key);
        if let Some((dot, outer)) = before.split_last_mut() {
            outer.copy_from_slice(way);
            *dot = b'.';
        }
        let Ok(number) = table
            .keys
            .binary_search_by(|known| known.as_bytes().cmp(path))
        else {
            return;
        };
        found.twice |= found.keys.has(number);
        found.keys.add(number);
        found.places[number] = (value.start, value.end);
        if table.inside.has(number) && text[value.start] == b'{' {
            enter(table, text, value.start, path, found);
        }
    })
}

/// Whether the object only says what is done with the records around it: an action of
/// `_bulk`, the last line of an export from Splunk.
fn marks_others(table: &Table, text: &[u8], found: &Found) -> bool {
    let all_known = found.keys.count() == found.count;
    if found.keys.has(table.last) && found.keys.within(table.preview) {
        return all_known;
    }
    if found.count != 1 || !found.keys.meets(table.actions) {
        return false;
    }
    let at = found.places.iter().map(|place| place.0).max().unwrap_or(0);
    let action = text.get(at..).unwrap_or_default();
    let keys = action.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    matches!(keys, Some([b'"', b'_', ..] | [b'}', ..]))
}

/// The record in a list: Loki's `["1767355200117000000","LINE"]`, the forward protocol's
/// `["TAG",TIME,{..}]`, a row of CloudWatch Logs Insights.
fn listed(text: &[u8]) -> Option<Inner> {
    if is_row(text) {
        return row(text);
    }
    let (first, at) = element(text, 1)?;
    let (second, at) = element(text, at)?;
    let word = text[first].strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let is_stamp = word.len() > 15 && word.iter().all(u8::is_ascii_digit);
    if is_stamp && text[second.start] == b'"' {
        return Some(Inner::Text(second.start + 1..second.end - 1));
    }
    let (third, _) = element(text, at)?;
    (text[third.start] == b'{').then_some(Inner::Object(third))
}

/// One element of a list, and where the next one is looked for.
fn element(text: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let start = at + json::space(text.get(at..)?);
    let end = json::value(text, start)?;
    let next = end + json::space(&text[end..]);
    Some((
        start..end,
        next + usize::from(text.get(next) == Some(&b',')),
    ))
}

/// Whether a list is a row of CloudWatch Logs Insights: `[{"field":"@timestamp","value":".."},..]`.
pub(super) fn is_row(text: &[u8]) -> bool {
    let inside = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    let object = inside.and_then(|text| text.strip_prefix(b"{"));
    object.is_some_and(|keys| keys.trim_ascii_start().starts_with(b"\"field\""))
}

fn row(text: &[u8]) -> Option<Inner> {
    let mut at = 1;
    while let Some((cell, next)) = element(text, at) {
        let (mut is_message, mut value) = (false, None);
        members(text, cell.start, &mut |key, place| match key {
            b"field" => is_message = &text[place] == b"\"@message\"",
            b"value" if text[place.start] == b'"' => value = Some(place.start + 1..place.end - 1),
            _ => {}
        })?;
        if is_message {
            return value.map(Inner::Text);
        }
        at = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_has_a_number_and_a_place() {
        assert!(TABLE.keys.len() < ALONE_KEY, "{}", TABLE.keys.len());
        assert!(TABLE.keys.iter().all(|key| key.len() <= LONGEST));
        for row in &TABLE.rows {
            assert_eq!(TABLE.keys[row.at], row.shipper.at);
            assert!(row.with.count() > 0, "{}", row.shipper.at);
        }
    }
}
