//! "Do this now" and "needs a human".

use super::page::ClientView;
use super::rows::{Advice, Human};
use super::standing::Standing;
use super::{Extra, questions};
use crate::model::words;
use crate::model::{Day, Level, Term, Verdict};
use crate::report::model::TermView;

/// One row for each client that can lose something at the chosen level; the most
/// weight freed first, times the chance that none of it is needed again.
pub(super) fn advice<'a>(clients: &[ClientView<'a>]) -> Vec<Advice<'a>> {
    let mut rows: Vec<Advice<'_>> = clients.iter().filter_map(row).collect();
    rows.sort_by(|a, b| {
        b.gain
            .total_cmp(&a.gain)
            .then_with(|| a.client.cmp(b.client))
    });
    rows
}

fn row<'a>(client: &ClientView<'a>) -> Option<Advice<'a>> {
    let going: Vec<TermView<'a>> = client.terms().filter(TermView::goes_now).collect();
    let worst = going.iter().filter_map(|term| term.found.level).max()?;
    // The chance that none is used again, had each its own.
    let quiet: f64 = going
        .iter()
        .map(|term| 1.0 - term.p().unwrap_or(0.0).clamp(0.0, 1.0))
        .product();
    let before = client.found.exposure.before;
    Some(Advice {
        client: client.id(),
        owner: client.owner.clone(),
        terms: going.iter().map(TermView::name).collect(),
        places: going.iter().flat_map(TermView::places).collect(),
        before,
        after: client.after,
        evidence: phrase(&going),
        level: worst,
        gain: (before - client.after) * quiet,
    })
}

/// One phrase for all of them.
fn phrase(going: &[TermView<'_>]) -> String {
    if let [only] = going {
        return only.evidence();
    }
    let last_used = |term: &TermView<'_>| term.found.rhythm.last.map(Day::of);
    let last = going.iter().filter_map(last_used).max();
    let never = going
        .iter()
        .filter(|term| last_used(term).is_none())
        .count();
    let used = match (never, last) {
        (_, None) => "none of them ever used in the data".to_owned(),
        (0, Some(last)) => format!("none used since {last}"),
        (never, Some(last)) => format!(
            "{} never used, {} not since {last}",
            words::grouped(never as u64),
            words::grouped((going.len() - never) as u64)
        ),
    };
    let since = going.iter().map(|term| term.found.since).max().flatten();
    let known: Vec<f64> = going.iter().filter_map(TermView::upper).collect();
    let held = match since {
        Some(since) if going.iter().all(|term| term.found.since.is_some()) => {
            format!("; held since {since} or longer")
        }
        _ => String::new(),
    };
    let past = if known.len() == going.len() {
        let worst = known.iter().copied().fold(0.0, f64::max);
        format!(
            "; at most {} of similar grants were used again",
            words::percent_up(worst)
        )
    } else {
        String::new()
    };
    format!("{used}{held}{past}")
}

/// Removals that a person has to decide, and scopes that could be narrower; the
/// heaviest first.
pub(super) fn human<'a>(extra: &Extra<'_>, clients: &[ClientView<'a>]) -> Vec<Human<'a>> {
    let mut rows = Vec::new();
    for client in clients {
        for term in client.terms() {
            if Standing::of(&term) != Standing::Human {
                continue;
            }
            rows.push(Human {
                owner: client.owner.clone(),
                what: what(&term),
                question: ask(&term),
                weight: alone(extra, &term),
                term,
            });
        }
    }
    rows.sort_by(|a, b| {
        let key = |row: &Human<'a>| (row.term.client.id.as_str(), row.term.name());
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| key(a).cmp(&key(b)))
    });
    rows
}

/// The word for what a person has to decide.
fn what(term: &TermView<'_>) -> &'static str {
    match (term.found.verdict, term.found.level) {
        (Verdict::Narrow, _) => "narrow",
        _ if term.is_protected() => "protected",
        (_, Some(Level::Review)) => "review",
        _ => "manual",
    }
}

/// The exposure that only this term opens.
fn alone(extra: &Extra<'_>, term: &TermView<'_>) -> f64 {
    let held = term.client.terms.iter().map(|own| &own.term);
    let others = held.filter(|own| **own != term.found.term);
    (term.client.exposure.before - extra.universe.exposure(others)).max(0.0)
}

/// The first question that a reason asks.
fn ask(term: &TermView<'_>) -> String {
    let reasons = term.found.reasons.iter().rev();
    let mut asked = reasons.map(|reason| questions::code(*reason));
    let question = asked.find_map(|code| questions::question(&code));
    let question = question.unwrap_or("Is it still needed, and for what?");
    let narrower: Vec<&str> = term.found.replace_with.iter().map(Term::as_str).collect();
    if narrower.is_empty() {
        question.to_owned()
    } else {
        format!("{question} Narrower: {}.", narrower.join(", "))
    }
}
