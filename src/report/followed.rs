//! What became of earlier recommendations: a table and JSON (`scopetrim.followed/1`).

use std::io::{self, Write};

use serde_json::json;

use super::screen::Screen;
use crate::analysis::backtest::published::{Became, Followed};
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
pub fn json(found: &[Followed], missing: &[String]) -> Result<String, serde_json::Error> {
    let counts: serde_json::Map<String, serde_json::Value> = ALL
        .into_iter()
        .map(|(became, _)| (became.name().to_owned(), json!(count(found, became))))
        .collect();
    let whole = json!({
        "schema": SCHEMA, "missing": missing, "counts": counts,
        "denied_requests": found.iter().map(|own| own.denied).sum::<u64>(),
        "recommendations": found,
    });
    let mut text = serde_json::to_string_pretty(&whole)?;
    text.push('\n');
    Ok(text)
}

/// The answer for a terminal.
pub fn table(
    found: &[Followed],
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
        .collect();
    if !items.is_empty() {
        screen.line("")?;
    }
    let shown = &items[..items.len().min(ROWS)];
    screen.list("  ", items.len(), shown)
}
