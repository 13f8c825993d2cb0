//! What became of the records of each source: nothing is lost without a count.

use std::collections::BTreeMap;

use crate::event::Ignored;
use crate::format::Skip;
use crate::model::{Day, DaySet};

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
    /// Counted records with a status of 200 to 399.
    pub success: u64,
    /// Counted records by day.
    pub days: BTreeMap<Day, u64>,
    /// Records without a client by day, whether they are counted or not.
    pub nobody_days: BTreeMap<Day, u64>,
    /// Lines that could not be read and show neither whose they are nor what they were.
    pub untold: u64,
    /// Days of such lines, where neighbouring lines have one.
    pub untold_days: DaySet,
    /// Records by format, where lines of several are mixed.
    pub formats: BTreeMap<&'static str, u64>,
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

    pub(super) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.counted += other.counted;
        self.nobody += other.nobody;
        self.zoneless += other.zoneless;
        self.success += other.success;
        self.untold += other.untold;
        self.untold_days.add(&other.untold_days);
        for (count, other) in self.ignored.iter_mut().zip(other.ignored) {
            *count += other;
        }
        for (count, other) in self.skips.iter_mut().zip(other.skips) {
            *count += other;
        }
        for (day, count) in &other.days {
            *self.days.entry(*day).or_default() += count;
        }
        for (format, count) in &other.formats {
            *self.formats.entry(format).or_default() += count;
        }
        for (day, count) in &other.nobody_days {
            *self.nobody_days.entry(*day).or_default() += count;
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
    /// Day of the records since the day last changed, all of them and those of nobody,
    /// to spare the map.
    run: (Day, u64, u64),
}

impl Tally {
    pub(super) fn new(sources: usize) -> Self {
        Self {
            files: vec![FileCounts::default(); sources],
            run: (Day(0), 0, 0),
        }
    }

    #[inline]
    pub(super) fn day(&mut self, source: usize, day: Day, nobody: bool) {
        if self.run.0 != day {
            self.flush(source);
            self.run.0 = day;
        }
        self.run.1 += 1;
        self.run.2 += u64::from(nobody);
    }

    /// A record that was counted turned out to be a repeat. It still shows that the log covers
    /// its day, as every record does that is left out.
    pub(super) fn withdraw(&mut self, source: usize, [nobody, success]: [bool; 2]) {
        let file = &mut self.files[source];
        file.counted -= 1;
        file.nobody -= u64::from(nobody);
        file.success -= u64::from(success);
        file.ignored[Ignored::Repeated as usize] += 1;
    }

    /// The day of the last record since the last flush.
    pub(super) fn last_day(&self) -> Option<Day> {
        (self.run.1 > 0).then_some(self.run.0)
    }

    pub(super) fn flush(&mut self, source: usize) {
        let (day, all, nobody) = self.run;
        let file = &mut self.files[source];
        if all > 0 {
            *file.days.entry(day).or_default() += all;
        }
        if nobody > 0 {
            *file.nobody_days.entry(day).or_default() += nobody;
        }
        (self.run.1, self.run.2) = (0, 0);
    }
}
