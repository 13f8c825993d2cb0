//! The first screen: what can go, from whom, and what to run next.
//!
//! In: the view, and how it is to look. Out: lines in front of the diff, and a few after it.
//!
//! Invariants:
//! * what was incomplete comes before any conclusion;
//! * with fewer than 90 covered days no removal is shown above `review`;
//! * no line is wider than asked for (60 to 200 columns), and nothing but
//!   escaped text is written;
//! * a list that is cut says how many items it leaves out;
//! * `git apply` and `patch` skip every line: none can pass for a part of a diff.

use std::io::{self, Write};

use super::View;
use super::client_rows;
use super::escape::{self, columns};
use super::next::Call;
use super::notices::{self, ITEMS};
use super::paint::Paint;
use super::screen::Screen;
use super::statistics::{self, DAYS, covered, ranked, removable, too_short};
use crate::analysis::TermAnalysis;
use crate::model::words::{compact, either, plural};
use crate::model::{ClientName, Level, Reason, Verdict};

/// Days of log that hold every season once.
const YEAR: u32 = 365;
/// Rows of clients.
const ROWS: usize = 24;
/// All levels, the safest first.
const LEVELS: [Level; 4] = [Level::Safe, Level::Likely, Level::Review, Level::Manual];

/// How the first screen is to look.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Columns of a line (kept within 60 to 200).
    pub(crate) width: usize,
    /// The colours, or none.
    pub(crate) paint: Paint,
    /// Whether figures and warnings are shown in full, and all clients.
    pub(crate) stats: bool,
    /// How the program was called, for the commands that are proposed.
    pub(crate) call: &'a Call,
}

/// Writes what stands before the diff.
pub(crate) fn summary(view: &View<'_>, out: &mut dyn Write, look: Look<'_>) -> io::Result<()> {
    let mut screen = Screen::new(out, look.width);
    incomplete(view, &mut screen)?;
    conclusion(view, &mut screen, look)?;
    rows(view, &mut screen, look)?;
    super::windows::compared_screen(view, &mut screen)?;
    past(view, &mut screen)?;
    if look.stats {
        screen.line("")?;
        statistics::all(view, &mut screen)?;
    } else {
        let asking = view.analysis.clients.iter();
        let asking = asking.filter(|client| super::demand::is_worth_a_line(client));
        notices::short(view, &mut screen, asking.count(), &look.call.with_stats())?;
    }
    screen.line("")?;
    match first_client(view) {
        Some(client) => screen.command("Next: ", &look.call.explain(client)),
        None => screen.command("Next: ", &look.call.explain("CLIENT")),
    }
}

/// Writes what stands after the diff: how much goes, and what to do.
pub(crate) fn closing(
    view: &View<'_>,
    refused: &[(ClientName, String)],
    out: &mut dyn Write,
    look: Look<'_>,
) -> io::Result<()> {
    let mut screen = Screen::new(out, look.width);
    let left_out = |client: &ClientName| refused.iter().any(|(known, _)| known == client);
    let clients = view.analysis.clients.iter();
    let terms = clients
        .filter(|client| !left_out(&client.id))
        .flat_map(|client| &client.terms);
    let levels: Vec<Level> = terms.filter_map(|term| removable(view, term)).collect();
    let now = levels.iter().filter(|level| **level <= view.level).count();
    let later = levels
        .iter()
        .filter(|level| **level > view.level && **level <= Level::Review)
        .count();
    screen.line("")?;
    let narrower = view.actions.iter().filter(|action| {
        let lost = action.clients.iter().any(left_out);
        !action.replace_with.is_empty() && action.level <= view.level && !lost
    });
    let mut text = match (now, narrower.count()) {
        (0, 1) => "1 permission becomes narrower with this diff.".to_owned(),
        (0, narrower) => format!("{narrower} permissions become narrower with this diff."),
        (now, 0) => format!("{} can go with this diff.", plural(now, "permission")),
        (now, narrower) => format!(
            "{} can go with this diff, {narrower} can be narrower.",
            plural(now, "permission")
        ),
    };
    if later > 0 {
        let more = if now > 0 { " more" } else { "" };
        text = format!("{text} {later}{more} with --level review.");
    }
    screen.painted(&|line| look.paint.strong(line), "", &text)?;
    let client = first_client(view).unwrap_or("CLIENT");
    screen.command("  Review: ", &look.call.explain(client))?;
    for (at, words) in look.call.apply(view.level).iter().enumerate() {
        screen.command(if at == 0 { "  Apply:  " } else { "          " }, words)?;
    }
    Ok(())
}

/// Writes what to do where nothing goes into a diff at this level.
pub(crate) fn no_diff(view: &View<'_>, out: &mut dyn Write, look: Look<'_>) -> io::Result<()> {
    let clients = view.analysis.clients.iter();
    let mut levels = clients
        .flat_map(|client| &client.terms)
        .filter_map(|term| removable(view, term));
    if view.level < Level::Review && levels.any(|level| level == Level::Review) {
        let mut screen = Screen::new(out, look.width);
        screen.command("Review all: ", &look.call.at_level(Level::Review))?;
    }
    Ok(())
}

/// What the advice of past months did, where it was looked at.
fn past(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(found) = view.backtest else {
        return Ok(());
    };
    screen.line("")?;
    for at in 0..2 {
        screen.prose("backtest: ", &super::backtest::sentence(found, at))?;
    }
    if found.brake().is_some() {
        screen.prose("brake:    ", Reason::BacktestBrake.sentence())?;
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

fn conclusion(view: &View<'_>, screen: &mut Screen<'_>, look: Look<'_>) -> io::Result<()> {
    let (go, stay) = what_goes(view);
    screen.painted(&|line| look.paint.strong(line), "", &go)?;
    if let Some(stay) = stay {
        screen.whole("", &stay)?;
    }
    screen.whole("", &what_was_read(view))?;
    if view.analysis.clients.is_empty() {
        return Ok(());
    }
    if too_short(view) {
        let covered = covered(view);
        let text = format!(
            "The history is too short: {covered} of {DAYS} days covered, so nothing can be called safe or likely yet."
        );
        screen.whole("", &text)?;
    }
    let basis = &view.analysis.basis;
    if basis.days < YEAR && basis.covered >= DAYS {
        let text = format!(
            "{} of logs: nothing can be called safe before they hold the coming season, {YEAR} days in all.",
            plural(basis.days, "day")
        );
        screen.whole("", &text)?;
    }
    Ok(())
}

/// `45 of 82 permissions can go: 34 likely, 9 to review (1 protected), 2 by hand.`, and why
/// the others stay.
fn what_goes(view: &View<'_>) -> (String, Option<String>) {
    let clients = &view.analysis.clients;
    let terms: Vec<&TermAnalysis> = clients.iter().flat_map(|client| &client.terms).collect();
    if clients.is_empty() {
        let text = "Nothing can go: no client in the policy files.";
        return (text.to_owned(), None);
    }
    let all = plural(terms.len(), "permission");
    if view.coverage.span().is_none() {
        let text = format!("Nothing can go of {all}: there are no log records.");
        return (text, None);
    }
    let at = |level: Level| {
        let found = terms.iter().copied();
        found.filter(move |term| removable(view, term) == Some(level))
    };
    let parts: Vec<String> = LEVELS
        .into_iter()
        .filter_map(|level| {
            let count = at(level).count();
            let protected = at(level).filter(|term| term.reasons.contains(&Reason::Protected));
            let protected = match protected.count() {
                0 => String::new(),
                count => format!(" ({count} protected)"),
            };
            let how = match level {
                Level::Safe => "safe",
                Level::Likely => "likely",
                Level::Review => "to review",
                Level::Manual => "by hand",
            };
            (count > 0).then(|| format!("{count} {how}{protected}"))
        })
        .collect();
    let go: usize = LEVELS.into_iter().map(|level| at(level).count()).sum();
    let text = match go {
        0 => format!("Nothing can go of {all}."),
        go => format!("{go} of {all} can go: {}.", parts.join(", ")),
    };
    (text, stays(&terms, terms.len() - go))
}

/// `37 stay: 32 needed or kept, 1 could be narrower, 4 that no request can show.`
fn stays(terms: &[&TermAnalysis], left: usize) -> Option<String> {
    let kinds = [
        (Verdict::Keep, "needed or kept"),
        (Verdict::Narrow, "could be narrower"),
        (Verdict::Unobservable, "that no request can show"),
        (Verdict::Undetermined, "that cannot be told"),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter_map(|(verdict, text)| {
            let count = terms.iter().filter(|term| term.verdict == verdict).count();
            (count > 0).then(|| match count {
                count if count == left => text.to_owned(),
                count => format!("{count} {text}"),
            })
        })
        .collect();
    let verb = if left == 1 { "stays" } else { "stay" };
    (left > 0).then(|| format!("{left} {verb}: {}.", parts.join(", ")))
}

/// Which days, what they hold, and whether all of it was read.
fn what_was_read(view: &View<'_>) -> String {
    let window = view.analysis.window;
    let clients = plural(view.analysis.clients.len(), "client");
    if view.coverage.span().is_none() {
        return format!("Read: no data; {clients}.");
    }
    let days = window.days();
    let missing = match days.saturating_sub(view.coverage.covered(window)) {
        0 => "none missing".to_owned(),
        missing => format!("{missing} missing"),
    };
    let requests: u64 = if window.from <= window.to {
        let counts = view.coverage.days.range(window.from..=window.to);
        counts.map(|(_, count)| count).sum()
    } else {
        0
    };
    let before = match view.analysis.basis.days.saturating_sub(days) {
        0 => String::new(),
        before => format!(" and {before} before"),
    };
    let input = if view.incomplete.is_empty() {
        ""
    } else {
        " The input is incomplete, see above."
    };
    format!(
        "Read: {} to {}, {}{before}, {missing}; {} {} of {clients}.{input}",
        window.from,
        window.to,
        plural(days, "day"),
        compact(requests),
        either(requests, "request", "requests"),
    )
}

fn rows(view: &View<'_>, screen: &mut Screen<'_>, look: Look<'_>) -> io::Result<()> {
    let rows = client_rows::rows(view);
    if rows.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    let shown = if look.stats {
        rows.len()
    } else {
        rows.len().min(ROWS)
    };
    let most = (screen.width() / 3).max(20);
    let wide = |row: &client_rows::Row<'_>| columns(&escape::terminal(row.client));
    let widths = rows[..shown].iter().map(wide);
    let column = widths.filter(|width| *width <= most).max().unwrap_or(0);
    for row in &rows[..shown] {
        let name = escape::terminal(row.client);
        let level = row.level;
        let cell = format!("{:<6}  ", level.name().to_uppercase());
        let paint = |line: &str| look.paint.leading_level(line, level);
        if columns(&name) > column {
            screen.painted(&paint, &cell, &name)?;
            let indent = " ".repeat(columns(&cell) + column + 2);
            screen.whole(&indent, row.text(screen.width() - columns(&indent)))?;
        } else {
            let pad = " ".repeat(column - columns(&name));
            let label = format!("{cell}{name}{pad}  ");
            let text = row.text(screen.width() - columns(&label));
            screen.painted(&paint, &label, text)?;
        }
    }
    if rows.len() > shown {
        let more = plural(rows.len() - shown, "more line");
        screen.line(&format!("and {more}; --stats shows all"))?;
    }
    Ok(())
}

/// The client whose exposure falls most, where a shell cannot take its name for something else.
fn first_client<'a>(view: &View<'a>) -> Option<&'a str> {
    let ranked = ranked(view);
    let name = ranked.first()?.id.as_str();
    let plain = !name.is_empty()
        && !name.starts_with('-')
        && name.len() <= 60
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.:/@".contains(letter));
    plain.then_some(name)
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
