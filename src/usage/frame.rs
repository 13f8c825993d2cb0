//! What the analysis asks of the usage table: each client's routes, day by day;
//! and the table as a Polars frame.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use polars::prelude::{Column, DataFrame, PolarsError, PolarsResult};
use rayon::prelude::*;

use super::aggregate::split;
use super::daily_use::{Days, Packed};
use super::day_table::PackedDay;
use super::table::{UsageTable, for_each_day};
use crate::model::{Day, Millis, Outcome};

/// What one client did on one route on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayUse {
    /// Days since 1970.
    pub day: i32,
    /// Requests by outcome, in the order of [`Outcome::ALL`].
    pub counts: [u64; Outcome::ALL.len()],
    /// First request of the day.
    pub first: Millis,
    /// Last request of the day.
    pub last: Millis,
    /// Requests that passed.
    pub passed: Within,
    /// Requests that were refused because the client lacks the right.
    pub refused: Within,
}

/// First and last of some requests of one day, as milliseconds of the day: small,
/// because ten million days of clients and routes are a real case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    first: u32,
    last: u32,
}

impl Default for Within {
    fn default() -> Self {
        Self {
            first: u32::MAX,
            last: 0,
        }
    }
}

impl Within {
    /// From instants of that day; `None` when there was no such request.
    pub fn new(day: Day, span: Option<(Millis, Millis)>) -> Self {
        let of = |instant: Millis| u32::try_from(instant - day.start()).unwrap_or(0);
        span.map_or_else(Self::default, |(first, last)| Self {
            first: of(first),
            last: of(last),
        })
    }

    /// Takes further requests in; milliseconds of the day.
    pub(super) fn add(&mut self, (first, last): (u32, u32)) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// First and last instant; `None` when there was no such request.
    pub fn span(self, day: i32) -> Option<(Millis, Millis)> {
        let start = Day(day).start();
        let of = |ms: u32| start + i64::from(ms);
        (self.first <= self.last).then(|| (of(self.first), of(self.last)))
    }
}

impl DayUse {
    /// First and last request that passed; of any request when none did.
    pub fn passed(&self) -> (Millis, Millis) {
        let span = self.passed.span(self.day);
        span.unwrap_or((self.first, self.last))
    }

    /// First and last request that was refused because the client lacks the right; of any
    /// request when none was.
    pub fn refused(&self) -> (Millis, Millis) {
        let span = self.refused.span(self.day);
        span.unwrap_or((self.first, self.last))
    }

    /// Requests that must stay permitted.
    pub fn need(&self) -> u64 {
        self.counts[Outcome::Used as usize] + self.counts[Outcome::Attempted as usize]
    }

    /// Requests that were refused.
    pub fn denied(&self) -> u64 {
        self.forbidden() + self.counts[Outcome::DeniedAuthentication as usize]
    }

    /// Requests that were refused because the client lacks the right, no matter by whom.
    pub fn forbidden(&self) -> u64 {
        let forbidden = Outcome::ALL.into_iter().zip(self.counts);
        let forbidden = forbidden.filter(|(outcome, _)| outcome.is_forbidden());
        forbidden.map(|(_, count)| count).sum()
    }
}

/// What one client did on one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteUse {
    /// Index into the table's routes, or [`super::UNMATCHED`].
    pub route: u32,
    /// Days in order.
    pub days: Days,
}

/// What one client did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientUse {
    /// Index into the table's clients.
    pub client: u32,
    /// Routes in order.
    pub routes: Vec<RouteUse>,
}

impl ClientUse {
    /// With everything dated after the last day, or before the data begins, counted on the last.
    #[must_use]
    pub fn within(mut self, begins: Option<Day>, last: Day) -> Self {
        let is_early = |day: Day| begins.is_some_and(|begins| day < begins);
        for route_use in &mut self.routes {
            let days = &route_use.days;
            let early = days.iter().next();
            if days.since(last.plus(1)).is_empty()
                && !early.is_some_and(|first| is_early(Day(first.day)))
            {
                continue;
            }
            let moved = days.iter().map(|day| {
                if day.day <= last.0 && !is_early(Day(day.day)) {
                    return day;
                }
                let shift = last.start() - Day(day.day).start();
                DayUse {
                    day: last.0,
                    first: day.first + shift,
                    last: day.last + shift,
                    ..day
                }
            });
            route_use.days = moved.collect();
        }
        self
    }

    /// What the client did up to the end of a day; routes without such a day are left out.
    #[must_use]
    pub fn until(&self, day: Day) -> Self {
        let cut = |route_use: &RouteUse| {
            let days = route_use.days.until(day);
            (!days.is_empty()).then_some(RouteUse {
                route: route_use.route,
                days,
            })
        };
        Self {
            client: self.client,
            routes: self.routes.iter().filter_map(cut).collect(),
        }
    }
}

/// The rows of the given clients up to a day, as columns.
pub fn frame(
    table: &UsageTable,
    clients: &BTreeSet<u32>,
    until: Option<Day>,
) -> PolarsResult<DataFrame> {
    let (mut day, mut client, mut route, mut outcome) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut count, mut first, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for_each_day(
        table,
        |rows| rows,
        |rows| {
            if until.is_some_and(|until| rows.day() > until) {
                return Ok(());
            }
            rows.for_each(|row| {
                if clients.contains(&row.client) {
                    day.push(row.day.0);
                    client.push(row.client);
                    route.push(row.route);
                    outcome.push(u32::from(row.outcome as u8));
                    count.push(row.count);
                    first.push(row.first);
                    last.push(row.last);
                }
            });
            Ok::<(), PolarsError>(())
        },
    )?;
    DataFrame::new(
        day.len(),
        vec![
            Column::new("day".into(), day),
            Column::new("client".into(), client),
            Column::new("route".into(), route),
            Column::new("outcome".into(), outcome),
            Column::new("count".into(), count),
            Column::new("first".into(), first),
            Column::new("last".into(), last),
        ],
    )
}

/// Per client and route, the days and what happened on them.
pub fn summarise(
    table: &UsageTable,
    clients: &BTreeSet<u32>,
    until: Option<Day>,
) -> Vec<ClientUse> {
    let mut wanted = vec![false; table.clients.len()];
    for client in clients {
        if let Some(wanted_client) = wanted.get_mut(*client as usize) {
            *wanted_client = true;
        }
    }
    let end = table
        .packed()
        .partition_point(|day| until.is_none_or(|until| day.day <= until));
    let days = &table.packed()[..end];
    // Where each client and route begins among all rows.
    let pairs = pairs(days, &wanted);
    let mut starts = Vec::with_capacity(pairs.len() + 1);
    let mut total = 0;
    for (_, rows) in &pairs {
        starts.push(total);
        total += rows;
    }
    let mut rows = vec![Packed::default(); total];
    let mut next = starts.clone();
    for day in days {
        // Both are sorted: they are walked in parallel.
        let mut at = 0;
        for row in day.iter() {
            let pair = row.key >> OUTCOME;
            while pairs.get(at).is_some_and(|(known, _)| *known < pair) {
                at += 1;
            }
            if pairs.get(at).is_some_and(|(known, _)| *known == pair)
                && let Some(place) = next.get_mut(at)
                && let Some(slot) = rows.get_mut(*place)
            {
                *slot = Packed::new(day.day, split(row.key).2, row.count, row.span);
                *place += 1;
            }
        }
    }
    starts.push(total);
    let rows = Arc::new(rows);
    let mut all: Vec<ClientUse> = Vec::new();
    for ((pair, _), place) in pairs.iter().zip(starts.windows(2)) {
        let (client, route, _) = split(pair << OUTCOME);
        if all.last().is_none_or(|last| last.client != client) {
            all.push(ClientUse {
                client,
                routes: Vec::new(),
            });
        }
        if let (Some(client_use), [from, to]) = (all.last_mut(), place) {
            let days = Days::of(Arc::clone(&rows), *from, *to);
            client_use.routes.push(RouteUse { route, days });
        }
    }
    all
}

/// Bits of the outcome in a key.
const OUTCOME: u32 = 3;

/// Client and route of the wanted clients, sorted, and how many rows each has.
fn pairs(days: &[Arc<PackedDay>], wanted: &[bool]) -> Vec<(u64, usize)> {
    type Counts = HashMap<u64, usize, foldhash::fast::FixedState>;
    let count = |mut counts: Counts, day: &Arc<PackedDay>| {
        for row in day.iter() {
            if wanted.get(split(row.key).0 as usize) == Some(&true) {
                *counts.entry(row.key >> OUTCOME).or_default() += 1;
            }
        }
        counts
    };
    let join = |mut all: Counts, other: Counts| {
        if all.is_empty() {
            return other;
        }
        for (pair, rows) in other {
            *all.entry(pair).or_default() += rows;
        }
        all
    };
    let counts = days
        .par_iter()
        .fold(Counts::default, count)
        .reduce(Counts::default, join);
    let mut pairs: Vec<(u64, usize)> = counts.into_iter().collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
