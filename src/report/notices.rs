//! What a reviewer should know in addition to the verdicts: names that do not match, notes, warnings.
//!
//! In: the view. Out: a few lines of each, with the rest counted.

use std::collections::BTreeMap;
use std::io;

use super::View;
use super::escape;
use super::screen::Screen;
use crate::analysis::ClientAnalysis;
use crate::model::words;

/// Items of a list.
pub(super) const ITEMS: usize = 5;
/// Codes of warnings that have a line.
const CODES: usize = 5;
/// Columns of the name in front of a notice.
const NAME: usize = 10;

/// One line of each kind of notice with its count, and the command that shows all. So many
/// clients ask for what they do not get.
pub(super) fn short(
    view: &View<'_>,
    screen: &mut Screen<'_>,
    asking: usize,
    command: &[String],
) -> io::Result<()> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    if !view.warnings.is_empty() {
        let mut codes: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for warning in view.warnings {
            let (count, _) = codes.entry(warning.code).or_insert((0, &warning.message));
            *count += 1;
        }
        let rest = codes.len().saturating_sub(CODES);
        let told = codes.into_iter().take(CODES).map(|(code, (count, text))| {
            let text = format!("{}: {text}", many(code, count));
            // What is cut is shown by the command below.
            escape::cut(&text, screen.width() - NAME)
        });
        lines.extend(told.map(|text| ("warnings", text)));
        if rest > 0 {
            lines.push(("warnings", format!("and {rest} more kinds")));
        }
    }
    if let Some(first) = view.usage_notes.first() {
        let more = match view.usage_notes.len() {
            1 => String::new(),
            all => format!(" and {} more", all - 1),
        };
        let room = screen.width().saturating_sub(NAME + more.len());
        lines.push(("notes", escape::cut(first, room) + more.as_str()));
    }
    let sides = sides(view);
    if !sides.is_empty() {
        lines.push(("names", sides.join(", ")));
    }
    if asking > 0 {
        let text = format!(
            "{} with refused requests or with scopes in tokens that are not clear",
            words::plural(asking, "client")
        );
        lines.push(("demand", text));
    }
    if let Some(counts) = super::finding_lines::counts(view) {
        lines.push(("findings", counts));
    }
    if lines.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    let mut last = "";
    for (name, text) in lines {
        let label = if name == last { "" } else { name };
        screen.prose(&format!("{label:<8}  "), &text)?;
        last = name;
    }
    screen.command("See all:  ", command)
}

/// `possible-need`, `unknown-scope (3)`.
fn many(name: &str, count: usize) -> String {
    match count {
        1 => name.to_owned(),
        count => format!("{name} ({count})"),
    }
}

/// What only the logs know, and what only the policy knows.
fn sides(view: &View<'_>) -> Vec<String> {
    let mut sides = Vec::new();
    if let [(first, _), more @ ..] = view.only_in_log {
        let name = short_name(first);
        let more = match more.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        sides.push(format!("only in the log {name}{more}"));
    }
    if let [first, more @ ..] = view.unused_names {
        let name = short_name(first.as_str());
        let more = match more.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        sides.push(format!("only in the policy {name}{more}"));
    }
    let unmatched = view.analysis.clients.iter();
    let unmatched: u64 = unmatched.map(|client| client.unmatched_requests).sum();
    if unmatched > 0 {
        sides.push(format!(
            "{} {} no operation",
            words::plural(unmatched, "request"),
            words::either(unmatched, "matches", "match")
        ));
    }
    sides
}

/// Requests without an operation, and clients that only one side knows.
pub(super) fn names(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut unmatched: Vec<&ClientAnalysis> = view
        .analysis
        .clients
        .iter()
        .filter(|client| client.unmatched_requests > 0)
        .collect();
    unmatched.sort_by(|a, b| {
        b.unmatched_requests
            .cmp(&a.unmatched_requests)
            .then_with(|| a.id.cmp(&b.id))
    });
    let mut only: Vec<(&str, u64)> = view
        .only_in_log
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    only.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let counted: Vec<(&str, u64)> = unmatched
        .iter()
        .map(|client| (client.id.as_str(), client.unmatched_requests))
        .collect();
    let unused: Vec<String> = view
        .unused_names
        .iter()
        .map(|name| short_name(name.as_str()))
        .collect();
    let (unmatched, only) = (with_counts(&counted), with_counts(&only));
    if !unmatched.is_empty() || !only.is_empty() || !unused.is_empty() {
        screen.line("")?;
    }
    if !unmatched.is_empty() {
        screen.prose(
            "  requests: ",
            &format!(
                "match no operation of the catalogue: {}",
                words::first(&unmatched, ITEMS)
            ),
        )?;
    }
    if !only.is_empty() {
        screen.prose(
            "  clients:  ",
            &format!(
                "{} in the log, named by no policy: {}",
                only.len(),
                words::first(&only, ITEMS)
            ),
        )?;
    }
    if !unused.is_empty() {
        screen.prose(
            "  clients:  ",
            &format!(
                "{} in the policy, never in the log: {}",
                unused.len(),
                words::first(&unused, ITEMS)
            ),
        )?;
    }
    Ok(())
}

/// What these clients have in common, with a number for each of the first.
pub(super) fn counted(
    screen: &mut Screen<'_>,
    label: &str,
    text: &str,
    clients: &[(&str, u64)],
) -> io::Result<()> {
    screen.prose(
        label,
        &format!("{text}: {}", words::first(&with_counts(clients), ITEMS)),
    )
}

fn with_counts(names: &[(&str, u64)]) -> Vec<String> {
    names
        .iter()
        .map(|(name, count)| format!("{} ({count})", short_name(name)))
        .collect()
}

fn short_name(name: &str) -> String {
    escape::cut(name, 30)
}

/// Notes of the log reader, and one warning of each code with the number of the others.
pub(super) fn notes(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let mut messages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for warning in view.warnings {
        let place = warning
            .place
            .as_ref()
            .map(|place| format!("{place}: "))
            .unwrap_or_default();
        messages
            .entry(warning.code)
            .or_default()
            .push(format!("{place}{}", warning.message));
    }
    if !messages.is_empty() || !view.usage_notes.is_empty() {
        screen.line("")?;
    }
    let notes: Vec<String> = view.usage_notes.iter().take(ITEMS).cloned().collect();
    screen.list("  note: ", view.usage_notes.len(), &notes)?;
    for (code, found) in messages {
        screen.prose("  warning: ", &format!("{} ({code})", found[0]))?;
        if found.len() > 1 {
            screen.line(&format!("           and {} more {code}", found.len() - 1))?;
        }
    }
    Ok(())
}
