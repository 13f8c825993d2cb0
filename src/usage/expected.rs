//! Expected sources: a gateway whose logs are missing is not a gateway that was idle.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::coverage::{Coverage, Gap};
use super::quiet::quiet;
use super::source_summary::SourceFacts;
use super::stated::stated;
use crate::input::SourceStatus;
use crate::model::words::plural;
use crate::model::{Calendar, Day, ExpectedSource};

impl Coverage {
    /// Takes the days away on which an expected source has no complete data, and says which
    /// sources began later than expected.
    ///
    /// Between the first and the last day such a day stops the clocks, like any
    /// missing day. After the last day of an expected source everything is open,
    /// so that is a gap; and so is a source that does not appear at all.
    pub fn expect(
        &mut self,
        sources: &[ExpectedSource],
        facts: &[SourceFacts],
        calendar: &Calendar,
    ) -> Vec<String> {
        let mut late = Vec::new();
        let Some(span) = self.span() else {
            return late;
        };
        for expected in sources {
            let from = expected
                .since
                .map_or(span.from, |since| since.max(span.from));
            let to = expected.until.map_or(span.to, |until| until.min(span.to));
            if from > to {
                continue;
            }
            let regular = facts.iter().filter(|own| expected.source.fits(&own.shown));
            let whole = regular
                .clone()
                .filter(|source| source.status == SourceStatus::Complete);
            let mut days: BTreeSet<Day> = whole
                .flat_map(|source| source.counts.days.keys().copied())
                .collect();
            let stated = stated(&days, regular, calendar);
            days.extend(quiet(&days, &stated));
            days.extend(stated);
            days.retain(|day| expected.is_expected(*day));
            let gap = |from, reason| Gap {
                source: Arc::from(expected.source.as_str()),
                from,
                to: expected.until,
                reason,
            };
            let Some((first, last)) = days.first().copied().zip(days.last().copied()) else {
                let reason = "this expected source has no complete data at all".to_owned();
                self.gaps.push(gap(expected.since, reason));
                continue;
            };
            if last < to {
                let reason = format!("this expected source has no complete data after {last}");
                self.gaps.push(gap(Some(last.plus(1)), reason));
            }
            if expected.since.is_some() && from < first {
                late.push(format!(
                    "`{}` is expected from {from} on, and its first complete data is of {first}: {} before it count as missing",
                    expected.source.as_str(),
                    plural((first.0 - from.0).unsigned_abs(), "day"),
                ));
            }
            // The first day stays: what was used on it must stay inside the span.
            self.days.retain(|day, _| {
                let open = *day >= last || *day == span.from || !expected.is_expected(*day);
                open || days.contains(day)
            });
        }
        self.gaps.sort();
        self.gaps.dedup();
        late
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::SourcePattern;
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
        let pattern = |text: &&str| SourcePattern::parse(text).unwrap();
        let patterns: Vec<ExpectedSource> = patterns
            .iter()
            .map(|text| ExpectedSource::always(pattern(text)))
            .collect();
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
    fn a_partial_source_is_not_complete_data() {
        let mut broken = source("gw-1.log", &[1, 2]);
        broken.status = SourceStatus::Partial("cut".to_owned());
        let whole = source("gw-2.log", &[1, 2, 3]);
        assert_eq!(covered(&[broken, whole], &["gw-1"]).1, 2);
    }

    #[test]
    fn a_source_is_expected_from_its_first_day_to_its_last_and_a_late_beginning_is_said() {
        let facts = [
            source("gw-1.log", &[1, 2, 3, 4, 5, 6, 7, 8]),
            source("gw-2.log", &[5, 6]),
        ];
        let of = |name: &str, since: Option<i32>, until: Option<i32>| {
            let mut coverage = Coverage::new(&facts, 0.01);
            let expected = ExpectedSource {
                source: SourcePattern::parse(name).unwrap(),
                since: since.map(Day),
                until: until.map(Day),
            };
            let said = coverage.expect(&[expected], &facts, &Calendar::default());
            let gaps: Vec<_> = coverage.gaps.iter().map(|gap| gap.from).collect();
            let days: Vec<i32> = coverage.days.keys().map(|day| day.0).collect();
            (days, gaps, said.len())
        };
        let all = vec![1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(of("gw-2", Some(5), Some(6)), (all.clone(), vec![], 0));
        assert_eq!(
            of("gw-2", Some(3), Some(6)),
            (vec![1, 2, 5, 6, 7, 8], vec![], 1),
            "two days late"
        );
        assert_eq!(
            of("gw-2", Some(5), None),
            (all.clone(), vec![Some(Day(7))], 0)
        );
        assert_eq!(
            of("gw-3", Some(4), None),
            (all.clone(), vec![Some(Day(4))], 0)
        );
        assert_eq!(
            of("gw-3", Some(9), None),
            (all.clone(), vec![], 0),
            "not yet"
        );
        assert_eq!(of("gw-3", None, Some(0)), (all, vec![], 0), "not any more");
    }
}
