//! One term of one client: what it served, and whether anything needs it.

use std::collections::BTreeSet;

use super::client::{Context, Needs};
use super::minimum::Holding;
use super::rhythm::Rhythm;
use super::{ClientAnalysis, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::{Day, Kind, Reason, Scope, Term, Verdict, Via};

/// Why no request can show that the term is used, if so.
pub(super) fn unobservable(context: &Context<'_>, term: &Term) -> Option<Reason> {
    let asked_for = context.required.contains(term.as_str());
    let protocol = |scope: &Scope| {
        scope.as_str() == term.as_str() || term.as_str().ends_with(&format!("/{scope}"))
    };
    if !asked_for && context.options.protocol.iter().any(protocol) {
        return Some(Reason::ProtocolScope);
    }
    (!context.universe.is_observable(term)).then_some(Reason::OpensNoOperation)
}

pub(super) fn term_analysis(
    context: &Context<'_>,
    (client, holding): (&ClientAnalysis, &Holding),
    needs: &Needs,
    (term, vias): (&Term, &Vec<Via>),
) -> TermAnalysis {
    let since = context.inputs.history.since(
        context.inputs.policy,
        (&client.id, term),
        vias,
        context.options.window.to,
    );
    let mut found = TermAnalysis {
        term: term.clone(),
        vias: vias.clone(),
        verdict: Verdict::Keep,
        kind: None,
        level: None,
        reasons: Vec::new(),
        since: since
            .filter(|own| !says_too_little(*own, context))
            .map(|(day, _)| day),
        since_from: since.map(|(_, from)| from),
        rhythm: Rhythm::default(),
        evidence: None,
        witness: Vec::new(),
        serves: Vec::new(),
        replace_with: Vec::new(),
        held_by: BTreeSet::new(),
        goes_with: BTreeSet::new(),
        possible: Vec::new(),
        strangers: Vec::new(),
        unseen: (0, Vec::new()),
    };
    if let Some(reason) = unobservable(context, term) {
        found.verdict = Verdict::Unobservable;
        found.reasons.push(reason);
        return found;
    }
    let mut serves = BTreeSet::new();
    let part = context.universe.scopes_of(term);
    for route in &needs.ever {
        let takes_part = |op: &&usize| context.universe.serves_holding(&part, holding, **op);
        let own: Vec<usize> = route
            .operations
            .iter()
            .filter(takes_part)
            .copied()
            .collect();
        if !own.is_empty() {
            for day in route.days.iter().filter(|day| day.need() > 0) {
                found.rhythm.add(
                    Day(day.day),
                    day.need(),
                    (day.first, day.last),
                    context.options.window.to,
                );
            }
            let needed = own.iter().filter(|op| needs.served.contains_key(op));
            serves.extend(needed.copied());
        }
    }
    found.serves = serves.into_iter().collect();
    if client.minimal.contains(term) {
        found.reasons.push(Reason::Needed);
        let proof = |op: &usize| needs.served.get(op).is_some_and(|served| served.used > 0);
        if !found.serves.iter().any(proof) {
            found.reasons.push(Reason::OnlyAttempted);
        }
    } else {
        found.verdict = Verdict::Remove;
        found.kind = Some(if found.serves.is_empty() {
            Kind::Unused
        } else {
            Kind::Redundant
        });
        found.reasons.push(match (found.kind, found.rhythm.last) {
            (Some(Kind::Unused), None) => Reason::NeverUsed,
            (Some(Kind::Unused), Some(_)) => Reason::NotUsedInWindow,
            _ => Reason::OthersSuffice,
        });
    }
    found
}

/// Days that a grant must be old (guard G2).
const OLD_ENOUGH: i32 = 90;

/// Whether nothing is known but that it was held at a day that is too near: it may be old
/// or young, and neither is said.
fn says_too_little((day, from): (Day, SinceFrom), context: &Context<'_>) -> bool {
    from == SinceFrom::GitBoundary && context.options.window.to.0 - day.0 < OLD_ENOUGH
}

pub(super) fn narrowed(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &mut TermAnalysis,
    kept: &BTreeSet<Term>,
) {
    if found.verdict == Verdict::Unobservable {
        return;
    }
    found.verdict = Verdict::Narrow;
    found.kind = Some(Kind::Broad);
    found.reasons = vec![Reason::NarrowerSuffices];
    let own: BTreeSet<usize> = found.serves.iter().copied().collect();
    found.replace_with = kept
        .iter()
        .filter(|term| !client.granted.contains(*term))
        .filter(|term| {
            own.iter()
                .any(|op| context.universe.serves(term, kept, *op))
        })
        .cloned()
        .collect();
}
