//! Requests that have no operation for certain, in tables that stay bounded.
//!
//! In: such requests, one by one. Out: by caller, cause, method and clustered path,
//! how many there were of each sort, on which days, and the id of the earliest.
//!
//! Invariants:
//! * every client of the policy has a table of its own, so that no other caller can
//!   push its paths out; so have the requests of nobody that are near an operation;
//! * what a full table drops is still counted, with its days;
//! * the result does not depend on the order of arrival or the number of threads:
//!   which paths stay depends on their hashes alone.

mod counts;

use std::collections::BTreeMap;

use super::aggregate::NOBODY;
use super::bounded::{cluster, limit_for, stable_hash};
use crate::event::mask::Mask;
use crate::model::{Cause, Method, Millis};
pub use counts::{Cluster, Counts};

/// Paths of all callers that have no table of their own.
const SHARED: usize = 20_000;
/// Paths of one client of the policy.
const OWN: usize = 256;
/// Paths of nobody that are near an operation.
const NEAR: usize = 4_096;

/// What one request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Of a named client, let through or perhaps so.
    Need {
        /// With a status of 200 to 399.
        served: bool,
    },
    /// Of nobody, let through or perhaps so.
    Nameless,
    /// Refused, or nothing is there.
    Other,
}

/// One request.
pub(super) struct Request<'a> {
    pub(super) sort: Sort,
    pub(super) cause: Cause,
    pub(super) method: Method,
    pub(super) path: &'a [u8],
    /// `None` where the time could not be read.
    pub(super) time: Option<Millis>,
    pub(super) id: Option<&'a [u8]>,
}

/// Who sent it.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    /// The worker's number.
    pub(super) client: u32,
    /// The stable hash of its name.
    pub(super) hash: u64,
    /// The policy has it.
    pub(super) known: bool,
}

/// Client, cause, method, clustered path.
pub(super) type Place = (u32, Cause, Method, Box<[u8]>);

/// All tables of one worker, or of all of them.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    shared: Pool,
    by_client: BTreeMap<u32, Pool>,
    /// Nothing is dropped: the limits were taken before.
    whole: bool,
}

#[derive(Debug)]
struct Pool {
    limit: u64,
    map: BTreeMap<Place, Slot>,
    dropped: Counts,
}

#[derive(Debug)]
struct Slot {
    hash: u64,
    counts: Counts,
    /// Near an operation, once that was asked.
    near: Option<bool>,
}

impl Slot {
    fn new(hash: u64) -> Self {
        Self {
            hash,
            counts: Counts::default(),
            near: None,
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            limit: u64::MAX,
            map: BTreeMap::new(),
            dropped: Counts::default(),
        }
    }
}

impl Pool {
    fn add(&mut self, hash: u64, place: Place, cap: usize, what: &Request<'_>) {
        // The last value is no limit.
        if hash >= self.limit && self.limit != u64::MAX {
            self.dropped.add_one(what);
            return;
        }
        let known = self.map.entry(place);
        known
            .or_insert_with(|| Slot::new(hash))
            .counts
            .add_one(what);
        self.shrink(cap);
    }

    fn shrink(&mut self, cap: usize) {
        while self.map.len() > cap && self.limit > 0 {
            self.close(self.limit >> 1);
        }
    }

    fn close(&mut self, limit: u64) {
        self.limit = limit;
        let dropped = &mut self.dropped;
        self.map.retain(|_, slot| {
            let stays = slot.hash < limit;
            if !stays {
                dropped.add(&slot.counts);
            }
            stays
        });
    }

    /// Takes another worker's table, under other numbers of clients.
    fn take(&mut self, other: Self, number: impl Fn(u32) -> u32) {
        self.limit = self.limit.min(other.limit);
        self.dropped.add(&other.dropped);
        for ((client, cause, method, path), more) in other.map {
            let place = (number(client), cause, method, path);
            let slot = self.map.entry(place);
            let slot = slot.or_insert_with(|| Slot::new(more.hash));
            slot.counts.add(&more.counts);
        }
    }

    fn settle(&mut self, cap: usize) {
        let hashes = self.map.values().map(|slot| slot.hash).collect();
        let limit = limit_for(hashes, cap).min(self.limit);
        if limit != u64::MAX {
            self.close(limit);
        }
    }
}

impl Unplaced {
    /// Tables that keep everything: what comes from a ledger went through the limits.
    pub(super) fn whole() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// Counts one request; `near` is asked at most once for each path of nobody, and
    /// says whether the path is near an operation.
    pub(super) fn add(
        &mut self,
        caller: Caller,
        what: &Request<'_>,
        near: impl Fn(Method, &[u8]) -> bool,
    ) {
        let path = cluster(what.path);
        let hash = stable_hash(&path) ^ caller.hash.rotate_left(17);
        let place = (caller.client, what.cause, what.method, path);
        if self.whole {
            self.shared.add(hash, place, usize::MAX, what);
        } else if caller.known {
            let pool = self.by_client.entry(caller.client).or_default();
            pool.add(hash, place, OWN, what);
        } else if what.sort == Sort::Nameless && self.is_near(&place, near) {
            let pool = self.by_client.entry(NOBODY).or_default();
            pool.add(hash, place, NEAR, what);
        } else {
            self.shared.add(hash, place, SHARED, what);
        }
    }

    fn is_near(&mut self, place: &Place, near: impl Fn(Method, &[u8]) -> bool) -> bool {
        if self
            .by_client
            .get(&NOBODY)
            .is_some_and(|pool| pool.map.contains_key(place))
        {
            return true;
        }
        let Some(slot) = self.shared.map.get_mut(place) else {
            return near(place.2, &place.3);
        };
        *slot.near.get_or_insert_with(|| near(place.2, &place.3))
    }

    /// Counts that were taken before; `hash` is that of the client's name.
    pub(super) fn put(&mut self, hash: u64, place: Place, counts: &Counts) {
        let hash = stable_hash(&place.3) ^ hash.rotate_left(17);
        let slot = self.shared.map.entry(place);
        slot.or_insert_with(|| Slot::new(hash)).counts.add(counts);
    }

    /// Takes another worker's tables, whose clients get other numbers.
    pub(super) fn take(&mut self, other: Self, number: impl Fn(u32) -> u32 + Copy) {
        self.whole |= other.whole;
        self.shared.take(other.shared, number);
        for (client, pool) in other.by_client {
            self.by_client
                .entry(number(client))
                .or_default()
                .take(pool, number);
        }
    }

    /// The tables of all workers, by client: sorted, without secrets, and with what was
    /// dropped as a cluster of its own. `keeps` says what stays however much there is of
    /// tables that kept everything.
    pub(super) fn into_clusters(
        mut self,
        mask: &Mask,
        keeps: impl Fn(&Place, &Counts) -> bool,
    ) -> BTreeMap<u32, Vec<Cluster>> {
        if self.whole {
            let all = std::mem::take(&mut self.shared.map).into_iter();
            let (kept, rest) = all.partition(|(place, slot)| keeps(place, &slot.counts));
            self.shared.map = rest;
            self.by_client.entry(NOBODY).or_default().map = kept;
        }
        self.shared.settle(SHARED);
        let mut sums: BTreeMap<(u32, Cause, Method, String), Counts> = BTreeMap::new();
        let mut put = |client, cause, method, path: String, counts: &Counts| {
            let sum = sums.entry((client, cause, method, path)).or_default();
            sum.add(counts);
        };
        let mut pools = vec![self.shared];
        for (client, mut pool) in self.by_client {
            if !self.whole {
                pool.settle(if client == NOBODY { NEAR } else { OWN });
            }
            if pool.dropped.possible() > 0 {
                let all = (Cause::TooMany, Method::Any, "/**".to_owned());
                put(client, all.0, all.1, all.2, &pool.dropped);
            }
            pools.push(pool);
        }
        for pool in pools {
            for ((client, cause, method, path), slot) in pool.map {
                let path = String::from_utf8_lossy(&path);
                put(
                    client,
                    cause,
                    method,
                    mask.path(&path).into_owned(),
                    &slot.counts,
                );
            }
        }
        let mut all: BTreeMap<u32, Vec<Cluster>> = BTreeMap::new();
        for ((client, cause, method, path), counts) in sums {
            all.entry(client).or_default().push(Cluster {
                cause,
                method,
                path,
                counts,
            });
        }
        all
    }
}
