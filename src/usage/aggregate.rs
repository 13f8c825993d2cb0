//! One worker's counts: a small hash table for each day.
//!
//! Logs are nearly in order of time, so one day's table is in use at a time and
//! stays in cache; that is worth more than any cleverness on one large table.

use hashbrown::{HashMap, HashTable};

use super::batch::Batch;
use super::bounded::stable_hash;
use super::day_table::PackedDay;
use super::packed_count::{Arena, Cell};
use crate::input::bytes::same;
use crate::model::Day;

/// Client 32 bits, route 29 bits, outcome 3 bits.
pub(super) type Key = u64;

pub(super) fn key(client: u32, route: u32, outcome: u8) -> Key {
    u64::from(client) << 32 | u64::from(route & 0x1fff_ffff) << 3 | u64::from(outcome)
}

pub(super) fn split(key: Key) -> (u32, u32, u8) {
    let client = u32::try_from(key >> 32).unwrap_or(u32::MAX);
    let route = u32::try_from(key >> 3 & 0x1fff_ffff).unwrap_or(u32::MAX);
    (client, route, u8::try_from(key & 7).unwrap_or(7))
}

pub(super) type Counts = HashMap<Key, Cell, foldhash::fast::FixedState>;

/// Counts of the days seen by one worker.
#[derive(Default)]
pub(super) struct Aggregate {
    index: HashMap<i32, usize, foldhash::fast::FixedState>,
    pub(super) days: Vec<(Day, Counts)>,
    current: usize,
    pub(super) arena: Arena,
    /// Days to which nothing is added any more.
    pub(super) packed: Vec<PackedDay>,
}

impl Aggregate {
    pub(super) fn consume(&mut self, batch: &Batch) {
        for row in 0..batch.len() {
            let time = batch.time[row];
            let day = Day::of(time);
            if self
                .days
                .get(self.current)
                .is_none_or(|(current, _)| *current != day)
            {
                self.turn_to(day);
            }
            let ms = u32::try_from(time - day.start()).unwrap_or(0);
            let key = key(
                batch.client[row],
                batch.route[row],
                batch.outcome[row] as u8,
            );
            let counts = &mut self.days[self.current].1;
            match counts.entry(key) {
                hashbrown::hash_map::Entry::Occupied(mut cell) => {
                    cell.get_mut().add(ms, batch.id(row), &mut self.arena);
                }
                hashbrown::hash_map::Entry::Vacant(slot) => {
                    slot.insert(Cell::new(ms, batch.id(row), &mut self.arena));
                }
            }
        }
    }

    /// Takes a repeat out of the count of its row.
    pub(super) fn withdraw(&mut self, day: Day, key: Key) {
        let index = self.index.get(&day.0);
        let day = index.and_then(|index| self.days.get_mut(*index));
        if let Some(cell) = day.and_then(|(_, counts)| counts.get_mut(&key)) {
            cell.withdraw();
        }
    }

    /// Packs what was counted so far, in the form that the ledger hands over.
    #[cfg(test)]
    pub(super) fn pack(&mut self) {
        for (day, counts) in self.days.drain(..) {
            let mut rows: Vec<(Key, Cell)> = counts.into_iter().collect();
            self.packed.push(PackedDay::of(day, &mut rows, &self.arena));
        }
        self.index.clear();
        self.current = 0;
        self.arena = Arena::default();
    }

    fn turn_to(&mut self, day: Day) {
        self.current = *self.index.entry(day.0).or_insert(self.days.len());
        if self.current == self.days.len() {
            self.days.push((day, Counts::default()));
        }
    }
}

/// Names seen by one worker, numbered in order of arrival; number 0 is "nobody".
pub(super) struct Names {
    table: HashTable<u32>,
    bytes: Vec<u8>,
    /// What is looked at for every request lies side by side.
    list: Vec<Name>,
    /// Of names that are not known, those whose hash is not below this are not kept
    /// apart: first of those that were refused only, then of the others. So many
    /// refused strangers push nobody out who was let through.
    limits: [u64; 2],
    counts: [usize; 2],
    cap: usize,
}

#[derive(Clone, Copy)]
struct Name {
    hash: u64,
    /// Where its bytes are.
    start: usize,
    length: u32,
    known: bool,
    /// It was let through at least once.
    through: bool,
}

/// The number of every request without a client.
pub const NOBODY: u32 = 0;
/// The number of clients beyond the limit.
pub(super) const OTHERS: u32 = 1;

impl Names {
    pub(super) fn new(cap: usize) -> Self {
        // Nobody, and everybody beyond the limits.
        let nameless = Name {
            hash: 0,
            start: 0,
            length: 0,
            known: false,
            through: true,
        };
        Self {
            table: HashTable::new(),
            bytes: Vec::new(),
            list: vec![nameless; 2],
            limits: [u64::MAX; 2],
            counts: [0; 2],
            cap,
        }
    }

    /// The number of a name, whose request was let `through` or refused; `known` and
    /// `conceal` are asked only for names not seen before. What `conceal` gives is kept in place of the name, so a name that is a
    /// secret is never seen before.
    #[inline]
    pub(super) fn number(
        &mut self,
        (name, through): (&[u8], bool),
        known: impl Fn(&[u8]) -> bool,
        conceal: impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> u32 {
        let hash = stable_hash(name);
        let found = self.find(name, hash);
        let number = found.unwrap_or_else(|| match conceal(name) {
            None => self.insert(name, hash, (known(name), through)),
            Some(kept) => {
                let hash = stable_hash(&kept);
                self.find(&kept, hash)
                    .unwrap_or_else(|| self.insert(&kept, hash, (known(&kept), through)))
            }
        });
        if through && !self.is_through(number) {
            self.let_through(number);
        }
        number
    }

    #[cold]
    fn let_through(&mut self, number: u32) {
        if let Some(name) = self.list.get_mut(number as usize) {
            name.through = true;
            if !name.known {
                self.counts[0] = self.counts[0].saturating_sub(1);
                self.counts[1] += 1;
                self.shrink();
            }
        }
    }

    #[inline]
    fn find(&self, name: &[u8], hash: u64) -> Option<u32> {
        let found = self.table.find(hash, |number| {
            let known = &self.list[*number as usize];
            known.hash == hash && same(self.bytes_of(known), name)
        });
        found.copied()
    }

    fn insert(&mut self, name: &[u8], hash: u64, (known, through): (bool, bool)) -> u32 {
        let class = usize::from(through);
        // The last value is no limit.
        if !known && hash >= self.limits[class] && self.limits[class] != u64::MAX {
            return OTHERS;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(OTHERS);
        self.list.push(Name {
            hash,
            start: self.bytes.len(),
            length: u32::try_from(name.len()).unwrap_or(u32::MAX),
            known,
            through,
        });
        self.bytes.extend_from_slice(name);
        self.table
            .insert_unique(hash, number, |number| self.list[*number as usize].hash);
        if !known {
            self.counts[class] += 1;
            self.shrink();
        }
        number
    }

    /// Numbers already given stay; the final limits are applied when tables are merged.
    fn shrink(&mut self) {
        for class in [0, 1] {
            while self.counts[class] > self.cap && self.limits[class] > 0 {
                self.limits[class] >>= 1;
                let limit = self.limits[class];
                let kept = |name: &&Name| {
                    !name.known && usize::from(name.through) == class && name.hash < limit
                };
                self.counts[class] = self.list.iter().skip(2).filter(kept).count();
            }
        }
    }

    pub(super) fn name(&self, number: u32) -> &[u8] {
        let name = self.list.get(number as usize);
        name.map(|name| self.bytes_of(name)).unwrap_or_default()
    }

    #[inline]
    fn bytes_of(&self, name: &Name) -> &[u8] {
        let end = name.start + name.length as usize;
        self.bytes.get(name.start..end).unwrap_or_default()
    }

    /// Whether it is a name of the policy.
    pub(super) fn is_known(&self, number: u32) -> bool {
        self.list
            .get(number as usize)
            .is_some_and(|name| name.known)
    }

    /// Whether a request under this name was let through.
    #[inline]
    pub(super) fn is_through(&self, number: u32) -> bool {
        self.list
            .get(number as usize)
            .is_none_or(|name| name.through)
    }

    /// The limits on hashes of names that were refused only, and of the others.
    pub(super) fn limits(&self) -> [u64; 2] {
        self.limits
    }

    pub(super) fn hash(&self, number: u32) -> u64 {
        self.list.get(number as usize).map_or(0, |name| name.hash)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_three_parts() {
        for parts in [(0, 0, 0), (u32::MAX, 0x1fff_ffff, 5), (7, 3, 2)] {
            assert_eq!(split(key(parts.0, parts.1, parts.2)), parts);
        }
    }

    #[test]
    fn a_million_strangers_cost_bounded_memory_and_known_clients_stay() {
        let mut names = Names::new(1_000);
        let known = |name: &[u8]| name.starts_with(b"known");
        for n in 0..50_000 {
            names.number((format!("scanner-{n}").as_bytes(), false), known, |_| None);
        }
        let number = names.number((b"known-1", true), known, |_| None);
        assert_eq!(names.name(number), b"known-1");
        assert!(names.len() < 12_000, "{}", names.len());
        assert_eq!(names.number((b"known-1", true), known, |_| None), number);
        // A stranger that is let through is none of them.
        for n in 0..500 {
            let name = format!("partner-{n}");
            let number = names.number((name.as_bytes(), true), known, |_| None);
            assert_eq!(names.name(number), name.as_bytes());
        }
    }

    #[test]
    fn a_name_that_is_a_secret_is_kept_as_what_it_is_shown_as() {
        let mut names = Names::new(10);
        let conceal = |name: &[u8]| name.strip_prefix(b"s-").map(<[u8]>::to_vec);
        let mut number = |name: &[u8]| names.number((name, true), |_| false, conceal);
        let first = number(b"s-1");
        assert_eq!([number(b"s-1"), number(b"1")], [first, first]);
        assert_ne!(number(b"s-2"), first);
        assert_eq!(names.name(first), b"1");
        assert!(memchr::memmem::find(&names.bytes, b"s-").is_none());
    }
}
