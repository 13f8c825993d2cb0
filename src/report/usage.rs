//! The usage table: a row for each day, client and route, or one for each outcome of them.
//!
//! A request without a client has no client there, one that matched no operation has
//! neither method nor template.

use crate::model::rows::{Cell, Column, EachRow, Part, Rows, columns};
use crate::model::{Millis, Outcome};
use crate::report::table::Table;
use crate::usage::{DayRows, NOBODY, Row, UsageTable, for_each_day};

const COLUMNS: [Column; 12] = columns! {
    day: Day, "the day, UTC";
    client: Text or Null, "who asked";
    method: Text or Null, "HTTP method of the operation";
    template: Text or Null, "path of the operation";
    count: Integer(64), "requests";
    used: Integer(64), "requests that prove use";
    attempted: Integer(64), "requests that may have needed the right";
    denied: Integer(64), "requests that were refused";
    unauthenticated: Integer(64), "requests without authentication";
    first: Instant, "the first request";
    last: Instant, "the last request";
    sample_request_id: Text or Null, "id of the first request";
};

const OUTCOMES: [Column; 9] = columns! {
    day: Day, "the day, UTC";
    client: Text or Null, "who asked";
    method: Text or Null, "HTTP method of the operation";
    template: Text or Null, "path of the operation";
    outcome: Text, "what the answers prove";
    count: Integer(64), "requests";
    first: Instant, "the first request";
    last: Instant, "the last request";
    sample_request_id: Text or Null, "id of the first request";
};

/// One row for each day, client and route.
pub(crate) fn by_route(table: &UsageTable) -> Table<impl Rows> {
    let cells = |rows: &DayRows, each: &mut EachRow<'_>| {
        groups(rows, |group| each(&group.cells(rows, table)));
    };
    Table::new(&COLUMNS, Days { table, cells })
}

/// One row for each day, client, route and outcome.
pub(crate) fn by_outcome(table: &UsageTable) -> Table<impl Rows> {
    let cells = |rows: &DayRows, each: &mut EachRow<'_>| {
        rows.for_each(|row| {
            let [client, method, template] = names(table, row.client, row.route);
            each(&[
                rows.day().into(),
                client,
                method,
                template,
                row.outcome.name().into(),
                row.count.into(),
                Cell::Instant(row.first),
                Cell::Instant(row.last),
                row.sample.map(String::from_utf8_lossy).into(),
            ]);
        });
    };
    Table::new(&OUTCOMES, Days { table, cells })
}

/// The rows of a usage table, day by day.
struct Days<'t, F> {
    table: &'t UsageTable,
    cells: F,
}

impl<F: Fn(&DayRows, &mut EachRow<'_>) + Sync> Rows for Days<'_, F> {
    fn for_each_part<T: Send, E>(
        &self,
        render: impl Fn(&Part<'_>) -> T + Sync,
        take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let day = |rows: DayRows| render(&|each| (self.cells)(&rows, each));
        for_each_day(self.table, day, take)
    }
}

/// Client, method and template of a row.
fn names(table: &UsageTable, client: u32, route: u32) -> [Cell<'_>; 3] {
    let name = table.clients.get(client as usize).map(String::as_str);
    let route = table.routes.get(route as usize);
    [
        name.filter(|name| !name.is_empty()).into(),
        route.map(|route| route.method.name()).into(),
        route.map(|route| route.template.as_str()).into(),
    ]
}

/// One row in the making: the outcomes of a group come one after the other.
#[derive(Default)]
struct Group {
    /// Client and route.
    key: Option<(u32, u32)>,
    counts: [u64; Outcome::ALL.len()],
    first: Millis,
    last: Millis,
    sample: Vec<u8>,
}

/// Calls with each group of a day, in order of client and route.
fn groups(rows: &DayRows, mut each: impl FnMut(&Group)) {
    let mut group = Group::default();
    rows.for_each(|row| {
        if group.key != Some((row.client, row.route)) {
            if group.key.is_some() {
                each(&group);
            }
            group.begin(&row);
        }
        group.add(&row);
    });
    if group.key.is_some() {
        each(&group);
    }
}

impl Group {
    fn begin(&mut self, row: &Row<'_>) {
        self.key = Some((row.client, row.route));
        self.counts = [0; Outcome::ALL.len()];
        (self.first, self.last) = (Millis::MAX, Millis::MIN);
        self.sample.clear();
    }

    fn add(&mut self, row: &Row<'_>) {
        self.counts[row.outcome as usize] += row.count;
        if row.first < self.first {
            self.first = row.first;
            self.sample.clear();
            self.sample
                .extend_from_slice(row.sample.unwrap_or_default());
        }
        self.last = self.last.max(row.last);
    }

    fn cells<'a>(&'a self, rows: &DayRows, table: &'a UsageTable) -> [Cell<'a>; COLUMNS.len()] {
        let (client, route) = self.key.unwrap_or_default();
        let [name, method, template] = names(table, client, route);
        let of = |outcome: Outcome| self.counts[outcome as usize];
        // Attempts that name no caller are unauthenticated.
        let failed = match client {
            NOBODY => of(Outcome::Attempted),
            _ => 0,
        };
        let denied = Outcome::ALL
            .into_iter()
            .filter(|outcome| outcome.is_denied());
        let sample = String::from_utf8_lossy(&self.sample);
        [
            rows.day().into(),
            name,
            method,
            template,
            self.counts.iter().sum::<u64>().into(),
            of(Outcome::Used).into(),
            (of(Outcome::Attempted) - failed).into(),
            denied.map(of).sum::<u64>().into(),
            (of(Outcome::Unauthenticated) + failed).into(),
            Cell::Instant(self.first),
            Cell::Instant(self.last),
            Some(sample).filter(|id| !id.is_empty()).into(),
        ]
    }
}
