//! When something was used: days, idle time, longest silence.
//!
//! Only covered days count: a day without records stops the clock.

use std::collections::BTreeMap;

use super::DaySet;
use crate::model::{Day, Millis};

/// The windows, in days, for which uses are counted.
pub const WINDOWS: [u32; 5] = [30, 60, 90, 180, 365];

/// Use of one term (or of one client) over all data up to as-of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// First use.
    pub first: Option<Millis>,
    /// Last use.
    pub last: Option<Millis>,
    /// Days with use.
    pub days: DaySet,
    /// Requests in each of [`WINDOWS`], counted back from as-of.
    pub uses: [u64; WINDOWS.len()],
    /// Requests in all data.
    pub total: u64,
}

impl Rhythm {
    /// Adds the requests of one day; `as_of` is the last day of the windows.
    pub fn add(&mut self, day: Day, count: u64, (first, last): (Millis, Millis), as_of: Day) {
        if count == 0 {
            return;
        }
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.last = Some(self.last.map_or(last, |known| known.max(last)));
        self.days.insert(day);
        self.total += count;
        let back = i64::from(as_of.0) - i64::from(day.0);
        for (uses, window) in self.uses.iter_mut().zip(WINDOWS) {
            if (0..i64::from(window)).contains(&back) {
                *uses += count;
            }
        }
    }

    /// Covered days since the last use; `None` when there was none.
    pub fn idle(&self, covered: &BTreeMap<Day, u64>, as_of: Day) -> Option<u32> {
        let last = self.days.last()?;
        Some(between(covered, last, as_of.plus(1)))
    }

    /// Days since the last use, covered or not; `None` when there was none.
    pub fn silent_for(&self, as_of: Day) -> Option<u32> {
        u32::try_from(as_of.0 - self.days.last()?.0).ok()
    }

    /// Longest silence between two uses in calendar days; `None` with fewer than
    /// two days of use. Days without records count: a use may be lost in them, but
    /// the rhythm is not shorter for it.
    pub fn longest_gap(&self) -> Option<u32> {
        self.pairs()
            .map(|(before, after)| u32::try_from(after.0 - before.0 - 1).unwrap_or(0))
            .max()
    }

    /// The same in covered days.
    pub fn covered_gap(&self, covered: &BTreeMap<Day, u64>) -> Option<u32> {
        self.pairs()
            .map(|(before, after)| between(covered, before, after))
            .max()
    }

    fn pairs(&self) -> impl Iterator<Item = (Day, Day)> + '_ {
        self.days.iter().zip(self.days.iter().skip(1))
    }
}

/// Covered days strictly between two days.
fn between(covered: &BTreeMap<Day, u64>, after: Day, before: Day) -> u32 {
    if before <= after.plus(1) {
        return 0;
    }
    u32::try_from(covered.range(after.plus(1)..before).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_records_stop_the_clock() {
        let covered: BTreeMap<Day, u64> = (0..100)
            .filter(|day| !(20..30).contains(day))
            .map(|day| (Day(day), 1))
            .collect();
        let mut rhythm = Rhythm::default();
        for day in [5, 15, 40] {
            rhythm.add(Day(day), 2, (0, 0), Day(99));
        }
        assert_eq!(
            rhythm.covered_gap(&covered),
            Some(14),
            "24 days, ten of them without records"
        );
        assert_eq!(rhythm.longest_gap(), Some(24));
        assert_eq!(rhythm.idle(&covered, Day(99)), Some(59));
        assert_eq!(rhythm.uses, [0, 2, 4, 6, 6]);
    }
}
