//! Strata: groups of similar grants, each with a name in plain words.
//!
//! Four axes with few classes each: how long it is silent, how it was used so far, how many
//! others use the scope, and how alive the client is.

use super::prior;
use super::state::State;

/// Number of strata of the finest kind.
pub(super) const STRATA: usize = SILENT * USES * OTHERS * CLIENTS;

/// Classes of silence, of use so far, of other users of the scope, of the client's life.
pub(super) const SILENT: usize = 10;
const USES: usize = 6;
const OTHERS: usize = 3;
const CLIENTS: usize = 3;

/// Edges of the silence, in covered days; an edge belongs to the longer silence.
const DAYS: [u32; SILENT - 1] = [60, 90, 150, 225, 365, 545, 730, 1_095, 1_460];
/// Never-used grants from which a client holds them by the dozen.
const WIDE: u32 = 20;
/// Uses within so many covered days are one occasion.
const ONCE: u32 = 7;
/// Days with use from which somebody uses a scope often.
const OFTEN: u32 = 6;

/// Strata of each depth, from coarse to fine: silence and whether it was ever used; the
/// other users of the scope; the client's life as well; the use so far in detail.
pub(super) const DEPTHS: [usize; 4] = [
    SILENT * 2,
    SILENT * 2 * OTHERS,
    SILENT * 2 * OTHERS * CLIENTS,
    STRATA,
];

/// What a grant looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stratum(u16);

impl Stratum {
    /// Where a grant belongs.
    pub fn of(state: &State) -> Self {
        let silent = DAYS.iter().filter(|edge| **edge <= state.idle).count();
        let uses = if state.never() {
            if state.unused >= WIDE { 5 } else { 0 }
        } else if state.span < ONCE {
            1
        } else if in_rhythm(state) {
            2
        } else if state.days < OFTEN {
            3
        } else {
            4
        };
        let class =
            |count: u32, edges: [u32; 2]| edges.iter().filter(|edge| **edge <= count).count();
        let others = class(state.others, [1, 3]);
        let alive = class(state.active, [1, 10]);
        let number = ((silent * USES + uses) * OTHERS + others) * CLIENTS + alive;
        Self(u16::try_from(number).unwrap_or(u16::MAX))
    }

    /// The stratum of a number below [`STRATA`].
    pub(super) fn numbered(number: usize) -> Self {
        Self(u16::try_from(number).unwrap_or(u16::MAX))
    }

    /// Its number, from 0.
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// Classes of the four axes, in the order of their constants.
    fn classes(self) -> [usize; 4] {
        let number = self.number();
        let (rest, alive) = (number / CLIENTS, number % CLIENTS);
        let (rest, others) = (rest / OTHERS, rest % OTHERS);
        [rest / USES, rest % USES, others, alive]
    }

    /// Whether its grants were never used.
    pub fn never(self) -> bool {
        matches!(self.classes()[1], 0 | 5)
    }

    /// Whether its grants are silent for less than twice their longest silence.
    pub(super) fn in_rhythm(self) -> bool {
        self.classes()[1] == 2
    }

    /// Its number at a depth.
    pub(super) fn at(self, depth: usize) -> usize {
        let [silent, _, others, alive] = self.classes();
        let never = usize::from(self.never());
        match depth {
            0 => silent * 2 + never,
            1 => (silent * 2 + never) * OTHERS + others,
            2 => ((silent * 2 + never) * OTHERS + others) * CLIENTS + alive,
            _ => self.number(),
        }
    }

    /// Share used again that the prior gives it.
    pub(super) fn prior(self) -> f64 {
        prior::of(self.never(), self.classes()[0])
    }

    /// `silent 545 to 730 days, used on 2 to 5 days, client active, scope used by nobody else`.
    pub fn words(self) -> String {
        let [silent, uses, others, alive] = self.classes();
        let (from, to) = (
            silent
                .checked_sub(1)
                .map_or(super::IDLE, |index| DAYS[index]),
            DAYS.get(silent),
        );
        let silent = match to {
            Some(to) => format!("silent for {from} to {to} days"),
            None => format!("silent for {from} days or more"),
        };
        let uses = match uses {
            0 => "never used",
            1 => "used within one week only",
            2 => "silent for less than twice its longest silence",
            3 => "used on 2 to 5 days",
            4 => "used on 6 days or more",
            _ => "never used, client with 20 or more such grants",
        };
        let alive = match alive {
            0 => "silent for 90 days",
            1 => "active on 1 to 9 of 90 days",
            _ => "active on 10 or more of 90 days",
        };
        let others = match others {
            0 => "nobody else",
            1 => "1 or 2 others",
            _ => "3 or more others",
        };
        format!("{silent}, {uses}, client {alive}, scope used by {others} within 365 days")
    }
}

/// Silent for less than twice its longest silence.
fn in_rhythm(state: &State) -> bool {
    state.idle < 2 * state.gap.max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_stratum_has_a_name_of_its_own() {
        let names: BTreeSet<String> = (0..STRATA).map(|n| Stratum::numbered(n).words()).collect();
        assert_eq!(names.len(), STRATA);
        assert!(names.contains(
            "silent for 545 to 730 days, used on 2 to 5 days, client active on 10 or more of 90 days, scope used by nobody else within 365 days"
        ));
    }

    #[test]
    fn an_edge_belongs_to_the_longer_silence() {
        let of = |idle, gap, days| {
            let state = State {
                idle,
                gap,
                days,
                span: gap,
                last: (days > 0).then_some(crate::model::Day(0)),
                ..State::default()
            };
            let [silent, uses, ..] = Stratum::of(&state).classes();
            (silent, uses)
        };
        assert_eq!(of(59, 0, 0), (0, 0));
        assert_eq!(of(60, 0, 0), (1, 0));
        assert_eq!(of(1_460, 0, 0), (9, 0));
        assert_eq!(of(60, 6, 2), (1, 1));
        assert_eq!(of(59, 30, 2), (0, 2));
        assert_eq!(of(60, 30, 2), (1, 3));
        assert_eq!(of(60, 30, 6), (1, 4));
    }

    #[test]
    fn each_depth_holds_the_finer_ones() {
        for (depth, size) in DEPTHS.into_iter().enumerate() {
            let seen: BTreeSet<usize> = (0..STRATA)
                .map(|n| Stratum::numbered(n).at(depth))
                .collect();
            assert_eq!(seen.len(), size);
            assert_eq!(seen.last(), Some(&(size - 1)));
        }
    }
}
