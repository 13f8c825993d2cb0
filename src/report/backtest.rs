//! The backtest: a table for reading, JSON (`scopetrim.backtest/1`, also in `report.json`), rows.
//!
//! Invariants: every share is shown with its counts; a bound is rounded up; an
//! origin whose following days are not all in the log is marked.

pub(crate) mod grants_of;
mod rows;

use std::io::{self, Write};
use std::iter;

use super::model;
pub(crate) use rows::rows;

use super::escape::terminal;
use super::screen::Screen;
use super::suspend;
use crate::analysis::backtest::{Backtest, HORIZON, Hit, LEVELS, Origin, Scores, Tally};
use crate::analysis::share::upper;
use crate::model::words::{percent_of, percent_up, plural};
use crate::model::{Catalog, Operation};

/// Name and version of the JSON.
pub(crate) const SCHEMA: &str = "scopetrim.backtest/1";
/// Head of the table of month ends.
const HEAD: [&str; 10] = [
    "AS OF", "LEVEL", "REMOVED", "MISSED", "DENIED", "CLIENTS", "OPS", "FIRST", "30 D", "UPPER",
];
/// Head of the table of probabilities.
const SCORES: [&str; 6] = ["AS OF", "GRANTS", "EXPECTED", "CAME", "BRIER", "LOG"];
/// Hits in the table.
const HITS: usize = 10;
/// Origins in the table.
const ORIGINS: usize = 24;

/// What a set is called: a level contains everything safer.
fn set(at: usize) -> &'static str {
    ["safe", "safe+likely", "down to review"][at.min(2)]
}

fn label(catalog: &Catalog, operation: usize) -> String {
    let operations = &catalog.operations;
    operations
        .get(operation)
        .map(Operation::label)
        .unwrap_or_default()
}

pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share for the reader")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The whole result as data.
pub(crate) fn value<'a>(found: &'a Backtest, catalog: &'a Catalog) -> model::Backtest<'a> {
    model::Backtest::of(found, catalog)
}

/// Wilson's bound of one origin, in which every removal is another grant.
fn bound(tally: &Tally) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count of grants")]
    (tally.removals > 0).then(|| upper(tally.wrong as f64, tally.removals as f64))
}

/// The sentence of the summary: what the pooled sets did.
pub(crate) fn sentence(found: &Backtest, at: usize) -> String {
    let pooled = &found.pooled[at];
    let name = set(at);
    match (pooled.rate, pooled.upper) {
        (Some(rate), Some(upper)) => format!(
            "{}, {} ({}) {name}: {} would have been missed ({}, at most {}), {} denied",
            plural(pooled.origins, "past month"),
            plural(pooled.removals, "removal"),
            plural(pooled.grants, "grant"),
            pooled.wrong,
            percent_up(rate),
            percent_up(upper),
            plural(pooled.requests, "request")
        ),
        _ if pooled.origins == 0 => format!("{name}: too short a log to say"),
        _ => format!(
            "{}: nothing was {name}",
            plural(pooled.origins, "past month")
        ),
    }
}

/// The table for a terminal, `width` columns wide (kept within 60 to 200).
pub(crate) fn table(
    found: &Backtest,
    catalog: &Catalog,
    incomplete: &[String],
    out: &mut dyn Write,
    width: usize,
) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    screen.list("incomplete: ", incomplete.len(), incomplete)?;
    if found.origins.is_empty() {
        return screen.prose(
            "backtest  ",
            "too short a log: a month end needs 90 covered days before it and 30 days after it",
        );
    }
    let text = format!(
        "{}, each with the advice that was possible then, replayed on the {HORIZON} days after it",
        plural(found.origins.len(), "month end")
    );
    screen.prose("backtest  ", &text)?;
    screen.whole(
        "LEVEL     ",
        "contains everything safer, as --level does in `analyze`",
    )?;
    screen.whole(
        "30 D      ",
        "share of the missed ones that 30 days of shadow denial show",
    )?;
    screen.whole(
        "UPPER     ",
        "bound of missed / removed (Wilson, one-sided 95 %)",
    )?;
    screen.whole("assumes   ", grants_of::assumptions(found))?;
    if let Some(text) = grants_of::left_out(found) {
        screen.whole("left out  ", &text)?;
    }
    screen.line("")?;
    let start = found.origins.len().saturating_sub(ORIGINS);
    let month_ends = found.origins[start..].iter().flat_map(month_end);
    let head = HEAD.map(str::to_owned).to_vec();
    screen.table(
        "",
        2,
        &iter::once(head).chain(month_ends).collect::<Vec<_>>(),
    )?;
    if start > 0 {
        screen.line(&format!(
            "and {start} earlier ones: --json or --csv list all"
        ))?;
    }
    if found.origins.iter().any(|origin| origin.censored) {
        screen.prose("", "* fewer than 90 days (or too few covered ones) come after it: more may follow, so it is not in the sums")?;
    }
    unknown(found, &mut screen)?;
    screen.line("")?;
    for at in 0..LEVELS.len() {
        screen.prose("sum       ", &sentence(found, at))?;
    }
    for (at, pooled) in found.suspended.iter().enumerate() {
        if let Some(text) = suspend::past(pooled, set(at)) {
            screen.prose("suspend   ", &text)?;
        }
    }
    scores(found, &mut screen)?;
    if found.brake().is_some() {
        screen.prose("brake     ", crate::model::Reason::BacktestBrake.sentence())?;
    }
    hits(found, catalog, &mut screen)
}

/// One month end: a row for each level.
fn month_end(origin: &Origin) -> impl Iterator<Item = Vec<String>> {
    let mark = if origin.censored { "*" } else { "" };
    let none = || "-".to_owned();
    let levels = LEVELS.iter().zip(&origin.tallies).enumerate();
    let levels = levels.filter(|(at, (_, own))| *at > 0 || own.removals > 0);
    levels.map(move |(_, (level, own))| {
        let counts = [
            own.removals,
            own.wrong,
            own.requests,
            own.clients,
            own.operations,
        ];
        let early = match own.wrong {
            0 => none(),
            wrong => format!("{}%", percent_of(own.wrong_early, wrong)),
        };
        let mut row = vec![format!("{}{mark}", origin.as_of), level.name().to_owned()];
        row.extend(counts.iter().map(u64::to_string));
        row.extend([
            own.first.map_or_else(none, |days| format!("{days} d")),
            early,
            bound(own).map_or_else(none, percent_up),
        ]);
        row
    })
}

/// How right the probabilities were, origin by origin.
fn scores(found: &Backtest, screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(all) = &found.scores else {
        return Ok(());
    };
    screen.line("")?;
    screen.prose(
        "",
        "probabilities given to idle grants, against what came (Brier and log score: 0 is perfect)",
    )?;
    let row = |name: String, own: &Scores| {
        let [brier, log] = [own.brier(), own.log()].map(|own| own.unwrap_or(0.0));
        vec![
            name,
            own.grants.to_string(),
            format!("{:.1}", own.expected),
            own.used.to_string(),
            format!("{brier:.4}"),
            format!("{log:.4}"),
        ]
    };
    let start = found.origins.len().saturating_sub(ORIGINS);
    let origins = found.origins[start..].iter();
    let mut rows = vec![SCORES.map(str::to_owned).to_vec()];
    rows.extend(origins.filter_map(|own| Some(row(own.as_of.to_string(), own.scores.as_ref()?))));
    rows.push(row("all".to_owned(), all));
    screen.table("", 1, &rows)
}

fn unknown(found: &Backtest, screen: &mut Screen<'_>) -> io::Result<()> {
    let months: Vec<String> = found
        .origins
        .iter()
        .filter(|origin| origin.unknown * 100 > origin.requests)
        .map(|origin| origin.as_of.to_string())
        .collect();
    if months.is_empty() {
        return Ok(());
    }
    let text = format!(
        "more than 1 % of the requests match nothing that says what they need, so more may have been denied: {}",
        months.join(", ")
    );
    screen.prose("unknown   ", &text)
}

fn hits(found: &Backtest, catalog: &Catalog, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut all: Vec<(&Origin, &Hit)> = found
        .origins
        .iter()
        .flat_map(|origin| origin.hits.iter().map(move |hit| (origin, hit)))
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    all.sort_by(|a, b| (a.1.level, b.0.as_of, &a.1).cmp(&(b.1.level, a.0.as_of, &b.1)));
    screen.line("")?;
    screen.line("would have been denied:")?;
    let items: Vec<String> = all
        .iter()
        .take(HITS)
        .map(|(origin, hit)| {
            let terms: Vec<&str> = hit.terms.iter().map(crate::model::Term::as_str).collect();
            let text = format!(
                "{} {}  {}  {}  without {}: {} denied, the first on {} (day {})",
                origin.as_of,
                hit.level.name(),
                hit.client,
                label(catalog, hit.operation),
                terms.join(", "),
                hit.requests,
                hit.first,
                hit.after
            );
            terminal(&text).into_owned()
        })
        .collect();
    screen.list("  ", all.len(), &items)
}
