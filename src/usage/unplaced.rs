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

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::aggregate::NOBODY;
use super::bounded::{cluster, limit_for, stable_hash};
use crate::event::mask::Mask;
use crate::event::secret;
use crate::model::{Cause, Day, DaySet, Method, Millis};

/// Paths of all callers that have no table of their own.
const SHARED: usize = 20_000;
/// Paths of one client of the policy.
const OWN: usize = 256;
/// Paths of nobody that are near an operation.
const NEAR: usize = 4_096;

/// Requests of one caller to similar paths that have no operation for certain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cluster {
    /// Why they have none.
    pub cause: Cause,
    /// Method of the requests; `Any` where it could not be read.
    pub method: Method,
    /// The path with ids replaced by `{}`; ends with `/**` where the rest is not known.
    pub path: String,
    /// How many, and when.
    pub counts: Counts,
}

/// Requests of each sort, and when those were that may have needed something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of a named client, and let through or perhaps so.
    pub need: u64,
    /// Of nobody, and let through or perhaps so.
    pub nameless: u64,
    /// Refused, or nothing is there.
    pub other: u64,
    /// Of those that a client needed, answers with a status of 200 to 399: something is there.
    pub served: u64,
    /// Days with such that may have needed something.
    pub days: DaySet,
    /// First and last of them.
    pub span: Option<(Millis, Millis)>,
    /// Id of the earliest of them, where the log has ids.
    pub sample: Option<String>,
}

impl PartialOrd for Counts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Counts {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |own: &Self| (own.need, own.nameless, own.other, own.span);
        key(self).cmp(&key(other))
    }
}

impl Counts {
    /// Requests that may have needed something.
    pub fn possible(&self) -> u64 {
        self.need + self.nameless
    }

    /// Requests that were refused, or that name no client.
    pub fn others(&self) -> u64 {
        self.other + self.nameless
    }

    fn add_one(&mut self, what: &Request<'_>) {
        match what.sort {
            Sort::Need { served } => {
                self.need += 1;
                self.served += u64::from(served);
            }
            Sort::Nameless => self.nameless += 1,
            Sort::Other => {
                self.other += 1;
                return;
            }
        }
        if let Some(time) = what.time {
            self.days.insert(Day::of(time));
            let (first, last) = self.span.unwrap_or((time, time));
            if self.span.is_none() || time <= first {
                let id = what.id.map(shown_id);
                let known = self.sample.take().filter(|_| time == first);
                self.sample = smaller(known, id);
            }
            self.span = Some((first.min(time), last.max(time)));
        }
    }

    /// Takes the counts of the same requests elsewhere.
    pub(super) fn add(&mut self, other: &Self) {
        self.need += other.need;
        self.nameless += other.nameless;
        self.other += other.other;
        self.served += other.served;
        self.days.add(&other.days);
        let first = |own: &Self| own.span.map_or(Millis::MAX, |own| own.0);
        self.sample = match first(self).cmp(&first(other)) {
            Ordering::Less => self.sample.take(),
            Ordering::Greater => other.sample.clone(),
            Ordering::Equal => smaller(self.sample.take(), other.sample.clone()),
        };
        self.span = match (self.span, other.span) {
            (Some(own), Some(other)) => Some((own.0.min(other.0), own.1.max(other.1))),
            (own, other) => own.or(other),
        };
    }

    /// Counts that were taken before.
    pub(super) fn of(
        [need, nameless, other, served]: [u64; 4],
        days: DaySet,
        span: Option<(Millis, Millis)>,
        sample: Option<String>,
    ) -> Self {
        Self {
            need,
            nameless,
            other,
            served,
            days,
            span,
            sample,
        }
    }
}

/// Of two ids at one instant the smaller one, so that the order plays no part.
fn smaller(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// An id as it is kept: without secrets, and not longer than one.
fn shown_id(id: &[u8]) -> String {
    let id = secret::masked(&id[..id.len().min(64)]);
    String::from_utf8_lossy(id).into_owned()
}

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
    own: BTreeMap<u32, Pool>,
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
        self.map.retain(|_, own| {
            let stays = own.hash < limit;
            if !stays {
                dropped.add(&own.counts);
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
            let own = self.map.entry(place);
            let own = own.or_insert_with(|| Slot::new(more.hash));
            own.counts.add(&more.counts);
        }
    }

    fn settle(&mut self, cap: usize) {
        let hashes = self.map.values().map(|own| own.hash).collect();
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
            let own = self.own.entry(caller.client).or_default();
            own.add(hash, place, OWN, what);
        } else if what.sort == Sort::Nameless && self.is_near(&place, near) {
            let own = self.own.entry(NOBODY).or_default();
            own.add(hash, place, NEAR, what);
        } else {
            self.shared.add(hash, place, SHARED, what);
        }
    }

    fn is_near(&mut self, place: &Place, near: impl Fn(Method, &[u8]) -> bool) -> bool {
        if self.own.get(&NOBODY).is_some_and(|own| own.map.contains_key(place)) {
            return true;
        }
        let Some(own) = self.shared.map.get_mut(place) else {
            return near(place.2, &place.3);
        };
        *own.near.get_or_insert_with(|| near(place.2, &place.3))
    }

    /// Counts that were taken before; `hash` is that of the client's name.
    pub(super) fn put(&mut self, hash: u64, place: Place, counts: &Counts) {
        let hash = stable_hash(&place.3) ^ hash.rotate_left(17);
        let own = self.shared.map.entry(place);
        own.or_insert_with(|| Slot::new(hash)).counts.add(counts);
    }

    /// Takes another worker's tables, whose clients get other numbers.
    pub(super) fn take(&mut self, other: Self, number: impl Fn(u32) -> u32 + Copy) {
        self.whole |= other.whole;
        self.shared.take(other.shared, number);
        for (client, pool) in other.own {
            self.own.entry(number(client)).or_default().take(pool, number);
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
            let (own, rest) = all.partition(|(place, own)| keeps(place, &own.counts));
            self.shared.map = rest;
            self.own.entry(NOBODY).or_default().map = own;
        }
        self.shared.settle(SHARED);
        let mut sums: BTreeMap<(u32, Cause, Method, String), Counts> = BTreeMap::new();
        let mut put = |client, cause, method, path: String, counts: &Counts| {
            let own = sums.entry((client, cause, method, path)).or_default();
            own.add(counts);
        };
        let mut pools = vec![self.shared];
        for (client, mut pool) in self.own {
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
            for ((client, cause, method, path), own) in pool.map {
                let path = String::from_utf8_lossy(&path);
                put(client, cause, method, mask.path(&path).into_owned(), &own.counts);
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
