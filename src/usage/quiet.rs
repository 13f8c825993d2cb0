//! Days without records on which none were to be expected.
//!
//! In: the days on which a source, or all of them, have records. Out: the days between them
//! that are quiet and not missing: weekends, a holiday, the rest of a job that runs weekly.
//!
//! A run of days without records is missing when, by the same weekdays of the eight weeks
//! before and after it, the chance of such a run is below 1 in 1,000: the product over its
//! days of 1 - (k + 1/2) / (m + 1), where k of m such weekdays have records. One day of a
//! daily source is quiet then, and two are an outage. So is a run with a day that no such
//! weekday is near.

use std::collections::BTreeSet;

use crate::model::Day;

/// Chance of a run below which it is missing.
const CHANCE: f64 = 1e-3;
/// Weeks before and after a day that show what is usual on it.
const WEEKS: i32 = 8;

/// The quiet days between the first and the last of these. Days that are stated to be
/// without records do not count in either direction, and part no outage in two.
pub(super) fn quiet(recorded: &BTreeSet<Day>, stated: &BTreeSet<Day>) -> BTreeSet<Day> {
    let mut quiet = BTreeSet::new();
    let next = recorded.iter().skip(1);
    for (before, after) in recorded.iter().zip(next) {
        let run = before.plus(1)..*after;
        if run.start < run.end && !is_missing(recorded, stated, &run) {
            let days = (run.start.0..run.end.0).map(Day);
            quiet.extend(days.filter(|day| !stated.contains(day)));
        }
    }
    quiet
}

fn is_missing(
    recorded: &BTreeSet<Day>,
    stated: &BTreeSet<Day>,
    run: &std::ops::Range<Day>,
) -> bool {
    let (Some(first), Some(last)) = (recorded.first(), recorded.last()) else {
        return false;
    };
    let mut chance = 0.0;
    let open = (run.start.0..run.end.0).map(Day);
    for day in open.filter(|day| !stated.contains(day)) {
        let near = (1..=WEEKS).flat_map(|week| [day.plus(-7 * week), day.plus(7 * week)]);
        let near = near.filter(|day| first <= day && day <= last && !run.contains(day));
        let near = near.filter(|day| !stated.contains(day));
        let (mut all, mut with) = (0_u32, 0_u32);
        for day in near {
            all += 1;
            with += u32::from(recorded.contains(&day));
        }
        chance += (1.0 - (f64::from(with) + 0.5) / (f64::from(all) + 1.0)).ln();
        // Where no such weekday is near, nobody knows what is usual.
        if all == 0 || chance < CHANCE.ln() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(recorded: &BTreeSet<Day>) -> BTreeSet<Day> {
        super::quiet(recorded, &BTreeSet::new())
    }

    fn daily(gone: &[i32]) -> BTreeSet<Day> {
        (0..200)
            .filter(|day| !gone.contains(day))
            .map(Day)
            .collect()
    }

    /// Monday to Friday, day 4 being the first Monday.
    fn weekdays(gone: &[i32]) -> BTreeSet<Day> {
        let works = |day: &i32| (day + 3) % 7 < 5 && !gone.contains(day);
        (0..200).filter(works).map(Day).collect()
    }

    fn numbers(days: &BTreeSet<Day>) -> Vec<i32> {
        days.iter().map(|day| day.0).collect()
    }

    #[test]
    fn weekends_and_a_holiday_are_quiet_and_no_outage() {
        let whole = weekdays(&[]);
        let (first, last) = (whole.first().unwrap().0, whole.last().unwrap().0);
        let all = usize::try_from(last - first + 1).unwrap();
        assert_eq!(quiet(&whole).len(), all - whole.len());
        // A Wednesday off.
        assert!(quiet(&weekdays(&[104])).contains(&Day(104)));
        assert_eq!(numbers(&quiet(&daily(&[90]))), [90]);
        assert_eq!(numbers(&quiet(&daily(&[]))), [0; 0]);
    }

    #[test]
    fn two_days_of_a_daily_source_and_two_working_days_are_an_outage() {
        for long in [2, 3, 4, 7, 30] {
            let gone: Vec<i32> = (90..90 + long).collect();
            assert_eq!(numbers(&quiet(&daily(&gone))), [0; 0], "{long} days");
        }
        // A Wednesday and a Thursday; the weekends stay quiet.
        let found = quiet(&weekdays(&[104, 105]));
        assert!(!found.contains(&Day(104)) && !found.contains(&Day(105)));
        assert!(found.contains(&Day(107)), "the weekend after it");
    }

    #[test]
    fn a_run_without_end_costs_no_more_than_a_short_one() {
        let far = BTreeSet::from([Day(0), Day(1), Day(2), Day(1 << 30)]);
        let found = quiet(&far);
        assert!(found.len() < 100, "{}", found.len());
    }
}
