//! Days without records on which, as stated, none were expected.
//!
//! In: the days with records, what became of the inputs, and the calendar. Out: the days
//! between them that the calendar closes, and those for which every source has an empty file.
//!
//! Invariants:
//! * only days between two days with records that are at most a year apart: the data does
//!   not end later for it, and a clock that ran ahead fills no hole;
//! * a day counts by its empty files only when each source that has records before and after
//!   it has one: the empty file of one gateway does not hide that another's is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{A_YEAR, Coverage};
use super::presence::{day_of, stem};
use super::source_summary::SourceFacts;
use crate::input::SourceStatus;
use crate::model::words::{either, plural};
use crate::model::{Calendar, Day};

/// The stated days between the first and the last of the recorded ones.
pub(super) fn stated<'a>(
    recorded: &BTreeSet<Day>,
    facts: impl IntoIterator<Item = &'a SourceFacts>,
    calendar: &Calendar,
) -> BTreeSet<Day> {
    let mut empty: BTreeMap<Day, BTreeSet<String>> = BTreeMap::new();
    let mut live: BTreeMap<String, (Day, Day)> = BTreeMap::new();
    for source in facts {
        let days = &source.counts.days;
        if let (Some((first, _)), Some((last, _))) = (days.first_key_value(), days.last_key_value())
        {
            let span = live.entry(stem(&source.shown)).or_insert((*first, *last));
            *span = (span.0.min(*first), span.1.max(*last));
        } else if is_empty(source)
            && let Some(day) = day_of(&source.shown)
        {
            empty.entry(day).or_default().insert(stem(&source.shown));
        }
    }
    let by_file = |day: Day| {
        let Some(sources) = empty.get(&day) else {
            return false;
        };
        let mut live = live
            .iter()
            .filter(|(_, (from, to))| *from < day && day < *to);
        live.clone().next().is_some() && live.all(|(source, _)| sources.contains(source))
    };
    let mut found = BTreeSet::new();
    for (before, after) in recorded.iter().zip(recorded.iter().skip(1)) {
        if after.0 - before.0 <= A_YEAR {
            let between = (before.0 + 1..after.0).map(Day);
            found.extend(between.filter(|day| calendar.is_closed(*day) || by_file(*day)));
        }
    }
    found
}

/// Whether the whole of an input was read and holds nothing, or the head of a table alone.
fn is_empty(source: &SourceFacts) -> bool {
    source.counts.records == 0
        && match source.status {
            // What is not a log, such as a file of zeros after a crash, has no known format.
            SourceStatus::Complete => source.bytes == 0 || source.format.is_some(),
            // All empty files are alike.
            SourceStatus::Duplicate(_) => source.bytes == 0,
            SourceStatus::Partial(_) | SourceStatus::Unreadable(_) => false,
        }
}

/// How many days count as covered because they are stated, one sentence for each reason.
pub fn stated_days(facts: &[SourceFacts], calendar: &Calendar, coverage: &Coverage) -> Vec<String> {
    let recorded: BTreeSet<Day> = facts
        .iter()
        .flat_map(|source| source.counts.days.keys().copied())
        .collect();
    let all = stated(&recorded, facts, calendar);
    let counted = all.iter().filter(|day| coverage.days.contains_key(day));
    let closed = counted
        .clone()
        .filter(|day| calendar.is_closed(**day))
        .count();
    let empty = counted.count() - closed;
    let mut said = Vec::new();
    for (days, why) in [
        (closed, "closed by [calendar] in the configuration"),
        (
            empty,
            "each source that was live has an empty file of that day",
        ),
    ] {
        if days > 0 {
            said.push(format!(
                "{} without records {} covered: {why}",
                plural(days as u64, "day"),
                either(days as u64, "counts as", "count as"),
            ));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Closed;
    use crate::usage::FileCounts;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// One file for each day; of the days named a file is there and empty, or none is there.
    fn daily(source: &str, days: i32, empty: &[i32], gone: &[i32]) -> Vec<SourceFacts> {
        let first = day("2026-01-01");
        let days = (0..days).filter(|day| !gone.contains(day));
        days.map(|day| {
            let blank = empty.contains(&day);
            let at = first.plus(day);
            SourceFacts {
                shown: Arc::from(format!("{source}/access-{at}.log")),
                format: (!blank).then_some("kong"),
                counts: FileCounts {
                    records: u64::from(!blank),
                    days: (!blank).then_some((at, 1)).into_iter().collect(),
                    ..FileCounts::default()
                },
                digest: None,
                status: SourceStatus::Complete,
                bytes: u64::from(!blank),
            }
        })
        .collect()
    }

    /// The numbers of the days that are missing.
    fn missing(facts: &[SourceFacts], calendar: &Calendar) -> Vec<i32> {
        let coverage = Coverage::with_calendar(facts, 0.01, calendar);
        let first = day("2026-01-01");
        let missing = coverage.missing(coverage.span().unwrap());
        missing.into_iter().map(|day| day.0 - first.0).collect()
    }

    #[test]
    fn an_empty_daily_file_covers_its_day_and_an_outage_next_to_it_is_seen() {
        let none = Calendar::default();
        assert_eq!(
            missing(&daily("gw", 200, &[], &[90, 91, 92]), &none),
            [90, 91, 92]
        );
        assert_eq!(
            missing(&daily("gw", 200, &[90, 91, 92], &[]), &none),
            [0; 0]
        );
        let both = daily("gw", 200, &[90, 91, 92], &[93, 94]);
        assert_eq!(missing(&both, &none), [93, 94]);
        // Not even when it lies on both sides.
        let around = daily("gw", 200, &[91, 92], &[90, 93]);
        assert_eq!(missing(&around, &none), [90, 93]);
    }

    #[test]
    fn an_empty_file_of_one_source_does_not_hide_that_of_another_is_missing() {
        let none = Calendar::default();
        let mut facts = daily("gw-1", 200, &[90, 91, 92], &[]);
        facts.extend(daily("gw-2", 200, &[90], &[91, 92]));
        facts.extend(daily("gw-3", 30, &[], &[]));
        assert_eq!(missing(&facts, &none), [91, 92]);
    }

    #[test]
    fn an_empty_file_that_was_not_read_whole_or_has_no_day_covers_nothing() {
        let none = Calendar::default();
        let change = |with: &dyn Fn(&mut SourceFacts)| {
            let mut facts = daily("gw", 200, &[90, 91], &[]);
            let blank = |source: &&mut SourceFacts| source.counts.records == 0;
            facts.iter_mut().filter(blank).for_each(with);
            missing(&facts, &none)
        };
        assert_eq!(change(&|_| ()), [0; 0]);
        let partial = SourceStatus::Partial("cut".to_owned());
        assert_eq!(change(&|source| source.status = partial.clone()), [90, 91]);
        assert_eq!(
            change(&|source| source.shown = Arc::from("gw/access.log")),
            [90, 91]
        );
        // Zeros after a crash.
        assert_eq!(change(&|source| source.bytes = 4_096), [90, 91]);
        assert_eq!(
            change(&|source| source.status = SourceStatus::Duplicate(Arc::from("x"))),
            [0; 0]
        );
    }

    #[test]
    fn closed_days_are_covered_and_an_outage_next_to_them_is_seen() {
        let mut calendar = Calendar::default();
        let closed = Closed::parse("2026-04-01..2026-04-03").unwrap();
        calendar.close(closed).unwrap();
        assert_eq!(
            missing(&daily("gw", 200, &[], &[90, 91, 92]), &calendar),
            [0; 0]
        );
        let longer = daily("gw", 200, &[], &[90, 91, 92, 93, 94]);
        assert_eq!(missing(&longer, &calendar), [93, 94]);
        let around = daily("gw", 200, &[], &[89, 90, 91, 92, 93]);
        assert_eq!(missing(&around, &calendar), [89, 93]);
        assert_eq!(
            stated_days(
                &longer,
                &calendar,
                &Coverage::with_calendar(&longer, 0.01, &calendar)
            ),
            ["3 days without records count as covered: closed by [calendar] in the configuration"]
        );
    }

    #[test]
    fn stated_days_do_not_move_the_end_of_the_data_and_fill_no_hole() {
        let mut calendar = Calendar::default();
        calendar.close(Closed::parse("sunday").unwrap()).unwrap();
        let mut facts = daily("gw", 90, &[88, 89], &[]);
        assert_eq!(
            Coverage::with_calendar(&facts, 0.01, &calendar)
                .span()
                .unwrap()
                .to,
            day("2026-01-01").plus(87)
        );
        facts.truncate(88);
        let mut stray = facts[0].clone();
        stray.counts.days = [(day("2098-12-31"), 1)].into();
        facts.push(stray);
        let coverage = Coverage::with_calendar(&facts, 0.1, &calendar);
        let end = day("2026-01-01").plus(87);
        assert_eq!(coverage.credible_end(0.1), Some((end, 1)));
    }
}
