//! Possible needs in words: how many, when, and one example.

use crate::analysis::{Analysis, Held, TermAnalysis};
use crate::model::words::{either, listed, plural};
use crate::model::{Cause, Operation, Warning};

use super::View;

/// `412 requests name no client, and hold 3 scopes of 2 clients at review`, cause by cause.
pub(crate) fn sentences(analysis: &Analysis) -> Vec<String> {
    let told = analysis.possible.iter().map(|told| {
        format!(
            "{}, and {} {} of {} at review",
            counted(told.cause, told.requests),
            either(told.requests, "holds", "hold"),
            plural(told.scopes, "scope"),
            plural(told.clients, "client"),
        )
    });
    told.collect()
}

/// The same for the list of what a reviewer should know.
pub(crate) fn warnings(analysis: &Analysis) -> Vec<Warning> {
    let of = |(text, told): (String, &crate::analysis::Told)| {
        let days = told.days.map(|(first, last)| {
            if first == last {
                format!(" ({first})")
            } else {
                format!(" ({first} to {last})")
            }
        });
        let advice = match told.cause {
            Cause::NoClient => "make the gateway log who calls",
            Cause::Unreadable => "`rejects.ndjson` of --out shows the lines",
            _ => "`scopetrim explain CLIENT SCOPE` names them",
        };
        let text = format!(
            "{text}{}; {advice}, or state them under [[noise]]",
            days.unwrap_or_default()
        );
        Warning::new("possible-need", text)
    };
    let told = sentences(analysis).into_iter().zip(&analysis.possible);
    told.map(of).collect()
}

/// `412 requests name no client`; lines that could not be read are lines.
fn counted(cause: Cause, requests: u64) -> String {
    let what = if cause == Cause::Unreadable {
        "line"
    } else {
        "request"
    };
    format!("{} {}", plural(requests, what), cause.phrase(requests == 1))
}

/// What may have needed a term, one sentence for each cause.
pub(super) fn held(term: &TermAnalysis) -> impl Iterator<Item = String> {
    term.possible.iter().map(sentence)
}

/// What callers outside the policy did with a term's operations.
pub(super) fn strangers(term: &TermAnalysis) -> impl Iterator<Item = String> {
    term.strangers.iter().map(sentence)
}

fn sentence(held: &Held) -> String {
    let when = match (held.days.first(), held.days.last()) {
        (Some(first), Some(last)) if first < last => {
            let days = plural(held.days.len() as u64, "day");
            format!(" on {days} from {first} to {last}")
        }
        (Some(first), _) => format!(" on {first}"),
        _ => String::new(),
    };
    let seen = held.seen.as_ref();
    let seen = seen.map(|(method, path)| format!(": {method} {path}"));
    let names: Vec<&str> = held.names.iter().map(String::as_str).collect();
    let by = (!names.is_empty()).then(|| format!(" by {}", names.join(", ")));
    let id = held.sample.as_ref().map(|id| format!(" (request {id})"));
    let parts = [
        Some(counted(held.cause, held.requests)),
        Some(when),
        seen,
        by,
        id,
    ];
    parts.into_iter().flatten().collect()
}

/// Operations of a term that nobody was ever seen on, in words.
pub(super) fn unseen(view: &View<'_>, term: &TermAnalysis) -> Option<String> {
    let (count, some) = &term.unseen;
    let label = |op: &usize| view.catalog.operations.get(*op).map(Operation::label);
    let names: Vec<String> = some.iter().filter_map(label).collect();
    (*count > 0).then(|| {
        format!(
            "nobody was ever seen on {}: is it logged at all? (all_operations_logged states it)",
            listed(&names, *count)
        )
    })
}
