//! Exposure before and after: the share of the API's risk weight that stays open.

use std::collections::BTreeSet;

use super::client::Context;
use super::{ClientAnalysis, Exposure, TermAnalysis};
use crate::model::{Level, Term, Verdict};

/// Exposure now, after each level, and of what was needed.
pub(super) fn exposure(context: &Context<'_>, client: &ClientAnalysis) -> Exposure {
    let universe = context.universe;
    let after = |worst: Level| -> BTreeSet<Term> {
        let goes = |term: &TermAnalysis| {
            term.verdict == Verdict::Remove && term.level.is_some_and(|level| level <= worst)
        };
        client
            .terms
            .iter()
            .filter(|term| !goes(term))
            .map(|term| term.term.clone())
            .collect()
    };
    let mut all = after(Level::Manual);
    if context.options.narrow {
        for term in client
            .terms
            .iter()
            .filter(|term| term.verdict == Verdict::Narrow)
        {
            all.remove(&term.term);
            all.extend(term.replace_with.iter().cloned());
        }
    }
    Exposure {
        before: universe.exposure(&client.granted),
        after_safe: universe.exposure(&after(Level::Safe)),
        after_likely: universe.exposure(&after(Level::Likely)),
        after_all: universe.exposure(&all),
        needed: universe.share(
            &client
                .needed
                .iter()
                .map(|served| served.operation)
                .collect(),
        ),
    }
}
