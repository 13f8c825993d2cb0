//! How much of a client its log has shown: Good-Turing and Chao, days as samples.

use super::DaySet;
use crate::model::Day;
use crate::usage::Days;

/// Operations seen, and how many more there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Completeness {
    /// Operations that were needed at any time in the data; equal templates are one.
    pub operations: usize,
    /// Of these, seen on one day only.
    pub once: usize,
    /// Of these, seen on two days.
    pub twice: usize,
    /// Days on which anything was needed.
    pub days: usize,
}

impl Completeness {
    /// Counts the days on which each operation was needed.
    pub(super) fn of<'a>(ever: impl Iterator<Item = &'a Days>) -> Self {
        let mut any = DaySet::default();
        let counts: Vec<usize> = ever
            .map(|uses| {
                let needed = uses.iter().filter(|day| day.need() > 0);
                let days: DaySet = needed.map(|day| Day(day.day)).collect();
                any.add(&days);
                days.len()
            })
            .collect();
        let on = |count: usize| counts.iter().filter(|known| **known == count).count();
        Self {
            operations: counts.len(),
            once: on(1),
            twice: on(2),
            days: any.len(),
        }
    }

    /// Operations not yet seen, by the bias-corrected Chao2 estimate (Chao 1987); `None` without a use.
    pub fn unseen(&self) -> Option<f64> {
        let real = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let (once, twice, days) = (real(self.once), real(self.twice), real(self.days));
        (self.days > 0)
            .then(|| (days - 1.0) / days * once * (once - 1.0).max(0.0) / (2.0 * (twice + 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_was_seen_once_says_how_much_was_not_seen() {
        let days = |days: &[i32]| -> Days {
            let day = |day: &i32| crate::usage::DayUse {
                day: *day,
                counts: [1; crate::model::Outcome::ALL.len()],
                ..crate::usage::DayUse::default()
            };
            days.iter().map(day).collect()
        };
        let all: Vec<i32> = (0..10).collect();
        let mut ever = BTreeMap::from([(0, days(&all))]);
        let of = |ever: &BTreeMap<i32, Days>| Completeness::of(ever.values());
        assert_eq!(of(&ever).unseen(), Some(0.0));
        ever.extend([
            (1, days(&[1])),
            (2, days(&[2])),
            (3, days(&[5])),
            (4, days(&[1, 9])),
        ]);
        let found = of(&ever);
        assert_eq!((found.operations, found.once, found.twice), (5, 3, 1));
        // 9/10 of 3 x 2 / (2 x 2).
        assert!((found.unseen().unwrap() - 1.35).abs() < 1e-12);
        assert_eq!(Completeness::default().unseen(), None);
    }
}
