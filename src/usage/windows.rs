//! Used against granted over several spans of days at once.
//!
//! In: for each client and held term the routes it serves, and what the client
//! did per day. Out: for each such pair and each period the requests that
//! needed the term, the days, the first, the last, the longest silence.
//!
//! Invariants:
//! * a request counts once for a term, whatever number of its operations it may have been;
//! * a period says how many of its days have records: no data is not "no use";
//! * rows and periods keep the order in which they were asked for.

use chrono::{Datelike, NaiveDate};
use polars::prelude::*;

use super::coverage::Coverage;
use super::frame::ClientUse;
use crate::model::{Day, Millis, Outcome, Window};

/// Lengths, in days, of the windows that end at as-of.
pub const WINDOW_DAYS: [u32; 6] = [7, 30, 60, 90, 180, 365];

/// A span of days and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `90d`, or `2026-10` for a calendar month.
    pub id: String,
    /// It is a calendar month, cut at as-of.
    pub month: bool,
    /// Its days.
    pub window: Window,
    /// Days of it that have records.
    pub covered: u32,
}

/// The windows of [`WINDOW_DAYS`], then the last `months` calendar months, the oldest first.
pub fn periods(as_of: Day, months: u32, coverage: &Coverage) -> Vec<Period> {
    let mut all: Vec<Period> = WINDOW_DAYS
        .iter()
        .map(|days| Period {
            id: format!("{days}d"),
            month: false,
            window: Window::ending(as_of, *days),
            covered: 0,
        })
        .collect();
    let last = as_of.date();
    let count = i64::from(last.year()) * 12 + i64::from(last.month0());
    for back in (0..i64::from(months)).rev() {
        let month = count - back;
        let first = |month: i64| {
            let year = i32::try_from(month.div_euclid(12)).ok()?;
            let number = u32::try_from(month.rem_euclid(12)).ok()? + 1;
            NaiveDate::from_ymd_opt(year, number, 1).map(Day::from_date)
        };
        let (Some(from), Some(next)) = (first(month), first(month + 1)) else {
            continue;
        };
        all.push(Period {
            id: from.to_string().chars().take(7).collect(),
            month: true,
            window: Window {
                from,
                to: next.plus(-1).min(as_of),
            },
            covered: 0,
        });
    }
    for period in &mut all {
        period.covered = coverage.covered(period.window);
    }
    all
}

/// A client and a term it holds.
#[derive(Clone, Debug)]
pub struct Holding<'a> {
    /// Client, as the policy names it.
    pub client: &'a str,
    /// Term, as the policy has it.
    pub term: &'a str,
    /// Some request could show its use.
    pub observable: bool,
    /// What the client did; `None` when it never appeared.
    pub usage: Option<&'a ClientUse>,
    /// Routes that the term serves.
    pub routes: Vec<u32>,
}

/// Use of one term by one client in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Requests that needed it: used and attempted.
    pub requests: u64,
    /// Those that prove use.
    pub proved: u64,
    /// Days with such a request.
    pub days: u32,
    /// The first of them.
    pub first: Option<Millis>,
    /// The last of them.
    pub last: Option<Millis>,
    /// Longest silence between two uses of the period in calendar days; `None` with
    /// fewer than two days of use.
    pub longest_gap: Option<u32>,
}

/// Holdings against periods.
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    /// The columns.
    pub periods: Vec<Period>,
    /// The rows, in the order asked for.
    pub holdings: Vec<Holding<'a>>,
    /// `uses[row][column]`.
    pub uses: Vec<Vec<Uses>>,
}

/// Days of use that are counted at a time: a year of thousands of clients is not in
/// memory a second time.
const BATCH: usize = 1 << 19;

/// Counts every holding in every period.
pub fn matrix(holdings: Vec<Holding<'_>>, periods: Vec<Period>) -> PolarsResult<Matrix<'_>> {
    let mut uses = vec![vec![Uses::default(); periods.len()]; holdings.len()];
    let mut start = 0;
    while start < holdings.len() {
        let mut rows = 0;
        let end = holdings
            .iter()
            .enumerate()
            .skip(start)
            .find(|(at, holding)| {
                rows += width(holding);
                *at > start && rows > BATCH
            })
            .map_or(holdings.len(), |(at, _)| at);
        if let (Some(held), Some(uses)) = (holdings.get(start..end), uses.get_mut(start..end)) {
            count(held, &periods, uses)?;
        }
        start = end;
    }
    Ok(Matrix {
        periods,
        holdings,
        uses,
    })
}

/// Rows of a holding in the frame, at most.
fn width(holding: &Holding<'_>) -> usize {
    let routes = holding.usage.into_iter().flat_map(|usage| &usage.routes);
    routes
        .filter(|route_use| holding.routes.contains(&route_use.route))
        .map(|route_use| route_use.days.rows())
        .sum()
}

fn count(holdings: &[Holding<'_>], periods: &[Period], uses: &mut [Vec<Uses>]) -> PolarsResult<()> {
    let facts = facts(holdings)?;
    let day = facts.column("day")?.i32()?;
    for (column, period) in periods.iter().enumerate() {
        let inside = day.gt_eq(period.window.from.0) & day.lt_eq(period.window.to.0);
        let found = facts.filter(&inside)?;
        let (row, day) = (found.column("row")?.u32()?, found.column("day")?.i32()?);
        let (need, proved) = (found.column("need")?.u64()?, found.column("proved")?.u64()?);
        let (first, last) = (found.column("first")?.i64()?, found.column("last")?.i64()?);
        let requests = need.into_no_null_iter().zip(proved.into_no_null_iter());
        let spans = first.into_no_null_iter().zip(last.into_no_null_iter());
        let keys = row.into_no_null_iter().zip(day.into_no_null_iter());
        let mut before = None;
        for (((row, day), (need, proved)), (first, last)) in keys.zip(requests).zip(spans) {
            let client_uses = uses
                .get_mut(row as usize)
                .and_then(|columns| columns.get_mut(column));
            let Some(uses) = client_uses else { continue };
            uses.requests += need;
            uses.proved += proved;
            uses.first = Some(uses.first.map_or(first, |other| other.min(first)));
            uses.last = Some(uses.last.map_or(last, |other| other.max(last)));
            // Sorted by holding and day: the operations of one day are adjacent.
            match before {
                Some((other, _)) if other != row => uses.days = 1,
                Some((_, same)) if same == day => {}
                Some((_, earlier)) => {
                    let silence = u32::try_from(day - earlier - 1).unwrap_or(0);
                    uses.longest_gap = uses.longest_gap.max(Some(silence));
                    uses.days += 1;
                }
                None => uses.days = 1,
            }
            before = Some((row, day));
        }
    }
    Ok(())
}

/// Requests that must stay permitted, by holding, day and operation; sorted by the first two.
fn facts(holdings: &[Holding<'_>]) -> PolarsResult<DataFrame> {
    let (mut row, mut day) = (Vec::new(), Vec::new());
    let (mut need, mut proved) = (Vec::new(), Vec::new());
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (index, holding) in holdings.iter().enumerate() {
        let served = holding.usage.into_iter().flat_map(|usage| &usage.routes);
        for route_use in served.filter(|route_use| holding.routes.contains(&route_use.route)) {
            for on in route_use.days.iter().filter(|on| on.need() > 0) {
                row.push(number(index));
                day.push(on.day);
                need.push(on.need());
                proved.push(on.counts[Outcome::Used as usize]);
                first.push(on.first);
                last.push(on.last);
            }
        }
    }
    DataFrame::new(
        day.len(),
        vec![
            Column::new("row".into(), row),
            Column::new("day".into(), day),
            Column::new("need".into(), need),
            Column::new("proved".into(), proved),
            Column::new("first".into(), first),
            Column::new("last".into(), last),
        ],
    )?
    .sort(["row", "day"], SortMultipleOptions::default())
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "windows/tests.rs"]
mod tests;
