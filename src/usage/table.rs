//! The merged table: sorted by day, client, route, outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::aggregate::{Aggregate, Counts, Key, NOBODY, Names, OTHERS, key, split};
use super::bounded::{Cluster, Clusters, limit_for, stable_hash};
use super::cell::{Arena, Cell};
use super::packed::PackedDay;
use crate::catalog::matcher::Route;
use crate::event::identity::Identities;
use crate::model::{Day, Method, Millis, Outcome};

/// The route of a request that matches no operation.
pub const UNMATCHED: u32 = 0x1fff_ffff;

/// Stands between two names of one client; no gateway writes it.
pub(super) const NAME_SEPARATOR: u8 = 0x1f;

/// How requests of clients beyond the limit are shown.
pub(super) const OTHERS_NAME: &str = "(other clients)";

/// One row of the usage table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The day (UTC).
    pub day: Day,
    /// Index into [`UsageTable::clients`].
    pub client: u32,
    /// Index into [`UsageTable::routes`], or [`UNMATCHED`].
    pub route: u32,
    /// What the answers prove.
    pub outcome: Outcome,
    /// Requests.
    pub count: u64,
    /// First request.
    pub first: Millis,
    /// Last request.
    pub last: Millis,
    /// Id of the first request, where the log has ids.
    pub sample: Option<&'a [u8]>,
}

/// The rows of one day.
pub struct DayRows {
    day: Day,
    rows: Option<Arc<PackedDay>>,
}

impl DayRows {
    /// The day (UTC).
    pub fn day(&self) -> Day {
        self.day
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.len())
    }

    /// Whether the day has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls with each row, in order of client, route, outcome.
    pub fn for_each(&self, mut call: impl FnMut(Row<'_>)) {
        let mut buffer = [0; 36];
        for row in self.rows.iter().flat_map(|rows| rows.iter()) {
            let (client, route, outcome) = split(row.key);
            let Some(outcome) = Outcome::from_number(outcome) else {
                continue;
            };
            call(Row {
                day: self.day,
                client,
                route,
                outcome,
                count: row.count,
                first: self.day.start() + i64::from(row.span.0),
                last: self.day.start() + i64::from(row.span.1),
                sample: row.id.text(&mut buffer),
            });
        }
    }
}

/// Counts per day, client, route, outcome.
#[derive(Default)]
pub struct UsageTable {
    /// Client names, sorted; index 0 is "nobody" and empty.
    pub clients: Vec<String>,
    /// Method and template of each route.
    pub routes: Arc<[Route]>,
    /// Unmatched paths by client index, sorted and bounded.
    pub unmatched: BTreeMap<u32, Vec<Cluster>>,
    /// Clients beyond the limit were counted as one.
    pub clients_capped: bool,
    /// The rows, by day.
    rows: Vec<Arc<PackedDay>>,
    /// The same days.
    days: Vec<Day>,
    /// Client numbers of each worker.
    numbers: Vec<Vec<u32>>,
}

impl UsageTable {
    /// The days that have rows, in order.
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    pub(super) fn packed(&self) -> &[Arc<PackedDay>] {
        &self.rows
    }

    /// The name of a worker's client.
    pub(super) fn name_in(&self, worker: usize, client: u32) -> Option<String> {
        let number = *self.numbers.get(worker)?.get(client as usize)?;
        self.clients.get(number as usize).cloned()
    }

    /// The index of a client.
    pub fn client(&self, name: &str) -> Option<u32> {
        let found = self
            .clients
            .binary_search_by(|client| client.as_str().cmp(name))
            .ok()?;
        u32::try_from(found).ok()
    }

    /// Whether the index stands for nobody in particular: requests without a
    /// client, or those of clients beyond the limit.
    pub fn is_nameless(&self, client: u32) -> bool {
        let name = self.clients.get(client as usize).map_or("", String::as_str);
        client == NOBODY || (self.clients_capped && name == OTHERS_NAME)
    }

    /// All requests of each client, whatever their outcome.
    pub fn requests_by_client(&self) -> BTreeMap<String, u64> {
        let none = || vec![0_u64; self.clients.len()];
        let count = |mut counts: Vec<u64>, day: &Arc<PackedDay>| {
            for row in day.iter() {
                if let Some(count) = counts.get_mut(split(row.key).0 as usize) {
                    *count += row.count;
                }
            }
            counts
        };
        let add = |mut all: Vec<u64>, other: Vec<u64>| {
            all.iter_mut()
                .zip(other)
                .for_each(|(own, more)| *own += more);
            all
        };
        let counts = self.rows.par_iter().fold(none, count).reduce(none, add);
        self.clients.iter().cloned().zip(counts).collect()
    }

    /// The rows of one day.
    pub fn day_rows(&self, day: Day) -> DayRows {
        let at = self.days.binary_search(&day).ok();
        DayRows {
            day,
            rows: at.and_then(|at| self.rows.get(at)).cloned(),
        }
    }
}

/// Hands out the days in order; days are `work`ed on in parallel, a few at a time
/// and while earlier ones are taken, so that a large table is never in memory twice.
pub fn for_each_day<T: Send, E>(
    table: &UsageTable,
    work: impl Fn(DayRows) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let group = rayon::current_num_threads().max(1);
    std::thread::scope(|scope| {
        // Without room: one group is worked on while another is taken.
        let (sender, receiver) = crossbeam_channel::bounded::<Vec<T>>(0);
        let work = &work;
        scope.spawn(move || {
            for days in table.days.chunks(group) {
                let rows = days.par_iter().map(|day| work(table.day_rows(*day)));
                // Nobody takes any more after an error.
                if sender.send(rows.collect()).is_err() {
                    return;
                }
            }
        });
        receiver.into_iter().flatten().try_for_each(&mut take)
    })
}

/// Joins the workers' tables under one sorted list of clients.
///
/// `as_logged` keeps the names of the log, both of them where a line has two, for
/// a later run that has other aliases.
pub(super) fn merge(
    workers: Vec<(Names, Aggregate, Clusters)>,
    identities: &Identities,
    max_clients: usize,
    routes: Arc<[Route]>,
    as_logged: bool,
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
    // The limit is taken over all workers, so that their number does not matter.
    let mut strangers: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for (names, ..) in &workers {
        for number in 2..names.len() {
            let raw = names.name(u32::try_from(number).unwrap_or(OTHERS));
            if !identities.is_known(&resolve(raw)) {
                strangers.insert(raw.to_vec(), stable_hash(raw));
            }
        }
    }
    let limit = limit_for(strangers.values().copied().collect(), max_clients);
    let mut capped = false;
    let mut clients: BTreeMap<String, u32> = BTreeMap::from([(String::new(), NOBODY)]);
    let mut resolved: Vec<Vec<String>> = Vec::with_capacity(workers.len());
    for (names, ..) in &workers {
        let mut own = vec![String::new(), OTHERS_NAME.to_owned()];
        for number in 2..names.len() {
            let raw = names.name(u32::try_from(number).unwrap_or(OTHERS));
            let kept = strangers.get(raw).is_none_or(|hash| *hash < limit);
            capped |= !kept;
            own.push(if kept {
                String::from_utf8_lossy(&shown(raw, resolve(raw))).into_owned()
            } else {
                OTHERS_NAME.to_owned()
            });
        }
        for name in &own {
            if name != OTHERS_NAME {
                clients.insert(name.clone(), 0);
            }
        }
        resolved.push(own);
    }
    if capped {
        clients.insert(OTHERS_NAME.to_owned(), 0);
    }
    for (index, number) in clients.values_mut().enumerate() {
        *number = u32::try_from(index).unwrap_or(u32::MAX);
    }
    let mut unmatched: BTreeMap<(u32, Method, Box<[u8]>), super::bounded::Counts> = BTreeMap::new();
    let mut aggregates = Vec::with_capacity(workers.len());
    let mut numbers: Vec<Vec<u32>> = Vec::with_capacity(workers.len());
    for ((_, aggregate, clusters), own) in workers.into_iter().zip(resolved) {
        let own: Vec<u32> = own
            .iter()
            .map(|name| clients.get(name).copied().unwrap_or(0))
            .collect();
        for ((client, method, path), counts) in clusters.map {
            let client = own.get(client as usize).copied().unwrap_or(0);
            let sum = unmatched.entry((client, method, path)).or_default();
            sum.need += counts.need;
            sum.other += counts.other;
            sum.served += counts.served;
            sum.hash = counts.hash;
        }
        aggregates.push(aggregate);
        numbers.push(own);
    }
    let rows = days_of(aggregates, &numbers);
    let days = rows.iter().map(|own| own.day).collect();
    let limit = limit_for(
        unmatched.values().map(|counts| counts.hash).collect(),
        20_000,
    );
    let mut by_client: BTreeMap<u32, Vec<Cluster>> = BTreeMap::new();
    for ((client, method, path), counts) in unmatched {
        if counts.hash < limit || limit == u64::MAX {
            let path = String::from_utf8_lossy(&path).into_owned();
            by_client.entry(client).or_default().push(Cluster {
                method,
                path,
                need: counts.need,
                other: counts.other,
                served: counts.served,
            });
        }
    }
    UsageTable {
        clients: clients.into_keys().collect(),
        routes,
        unmatched: by_client,
        clients_capped: capped,
        rows,
        days,
        numbers,
    }
}

/// One worker's rows of a day.
enum Piece {
    Counted(Counts),
    Packed(PackedDay),
}

/// Merges, sorts and packs the rows of each day; what the workers held goes day by day.
fn days_of(aggregates: Vec<Aggregate>, numbers: &[Vec<u32>]) -> Vec<Arc<PackedDay>> {
    let mut days: BTreeMap<Day, Vec<(usize, Piece)>> = BTreeMap::new();
    let mut arenas: Vec<Arena> = Vec::with_capacity(aggregates.len());
    for (worker, aggregate) in aggregates.into_iter().enumerate() {
        for (day, counts) in aggregate.days {
            let own = days.entry(day).or_default();
            own.push((worker, Piece::Counted(counts)));
        }
        for packed in aggregate.packed {
            let own = days.entry(packed.day).or_default();
            own.push((worker, Piece::Packed(packed)));
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
    numbers: &[Vec<u32>],
    arenas: &[Arena],
) -> PackedDay {
    let mut rows: Vec<(Key, Cell)> = Vec::new();
    let mut arena = Arena::default();
    for (worker, piece) in pieces {
        let (Some(numbers), Some(from)) = (numbers.get(worker), arenas.get(worker)) else {
            continue;
        };
        let renumbered = |own: Key| {
            let (client, route, outcome) = split(own);
            let client = numbers.get(client as usize).copied().unwrap_or(0);
            key(client, route, outcome)
        };
        match piece {
            Piece::Counted(counts) => {
                rows.reserve(counts.len());
                for (own, cell) in counts {
                    rows.push((renumbered(own), cell.moved(from, &mut arena)));
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
