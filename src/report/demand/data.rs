//! The demand as data: JSON and rows.

use serde::Serialize;

use super::operation;
use crate::analysis::ClientAnalysis;
use crate::analysis::demand::Way;
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::{Day, Scope, Term};
use crate::report::model::{Denied, Tokens};
use crate::report::table::Table;
use crate::report::{View, json_text};

/// Name and version of the JSON.
pub(crate) const SCHEMA: &str = "scopetrim.demand/1";

const COLUMNS: [Column; 16] = columns! {
    client: Text, "who asked";
    operation: Text, "what was refused";
    cause: Text, "what the grants say about it";
    requests: Integer(64), "refused requests";
    by_gateway: Integer(64), "those that the gateway refused";
    by_service_or_unknown: Integer(64), "the others";
    days: Integer(32), "days with one";
    first: Instant, "the first";
    last: Instant, "the last";
    sample_request_id: Text or Null, "an id to look up";
    permitted_by: List(" "), "held terms that permit it";
    in_token: Bool or Null, "whether tokens carried what permits it";
    way: List(" ") or Null, "scopes that together would permit it";
    opens: Integer(64) or Null, "operations that this would open";
    opens_writes: Integer(64) or Null, "those of them that write";
    adds_exposure: Float(Some(4)) or Null, "exposure that it would add";
};

#[derive(Serialize)]
struct DemandJson<'a> {
    schema: &'static str,
    as_of: Option<Day>,
    window: Option<[Day; 2]>,
    incomplete: &'a [String],
    clients: Vec<ClientJson<'a>>,
}

#[derive(Serialize)]
struct ClientJson<'a> {
    id: &'a str,
    denied: Vec<Denied<'a>>,
    tokens: Tokens<'a>,
}

/// The same as data.
pub(crate) fn json(view: &View<'_>, clients: &[&ClientAnalysis]) -> serde_json::Result<String> {
    let has_data = view.coverage.span().is_some();
    let window = view.analysis.window;
    let value = DemandJson {
        schema: SCHEMA,
        as_of: has_data.then_some(window.to),
        window: has_data.then_some([window.from, window.to]),
        incomplete: view.incomplete,
        clients: clients
            .iter()
            .map(|client| ClientJson {
                id: client.id.as_str(),
                denied: client
                    .denied
                    .iter()
                    .map(|row| Denied::of(view, client, row))
                    .collect(),
                tokens: Tokens::of(&client.demand.tokens),
            })
            .collect(),
    };
    let mut text = json_text::pretty(&value)?;
    text.push('\n');
    Ok(text)
}

/// One row for each client, refused operation and way to open it.
pub(crate) fn rows<'c>(
    view: &'c View<'_>,
    clients: &'c [&ClientAnalysis],
) -> Table<impl Rows + 'c> {
    let rows = Held::new(clients.len(), |at, each| {
        let client = clients[at];
        for refused in &client.demand.refused {
            let seen = &refused.seen;
            let operation = operation(view, refused.route);
            let mut row = |way: Option<&Way>| {
                each(&[
                    client.id.as_str().into(),
                    operation.as_str().into(),
                    refused.cause.name().into(),
                    seen.requests().into(),
                    seen.gateway.into(),
                    seen.service.into(),
                    seen.days.into(),
                    Cell::Instant(seen.first),
                    Cell::Instant(seen.last),
                    seen.sample.as_deref().into(),
                    Cell::list(refused.terms.iter().map(Term::as_str)),
                    refused.in_token.into(),
                    way.map_or(Cell::Null, |way| {
                        Cell::list(way.scopes.iter().map(Scope::as_str))
                    }),
                    way.map(|way| way.operations).into(),
                    way.map(|way| way.writes).into(),
                    way.and_then(|way| format!("{:.4}", way.exposure).parse::<f64>().ok())
                        .into(),
                ]);
            };
            if refused.ways.is_empty() {
                row(None);
            }
            refused.ways.iter().for_each(|way| row(Some(way)));
        }
    });
    Table::new(&COLUMNS, rows)
}
