//! What the past says about a removal, in words and as data.
//!
//! Invariants:
//! * never a bare probability: counts, bound, what the grants had in common, and
//!   the days covered stand beside it;
//! * shares are rounded up.

use std::fmt::Write as _;

use serde::Serialize;

use super::View;
use super::bound::{percent, up};
use crate::analysis::landmark::wilson;
use crate::analysis::{Basis, Completeness, Evidence, Period, TermAnalysis};
use crate::model::words::plural;

/// The bound that a removal called safe promises.
const PROMISE: f64 = 0.05;

/// The evidence of one term as data.
#[derive(Serialize)]
pub(super) struct EvidenceJson {
    similar: u32,
    reused: u32,
    p: f64,
    upper: f64,
    stratum: String,
    factor: f64,
    idle_days: u32,
    age_days: u32,
    covered_days: u32,
    log_days: u32,
    sentence: String,
}

impl EvidenceJson {
    pub(super) fn of(view: &View<'_>, found: &TermAnalysis) -> Option<Self> {
        Some(Self::new(&view.analysis.basis, found.evidence.as_ref()?))
    }

    pub(super) fn new(basis: &Basis, own: &Evidence) -> Self {
        Self {
            similar: own.odds.similar,
            reused: reused(own),
            p: up(own.odds.p, 6),
            upper: up(own.odds.upper, 6),
            stratum: own.odds.source.words(),
            factor: up(own.odds.factor, 3),
            idle_days: own.state.idle,
            age_days: own.state.age,
            covered_days: basis.covered,
            log_days: basis.days,
            sentence: sentence(basis, own),
        }
    }
}

/// `412 similar grants (...): 1 used again within 90 days; 0.4 %, at most 1.1 %; ...`.
pub(super) fn sentence(basis: &Basis, own: &Evidence) -> String {
    let odds = &own.odds;
    // Writing to a string cannot fail.
    let mut text = match odds.similar {
        // Of nothing there is no share.
        0 => format!(
            "no similar grants ({}) to compare with",
            odds.source.words()
        ),
        similar => format!(
            "{} ({}): {} used again within 90 days; {}, at most {}",
            plural(similar, "similar grant"),
            odds.source.words(),
            reused(own),
            percent(odds.p),
            percent(odds.upper)
        ),
    };
    if odds.source != odds.stratum {
        text += "; of a shorter silence, because too few were silent for as long";
    }
    if odds.similar > 0 && wilson(0.0, f64::from(odds.similar)) > PROMISE {
        let _ = write!(
            text,
            "; too few similar cases (n = {}) to promise less than 5 %",
            odds.similar
        );
    }
    if odds.factor >= 1.25 || odds.factor <= 0.8 {
        let _ = write!(
            text,
            "; this scope is used again {:.1} x as often as others",
            up(odds.factor, 1)
        );
    }
    let _ = write!(
        text,
        "; records on {} of {}",
        basis.covered,
        plural(basis.days, "day")
    );
    text
}

/// What decisions at earlier dates would have broken.
pub(super) fn past(basis: &Basis) -> Option<String> {
    let (all, used) = basis.past.safe();
    (all > 0).then(|| {
        format!(
            "{}: {}, {used} would have been used again ({}, at most {})",
            plural(basis.past.origins.len(), "earlier date"),
            plural(all, "safe removal"),
            percent(f64::from(used) / f64::from(all)),
            percent(basis.past.safe_upper())
        )
    })
}

/// `about 1.5 operations not yet seen`.
pub(super) fn unseen(seen: &Completeness) -> Option<String> {
    let unseen = seen.unseen()?;
    Some(format!(
        "{} seen, {} of them on one day only: about {:.1} not yet seen",
        plural(seen.operations, "operation"),
        seen.once,
        up(unseen, 1)
    ))
}

/// `every Monday`; nothing without a regular use.
pub(super) fn regular(found: &TermAnalysis) -> Option<String> {
    let period = Period::find(&found.rhythm.days)?;
    Some(format!("runs {}", period.words))
}

/// Distinct grants used again, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the number of similar grants"
)]
fn reused(own: &Evidence) -> u32 {
    (own.odds.reused - 1e-9).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::landmark::{Odds, State, Stratum};

    fn seen(similar: u32, reused: f64, factor: f64) -> String {
        let state = State {
            idle: 63,
            age: 365,
            gap: 12,
            never: false,
            once: false,
            silent: false,
        };
        let stratum = Stratum::of(&state);
        let odds = Odds {
            p: 0.0022,
            upper: 0.0103,
            stratum,
            source: stratum,
            similar,
            reused,
            factor,
            newest: None,
        };
        let basis = Basis {
            covered: 363,
            days: 365,
            ..Basis::default()
        };
        sentence(&basis, &Evidence { odds, state })
    }

    #[test]
    fn counts_bound_likeness_and_coverage_stand_beside_the_share() {
        assert_eq!(
            seen(412, 0.3, 1.0),
            "412 similar grants (silent for 5 x their longest gap or more, client active): 1 used again \
             within 90 days; 0.3 %, at most 1.1 %; records on 363 of 365 days"
        );
        let few = seen(23, 0.0, 2.31);
        assert!(
            few.contains("too few similar cases (n = 23) to promise less than 5 %"),
            "{few}"
        );
        assert!(few.contains("used again 2.4 x as often as others"), "{few}");
    }

    #[test]
    fn of_no_similar_grants_no_share_is_stated() {
        let none = seen(0, 0.0, 1.0);
        assert!(none.starts_with("no similar grants (silent for"), "{none}");
        assert!(!none.contains('%'), "{none}");
    }
}
