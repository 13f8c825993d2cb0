//! Regular use: how often, and in words.
//!
//! A period is a guard and a sentence, never an estimate: it is found where at
//! least three occasions lie about equally far apart.

use chrono::Datelike;

use super::DaySet;
use crate::model::Day;

/// Uses so many days apart are one occasion: a job may run on three days in a row.
const OCCASION: i32 = 3;
/// Spread of the distances (standard deviation by mean) below which use is regular.
const REGULAR: f64 = 0.25;
/// Days around a month's end that still are the month's end.
const AROUND: u32 = 3;

/// Occasions without which no name is given for regular use: a year of quarters.
const CERTAIN: usize = 4;

/// Regular use.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Median distance between two occasions, in days.
    pub days: u32,
    /// `every Monday`, `at the end of each quarter`.
    pub words: String,
}

impl Period {
    /// The period of these days of use, if they have one.
    pub fn find(days: &DaySet) -> Option<Self> {
        let occasions = occasions(days);
        let starts: Vec<Day> = occasions.iter().map(|(first, _)| *first).collect();
        let mut distances: Vec<i32> = starts
            .windows(2)
            .filter_map(|pair| Some(pair.get(1)?.0 - pair.first()?.0))
            .collect();
        if starts.len() < 3 {
            return None;
        }
        let count = f64::from(u32::try_from(distances.len()).ok()?);
        let mean = distances
            .iter()
            .map(|distance| f64::from(*distance))
            .sum::<f64>()
            / count;
        let square = |count: &i32| (f64::from(*count) - mean).powi(2);
        let spread = (distances.iter().map(square).sum::<f64>() / count).sqrt();
        if spread >= REGULAR * mean {
            return None;
        }
        distances.sort_unstable();
        let days = u32::try_from(*distances.get(distances.len() / 2)?).ok()?;
        Some(Self {
            days,
            words: words(days, &occasions),
        })
    }
}

/// What use at the end of every month or quarter is called in a name, where so many occasions show it
/// that it is no chance; days of use anywhere else leave it without one.
pub(crate) fn end_of(days: &DaySet) -> Option<&'static str> {
    let occasions = occasions(days);
    if occasions.len() < CERTAIN {
        return None;
    }
    let every_day = |test: fn(Day) -> bool| days.iter().all(test);
    match Period::find(days)?.days {
        27..=32 if every_day(ends_month) => Some("month-end"),
        88..=95 if every_day(ends_quarter) => Some("quarter-end"),
        _ => None,
    }
}

/// First and last day of each occasion.
fn occasions(days: &DaySet) -> Vec<(Day, Day)> {
    let mut found: Vec<(Day, Day)> = Vec::new();
    for day in days.iter() {
        match found.last_mut() {
            Some((_, last)) if day.0 - last.0 <= OCCASION => *last = day,
            _ => found.push((day, day)),
        }
    }
    found
}

fn words(days: u32, occasions: &[(Day, Day)]) -> String {
    let all = |test: fn(Day) -> bool| occasions.iter().all(|(_, last)| test(*last));
    match days {
        7 if weekday(occasions).is_some() => {
            format!("every {}", weekday(occasions).unwrap_or_default())
        }
        27..=32 if all(ends_month) => "at the end of each month".to_owned(),
        27..=32 => {
            let mut dates: Vec<u32> = occasions.iter().map(|(day, _)| day.date().day()).collect();
            dates.sort_unstable();
            format!("once a month, around day {}", dates[dates.len() / 2])
        }
        88..=95 if all(ends_quarter) => "at the end of each quarter".to_owned(),
        88..=95 => "once a quarter".to_owned(),
        360..=370 => "once a year".to_owned(),
        days => format!("about every {days} days"),
    }
}

fn weekday(occasions: &[(Day, Day)]) -> Option<&'static str> {
    const NAMES: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let number = |day: Day| day.date().weekday().num_days_from_monday();
    let first = number(occasions.first()?.0);
    let same = occasions.iter().all(|(day, _)| number(*day) == first);
    same.then(|| NAMES[first as usize % 7])
}

/// Within three days of a month's last day.
fn ends_month(day: Day) -> bool {
    month_end(day).is_some()
}

/// The month whose end is near, 1 to 12.
fn month_end(day: Day) -> Option<u32> {
    let near = i32::try_from(AROUND).unwrap_or(3);
    (-near..=near).find_map(|step| {
        let date = day.plus(step).date();
        let next = day.plus(step + 1).date();
        (date.month() != next.month()).then_some(date.month())
    })
}

fn ends_quarter(day: Day) -> bool {
    month_end(day).is_some_and(|month| month % 3 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_use_at_the_end_of_four_months_or_quarters_and_at_no_other_time_gives_a_name() {
        let end = |dates: &[&str]| {
            let days = dates.iter().map(|date| Day::parse(date).unwrap());
            end_of(&days.collect())
        };
        let quarters = [
            "2025-12-30",
            "2025-12-31",
            "2026-03-31",
            "2026-06-29",
            "2026-09-30",
        ];
        assert_eq!(end(&quarters), Some("quarter-end"));
        assert_eq!(end(&quarters[..4]), None, "three occasions");
        let other = [&quarters[..], &["2026-08-14"]].concat();
        assert_eq!(end(&other), None, "and once in between");
        let months = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"];
        assert_eq!(end(&months), Some("month-end"));
        let middle = ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"];
        assert_eq!(end(&middle), None);
    }

    fn found(days: impl IntoIterator<Item = i32>) -> Option<Period> {
        Period::find(&days.into_iter().map(Day).collect())
    }

    fn words_of(dates: &[&str]) -> String {
        let days = dates.iter().map(|date| Day::parse(date).unwrap().0);
        found(days).map_or_else(|| "none".to_owned(), |period| period.words)
    }

    #[test]
    fn a_regular_job_is_told_in_words() {
        let quarters = [
            "2025-12-29",
            "2025-12-30",
            "2025-12-31",
            "2026-03-31",
            "2026-06-30",
            "2026-09-30",
        ];
        assert_eq!(words_of(&quarters), "at the end of each quarter");
        let months = ["2026-01-03", "2026-02-04", "2026-03-03", "2026-04-02"];
        assert_eq!(words_of(&months), "once a month, around day 3");
        assert_eq!(
            words_of(&["2026-01-31", "2026-02-28", "2026-03-31"]),
            "at the end of each month"
        );
        let weeks = ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"];
        assert_eq!(words_of(&weeks), "every Monday");
    }

    #[test]
    fn neither_two_uses_nor_a_scatter_are_a_period() {
        assert_eq!(found([0, 30]), None);
        assert_eq!(found([0, 10, 90, 95, 200]), None);
        assert_eq!(found(0..100), None, "daily use is one occasion");
        assert_eq!(found([0, 20, 40, 61]).map(|period| period.days), Some(20));
    }
}
