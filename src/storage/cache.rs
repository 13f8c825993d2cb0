//! Segments of objects on their way, and those that were read last.
//!
//! Workers take blocks of one object in turn, so they need the same segment at about the same
//! time: it is fetched once, and the next one meanwhile. What is held is bounded for the whole
//! process, however many objects are open.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

/// Bytes of a segment; the first ones of an object are smaller, so that a look at its head costs little.
pub(super) const SEGMENT: u64 = 4 << 20;
/// The first segment: what formats are told by.
pub(super) const FIRST: u64 = 64 << 10;
/// Where segments begin to be of the same size.
const SECOND: u64 = 1 << 20;

/// An object by its number, a segment by its own.
type Key = (u64, u64);
/// What came of a fetch: bytes, or why there are none.
pub(super) type Fetched = Result<Bytes, (io::ErrorKind, String)>;

/// The number of the segment with an offset in it.
pub(super) fn number(offset: u64) -> u64 {
    match offset {
        ..FIRST => 0,
        FIRST..SECOND => 1,
        _ => 2 + (offset - SECOND) / SEGMENT,
    }
}

/// Where a segment begins and ends.
pub(super) fn span(number: u64) -> (u64, u64) {
    match number {
        0 => (0, FIRST),
        1 => (FIRST, SECOND),
        _ => {
            let begins = SECOND + (number - 2) * SEGMENT;
            (begins, begins + SEGMENT)
        }
    }
}

/// A segment that is there, or will be.
#[derive(Default)]
pub(super) struct Slot {
    fetched: Mutex<Option<Fetched>>,
    ready: Condvar,
}

impl Slot {
    /// Hands over what was fetched.
    pub(super) fn fill(&self, fetched: Fetched) {
        *lock(&self.fetched) = Some(fetched);
        self.ready.notify_all();
    }

    /// Waits until it is there.
    pub(super) fn bytes(&self) -> Fetched {
        let mut fetched = lock(&self.fetched);
        loop {
            if let Some(fetched) = &*fetched {
                return fetched.clone();
            }
            fetched = self
                .ready
                .wait(fetched)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The segments that were asked for last.
#[derive(Default)]
pub(super) struct Cache {
    slots: BTreeMap<Key, (u64, Arc<Slot>)>,
    /// When each was asked for.
    order: BTreeMap<u64, Key>,
    clock: u64,
    bytes: u64,
}

impl Cache {
    /// The one of the process.
    pub(super) fn shared() -> MutexGuard<'static, Self> {
        static CACHE: OnceLock<Mutex<Cache>> = OnceLock::new();
        lock(CACHE.get_or_init(Mutex::default))
    }

    /// The segment, and whether it is new, so that somebody has to fetch it.
    pub(super) fn slot(&mut self, key: Key) -> (Arc<Slot>, bool) {
        self.clock += 1;
        if let Some((at, slot)) = self.slots.get_mut(&key) {
            self.order.remove(at);
            *at = self.clock;
            self.order.insert(self.clock, key);
            return (Arc::clone(slot), false);
        }
        let slot = Arc::new(Slot::default());
        self.slots.insert(key, (self.clock, Arc::clone(&slot)));
        self.order.insert(self.clock, key);
        self.bytes += size(key);
        while self.bytes > most()
            && let Some((_, oldest)) = self.order.pop_first()
        {
            // Who waits for it, or reads it, has it still.
            self.slots.remove(&oldest);
            self.bytes -= size(oldest);
        }
        (slot, true)
    }

    /// Lets go of a segment that could not be fetched: the next one who asks tries again.
    pub(super) fn forget(&mut self, key: Key) {
        if let Some((at, _)) = self.slots.remove(&key) {
            self.order.remove(&at);
            self.bytes -= size(key);
        }
    }
}

fn size(key: Key) -> u64 {
    let (begins, ends) = span(key.1);
    ends - begins
}

/// Three segments for each processor, and four more.
fn most() -> u64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    (4 + 3 * threads as u64) * SEGMENT
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_follow_each_other_without_a_gap() {
        let mut at = 0;
        for number in 0..40 {
            let (begins, ends) = span(number);
            assert_eq!(begins, at);
            assert_eq!(super::number(begins), number);
            assert_eq!(super::number(ends - 1), number);
            at = ends;
        }
    }

    #[test]
    fn what_is_held_is_bounded_and_what_was_used_last_stays() {
        let mut cache = Cache::default();
        let (first, is_new) = cache.slot((0, 5));
        assert!(is_new);
        for number in 0..1000 {
            cache.slot((1, number));
            let (again, is_new) = cache.slot((0, 5));
            assert!(!is_new && Arc::ptr_eq(&first, &again));
            assert!(cache.bytes <= most());
        }
        assert_eq!(cache.slots.len(), cache.order.len());
        cache.forget((0, 5));
        assert!(cache.slot((0, 5)).1);
        let held: u64 = cache.slots.keys().map(|key| size(*key)).sum();
        assert_eq!(held, cache.bytes);
    }
}
