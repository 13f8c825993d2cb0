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
        .map(|name| short(name.as_str()))
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
        .map(|(name, count)| format!("{} ({count})", short(name)))
        .collect()
}

fn short(name: &str) -> String {
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
