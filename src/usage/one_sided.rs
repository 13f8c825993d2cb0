//! Sources whose lines cannot show use: errors only, or no names from some day on.
//!
//! Invariant: what is found here only makes answers more careful.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::coverage::Gap;
use super::presence::Presence;
use super::source_summary::SourceFacts;
use crate::model::Day;

/// So many records without one success are not an accident.
const ERRORS: u64 = 20;
/// So many days in a row without a name are not a quiet weekend.
const NAMELESS: usize = 3;

/// Sources with refusals and errors only: what succeeded is not in them.
pub fn without_success(facts: &[SourceFacts]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (name, parts) in by_source(facts) {
        let sum = |of: fn(&SourceFacts) -> u64| parts.iter().map(|source| of(source)).sum::<u64>();
        let counted = sum(|source| source.counts.counted);
        if counted < ERRORS || sum(|source| source.counts.success) > 0 {
            continue;
        }
        let days = parts.iter().flat_map(|source| source.counts.days.keys());
        let days: BTreeSet<Day> = days.copied().collect();
        gaps.push(Gap {
            source: Arc::from(name),
            from: days.first().copied(),
            to: days.last().copied(),
            reason: format!(
                "none of its {counted} requests succeeded (no status of 200 to 399): a log that keeps errors only cannot show what is used"
            ),
        });
    }
    gaps
}

/// Days on which a source that named clients before names nobody, several in a row.
pub fn nameless_days(facts: &[SourceFacts]) -> Vec<(String, BTreeSet<Day>)> {
    let mut found = Vec::new();
    for (name, parts) in by_source(facts) {
        let mut days: BTreeMap<Day, (u64, u64)> = BTreeMap::new();
        for source in parts {
            for (day, count) in &source.counts.days {
                days.entry(*day).or_default().0 += count;
            }
            for (day, count) in &source.counts.nobody_days {
                days.entry(*day).or_default().1 += count;
            }
        }
        let mut nameless = BTreeSet::new();
        let mut run = Vec::new();
        let mut named_before = false;
        for (day, (all, nobody)) in days {
            if nobody >= all {
                run.push(day);
                continue;
            }
            if named_before && run.len() >= NAMELESS {
                nameless.extend(run.drain(..));
            }
            run.clear();
            named_before = true;
        }
        if named_before && run.len() >= NAMELESS {
            nameless.extend(run);
        }
        if !nameless.is_empty() {
            found.push((name, nameless));
        }
    }
    found
}

/// The inputs of each source that were read.
fn by_source(facts: &[SourceFacts]) -> BTreeMap<String, Vec<&SourceFacts>> {
    let (names, places) = Presence::of(facts.iter().map(|source| source.shown.as_ref()));
    let mut all: BTreeMap<String, Vec<&SourceFacts>> = BTreeMap::new();
    for (source, place) in facts.iter().zip(places) {
        if let Some(name) = names.sources.get(place) {
            all.entry(name.clone()).or_default().push(source);
        }
    }
    // A source of one input is called as its input is.
    all.into_iter()
        .map(|(name, sources)| match sources.as_slice() {
            [one] => (one.shown.to_string(), sources),
            _ => (name, sources),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::SourceStatus;
    use crate::usage::FileCounts;

    fn facts(name: &str, counts: FileCounts) -> SourceFacts {
        SourceFacts {
            shown: Arc::from(name),
            format: None,
            counts,
            digest: None,
            status: SourceStatus::Complete,
            bytes: 1,
        }
    }

    #[test]
    fn a_source_without_one_success_is_a_gap_and_one_success_or_a_few_records_are_not() {
        let of = |counted, success| FileCounts {
            counted,
            success,
            days: BTreeMap::from([(Day(3), counted)]),
            ..FileCounts::default()
        };
        let gaps = |sources: &[SourceFacts]| without_success(sources).len();
        assert_eq!(gaps(&[facts("a.log", of(20, 0))]), 1);
        assert_eq!(gaps(&[facts("a.log", of(20_000, 1))]), 0);
        assert_eq!(gaps(&[facts("a.log", of(19, 0))]), 0);
        // The parts of one source go together.
        let parts = [
            facts("gw/2026-01-01.log", of(50, 0)),
            facts("gw/2026-01-02.log", of(50, 9)),
        ];
        assert_eq!(gaps(&parts), 0);
        let two = [facts("gw-a.log", of(50, 0)), facts("gw-b.log", of(50, 9))];
        assert_eq!(without_success(&two)[0].source.as_ref(), "gw-a.log");
    }

    #[test]
    fn days_without_a_name_count_where_names_were_there_before_and_the_days_are_several() {
        let of = |nameless: std::ops::Range<i32>| {
            let days = (0..20).map(|day| (Day(day), 9)).collect();
            let nobody_days = nameless.map(|day| (Day(day), 9)).collect();
            let counts = FileCounts {
                days,
                nobody_days,
                ..FileCounts::default()
            };
            let found = nameless_days(&[facts("a.log", counts)]);
            found.into_iter().map(|pair| pair.1.len()).sum::<usize>()
        };
        assert_eq!(of(12..20), 8, "to the end");
        assert_eq!(of(5..9), 4, "in the middle");
        assert_eq!(of(5..7), 0, "a weekend");
        assert_eq!(of(0..9), 0, "before the first name");
        assert_eq!(of(0..20), 0, "never a name");
    }
}
