//! What one layer allows and another one refuses: a list for a terminal, JSON
//! (`scopetrim.compare/1`), Markdown, a page, rows.
//!
//! Invariants: incomplete input is stated first; what is cut from the list is counted, and whole
//! in JSON, Markdown and the rows.

mod html;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

pub(crate) use html::html;

use super::json::instant;
use super::screen::Screen;
use super::table::Table;
use super::{escape, json_text};
use crate::analysis::layers::{Alone, Comparison, Difference, Which};
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::words::{first, plural};
use crate::model::{Day, Window};

/// Name and version of the JSON.
const SCHEMA: &str = "scopetrim.compare/1";

/// Differences of a list that are shown.
const SHOWN: usize = 100;

/// Names in a sentence.
const NAMES: usize = 8;

const COLUMNS: [Column; 8] = columns! {
    allowed_by: Text, "the side that allows it, first or second; the other one refuses";
    client: Text, "who calls";
    operation: Text, "what is asked for";
    opened_by: List(" "), "policies: terms that open it there";
    requests: Integer(64), "logs: requests that the other side refused";
    days: Integer(32), "days with one";
    first: Instant or Null, "the first";
    last: Instant or Null, "the last";
};

/// Everything the renderers show.
pub(crate) struct LayersView<'a> {
    /// `policies` or `logs`.
    pub of: &'static str,
    /// What the two are called.
    pub sides: &'a [String; 2],
    /// What was found.
    pub found: &'a Comparison,
    /// The days looked at; none for policies.
    pub window: Option<Window>,
    /// What else is worth saying.
    pub notes: &'a [String],
    /// What was incomplete.
    pub incomplete: &'a [String],
}

impl LayersView<'_> {
    fn of(&self, which: Which) -> impl Iterator<Item = &Difference> {
        let all = self.found.differences.iter();
        all.filter(move |difference| difference.allowed_by == which)
    }

    /// `allowed by a, refused by b`.
    fn head(&self, which: Which) -> String {
        let [one, other] = self.sides;
        let (allows, refuses) = match which {
            Which::First => (one, other),
            Which::Second => (other, one),
        };
        format!("allowed by {allows}, refused by {refuses}")
    }

    /// What was compared.
    fn basis(&self) -> String {
        let days = self
            .window
            .map(|window| format!(" ({}..{})", window.from, window.to));
        format!(
            "{} with {}{}",
            self.sides[0],
            self.sides[1],
            days.unwrap_or_default()
        )
    }

    /// How it ended.
    fn result(&self) -> String {
        let counts = [Which::First, Which::Second].map(|which| self.of(which).count() as u64);
        format!(
            "{} on both sides: {} of a client and an operation agree, {} allowed by the first alone, {} by the second alone",
            plural(self.found.clients as u64, "client"),
            plural(self.found.agreed as u64, "pair"),
            counts[0],
            counts[1]
        )
    }

    /// What only one side knows, one sentence each.
    fn unmatched(&self) -> Vec<String> {
        let sides = self.sides.iter().zip(&self.found.alone);
        sides
            .flat_map(|(side, alone)| self.strangers(side, alone))
            .collect()
    }

    fn strangers(&self, side: &str, alone: &Alone) -> Vec<String> {
        let noun = if self.of == "logs" {
            "request"
        } else {
            "operation"
        };
        let some = |names: Vec<String>| first(&names, NAMES);
        let mut all = Vec::new();
        if !alone.clients.is_empty() {
            let clients = alone.clients.iter();
            let names = clients.map(|(name, count)| format!("{name} ({})", plural(*count, noun)));
            all.push(format!(
                "only {side} knows {}: {}",
                plural(alone.clients.len() as u64, "client"),
                some(names.collect())
            ));
        }
        if !alone.terms.is_empty() {
            let names = alone
                .terms
                .iter()
                .map(|(client, term)| format!("{client} {term}"));
            all.push(format!(
                "only {side} gives, and no operation of the API description asks for it: {}",
                some(names.collect())
            ));
        }
        for (count, what) in [
            (alone.unplaced, "to no operation of the API description"),
            (alone.nameless, "that name no caller"),
            (alone.unsaid, "refused, and no line says by whom"),
        ] {
            if count > 0 {
                all.push(format!("{side}: {} {what}", plural(count, "request")));
            }
        }
        all
    }
}

/// `31 refused on 4 days, 2026-01-01..2026-02-01`, or the terms.
fn why(difference: &Difference) -> String {
    if let Some(refused) = &difference.refused {
        return format!(
            "{} refused on {}, {}..{}",
            plural(refused.requests, "request"),
            plural(refused.days, "day"),
            Day::of(refused.first),
            Day::of(refused.last)
        );
    }
    let term = |opener: &crate::analysis::layers::Opener| match opener.places.as_slice() {
        [] => opener.term.to_string(),
        places => format!("{} at {}", opener.term, places.join(", ")),
    };
    let terms: Vec<String> = difference.opened_by.iter().map(term).collect();
    terms.join(" + ")
}

/// The list for a terminal, `width` columns wide.
pub(crate) fn table(view: &LayersView<'_>, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    for text in view.incomplete {
        screen.whole("incomplete: ", text)?;
    }
    screen.whole("compare  ", &view.basis())?;
    screen.whole("", &view.result())?;
    for which in [Which::First, Which::Second] {
        let all: Vec<&Difference> = view.of(which).collect();
        if all.is_empty() {
            continue;
        }
        screen.line("")?;
        screen.whole("", &view.head(which))?;
        let mut by_client: BTreeMap<&str, Vec<&Difference>> = BTreeMap::new();
        for difference in all.iter().take(SHOWN) {
            by_client
                .entry(&difference.client)
                .or_default()
                .push(difference);
        }
        for (client, own) in by_client {
            screen.whole("  ", client)?;
            for difference in own {
                let label = format!("    {}  ", escape::terminal(&difference.operation));
                screen.whole(&label, &why(difference))?;
            }
        }
        if all.len() > SHOWN {
            screen.line(&format!("  and {} more: see --json", all.len() - SHOWN))?;
        }
    }
    let unmatched = view.unmatched();
    if !unmatched.is_empty() {
        screen.line("")?;
    }
    for text in unmatched {
        screen.whole("not compared: ", &text)?;
    }
    for text in view.notes {
        screen.whole("note: ", text)?;
    }
    Ok(())
}

/// The same as Markdown, for a pull request or a page.
pub(crate) fn markdown(view: &LayersView<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "# Layers compared\n\n{}.\n{}.",
        escape::markdown(&view.basis()),
        view.result()
    )?;
    for text in view.incomplete {
        writeln!(out, "\nIncomplete: {}", escape::markdown(text))?;
    }
    for which in [Which::First, Which::Second] {
        if view.of(which).next().is_none() {
            continue;
        }
        let last = if view.of == "logs" {
            "refused"
        } else {
            "opened by"
        };
        let head = view.head(which);
        writeln!(
            out,
            "\n## {}\n\n| client | operation | {last} |\n| --- | --- | --- |",
            escape::markdown(&crate::model::words::capital(&head))
        )?;
        for difference in view.of(which) {
            let [client, operation, why] =
                [&difference.client, &difference.operation, &why(difference)]
                    .map(|text| escape::markdown(text).into_owned());
            writeln!(out, "| {client} | {operation} | {why} |")?;
        }
    }
    let unmatched = view.unmatched();
    if !unmatched.is_empty() {
        writeln!(out, "\n## Not compared\n")?;
    }
    for text in unmatched {
        writeln!(out, "- {}", escape::markdown(&text))?;
    }
    for text in view.notes {
        writeln!(out, "\nNote: {}", escape::markdown(text))?;
    }
    Ok(())
}

/// The whole result as JSON with a line end.
pub(crate) fn json(view: &LayersView<'_>) -> serde_json::Result<String> {
    let difference = |difference: &Difference| {
        let mut value = json!({
            "allowed_by": difference.allowed_by.name(),
            "client": difference.client,
            "operation": difference.operation,
        });
        if let Some(refused) = &difference.refused {
            value["requests"] = json!(refused.requests);
            value["days"] = json!(refused.days);
            value["first"] = json!(instant(refused.first));
            value["last"] = json!(instant(refused.last));
        } else {
            let openers = difference.opened_by.iter();
            value["opened_by"] = openers
                .map(|opener| json!({"term": opener.term, "places": opener.places}))
                .collect();
        }
        value
    };
    let alone = |alone: &Alone| {
        let terms: Vec<Value> = alone
            .terms
            .iter()
            .map(|(client, term)| json!({"client": client, "term": term}))
            .collect();
        json!({
            "clients": alone.clients, "terms": terms,
            "unplaced": alone.unplaced, "nameless": alone.nameless, "unsaid": alone.unsaid,
        })
    };
    let found = view.found;
    let whole = json!({
        "schema": SCHEMA,
        "of": view.of,
        "first": view.sides[0],
        "second": view.sides[1],
        "window": view.window.map(|window| [window.from, window.to]),
        "incomplete": view.incomplete,
        "notes": view.notes,
        "clients": found.clients,
        "agreed": found.agreed,
        "differences": found.differences.iter().map(difference).collect::<Vec<_>>(),
        "not_compared": {"first": alone(&found.alone[0]), "second": alone(&found.alone[1])},
    });
    Ok(json_text::pretty(&whole)? + "\n")
}

/// One row for each difference.
pub(crate) fn rows<'v>(view: &'v LayersView<'_>) -> Table<impl Rows + 'v> {
    let all = &view.found.differences;
    let rows = Held::new(all.len(), move |at, each| {
        let Some(difference) = all.get(at) else {
            return;
        };
        let refused = difference.refused;
        each(&[
            difference.allowed_by.name().into(),
            difference.client.as_str().into(),
            difference.operation.as_str().into(),
            Cell::list(
                difference
                    .opened_by
                    .iter()
                    .map(|opener| opener.term.as_str()),
            ),
            refused.map_or(0, |refused| refused.requests).into(),
            refused.map_or(0, |refused| refused.days).into(),
            refused.map_or(Cell::Null, |refused| Cell::Instant(refused.first)),
            refused.map_or(Cell::Null, |refused| Cell::Instant(refused.last)),
        ]);
    });
    Table::new(&COLUMNS, rows)
}
