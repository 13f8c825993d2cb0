//! The merged table: sorted by day, client, route, outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::aggregate::{NOBODY, split};
use super::day_table::PackedDay;
use super::unplaced::Cluster;
use crate::catalog::matcher::Route;
use crate::model::{Day, Millis, Outcome};

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
    /// Requests without an operation for certain by client index, sorted and bounded.
    pub unplaced: BTreeMap<u32, Vec<Cluster>>,
    /// Clients beyond the limit were counted as one.
    pub clients_capped: bool,
    /// Some of these were let through.
    pub served_capped: bool,
    /// The rows, by day.
    pub(super) rows: Vec<Arc<PackedDay>>,
    /// The same days.
    pub(super) days: Vec<Day>,
    /// Client numbers of each worker.
    pub(super) numbers: Vec<Vec<u32>>,
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

    /// Whether the index means nobody in particular: requests without a
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
                .for_each(|(total, more)| *total += more);
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
