//! Days on which no records are to be expected, as the configuration states them.
//!
//! Invariants: an entry is a day, a span of at most a year, or a weekday; not every
//! weekday is closed.

use std::collections::BTreeSet;

use super::{Day, Window};

/// Names of the weekdays.
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A longer span is not a closure.
const LONGEST: u32 = 366;

/// One entry of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// These days.
    Days(Window),
    /// This weekday of every week, Monday being 0.
    Weekday(u8),
}

impl Closed {
    /// As it is written.
    pub fn name(self) -> String {
        match self {
            Self::Days(days) if days.from == days.to => days.from.to_string(),
            Self::Days(days) => format!("{}..{}", days.from, days.to),
            Self::Weekday(weekday) => WEEKDAYS
                .get(usize::from(weekday))
                .map_or("", |name| name)
                .to_owned(),
        }
    }

    /// One day.
    pub fn day(day: Day) -> Self {
        Self::Days(Window { from: day, to: day })
    }

    /// Reads `2026-12-24`, `2026-12-24..2026-12-26` or `sunday`; the error says what would
    /// be accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let day = |text: &str| Day::parse(text).filter(|_| text.len() == 10);
        let lower = text.to_ascii_lowercase();
        if let Some(at) = (0..).zip(WEEKDAYS).find(|(_, name)| *name == lower) {
            return Ok(Self::Weekday(at.0));
        }
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let days = day(from).zip(day(to)).map(|(from, to)| Window { from, to });
        days.filter(|days| (1..=LONGEST).contains(&days.days()))
            .map(Self::Days)
            .ok_or_else(|| {
                "write a day (`2026-12-24`), a span of at most a year (`2026-12-24..2026-12-26`), or a weekday (`sunday`)"
                    .to_owned()
            })
    }
}

/// The closed days of the sources, in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    spans: Vec<Window>,
    weekdays: BTreeSet<u8>,
}

impl Calendar {
    /// Adds an entry; the error says why it cannot be.
    pub fn close(&mut self, closed: Closed) -> Result<(), String> {
        match closed {
            Closed::Days(days) => self.spans.push(days),
            Closed::Weekday(weekday) => {
                self.weekdays.insert(weekday);
            }
        }
        if self.weekdays.len() < WEEKDAYS.len() {
            return Ok(());
        }
        Err("with it every day would be closed, and no outage would be seen".to_owned())
    }

    /// Whether no records are to be expected on the day.
    pub fn is_closed(&self, day: Day) -> bool {
        // 1970-01-01 was a Thursday.
        let weekday = u8::try_from((i64::from(day.0) + 3).rem_euclid(7)).unwrap_or_default();
        self.weekdays.contains(&weekday) || self.spans.iter().any(|span| span.contains(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(entries: &[&str]) -> Calendar {
        let mut calendar = Calendar::default();
        for text in entries {
            calendar.close(Closed::parse(text).unwrap()).unwrap();
        }
        calendar
    }

    #[test]
    fn days_spans_and_weekdays_are_closed_and_no_others() {
        let calendar = calendar(&["2026-12-24..2026-12-26", "2027-01-01", "Sunday"]);
        let closed = |text| calendar.is_closed(Day::parse(text).unwrap());
        for day in ["2026-12-24", "2026-12-25", "2026-12-26", "2027-01-01"] {
            assert!(closed(day), "{day}");
        }
        assert!(closed("2026-11-29") && closed("1969-12-28"), "Sundays");
        for day in ["2026-12-23", "2026-12-28", "2026-12-31", "1970-01-01"] {
            assert!(!closed(day), "{day}");
        }
    }

    #[test]
    fn what_is_not_a_day_and_what_would_close_everything_is_refused() {
        for bad in [
            "",
            "christmas",
            "2026-12-26..2026-12-24",
            "2026-01-01..2027-12-31",
            "2026-12-24..",
            "2026-1-1",
        ] {
            assert!(Closed::parse(bad).is_err(), "{bad}");
        }
        let mut calendar = calendar(&WEEKDAYS[1..]);
        assert!(calendar.close(Closed::parse("monday").unwrap()).is_err());
    }
}
