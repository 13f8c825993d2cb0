//! How safe it is to end one of several ways to hold a term.

use crate::analysis::TermAnalysis;
use crate::model::{Level, Verdict, Via};
use crate::report::View;

/// The level of the term, but for a way that no edit ends where one ends another: that
/// is for a person to do.
pub(super) fn level(view: &View<'_>, found: &TermAnalysis, via: &Via) -> Option<Level> {
    let edited = |via: &Via| {
        let at = |entry: usize| {
            let place = (via.file, entry);
            let actions = view.actions;
            let found = actions.binary_search_by_key(&place, |own| (own.file, own.entry));
            found.is_ok()
        };
        let whole = via.role.as_ref().is_some_and(|(_, own)| at(*own));
        whole || at(via.entry)
    };
    let several = found.verdict == Verdict::Remove && found.vias.len() > 1;
    let stays = several && !edited(via) && found.vias.iter().any(edited);
    found
        .level
        .map(|own| if stays { Level::Manual } else { own })
}
