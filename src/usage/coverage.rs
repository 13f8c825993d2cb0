//! Which days the inputs really cover.
//!
//! Invariants: a day without records is missing, not silent, unless none were to be
//! expected on it (a weekend of a source that works on weekdays, a day that is stated to
//! be closed, one of an empty daily file); whatever could not be
//! read taints the days it may have covered, never none.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::counts::FileCounts;
use super::quiet::quiet;
use super::source_summary::SourceFacts;
use super::stated::stated;
use crate::format::Skip;
use crate::input::SourceStatus;
use crate::model::words;
use crate::model::{Calendar, Day, Window};

/// Days of incomplete knowledge, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The input it comes from.
    pub source: Arc<str>,
    /// First affected day; `None` when any day may be.
    pub from: Option<Day>,
    /// Last affected day; `None` when it is open.
    pub to: Option<Day>,
    /// What happened.
    pub reason: String,
}

impl Gap {
    /// Whether it may affect a day of the window.
    pub fn touches(&self, window: Window) -> bool {
        self.from.is_none_or(|from| from <= window.to) && self.to.is_none_or(|to| window.from <= to)
    }
}

/// Share of records, by default, that may be rejected before the rest of a log is in doubt.
pub const REJECT_SHARE: f64 = 0.01;

/// Days without any record that no log has between two of its own.
pub(super) const A_YEAR: i32 = 366;

/// Records by day, and the gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Records on each covered day; 0 on a day on which none were to be expected.
    pub days: BTreeMap<Day, u64>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// Coverage of the sources. One in which more than `reject_share` (0..1) of
    /// the records were rejected is incomplete.
    pub fn new(sources: &[SourceFacts], reject_share: f64) -> Self {
        Self::with_calendar(sources, reject_share, &Calendar::default())
    }

    /// The same where no records are to be expected on the days that the calendar closes.
    pub fn with_calendar(sources: &[SourceFacts], reject_share: f64, calendar: &Calendar) -> Self {
        let mut coverage = Self::default();
        let limit = limit(reject_share);
        for source in sources {
            let file = &source.counts;
            for (day, count) in &file.days {
                *coverage.days.entry(*day).or_default() += count;
            }
            let (first, last) = (
                file.days.keys().next().copied(),
                file.days.keys().next_back().copied(),
            );
            let gap = |from, to, reason| Gap {
                source: Arc::clone(&source.shown),
                from,
                to,
                reason,
            };
            match &source.status {
                SourceStatus::Complete | SourceStatus::Duplicate(_) => {}
                // What came after the break is unknown, and may reach any later day.
                SourceStatus::Partial(reason) => {
                    coverage.gaps.push(gap(first, None, reason.clone()));
                }
                SourceStatus::Unreadable(reason) => {
                    coverage.gaps.push(gap(None, None, reason.clone()));
                }
            }
            if too_many_rejects(file, reject_share) {
                let reason = format!(
                    "{} of {} records ({} %) were rejected ({}), more than {limit}",
                    file.rejected(),
                    file.records,
                    words::percent_to_hundredths(file.rejected(), file.records),
                    reasons(file)
                );
                coverage.gaps.push(gap(first, last, reason));
            }
        }
        let recorded: BTreeSet<Day> = coverage.days.keys().copied().collect();
        let stated = stated(&recorded, sources, calendar);
        let quiet = quiet(&recorded, &stated);
        let silent = quiet.into_iter().chain(stated);
        coverage.days.extend(silent.map(|day| (day, 0)));
        coverage.gaps.sort();
        // Once is enough, and the first of a list is the one that is read.
        let mut gaps = coverage.gaps.iter_mut();
        if let Some(first) = gaps.find(|gap| gap.reason.ends_with(&limit)) {
            first.reason.push_str(ADVICE);
        }
        coverage
    }

    /// What was covered up to the end of a day. A gap that begins later is not
    /// known yet; one without dates may have begun before.
    #[must_use]
    pub fn until(&self, day: Day) -> Self {
        let known = |gap: &&Gap| gap.from.is_none_or(|from| from <= day);
        let cut = |gap: &Gap| Gap {
            to: gap.to.map(|to| to.min(day)),
            ..gap.clone()
        };
        Self {
            days: self.days.range(..=day).map(|(day, n)| (*day, *n)).collect(),
            gaps: self.gaps.iter().filter(known).map(cut).collect(),
        }
    }

    /// What was covered from a day on: itself where nothing was before.
    pub fn since(&self, day: Day) -> Cow<'_, Self> {
        if self.days.keys().next().is_none_or(|first| *first >= day) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self {
            days: self.days.range(day..).map(|(day, n)| (*day, *n)).collect(),
            gaps: self.gaps.clone(),
        })
    }

    /// First and last day with records.
    pub fn span(&self) -> Option<Window> {
        Some(Window {
            from: *self.days.keys().next()?,
            to: *self.days.keys().next_back()?,
        })
    }

    /// Where the data ends when single clocks that ran ahead are left out, and the records
    /// dated later: few of all (at most `share`, 0..1), with more than a year of nothing in
    /// front of them. Taken at its word, one such record would make every grant look idle.
    pub fn credible_end(&self, share: f64) -> Option<(Day, u64)> {
        self.without_strays(self.days.iter().rev(), share)
    }

    /// Where the data begins when single clocks that ran behind are left out, as one that starts
    /// again at 2001-01-01, and the records dated earlier: the same rule, seen from the front.
    pub fn credible_begin(&self, share: f64) -> Option<(Day, u64)> {
        self.without_strays(self.days.iter(), share)
    }

    /// The outermost day, from where `days` begins, that is not one of strays.
    fn without_strays<'a>(
        &self,
        days: impl Iterator<Item = (&'a Day, &'a u64)> + Clone,
        share: f64,
    ) -> Option<(Day, u64)> {
        let all: u64 = self.days.values().sum();
        let (mut edge, mut stray) = (*days.clone().next()?.0, 0);
        let mut seen = 0;
        for ((day, count), (next, _)) in days.clone().zip(days.skip(1)) {
            seen += count;
            if is_more_than(seen, share, all) {
                break;
            }
            if (day.0 - next.0).abs() > A_YEAR {
                (edge, stray) = (*next, seen);
            }
        }
        Some((edge, stray))
    }

    /// Whether more than a year of nothing lies somewhere between two days.
    pub(super) fn has_a_hole(&self) -> bool {
        let days = self.days.keys();
        days.clone()
            .zip(days.skip(1))
            .any(|(a, b)| b.0 - a.0 > A_YEAR)
    }

    /// Days of the window that have records, or on which none were to be expected.
    pub fn covered(&self, window: Window) -> u32 {
        if window.to < window.from {
            return 0;
        }
        u32::try_from(self.days.range(window.from..=window.to).count()).unwrap_or(u32::MAX)
    }

    /// Days of the window without records, except those on which none were expected.
    pub fn missing(&self, window: Window) -> BTreeSet<Day> {
        (window.from.0..=window.to.0)
            .map(Day)
            .filter(|day| !self.days.contains_key(day))
            .collect()
    }

    /// The gaps that may affect the window.
    pub fn gaps_in(&self, window: Window) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(move |gap| gap.touches(window))
    }
}

fn too_many_rejects(file: &FileCounts, share: f64) -> bool {
    file.rejected() > 0 && is_more_than(file.rejected(), share, file.records)
}

#[expect(clippy::cast_precision_loss, reason = "a share for a threshold")]
fn is_more_than(part: u64, share: f64, all: u64) -> bool {
    part as f64 > share * all as f64
}

/// What to do about rejected records.
const ADVICE: &str = "; look at rejects.ndjson (`--out DIR`, or `ingest --rejects FILE`), force a --log-format, or raise \
                      --max-reject-share if you know what these lines are";

/// The limit in words, and the default where it is another one.
fn limit(share: f64) -> String {
    // A share has few digits, a product of floats has many.
    let percent = format!("{:.6}", share * 100.0);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    let default = if (share - REJECT_SHARE).abs() < f64::EPSILON {
        ", the default"
    } else {
        "; the default is 0.01, 1 %"
    };
    format!("max_reject_share = {share} ({percent} %{default})")
}

fn reasons(file: &FileCounts) -> String {
    let parts: Vec<String> = Skip::ALL
        .iter()
        .zip(file.skips)
        .filter(|(skip, count)| skip.is_reject() && *count > 0)
        .map(|(skip, count)| format!("{} {count}", skip.name()))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_from_a_clock_that_ran_ahead_does_not_move_the_end_of_the_data() {
        let day = |text| Day::parse(text).unwrap();
        let of = |stray: u64| Coverage {
            days: BTreeMap::from([
                (day("2026-01-01"), 500),
                (day("2026-07-19"), 499),
                (day("2098-12-31"), stray),
                (day("2099-01-01"), 1),
            ]),
            gaps: Vec::new(),
        };
        assert_eq!(of(1).credible_end(0.01), Some((day("2026-07-19"), 2)));
        // Too many for a mistake: then the log really has a hole.
        assert_eq!(of(50).credible_end(0.01), Some((day("2099-01-01"), 0)));
        // A hole of less than a year is one.
        let near = Coverage {
            days: BTreeMap::from([(day("2026-01-01"), 500), (day("2026-12-31"), 1)]),
            gaps: Vec::new(),
        };
        assert_eq!(near.credible_end(0.01), Some((day("2026-12-31"), 0)));
        assert_eq!(Coverage::default().credible_end(0.01), None);
    }

    #[test]
    fn a_record_from_a_clock_that_ran_behind_does_not_move_the_beginning_of_the_data() {
        let day = |text| Day::parse(text).unwrap();
        let of = |stray: u64| Coverage {
            days: BTreeMap::from([
                (day("2001-01-01"), stray),
                (day("2015-01-01"), 1),
                (day("2026-01-01"), 499),
                (day("2026-07-19"), 500),
            ]),
            gaps: Vec::new(),
        };
        assert_eq!(of(1).credible_begin(0.01), Some((day("2026-01-01"), 2)));
        assert_eq!(of(1).credible_end(0.01), Some((day("2026-07-19"), 0)));
        // Too many for a mistake: then the log really has a hole.
        assert_eq!(of(50).credible_begin(0.01), Some((day("2001-01-01"), 0)));
        assert_eq!(Coverage::default().credible_begin(0.01), None);
    }

    #[test]
    fn too_many_rejected_records_say_their_share_the_limit_and_once_what_to_do() {
        let source = |shown: &str, records: u64, rejected: u64| {
            let malformed = Skip::ALL.iter().position(|skip| *skip == Skip::Malformed);
            let mut counts = FileCounts {
                records,
                days: BTreeMap::from([(Day(1), records - rejected)]),
                ..FileCounts::default()
            };
            counts.skips[malformed.unwrap()] = rejected;
            SourceFacts {
                shown: Arc::from(shown),
                format: None,
                counts,
                digest: None,
                status: SourceStatus::Complete,
                bytes: 1,
            }
        };
        let facts = [
            source("b.log", 400, 20),
            source("a.log", 9_999, 100),
            source("c.log", 100, 1),
        ];
        let said = |share| -> Vec<String> {
            let gaps = Coverage::new(&facts, share).gaps;
            gaps.iter()
                .map(|gap| format!("{}: {}", gap.source, gap.reason))
                .collect()
        };
        assert_eq!(
            said(REJECT_SHARE),
            [
                format!("a.log: 100 of 9999 records (1.01 %) were rejected (malformed 100), more than max_reject_share = 0.01 (1 %, the default){ADVICE}"),
                "b.log: 20 of 400 records (5 %) were rejected (malformed 20), more than max_reject_share = 0.01 (1 %, the default)".to_owned(),
            ]
        );
        assert_eq!(
            said(0.035),
            [format!(
                "b.log: 20 of 400 records (5 %) were rejected (malformed 20), more than max_reject_share = 0.035 (3.5 %; the default is 0.01, 1 %){ADVICE}"
            )]
        );
        assert_eq!(said(0.05), [""; 0]);
    }

    #[test]
    fn a_day_without_records_is_missing_and_an_open_gap_reaches_the_end() {
        let day = |text| Day::parse(text).unwrap();
        let coverage = Coverage {
            days: BTreeMap::from([(day("2026-01-01"), 3), (day("2026-01-04"), 1)]),
            gaps: vec![Gap {
                source: Arc::from("a.gz"),
                from: Some(day("2026-01-04")),
                to: None,
                reason: String::new(),
            }],
        };
        let window = Window {
            from: day("2026-01-01"),
            to: day("2026-01-04"),
        };
        assert_eq!(coverage.covered(window), 2);
        assert_eq!(coverage.missing(window).len(), 2);
        assert_eq!(coverage.gaps_in(window).count(), 1);
        assert_eq!(
            coverage
                .gaps_in(Window {
                    from: window.from,
                    to: day("2026-01-03")
                })
                .count(),
            0
        );
        assert_eq!(
            coverage
                .gaps_in(Window {
                    from: day("2027-01-01"),
                    to: day("2027-01-03")
                })
                .count(),
            1
        );
    }
}
