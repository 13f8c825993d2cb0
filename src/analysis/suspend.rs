//! A silent client as a whole: how safe is it to suspend it (guard G9)?
//!
//! In: a client without a sign of life, and what the past says about each of its
//! grants. Out: one advice, no safer than its least safe grant.
//!
//! Invariants:
//! * every guard that holds one of its grants holds the advice, whether or not the
//!   grant was needed in the window;
//! * what no request can show, what somebody keeps, protects or states as needed,
//!   and what has no evidence, hold it at `review`;
//! * a possible need of anything that it holds, and a silence that only lost days make
//!   longer than usual, hold it at `review`;
//! * what was needed in the window is never called `safe` to cut off;
//! * a client that was never seen, or fell silent when a name came up that no policy
//!   file has, may be in the log under that name: then it is at most `review`;
//! * its grants are removed one by one at their own levels, independent of the advice, but not at all
//!   where the client itself is in doubt or was never seen.
//!
//! Nothing is edited for the advice itself.

use std::collections::BTreeSet;

use super::client::{Context, Needs};
use super::landmark::IDLE;
use super::levels::{One, by_the_past, cannot_tell, caps, guarded, kept_by_reviewer};
use super::prepared::HeldTerm;
use super::{ClientAnalysis, Evidence, Status, TermAnalysis};
use crate::model::{Day, Level, Reason, Term, Verdict};
use crate::usage::UNMATCHED;

/// Advice to suspend a client as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspension {
    /// How safe that is: `safe`, `likely` or `review`.
    pub level: Level,
    /// What holds it there, and every guard that failed for one of its grants.
    pub reasons: BTreeSet<Reason>,
    /// Grants that it suspends.
    pub grants: usize,
    /// The grant that decided: of the least safe level, the likeliest to be used again.
    pub term: Term,
    /// What the past says about that grant.
    pub evidence: Option<Evidence>,
    /// The client itself is in doubt, and not only some of its grants: none of them
    /// goes on its own either.
    pub doubted: bool,
}

/// The advice for a client; `None` when it is alive, unknown, or holds nothing.
pub(super) fn suspension(one: &One<'_>, client: &ClientAnalysis) -> Option<Suspension> {
    if !matches!(client.status, Status::Silent | Status::Dormant) {
        return None;
    }
    let (context, needs) = (one.context, one.needs);
    let at_stake = context
        .possible
        .at_stake(client, one.holder, context.universe);
    let mut reasons = BTreeSet::new();
    let mut worst: Option<(Level, f64, &TermAnalysis, Option<Evidence>)> = None;
    for (found, held) in client.terms.iter().zip(&one.holder.terms) {
        let evidence = needs.looks.get(&found.term).copied();
        let (mut level, mut why) = grant(one, client, (found, held), evidence);
        // What the client keeps goes with it, too.
        if at_stake
            .iter()
            .any(|operation| one.serves(held, *operation))
        {
            level = Level::Review;
            why.push(Reason::PossibleNeed);
        }
        reasons.extend(why);
        // Without evidence it is the least known, and comes first.
        let p = evidence.map_or(1.0, |evidence| evidence.odds.p);
        if worst.is_none_or(|(level_before, other, ..)| (level_before, other) < (level, p)) {
            worst = Some((level, p, found, evidence));
        }
    }
    let (mut level, _, found, evidence) = worst?;
    if is_in_rhythm(context, needs) {
        level = level.max(Level::Review);
        reasons.insert(Reason::StillInRhythm);
    }
    let mut doubted = false;
    let mut hold = |fires: bool, reason: Reason, at: Level| {
        if fires {
            level = level.max(at);
            doubted |= at == Level::Review;
            reasons.insert(reason);
        }
    };
    if let Some(reason) = cannot_tell(context, client.status) {
        hold(true, reason, Level::Review);
    }
    hold(
        context.possible.is_renamed(client, needs),
        Reason::NameNotProven,
        Level::Review,
    );
    hold(
        unmatched_since(context, client, needs),
        Reason::UnmatchedTraffic,
        Level::Review,
    );
    hold(
        !client.needed.is_empty(),
        Reason::NeededInWindow,
        Level::Likely,
    );
    Some(Suspension {
        level,
        reasons,
        grants: client.terms.len(),
        term: found.term.clone(),
        evidence,
        doubted,
    })
}

/// What the method and the guards say about one grant, without those that look at
/// an edit (a comment next to it, an unproved minimum) and without G9 itself.
fn grant(
    one: &One<'_>,
    client: &ClientAnalysis,
    (found, held): (&TermAnalysis, &HeldTerm),
    evidence: Option<Evidence>,
) -> (Level, Vec<Reason>) {
    let context = one.context;
    if found.verdict == Verdict::Unobservable {
        return (Level::Review, found.reasons.clone());
    }
    let mut term = TermAnalysis {
        reasons: Vec::new(),
        evidence,
        ..found.clone()
    };
    let edit = [Reason::NotProvenMinimal, Reason::CommentAffected];
    let mut failed: Vec<Reason> = caps(one, client, &term, held)
        .into_iter()
        .filter(|reason| !edit.contains(reason))
        .chain(guarded(one, &term, held))
        .collect();
    if kept_by_reviewer(context, client, &term) {
        failed.push(Reason::Exception);
    }
    if evidence.is_some_and(|evidence| evidence.state.idle < IDLE) {
        failed.push(Reason::StillInRhythm);
    }
    if !failed.is_empty() {
        return (Level::Review, failed);
    }
    let level = by_the_past(context, one.basis, client, &mut term);
    (level, term.reasons)
}

/// Whether the client was ever silent for half as long as now, lost days included: then
/// only their loss makes it look silent.
fn is_in_rhythm(context: &Context<'_>, needs: &Needs) -> bool {
    let idle = needs.alive.silent_for(context.options.window.to);
    let gap = needs.alive.longest_gap();
    idle.zip(gap).is_some_and(|(idle, gap)| idle <= 2 * gap)
}

/// Requests passed, after the last sign of life, that match no operation: the
/// client may be at work where the catalogue does not look.
fn unmatched_since(context: &Context<'_>, client: &ClientAnalysis, needs: &Needs) -> bool {
    let usage = context.inputs.usage.get(&client.id);
    let last = usage
        .into_iter()
        .flat_map(|usage| &usage.routes)
        .filter(|route| route.route == UNMATCHED)
        .flat_map(|route| &route.days)
        .filter(|day| day.need() > 0 && day.day <= context.options.window.to.0)
        .map(|day| Day(day.day))
        .max();
    last.is_some_and(|last| needs.alive.days.last().is_none_or(|alive| alive < last))
}
