//! What a proposed policy would deny: a table for reading, JSON (`scopetrim.replay/1`), rows.
//!
//! Invariants: incomplete input is stated first; what is cut from the table is
//! counted and whole in JSON and the rows; no clock.

pub(crate) mod table;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::instant;
use super::table::Table;
use crate::analysis::replay::proposal::{Change, Fate, Lack, Proposal, Row, Unknown};
use crate::catalog::matcher::Route;
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::words::ten_thousandths_up;
use crate::model::{Catalog, Operation, Window};

/// Name and version of the JSON.
pub(crate) const SCHEMA: &str = "scopetrim.replay/1";

const COLUMNS: [Column; 12] = columns! {
    result: Text, "what the proposal does to it";
    client: Text or Null, "who asked";
    operation: Text, "what was asked for";
    requests: Integer(64), "requests that must stay permitted";
    used: Integer(64), "those that prove use";
    attempted: Integer(64), "those that may have needed the right";
    days: Integer(32), "days with one";
    first: Instant, "the first";
    last: Instant, "the last";
    would_do: List(" | "), "scopes that would permit it";
    samples: List(" "), "request ids to look up";
    note: Text or Null, "why it is unknown, or not in the proposal";
};

/// Everything the renderers show.
pub(crate) struct ReplayView<'a> {
    /// The answer.
    pub found: &'a Proposal,
    /// The days replayed; `None` without data.
    pub window: Option<Window>,
    /// The days that the logs cover; they may begin earlier.
    pub span: Option<Window>,
    /// Days of the window that have records.
    pub covered: u32,
    /// The operations.
    pub catalog: &'a Catalog,
    /// The routes that rows name.
    pub routes: &'a [Route],
    /// Request ids of denied rows, by client and route.
    pub samples: &'a BTreeMap<(u32, u32), Vec<String>>,
    /// The proposed files.
    pub after: &'a [String],
    /// The files in force; may be empty.
    pub before: &'a [String],
    /// What was incomplete.
    pub incomplete: &'a [String],
    /// What else is worth saying.
    pub notes: &'a [String],
}

impl ReplayView<'_> {
    fn route(&self, route: u32) -> String {
        self.routes
            .get(route as usize)
            .map_or_else(|| "(no operation)".to_owned(), Route::label)
    }

    fn operation(&self, operation: usize) -> String {
        let operations = &self.catalog.operations;
        operations
            .get(operation)
            .map(Operation::label)
            .unwrap_or_default()
    }

    fn samples(&self, row: &Row) -> &[String] {
        let key = (row.seen.client, row.seen.route);
        self.samples.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Unknown requests in hundredths of a percent, rounded up.
    fn unknown_share(&self) -> u64 {
        let unknown = self.found.sum(Fate::Unknown).requests;
        ten_thousandths_up(unknown, self.found.requests())
    }
}

/// `orders:write` or `a + b`.
fn together(lack: &Lack) -> String {
    let names: Vec<&str> = lack
        .scopes
        .iter()
        .map(crate::model::Scope::as_str)
        .collect();
    names.join(" + ")
}

/// The whole answer as JSON with a line end.
pub(crate) fn json(view: &ReplayView<'_>) -> Result<String, serde_json::Error> {
    let found = view.found;
    let row = |row: &Row| {
        let mut document = json!({
            "client": row.client,
            "operation": view.route(row.seen.route),
            "requests": row.seen.need(), "used": row.seen.used, "attempted": row.seen.attempted,
            "days": row.seen.days,
            "first": instant(row.seen.first), "last": instant(row.seen.last),
        });
        match row.fate {
            Fate::Denied => {
                document["client_in_proposal"] = json!(row.in_after);
                document["samples"] = json!(view.samples(row));
                let lack =
                    |lack: &Lack| json!({"scopes": lack.scopes, "held_before": lack.held_before});
                document["would_do"] = row.would_do.iter().map(lack).collect();
            }
            Fate::NotCovered => document["client_in_proposal"] = json!(row.in_after),
            _ => document["reason"] = json!(row.unknown.map(Unknown::name)),
        }
        document
    };
    let rows = |fate: Fate| -> Value { found.of(fate).map(row).collect() };
    let sums: serde_json::Map<String, Value> = Fate::ALL
        .into_iter()
        .map(|fate| {
            let sum = found.sum(fate);
            let row =
                json!({"requests": sum.requests, "operations": sum.pairs, "clients": sum.clients});
            (fate.name().to_owned(), row)
        })
        .collect();
    let change = |change: &Change| {
        let opened: Vec<String> = change.opened.iter().map(|op| view.operation(*op)).collect();
        json!({"client": change.client, "added": change.added, "removed": change.removed, "opened": opened})
    };
    let whole = json!({
        "schema": SCHEMA,
        "proposal": view.after,
        "before": if view.before.is_empty() { Value::Null } else { json!(view.before) },
        "window": {"from": view.window.map(|window| window.from), "to": view.window.map(|window| window.to),
            "days": view.window.map_or(0, Window::days), "covered_days": view.covered},
        "incomplete": view.incomplete,
        "notes": view.notes,
        "requests": found.requests(),
        "results": sums,
        "unknown_share": f64::from(u32::try_from(view.unknown_share()).unwrap_or(10_000)) / 10_000.0,
        "first_denied": found.denied_span.map(|(first, _)| instant(first)),
        "last_denied": found.denied_span.map(|(_, last)| instant(last)),
        "denied": rows(Fate::Denied),
        "not_covered": rows(Fate::NotCovered),
        "unknown": rows(Fate::Unknown),
        "changes": found.changes.iter().map(change).collect::<Value>(),
    });
    let mut text = crate::report::json_text::pretty(&whole)?;
    text.push('\n');
    Ok(text)
}

fn note(row: &Row) -> Option<&'static str> {
    match row.unknown {
        Some(why) => Some(why.name()),
        None if row.in_after => None,
        None => Some("client_not_in_proposal"),
    }
}

/// One row for each client and operation that is not unchanged.
pub(crate) fn rows<'v>(view: &'v ReplayView<'_>) -> Table<impl Rows + 'v> {
    let rows = Held::new(view.found.rows.len(), |at, each| {
        let row = &view.found.rows[at];
        each(&[
            row.fate.name().into(),
            Some(row.client.as_str())
                .filter(|name| !name.is_empty())
                .into(),
            view.route(row.seen.route).into(),
            row.seen.need().into(),
            row.seen.used.into(),
            row.seen.attempted.into(),
            row.seen.days.into(),
            Cell::Instant(row.seen.first),
            Cell::Instant(row.seen.last),
            Cell::list(row.would_do.iter().map(together)),
            Cell::list(view.samples(row).iter().map(String::as_str)),
            note(row).into(),
        ]);
    });
    Table::new(&COLUMNS, rows)
}
