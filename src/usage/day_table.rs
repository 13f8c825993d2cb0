//! The rows of one day end to end: about 12 bytes each, and the sample's id.
//!
//! A hash table of a day takes four times as much, so that one is packed as soon
//! as nothing is added to it any more.
//!
//! A row is: the distance from its key to the one before (a client of its own
//! when there is a new one), the count with the form of the id, the first
//! instant, the time to the last one, the id. Numbers are written seven bits a
//! byte, the lowest first.

use super::aggregate::Key;
use super::packed_count::{Arena, Cell, Id};
use crate::model::Day;

/// Rows of one day, sorted by client, route and outcome.
#[derive(Debug)]
pub(super) struct PackedDay {
    pub(super) day: Day,
    rows: usize,
    bytes: Box<[u8]>,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedRow<'a> {
    pub(super) key: Key,
    pub(super) count: u64,
    /// First and last in milliseconds of the day.
    pub(super) span: (u32, u32),
    pub(super) id: Id<'a>,
}

impl PackedDay {
    /// Packs rows that are sorted by their keys, each key once.
    pub(super) fn new(day: Day, rows: &[(Key, Cell)], arena: &Arena) -> Self {
        let mut bytes = Vec::with_capacity(rows.len() * 29);
        let mut last: Key = 0;
        for (key, cell) in rows {
            let (client, low) = (key >> 32, key & LOW);
            let (before, other) = (last >> 32, last & LOW);
            if client == before {
                put(&mut bytes, (low - other.min(low)) << 1);
            } else {
                put(&mut bytes, (client - before.min(client)) << 1 | 1);
                put(&mut bytes, low);
            }
            last = *key;
            let id = cell.id(arena);
            let form = match id {
                Id::None => 0,
                Id::Hex(_) => 1,
                Id::Uuid(_) => 2,
                Id::Text(_) => 3,
            };
            // None where only repeats were counted here: never, but by an accident of hashing.
            put(&mut bytes, cell.count().max(1) << 2 | form);
            let (first, end) = cell.span();
            put(&mut bytes, first.into());
            put(&mut bytes, end.saturating_sub(first).into());
            match id {
                Id::None => {}
                Id::Hex(words) | Id::Uuid(words) => {
                    for word in words {
                        bytes.extend_from_slice(&word.to_le_bytes());
                    }
                }
                Id::Text(text) => {
                    put(&mut bytes, text.len() as u64);
                    bytes.extend_from_slice(text);
                }
            }
        }
        Self {
            day,
            rows: rows.len(),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Sorts and packs rows of a day; those with equal keys are summed.
    pub(super) fn of(day: Day, rows: &mut Vec<(Key, Cell)>, arena: &Arena) -> Self {
        let key = |row: &(Key, Cell)| row.0;
        if !rows.is_sorted_by_key(key) {
            // Rows mostly come client by client: short sorts then leave nothing to be done.
            for row in rows.chunk_by_mut(|a, b| a.0 >> 32 == b.0 >> 32) {
                row.sort_unstable_by_key(key);
            }
            if !rows.is_sorted_by_key(key) {
                rows.sort_unstable_by_key(key);
            }
        }
        rows.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1.merge(&next.1, arena);
            }
            same
        });
        Self::new(day, rows, arena)
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The rows in order.
    pub(super) fn iter(&self) -> Rows<'_> {
        Rows {
            rest: &self.bytes,
            left: self.rows,
            last: 0,
        }
    }
}

const LOW: u64 = 0xffff_ffff;

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

/// Goes through the rows of a day.
pub(super) struct Rows<'a> {
    rest: &'a [u8],
    left: usize,
    last: Key,
}

impl<'a> Rows<'a> {
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                break;
            }
        }
        Some(value)
    }

    fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*word))
    }

    fn row(&mut self) -> Option<PackedRow<'a>> {
        let tag = self.number()?;
        self.last = if tag & 1 == 0 {
            self.last + (tag >> 1)
        } else {
            ((self.last >> 32) + (tag >> 1)) << 32 | self.number()?
        };
        let count = self.number()?;
        let first = u32::try_from(self.number()?).ok()?;
        let end = first.saturating_add(u32::try_from(self.number()?).ok()?);
        let id = match count & 3 {
            0 => Id::None,
            3 => {
                let len = usize::try_from(self.number()?).ok()?;
                let (text, rest) = self.rest.split_at_checked(len)?;
                self.rest = rest;
                Id::Text(text)
            }
            form => {
                let words = [self.word()?, self.word()?];
                if form == 1 {
                    Id::Hex(words)
                } else {
                    Id::Uuid(words)
                }
            }
        };
        Some(PackedRow {
            key: self.last,
            count: count >> 2,
            span: (first, end),
            id,
        })
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = PackedRow<'a>;

    #[inline]
    fn next(&mut self) -> Option<PackedRow<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.row()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::usage::aggregate::key;

    proptest! {
        #[test]
        fn rows_in_any_order_are_sorted_and_equal_keys_are_summed(
            rows in proptest::collection::vec((0..4_u32, 0..5_u32, 0..3_u8, 1..9_u64, 0..50_u32, "[a-c]{0,2}"), 0..60),
        ) {
            let packed = |rows: &[(u32, u32, u8, u64, u32, String)]| {
                let mut arena = Arena::default();
                let mut cells: Vec<(Key, Cell)> = rows
                    .iter()
                    .map(|(client, route, outcome, count, ms, id)| {
                        let cell = Cell::of(*count, (*ms, ms + 7), id.as_bytes(), &mut arena);
                        (key(*client, *route, *outcome), cell)
                    })
                    .collect();
                PackedDay::of(Day(20_000), &mut cells, &arena)
            };
            let mut sums = std::collections::BTreeMap::new();
            for (client, route, outcome, count, ms, id) in &rows {
                let sum = sums
                    .entry(key(*client, *route, *outcome))
                    .or_insert((0, u32::MAX, 0, Vec::new()));
                sum.0 += count;
                sum.1 = sum.1.min(*ms);
                sum.2 = sum.2.max(ms + 7);
                sum.3.push((*ms, id.is_empty(), id.as_bytes()));
            }
            let there = packed(&rows);
            let mut buffer = [0; 36];
            let found: Vec<_> = there
                .iter()
                .map(|row| (row.key, row.count, row.span, row.id.text(&mut buffer).map(<[u8]>::to_vec)))
                .collect();
            let wanted: Vec<_> = sums
                .into_iter()
                .map(|(key, (count, first, last, ids))| {
                    // The earliest has the id, of several the smallest; none sorts after every id.
                    let id = ids.into_iter().min().filter(|row| !row.1);
                    (key, count, (first, last), id.map(|row| row.2.to_vec()))
                })
                .collect();
            prop_assert_eq!(found, wanted);
            let back: Vec<_> = rows.iter().rev().cloned().collect();
            prop_assert_eq!(packed(&back).bytes, there.bytes);
        }

        #[test]
        fn rows_come_back_as_they_were_packed(
            rows in proptest::collection::btree_map(
                (any::<u32>(), 0..0x2000_0000_u32, 0..8_u8),
                (1..1_u64 << 60, 0..86_400_000_u32, 0..86_400_000_u32, "[0-9a-f]{32}|[a-z ]{0,70}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
                0..40,
            ),
        ) {
            let mut arena = Arena::default();
            let cells: Vec<(Key, Cell)> = rows
                .iter()
                .map(|((client, route, outcome), (count, a, b, id))| {
                    let cell = Cell::of(*count, (*a.min(b), *a.max(b)), id.as_bytes(), &mut arena);
                    (key(*client, *route, *outcome), cell)
                })
                .collect();
            let packed = PackedDay::new(Day(20_000), &cells, &arena);
            prop_assert_eq!(packed.len(), cells.len());
            let found: Vec<PackedRow<'_>> = packed.iter().collect();
            prop_assert_eq!(found.len(), cells.len());
            for (row, (key, cell)) in found.iter().zip(&cells) {
                prop_assert_eq!(row.key, *key);
                prop_assert_eq!((row.count, row.span), (cell.count(), cell.span()));
                prop_assert_eq!(row.id, cell.id(&arena));
            }
        }
    }
}
