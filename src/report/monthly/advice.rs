//! "Do this now" and "needs a human".

use std::collections::BTreeSet;

use super::page::{ClientPage, TermPage};
use super::rows::{Advice, Human};
use super::{Extra, goes_now, words};
use crate::model::{Level, Place, Term, Verdict};
use crate::report::{View, bound};

/// One row for each client that can lose something at the chosen level; the most
/// weight freed first, times the chance that none of it is needed again.
pub(super) fn advice(view: &View<'_>, clients: &[ClientPage]) -> Vec<Advice> {
    let mut rows: Vec<Advice> = clients
        .iter()
        .filter_map(|client| row(view.level, client))
        .collect();
    rows.sort_by(|a, b| {
        b.gain
            .total_cmp(&a.gain)
            .then_with(|| a.client.cmp(&b.client))
    });
    rows
}

fn row(level: Level, client: &ClientPage) -> Option<Advice> {
    let going: Vec<&TermPage> = client
        .terms
        .iter()
        .filter(|term| goes_now(level, term))
        .collect();
    let worst = going.iter().filter_map(|term| term.level).max()?;
    let places: BTreeSet<Place> = going.iter().flat_map(|term| term.places.clone()).collect();
    // The chance that none is used again, had each its own.
    let quiet: f64 = going
        .iter()
        .map(|term| 1.0 - term.p.unwrap_or(0.0).clamp(0.0, 1.0))
        .product();
    Some(Advice {
        client: client.id.clone(),
        owner: client.owner.clone(),
        terms: going.iter().map(|term| term.term.clone()).collect(),
        places: places.into_iter().collect(),
        before: client.before,
        after: client.after,
        evidence: phrase(&going),
        level: worst,
        gain: (client.before - client.after) * quiet,
    })
}

/// One phrase for all of them.
fn phrase(going: &[&TermPage]) -> String {
    if let [only] = going {
        return only.evidence.clone();
    }
    let never = going.iter().filter(|term| term.last_used.is_none()).count();
    let last = going.iter().filter_map(|term| term.last_used).max();
    let used = match (never, last) {
        (_, None) => "none of them ever used in the data".to_owned(),
        (0, Some(last)) => format!("none used since {last}"),
        (never, Some(last)) => format!(
            "{} never used, {} not since {last}",
            words::count(never as u64),
            words::count((going.len() - never) as u64)
        ),
    };
    let since = going.iter().map(|term| term.since).max().flatten();
    let known: Vec<f64> = going.iter().filter_map(|term| term.upper).collect();
    let held = match since {
        Some(since) if going.iter().all(|term| term.since.is_some()) => {
            format!("; held since {since} or longer")
        }
        _ => String::new(),
    };
    let past = if known.len() == going.len() {
        let worst = known.iter().copied().fold(0.0, f64::max);
        format!(
            "; at most {} of similar grants were used again",
            bound::percent(worst)
        )
    } else {
        String::new()
    };
    format!("{used}{held}{past}")
}

/// Removals that a person has to decide, and scopes that could be narrower; the
/// heaviest first.
pub(super) fn human(extra: &Extra<'_>, clients: &[ClientPage]) -> Vec<Human> {
    let mut rows = Vec::new();
    for client in clients {
        for term in &client.terms {
            let Some(what) = what(term) else { continue };
            let weight = alone(extra, client, term);
            rows.push(Human {
                id: term.id.clone().unwrap_or_default(),
                client: client.id.clone(),
                owner: client.owner.clone(),
                term: term.term.clone(),
                places: term.places.clone(),
                what,
                reasons: term.reasons.clone(),
                question: ask(term),
                weight,
            });
        }
    }
    rows.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| (&a.client, &a.term).cmp(&(&b.client, &b.term)))
    });
    rows
}

fn what(term: &TermPage) -> Option<&'static str> {
    if term.verdict == Verdict::Narrow.name() {
        return Some("narrow");
    }
    if term.verdict != Verdict::Remove.name() {
        return None;
    }
    match term.level {
        _ if term.protected => Some("protected"),
        Some(Level::Review) => Some("review"),
        Some(Level::Manual) | None => Some("manual"),
        Some(Level::Safe | Level::Likely) => None,
    }
}

/// The exposure that only this term opens.
fn alone(extra: &Extra<'_>, client: &ClientPage, term: &TermPage) -> f64 {
    let others: Vec<Term> = client
        .terms
        .iter()
        .filter(|own| own.term != term.term)
        .map(|own| Term::new(&own.term))
        .collect();
    (client.before - extra.universe.exposure(&others)).max(0.0)
}

/// The first question that a reason asks.
fn ask(term: &TermPage) -> String {
    let asked = term
        .codes
        .iter()
        .rev()
        .find_map(|code| words::question(code));
    let question = asked.unwrap_or("Is it still needed, and for what?");
    if term.replace_with.is_empty() {
        question.to_owned()
    } else {
        format!("{question} Narrower: {}.", term.replace_with.join(", "))
    }
}
