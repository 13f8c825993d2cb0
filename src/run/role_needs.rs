//! What each client needs after removals: what roles are made from.

use std::collections::BTreeSet;

use crate::analysis::role_mining::Needs;
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::model::{Level, Term, Verdict};

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
