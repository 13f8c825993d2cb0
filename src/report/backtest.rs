//! The backtest: a table for reading, JSON (`scopetrim.backtest/1`, also in `report.json`), rows.
//!
//! Invariants: every share stands beside its counts; a bound is rounded up; an
//! origin whose following days are not all in the log is marked.

pub mod grants_of;
mod rows;

use std::io::{self, Write};

use super::bound::{percent, up};
use super::model;
pub use rows::rows;

use super::escape::terminal;
use super::screen::Screen;
use super::suspend;
use crate::analysis::backtest::{Backtest, HORIZON, Hit, LEVELS, Origin, Scores, Tally};
use crate::analysis::share::upper;
use crate::model::words::plural;
use crate::model::{Catalog, Operation};

/// Name and version of the JSON.
pub const SCHEMA: &str = "scopetrim.backtest/1";
/// Head of the table where there is room for it.
const HEAD: &str =
    "AS OF        LEVEL   REMOVED  MISSED  DENIED  CLIENTS  OPS  FIRST  30 D   UPPER";
/// Hits in the table.
const HITS: usize = 10;
/// Origins in the table.
const ORIGINS: usize = 24;

/// What a set is called: a level contains everything safer.
fn set(at: usize) -> &'static str {
    ["safe", "safe+likely", "down to review"][at.min(2)]
}

/// To six decimals.
pub(super) fn upwards(value: f64) -> f64 {
    up(value, 6)
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
pub fn value<'a>(found: &'a Backtest, catalog: &'a Catalog) -> model::Backtest<'a> {
    model::Backtest::of(found, catalog)
}

/// To the nearest: a score is no bound.
pub(super) fn rounded(value: f64, unit: f64) -> f64 {
    (value * unit).round() / unit
}

/// Wilson's bound of one origin, in which every removal is another grant.
fn bound(own: &Tally) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count of grants")]
    (own.removals > 0).then(|| upper(own.wrong as f64, own.removals as f64))
}

/// The sentence of the summary: what the pooled sets did.
pub fn sentence(found: &Backtest, at: usize) -> String {
    let own = &found.pooled[at];
    let name = set(at);
    match (own.rate, own.upper) {
        (Some(rate), Some(upper)) => format!(
            "{}, {} ({}) {name}: {} would have been missed ({}, at most {}), {} denied",
            plural(own.origins, "past month"),
            plural(own.removals, "removal"),
            plural(own.grants, "grant"),
            own.wrong,
            percent(rate),
            percent(upper),
            plural(own.requests, "request")
        ),
        _ if own.origins == 0 => format!("{name}: too short a log to say"),
        _ => format!("{}: nothing was {name}", plural(own.origins, "past month")),
    }
}

/// The table for a terminal, `width` columns wide (kept within 60 to 200).
pub fn table(
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
    let wide = screen.width() >= HEAD.len();
    if wide {
        screen.line(HEAD)?;
    }
    let start = found.origins.len().saturating_sub(ORIGINS);
    for origin in &found.origins[start..] {
        month_end(origin, wide, &mut screen)?;
    }
    if start > 0 {
        screen.line(&format!(
            "and {start} earlier ones: --json or --csv list all"
        ))?;
    }
    if found.origins.iter().any(|own| own.censored) {
        screen.prose("", "* fewer than 90 days (or too few covered ones) come after it: more may follow, so it is not in the sums")?;
    }
    unknown(found, &mut screen)?;
    screen.line("")?;
    for at in 0..LEVELS.len() {
        screen.prose("sum       ", &sentence(found, at))?;
    }
    for (at, own) in found.suspended.iter().enumerate() {
        if let Some(text) = suspend::past(own, set(at)) {
            screen.prose("suspend   ", &text)?;
        }
    }
    scores(found, &mut screen)?;
    if found.brake().is_some() {
        screen.prose("brake     ", crate::model::Reason::BacktestBrake.sentence())?;
    }
    hits(found, catalog, &mut screen)
}

/// One month end: a line for each level.
fn month_end(origin: &Origin, wide: bool, screen: &mut Screen<'_>) -> io::Result<()> {
    for (at, own) in origin.tallies.iter().enumerate() {
        if own.removals == 0 && at == 0 {
            continue;
        }
        let mark = if origin.censored { '*' } else { ' ' };
        let first = own
            .first
            .map_or_else(|| "-".to_owned(), |days| format!("{days} d"));
        let early = match own.wrong {
            0 => "-".to_owned(),
            wrong => format!("{}%", own.wrong_early * 100 / wrong),
        };
        let upper = bound(own).map_or_else(|| "-".to_owned(), percent);
        if !wide {
            let text = format!(
                "{} removed, {} missed, {} denied, {}, {}, first {first}, {early} within 30 d, at most {upper}",
                own.removals,
                own.wrong,
                own.requests,
                plural(own.clients, "client"),
                plural(own.operations, "operation"),
            );
            let label = format!("{}{mark} {:<6}  ", origin.as_of, LEVELS[at].name());
            screen.whole(&label, &text)?;
            continue;
        }
        screen.line(&format!(
            "{}{mark}  {:<6}  {:>7}  {:>6}  {:>6}  {:>7}  {:>3}  {first:>5}  {early:>4}  {upper:>6}",
            origin.as_of,
            LEVELS[at].name(),
            own.removals,
            own.wrong,
            own.requests,
            own.clients,
            own.operations,
        ))?;
    }
    Ok(())
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
    screen.line("AS OF        GRANTS  EXPECTED  CAME   BRIER     LOG")?;
    let mut row = |name: &str, own: &Scores| {
        let [brier, log] = [own.brier(), own.log()].map(|own| own.unwrap_or(0.0));
        screen.line(&format!(
            "{name:<10}  {:>7}  {:>8.1}  {:>4}  {brier:.4}  {log:.4}",
            own.grants, own.expected, own.used
        ))
    };
    let start = found.origins.len().saturating_sub(ORIGINS);
    for origin in &found.origins[start..] {
        if let Some(own) = &origin.scores {
            row(&origin.as_of.to_string(), own)?;
        }
    }
    row("all", all)
}

fn unknown(found: &Backtest, screen: &mut Screen<'_>) -> io::Result<()> {
    let months: Vec<String> = found
        .origins
        .iter()
        .filter(|own| own.unknown * 100 > own.requests)
        .map(|own| own.as_of.to_string())
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
