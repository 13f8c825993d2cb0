//! What became of earlier recommendations: a table and JSON (`scopetrim.followed/1`).

use std::io::{self, Write};

use serde_json::json;

use super::screen::Screen;
use crate::analysis::backtest::recommendation_log::{Became, Followed};
use crate::analysis::backtest::suspended;
use crate::model::words::plural;

/// Name and version of the JSON.
pub const SCHEMA: &str = "scopetrim.followed/1";
/// Rows of the table.
const ROWS: usize = 60;

const ALL: [(Became, &str); 4] = [
    (Became::CameBack, "came back (carried out, and held again)"),
    (Became::Applied, "applied"),
    (Became::Rejected, "rejected by an exception"),
    (Became::Open, "open"),
];

fn count(found: &[Followed], became: Became) -> usize {
    found.iter().filter(|own| own.became == became).count()
}

/// The whole answer as JSON with a line end. `missing` are hashes that some
/// publication names and that were not read.
pub fn json(
    (found, whole): (&[Followed], &[suspended::Followed]),
    missing: &[String],
) -> Result<String, serde_json::Error> {
    let counts: serde_json::Map<String, serde_json::Value> = ALL
        .into_iter()
        .map(|(became, _)| (became.name().to_owned(), json!(count(found, became))))
        .collect();
    let all = json!({
        "schema": SCHEMA, "missing": missing, "counts": counts,
        "denied_requests": found.iter().map(|own| own.denied).sum::<u64>(),
        "recommendations": found, "suspensions": whole,
    });
    let mut text = crate::report::json_text::pretty(&all)?;
    text.push('\n');
    Ok(text)
}

/// The answer for a terminal.
pub fn table(
    (found, whole): (&[Followed], &[suspended::Followed]),
    missing: &[String],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    for hash in missing {
        screen.prose(
            "missing   ",
            &format!("the publication {hash}, which a later one names"),
        )?;
    }
    for (became, words) in ALL {
        screen.line(&format!("{:>7}  {words}", count(found, became)))?;
    }
    if !whole.is_empty() {
        let count = |became: Became| whole.iter().filter(|own| own.became == became).count();
        screen.line(&format!(
            "{:>7}  clients to suspend as a whole: {} called again, {} hold nothing any more, {} rejected by an exception, {} open",
            whole.len(),
            count(Became::CameBack),
            count(Became::Applied),
            count(Became::Rejected),
            count(Became::Open)
        ))?;
    }
    let called = whole.iter().filter(|own| own.denied + own.served > 0);
    let called = called.map(|own| {
        format!(
            "{}  as a whole  {}, first advised {}: {} requests refused since, {} served",
            own.client,
            own.level.name(),
            own.since,
            own.denied,
            own.served
        )
    });
    let hit: Vec<&Followed> = found
        .iter()
        .filter(|own| own.denied + own.served > 0)
        .collect();
    let back = found.iter().filter(|own| own.became == Became::CameBack);
    let items: Vec<String> = back
        .map(|own| {
            format!(
                "{}  {}  {}, first recommended {}: came back",
                own.client,
                own.term,
                own.level.name(),
                own.since
            )
        })
        .chain(hit.iter().map(|own| {
            format!(
                "{}  {}  {}, first recommended {}: {} refused since, {} served all the same",
                own.client,
                own.term,
                own.level.name(),
                own.since,
                plural(own.denied, "request"),
                own.served
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
