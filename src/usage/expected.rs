//! Expected sources: a gateway whose logs are missing is not a gateway that was idle.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::coverage::{Coverage, Gap};
use super::quiet::quiet;
use super::source_summary::SourceFacts;
use super::stated::stated;
use crate::input::SourceStatus;
use crate::model::{Calendar, Day, SourcePattern};

impl Coverage {
    /// Takes the days away on which an expected source has no complete data.
    ///
    /// Between the first and the last day such a day stops the clocks, like any
    /// missing day. After the last day of an expected source everything is open,
    /// so that is a gap; and so is a source that does not appear at all.
    pub fn expect(&mut self, patterns: &[String], facts: &[SourceFacts], calendar: &Calendar) {
        let Some(span) = self.span() else {
            return;
        };
        for pattern in patterns {
            let named = SourcePattern::parse(pattern).ok();
            let own = facts
                .iter()
                .filter(|source| named.as_ref().is_some_and(|own| own.fits(&source.shown)));
            let whole = own
                .clone()
                .filter(|source| source.status == SourceStatus::Complete);
            let mut days: BTreeSet<Day> = whole
                .flat_map(|source| source.counts.days.keys().copied())
                .collect();
            let stated = stated(&days, own, calendar);
            days.extend(quiet(&days, &stated));
            days.extend(stated);
            let gap = |from, reason| Gap {
                source: Arc::from(pattern.as_str()),
                from,
                to: None,
                reason,
            };
            let Some(last) = days.last().copied() else {
                let reason = "this expected source has no complete data at all".to_owned();
                self.gaps.push(gap(None, reason));
                continue;
            };
            if last < span.to {
                let reason = format!("this expected source has no complete data after {last}");
                self.gaps.push(gap(Some(last.plus(1)), reason));
            }
            // The first day stays: what was used on it must stay inside the span.
            self.days
                .retain(|day, _| days.contains(day) || *day >= last || *day == span.from);
        }
        self.gaps.sort();
        self.gaps.dedup();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::usage::FileCounts;

    fn source(name: &str, days: &[i32]) -> SourceFacts {
        SourceFacts {
            shown: Arc::from(name),
            format: None,
            counts: FileCounts {
                days: days.iter().map(|day| (Day(*day), 1)).collect(),
                ..FileCounts::default()
            },
            digest: None,
            status: SourceStatus::Complete,
            bytes: 1,
        }
    }

    fn covered(facts: &[SourceFacts], patterns: &[&str]) -> (Vec<i32>, usize) {
        let patterns: Vec<String> = patterns.iter().map(|own| (*own).to_owned()).collect();
        let mut coverage = Coverage::new(facts, 0.01);
        coverage.expect(&patterns, facts, &Calendar::default());
        let days: &BTreeMap<Day, u64> = &coverage.days;
        (days.keys().map(|day| day.0).collect(), coverage.gaps.len())
    }

    #[test]
    fn a_day_without_an_expected_source_is_missing_and_its_silence_at_the_end_is_a_gap() {
        let one = source("logs/gw-1/a.gz", &[1, 2, 3, 4, 5]);
        let ten = source("logs/gw-10/a.gz", &[1, 2, 3, 4, 5]);
        let two = source("logs/gw-2/a.gz", &[2, 4, 5]);
        let short = source("logs/gw-2/a.gz", &[2, 3]);
        assert_eq!(
            covered(&[one.clone(), two.clone()], &["gw-1", "gw-2"]),
            (vec![1, 2, 4, 5], 0)
        );
        assert_eq!(
            covered(&[one.clone(), short], &["gw-2"]),
            (vec![1, 2, 3, 4, 5], 1)
        );
        assert_eq!(covered(&[ten, two.clone()], &["gw-1"]).1, 1);
        assert_eq!(covered(&[one, two], &["gw-?"]), (vec![1, 2, 3, 4, 5], 0));
    }

    #[test]
    fn a_partial_source_is_no_complete_data() {
        let mut broken = source("gw-1.log", &[1, 2]);
        broken.status = SourceStatus::Partial("cut".to_owned());
        let whole = source("gw-2.log", &[1, 2, 3]);
        assert_eq!(covered(&[broken, whole], &["gw-1"]).1, 2);
    }
}
