//! The report as JSON: `scopetrim.report/1` with the part `month`, and its id.
//!
//! The id is the BLAKE3 hash of the whole document without the id. With the
//! digest of the earlier report's file in it, reports form a chain: whoever
//! changes an old one changes its digest, and the next report tells.

use std::collections::BTreeMap;
use std::io::BufWriter;

use serde_json::{Value, json};

use super::items::{self, Item};
use super::month::Month;
use super::page::Page;
use super::rows::{Change, Changes};
use super::{Extra, page};
use crate::report::{View, json as base, json_text};

/// Months for which a closed item is remembered.
const MEMORY: i32 = 25;

/// A finished report.
pub struct Sealed {
    /// What renderers show.
    pub page: Page,
    /// The contract, as text with a line end.
    pub json: String,
}

/// Builds the page and the contract, and gives both their id.
pub fn seal(view: &View<'_>, extra: &Extra<'_>) -> Result<Sealed, serde_json::Error> {
    let mut report = base::value(view)?;
    let mut page = page(view, extra, &report);
    report["month"] = month(&page, extra, &items::of_report(&report));
    let mut hash = BufWriter::new(blake3::Hasher::new());
    serde_json::to_writer(&mut hash, &report)?;
    let id = hash
        .into_inner()
        .map_err(|error| serde_json::Error::io(error.into_error()))?;
    id.finalize().to_hex()[..32].clone_into(&mut page.head.id);
    report["month"]["id"] = json!(page.head.id);
    let mut text = json_text::pretty(&report)?;
    text.push('\n');
    Ok(Sealed { page, json: text })
}

fn month(page: &Page, extra: &Extra<'_>, items: &BTreeMap<String, Item>) -> Value {
    let head = &page.head;
    json!({
        "month": head.month,
        "from": head.from,
        "to": head.to,
        "data_until": head.data_until,
        "covered_days": head.month_covered,
        "requests": head.month_requests,
        "organisation": head.organisation,
        "made": head.now,
        "pseudonymised": head.pseudonymised,
        "version": head.version,
        "conclusion": page.verdict,
        "points": page.points,
        "items": open(page, extra.month, items),
        "closed": closed(extra, items),
        "resolved": ids(page, |changes| &changes.resolved),
        "accepted": ids(page, |changes| &changes.accepted),
        "unjudged": ids(page, |changes| &changes.unjudged),
        "outcomes": page.outcomes,
        "credentials": credentials(extra),
        "exceptions": page.exceptions,
        "evidence": {
            "grants": page.evidence.grants,
            "catalogues": page.evidence.catalogues,
            "configuration": page.evidence.configuration,
            "command": page.evidence.command,
            "previous": page.evidence.previous,
        },
    })
}

/// The ids of one list; null without an earlier report.
fn ids(page: &Page, list: fn(&Changes) -> &Vec<Change>) -> Option<Vec<&str>> {
    let list = list(page.changes.as_ref()?).iter();
    Some(list.map(|own| own.id.as_str()).collect())
}

/// With what each client proved who it is; clients of which the log shows nothing are left out.
fn credentials(extra: &Extra<'_>) -> Vec<Value> {
    let all = extra.credentials.iter();
    all.map(|(client, lines)| json!({"client": client.as_str(), "credentials": lines}))
        .collect()
}

/// Open items with their state.
fn open(page: &Page, month: Month, items: &BTreeMap<String, Item>) -> Vec<Value> {
    let mut states: BTreeMap<&str, (&str, Month, &[Month])> = BTreeMap::new();
    if let Some(changes) = &page.changes {
        let Changes {
            new,
            came_back,
            ignored,
            ..
        } = changes;
        for (name, list) in [("new", new), ("came_back", came_back), ("ignored", ignored)] {
            for own in list {
                states.insert(&own.id, (name, own.since, &own.months));
            }
        }
    }
    let first = [month];
    items
        .iter()
        .map(|(id, item)| {
            // Without an earlier report nobody can tell.
            let (state, since, months) =
                states
                    .get(id.as_str())
                    .copied()
                    .unwrap_or(("first_report", month, &first));
            json!({
                "id": id, "client": item.client, "subject": item.subject, "rule": item.rule,
                "level": item.level, "recommendation": item.recommendation,
                "state": state, "since": since, "months": months,
            })
        })
        .collect()
}

/// Items of earlier months that are not open now, for as long as they are remembered.
fn closed(extra: &Extra<'_>, items: &BTreeMap<String, Item>) -> Vec<Value> {
    let mut closed = Vec::new();
    for (id, (item, months)) in extra.history.seen() {
        let recent = months
            .last()
            .is_some_and(|last| extra.month.since(*last) < MEMORY);
        if !items.contains_key(&id) && recent {
            closed.push(json!({
                "id": id, "client": item.client, "subject": item.subject, "rule": item.rule,
                "level": item.level, "recommendation": item.recommendation, "months": months,
            }));
        }
    }
    closed
}
