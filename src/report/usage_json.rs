//! The usage table as JSON: an array with one line for each day, client and route.
//!
//! Streamed like the CSV, so that a large table is never in memory as text. A
//! request without a client has `null` there, one that matched no operation has
//! `null` for method and template.

use std::io::{self, Write};

use serde::Serialize;

use super::json::instant;
use super::json_text;
use super::usage_csv::{Line, lines};
use crate::model::Outcome;
use crate::usage::{DayRows, NOBODY, UsageTable, for_each_day};

#[derive(Serialize)]
struct Row<'a> {
    day: &'a str,
    client: Option<&'a str>,
    method: Option<&'static str>,
    template: Option<&'a str>,
    count: u64,
    used: u64,
    attempted: u64,
    denied: u64,
    unauthenticated: u64,
    first: String,
    last: String,
    sample_request_id: Option<String>,
}

/// Writes the table.
pub fn write(table: &UsageTable, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    let mut any = false;
    for_each_day(
        table,
        |rows| day(&rows, table),
        |texts| {
            for text in texts? {
                out.write_all(if any { b",\n" } else { b"\n" })?;
                out.write_all(text.as_bytes())?;
                any = true;
            }
            Ok::<(), io::Error>(())
        },
    )?;
    out.write_all(b"\n]\n")
}

fn day(rows: &DayRows, table: &UsageTable) -> io::Result<Vec<String>> {
    let day = rows.day().to_string();
    let mut texts = Vec::new();
    let mut fault = None;
    lines(rows, |line| {
        match json_text::line(&row(&day, line, table)) {
            Ok(text) => texts.push(text),
            Err(error) => fault = Some(io::Error::from(error)),
        }
    });
    fault.map_or(Ok(texts), Err)
}

/// Of the attempts of a client, those that name no caller: they are unauthenticated.
pub(super) fn nobodys(client: u32, attempted: u64) -> u64 {
    if client == NOBODY { attempted } else { 0 }
}

/// Requests that were refused, for whatever reason.
pub(super) fn denied(counts: &[u64; Outcome::ALL.len()]) -> u64 {
    let all = Outcome::ALL.into_iter().zip(counts);
    all.filter(|(own, _)| own.is_denied())
        .map(|(_, count)| count)
        .sum()
}

fn row<'a>(day: &'a str, line: &Line, table: &'a UsageTable) -> Row<'a> {
    let (client, route) = line.key.unwrap_or_default();
    let name = table.clients.get(client as usize).map(String::as_str);
    let route = table.routes.get(route as usize);
    let of = |outcome: Outcome| line.counts[outcome as usize];
    let failed = nobodys(client, of(Outcome::Attempted));
    let sample = String::from_utf8_lossy(&line.sample).into_owned();
    Row {
        day,
        client: name.filter(|name| !name.is_empty()),
        method: route.map(|route| route.method.name()),
        template: route.map(|route| route.template.as_str()),
        count: line.counts.iter().sum(),
        used: of(Outcome::Used),
        attempted: of(Outcome::Attempted) - failed,
        denied: denied(&line.counts),
        unauthenticated: of(Outcome::Unauthenticated) + failed,
        first: instant(line.first),
        last: instant(line.last),
        sample_request_id: Some(sample).filter(|id| !id.is_empty()),
    }
}
