//! The report as JSON: `scopetrim.report/1` with the part `month`, and its id.
//!
//! The id is the BLAKE3 hash of the whole document without the id. With the
//! digest of the earlier report's file in it, reports form a chain: whoever
//! changes an old one changes its digest, and the next report shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufWriter;

use super::items::{self, Item};
use super::month::Month;
use super::page::Page;
use super::rows::{Change, Changes};
use super::{Extra, page};
use crate::report::View;
use crate::report::json::write_report;
use crate::report::model::{
    ClientCredentials, ClosedItem, ItemId, MonthPart, OpenItem, Report, RestsOn,
};

/// Months for which a closed item is remembered.
const MEMORY: i32 = 25;

/// A finished report.
pub struct Sealed<'a> {
    /// What renderers show.
    pub page: Page<'a>,
    /// The contract, as text with a line end.
    pub json: String,
}

/// Builds the page and the contract, and gives both their id.
pub(crate) fn seal<'a>(
    view: &'a View<'a>,
    extra: &Extra<'_>,
) -> Result<Sealed<'a>, serde_json::Error> {
    let mut report = Report::of(view);
    let items = items::of_view(view);
    let mut page = page(view, extra, &items);
    let seen = extra.history.seen();
    let first = [extra.month];
    report.month = Some(month(&page, extra, &items, (&seen, &first)));
    let mut hash = BufWriter::new(blake3::Hasher::new());
    serde_json::to_writer(&mut hash, &report)?;
    let hash = hash
        .into_inner()
        .map_err(|error| serde_json::Error::io(error.into_error()))?;
    let id = hash.finalize().to_hex()[..32].to_owned();
    if let Some(month) = &mut report.month {
        month.id = Some(&id);
    }
    let mut text = Vec::new();
    write_report(view, report, &mut text).map_err(serde_json::Error::io)?;
    page.head.id = id;
    let json = String::from_utf8(text).map_err(serde::ser::Error::custom)?;
    Ok(Sealed { page, json })
}

/// Items known from all reports, with the months in which each was open.
type Seen = BTreeMap<String, (Item, BTreeSet<Month>)>;

fn month<'a>(
    page: &'a Page<'_>,
    extra: &'a Extra<'_>,
    items: &'a BTreeMap<String, Item>,
    (seen, first): (&'a Seen, &'a [Month]),
) -> MonthPart<'a> {
    let head = &page.head;
    MonthPart {
        month: head.month,
        from: head.from,
        to: head.to,
        data_until: head.data_until,
        covered_days: head.month_covered,
        requests: head.month_requests,
        organisation: head.organisation.as_deref(),
        made: head.now.as_deref(),
        pseudonymised: head.pseudonymised,
        version: &head.version,
        conclusion: &page.verdict,
        points: &page.points,
        items: open(page, extra.month, items, first),
        closed: closed(extra.month, items, seen),
        resolved: ids(page, |changes| &changes.resolved),
        accepted: ids(page, |changes| &changes.accepted),
        unjudged: ids(page, |changes| &changes.unjudged),
        outcomes: &page.outcomes,
        credentials: extra
            .credentials
            .iter()
            .map(|(client, lines)| ClientCredentials {
                client: client.as_str(),
                credentials: lines,
            })
            .collect(),
        exceptions: &page.exceptions,
        evidence: RestsOn {
            grants: &page.evidence.grants,
            catalogues: &page.evidence.catalogues,
            configuration: page.evidence.configuration.as_ref(),
            command: &page.evidence.command,
            previous: page.evidence.previous.as_ref(),
        },
        id: None,
    }
}

/// The ids of one list; `None` without an earlier report.
fn ids<'a>(page: &'a Page<'_>, list: fn(&Changes) -> &Vec<Change>) -> Option<Vec<ItemId<'a>>> {
    let list = list(page.changes.as_ref()?).iter();
    Some(list.map(|change| ItemId(&change.id)).collect())
}

/// Open items with their state; `first` is this month alone.
fn open<'a>(
    page: &'a Page<'_>,
    month: Month,
    items: &'a BTreeMap<String, Item>,
    first: &'a [Month],
) -> Vec<OpenItem<'a>> {
    let mut states: BTreeMap<&str, (&'static str, &Change)> = BTreeMap::new();
    if let Some(changes) = &page.changes {
        let Changes {
            new,
            came_back,
            ignored,
            ..
        } = changes;
        for (name, list) in [("new", new), ("came_back", came_back), ("ignored", ignored)] {
            states.extend(
                list.iter()
                    .map(|change| (change.id.as_str(), (name, change))),
            );
        }
    }
    let open = |(id, item): (&'a String, &'a Item)| {
        let known = states.get(id.as_str());
        OpenItem {
            id: ItemId(id),
            item,
            // Without an earlier report this is unknown.
            state: known.map_or("first_report", |(state, _)| *state),
            since: known.map_or(month, |(_, change)| change.since),
            months: known.map_or(first, |(_, change)| &change.months),
        }
    };
    items.iter().map(open).collect()
}

/// Items of earlier months that are not open now, for as long as they are remembered.
fn closed<'a>(month: Month, items: &BTreeMap<String, Item>, seen: &'a Seen) -> Vec<ClosedItem<'a>> {
    let closed = seen.iter().filter(|(id, (_, months))| {
        let recent = months
            .last()
            .is_some_and(|last| month.since(*last) < MEMORY);
        !items.contains_key(*id) && recent
    });
    closed
        .map(|(id, (item, months))| ClosedItem {
            id: ItemId(id),
            item,
            months,
        })
        .collect()
}
