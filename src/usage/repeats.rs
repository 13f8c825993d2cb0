//! Requests that a shipper delivered twice count once.
//!
//! In: of each counted record that has a request id, a fingerprint of what it says. Out: those
//! whose like was there before, to be taken out of the counts again.
//!
//! Two records are one delivery of the same request only when id, instant, method, target,
//! client, status, operation and outcome are all equal. An id alone proves nothing:
//! clients choose it where a gateway passes `X-Request-Id` on, and a retry keeps it. A record
//! without an id, one without a certain operation and one that stands for several uses are
//! never compared: counting twice is harmless, counting too little is not.
//!
//! Invariants:
//! * only counts change: the row of a repeat stays with its day, its first and last time, so
//!   even two requests that look the same by accident leave the evidence of both;
//! * a source is compared with itself alone, since a ledger keeps and replaces each by itself;
//! * records are compared when their lines begin in the same window, [`WINDOW`] bytes of the
//!   unpacked content: a place in the content, so the result depends neither on threads nor
//!   on blocks nor on how the log is packed. Which of two equal records is taken out cannot
//!   be seen. A delivery across the border of two windows counts twice;
//! * a window is given up when all its blocks were read: what is held are the fingerprints of
//!   a few windows, whatever the size of the log.
//!
//! Workers collect the fingerprints of a block and look them up in one go, because a lookup
//! for each line in a table that all workers write costs more than reading it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::aggregate::{Key, NOBODY, key};
use crate::format::RawRecord;
use crate::input::BLOCK;
use crate::model::{Day, Outcome};

/// Blocks of one window.
const BLOCKS: usize = 64;
/// Bytes of one window: some minutes of a busy gateway, and many batches of any shipper.
const WINDOW: u64 = (BLOCKS * BLOCK) as u64;

/// A record that was counted, and what has to be undone if it is a repeat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivered {
    pub(super) fingerprint: u64,
    pub(super) day: Day,
    pub(super) key: Key,
    pub(super) nobody: bool,
    pub(super) success: bool,
    pub(super) looser: bool,
}

impl Delivered {
    /// What was counted of a record on one certain operation; `None` when it cannot be compared.
    #[inline]
    pub(super) fn of(
        raw: &RawRecord<'_>,
        (client, route, outcome): (u32, u32, Outcome),
        looser: bool,
    ) -> Option<Self> {
        let id = raw.request_id.filter(|id| !id.is_empty())?;
        if raw.named.is_some_and(|named| !named.is_single()) {
            return None;
        }
        let nobody = client == NOBODY;
        Some(Self {
            fingerprint: fingerprint((raw, id), (route, outcome), [nobody, looser]),
            day: Day::of(raw.time),
            key: key(client, route, outcome as u8),
            nobody,
            success: matches!(raw.status, Some(200..=399)),
            looser,
        })
    }
}

/// Equal ones also have equal keys, whatever number a worker gave to the client.
#[inline]
fn fingerprint(
    (raw, id): (&RawRecord<'_>, &[u8]),
    (route, outcome): (u32, Outcome),
    [nobody, looser]: [bool; 2],
) -> u64 {
    let client = raw.client.unwrap_or_default();
    let other_name = raw.client_alt.unwrap_or_default();
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(id);
    hasher.write(raw.target);
    hasher.write(client);
    if !other_name.is_empty() {
        hasher.write(other_name);
    }
    hasher.write(raw.method);
    let length = |text: &[u8]| text.len() as u128;
    // Where one text ends and the next begins.
    let lengths = length(id) << 48 ^ length(raw.target) << 24 ^ length(client) << 12;
    let time = u128::from(raw.time.cast_unsigned());
    hasher.write_u128((lengths ^ length(other_name)) << 64 | time);
    let status = u64::from(raw.status.unwrap_or_default());
    let bits = u64::from(nobody) << 1 | u64::from(looser);
    hasher.write_u64(u64::from(route) << 32 | status << 16 | (outcome as u64) << 8 | bits);
    hasher.finish()
}

/// The open windows of all sources.
pub(super) struct Repeats {
    sources: Vec<Mutex<Windows>>,
    /// Blocks after a window in which a line that began in it may end.
    late: usize,
}

#[derive(Default)]
struct Windows {
    open: BTreeMap<u64, HashTable<u64>>,
    /// The table of a window that was given up, for the next one.
    spare: HashTable<u64>,
    /// All blocks before this one were read, and these after it.
    read: usize,
    ahead: BTreeSet<usize>,
    /// Blocks of the source, once that is known.
    blocks: Option<usize>,
}

impl Repeats {
    /// For this many sources, with lines of at most `line` bytes.
    pub(super) fn new(sources: usize, line: usize) -> Self {
        Self {
            sources: (0..sources).map(|_| Mutex::default()).collect(),
            late: 1 + line / BLOCK,
        }
    }

    /// Leaves those records of a block whose like was there before in the window of its offset.
    pub(super) fn keep_repeats(&self, source: usize, offset: u64, records: &mut Vec<Delivered>) {
        if records.is_empty() {
            return;
        }
        let Some(windows) = self.sources.get(source) else {
            return records.clear();
        };
        let mut windows = windows.lock().unwrap_or_else(PoisonError::into_inner);
        let Windows { open, spare, .. } = &mut *windows;
        let seen = open.entry(offset / WINDOW);
        let seen = seen.or_insert_with(|| std::mem::take(spare));
        records.retain(|record| {
            let known = |known: &u64| *known == record.fingerprint;
            match seen.entry(record.fingerprint, known, |known| *known) {
                hashbrown::hash_table::Entry::Occupied(_) => true,
                hashbrown::hash_table::Entry::Vacant(place) => {
                    place.insert(record.fingerprint);
                    false
                }
            }
        });
    }

    /// A block was read: windows of which nothing is to come are given up.
    pub(super) fn finished(&self, source: usize, block: usize, last: bool) {
        let Some(windows) = self.sources.get(source) else {
            return;
        };
        let mut windows = windows.lock().unwrap_or_else(PoisonError::into_inner);
        let own = &mut *windows;
        own.ahead.insert(block);
        while own.ahead.remove(&own.read) {
            own.read += 1;
        }
        if last {
            own.blocks = Some(block + 1);
        }
        if own.blocks.is_some_and(|blocks| own.read >= blocks) {
            *own = Windows::default();
            return;
        }
        let gone = (own.read.saturating_sub(self.late) / BLOCKS) as u64;
        while let Some(first) = own.open.first_entry()
            && *first.key() < gone
        {
            own.spare = first.remove();
            own.spare.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(fingerprints: &[u64]) -> Vec<Delivered> {
        let record = |fingerprint: &u64| Delivered {
            fingerprint: *fingerprint,
            day: Day(0),
            key: 0,
            nobody: false,
            success: true,
            looser: false,
        };
        fingerprints.iter().map(record).collect()
    }

    fn repeats_of(repeats: &Repeats, offset: u64, fingerprints: &[u64]) -> usize {
        let mut records = records(fingerprints);
        repeats.keep_repeats(0, offset, &mut records);
        records.len()
    }

    #[test]
    fn what_is_compared_is_a_place_in_the_content_and_not_the_order_of_reading() {
        let blocks: Vec<(u64, [u64; 3])> = vec![
            (0, [1, 2, 3]),
            (WINDOW - 5, [3, 4, 4]),
            // The next window does not know the first one.
            (WINDOW, [1, 4, 5]),
            (2 * WINDOW - 1, [5, 5, 6]),
        ];
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]];
        for order in orders {
            let repeats = Repeats::new(1, 1 << 20);
            let found = order.map(|at| repeats_of(&repeats, blocks[at].0, &blocks[at].1));
            assert_eq!(found.iter().sum::<usize>(), 4, "{order:?}");
        }
    }

    #[test]
    fn a_window_is_held_until_no_line_that_began_in_it_can_come() {
        let repeats = Repeats::new(1, 1 << 20);
        let open = || repeats.sources[0].lock().unwrap().open.len();
        assert_eq!(repeats_of(&repeats, 0, &[1]), 0);
        assert_eq!(repeats_of(&repeats, WINDOW, &[1]), 0);
        // Blocks come in no order, and the first one last.
        for block in (1..BLOCKS + 3).rev() {
            repeats.finished(0, block, false);
        }
        assert_eq!(open(), 2);
        assert_eq!(repeats_of(&repeats, 7, &[1]), 1);
        repeats.finished(0, 0, false);
        assert_eq!(open(), 1);
        assert_eq!(repeats_of(&repeats, WINDOW + 9, &[1]), 1);
        repeats.finished(0, BLOCKS + 3, true);
        assert_eq!(open(), 0);
    }

    #[test]
    fn many_windows_hold_no_more_than_a_few() {
        let repeats = Repeats::new(1, 1 << 20);
        for block in 0..40 * BLOCKS {
            let offset = (block * BLOCK) as u64;
            assert_eq!(repeats_of(&repeats, offset, &[block as u64]), 0);
            repeats.finished(0, block, false);
            assert!(repeats.sources[0].lock().unwrap().open.len() <= 2);
        }
    }
}
