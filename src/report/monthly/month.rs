//! A calendar month.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Serialize, Serializer};

use crate::model::{Day, Window};

/// A calendar month, counted from the year 0: `12 * year + month - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Month {
    /// Reads `2026-10`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return None;
        }
        let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
        // Before 1970 no log was written, and the first month has a month before it.
        (year >= 1970 && (1..=12).contains(&month)).then(|| Self(12 * year + month - 1))
    }

    /// The month that a day falls in.
    pub fn of(day: Day) -> Self {
        let date = day.date();
        let month = i32::try_from(date.month0()).unwrap_or(0);
        Self(date.year().saturating_mul(12).saturating_add(month))
    }

    /// The month this many months later, or earlier when negative.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months))
    }

    /// Months from the other month to this one.
    pub fn since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }

    /// Its first and last day.
    pub fn days(self) -> Window {
        Window {
            from: self.first(),
            to: self.plus(1).first().plus(-1),
        }
    }

    fn first(self) -> Day {
        let month = u32::try_from(self.0.rem_euclid(12)).unwrap_or(0) + 1;
        let date = NaiveDate::from_ymd_opt(self.0.div_euclid(12), month, 1);
        Day::from_date(date.unwrap_or(NaiveDate::MAX))
    }

    /// `October 2026`.
    pub fn name(self) -> String {
        let month = usize::try_from(self.0.rem_euclid(12)).unwrap_or(0);
        format!("{} {}", NAMES[month], self.0.div_euclid(12))
    }

    /// `Oct`.
    pub fn short(self) -> &'static str {
        let month = usize::try_from(self.0.rem_euclid(12)).unwrap_or(0);
        &NAMES[month][..3]
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.0.div_euclid(12), self.0.rem_euclid(12) + 1);
        write!(f, "{year:04}-{month:02}")
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_its_own_days_also_in_a_leap_year() {
        let days = |text: &str| {
            let days = Month::parse(text).unwrap().days();
            (days.from.to_string(), days.to.to_string())
        };
        assert_eq!(
            days("2024-02"),
            ("2024-02-01".to_owned(), "2024-02-29".to_owned())
        );
        assert_eq!(
            days("2026-12"),
            ("2026-12-01".to_owned(), "2026-12-31".to_owned())
        );
    }

    #[test]
    fn text_that_is_not_a_month_is_refused() {
        for text in [
            "2026-13",
            "2026-00",
            "2026-1",
            "26-01",
            "2026-10-01",
            "+026-01",
            "",
            "1969-12",
        ] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
        let month = Month::parse("2026-10").unwrap();
        assert_eq!(Month::of(month.days().to), month);
        assert_eq!(month.plus(3).to_string(), "2027-01");
        assert_eq!(
            (month.name().as_str(), month.short()),
            ("October 2026", "Oct")
        );
        assert_eq!(month.since(month.plus(-14)), 14);
    }
}
