//! The usage table as a Polars frame, and what the analysis asks of it.

use std::collections::BTreeSet;

use polars::prelude::*;

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
    /// Requests that were refused.
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
        let own = self.passed.span(self.day);
        own.unwrap_or((self.first, self.last))
    }

    /// First and last request that was refused; of any request when none was.
    pub fn refused(&self) -> (Millis, Millis) {
        let own = self.refused.span(self.day);
        own.unwrap_or((self.first, self.last))
    }

    /// Requests that must stay permitted.
    pub fn need(&self) -> u64 {
        self.counts[Outcome::Used as usize] + self.counts[Outcome::Attempted as usize]
    }

    /// Requests that were refused.
    pub fn denied(&self) -> u64 {
        self.counts[Outcome::DeniedGateway as usize] + self.counts[Outcome::DeniedUpstream as usize]
    }
}

/// What one client did on one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteUse {
    /// Index into the table's routes, or [`super::UNMATCHED`].
    pub route: u32,
    /// Days in order.
    pub days: Vec<DayUse>,
}

/// What one client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUse {
    /// Index into the table's clients.
    pub client: u32,
    /// Routes in order.
    pub routes: Vec<RouteUse>,
}

impl ClientUse {
    /// What the client did up to the end of a day; routes without such a day are left out.
    #[must_use]
    pub fn until(&self, day: Day) -> Self {
        let cut = |own: &RouteUse| {
            let end = own.days.partition_point(|own| own.day <= day.0);
            (end > 0).then(|| RouteUse {
                route: own.route,
                days: own.days[..end].to_vec(),
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
) -> PolarsResult<Vec<ClientUse>> {
    let frame = frame(table, clients, until)?;
    let mut sums: Vec<Expr> = Outcome::ALL
        .iter()
        .map(|outcome| {
            let this = col("outcome").eq(lit(u32::from(*outcome as u8)));
            col("count").filter(this).sum().alias(outcome.name())
        })
        .collect();
    sums.push(col("first").min());
    sums.push(col("last").max());
    let is = |outcome: Outcome| col("outcome").eq(lit(u32::from(outcome as u8)));
    let refused = || is(Outcome::DeniedGateway).or(is(Outcome::DeniedUpstream));
    for (name, which) in [("passed", is(Outcome::Used)), ("refused", refused())] {
        let first = col("first").filter(which.clone()).min();
        let last = col("last").filter(which).max();
        sums.push(first.alias(format!("{name}_first")));
        sums.push(last.alias(format!("{name}_last")));
    }
    let keys = ["client", "route", "day"];
    let frame = frame
        .lazy()
        .group_by(keys.map(col))
        .agg(sums)
        .sort(keys, SortMultipleOptions::default())
        .collect()?;
    let (client, route, day) = (
        frame.column("client")?.u32()?,
        frame.column("route")?.u32()?,
        frame.column("day")?.i32()?,
    );
    let (first, last) = (frame.column("first")?.i64()?, frame.column("last")?.i64()?);
    let instants = |name: &str| frame.column(name)?.i64();
    let passed = (instants("passed_first")?, instants("passed_last")?);
    let refused = (instants("refused_first")?, instants("refused_last")?);
    let outcomes: Vec<&UInt64Chunked> = Outcome::ALL
        .iter()
        .map(|outcome| frame.column(outcome.name())?.u64())
        .collect::<PolarsResult<_>>()?;
    let mut all: Vec<ClientUse> = Vec::new();
    for row in 0..frame.height() {
        let (Some(client), Some(route), Some(day)) =
            (client.get(row), route.get(row), day.get(row))
        else {
            continue;
        };
        let mut counts = [0; Outcome::ALL.len()];
        for (count, column) in counts.iter_mut().zip(&outcomes) {
            *count = column.get(row).unwrap_or(0);
        }
        let within = |(first, last): (&Int64Chunked, &Int64Chunked)| {
            Within::new(Day(day), first.get(row).zip(last.get(row)))
        };
        let day = DayUse {
            day,
            counts,
            first: first.get(row).unwrap_or(0),
            last: last.get(row).unwrap_or(0),
            passed: within(passed),
            refused: within(refused),
        };
        if all.last().is_none_or(|last| last.client != client) {
            all.push(ClientUse {
                client,
                routes: Vec::new(),
            });
        }
        if let Some(own) = all.last_mut() {
            match own.routes.last_mut() {
                Some(last) if last.route == route => last.days.push(day),
                _ => own.routes.push(RouteUse {
                    route,
                    days: vec![day],
                }),
            }
        }
    }
    Ok(all)
}
