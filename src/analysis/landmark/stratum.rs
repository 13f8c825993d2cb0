//! Strata: grants that look alike, each with a name in plain words.

use super::state::State;

/// Number of strata: 17 kinds of silence, each with the client active or silent.
pub const STRATA: usize = 34;

/// Edges of age and idle time, in covered days.
const DAYS: [u32; 4] = [60, 90, 150, 225];
/// Edges of idle time by the longest silence.
const RATIOS: [f64; 6] = [0.5, 1.0, 1.5, 2.0, 3.0, 5.0];

/// One kind of silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stratum(pub(super) usize);

impl Stratum {
    /// Where a grant belongs.
    pub fn of(state: &State) -> Self {
        let days = |days: u32| DAYS.iter().filter(|edge| **edge <= days).count();
        let kind = if state.never {
            days(state.age)
        } else if state.once {
            5 + days(state.idle)
        } else {
            let ratio = state.ratio();
            10 + RATIOS.iter().filter(|edge| **edge <= ratio).count()
        };
        Self(kind * 2 + usize::from(state.silent))
    }

    /// Its number, from 0: twice the kind of silence, and one more when the client is silent.
    pub fn number(self) -> usize {
        self.0
    }

    /// The next shorter silence, from which a thin stratum may borrow: re-use
    /// only becomes rarer with silence.
    pub(super) fn shorter(self) -> Option<Self> {
        let kind = self.0 / 2;
        ((1..5).contains(&kind) || (6..10).contains(&kind)).then(|| Self(self.0 - 2))
    }

    /// `never used, granted for 90 to 150 days, client active`.
    pub fn words(self) -> String {
        let (kind, silent) = (self.0 / 2, self.0 % 2 == 1);
        let days = |place: usize| match place {
            0 => format!("30 to {} days", DAYS[0]),
            4 => format!("{} days or more", DAYS[3]),
            place => format!("{} to {} days", DAYS[place - 1], DAYS[place]),
        };
        let what = match kind {
            0..5 => format!("never used, granted for {}", days(kind)),
            5..10 => format!("used within one week only, silent for {}", days(kind - 5)),
            10 => format!("silent for less than {} x their longest gap", RATIOS[0]),
            16.. => format!("silent for {} x their longest gap or more", RATIOS[5]),
            kind => format!(
                "silent for {} to {} x their longest gap",
                RATIOS[kind - 11],
                RATIOS[kind - 10]
            ),
        };
        let client = if silent { "silent" } else { "active" };
        format!("{what}, client {client}")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_stratum_has_a_name_of_its_own() {
        let names: BTreeSet<String> = (0..STRATA).map(|b| Stratum(b).words()).collect();
        assert_eq!(names.len(), STRATA);
        assert!(names.contains("never used, granted for 225 days or more, client active"));
        assert!(names.contains("silent for 2 to 3 x their longest gap, client silent"));
    }

    #[test]
    fn an_edge_belongs_to_the_longer_silence() {
        let state = |idle, gap, never| State {
            idle,
            age: idle,
            gap,
            never,
            once: false,
            silent: false,
        };
        let kind = |state| Stratum::of(&state).number() / 2;
        assert_eq!(kind(state(59, 0, true)), 0);
        assert_eq!(kind(state(60, 0, true)), 1);
        assert_eq!(kind(state(225, 0, true)), 4);
        assert_eq!(kind(state(39, 20, false)), 13);
        assert_eq!(kind(state(40, 20, false)), 14);
    }
}
