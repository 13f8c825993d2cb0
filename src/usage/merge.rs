//! What the workers counted becomes one table.
//!
//! Invariant: neither the order of the workers nor their number plays a part.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::aggregate::{Aggregate, Counts, Key, NOBODY, Names, OTHERS, key, split};
use super::bounded::{limit_for, stable_hash};
use super::day_table::PackedDay;
use super::packed_count::{Arena, Cell};
use super::table::{NAME_SEPARATOR, OTHERS_NAME, UsageTable};
use super::uncertain_requests::guess;
use super::unplaced::Unplaced;
use crate::catalog::matcher::Route;
use crate::catalog::near::{Near, Nearness};
use crate::event::identity::Identities;
use crate::event::mask::Mask;
use crate::model::{Cause, Day, Outcome};

/// How the tables of workers become one.
pub(super) type Merging<'a> = (bool, &'a Nearness, &'a Mask);

/// Joins the workers' tables under one sorted list of clients.
///
/// `as_logged` keeps the names of the log, both of them where a line has two, for
/// a later run that has other aliases.
pub(super) fn merge(
    workers: Vec<(Names, Aggregate, Unplaced)>,
    identities: &Identities,
    max_clients: usize,
    routes: Arc<[Route]>,
    (as_logged, near, mask): Merging<'_>,
) -> UsageTable {
    let shown = |raw: &[u8], client: Vec<u8>| if as_logged { raw.to_vec() } else { client };
    let resolve = |raw: &[u8]| -> Vec<u8> {
        match memchr::memchr(NAME_SEPARATOR, raw) {
            Some(at) => identities
                .resolve(&raw[..at], Some(&raw[at + 1..]))
                .into_owned(),
            None => identities.resolve(raw, None).into_owned(),
        }
    };
    let Strangers {
        names: strangers,
        limits,
    } = Strangers::new(&workers, max_clients, |raw| {
        identities.is_known(&resolve(raw))
    });
    let (mut capped, mut served_capped) = (false, false);
    let mut clients: BTreeMap<String, u32> = BTreeMap::from([(String::new(), NOBODY)]);
    // The name under which requests that were let through count, and refused ones.
    let mut resolved: Vec<Vec<[String; 2]>> = Vec::with_capacity(workers.len());
    let others = || OTHERS_NAME.to_owned();
    for (names, ..) in &workers {
        let mut fixed = vec![[String::new(), String::new()], [others(), others()]];
        for number in 2..names.len() {
            let raw = names.name(u32::try_from(number).unwrap_or(OTHERS));
            let (kept, kept_refused) = match strangers.get(raw) {
                None => (true, true),
                Some((hash, through)) => {
                    let under = |limit: u64| *hash < limit || limit == u64::MAX;
                    let kept = under(limits[usize::from(*through)]);
                    served_capped |= *through && !kept;
                    // Of one that was let through, refused requests may have come before
                    // it was known to be kept separate: all of them or none.
                    (kept, kept && under(limits[0]))
                }
            };
            capped |= !kept_refused;
            let name = String::from_utf8_lossy(&shown(raw, resolve(raw))).into_owned();
            if kept || kept_refused {
                clients.insert(name.clone(), 0);
            }
            let of = |kept: bool| if kept { name.clone() } else { others() };
            fixed.push([of(kept), of(kept_refused)]);
        }
        resolved.push(fixed);
    }
    capped |= limits.iter().any(|limit| *limit != u64::MAX);
    served_capped |= limits[1] != u64::MAX;
    if capped {
        clients.insert(others(), 0);
    }
    for (index, number) in clients.values_mut().enumerate() {
        *number = u32::try_from(index).unwrap_or(u32::MAX);
    }
    let mut unplaced = Unplaced::default();
    let mut aggregates = Vec::with_capacity(workers.len());
    let mut numbers: Vec<Vec<[u32; 2]>> = Vec::with_capacity(workers.len());
    for ((_, aggregate, own_unplaced), worker) in workers.into_iter().zip(resolved) {
        let number = |name: &String| clients.get(name).copied().unwrap_or(0);
        let renumbered: Vec<[u32; 2]> = worker
            .iter()
            .map(|[name, refused]| [number(name), number(refused)])
            .collect();
        let number = |client: u32| renumbered.get(client as usize).map_or(0, |pair| pair[0]);
        unplaced.take(own_unplaced, number);
        aggregates.push(aggregate);
        numbers.push(renumbered);
    }
    let rows = days_of(aggregates, &numbers);
    let days = rows.iter().map(|packed| packed.day).collect();
    let clients: Vec<String> = clients.into_keys().collect();
    let is_known = |client: u32| {
        let name = clients.get(client as usize);
        name.is_some_and(|name| identities.is_known(name.as_bytes()))
    };
    let unplaced = unplaced.into_clusters(mask, |place, counts| {
        let (client, cause, method, path) = place;
        let path = String::from_utf8_lossy(path);
        *cause == Cause::TooMany
            || is_known(*client)
            || (counts.nameless > 0 && guess(near, *cause, (*method, &path)) != Near::None)
    });
    UsageTable {
        clients,
        routes,
        unplaced,
        clients_capped: capped,
        served_capped,
        rows,
        days,
        numbers: numbers
            .into_iter()
            .map(|numbers| numbers.into_iter().map(|[name, _]| name).collect())
            .collect(),
    }
}

/// Names that are not in the policy, and which of them are kept separate.
struct Strangers {
    /// Hash, and whether a request was let through, by name.
    names: BTreeMap<Vec<u8>, (u64, bool)>,
    /// The limits on hashes of names that were refused only, and of the others.
    limits: [u64; 2],
}

impl Strangers {
    /// The limits are taken over all workers, so that their number does not matter.
    fn new(
        workers: &[(Names, Aggregate, Unplaced)],
        cap: usize,
        is_known: impl Fn(&[u8]) -> bool,
    ) -> Self {
        let mut strangers: BTreeMap<Vec<u8>, (u64, bool)> = BTreeMap::new();
        let mut limits = [u64::MAX; 2];
        for (names, ..) in workers {
            for (limit, other) in limits.iter_mut().zip(names.limits()) {
                *limit = (*limit).min(other);
            }
            for number in 2..names.len() {
                let number = u32::try_from(number).unwrap_or(OTHERS);
                let raw = names.name(number);
                if !is_known(raw) {
                    let stranger = strangers.entry(raw.to_vec());
                    stranger.or_insert((stable_hash(raw), false)).1 |= names.is_through(number);
                }
            }
        }
        for class in [false, true] {
            let members = strangers.values().filter(|stranger| stranger.1 == class);
            let limit = limit_for(members.map(|entry| entry.0).collect(), cap);
            let known = &mut limits[usize::from(class)];
            *known = (*known).min(limit);
        }
        Self {
            names: strangers,
            limits,
        }
    }
}

/// One worker's rows of a day.
enum Piece {
    Counted(Counts),
    Packed(PackedDay),
}

/// Merges, sorts and packs the rows of each day; what the workers held goes day by day.
fn days_of(aggregates: Vec<Aggregate>, numbers: &[Vec<[u32; 2]>]) -> Vec<Arc<PackedDay>> {
    let mut days: BTreeMap<Day, Vec<(usize, Piece)>> = BTreeMap::new();
    let mut arenas: Vec<Arena> = Vec::with_capacity(aggregates.len());
    for (worker, aggregate) in aggregates.into_iter().enumerate() {
        for (day, counts) in aggregate.days {
            let pieces = days.entry(day).or_default();
            pieces.push((worker, Piece::Counted(counts)));
        }
        for packed in aggregate.packed {
            let day = days.entry(packed.day).or_default();
            day.push((worker, Piece::Packed(packed)));
        }
        arenas.push(aggregate.arena);
    }
    let days: Vec<(Day, Vec<(usize, Piece)>)> = days.into_iter().collect();
    days.into_par_iter()
        .map(|(day, pieces)| Arc::new(join(day, pieces, numbers, &arenas)))
        .collect()
}

fn join(
    day: Day,
    pieces: Vec<(usize, Piece)>,
    numbers: &[Vec<[u32; 2]>],
    arenas: &[Arena],
) -> PackedDay {
    let mut rows: Vec<(Key, Cell)> = Vec::new();
    let mut arena = Arena::default();
    for (worker, piece) in pieces {
        let (Some(numbers), Some(from)) = (numbers.get(worker), arenas.get(worker)) else {
            continue;
        };
        let renumbered = |old: Key| {
            let (client, route, outcome) = split(old);
            let refused = Outcome::from_number(outcome).is_some_and(Outcome::is_denied);
            let pair = numbers.get(client as usize);
            let client = pair.map_or(0, |pair| pair[usize::from(refused)]);
            key(client, route, outcome)
        };
        match piece {
            Piece::Counted(counts) => {
                rows.reserve(counts.len());
                for (key, cell) in counts {
                    rows.push((renumbered(key), cell.moved(from, &mut arena)));
                }
            }
            Piece::Packed(packed) => {
                rows.reserve(packed.len());
                for row in packed.iter() {
                    let cell = Cell::with(row.count, row.span, row.id, &mut arena);
                    rows.push((renumbered(row.key), cell));
                }
            }
        }
    }
    PackedDay::of(day, &mut rows, &arena)
}
