//! The days of the sample and the rhythms in which clients call.
//!
//! In: a rhythm and a day. Out: whether a call happens on that day.
//! Everything is UTC; no clock is read.

use chrono::{Datelike, NaiveDate, Weekday};

/// First day of the logs.
pub(crate) const FIRST: NaiveDate = day(2025, 10, 1);
/// Last day of the logs.
pub(crate) const LAST: NaiveDate = day(2026, 10, 31);

/// A date known to exist.
pub(crate) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// When something happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rhythm {
    /// Every day.
    Daily,
    /// Monday to Friday.
    Weekdays,
    /// Every so many days, counted from the first day of the logs.
    EveryDays(u32),
    /// The last three days of March, June, September and December.
    QuarterEnd,
}

impl Rhythm {
    /// Whether it happens on this day.
    pub(crate) fn falls_on(self, date: NaiveDate) -> bool {
        match self {
            Self::Daily => true,
            Self::Weekdays => !matches!(date.weekday(), Weekday::Sat | Weekday::Sun),
            Self::EveryDays(step) => (date - FIRST).num_days() % i64::from(step) == 0,
            Self::QuarterEnd => {
                let next_month = if date.month() == 12 {
                    day(date.year() + 1, 1, 1)
                } else {
                    day(date.year(), date.month() + 1, 1)
                };
                date.month().is_multiple_of(3) && (next_month - date).num_days() <= 3
            }
        }
    }
}
