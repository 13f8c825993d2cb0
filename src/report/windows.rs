//! Used against granted over windows and months: a table for reading, JSON, and rows.
//!
//! In: the matrix and a width. Out: the same figures in three forms.
//!
//! Invariants:
//! * a period without one day of records shows `-`, never `0`;
//! * a term that no request can show has no figures in the table;
//! * no table line is wider than asked for, and nothing but escaped text is written.

mod compared;

use std::io::{self, Write};
use std::iter;
use std::ops::Range;

use serde::Serialize;

use super::escape;
use super::json::instant;
use super::screen::Screen;
use super::table::Table;
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::words::narrow;
use crate::model::{Day, Millis};
use crate::usage::{Matrix, Period, Uses};

pub(super) use compared::screen as compared_screen;

/// Name and version of the JSON form.
pub(crate) const SCHEMA: &str = "scopetrim.windows/1";

const COLUMNS: [Column; 14] = columns! {
    client: Text, "who holds it";
    term: Text, "what is held";
    observable: Bool, "whether a request could show its use";
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
pub(crate) fn rows<'m>(matrix: &'m Matrix<'_>) -> Table<impl Rows + 'm> {
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
pub(crate) fn json(
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
                    .map(|(period, uses)| UsesJson {
                        period: &period.id,
                        uses: uses.requests,
                        proves_use: uses.proved,
                        days_used: uses.days,
                        first_used: uses.first.map(instant),
                        last_used: uses.last.map(instant),
                        longest_gap_days: uses.longest_gap,
                    })
                    .collect(),
            })
            .collect(),
    })
}

fn period(period: &Period) -> PeriodJson<'_> {
    PeriodJson {
        id: &period.id,
        month: period.month,
        from: period.window.from,
        to: period.window.to,
        days: period.window.days(),
        covered_days: period.covered,
    }
}

/// The matrix as tables, one client after the other, `width` columns wide (60 to 200).
pub(crate) fn table(matrix: &Matrix<'_>, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    if let Some(last) = matrix.periods.iter().rfind(|period| !period.month) {
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
        .filter(|period| !period.month && period.covered < period.window.days())
        .map(|period| format!("{} of {}", period.covered, period.id))
        .collect();
    if !covered.is_empty() {
        screen.prose("days with records: ", &covered.join(", "))?;
    }
    let mut start = 0;
    while start < matrix.holdings.len() {
        let client = matrix.holdings[start].client;
        let end = matrix.holdings[start..]
            .iter()
            .position(|holding| holding.client != client)
            .map_or(matrix.holdings.len(), |more| start + more);
        screen.line("")?;
        screen.line(client)?;
        block(matrix, start..end, &mut screen)?;
        start = end;
    }
    Ok(())
}

/// The windows of these holdings, then their months.
fn block(matrix: &Matrix<'_>, rows: Range<usize>, screen: &mut Screen<'_>) -> io::Result<()> {
    let all = 0..matrix.periods.len();
    let (mut months, windows): (Vec<usize>, Vec<usize>) =
        all.partition(|at| matrix.periods[*at].month);
    months.reverse();
    let longest = windows.last().copied();
    let ending = |row: usize| {
        let own = longest.map(|at| matrix.uses[row][at]).unwrap_or_default();
        let none = || "-".to_owned();
        let date = |at: Option<Millis>| at.map_or_else(none, |at| Day::of(at).to_string());
        let gap = own.longest_gap.map_or_else(none, |gap| format!("{gap} d"));
        [date(own.last), own.days.to_string(), gap, date(own.first)]
    };
    let head = ["LAST", "DAYS", "GAP", "FIRST"].map(str::to_owned);
    figures(matrix, (rows.clone(), &windows), (&head, ending), screen)?;
    if months.is_empty() {
        return Ok(());
    }
    figures(matrix, (rows, &months), (&[], |_| []), screen)
}

/// What each of the holdings was used in each of the periods, and what ends its row.
fn figures<const N: usize>(
    matrix: &Matrix<'_>,
    (rows, periods): (Range<usize>, &[usize]),
    (head, ending): (&[String; N], impl Fn(usize) -> [String; N]),
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    // As wide for every client, as far as can be.
    let ids = periods
        .iter()
        .map(|at| format!("{:>5}", matrix.periods[*at].id));
    let heads = iter::once("SCOPE".to_owned()).chain(ids);
    let mut lines = vec![heads.chain(head.iter().cloned()).collect()];
    for row in rows {
        let holding = &matrix.holdings[row];
        let mut line = vec![escape::terminal(holding.term).into_owned()];
        if holding.observable {
            let uses = &matrix.uses[row];
            line.extend(
                periods
                    .iter()
                    .map(|at| count(&matrix.periods[*at], &uses[*at])),
            );
            line.extend(ending(row));
        } else {
            line.push("no request can show its use".to_owned());
        }
        lines.push(line);
    }
    screen.table("  ", 1, &lines)
}

fn count(period: &Period, uses: &Uses) -> String {
    if period.covered == 0 {
        return "-".to_owned();
    }
    narrow(uses.requests)
}

#[cfg(test)]
#[path = "windows/tests.rs"]
mod tests;
