//! Advice to suspend a silent client, in words.
//!
//! Invariants: the level is shown with its evidence; what holds it back is named.

use super::View;
use super::difftext::wrapped;
use super::escape;
use super::evidence;
use crate::analysis::backtest::suspended;
use crate::analysis::{Basis, ClientAnalysis, Suspension, TermAnalysis};
use crate::model::words::{percent_up, plural_grouped};
use crate::model::{Day, Level, Millis, Reason, Verdict};

/// Clients that are listed with what a suspension would refuse.
const CUTS: usize = 6;

/// Days on which a request would have been seen after the last one, up to the end of the window.
pub(super) fn silent_days(view: &View<'_>, client: &ClientAnalysis, last: Millis) -> usize {
    let (after, to) = (Day::of(last).plus(1), view.analysis.window.to);
    if to < after {
        0
    } else {
        client.covered(view.coverage).range(after..=to).count()
    }
}

/// Its grants that go on their own, at a safer level than the whole.
pub(super) fn alone(client: &ClientAnalysis) -> usize {
    let goes = |found: &&TermAnalysis| {
        found.verdict == Verdict::Remove && found.level.is_some_and(|level| level <= Level::Likely)
    };
    client.terms.iter().filter(goes).count()
}

/// `suspend it as a whole (review), which is easy to undo: of its 10 grants `a` is the
/// likeliest to be used again: 412 similar grants (...)...; held back: ...; 9 of its 10
/// grants can go on their own`.
pub(super) fn sentence(basis: &Basis, client: &ClientAnalysis) -> Option<String> {
    let suspension = client.suspend.as_ref()?;
    let past = suspension.evidence.as_ref();
    let past = past.map(|found| evidence::sentence(basis, found));
    let past = past.map_or_else(String::new, |past| match suspension.grants {
        1 => format!(": for its only grant `{}`, {past}", suspension.term),
        grants => format!(
            ": of its {grants} grants `{}` is the likeliest to be used again: {past}",
            suspension.term
        ),
    });
    let why = held_back(suspension);
    let why = if why.is_empty() {
        String::new()
    } else {
        format!("; held back: {}", why.join("; "))
    };
    let apart = match alone(client) {
        0 => String::new(),
        alone if alone == suspension.grants => "; each of them can go on its own".to_owned(),
        1 => format!("; 1 of its {} grants can go on its own", suspension.grants),
        alone => format!(
            "; {alone} of its {} grants can go on their own",
            suspension.grants
        ),
    };
    let cut = match client.needed.len() {
        0 => String::new(),
        all => format!(
            "; it would refuse {} needed in the window",
            plural_grouped(all as u64, "operation")
        ),
    };
    Some(format!(
        "suspend it as a whole ({}), which is easy to undo{past}{why}{cut}{apart}",
        suspension.level.name()
    ))
}

/// What keeps a client from being suspended, in a few words: the client's own reasons, which
/// come before those of a grant.
const FIRST: [(Reason, &str); 5] = [
    (Reason::NeededInWindow, "it needed something in the window"),
    (
        Reason::PossibleNeed,
        "requests of uncertain origin may have been its own",
    ),
    (
        Reason::NameNotProven,
        "a caller that no policy file names may be this client",
    ),
    (
        Reason::UnmatchedTraffic,
        "it sent requests that match no operation",
    ),
    (
        Reason::StillInRhythm,
        "it was silent for more than half as long before",
    ),
];

/// Two sentences for the page: how long it is silent, and what speaks against it or for it.
pub(super) fn in_short(view: &View<'_>, client: &ClientAnalysis) -> Option<String> {
    let suspension = client.suspend.as_ref()?;
    let silence = match client.last_seen {
        Some(last) => {
            let days = silent_days(view, client, last);
            format!("No request for {}.", plural_grouped(days as u64, "day"))
        }
        None => "No request in the log.".to_owned(),
    };
    let own = FIRST.iter();
    let own = own.filter(|(reason, _)| suspension.reasons.contains(reason));
    let others = suspension.reasons.iter();
    let others = others.filter(|reason| FIRST.iter().all(|(own, _)| own != *reason));
    let own = own.map(|(_, words)| *words);
    let mut reasons = own.chain(others.map(|reason| reason.sentence()));
    let second = match (reasons.next(), &suspension.evidence) {
        (Some(reason), _) => {
            let more = match reasons.count() {
                0 => String::new(),
                more => format!(", and {}", plural_grouped(more as u64, "more reason")),
            };
            format!("Look into this first: {reason}{more}.")
        }
        (None, Some(found)) => format!(
            "At most {} of similar grants were used again.",
            percent_up(found.odds.upper)
        ),
        (None, None) => "Nothing speaks against it.".to_owned(),
    };
    Some(format!("{silence} {second}"))
}

/// `2 operations (312 requests) needed in the window`; `None` when nothing was.
fn cut(client: &ClientAnalysis) -> Option<String> {
    let requests: u64 = client.needed.iter().map(|served| served.count).sum();
    let operations = client.needed.len();
    (operations > 0).then(|| {
        let operations = plural_grouped(operations as u64, "operation");
        let requests = plural_grouped(requests, "request");
        format!("{operations} ({requests}) needed in the window")
    })
}

/// What following the advice up to the level would refuse, which the proof of the diff
/// does not say: one line, and one more for each client that needed something.
pub(crate) fn proof(view: &View<'_>, width: usize) -> String {
    let clients = view.analysis.clients.iter();
    let up_to = |client: &&ClientAnalysis| {
        client
            .suspend
            .as_ref()
            .is_some_and(|suspension| suspension.level <= view.level)
    };
    let clients: Vec<&ClientAnalysis> = clients.filter(up_to).collect();
    if clients.is_empty() {
        return String::new();
    }
    let cuts: Vec<String> = clients
        .iter()
        .filter_map(|client| Some(format!("{}: {}", client.id, cut(client)?)))
        .collect();
    let head = format!(
        "not in the diff: {} to suspend at {} or safer; {} of them needed something in the window",
        plural_grouped(clients.len() as u64, "client"),
        view.level.name(),
        cuts.len()
    );
    let mut text = wrapped("# ", &head, width);
    for cut in cuts.iter().take(CUTS) {
        text += &wrapped("#   ", &escape::cut(cut, 160), width);
    }
    if cuts.len() > CUTS {
        let more = format!("and {} more", cuts.len() - CUTS);
        text += &wrapped("#   ", &more, width);
    }
    text
}

/// The advice of past months in words; nothing when there was none.
pub(super) fn past(pooled: &suspended::Pooled, set: &str) -> Option<String> {
    let (rate, upper) = (pooled.rate?, pooled.upper?);
    Some(format!(
        "advised {} times ({} clients) at {set}, which is not in the counts above: {} came back ({}, at most {}), {} requests denied",
        pooled.advice,
        pooled.clients,
        pooled.back,
        percent_up(rate),
        percent_up(upper),
        pooled.requests
    ))
}

/// What keeps it from a safer level, in words.
pub(super) fn held_back(suspension: &Suspension) -> Vec<&'static str> {
    suspension
        .reasons
        .iter()
        .map(|reason| reason.sentence())
        .collect()
}

/// `suspend SAFE 3   LIKELY 1   REVIEW 2`; nothing when no client is silent.
pub(super) fn counts(view: &View<'_>) -> Option<String> {
    let levels = || {
        let clients = view.analysis.clients.iter();
        clients.filter_map(|client| client.suspend.as_ref().map(|suspension| suspension.level))
    };
    levels().next()?;
    let part = |level: Level| {
        let count = levels().filter(|of_client| *of_client == level).count();
        format!("{} {count}", level.name().to_uppercase())
    };
    Some(
        [Level::Safe, Level::Likely, Level::Review]
            .map(part)
            .join("   "),
    )
}
