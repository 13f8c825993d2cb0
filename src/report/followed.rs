//! What became of earlier recommendations: a table, JSON (`scopetrim.followed/1`), rows.

use std::io::{self, Write};

use serde_json::json;

use super::screen::Screen;
use super::table::Table;
use crate::analysis::backtest::recommendation_log::{Became, Followed};
use crate::analysis::backtest::suspended;
use crate::model::Day;
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::words::plural;

/// Name and version of the JSON.
pub(crate) const SCHEMA: &str = "scopetrim.followed/1";
/// Rows of the table.
const ROWS: usize = 60;

const COLUMNS: [Column; 7] = columns! {
    became: Text, "what became of it";
    client: Text, "who held it";
    term: Text or Null, "what was to go; nothing where the client was to be suspended";
    level: Text, "how safe it was called last";
    since: Day or Null, "the day of the first advice";
    denied: Integer(64), "requests refused since for want of it";
    served: Integer(64), "those that were served all the same";
};

/// One row for each recommendation, and then for each client to suspend.
pub(crate) fn rows<'f>(
    found: &'f [Followed],
    whole: &'f [suspended::Followed],
) -> Table<impl Rows + 'f> {
    let rows = Held::new(found.len() + whole.len(), move |at, each| {
        if let Some(own) = found.get(at) {
            each(&[
                own.became.name().into(),
                own.client.as_str().into(),
                own.term.as_str().into(),
                own.level.name().into(),
                Day::parse(&own.since).into(),
                own.denied.into(),
                own.served.into(),
            ]);
        } else if let Some(own) = whole.get(at - found.len()) {
            each(&[
                own.became.name().into(),
                own.client.as_str().into(),
                Cell::Null,
                own.level.name().into(),
                Day::parse(&own.since).into(),
                own.denied.into(),
                own.served.into(),
            ]);
        }
    });
    Table::new(&COLUMNS, rows)
}

const ALL: [(Became, &str); 4] = [
    (Became::CameBack, "came back (carried out, and held again)"),
    (Became::Applied, "applied"),
    (Became::Rejected, "rejected by an exception"),
    (Became::Open, "open"),
];

/// A publication that was not read, in words.
pub(crate) fn missing(hash: &str) -> String {
    format!("the publication {hash}, which a later one names")
}

fn count(found: &[Followed], became: Became) -> usize {
    found
        .iter()
        .filter(|followed| followed.became == became)
        .count()
}

/// The whole answer as JSON with a line end. `missing` are hashes that some
/// publication names and that were not read.
pub(crate) fn json(
    (found, whole): (&[Followed], &[suspended::Followed]),
    missing: &[String],
) -> Result<String, serde_json::Error> {
    let counts: serde_json::Map<String, serde_json::Value> = ALL
        .into_iter()
        .map(|(became, _)| (became.name().to_owned(), json!(count(found, became))))
        .collect();
    let all = json!({
        "schema": SCHEMA, "missing": missing, "counts": counts,
        "denied_requests": found.iter().map(|followed| followed.denied).sum::<u64>(),
        "recommendations": found, "suspensions": whole,
    });
    let mut text = crate::report::json_text::pretty(&all)?;
    text.push('\n');
    Ok(text)
}

/// The answer for a terminal.
pub(crate) fn table(
    (found, whole): (&[Followed], &[suspended::Followed]),
    missing: &[String],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    for hash in missing {
        screen.prose("missing   ", &self::missing(hash))?;
    }
    for (became, words) in ALL {
        screen.line(&format!("{:>7}  {words}", count(found, became)))?;
    }
    if !whole.is_empty() {
        let count = |became: Became| {
            whole
                .iter()
                .filter(|followed| followed.became == became)
                .count()
        };
        screen.line(&format!(
            "{:>7}  clients to suspend as a whole: {} called again, {} hold nothing any more, {} rejected by an exception, {} open",
            whole.len(),
            count(Became::CameBack),
            count(Became::Applied),
            count(Became::Rejected),
            count(Became::Open)
        ))?;
    }
    let called = whole
        .iter()
        .filter(|followed| followed.denied + followed.served > 0);
    let called = called.map(|followed| {
        format!(
            "{}  as a whole  {}, first advised {}: {} requests refused since, {} served",
            followed.client,
            followed.level.name(),
            followed.since,
            followed.denied,
            followed.served
        )
    });
    let hit: Vec<&Followed> = found
        .iter()
        .filter(|followed| followed.denied + followed.served > 0)
        .collect();
    let back = found
        .iter()
        .filter(|followed| followed.became == Became::CameBack);
    let items: Vec<String> = back
        .map(|followed| {
            format!(
                "{}  {}  {}, first recommended {}: came back",
                followed.client,
                followed.term,
                followed.level.name(),
                followed.since
            )
        })
        .chain(hit.iter().map(|followed| {
            format!(
                "{}  {}  {}, first recommended {}: {} refused since, {} served all the same",
                followed.client,
                followed.term,
                followed.level.name(),
                followed.since,
                plural(followed.denied, "request"),
                followed.served
            )
        }))
        .chain(called)
        .collect();
    if !items.is_empty() {
        screen.line("")?;
    }
    let shown = &items[..items.len().min(ROWS)];
    screen.list("  ", items.len(), shown)
}
