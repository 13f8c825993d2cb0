//! Time as the logs know it: a day without records does not pass.

use std::collections::BTreeSet;

use crate::model::Day;

/// Covered days of one log. Its readings are counts of covered days since the
/// log's start.
#[derive(Clone, Debug)]
pub struct Clock {
    from: Day,
    to: Day,
    /// Covered days before each day of the log, and before its end.
    before: Vec<u32>,
}

impl Clock {
    /// The clock of a log that starts with the day `from` and ends before `to`.
    pub fn new(from: Day, to: Day, covered: &BTreeSet<Day>) -> Self {
        let days = usize::try_from(i64::from(to.0) - i64::from(from.0)).unwrap_or(0);
        let mut before = Vec::with_capacity(days + 1);
        let mut count = 0;
        before.push(count);
        for day in (from.0..to.0).map(Day) {
            count += u32::from(covered.contains(&day));
            before.push(count);
        }
        Self { from, to, before }
    }

    /// First day of the log.
    pub fn from(&self) -> Day {
        self.from
    }

    /// The day after the last one.
    pub fn to(&self) -> Day {
        self.to
    }

    /// Covered days before this day; none before the log, all of them after it.
    pub fn at(&self, day: Day) -> u32 {
        let last = self.before.len() - 1;
        let back = usize::try_from(i64::from(day.0) - i64::from(self.from.0)).unwrap_or(0);
        self.before[back.min(last)]
    }

    /// The day from which so many covered days lead up to `date`, which is not one of
    /// them; the first day of the log when it has fewer.
    pub fn back(&self, date: Day, covered: u32) -> Day {
        match self.at(date).checked_sub(covered) {
            None | Some(0) => self.from,
            Some(before) => {
                let place = self.before.partition_point(|day| *day <= before);
                self.from
                    .plus(i32::try_from(place).unwrap_or(i32::MAX).saturating_sub(1))
            }
        }
    }

    /// Whether the day is covered.
    pub fn covers(&self, day: Day) -> bool {
        self.from <= day && day < self.to && self.at(day.plus(1)) > self.at(day)
    }

    /// Calendar days from the start of the log to this day.
    pub fn days_to(&self, day: Day) -> u32 {
        u32::try_from(i64::from(day.0) - i64::from(self.from.0)).unwrap_or(0)
    }
}
