//! Used against granted over windows and months: a table for reading, JSON, and rows.
//!
//! In: the matrix and a width. Out: the same figures in three forms.
//!
//! Invariants:
//! * a period without one day of records shows `-`, never `0`;
//! * a term that no request can show has no figures in the table;
//! * no table line is wider than asked for, and nothing but escaped text is written.

mod compared;

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use super::escape::{self, columns};
use super::json::instant;
use super::screen::Screen;
use super::table::Table;
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::{Day, Millis};
use crate::usage::{Holding, Matrix, Period, Uses};

pub(super) use compared::screen as compared_screen;

/// Name and version of the JSON form.
pub const SCHEMA: &str = "scopetrim.windows/1";

const COLUMNS: [Column; 14] = columns! {
    client: Text, "who holds it";
    term: Text, "what is held";
    observable: Bool, "some request could show its use";
    period: Text, "`90d`, or `2026-10` for a calendar month";
    from: Day, "first day";
    to: Day, "last day";
    days: Integer(32), "days of the period";
    covered_days: Integer(32), "those that have records";
    uses: Integer(64), "requests that needed it";
    proves_use: Integer(64), "those that prove use";
    days_used: Integer(32), "days with such a request";
    first_used: Instant or Null, "the first of them";
    last_used: Instant or Null, "the last of them";
    longest_gap_days: Integer(32) or Null, "longest silence between two uses";
};

/// One row for each client, term and period.
pub fn rows<'m>(matrix: &'m Matrix<'_>) -> Table<impl Rows + 'm> {
    let rows = Held::new(matrix.holdings.len(), |at, each| {
        let holding = &matrix.holdings[at];
        for (period, uses) in matrix.periods.iter().zip(&matrix.uses[at]) {
            each(&[
                holding.client.into(),
                holding.term.into(),
                holding.observable.into(),
                period.id.as_str().into(),
                period.window.from.into(),
                period.window.to.into(),
                period.window.days().into(),
                period.covered.into(),
                uses.requests.into(),
                uses.proved.into(),
                uses.days.into(),
                Cell::instant(uses.first),
                Cell::instant(uses.last),
                uses.longest_gap.into(),
            ]);
        }
    });
    Table::new(&COLUMNS, rows)
}

#[derive(Serialize)]
struct PeriodJson<'a> {
    id: &'a str,
    month: bool,
    from: Day,
    to: Day,
    days: u32,
    covered_days: u32,
}

#[derive(Serialize)]
struct RowJson<'a> {
    client: &'a str,
    term: &'a str,
    observable: bool,
    periods: Vec<UsesJson<'a>>,
}

#[derive(Serialize)]
struct UsesJson<'a> {
    period: &'a str,
    uses: u64,
    proves_use: u64,
    days_used: u32,
    first_used: Option<String>,
    last_used: Option<String>,
    longest_gap_days: Option<u32>,
}

#[derive(Serialize)]
struct MatrixJson<'a> {
    schema: &'static str,
    as_of: Option<Day>,
    incomplete: &'a [String],
    periods: Vec<PeriodJson<'a>>,
    rows: Vec<RowJson<'a>>,
}

/// The matrix as JSON; `incomplete` says what could not be read.
pub fn json(
    matrix: &Matrix<'_>,
    as_of: Option<Day>,
    incomplete: &[String],
) -> serde_json::Result<serde_json::Value> {
    let rows = matrix.holdings.iter().zip(&matrix.uses);
    serde_json::to_value(MatrixJson {
        schema: SCHEMA,
        as_of,
        incomplete,
        periods: matrix.periods.iter().map(period).collect(),
        rows: rows
            .map(|(holding, uses)| RowJson {
                client: holding.client,
                term: holding.term,
                observable: holding.observable,
                periods: matrix
                    .periods
                    .iter()
                    .zip(uses)
                    .map(|(period, own)| UsesJson {
                        period: &period.id,
                        uses: own.requests,
                        proves_use: own.proved,
                        days_used: own.days,
                        first_used: own.first.map(instant),
                        last_used: own.last.map(instant),
                        longest_gap_days: own.longest_gap,
                    })
                    .collect(),
            })
            .collect(),
    })
}

fn period(own: &Period) -> PeriodJson<'_> {
    PeriodJson {
        id: &own.id,
        month: own.month,
        from: own.window.from,
        to: own.window.to,
        days: own.window.days(),
        covered_days: own.covered,
    }
}

/// The matrix as tables, one client after the other, `width` columns wide (60 to 200).
pub fn table(matrix: &Matrix<'_>, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    if let Some(last) = matrix.periods.iter().rfind(|own| !own.month) {
        screen.prose(
            "",
            &format!(
                "requests that needed each scope, in windows that end on {}; `-`: no records in that time",
                last.window.to
            ),
        )?;
    }
    let covered: Vec<String> = matrix
        .periods
        .iter()
        .filter(|own| !own.month && own.covered < own.window.days())
        .map(|own| format!("{} of {}", own.covered, own.id))
        .collect();
    if !covered.is_empty() {
        screen.prose("days with records: ", &covered.join(", "))?;
    }
    let mut start = 0;
    while start < matrix.holdings.len() {
        let client = matrix.holdings[start].client;
        let end = matrix.holdings[start..]
            .iter()
            .position(|own| own.client != client)
            .map_or(matrix.holdings.len(), |more| start + more);
        screen.line("")?;
        screen.line(client)?;
        block(matrix, start..end, &mut screen)?;
        start = end;
    }
    Ok(())
}

/// The windows of these holdings, then their months.
pub(super) fn block(
    matrix: &Matrix<'_>,
    rows: std::ops::Range<usize>,
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    let holdings = &matrix.holdings[rows.clone()];
    let most = (screen.width() / 3).max(20);
    let names: Vec<String> = holdings
        .iter()
        .map(|own| escape::terminal(own.term).into_owned())
        .collect();
    let fitting = names.iter().map(|name| columns(name));
    let wide = fitting.filter(|own| *own <= most).max().unwrap_or(0);
    let wide = wide.max("SCOPE".len());
    let windows: Vec<usize> = (0..matrix.periods.len())
        .filter(|at| !matrix.periods[*at].month)
        .collect();
    let months: Vec<usize> = (0..matrix.periods.len())
        .filter(|at| matrix.periods[*at].month)
        .rev()
        .collect();
    let mut head: Vec<String> = windows
        .iter()
        .map(|at| matrix.periods[*at].id.clone())
        .collect();
    head.extend(["LAST", "DAYS", "GAP", "FIRST"].map(str::to_owned));
    let longest = windows.last().copied();
    let cells = |row: usize| -> Vec<String> {
        let uses = &matrix.uses[rows.start + row];
        let mut cells: Vec<String> = windows
            .iter()
            .map(|at| count(&matrix.periods[*at], &uses[*at]))
            .collect();
        let own = longest.map(|at| uses[at]).unwrap_or_default();
        let date = |at: Option<Millis>| at.map_or("-".to_owned(), |at| Day::of(at).to_string());
        let gap = own
            .longest_gap
            .map_or("-".to_owned(), |gap| format!("{gap} d"));
        cells.extend([date(own.last), own.days.to_string(), gap, date(own.first)]);
        cells
    };
    lines(screen, (&names, wide), holdings, &head, cells)?;
    if months.is_empty() {
        return Ok(());
    }
    let head: Vec<String> = months
        .iter()
        .map(|at| matrix.periods[*at].id.clone())
        .collect();
    lines(screen, (&names, wide), holdings, &head, |row| {
        let uses = &matrix.uses[rows.start + row];
        months
            .iter()
            .map(|at| count(&matrix.periods[*at], &uses[*at]))
            .collect()
    })
}

/// Head and rows; columns for which there is no room follow below, under a head of their own.
fn lines(
    screen: &mut Screen<'_>,
    (names, wide): (&[String], usize),
    holdings: &[Holding<'_>],
    head: &[String],
    cells: impl Fn(usize) -> Vec<String>,
) -> io::Result<()> {
    let all: Vec<Vec<String>> = (0..names.len()).map(cells).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|at| {
            let cell = all.iter().map(|row| row[at].len()).max().unwrap_or(0);
            cell.max(head[at].len()).max(5)
        })
        .collect();
    let mut from = 0;
    while from < head.len() {
        let mut room = screen.width().saturating_sub(2 + wide);
        let mut to = from;
        while to < head.len() && (widths[to] + 2 <= room || to == from) {
            room = room.saturating_sub(widths[to] + 2);
            to += 1;
        }
        let line = |row: &[String]| {
            let mut text = String::new();
            for at in from..to {
                // Writing to a string cannot fail.
                let _ = write!(text, "  {:>1$}", row[at], widths[at]);
            }
            text
        };
        screen.row("SCOPE", wide, &line(head), "")?;
        for ((name, holding), row) in names.iter().zip(holdings).zip(&all) {
            if holding.observable {
                screen.row(name, wide, &line(row), "")?;
            } else if from == 0 {
                screen.row(name, wide, "  ", "no request can show its use")?;
            }
        }
        from = to;
    }
    Ok(())
}

fn count(period: &Period, uses: &Uses) -> String {
    if period.covered == 0 {
        return "-".to_owned();
    }
    match uses.requests {
        n @ 0..100_000 => n.to_string(),
        n @ 100_000..10_000_000 => format!("{}k", n / 1000),
        n => format!("{}M", n / 1_000_000),
    }
}

#[cfg(test)]
#[path = "windows/tests.rs"]
mod tests;
