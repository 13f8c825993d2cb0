//! The figures behind the first screen: exposure, levels, evidence of each client, warnings in full.
//!
//! In: the view and a screen. Out: plain lines.
//!
//! Invariants:
//! * with fewer than 90 covered days no removal is shown above `review`;
//! * a list that is cut says how many items it leaves out.

use std::collections::BTreeMap;
use std::io;

use super::View;
use super::escape::{self, columns};
use super::evidence;
use super::notices;
use super::screen::Screen;
use super::suspend::{self, silent_days};
use crate::analysis::{ClientAnalysis, Exposure, Status, TermAnalysis};
use crate::model::words::{percent_of, plural};
use crate::model::{Kind, Level, Reason, Verdict};

/// Covered days below which nothing is called safe or likely (guard G1).
pub(super) const DAYS: u32 = 90;
/// Clients in the table.
const CLIENTS: usize = 10;

/// Writes all figures, and what the first screen only counts.
pub(super) fn all(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    numbers(view, screen)?;
    table(view, screen)?;
    notices::names(view, screen)?;
    super::demand::summary(view, screen)?;
    notices::notes(view, screen)?;
    super::finding_lines::findings(view, screen)?;
    if view.backtest.is_none() {
        screen.line("")?;
        screen.whole(
            "  backtest: ",
            "not replayed; `scopetrim backtest` shows what the advice of past months would have denied",
        )?;
    }
    Ok(())
}

fn numbers(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let basis = &view.analysis.basis;
    let clients = &view.analysis.clients;
    if clients.is_empty() {
        return Ok(());
    }
    screen.whole("  exposure        ", &exposure(view))?;
    let terms: Vec<&TermAnalysis> = clients.iter().flat_map(|client| &client.terms).collect();
    let used = terms.iter().filter(|term| !term.serves.is_empty()).count();
    let percent = percent_of(used as u64, terms.len() as u64);
    let held = format!("{}, used {used} ({percent} %)", terms.len());
    screen.whole("  granted scopes  ", &held)?;
    let levels = [Level::Safe, Level::Likely, Level::Review, Level::Manual];
    let parts: Vec<String> = levels
        .into_iter()
        .filter(|level| !too_short(view) || *level >= Level::Review)
        .map(|l| part(view, &terms, l))
        .collect();
    screen.whole("  can go          ", &parts.join("   "))?;
    if let Some(counts) = suspend::counts(view) {
        screen.whole("  whole clients   ", &format!("suspend {counts}"))?;
    }
    if let Some(past) = evidence::past(basis) {
        screen.prose("  the past        ", &past)?;
    }
    let others = [
        (Verdict::Narrow, "could be narrower"),
        (Verdict::Undetermined, "cannot tell"),
        (Verdict::Unobservable, "no request can show it"),
    ];
    let parts: Vec<String> = others
        .into_iter()
        .map(|(verdict, text)| {
            (
                terms.iter().filter(|term| term.verdict == verdict).count(),
                text,
            )
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, text)| format!("{text} {count}"))
        .collect();
    if parts.is_empty() {
        Ok(())
    } else {
        screen.whole("  stays for now   ", &parts.join("   "))
    }
}

fn part(view: &View<'_>, terms: &[&TermAnalysis], level: Level) -> String {
    let here = || {
        terms
            .iter()
            .filter(|term| removable(view, term) == Some(level))
    };
    let protected = here()
        .filter(|term| term.reasons.contains(&Reason::Protected))
        .count();
    let count = format!("{} {}", level.name().to_uppercase(), here().count());
    if protected > 0 {
        format!("{count} ({protected} protected)")
    } else {
        count
    }
}

/// The level of a removal as it may be shown.
pub(super) fn removable(view: &View<'_>, term: &TermAnalysis) -> Option<Level> {
    if term.verdict != Verdict::Remove {
        return None;
    }
    let level = term.level.unwrap_or(Level::Manual);
    Some(if too_short(view) {
        level.max(Level::Review)
    } else {
        level
    })
}

/// A short window does not shorten the history before it.
pub(super) fn covered(view: &View<'_>) -> u32 {
    let covered = view.coverage.covered(view.analysis.window);
    covered.max(view.analysis.basis.covered)
}

pub(super) fn too_short(view: &View<'_>) -> bool {
    covered(view) < DAYS
}

fn exposure(view: &View<'_>) -> String {
    let mean = |value: fn(&Exposure) -> f64| {
        let clients = &view.analysis.clients;
        let sum: f64 = clients.iter().map(|client| value(&client.exposure)).sum();
        sum / f64::from(u32::try_from(clients.len()).unwrap_or(u32::MAX))
    };
    let all = format!(
        "{:.2} with every removal",
        mean(|exposure| exposure.after_all)
    );
    let chosen = match view.level {
        _ if too_short(view) => String::new(),
        Level::Safe => format!(
            " -> {:.2} with safe removals",
            mean(|exposure| exposure.after_safe)
        ),
        Level::Likely => format!(
            " -> {:.2} with safe and likely removals",
            mean(|exposure| exposure.after_likely)
        ),
        Level::Review | Level::Manual => String::new(),
    };
    format!(
        "{:.2}{chosen} -> {all}   (mean)",
        mean(|exposure| exposure.before)
    )
}

fn table(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let ranked = ranked(view);
    if ranked.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    screen.whole(
        "  ",
        "top clients by surface that can go (exposure with every removal)",
    )?;
    let shown = &ranked[..ranked.len().min(CLIENTS)];
    let most = (screen.width() / 3).max(20);
    let wide = |client: &&ClientAnalysis| columns(&escape::terminal(client.id.as_str()));
    let column = shown
        .iter()
        .map(wide)
        .filter(|width| *width <= most)
        .max()
        .unwrap_or(0)
        .max("CLIENT".len());
    screen.row(
        "CLIENT",
        column,
        "  REMOVE  OF ALL  EXPOSURE      ",
        "EVIDENCE",
    )?;
    for client in shown {
        let all = client.terms.iter().filter_map(|term| removable(view, term));
        let now = all.clone().filter(|level| *level <= view.level).count();
        let (before, after) = (client.exposure.before, client.exposure.after_all);
        let cells = format!(
            "  {now:>6}  {:>6}  {before:.2} -> {after:.2}  ",
            all.count()
        );
        screen.row(client.id.as_str(), column, &cells, &evidence(view, client))?;
    }
    if ranked.len() > shown.len() {
        let more = plural(ranked.len() - shown.len(), "more client");
        screen.line(&format!("  and {more}"))?;
    }
    Ok(())
}

/// Clients with something to remove, the largest fall of exposure first.
pub(super) fn ranked<'a>(view: &View<'a>) -> Vec<&'a ClientAnalysis> {
    let mut ranked: Vec<&ClientAnalysis> = view
        .analysis
        .clients
        .iter()
        .filter(|client| {
            client
                .terms
                .iter()
                .any(|term| removable(view, term).is_some())
        })
        .collect();
    let fall = |client: &ClientAnalysis| client.exposure.before - client.exposure.after_all;
    ranked.sort_by(|a, b| fall(b).total_cmp(&fall(a)).then_with(|| a.id.cmp(&b.id)));
    ranked
}

/// What the removals rest on, in a few words.
fn evidence(view: &View<'_>, client: &ClientAnalysis) -> String {
    let level = client
        .suspend
        .as_ref()
        .map(|suspension| suspension.level.name());
    let level = level.map(|level| format!(" ({level})")).unwrap_or_default();
    match client.status {
        Status::Silent => {
            let silent = client
                .last_seen
                .map_or(0, |last| silent_days(view, client, last));
            return format!("silent {silent} d: suspend{level}");
        }
        Status::Dormant => {
            return format!("never seen: suspend{level}");
        }
        Status::DeniedOnly => return "every request was refused".to_owned(),
        Status::Unknown => return "no data to tell".to_owned(),
        Status::Active => {}
    }
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for term in client
        .terms
        .iter()
        .filter(|term| removable(view, term).is_some())
    {
        *kinds.entry(term.kind.unwrap_or(Kind::Unused)).or_default() += 1;
    }
    let parts: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.name()))
        .collect();
    parts.join(", ")
}
