//! What became of the records of each source: nothing is lost without a count.

use std::collections::BTreeMap;

use crate::event::Ignored;
use crate::format::Skip;
use crate::model::Day;

/// What became of the records of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Records seen: counted + skipped + rejected.
    pub records: u64,
    /// Records that are in the usage table.
    pub counted: u64,
    /// Records that say nothing about permissions, by reason.
    pub ignored: [u64; Ignored::ALL.len()],
    /// Lines that gave no record, by reason.
    pub skips: [u64; Skip::ALL.len()],
    /// Counted records without a client.
    pub nobody: u64,
    /// Records whose time has no zone.
    pub zoneless: u64,
    /// Counted records by day.
    pub days: BTreeMap<Day, u64>,
}

impl FileCounts {
    /// Lines in which a request may have been lost.
    pub fn rejected(&self) -> u64 {
        Skip::ALL
            .iter()
            .zip(self.skips)
            .filter(|(skip, _)| skip.is_reject())
            .map(|(_, count)| count)
            .sum()
    }

    /// Records that were understood and say nothing about permissions.
    pub fn skipped(&self) -> u64 {
        self.ignored.iter().sum::<u64>() + self.skips[Skip::OtherRecord as usize]
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.counted += other.counted;
        self.nobody += other.nobody;
        self.zoneless += other.zoneless;
        for (own, other) in self.ignored.iter_mut().zip(other.ignored) {
            *own += other;
        }
        for (own, other) in self.skips.iter_mut().zip(other.skips) {
            *own += other;
        }
        for (day, count) in &other.days {
            *self.days.entry(*day).or_default() += count;
        }
    }
}

/// A line that gave no record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// Index of the source.
    pub source: usize,
    /// Offset of the line in the unpacked content.
    pub offset: u64,
    /// Why.
    pub reason: Skip,
    /// Its first bytes, masked and escaped.
    pub excerpt: String,
}

/// What became of the records.
pub(super) struct Tally {
    pub(super) files: Vec<FileCounts>,
    /// Day and count of the records since the day last changed, to spare the map.
    pub(super) run: (Day, u64),
}

impl Tally {
    #[inline]
    pub(super) fn day(&mut self, source: usize, day: Day) {
        if self.run.0 != day {
            self.flush(source);
            self.run.0 = day;
        }
        self.run.1 += 1;
    }

    pub(super) fn flush(&mut self, source: usize) {
        if self.run.1 > 0 {
            *self.files[source].days.entry(self.run.0).or_default() += self.run.1;
            self.run.1 = 0;
        }
    }
}
