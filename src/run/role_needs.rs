//! What each client needs after removals, and when it was used: what roles are made and named from.

use std::collections::BTreeSet;

use crate::analysis::role_mining::{Needs, Rhythms};
use crate::analysis::{ClientAnalysis, TermAnalysis, end_of};
use crate::model::{Level, Term, Verdict};
use crate::usage::Coverage;

/// What would be left to each client after the removals up to this level.
pub(super) fn needs(clients: &[ClientAnalysis], level: Level) -> Needs {
    let left = |client: &ClientAnalysis| -> BTreeSet<Term> {
        let goes = |term: &&TermAnalysis| {
            term.verdict == Verdict::Remove && term.level.is_some_and(|own| own <= level)
        };
        let terms = client.terms.iter();
        terms
            .filter(|term| !goes(term))
            .map(|term| term.term.clone())
            .collect()
    };
    let all = clients
        .iter()
        .map(|client| (client.id.clone(), left(client)));
    all.filter(|(_, terms)| !terms.is_empty()).collect()
}

/// In which rhythm each client used each of its terms.
pub(super) fn rhythms(clients: &[ClientAnalysis], coverage: &Coverage) -> Rhythms {
    let of = |client: &ClientAnalysis| {
        let used = client.terms.iter();
        let used = used.filter(|term| term.rhythm.last.is_some());
        let rhythm = |term: &TermAnalysis| end_of(&term.rhythm.days, &coverage.days);
        used.map(|term| (term.term.clone(), rhythm(term))).collect()
    };
    let all = clients.iter();
    all.map(|client| (client.id.clone(), of(client))).collect()
}
