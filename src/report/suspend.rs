//! Advice to suspend a silent client, in words and as data.
//!
//! Invariants: the level stands beside its evidence; what holds it back is named.

use serde::Serialize;

use super::View;
use super::evidence::{self, EvidenceJson};
use crate::analysis::{Basis, ClientAnalysis, Suspension, TermAnalysis};
use crate::model::{Level, Reason, Term, Verdict};

/// The advice of one client as data.
#[derive(Serialize)]
pub(super) struct AdviceJson<'a> {
    action: &'static str,
    level: Level,
    reasons: Vec<Reason>,
    grants: usize,
    alone: usize,
    term: &'a Term,
    evidence: Option<EvidenceJson>,
    sentence: String,
}

impl<'a> AdviceJson<'a> {
    pub(super) fn of(view: &View<'_>, client: &'a ClientAnalysis) -> Option<Self> {
        let (basis, own) = (&view.analysis.basis, client.suspend.as_ref()?);
        Some(Self {
            action: "suspend",
            level: own.level,
            reasons: own.reasons.iter().copied().collect(),
            grants: own.grants,
            alone: alone(client),
            term: &own.term,
            evidence: own
                .evidence
                .as_ref()
                .map(|own| EvidenceJson::new(basis, own)),
            sentence: sentence(basis, client)?,
        })
    }
}

/// Its grants that go on their own, at a safer level than the whole.
pub(super) fn alone(client: &ClientAnalysis) -> usize {
    let goes = |found: &&TermAnalysis| {
        found.verdict == Verdict::Remove && found.level.is_some_and(|own| own <= Level::Likely)
    };
    client.terms.iter().filter(goes).count()
}

/// `suspend it as a whole (review), which is easy to undo: of its 10 grants `a` is the
/// likeliest to be used again: 412 similar grants (...)...; held back: ...; 9 of its 10
/// grants can go on their own`.
pub(super) fn sentence(basis: &Basis, client: &ClientAnalysis) -> Option<String> {
    let own = client.suspend.as_ref()?;
    let past = own.evidence.as_ref();
    let past = past.map(|found| evidence::sentence(basis, found));
    let past = past.map_or_else(String::new, |past| match own.grants {
        1 => format!(": for its only grant `{}`, {past}", own.term),
        grants => format!(
            ": of its {grants} grants `{}` is the likeliest to be used again: {past}",
            own.term
        ),
    });
    let why = held_back(own);
    let why = if why.is_empty() {
        String::new()
    } else {
        format!("; held back: {}", why.join("; "))
    };
    let apart = match alone(client) {
        0 => String::new(),
        1 => format!("; 1 of its {} grants can go on its own", own.grants),
        alone => format!("; {alone} of its {} grants can go on their own", own.grants),
    };
    Some(format!(
        "suspend it as a whole ({}), which is easy to undo{past}{why}{apart}",
        own.level.name()
    ))
}

/// What keeps it from a safer level, in words.
pub(super) fn held_back(own: &Suspension) -> Vec<&'static str> {
    own.reasons.iter().map(|reason| reason.sentence()).collect()
}

/// `suspend SAFE 3   LIKELY 1   REVIEW 2`; nothing when no client is silent.
pub(super) fn counts(view: &View<'_>) -> Option<String> {
    let levels = || {
        let clients = view.analysis.clients.iter();
        clients.filter_map(|client| client.suspend.as_ref().map(|own| own.level))
    };
    levels().next()?;
    let part = |level: Level| {
        let count = levels().filter(|own| *own == level).count();
        format!("{} {count}", level.name().to_uppercase())
    };
    Some(
        [Level::Safe, Level::Likely, Level::Review]
            .map(part)
            .join("   "),
    )
}
