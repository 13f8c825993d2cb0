//! How safe a removal is: guards, ceilings, exceptions.
//!
//! Invariants:
//! * every rule here can only make an answer more careful;
//! * each rule that fires leaves its name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::calendar::Period;
use super::client::{Context, Needs};
use super::contradicting_evidence::{counted_as_another, denied_though_granted, is_thin, sampled};
use super::landmark::{in_rhythm, is_old};
use super::prepared::{HeldTerm, Holder};
use super::suspend::suspension;
use super::{Basis, ClientAnalysis, Status, TermAnalysis};
use crate::model::{ClientName, Day, Kind, Level, Reason, Verdict, Via, Window};
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

/// Settles the verdicts and gives the levels; terms are those of the holder, in its order.
pub(super) fn settle(
    context: &Context<'_>,
    basis: &Basis,
    (mut client, needs): (ClientAnalysis, Needs),
    holder: &Holder,
) -> ClientAnalysis {
    context.possible.hold(&mut client, holder, context.universe);
    let client_days = ClientDays::of(context, &holder.id);
    let one = One {
        context,
        basis,
        holder,
        needs: &needs,
        days: &client_days,
    };
    client.suspend = suspension(&one, &client);
    let mut terms = std::mem::take(&mut client.terms);
    for (found, held) in terms.iter_mut().zip(&holder.terms) {
        decide(&one, &client, found, held);
    }
    if refuses_together(&one, &client, &terms) {
        let removed = terms.iter_mut().filter(|found| goes(found));
        for found in removed {
            found.level = Some(Level::Review);
            found.reasons.push(Reason::SharedRequirement);
        }
    }
    client.terms = terms;
    client
}

/// What the levels of one client's terms are decided from.
pub(super) struct One<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) basis: &'a Basis,
    pub(super) holder: &'a Holder,
    pub(super) needs: &'a Needs,
    pub(super) days: &'a ClientDays<'a>,
}

impl One<'_> {
    /// Whether the held term takes part in how the client's grants open the operation.
    pub(super) fn serves(&self, held: &HeldTerm, operation: usize) -> bool {
        let (universe, holding) = (self.context.universe, &self.holder.holding);
        universe.serves_holding(&held.scopes, holding, operation)
    }
}

/// The days on which a client's requests would have been seen, and whether they are enough.
pub(super) struct ClientDays<'a> {
    covered: Cow<'a, BTreeMap<Day, u64>>,
    history_too_short: bool,
    source_missing: bool,
}

impl<'a> ClientDays<'a> {
    fn of(context: &Context<'a>, id: &ClientName) -> Self {
        let (coverage, window) = (context.inputs.coverage, context.options.window);
        let covered = context.covered(id);
        let Cow::Owned(days) = &covered else {
            return Self {
                history_too_short: context.history_too_short,
                source_missing: false,
                covered,
            };
        };
        let last = last_days(coverage, window);
        let absent = (last.from.0..=last.to.0).filter(|day| !days.contains_key(&Day(*day)));
        Self {
            history_too_short: is_short(days, window),
            source_missing: days.len() < coverage.days.len()
                && (absent.count() * 100 > last.days() as usize * MISSING_PERCENT
                    || has_outage(days, window)),
            covered,
        }
    }
}

/// Whether there are too few days up to the end of the window (guard G1). Of all data: a
/// short window makes the history before it no shorter.
pub(super) fn is_short(days: &BTreeMap<Day, u64>, window: Window) -> bool {
    days.range(..=window.to).take(DAYS as usize).count() < DAYS as usize
}

fn goes(found: &TermAnalysis) -> bool {
    found.verdict == Verdict::Remove && found.level.is_some_and(|level| level <= Level::Likely)
}

/// Whether what stays after all removals refuses something needed (guard G7).
fn refuses_together(one: &One<'_>, client: &ClientAnalysis, terms: &[TermAnalysis]) -> bool {
    let universe = one.context.universe;
    let staying = one.holder.without(universe, |place| goes(&terms[place]));
    client
        .needed
        .iter()
        .any(|served| !universe.permits_holding(&staying, served.operation))
}

fn decide(one: &One<'_>, client: &ClientAnalysis, found: &mut TermAnalysis, held: &HeldTerm) {
    if !matches!(found.verdict, Verdict::Remove | Verdict::Narrow) {
        return;
    }
    let context = one.context;
    if kept_by_reviewer(context, client, found) {
        found.verdict = Verdict::Keep;
        found.kind = None;
        found.replace_with.clear();
        found.reasons = vec![Reason::Exception];
        return;
    }
    if let Some(reason) = cannot_tell(context, client.status) {
        found.verdict = Verdict::Undetermined;
        found.kind = None;
        found.replace_with.clear();
        found.reasons.insert(0, reason);
        return;
    }
    let mut caps = caps(one, client, found, held);
    for reason in guarded(one, found, held) {
        if !caps.contains(&reason) {
            caps.push(reason);
        }
    }
    let mut level = if found.kind == Some(Kind::Unused) && caps.is_empty() {
        by_the_past(context, one.basis, client, found)
    } else {
        Level::Review
    };
    found.reasons.extend(caps);
    // G9: a client that may be at work unseen loses nothing on its own. One that was never
    // seen may be in other logs, where few of its policy file were.
    let doubted = client
        .suspend
        .as_ref()
        .is_some_and(|suspension| suspension.doubted);
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
pub(super) fn guarded(one: &One<'_>, found: &TermAnalysis, held: &HeldTerm) -> BTreeSet<Reason> {
    let to = one.context.options.window.to;
    let mut failed = BTreeSet::new();
    let mut guard = |fires: bool, reason: Reason| {
        if fires && !found.reasons.contains(&reason) {
            failed.insert(reason);
        }
    };
    // A log that is too short makes nothing young.
    let long = one.basis.covered >= DAYS;
    if let Some(evidence) = &found.evidence {
        guard(long && !is_old(&evidence.state), Reason::GrantTooYoung);
        guard(in_rhythm(&evidence.state), Reason::StillInRhythm);
    }
    if let Some(period) = Period::find(&found.rhythm.days) {
        let idle = found.rhythm.idle(&one.days.covered, to).unwrap_or(0);
        guard(idle <= 2 * period.days + 7, Reason::Calendar);
    }
    guard(held.stated, Reason::StaticNeed);
    failed
}

pub(super) fn kept_by_reviewer(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> bool {
    let entry = |place: (usize, usize)| context.inputs.policy.entry(place);
    let pragma = |via: &Via| {
        let membership = via
            .role
            .as_ref()
            .and_then(|membership| entry(membership.place()));
        [entry((via.file, via.entry)), membership]
            .into_iter()
            .flatten()
            .any(|entry| context.exceptions.pragma(entry))
    };
    context.exceptions.find(&client.id, &found.term).is_some() || found.vias.iter().any(pragma)
}

/// Why the data of a window allow no answer about anybody, if so.
pub(super) fn no_answer(coverage: &Coverage, window: Window) -> Option<Reason> {
    if coverage.covered(window) == 0 {
        return Some(Reason::NoData);
    }
    // Any client may have been in what could not be read.
    let mut gaps = coverage.gaps_in(window);
    gaps.next().map(|_| Reason::PartialInput)
}

/// Why the data allow no answer about a client of this status, if so.
pub(super) fn cannot_tell(context: &Context<'_>, status: Status) -> Option<Reason> {
    match status {
        Status::Unknown => Some(Reason::NoData),
        _ => context.no_answer,
    }
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
    one: &One<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
    held: &HeldTerm,
) -> Vec<Reason> {
    let (context, needs) = (one.context, one.needs);
    let options = context.options;
    let mut caps = Vec::new();
    let mut cap = |fires: bool, reason: Reason| {
        if fires {
            caps.push(reason);
        }
    };
    cap(one.days.history_too_short, Reason::HistoryTooShort);
    cap(context.days_missing, Reason::DaysMissing);
    cap(one.days.source_missing, Reason::SourceMissing);
    // A use on a day proves the grant on that day.
    match found.since.or_else(|| found.rhythm.days.first()) {
        None => cap(true, Reason::GrantAgeUnknown),
        Some(since) => cap(
            options.window.to.0 - since.0 < i32::try_from(DAYS).unwrap_or(90),
            Reason::GrantTooYoung,
        ),
    }
    cap(held.protected, Reason::Protected);
    let pattern = held.pattern.is_some() && found.verdict == Verdict::Remove;
    cap(pattern, Reason::PatternGivenUp);
    let denied = denied_though_granted(one, client, held);
    cap(denied, Reason::DeniedThoughGranted);
    cap(!client.without_grant.is_empty(), Reason::UsedWithoutGrant);
    cap(!found.possible.is_empty(), Reason::PossibleNeed);
    cap(is_thin(context, client), Reason::Sampled);
    cap(
        options.all_operations_logged == Some(false) && found.unseen.0 > 0,
        Reason::OperationNeverSeen,
    );
    cap(counted_as_another(one, held), Reason::CountedAsAnother);
    cap(needs.unspecified, Reason::RequirementUnknown);
    let optional = |op: &usize| needs.optional_auth.contains(op);
    let anonymous = found.serves.iter().any(optional);
    cap(anonymous, Reason::OptionalAuthentication);
    cap(!client.minimal_proven, Reason::NotProvenMinimal);
    cap(held.commented, Reason::CommentAffected);
    caps
}
