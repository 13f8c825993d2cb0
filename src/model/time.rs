//! Days and instants, always UTC.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

const DAY_MS: i64 = 86_400_000;

/// A UTC calendar day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The day an instant falls on.
    pub fn of(instant: Millis) -> Self {
        Self(i32::try_from(instant.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// Midnight at the start of the day.
    pub fn start(self) -> Millis {
        i64::from(self.0) * DAY_MS
    }

    /// The day this many days later (or earlier, when negative).
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Reads `2026-11-01`.
    pub fn parse(text: &str) -> Option<Self> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Self::from_date(date))
    }

    /// The day of a calendar date.
    pub fn from_date(date: NaiveDate) -> Self {
        Self(date.num_days_from_ce() - 719_163)
    }

    /// The calendar date of this day; the last one chrono knows when out of its range.
    pub fn date(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0.saturating_add(719_163))
            .unwrap_or(NaiveDate::MAX)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date().format("%Y-%m-%d"))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A span of whole UTC days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl Window {
    /// The `days` days that end with `to`.
    pub fn ending(to: Day, days: u32) -> Self {
        let back = i32::try_from(days.saturating_sub(1)).unwrap_or(i32::MAX);
        Self {
            from: to.plus(-back),
            to,
        }
    }

    /// Number of days in the window; 0 when it ends before it starts.
    pub fn days(self) -> u32 {
        u32::try_from(i64::from(self.to.0) - i64::from(self.from.0) + 1).unwrap_or(0)
    }

    /// Whether the day lies inside.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_text_and_back() {
        let day = Day::parse("2024-02-29").unwrap();
        assert_eq!(day.to_string(), "2024-02-29");
        assert_eq!(Day::of(day.start()), day);
        assert_eq!(Day::of(day.start() - 1), day.plus(-1));
        assert_eq!(Day::parse("1970-01-01"), Some(Day(0)));
        // A time zone turns the first and the last day that four digits can say.
        for day in [-719_530, -719_529, -719_528, 2_932_896, 2_932_897] {
            assert_eq!(Day::parse(&Day(day).to_string()), Some(Day(day)), "{day}");
        }
    }

    #[test]
    fn a_window_of_n_days_has_n_days_also_across_a_year() {
        let window = Window::ending(Day::parse("2020-01-10").unwrap(), 30);
        assert_eq!(window.days(), 30);
        assert_eq!(window.from.to_string(), "2019-12-12");
        assert!(!window.contains(Day::parse("2019-01-05").unwrap()));
    }
}
