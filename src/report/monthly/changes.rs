//! Month over month: what is new, what went, what came back, what nobody touched;
//! and what became of last month's recommendations.
//!
//! Invariants:
//! * a month without a known report is a gap in what we know: it neither
//!   ends a run nor begins one;
//! * without an earlier report nothing is called new;
//! * what was answered by an exception, or can no longer be judged, is not resolved;
//! * each item of the last report is in one list.

use std::collections::{BTreeMap, BTreeSet};

use super::Extra;
use super::items::Item;
use super::month::Month;
use super::previous::History;
use super::rows::{Change, Changes, Outcome};
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::finding;
use crate::model::words;
use crate::model::{ClientName, Reason, Term, Verdict};
use crate::report::View;
use crate::report::model::NotEvaluable;

/// Why an item of the last report is not open now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// The grant is gone, or the fact is no longer found.
    Resolved,
    /// Somebody said that it may be.
    Accepted,
    /// The recommendation no longer holds.
    Void,
    /// Unknown.
    Unjudged,
}

/// Tells why an item of the last report is not open now.
pub(super) fn gone(
    view: &View<'_>,
    not_evaluable: &[NotEvaluable<'_>],
    outcomes: &[Outcome],
) -> impl Fn(&Item) -> Gone {
    let states: BTreeMap<String, &str> = outcomes
        .iter()
        .map(|outcome| (outcome.id.clone(), outcome.state))
        .collect();
    let allowed = view.outcomes.allowed.iter();
    let allowed: BTreeSet<String> = allowed
        .map(|finding| super::id(&finding.client, &finding.subject, finding.rule))
        .collect();
    move |item| {
        if item.recommendation {
            return match states.get(&item.id()) {
                Some(&"rejected") => Gone::Accepted,
                Some(&"withdrawn") => Gone::Unjudged,
                Some(&("needed" | "open")) => Gone::Void,
                _ => Gone::Resolved,
            };
        }
        let rule = item.rule.as_str();
        let off = finding::by_name(rule).is_none() || view.outcomes.disabled.contains(&rule);
        let unjudged = not_evaluable.iter().any(|unjudged| {
            unjudged.rule == rule && (!unjudged.partly || unjudged.clients.contains(&item.client))
        });
        if allowed.contains(&item.id()) {
            Gone::Accepted
        } else if off || unjudged {
            Gone::Unjudged
        } else {
            Gone::Resolved
        }
    }
}

/// Compares this month's items with all that is known of earlier months.
pub(super) fn changes(
    month: Month,
    history: &History,
    items: &BTreeMap<String, Item>,
    gone: &dyn Fn(&Item) -> Gone,
) -> Option<Changes> {
    let last = history.last()?;
    let known = history.months();
    let seen = history.seen();
    let mut changes = Changes {
        with: last.month,
        new: Vec::new(),
        resolved: Vec::new(),
        accepted: Vec::new(),
        void: Vec::new(),
        unjudged: Vec::new(),
        came_back: Vec::new(),
        ignored: Vec::new(),
        clients: last.holdings.keys().cloned().collect(),
    };
    for (id, item) in items {
        let months = seen
            .get(id)
            .map(|(_, months)| months.clone())
            .unwrap_or_default();
        let change = change(id, item, months, &known, month);
        match (change.since == month, change.months.len()) {
            (false, _) => changes.ignored.push(change),
            (true, 1) => changes.new.push(change),
            (true, _) => changes.came_back.push(change),
        }
    }
    for (id, item) in &last.items {
        if !items.contains_key(id) {
            let months = seen
                .get(id)
                .map(|(_, months)| months.clone())
                .unwrap_or_default();
            let mut change = change(id, item, months, &known, last.month);
            change.for_months = month.since(change.since);
            let gone_to = match gone(item) {
                Gone::Resolved => &mut changes.resolved,
                Gone::Accepted => &mut changes.accepted,
                Gone::Void => &mut changes.void,
                Gone::Unjudged => &mut changes.unjudged,
            };
            gone_to.push(change);
        }
    }
    let order = |list: &mut Vec<Change>| {
        list.sort_by(|a, b| {
            (a.since, &a.client, &a.subject, &a.rule)
                .cmp(&(b.since, &b.client, &b.subject, &b.rule))
        });
    };
    order(&mut changes.new);
    order(&mut changes.resolved);
    order(&mut changes.accepted);
    order(&mut changes.void);
    order(&mut changes.unjudged);
    order(&mut changes.came_back);
    order(&mut changes.ignored);
    Some(changes)
}

/// The item with the first month of the run that ends at `month`.
fn change(
    id: &str,
    item: &Item,
    mut months: BTreeSet<Month>,
    known: &BTreeSet<Month>,
    month: Month,
) -> Change {
    months.retain(|earlier| *earlier < month);
    let mut since = month;
    for earlier in known.range(..month).rev() {
        if !months.contains(earlier) {
            break;
        }
        since = *earlier;
    }
    months.insert(month);
    Change {
        id: id.to_owned(),
        client: item.client.clone(),
        subject: item.subject.clone(),
        rule: item.rule.clone(),
        level: item.level.clone(),
        recommendation: item.recommendation,
        since,
        for_months: month.since(since),
        months: months.into_iter().collect(),
    }
}

/// What became of each recommendation of the last report, and what was rolled back.
pub(super) fn outcomes(
    view: &View<'_>,
    extra: &Extra<'_>,
    items: &BTreeMap<String, Item>,
) -> Vec<Outcome> {
    let Some(last) = extra.history.last() else {
        return Vec::new();
    };
    let clients: BTreeMap<&str, &ClientAnalysis> = view
        .analysis
        .clients
        .iter()
        .map(|client| (client.id.as_str(), client))
        .collect();
    let find = |item: &Item| -> (Option<&ClientAnalysis>, Option<&TermAnalysis>) {
        let client = clients.get(item.client.as_str()).copied();
        let term = client.and_then(|client| {
            let mut terms = client.terms.iter();
            terms.find(|term| term.term.as_str() == item.subject)
        });
        (client, term)
    };
    let mut outcomes = Vec::new();
    // Two kinds of one scope are one recommendation to the person who acts on it.
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for item in last.items.values().filter(|item| item.recommendation) {
        let (client, term) = find(item);
        let (state, detail, denials) = match (client, term) {
            (_, Some(term)) => still_held(term, item, items),
            (Some(client), None) => applied(view, extra, client, item),
            (None, None) => ("applied", "the client left the policy".to_owned(), 0),
        };
        told.insert((item.client.clone(), item.subject.clone()));
        outcomes.push(Outcome {
            id: item.id(),
            client: item.client.clone(),
            term: item.subject.clone(),
            level: item.level.clone(),
            state,
            detail,
            denials,
        });
    }
    for (id, (item, _)) in extra.history.seen() {
        let key = (item.client.clone(), item.subject.clone());
        let gone = last
            .holdings
            .get(&item.client)
            .is_none_or(|held| !held.contains(&item.subject));
        if item.recommendation && gone && find(&item).1.is_some() && told.insert(key) {
            outcomes.push(Outcome {
                id,
                client: item.client,
                term: item.subject,
                level: item.level,
                state: "rolled_back",
                detail: "it was gone last month and is held again".to_owned(),
                denials: 0,
            });
        }
    }
    outcomes.sort_by(|a, b| {
        (a.state, &a.client, &a.term, &a.id).cmp(&(b.state, &b.client, &b.term, &b.id))
    });
    outcomes
}

fn still_held(
    term: &TermAnalysis,
    item: &Item,
    items: &BTreeMap<String, Item>,
) -> (&'static str, String, u64) {
    let open = items.contains_key(&item.id());
    let (state, detail) = match term.verdict {
        Verdict::Remove | Verdict::Narrow if open => {
            let level = term.level.map_or("", crate::model::Level::name);
            let detail = if level == item.level {
                format!("still recommended ({level})")
            } else {
                format!("still recommended, was {}, now {level}", item.level)
            };
            ("open", detail)
        }
        Verdict::Remove | Verdict::Narrow => {
            ("open", "still recommended, for another reason".to_owned())
        }
        Verdict::Keep if term.reasons.contains(&Reason::Exception) => {
            ("rejected", "kept by a reviewed exception".to_owned())
        }
        Verdict::Keep => ("needed", "needed again: it stays".to_owned()),
        Verdict::Unobservable | Verdict::Undetermined => (
            "withdrawn",
            "the data no longer allows the answer".to_owned(),
        ),
    };
    (state, detail, 0)
}

/// A term that is gone, and the requests of the month that were refused since.
fn applied(
    view: &View<'_>,
    extra: &Extra<'_>,
    client: &ClientAnalysis,
    item: &Item,
) -> (&'static str, String, u64) {
    let mut with = client.granted.clone();
    with.insert(Term::new(&item.subject));
    let closed = |operation: &usize| {
        extra.universe.is_restricted(*operation)
            && extra.universe.permits(&with, *operation)
            && !extra.universe.permits(&client.granted, *operation)
    };
    let name: &ClientName = &client.id;
    let refused = extra.activity.get(name).map(|month| &month.denied);
    let hits: Vec<(String, u64)> = refused
        .into_iter()
        .flatten()
        .filter_map(|(route, count)| {
            let route = view.routes.get(*route as usize)?;
            let hit = route.operations.iter().any(closed);
            hit.then(|| (route.label(), *count))
        })
        .collect();
    let denials = hits.iter().map(|(_, count)| count).sum();
    let detail = match hits.first() {
        None => "removed; no request was refused for it this month".to_owned(),
        Some((label, _)) => format!(
            "removed; {} refused this month, for example {label}",
            words::plural_grouped(denials, "request")
        ),
    };
    ("applied", detail, denials)
}
