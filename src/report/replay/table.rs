//! What a proposed policy would deny, for a terminal.
//!
//! Invariants: incomplete input is stated first; no line is wider than asked
//! for; a list that is cut says how many items it leaves out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{ReplayView, together};
use crate::analysis::replay::proposal::{Change, Fate, Row, Unknown};
use crate::model::words::{listed, plural};
use crate::model::{Day, Millis};
use crate::report::escape::{self, columns};
use crate::report::screen::Screen;
use crate::report::table::Grid;

/// Rows of one list.
const ROWS: usize = 40;
/// Items of the shorter lists.
const ITEMS: usize = 8;
/// Unknown requests, in percent, above which the answer is called weak.
const UNKNOWN_PERCENT: u64 = 1;

/// The answer for a terminal, `width` columns wide (kept within 60 to 200).
pub(crate) fn write(view: &ReplayView<'_>, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    let found = view.found;
    screen.list("incomplete: ", view.incomplete.len(), view.incomplete)?;
    screen.prose("", &head(view))?;
    screen.prose("  proposal  ", &view.after.join(", "))?;
    if !view.before.is_empty() {
        screen.prose("  before    ", &view.before.join(", "))?;
    }
    for note in view.notes {
        screen.prose("  note      ", note)?;
    }
    let (window, span) = (view.window, view.span);
    if let (Some(window), Some(span)) = (window, span)
        && span.from < window.from
    {
        let text = format!(
            "the logs go back to {0}; --since {0} replays all",
            span.from
        );
        screen.prose("  note      ", &text)?;
    }
    screen.line("")?;
    denied(view, &mut screen)?;
    not_covered(view, &mut screen)?;
    unknown(view, &mut screen)?;
    opened(view, &mut screen)?;
    let sum = found.sum(Fate::Unchanged);
    let text = format!("{} on {}", requests(sum.requests), operations(sum.pairs));
    screen.prose("unchanged: ", &text)
}

fn head(view: &ReplayView<'_>) -> String {
    match view.window {
        None => "replay  no data".to_owned(),
        Some(window) => format!(
            "replay  {}..{}  {}, {} missing   {}",
            window.from,
            window.to,
            plural(window.days(), "day"),
            window.days().saturating_sub(view.covered),
            plural(view.found.requests(), "needed request")
        ),
    }
}

fn requests(count: u64) -> String {
    plural(count, "request")
}

fn operations(count: u64) -> String {
    plural(count, "operation")
}

fn clients(count: u64) -> String {
    plural(count, "client")
}

fn denied(view: &ReplayView<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let sum = view.found.sum(Fate::Denied);
    if sum.requests == 0 {
        let text = if view.window.is_none() {
            "nothing was replayed"
        } else if view.before.is_empty() {
            "none of the observed requests"
        } else {
            "none of the observed requests that were covered before"
        };
        screen.prose("would be denied: ", text)?;
        return screen.line("");
    }
    let rows: Vec<&Row> = view.found.of(Fate::Denied).collect();
    let text = format!(
        "{} on {} of {}",
        requests(sum.requests),
        operations(sum.pairs),
        clients(sum.clients)
    );
    screen.prose("would be denied: ", &text)?;
    screen.line("")?;
    let shown = &rows[..rows.len().min(ROWS)];
    let lines = lines(view, shown, screen.width() - 2);
    for (at, line) in lines.iter().enumerate() {
        screen.line(&format!("  {line}"))?;
        let Some(row) = at.checked_sub(1).and_then(|at| shown.get(at)) else {
            continue;
        };
        screen.prose("      would do: ", &alternatives(row))?;
        let samples = whole(view.samples(row), screen.width() - 16);
        if !samples.is_empty() {
            screen.line(&format!("      requests: {samples}"))?;
        }
    }
    if rows.len() > ROWS {
        let rest = rows.len() - ROWS;
        screen.line(&format!("  and {rest} more: --json or --csv list all"))?;
    }
    let mut unnamed: Vec<&str> = rows
        .iter()
        .filter(|row| !row.in_after)
        .map(|row| row.client.as_str())
        .collect();
    unnamed.dedup();
    if !unnamed.is_empty() {
        let text = unnamed.join(", ");
        screen.prose("  the proposal does not name: ", &text)?;
    }
    screen.line("")
}

/// As many ids as fit: half an id finds nothing.
fn whole(ids: &[String], room: usize) -> String {
    let mut text = String::new();
    for id in ids.iter().rev() {
        let comma = if text.is_empty() { "" } else { ", " };
        if columns(&text) + columns(comma) + columns(id) <= room {
            text.push_str(comma);
            text.push_str(id);
        }
    }
    text
}

/// Head and rows in aligned columns; where there is no room, without what matters less.
fn lines(view: &ReplayView<'_>, rows: &[&Row], room: usize) -> Vec<String> {
    const HEAD: [&str; 7] = [
        "CLIENT",
        "OPERATION",
        "REQUESTS",
        "USED",
        "DAYS",
        "FIRST",
        "LAST",
    ];
    let clients = rows.iter().map(|row| columns(&row.client));
    let client = clients.max().unwrap_or(0).clamp(HEAD[0].len(), 20);
    // What all columns but that of `USED` leave for the operation.
    let left = room.saturating_sub(client + 42);
    let (operation, fewer) = if left < 16 {
        (room.saturating_sub(client + 24), &[0, 1, 2, 6][..])
    } else {
        (left, &[0, 1, 2, 4, 5, 6][..])
    };
    let mut lines = vec![HEAD.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        vec![
            escape::cut(&row.client, client),
            escape::cut(&view.route(row.seen.route), operation),
            row.seen.need().to_string(),
            row.seen.used.to_string(),
            row.seen.days.to_string(),
            day(row.seen.first),
            day(row.seen.last),
        ]
    }));
    let mut grid = Grid::new((0..7).map(|at| (2..5).contains(&at)).collect(), room);
    for row in &lines {
        grid.widen(row);
    }
    let columns: &[usize] = match grid.folds(0, room).len() {
        1 => &[0, 1, 2, 3, 4, 5, 6],
        _ => fewer,
    };
    lines.iter().map(|row| grid.line(row, columns)).collect()
}

fn day(at: Millis) -> String {
    Day::of(at).to_string()
}

fn alternatives(row: &Row) -> String {
    let mut parts: Vec<String> = row.would_do.iter().take(4).map(together).collect();
    if row.would_do.len() > 4 {
        parts.push(plural(row.would_do.len() - 4, "other way"));
    }
    if parts.is_empty() {
        return "nothing: the catalogue accepts no scope for it".to_owned();
    }
    let held = row.would_do.first().is_some_and(|lack| lack.held_before);
    let note = if held { " (held before)" } else { "" };
    parts[0].push_str(note);
    parts.join(", or ")
}

fn not_covered(view: &ReplayView<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let sum = view.found.sum(Fate::NotCovered);
    if sum.requests == 0 {
        return Ok(());
    }
    let text = format!(
        "{} on {} of {}: served, although neither policy permits them",
        requests(sum.requests),
        operations(sum.pairs),
        clients(sum.clients)
    );
    screen.prose("not covered before: ", &text)?;
    let rows: Vec<&Row> = view.found.of(Fate::NotCovered).collect();
    let items: Vec<String> = rows
        .iter()
        .take(ITEMS)
        .map(|row| {
            let name = if row.in_after || row.in_before {
                ""
            } else {
                " (in neither policy)"
            };
            let label = view.route(row.seen.route);
            format!(
                "{}{name}  {label}  {}",
                row.client,
                requests(row.seen.need())
            )
        })
        .collect();
    screen.list("  ", rows.len(), &items)?;
    screen.line("")
}

fn unknown(view: &ReplayView<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let sum = view.found.sum(Fate::Unknown);
    if sum.requests == 0 {
        return Ok(());
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for row in view.found.of(Fate::Unknown) {
        let text = match row.unknown {
            Some(Unknown::NoClient) => "name no client",
            Some(Unknown::NoRequirement) => "are to operations whose requirement is not stated",
            Some(Unknown::NoOperation) | None => "match no operation of the catalogue",
        };
        *reasons.entry(text).or_default() += row.seen.need();
    }
    let parts: Vec<String> = reasons
        .into_iter()
        .map(|(text, count)| format!("{count} {text}"))
        .collect();
    let share = view.unknown_share();
    let weak = if share > UNKNOWN_PERCENT * 100 {
        " More than 1 % of the requests are unknown: the answer is weak."
    } else {
        ""
    };
    let text = format!(
        "{} ({}.{:02} %): {}.{weak}",
        requests(sum.requests),
        share / 100,
        share % 100,
        parts.join("; ")
    );
    screen.prose("unknown: ", &text)?;
    screen.line("")
}

fn opened(view: &ReplayView<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let wider: Vec<&Change> = view
        .found
        .changes
        .iter()
        .filter(|change| !change.opened.is_empty())
        .collect();
    if wider.is_empty() {
        return Ok(());
    }
    let count: usize = wider.iter().map(|change| change.opened.len()).sum();
    let text = format!(
        "{} that the policy before does not permit",
        operations(count as u64)
    );
    screen.prose("opens in addition: ", &text)?;
    let items: Vec<String> = wider
        .iter()
        .take(ITEMS)
        .map(|change| {
            let some: Vec<String> = change
                .opened
                .iter()
                .take(4)
                .map(|op| view.operation(*op))
                .collect();
            format!("{}  {}", change.client, listed(&some, change.opened.len()))
        })
        .collect();
    screen.list("  ", wider.len(), &items)?;
    screen.line("")
}
