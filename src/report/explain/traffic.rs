//! What a client did in the window: needed, refused, passed without a grant, unmatched.

use std::io;

use super::{Facts, instant, operation};
use crate::analysis::ClientAnalysis;
use crate::catalog::matcher::Route;
use crate::model::words::{either, plural};
use crate::report::{View, demand};
use crate::usage::UNMATCHED;

pub(super) fn traffic(
    view: &View<'_>,
    client: &ClientAnalysis,
    facts: &mut Facts<'_>,
) -> io::Result<()> {
    facts.title("traffic in the window")?;
    let needed = client.needed.iter().map(|served| {
        let (first, last) = (instant(served.first), instant(served.last));
        format!(
            "{}  {first} to {last}",
            operation(view, client, served.operation)
        )
    });
    facts.fact("needed", needed)?;
    if client.needed.is_empty() {
        facts.one("needed", "nothing that the grants permit")?;
    }
    if client.demand.refused.is_empty() {
        // Counted, and nothing more is known of it.
        let denied = client.denied.iter().map(|(index, count, granted)| {
            let why = match (*index, granted) {
                (UNMATCHED, _) => "",
                (_, true) => ", although its grants permit it",
                (_, false) => ", not granted",
            };
            format!("{}  {count} refused{why}", route(view, *index))
        });
        facts.fact("denied", denied)?;
    }
    for (label, text) in demand::lines(view, client) {
        facts.fact(label, [text])?;
    }
    let beyond = client.without_grant.iter();
    facts.fact(
        "no grant for",
        beyond.map(|(index, count)| {
            format!(
                "{}  {} passed",
                route(view, *index),
                plural(*count, "request")
            )
        }),
    )?;
    if client.unmatched_requests > 0 || !client.unmatched.is_empty() {
        facts.one(
            "unmatched",
            format!(
                "{} {} no operation and may have needed a scope",
                plural(client.unmatched_requests, "request"),
                either(client.unmatched_requests, "matches", "match")
            ),
        )?;
    }
    let clusters = client.unmatched.iter();
    facts.fact(
        "",
        clusters.map(|cluster| {
            format!(
                "{} {}  {} passed, {} refused or anonymous",
                cluster.method,
                cluster.path,
                cluster.counts.need,
                cluster.counts.others()
            )
        }),
    )
}

fn route(view: &View<'_>, index: u32) -> String {
    if index == UNMATCHED {
        return "(no operation of the catalogue)".to_owned();
    }
    view.routes
        .get(index as usize)
        .map_or_else(|| format!("route {index}"), Route::label)
}
