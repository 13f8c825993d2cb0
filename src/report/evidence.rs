//! What the past says about a removal, in words.
//!
//! Invariants:
//! * never a bare probability: counts, bound, what the grants had in common, and
//!   the days covered stand beside it;
//! * shares are rounded up.

use std::fmt::Write as _;

use crate::analysis::{Basis, Completeness, Evidence, Period, TermAnalysis};
use crate::model::words::{percent_up, plural, rounded_up};

/// Cases by own ones above which most of them are borrowed.
const BORROWED: f64 = 2.0;

/// `412 similar grants of 61 clients (...): 1 used again within 90 days; 0.4 %, at most 1.1 %; ...`.
pub(super) fn sentence(basis: &Basis, own: &Evidence) -> String {
    let odds = &own.odds;
    let stratum = odds.stratum.words();
    let share = format!("{}, at most {}", percent_up(odds.p), percent_up(odds.upper));
    // Writing to a string cannot fail.
    let mut text = match odds.similar {
        _ if basis.landmarks == 0 => format!(
            "the logs are too short to look back, so published histories answer ({stratum}): {share}"
        ),
        0 => format!(
            "no similar grants before ({stratum}); by shorter silences, coarser groups and published histories: {share}"
        ),
        similar => format!(
            "{} of {} ({stratum}): {} used again within 90 days; {share}",
            plural(similar, "similar grant"),
            plural(odds.clients, "client"),
            odds.reused,
        ),
    };
    if basis.landmarks > 0 && odds.similar > 0 && odds.effective > BORROWED * odds.own {
        text += " (mostly from coarser groups, shorter silences and published histories)";
    }
    if odds.factor >= 1.25 {
        let _ = write!(
            text,
            "; this client and this scope come back {:.1} x as often as others",
            rounded_up(odds.factor, 1)
        );
    }
    let _ = write!(
        text,
        "; {} of {} covered by logs",
        basis.covered,
        plural(basis.days, "day")
    );
    text
}

/// `396 days`: of all data up to the end of the window.
pub(super) fn days_of_data(basis: &Basis) -> String {
    match basis.days {
        0 => "the data read".to_owned(),
        days => plural(days, "day"),
    }
}

/// What decisions at earlier dates would have broken.
pub(super) fn past(basis: &Basis) -> Option<String> {
    let (all, used) = basis.past.safe();
    (all > 0).then(|| {
        format!(
            "{}: {}, {used} would have been used again ({}, at most {})",
            plural(basis.past.origins.len(), "earlier date"),
            plural(all, "safe removal"),
            percent_up(f64::from(used) / f64::from(all)),
            percent_up(basis.past.safe_upper())
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
        rounded_up(unseen, 1)
    ))
}

/// `every Monday`; nothing without a regular use.
pub(super) fn regular(found: &TermAnalysis) -> Option<String> {
    let period = Period::find(&found.rhythm.days)?;
    Some(format!("runs {}", period.words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::landmark::{Odds, State, Stratum};

    fn seen(similar: u32, own: f64, factor: f64, landmarks: usize) -> String {
        let state = State {
            idle: 600,
            age: 800,
            gap: 100,
            span: 200,
            days: 4,
            last: Some(crate::model::Day(0)),
            active: 20,
            ..State::default()
        };
        let odds = Odds {
            p: 0.0022,
            upper: 0.0103,
            stratum: Stratum::of(&state),
            similar,
            reused: 1,
            clients: 61,
            own,
            effective: 250.0,
            factor,
        };
        let basis = Basis {
            covered: 363,
            days: 365,
            landmarks,
            ..Basis::default()
        };
        sentence(
            &basis,
            &Evidence {
                odds,
                state,
                season: None,
            },
        )
    }

    #[test]
    fn counts_of_grants_and_clients_bound_likeness_and_coverage_stand_beside_the_share() {
        assert_eq!(
            seen(412, 200.0, 1.0, 9),
            "412 similar grants of 61 clients (silent for 545 to 730 days, used on 2 to 5 days, client active on \
             10 or more of 90 days, scope used by nobody else within 365 days): 1 used again within 90 days; \
             0.3 %, at most 1.1 %; 363 of 365 days covered by logs"
        );
        let few = seen(23, 4.0, 2.31, 9);
        assert!(few.contains("(mostly from coarser groups"), "{few}");
        assert!(few.contains("come back 2.4 x as often as others"), "{few}");
    }

    #[test]
    fn without_similar_grants_it_says_whose_the_share_is() {
        let none = seen(0, 0.0, 1.0, 9);
        assert!(
            none.starts_with("no similar grants before (silent for"),
            "{none}"
        );
        assert!(
            none.contains("published histories: 0.3 %, at most 1.1 %"),
            "{none}"
        );
        let short = seen(0, 0.0, 1.0, 0);
        assert!(
            short.starts_with("the logs are too short to look back"),
            "{short}"
        );
    }
}
