//! Exposure before and after: the share of the API's risk weight that stays open.

use super::client::Context;
use super::minimum::Holding;
use super::prepared::Holder;
use super::{ClientAnalysis, Exposure, TermAnalysis};
use crate::model::{Level, Verdict};

/// Exposure now, after each level, and of what was needed.
pub(super) fn exposure(
    context: &Context<'_>,
    client: &ClientAnalysis,
    holder: &Holder,
) -> Exposure {
    let universe = context.universe;
    let goes = |term: &TermAnalysis, worst: Level| {
        term.verdict == Verdict::Remove && term.level.is_some_and(|level| level <= worst)
    };
    let share = |held: &Holding| {
        let opened = holder.opened.iter().copied();
        universe.share(opened.filter(|operation| universe.opens_operation(held, *operation)))
    };
    let after = |worst| {
        let left = holder.without(universe, |place| goes(&client.terms[place], worst));
        share(&left)
    };
    let narrowed = |term: &TermAnalysis| term.verdict == Verdict::Narrow;
    let after_all = if context.options.narrow && client.terms.iter().any(narrowed) {
        let stays = |term: &&TermAnalysis| !goes(term, Level::Manual) && !narrowed(term);
        let staying = client.terms.iter().filter(stays).map(|term| &term.term);
        let instead = client.terms.iter().filter(|term| narrowed(term));
        // A narrower scope may open what the terms held do not open in this way.
        let left = staying.chain(instead.flat_map(|term| &term.replace_with));
        universe.exposure(left)
    } else {
        after(Level::Manual)
    };
    Exposure {
        before: share(&holder.holding),
        after_safe: after(Level::Safe),
        after_likely: after(Level::Likely),
        after_all,
        needed: universe.share(client.needed.iter().map(|served| served.operation)),
    }
}
