//! The comparison as a page, in the design of the monthly report.
//!
//! Invariant: the size of the page does not grow with what was compared beyond the caps, and every list that
//! is cut says how long it is.

use minijinja::context;
use serde::Serialize;

use super::{LayersView, why};
use crate::analysis::layers::{Alone, Difference, Which};
use crate::model::Day;
use crate::report::page::{Cut, environment, frame, serde};

/// Differences of one side that have a row.
const DIFFERENCES: usize = 2_000;
/// Clients and terms that only one side knows that have a row.
const ALONE: usize = 500;

/// The page.
pub(crate) fn html(view: &LayersView<'_>) -> Result<String, minijinja::Error> {
    environment()?
        .get_template("layers.html")?
        .render(context! {
            c => serde(Page::of(view)),
            ..frame()
        })
}

#[derive(Serialize)]
struct Page<'a> {
    version: &'static str,
    /// Two logs, or two policies.
    logs: bool,
    sides: [Side<'a>; 2],
    window: Option<[String; 2]>,
    clients: usize,
    agreed: usize,
    differences: usize,
    incomplete: &'a [String],
    notes: &'a [String],
}

/// What one side allows and the other one refuses, and what only this one knows.
#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    differences: Cut<Row<'a>>,
    /// Clients with at least one.
    clients: usize,
    strangers: Cut<(&'a str, u64)>,
    terms: Cut<(&'a str, &'a str)>,
    unplaced: u64,
    nameless: u64,
    unsaid: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    client: &'a str,
    operation: &'a str,
    /// What opens it, for policies.
    openers: String,
    refused: Option<Refused>,
}

/// What the other side refused, for logs.
#[derive(Serialize)]
struct Refused {
    requests: u64,
    days: u32,
    first: String,
    last: String,
}

impl<'a> Page<'a> {
    fn of(view: &LayersView<'a>) -> Self {
        let found = view.found;
        let side = |at: usize, which| Side::of(view, (at, which), &found.alone[at]);
        let days = view.window;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            logs: view.of == "logs",
            sides: [side(0, Which::First), side(1, Which::Second)],
            window: days.map(|days| [days.from.to_string(), days.to.to_string()]),
            clients: found.clients,
            agreed: found.agreed,
            differences: found.differences.len(),
            incomplete: view.incomplete,
            notes: view.notes,
        }
    }
}

impl<'a> Side<'a> {
    fn of(view: &LayersView<'a>, (at, which): (usize, Which), alone: &'a Alone) -> Self {
        let all = view.found.differences.iter();
        let all = all.filter(|difference| difference.allowed_by == which);
        let mut clients: Vec<&str> = all.clone().map(|own| own.client.as_str()).collect();
        clients.dedup();
        let strangers = alone.clients.iter();
        let terms = alone.terms.iter();
        Self {
            name: &view.sides[at],
            differences: Cut::of(all.map(Row::of), DIFFERENCES),
            clients: clients.len(),
            strangers: Cut::of(strangers.map(|(name, count)| (&**name, *count)), ALONE),
            terms: Cut::of(terms.map(|(client, term)| (&**client, &**term)), ALONE),
            unplaced: alone.unplaced,
            nameless: alone.nameless,
            unsaid: alone.unsaid,
        }
    }
}

impl<'a> Row<'a> {
    fn of(difference: &'a Difference) -> Self {
        let refused = difference.refused.map(|refused| Refused {
            requests: refused.requests,
            days: refused.days,
            first: Day::of(refused.first).to_string(),
            last: Day::of(refused.last).to_string(),
        });
        Self {
            client: &difference.client,
            operation: &difference.operation,
            openers: if refused.is_none() {
                why(difference)
            } else {
                String::new()
            },
            refused,
        }
    }
}
