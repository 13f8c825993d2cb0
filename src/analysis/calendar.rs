//! Regular use: how often, and in words.
//!
//! A period is a guard and a sentence, never an estimate: it is found where at
//! least three occasions lie about equally far apart.

use std::collections::BTreeMap;

use chrono::Datelike;

use super::DaySet;
use crate::model::Day;

/// Uses so many days apart are one occasion: a job may run on three days in a row.
const OCCASION: i32 = 3;
/// Spread of the distances (standard deviation by mean) below which use is regular.
const REGULAR: f64 = 0.25;
/// Days around a month's end that still are the month's end.
const AROUND: u32 = 3;

/// Month ends, and quarter ends, without which use has no name from them: with fewer, a job that
/// runs every four weeks could still lie near the end of each month.
const MONTHS: usize = 6;
const QUARTERS: usize = 4;

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

/// What use at the end of every month or quarter is called in a name, where so many of them show it
/// that it is no chance. Use on any other day leaves it without one, and so do logs with holes there,
/// in which such a use may be lost.
pub(crate) fn end_of(days: &DaySet, covered: &BTreeMap<Day, u64>) -> Option<&'static str> {
    let occasions = occasions(days).len();
    let (name, least, ends): (_, _, fn(Day) -> bool) = match Period::find(days)?.days {
        27..=32 => ("month-end", MONTHS, ends_month),
        88..=95 => ("quarter-end", QUARTERS, ends_quarter),
        _ => return None,
    };
    let between = (days.first()?.0..days.last()?.0).map(Day);
    let elsewhere: Vec<Day> = between.filter(|day| !ends(*day)).collect();
    let missing = elsewhere.iter().filter(|day| !covered.contains_key(day));
    let known = missing.count() * 10 <= elsewhere.len();
    (occasions >= least && known && days.iter().all(ends)).then_some(name)
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

    /// The name of these days of use, in logs from 2025 and 2026 without the days that `lost` names.
    fn end_without(dates: &[&str], lost: fn(Day) -> bool) -> Option<&'static str> {
        let day = |date: &str| Day::parse(date).unwrap();
        let all = (day("2025-01-01").0..=day("2026-12-31").0).map(Day);
        let covered = all.filter(|day| !lost(*day)).map(|day| (day, 1)).collect();
        end_of(&dates.iter().map(|date| day(date)).collect(), &covered)
    }

    fn end(dates: &[&str]) -> Option<&'static str> {
        end_without(dates, |_| false)
    }

    const QUARTER_ENDS: [&str; 5] = [
        "2025-12-30",
        "2025-12-31",
        "2026-03-31",
        "2026-06-29",
        "2026-10-01",
    ];
    const MONTH_ENDS: [&str; 6] = [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-05-01",
        "2026-05-29",
        "2026-06-30",
    ];

    #[test]
    fn use_at_the_ends_of_a_year_of_quarters_or_half_a_year_of_months_has_a_name() {
        assert_eq!(end(&QUARTER_ENDS), Some("quarter-end"));
        assert_eq!(end(&QUARTER_ENDS[..4]), None, "three occasions");
        assert_eq!(end(&MONTH_ENDS), Some("month-end"));
        assert_eq!(end(&MONTH_ENDS[..5]), None, "five occasions");
        assert_eq!(end(&MONTH_ENDS[..1]), None, "one month shows no rhythm");
        assert_eq!(end(&[]), None);
    }

    #[test]
    fn use_on_any_other_day_leaves_it_without_a_name() {
        let other = [&QUARTER_ENDS[..], &["2026-08-14"]].concat();
        assert_eq!(end(&other), None, "once in between");
        let longer = [&QUARTER_ENDS[..], &["2026-04-03", "2026-04-04"]].concat();
        assert_eq!(end(&longer), None, "once for longer");
        let late = [&MONTH_ENDS[..], &["2026-07-03", "2026-07-04"]].concat();
        assert_eq!(end(&late), None, "four days after the end");
        let in_time = [&MONTH_ENDS[..], &["2026-07-03"]].concat();
        assert_eq!(end(&in_time), Some("month-end"), "three days after it");
        let middle = ["01", "02", "03", "04", "05", "06"].map(|month| format!("2026-{month}-15"));
        assert_eq!(end(&middle.each_ref().map(String::as_str)), None);
        let four_weeks = (0..6).map(|at| Day(Day::parse("2026-01-28").unwrap().0 + 28 * at));
        let four_weeks: Vec<String> = four_weeks.map(|day| day.to_string()).collect();
        let four_weeks: Vec<&str> = four_weeks.iter().map(String::as_str).collect();
        assert_eq!(end(&four_weeks), None, "every four weeks");
        let every_day = |at| Day(Day::parse("2026-01-01").unwrap().0 + at).to_string();
        let every_day: Vec<String> = (0..200).map(every_day).collect();
        let every_day: Vec<&str> = every_day.iter().map(String::as_str).collect();
        assert_eq!(end(&every_day), None, "every day");
    }

    #[test]
    fn logs_of_month_ends_alone_cannot_show_that_there_was_no_other_use() {
        let few = |day: Day| (10..12).contains(&day.date().day());
        let more = |day: Day| (10..14).contains(&day.date().day());
        assert_eq!(end_without(&MONTH_ENDS, few), Some("month-end"));
        assert_eq!(end_without(&MONTH_ENDS, more), None);
        assert_eq!(end_without(&MONTH_ENDS, |day| !ends_month(day)), None);
        assert_eq!(end_without(&QUARTER_ENDS, |day| !ends_month(day)), None);
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
