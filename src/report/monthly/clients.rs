//! Each client: what its exposure is made of, and every term with its days.

use std::collections::{BTreeMap, BTreeSet};

use super::credentials::CredentialLine;
use super::own_diff::Blocks;
use super::page::{ClientPage, NeededRow, Segments, SuspendPage, TermPage};
use super::{Extra, goes_now, items, words};
use crate::analysis::landmark::Odds;
use crate::analysis::{ClientAnalysis, DaySet, TermAnalysis};
use crate::model::{Day, Operation, Place, Reason, Scope, Subject, Term, Verdict, Via, Window};
use crate::report::{View, bound, demand, suspend};

/// Every client, most weight to free first.
pub(super) fn clients(view: &View<'_>, extra: &Extra<'_>) -> Vec<ClientPage> {
    let owners = owners(view);
    let mut pages: Vec<ClientPage> = view
        .analysis
        .clients
        .iter()
        .map(|own| client(view, extra, own, &owners))
        .collect();
    pages.sort_by(|a, b| {
        let freed = |page: &ClientPage| page.before - page.after_all;
        freed(b).total_cmp(&freed(a)).then_with(|| a.id.cmp(&b.id))
    });
    pages
}

/// Who answers for each client, as its entries say.
fn owners(view: &View<'_>) -> BTreeMap<String, String> {
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in view.policy.files.iter().flat_map(|file| &file.entries) {
        if let (Subject::Client(client), Some(owner)) = (&entry.subject, &entry.owner) {
            let own = owners.entry(client.to_string()).or_default();
            own.insert(owner.to_string());
        }
    }
    owners
        .into_iter()
        .map(|(client, own)| (client, own.into_iter().collect::<Vec<_>>().join(", ")))
        .collect()
}

fn client(
    view: &View<'_>,
    extra: &Extra<'_>,
    own: &ClientAnalysis,
    owners: &BTreeMap<String, String>,
) -> ClientPage {
    let terms: Vec<TermPage> = own
        .terms
        .iter()
        .map(|found| term(view, own, found))
        .collect();
    let stays: BTreeSet<Term> = own
        .terms
        .iter()
        .zip(&terms)
        .filter(|(_, page)| !goes_now(view.level, page))
        .map(|(found, _)| found.term.clone())
        .collect();
    let label = |operation: usize| {
        let operations = &view.catalog.operations;
        operations
            .get(operation)
            .map_or_else(String::new, Operation::label)
    };
    let activity = extra.activity.get(&own.id);
    let (now, then) = (
        extra.universe.opens(&own.granted),
        extra.universe.opens(&stays),
    );
    ClientPage {
        id: own.id.to_string(),
        owner: owners.get(own.id.as_str()).cloned(),
        status: own.status.name(),
        requests: own.requests,
        month_requests: activity.map_or(0, |month| month.requests),
        last_seen: own.last_seen.map(Day::of),
        before: own.exposure.before,
        after: extra.universe.exposure(&stays),
        after_all: own.exposure.after_all,
        needed_exposure: own.exposure.needed,
        operations_before: now.len(),
        operations_after: then.len(),
        closed: now.difference(&then).map(|own| label(*own)).collect(),
        bar: bar(extra, own),
        suspend: own.suspend.as_ref().and_then(|advice| {
            Some(SuspendPage {
                level: advice.level,
                grants: advice.grants,
                sentence: suspend::sentence(&view.analysis.basis, own)?,
            })
        }),
        minimal: own.minimal.iter().map(ToString::to_string).collect(),
        minimal_proven: own.minimal_proven,
        gap: own.gap.clone(),
        terms,
        needed: own
            .needed
            .iter()
            .map(|served| NeededRow {
                operation: label(served.operation),
                requests: served.count,
                first: Day::of(served.first),
                last: Day::of(served.last),
            })
            .collect(),
        demand: asked_for(view, own),
        credentials: extra
            .credentials
            .get(&own.id)
            .into_iter()
            .flatten()
            .map(CredentialLine::sentence)
            .collect(),
        diff: Vec::new(),
        unmatched: own.unmatched_requests,
    }
}

/// What it asks for and does not get: a label, and everything that is said under it.
fn asked_for(view: &View<'_>, own: &ClientAnalysis) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    for (label, text) in demand::lines(view, own) {
        match facts.last_mut() {
            // A line without a label belongs to the one before.
            Some((_, said)) if label.is_empty() => {
                said.push_str("; ");
                said.push_str(&text);
            }
            _ => facts.push((label.to_owned(), text)),
        }
    }
    facts
}

/// Gives each client the lines of the proved diff that are its own.
pub(super) fn add_diffs(view: &View<'_>, extra: &Extra<'_>, clients: &mut [ClientPage]) {
    let Some(proof) = &extra.proof else { return };
    let places: Vec<Vec<Place>> = clients
        .iter()
        .map(|client| {
            let going = client
                .terms
                .iter()
                .filter(|term| goes_now(view.level, term));
            going.flat_map(|term| term.places.clone()).collect()
        })
        .collect();
    let blocks = Blocks::of(&proof.diff, &places);
    for (number, client) in clients.iter_mut().enumerate() {
        client.diff = blocks.lines(number, &places[number]);
    }
}

/// The exposure in parts. Each step takes more terms away, so no part is negative.
fn bar(extra: &Extra<'_>, own: &ClientAnalysis) -> Segments {
    let removed = |term: &&TermAnalysis| term.verdict == Verdict::Remove;
    let protected = |term: &&TermAnalysis| term.reasons.contains(&Reason::Protected);
    let kept: BTreeSet<Term> = own
        .terms
        .iter()
        .filter(|term| !removed(term))
        .map(|term| term.term.clone())
        .collect();
    let guarded: BTreeSet<Term> = own
        .terms
        .iter()
        .filter(|term| !removed(term) || protected(term))
        .map(|term| term.term.clone())
        .collect();
    let (kept, guarded) = (
        extra.universe.exposure(&kept),
        extra.universe.exposure(&guarded),
    );
    let part = |from: f64, to: f64| ((from - to) * 10_000.0).round().max(0.0) / 10_000.0;
    let exposure = own.exposure;
    Segments {
        needed: exposure.needed,
        safe: part(exposure.before, exposure.after_safe),
        likely: part(exposure.after_safe, exposure.after_likely),
        review: part(exposure.after_likely, guarded),
        protected: part(guarded, kept),
        beyond: part(kept, exposure.needed),
    }
}

fn term(view: &View<'_>, client: &ClientAnalysis, found: &TermAnalysis) -> TermPage {
    let window = view.analysis.window;
    let odds = found.evidence.as_ref().map(|own| &own.odds);
    let id = found
        .kind
        .map(|kind| items::id(client.id.as_str(), found.term.as_str(), kind.name()));
    let label = |operation: &usize| {
        let operations = &view.catalog.operations;
        operations
            .get(*operation)
            .map_or_else(String::new, Operation::label)
    };
    let uses: u64 = client
        .needed
        .iter()
        .filter(|served| found.serves.contains(&served.operation))
        .map(|served| served.count)
        .sum();
    let roles: BTreeSet<String> = found
        .vias
        .iter()
        .filter_map(|via| via.role.as_ref())
        .map(|(role, _)| role.to_string())
        .collect();
    TermPage {
        id,
        term: found.term.to_string(),
        via: roles.into_iter().collect(),
        places: found
            .vias
            .iter()
            .filter_map(|via| place(view, via))
            .collect(),
        verdict: found.verdict.name(),
        kind: found.kind.map(crate::model::Kind::name),
        level: found.level,
        protected: found.reasons.contains(&Reason::Protected),
        codes: found.reasons.iter().map(|own| words::code(*own)).collect(),
        reasons: found.sentences(),
        since: found.since,
        first_used: found.rhythm.first.map(Day::of),
        last_used: found.rhythm.last.map(Day::of),
        days_used: found.rhythm.days.range(window.from..=window.to).count(),
        idle_days: found.rhythm.idle(&client.covered(view.coverage), window.to),
        longest_gap: found.rhythm.longest_gap(),
        uses,
        p: odds.map(|own| bound::up(own.p, 6)),
        upper: odds.map(|own| bound::up(own.upper, 6)),
        evidence: evidence(view, client, found),
        witness: found
            .witness
            .iter()
            .map(|op| asked(label(op), view.catalog.operations.get(*op)))
            .collect(),
        replace_with: found.replace_with.iter().map(ToString::to_string).collect(),
        strip: runs(&found.rhythm.days, window),
    }
}

/// An operation with what it asks for: any of several sets of scopes.
fn asked(label: String, operation: Option<&Operation>) -> String {
    let clauses = operation.map_or(&[][..], |own| own.requirement.clauses());
    let any: Vec<String> = clauses
        .iter()
        .take(4)
        .map(|all| {
            let all: Vec<&str> = all.iter().map(Scope::as_str).collect();
            all.join(" and ")
        })
        .collect();
    match clauses.len().saturating_sub(any.len()) {
        _ if any.is_empty() => label,
        0 => format!("{label}, which asks for {}", any.join(", or ")),
        more => format!(
            "{label}, which asks for {}, or {more} others",
            any.join(", or ")
        ),
    }
}

fn place(view: &View<'_>, via: &Via) -> Option<Place> {
    let file = view.policy.files.get(via.file)?;
    Some(file.entries.get(via.entry)?.place.clone())
}

/// Why it can go, in one phrase.
fn evidence(view: &View<'_>, client: &ClientAnalysis, found: &TermAnalysis) -> String {
    let window = view.analysis.window;
    let seen = client.covered(view.coverage);
    let mut facts = Vec::new();
    match found.rhythm.last {
        None if found.verdict == Verdict::Unobservable => {
            facts.push("no request can show it".to_owned());
        }
        None => {
            let covered = seen.range(..=window.to).count() as u64;
            facts.push(format!(
                "never used in {} with records",
                words::plural(covered, "day")
            ));
        }
        Some(last) => {
            let idle = found.rhythm.idle(&seen, window.to).unwrap_or(0);
            let last = Day::of(last);
            facts.push(if idle == 0 {
                format!("last used {last}")
            } else {
                format!(
                    "last used {last}, idle {}",
                    words::plural(idle.into(), "day")
                )
            });
        }
    }
    match found.since {
        Some(since) => facts.push(format!("held since {since}")),
        None => facts.push("held since an unknown day".to_owned()),
    }
    facts.extend(found.evidence.as_ref().map(|own| past(&own.odds)));
    facts.join("; ")
}

/// What grants that looked like it did.
fn past(odds: &Odds) -> String {
    if odds.similar == 0 {
        return "no similar grants to compare with".to_owned();
    }
    format!(
        "{} similar, {} used again ({})",
        words::count(odds.similar.into()),
        words::count(odds.reused.into()),
        bound::percent(bound::up(odds.p, 6))
    )
}

/// Days with use as runs: first day of the window is 0, then the length.
fn runs(days: &DaySet, window: Window) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for day in days.range(window.from..=window.to) {
        let at = u32::try_from(day.0 - window.from.0).unwrap_or(0);
        match runs.last_mut() {
            Some((from, length)) if *from + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_follow_each_other_are_one_run_and_days_outside_are_none() {
        let days: DaySet = [8, 10, 11, 12, 20].map(Day).into_iter().collect();
        let window = Window {
            from: Day(10),
            to: Day(20),
        };
        assert_eq!(runs(&days, window), [(0, 3), (10, 1)]);
    }
}
