//! The demand as data: JSON and CSV.

use std::fmt::Write as _;

use serde::Serialize;

use super::operation;
use crate::analysis::ClientAnalysis;
use crate::model::{Day, Term};
use crate::report::escape::csv_text;
use crate::report::json::instant;
use crate::report::model::{Denied, Tokens};
use crate::report::{View, json_text};

/// Name and version of the JSON.
pub const SCHEMA: &str = "scopetrim.demand/1";
/// Column names of the CSV.
pub const HEADER: &str = "client,operation,cause,requests,by_gateway,by_service_or_unknown,days,first,last,sample_request_id,permitted_by,in_token,way,opens,opens_writes,adds_exposure\n";

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
pub fn json(view: &View<'_>, clients: &[&ClientAnalysis]) -> serde_json::Result<String> {
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
                    .map(|own| Denied::of(view, client, own))
                    .collect(),
                tokens: Tokens::of(&client.demand.tokens),
            })
            .collect(),
    };
    let mut text = json_text::pretty(&value)?;
    text.push('\n');
    Ok(text)
}

/// One line for each client, refused operation and way to open it.
pub fn csv(view: &View<'_>, clients: &[&ClientAnalysis]) -> String {
    let mut text = HEADER.to_owned();
    let yes = |value: Option<bool>| value.map_or("", |own| if own { "true" } else { "false" });
    for client in clients {
        for own in &client.demand.refused {
            let terms: Vec<&str> = own.terms.iter().map(Term::as_str).collect();
            let seen = &own.seen;
            let head = format!(
                "{},{},{},{},{},{},{},{},{},{},{},{}",
                csv_text(client.id.as_str()),
                csv_text(&operation(view, own.route)),
                own.cause.name(),
                seen.requests(),
                seen.gateway,
                seen.service,
                seen.days,
                instant(seen.first),
                instant(seen.last),
                csv_text(seen.sample.as_deref().unwrap_or_default()),
                csv_text(&terms.join(" ")),
                yes(own.in_token),
            );
            // A write to a string cannot fail.
            if own.ways.is_empty() {
                let _ = writeln!(text, "{head},,,,");
            }
            for way in &own.ways {
                let scopes: Vec<String> = way.scopes.iter().map(ToString::to_string).collect();
                let _ = writeln!(
                    text,
                    "{head},{},{},{},{:.4}",
                    csv_text(&scopes.join(" ")),
                    way.operations,
                    way.writes,
                    way.exposure
                );
            }
        }
    }
    text
}
