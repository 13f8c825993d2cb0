//! How safe a removal is: guards, ceilings, exceptions.
//!
//! Invariants:
//! * every rule here can only make an answer more careful;
//! * each rule that fires leaves its name.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::Period;
use super::client::{Context, Needs};
use super::contradicting_evidence::{counted_as_another, denied_though_granted, is_thin, sampled};
use super::landmark::{in_rhythm, is_old};
use super::suspend::suspension;
use super::{Basis, ClientAnalysis, Status, TermAnalysis};
use crate::model::{
    ClientName, Day, Kind, Level, Operation, Reason, ScopeMatch, Term, Verdict, Via, Window,
};
use crate::usage::Coverage;

/// Days a grant must be old and the log must cover (guards G1 and G2).
const DAYS: u32 = 90;
/// Missing days, in percent of the last [`DAYS`], that are tolerated (guard G1).
const MISSING_PERCENT: usize = 10;
/// Days of one outage within the window that are not tolerated (guard G1): a monthly job
/// may have run in it.
const OUTAGE: i32 = 21;
/// A client is silent when idle for longer than this, and twice its own longest silence.
const SILENT: u32 = 30;

/// Whether the client is alive at the end of the window.
pub(super) fn status(context: &Context<'_>, id: &ClientName, needs: &Needs) -> Status {
    let (coverage, window) = (context.inputs.coverage, context.options.window);
    if coverage.days.is_empty() {
        return Status::Unknown;
    }
    if needs.alive.total == 0 {
        // Absence means something only when somebody of the same file is present.
        let files = context.inputs.policy.files.iter().zip(&context.joined);
        let known = files
            .into_iter()
            .any(|(file, joined)| *joined > 0 && file.clients.contains(id));
        return match known {
            true if needs.unmatched > 0 => Status::Active,
            true => Status::Dormant,
            false => Status::Unknown,
        };
    }
    let idle = needs.alive.silent_for(window.to).unwrap_or(0);
    // Each side in the way that calls a client silent sooner: that only makes the answer more careful.
    let gap = needs.alive.covered_gap(&context.covered(id)).unwrap_or(0);
    if idle > SILENT && idle > 2 * gap {
        Status::Silent
    } else if needs.any_need || needs.unmatched > 0 || !needs.without_grant.is_empty() {
        // What passed was not refused, whether or not the policy grants it.
        Status::Active
    } else {
        Status::DeniedOnly
    }
}

/// Settles the verdicts and gives the levels.
pub(super) fn settle(
    context: &Context<'_>,
    basis: &Basis,
    mut client: ClientAnalysis,
    needs: &Needs,
) -> ClientAnalysis {
    context.possible.hold(&mut client, context.universe);
    client.suspend = suspension(context, basis, &client, needs);
    let mut terms = std::mem::take(&mut client.terms);
    for found in &mut terms {
        decide(context, basis, &client, needs, found);
    }
    if refuses_together(context, &client, &terms) {
        let removed = terms.iter_mut().filter(|found| goes(found));
        for found in removed {
            found.level = Some(Level::Review);
            found.reasons.push(Reason::SharedRequirement);
        }
    }
    client.terms = terms;
    client
}

fn goes(found: &TermAnalysis) -> bool {
    found.verdict == Verdict::Remove && found.level.is_some_and(|level| level <= Level::Likely)
}

/// Whether what stays after all removals refuses something needed (guard G7).
fn refuses_together(
    context: &Context<'_>,
    client: &ClientAnalysis,
    terms: &[TermAnalysis],
) -> bool {
    let staying: BTreeSet<Term> = terms
        .iter()
        .filter(|found| !goes(found))
        .map(|found| found.term.clone())
        .collect();
    let open = context.universe.opens(&staying);
    client.needed.iter().any(|served| {
        context.universe.is_restricted(served.operation) && !open.contains(&served.operation)
    })
}

fn decide(
    context: &Context<'_>,
    basis: &Basis,
    client: &ClientAnalysis,
    needs: &Needs,
    found: &mut TermAnalysis,
) {
    if !matches!(found.verdict, Verdict::Remove | Verdict::Narrow) {
        return;
    }
    if kept_by_reviewer(context, client, found) {
        found.verdict = Verdict::Keep;
        found.kind = None;
        found.replace_with.clear();
        found.reasons = vec![Reason::Exception];
        return;
    }
    let window = context.options.window;
    if let Some(reason) = cannot_tell(context, client, window) {
        found.verdict = Verdict::Undetermined;
        found.kind = None;
        found.replace_with.clear();
        found.reasons.insert(0, reason);
        return;
    }
    let mut caps = caps(context, client, needs, found);
    for reason in guarded(context, basis, client, found) {
        if !caps.contains(&reason) {
            caps.push(reason);
        }
    }
    let mut level = if found.kind == Some(Kind::Unused) && caps.is_empty() {
        by_the_past(context, basis, client, found)
    } else {
        Level::Review
    };
    found.reasons.extend(caps);
    // G9: a client that may be at work unseen loses nothing on its own. One that was never
    // seen may be in other logs, where few of its policy file were.
    let doubted = client.suspend.as_ref().is_some_and(|own| own.doubted);
    if doubted || client.status == Status::Dormant && !context.is_well_seen(&client.id) {
        level = Level::Review;
        found.reasons.push(Reason::ClientSilent);
    }
    found.level = Some(level);
}

/// The level that the past allows; every guard passed.
pub(super) fn by_the_past(
    context: &Context<'_>,
    basis: &Basis,
    client: &ClientAnalysis,
    found: &mut TermAnalysis,
) -> Level {
    let thresholds = &context.options.thresholds;
    let Some(evidence) = found.evidence else {
        found.reasons.push(Reason::TooFewSimilar);
        return Level::Review;
    };
    let mut level = thresholds.level(&evidence.odds);
    if level == Level::Review {
        found
            .reasons
            .push(if evidence.odds.p > thresholds.likely_p {
                Reason::ComesBack
            } else {
                Reason::TooFewSimilar
            });
        return level;
    }
    let mut hold = |at: Level, reason: Reason| {
        if level < at {
            level = at;
            found.reasons.push(reason);
        }
    };
    if let Some((at, reason)) = evidence.season {
        hold(at, reason);
    }
    hold(basis.past.safest(), Reason::PastRemovalsFailed);
    if sampled(context, client).is_some() {
        hold(Level::Likely, Reason::Sampled);
    }
    if client.faint {
        hold(Level::Likely, Reason::UnmatchedTraffic);
    }
    level
}

/// Guards that look at the whole log: G2 and G3 in covered days, G5 and G10.
pub(super) fn guarded(
    context: &Context<'_>,
    basis: &Basis,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> BTreeSet<Reason> {
    let (seen, to) = (context.covered(&client.id), context.options.window.to);
    let covered = &*seen;
    let mut failed = BTreeSet::new();
    let mut guard = |fires: bool, reason: Reason| {
        if fires && !found.reasons.contains(&reason) {
            failed.insert(reason);
        }
    };
    // A log that is too short makes nothing young.
    let long = basis.covered >= DAYS;
    if let Some(evidence) = &found.evidence {
        guard(long && !is_old(&evidence.state), Reason::GrantTooYoung);
        guard(in_rhythm(&evidence.state), Reason::StillInRhythm);
    }
    if let Some(period) = Period::find(&found.rhythm.days) {
        let idle = found.rhythm.idle(covered, to).unwrap_or(0);
        guard(idle <= 2 * period.days + 7, Reason::Calendar);
    }
    guard(stated(context, client, found), Reason::StaticNeed);
    failed
}

/// Stated as needed, by its name or by an operation that it serves.
fn stated(context: &Context<'_>, client: &ClientAnalysis, found: &TermAnalysis) -> bool {
    let needs = &context.options.needs;
    let named = |pattern: &String| ScopeMatch::Glob.covers(pattern, found.term.as_str());
    let operations = &context.inputs.catalog.operations;
    let covers = |pattern: &String, operation: &Operation| {
        pattern.contains(' ') && ScopeMatch::Glob.covers(pattern, &operation.label())
    };
    needs.iter().any(named)
        || operations.iter().enumerate().any(|(index, operation)| {
            needs.iter().any(|pattern| covers(pattern, operation))
                && context.universe.serves(&found.term, &client.granted, index)
        })
}

pub(super) fn kept_by_reviewer(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> bool {
    let entry = |via: &Via, index: usize| {
        context
            .inputs
            .policy
            .files
            .get(via.file)?
            .entries
            .get(index)
    };
    let pragma = |via: &Via| {
        let membership = via
            .role
            .as_ref()
            .and_then(|(_, membership)| entry(via, *membership));
        [entry(via, via.entry), membership]
            .into_iter()
            .flatten()
            .any(|entry| context.exceptions.pragma(entry))
    };
    context.exceptions.find(&client.id, &found.term).is_some() || found.vias.iter().any(pragma)
}

/// Why the data allows no answer at all, if so.
pub(super) fn cannot_tell(
    context: &Context<'_>,
    client: &ClientAnalysis,
    window: Window,
) -> Option<Reason> {
    let coverage = context.inputs.coverage;
    if coverage.covered(window) == 0 || client.status == Status::Unknown {
        return Some(Reason::NoData);
    }
    // Any client may have been in what could not be read.
    coverage
        .gaps_in(window)
        .next()
        .map(|_| Reason::PartialInput)
}

/// The last [`DAYS`] of the window, or of all data when that is less.
fn last_days(coverage: &Coverage, window: Window) -> Window {
    let from = coverage.days.keys().next().copied().unwrap_or(window.to);
    let all = Window {
        from,
        to: window.to,
    };
    Window::ending(window.to, DAYS.min(all.days()))
}

/// Whether too many days of the window lack records that were to be expected (guard G1).
pub(super) fn days_missing(coverage: &Coverage, window: Window) -> bool {
    let last = last_days(coverage, window);
    if coverage.missing(last).len() * 100 > last.days() as usize * MISSING_PERCENT {
        return true;
    }
    has_outage(&coverage.days, window)
}

/// Whether a long run of days of the window, between two covered ones, is missing.
fn has_outage(covered: &BTreeMap<Day, u64>, window: Window) -> bool {
    let days = covered.range(..=window.to).map(|(day, _)| *day);
    let next = days.clone().skip(1);
    let mut holes = days.zip(next).filter(|(_, after)| *after > window.from);
    holes.any(|(before, after)| after.0 - before.0 > OUTAGE)
}

/// Every reason why the removal is not above `review`.
pub(super) fn caps(
    context: &Context<'_>,
    client: &ClientAnalysis,
    needs: &Needs,
    found: &TermAnalysis,
) -> Vec<Reason> {
    let (options, coverage) = (context.options, context.inputs.coverage);
    let window = options.window;
    let mut caps = Vec::new();
    let mut cap = |fires: bool, reason: Reason| {
        if fires {
            caps.push(reason);
        }
    };
    let seen = context.covered(&client.id);
    // Of all data: a short window makes the history behind it no shorter.
    let days = seen.range(..=window.to).take(DAYS as usize).count();
    cap(days < DAYS as usize, Reason::HistoryTooShort);
    cap(context.days_missing, Reason::DaysMissing);
    let last = last_days(coverage, window);
    let absent = (last.from.0..=last.to.0).filter(|day| !seen.contains_key(&Day(*day)));
    cap(
        seen.len() < coverage.days.len()
            && (absent.count() * 100 > last.days() as usize * MISSING_PERCENT
                || has_outage(&seen, window)),
        Reason::SourceMissing,
    );
    // A use on a day proves the grant on that day.
    match found.since.or_else(|| found.rhythm.days.first()) {
        None => cap(true, Reason::GrantAgeUnknown),
        Some(since) => cap(
            window.to.0 - since.0 < i32::try_from(DAYS).unwrap_or(90),
            Reason::GrantTooYoung,
        ),
    }
    let protected = |pattern: &String| ScopeMatch::Glob.covers(pattern, found.term.as_str());
    cap(options.protected.iter().any(protected), Reason::Protected);
    cap(
        denied_though_granted(context, client, found),
        Reason::DeniedThoughGranted,
    );
    cap(!client.without_grant.is_empty(), Reason::UsedWithoutGrant);
    cap(!found.possible.is_empty(), Reason::PossibleNeed);
    cap(is_thin(context, client), Reason::Sampled);
    cap(
        options.all_operations_logged == Some(false) && found.unseen.0 > 0,
        Reason::OperationNeverSeen,
    );
    cap(
        counted_as_another(context, client, found),
        Reason::CountedAsAnother,
    );
    cap(needs.unspecified, Reason::RequirementUnknown);
    cap(
        found
            .serves
            .iter()
            .any(|op| needs.optional_auth.contains(op)),
        Reason::OptionalAuthentication,
    );
    cap(!client.minimal_proven, Reason::NotProvenMinimal);
    let commented = |via: &Via| {
        context
            .comments
            .get(via.file)
            .is_some_and(|own| own.contains_key(&via.entry))
    };
    cap(found.vias.iter().any(commented), Reason::CommentAffected);
    caps
}
