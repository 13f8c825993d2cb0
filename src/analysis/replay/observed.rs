//! What was observed: needed requests per client and route, and some of their ids.
//!
//! Invariants:
//! * only requests that must stay permitted (used or attempted), and those of nobody that
//!   may have to, are seen;
//! * the result is sorted by client and route, whatever the order of the log;
//! * what a wrong clock dated after the end of the data, or before it begins, did happen,
//!   and counts on the last day.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::model::{Day, Millis, Outcome, Window};
use crate::usage::{UNMATCHED, UsageTable, for_each_day};

/// What becomes of what is dated outside of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// The window ends with the data, and what is dated later counts on its last day. Where
    /// an earlier end was asked for, it is left out.
    pub(crate) late_counts: bool,
    /// The data begins here, and what is dated earlier counts on the last day: it may have
    /// been at any time.
    pub(crate) begins: Option<Day>,
}

impl Outside {
    /// By how much the instants of a day move; `None` when the day plays no part.
    pub(crate) fn shift(self, day: Day, window: Window) -> Option<Millis> {
        let early = self.begins.is_some_and(|begins| day < begins);
        if !early && window.contains(day) {
            return Some(0);
        }
        let counts = early || (self.late_counts && day > window.to);
        (counts && window.from <= window.to).then(|| window.to.start() - day.start())
    }
}

/// Ids that are kept for one client and route.
const SAMPLES: usize = 3;

/// Needed requests of one client on one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Index into the table's clients; 0 is nobody.
    pub client: u32,
    /// Index into the table's routes, or [`crate::usage::UNMATCHED`].
    pub route: u32,
    /// Requests that prove use.
    pub used: u64,
    /// Requests that prove nothing, and may have needed the permission.
    pub attempted: u64,
    /// Days with such requests.
    pub days: u32,
    /// First of them.
    pub first: Millis,
    /// Last of them.
    pub last: Millis,
}

impl Seen {
    /// Requests that must stay permitted.
    pub(crate) fn need(&self) -> u64 {
        self.used + self.attempted
    }
}

/// Counts what was needed in the window.
pub(crate) fn observe(table: &UsageTable, window: Window, outside: Outside) -> Vec<Seen> {
    let mut all: BTreeMap<(u32, u32), Seen> = BTreeMap::new();
    let day = |rows: crate::usage::DayRows| {
        let mut day: Vec<Seen> = Vec::new();
        let Some(shift) = outside.shift(rows.day(), window) else {
            return day;
        };
        // The outcomes of one client and route come one after the other.
        rows.for_each(|row| {
            let (used, attempted) = match row.outcome {
                Outcome::Used => (row.count, 0),
                Outcome::Attempted => (0, row.count),
                // Nobody knows whose it was: it may have needed what its operation asks for.
                Outcome::Unauthenticated if row.route != UNMATCHED => (0, row.count),
                _ => return,
            };
            let next = Seen {
                client: row.client,
                route: row.route,
                used,
                attempted,
                days: 1,
                first: row.first + shift,
                last: row.last + shift,
            };
            match day.last_mut() {
                Some(seen) if (seen.client, seen.route) == (row.client, row.route) => {
                    seen.join(&next, 0);
                }
                _ => day.push(next),
            }
        });
        day
    };
    let done = for_each_day(table, day, |day| {
        for seen in day {
            all.entry((seen.client, seen.route))
                // Days that were moved to the last one are one day.
                .and_modify(|known| {
                    let another = Day::of(known.last) < Day::of(seen.first);
                    known.join(&seen, u32::from(another));
                })
                .or_insert(seen);
        }
        Ok::<(), Infallible>(())
    });
    match done {
        Ok(()) => all.into_values().collect(),
    }
}

impl Seen {
    fn join(&mut self, other: &Self, days: u32) {
        self.used += other.used;
        self.attempted += other.attempted;
        self.days += days;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Ids of needed requests of the window, for these clients and routes: the
/// first one and the two last ones that the table knows, in order of time.
pub(crate) fn samples(
    table: &UsageTable,
    (window, outside): (Window, Outside),
    wanted: &BTreeSet<(u32, u32)>,
) -> BTreeMap<(u32, u32), Vec<String>> {
    type Sighting = ((u32, u32), Millis, String);

    let mut all: BTreeMap<(u32, u32), Vec<String>> = BTreeMap::new();
    if wanted.is_empty() {
        return all;
    }
    let day = |rows: crate::usage::DayRows| {
        let mut found: Vec<Sighting> = Vec::new();
        if outside.shift(rows.day(), window).is_none() {
            return found;
        }
        rows.for_each(|row| {
            let key = (row.client, row.route);
            let needed = matches!(row.outcome, Outcome::Used | Outcome::Attempted);
            if let Some(id) = row.sample.filter(|_| needed && wanted.contains(&key)) {
                let id = match std::str::from_utf8(id) {
                    Ok(id) => id.to_owned(),
                    Err(_) => id.escape_ascii().to_string(),
                };
                found.push((key, row.first, id));
            }
        });
        found.sort();
        found
    };
    let done = for_each_day(table, day, |day| {
        for (key, _, id) in day {
            let names = all.entry(key).or_default();
            if names.last() != Some(&id) {
                names.push(id);
            }
            if names.len() > SAMPLES {
                names.remove(1);
            }
        }
        Ok::<(), Infallible>(())
    });
    match done {
        Ok(()) => all,
    }
}
