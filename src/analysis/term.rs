//! One term of one client: what it served, and whether anything needs it.

use std::collections::BTreeSet;

use super::client::{Context, Needs};
use super::minimum::Universe;
use super::prepared::{HeldTerm, Holder};
use super::rhythm::Rhythm;
use super::{ClientAnalysis, Options, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::{Day, Kind, Reason, Scope, Term, Verdict};

/// Why no request can show that a term with these scopes is used, if so.
pub(super) fn unobservable(
    universe: &Universe,
    (required, unrecorded): (&BTreeSet<Scope>, &BTreeSet<Term>),
    options: &Options,
    term: &Term,
    scopes: &[u32],
) -> Option<Reason> {
    let asked_for = required.contains(term.as_str());
    let protocol = |scope: &Scope| {
        let prefix = term.as_str().strip_suffix(scope.as_str());
        prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('/'))
    };
    if !asked_for && options.protocol.iter().any(protocol) {
        return Some(Reason::ProtocolScope);
    }
    if unrecorded.contains(term) {
        return Some(Reason::NotRecorded);
    }
    (!universe.asks_for_any(scopes)).then_some(Reason::OpensNoOperation)
}

/// What each term of a client served: routes of [`Needs::ever`], by place of the term.
pub(super) fn routes_of_terms(
    context: &Context<'_>,
    holder: &Holder,
    needs: &Needs,
) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); holder.terms.len()];
    for (index, route) in needs.ever.iter().enumerate() {
        for place in holder.serving(context.universe, &route.operations) {
            all[place].push(index);
        }
    }
    all
}

pub(super) fn term_analysis(
    context: &Context<'_>,
    (client, holder): (&ClientAnalysis, &Holder),
    needs: &Needs,
    (held, routes): (&HeldTerm, &[usize]),
) -> TermAnalysis {
    let to = context.options.window.to;
    let since = context.inputs.history.since(
        context.inputs.policy,
        (&client.id, &held.term),
        &held.vias,
        to,
    );
    let mut found = TermAnalysis {
        term: held.term.clone(),
        vias: held.vias.clone(),
        verdict: Verdict::Keep,
        kind: None,
        level: None,
        reasons: Vec::new(),
        since: since
            .filter(|known| !says_too_little(*known, context))
            .map(|(day, _)| day),
        since_from: since.map(|(_, from)| from),
        rhythm: Rhythm::default(),
        evidence: None,
        witness: Vec::new(),
        serves: Vec::new(),
        replace_with: Vec::new(),
        held_by: BTreeSet::new(),
        held_by_more: 0,
        goes_with: BTreeSet::new(),
        possible: Vec::new(),
        strangers: Vec::new(),
        unseen: (0, Vec::new()),
    };
    let unseen = held.unobservable;
    if let Some(reason) = unseen.filter(|reason| *reason != Reason::NotRecorded) {
        found.verdict = Verdict::Unobservable;
        found.reasons.push(reason);
        return found;
    }
    let takes_part = |operation: &&usize| {
        let universe = context.universe;
        universe.serves_holding(&held.scopes, &holder.holding, **operation)
    };
    for route in routes.iter().map(|index| &needs.ever[*index]) {
        for day in route.days.iter().filter(|day| day.need() > 0) {
            let span = (day.first, day.last);
            found.rhythm.add(Day(day.day), day.need(), span, to);
        }
        let operations = route.operations.iter().filter(takes_part);
        let needed = operations.filter(|operation| needs.served.contains_key(operation));
        found.serves.extend(needed.copied());
    }
    found.serves.sort_unstable();
    found.serves.dedup();
    if let Some(reason) = unseen.filter(|_| found.serves.is_empty()) {
        found.verdict = Verdict::Unobservable;
        found.reasons.push(reason);
    } else if unseen.is_some() {
        // What else it was used for the logs need not show.
        found.reasons.push(Reason::Needed);
        found.witness = shown_by(context, (holder, held), (needs, &found.serves));
    } else if client.minimal.contains(&held.term) {
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

/// What a term was used for that is kept whatever the logs say: the first operation that nothing
/// else permits which the client holds.
fn shown_by(
    context: &Context<'_>,
    (holder, held): (&Holder, &HeldTerm),
    (needs, serves): (&Needs, &[usize]),
) -> Vec<usize> {
    let others = holder.without(context.universe, |place| {
        holder.terms[place].term == held.term
    });
    let alone = |op: &&usize| !context.universe.permits_holding(&others, **op);
    let used = |op: &&usize| needs.served.get(*op).is_some_and(|served| served.used > 0);
    let found = serves.iter().filter(used).find(alone);
    found.copied().into_iter().collect()
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
    (client, held): (&ClientAnalysis, &HeldTerm),
    found: &mut TermAnalysis,
    kept: &BTreeSet<Term>,
) {
    let within = |term: &Term| {
        client.granted.contains(term) || context.universe.is_within(term, &client.granted)
    };
    // A pattern that is judged by its members gives way to what it gave alone.
    if found.verdict == Verdict::Unobservable || held.pattern.is_some() && !kept.iter().all(within)
    {
        return;
    }
    found.verdict = Verdict::Narrow;
    found.kind = Some(Kind::Broad);
    found.reasons = vec![Reason::NarrowerSuffices];
    let scopes: Vec<(&Term, Vec<u32>)> = kept
        .iter()
        .map(|term| (term, context.universe.scopes_of(term)))
        .collect();
    let holding = context
        .universe
        .holding_scopes(scopes.iter().map(|(_, scope)| scope.as_slice()));
    let serves = |scopes: &[u32]| {
        let mut operations = found.serves.iter();
        operations.any(|op| context.universe.serves_holding(scopes, &holding, *op))
    };
    found.replace_with = scopes
        .iter()
        .filter(|(term, scopes)| !client.granted.contains(*term) && serves(scopes))
        .map(|(term, _)| (*term).clone())
        .collect();
    let universe = context.universe;
    let mut instead = found.replace_with.iter();
    if instead.any(|term| universe.is_open_ended(term)) {
        found.reasons.push(Reason::NarrowerIsPattern);
    } else if universe.is_open_ended(&found.term) {
        found.reasons.push(Reason::PatternGivenUp);
    }
    let rest = held.pattern.iter().flatten();
    let mut rest: Vec<Term> = rest
        .filter(|term| !client.granted.contains(*term))
        .cloned()
        .collect();
    if !rest.is_empty() {
        // Of these silence says nothing, so they are not taken away with the rest.
        found.replace_with.append(&mut rest);
        found.replace_with.sort_unstable();
        found.replace_with.dedup();
        found.reasons.push(Reason::NotRecorded);
    }
}

/// Settles what becomes of a pattern that would go: it stays where it gives something of which
/// logs need not show anything, and gives way to its members at most where it gives that, too.
pub(super) fn pattern_stays(held: &HeldTerm, found: &mut TermAnalysis) {
    let rest = held.pattern.as_ref().is_some_and(|rest| !rest.is_empty());
    if !rest || found.verdict != Verdict::Remove {
        return;
    }
    found.kind = None;
    found.verdict = if found.serves.is_empty() {
        Verdict::Unobservable
    } else {
        Verdict::Keep
    };
    found.reasons = vec![Reason::NotRecorded];
}

/// A pattern of a policy whose grants hold in parts gives way to all that was needed of it, whatever
/// else the client holds: that may be for another part.
pub(super) fn pattern_in_parts(context: &Context<'_>, held: &HeldTerm, found: &mut TermAnalysis) {
    let judged = context.inputs.catalog.in_parts && held.pattern.is_some();
    if !judged || found.serves.is_empty() || found.verdict != Verdict::Remove {
        return;
    }
    let operations = &context.inputs.catalog.operations;
    let needed = found.serves.iter().filter_map(|op| operations.get(*op));
    let needed: BTreeSet<Term> = needed.map(|own| Term::new(&own.path)).collect();
    found.verdict = Verdict::Narrow;
    found.kind = Some(Kind::Broad);
    found.reasons = vec![Reason::NarrowerSuffices, Reason::PatternGivenUp];
    found.replace_with = needed.into_iter().collect();
}
