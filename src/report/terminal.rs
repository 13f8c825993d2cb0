//! The first screen: what can go, from whom, and what to run next.
//!
//! In: the view and a width. Out: plain lines, no colour.
//!
//! Invariants:
//! * what was incomplete comes before any conclusion;
//! * with fewer than 90 covered days no removal is shown above `review`;
//! * no line is wider than asked for (60 to 200 columns), and nothing but
//!   escaped text is written;
//! * a list that is cut says how many items it leaves out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::View;
use super::escape::{self, columns};
use super::evidence;
use super::notices::{self, ITEMS};
use super::screen::Screen;
use super::suspend::{self, silent_days};
use crate::analysis::{ClientAnalysis, Exposure, Status, TermAnalysis};
use crate::model::words::{compact, either, percent_of, plural};
use crate::model::{Kind, Level, Reason, Verdict};

/// Covered days below which nothing is called safe or likely (guard G1).
const DAYS: u32 = 90;
/// Days of log that hold every season once.
const YEAR: u32 = 365;
/// Clients in the table.
const CLIENTS: usize = 10;

/// Writes the first screen, `width` columns wide (kept within 60 to 200).
pub(crate) fn summary(view: &View<'_>, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    incomplete(view, &mut screen)?;
    let (days, counts) = head(view);
    let line = format!("scopetrim  {days}   {counts}");
    if line.chars().count() <= screen.width() {
        screen.line(&line)?;
    } else {
        screen.prose("scopetrim  ", &days)?;
        screen.prose("           ", &counts)?;
    }
    screen.line("")?;
    numbers(view, &mut screen)?;
    table(view, &mut screen)?;
    super::windows::compared_screen(view, &mut screen)?;
    notices::names(view, &mut screen)?;
    super::demand::summary(view, &mut screen)?;
    notices::notes(view, &mut screen)?;
    super::finding_lines::findings(view, &mut screen)?;
    past(view, &mut screen)?;
    screen.line("")?;
    screen.prose("next: ", &next(view, screen.width()))
}

/// What the advice of past months did, where it was looked at.
fn past(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(found) = view.backtest else {
        return screen.line(
            "  backtest: not replayed, because nothing is called safe; see `scopetrim backtest`",
        );
    };
    for at in 0..2 {
        screen.prose("  backtest: ", &super::backtest::sentence(found, at))?;
    }
    if found.brake().is_some() {
        screen.prose("  brake:    ", Reason::BacktestBrake.sentence())?;
    }
    Ok(())
}

fn incomplete(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let items: Vec<String> = view.incomplete.iter().take(2 * ITEMS).cloned().collect();
    screen.list("incomplete: ", view.incomplete.len(), &items)?;
    if items.is_empty() {
        Ok(())
    } else {
        screen.line("")
    }
}

/// Which days, and what they hold.
fn head(view: &View<'_>) -> (String, String) {
    let window = view.analysis.window;
    let days = window.days();
    let missing = days.saturating_sub(view.coverage.covered(window));
    let requests: u64 = if window.from <= window.to {
        view.coverage
            .days
            .range(window.from..=window.to)
            .map(|(_, count)| count)
            .sum()
    } else {
        0
    };
    let clients = view.analysis.clients.len();
    if view.coverage.span().is_none() {
        // Without data there is neither a first nor a last day.
        return ("no data".to_owned(), plural(clients, "client"));
    }
    (
        format!(
            "{}..{}  {}, {missing} missing",
            window.from,
            window.to,
            plural(days, "day")
        ),
        format!(
            "{} {}   {}",
            compact(requests),
            either(requests, "request", "requests"),
            plural(clients, "client")
        ),
    )
}

fn numbers(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let clients = &view.analysis.clients;
    if too_short(view) {
        let covered = covered(view);
        let text = format!(
            "history too short: {covered} of {DAYS} days covered, nothing can be called safe or likely yet"
        );
        screen.prose("  ", &text)?;
    }
    let basis = &view.analysis.basis;
    if basis.days < YEAR && basis.covered >= DAYS {
        let text = format!(
            "{} of logs: nothing can be called safe before they hold the coming season, {YEAR} days in all",
            plural(basis.days, "day")
        );
        screen.prose("  ", &text)?;
    }
    if clients.is_empty() {
        return screen.line("  no client in the policy files");
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
fn removable(view: &View<'_>, term: &TermAnalysis) -> Option<Level> {
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
fn covered(view: &View<'_>) -> u32 {
    let covered = view.coverage.covered(view.analysis.window);
    covered.max(view.analysis.basis.covered)
}

fn too_short(view: &View<'_>) -> bool {
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
fn ranked<'a>(view: &View<'a>) -> Vec<&'a ClientAnalysis> {
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

fn next(view: &View<'_>, width: usize) -> String {
    // A name that a shell could take for something else is not put into a command.
    let plain = |name: &&str| {
        !name.starts_with('-')
            && name.len() <= width / 3
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-_.:/@".contains(letter))
    };
    let ranked = ranked(view);
    let client = ranked
        .first()
        .map(|client| client.id.as_str())
        .filter(|name| !name.is_empty())
        .filter(plain);
    let mut commands = vec![
        format!("scopetrim explain {}", client.unwrap_or("CLIENT")),
        "scopetrim analyze --out DIR".to_owned(),
        "scopetrim check".to_owned(),
    ];
    if view.level < Level::Review {
        commands.push("scopetrim analyze --level review".to_owned());
    }
    commands.join(" | ")
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
