//! What one client did on one route, day by day, in 16 bytes a day and outcome.
//!
//! A year of two thousand clients has ten million days of use; the analysis
//! looks at parts of them again and again. So a part is a view, never a copy.

use std::fmt;
use std::sync::Arc;

use super::frame::DayUse;
use crate::model::{Day, Millis, Outcome};

/// One day and outcome: day 20 bits, outcome 3, count 41 in the first word; count
/// 10 (its high bits), first 27, last 27 in the second. Ordered by day and outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packed(u64, u64);

/// Bits of the count in the first word.
const LOW: u32 = 41;
/// Largest count that is kept; nobody has made so many requests on a day.
const MOST: u64 = (1 << 51) - 1;
/// Days are counted from here: 1436 years before 1970.
const BASE: i32 = -(1 << 19);
const MS: u64 = (1 << 27) - 1;

impl Packed {
    /// Instants are milliseconds of the day.
    pub(super) fn new(day: Day, outcome: u8, count: u64, (first, last): (u32, u32)) -> Self {
        let count = count.min(MOST);
        let day = (i64::from(day.0) - i64::from(BASE)).clamp(0, (1 << 20) - 1);
        let day = u64::try_from(day).unwrap_or(0);
        Self(
            day << 44 | u64::from(outcome & 7) << LOW | (count & ((1 << LOW) - 1)),
            (count >> LOW) << 54 | (u64::from(first) & MS) << 27 | (u64::from(last) & MS),
        )
    }

    pub(super) fn day(self) -> Day {
        Day(i32::try_from(self.0 >> 44).unwrap_or(0) + BASE)
    }

    fn outcome(self) -> usize {
        usize::try_from(self.0 >> LOW & 7).unwrap_or(0)
    }

    fn count(self) -> u64 {
        self.0 & ((1 << LOW) - 1) | (self.1 >> 54) << LOW
    }

    /// First and last in milliseconds of the day.
    fn span(self) -> (u32, u32) {
        let ms = |bits: u64| u32::try_from(bits & MS).unwrap_or(0);
        (ms(self.1 >> 27), ms(self.1))
    }

    fn first(self) -> Millis {
        self.day().start() + i64::from(self.span().0)
    }

    fn last(self) -> Millis {
        self.day().start() + i64::from(self.span().1)
    }
}

/// Days in order; a view, so that a copy or a part of it costs nothing.
#[derive(Clone, Default)]
pub struct Days {
    rows: Arc<Vec<Packed>>,
    from: usize,
    to: usize,
}

impl Days {
    /// The rows `from..to` of many clients and routes.
    pub(super) fn of(rows: Arc<Vec<Packed>>, from: usize, to: usize) -> Self {
        Self { rows, from, to }
    }

    fn packed(&self) -> &[Packed] {
        self.rows.get(self.from..self.to).unwrap_or_default()
    }

    /// Days and outcomes: at least as many as there are days.
    pub fn rows(&self) -> usize {
        self.packed().len()
    }

    /// Whether there is no day.
    pub fn is_empty(&self) -> bool {
        self.packed().is_empty()
    }

    /// The days in order.
    pub fn iter(&self) -> DaysIter<'_> {
        DaysIter {
            rest: self.packed(),
        }
    }

    /// The days up to and including this one.
    #[must_use]
    pub fn until(&self, day: Day) -> Self {
        let end = self.packed().partition_point(|row| row.day() <= day);
        Self {
            to: self.from + end,
            ..self.clone()
        }
    }

    /// The days from this one on.
    #[must_use]
    pub fn since(&self, day: Day) -> Self {
        let start = self.packed().partition_point(|row| row.day() < day);
        Self {
            from: self.from + start,
            ..self.clone()
        }
    }
}

/// Goes through days.
pub struct DaysIter<'a> {
    rest: &'a [Packed],
}

impl Iterator for DaysIter<'_> {
    type Item = DayUse;

    #[inline]
    fn next(&mut self) -> Option<DayUse> {
        let first = *self.rest.first()?;
        let mut day = DayUse {
            day: first.day().0,
            counts: [0; Outcome::ALL.len()],
            first: first.first(),
            last: first.last(),
            ..DayUse::default()
        };
        while let Some((row, rest)) = self.rest.split_first() {
            if row.0 >> 44 != first.0 >> 44 {
                break;
            }
            if let Some(count) = day.counts.get_mut(row.outcome()) {
                *count += row.count();
            }
            match Outcome::ALL.get(row.outcome()) {
                Some(Outcome::Used) => day.passed.add(row.span()),
                Some(outcome) if outcome.is_forbidden() => day.refused.add(row.span()),
                _ => {}
            }
            day.first = day.first.min(row.first());
            day.last = day.last.max(row.last());
            self.rest = rest;
        }
        Some(day)
    }
}

impl<'a> IntoIterator for &'a Days {
    type Item = DayUse;
    type IntoIter = DaysIter<'a>;

    fn into_iter(self) -> DaysIter<'a> {
        self.iter()
    }
}

impl FromIterator<DayUse> for Days {
    fn from_iter<I: IntoIterator<Item = DayUse>>(days: I) -> Self {
        let mut rows = Vec::new();
        for day_use in days {
            let day = Day(day_use.day);
            let ms = |at: Millis| {
                let ms = (at - day.start()).clamp(0, 86_399_999);
                u32::try_from(ms).unwrap_or(0)
            };
            for ((number, count), outcome) in (0..).zip(day_use.counts).zip(Outcome::ALL) {
                let (first, last) = match outcome {
                    Outcome::Used => day_use.passed(),
                    other if other.is_forbidden() => day_use.refused(),
                    _ => (day_use.first, day_use.last),
                };
                if count > 0 {
                    rows.push(Packed::new(day, number, count, (ms(first), ms(last))));
                }
            }
        }
        rows.sort_unstable();
        let to = rows.len();
        Self::of(Arc::new(rows), 0, to)
    }
}

impl From<Vec<DayUse>> for Days {
    fn from(days: Vec<DayUse>) -> Self {
        days.into_iter().collect()
    }
}

impl PartialEq for Days {
    fn eq(&self, other: &Self) -> bool {
        self.packed() == other.packed()
    }
}

impl Eq for Days {}

impl fmt::Debug for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::usage::Within;

    fn day() -> impl Strategy<Value = DayUse> {
        let counts = prop::array::uniform8(prop_oneof![Just(0), 1..9_u64, Just(MOST)]);
        let span = (0..86_400_000_i64, 0..86_400_000_i64);
        (-400_000..400_000_i32, counts, span).prop_map(|(day, counts, (a, b))| {
            let (first, last) = (Day(day).start() + a.min(b), Day(day).start() + a.max(b));
            let of = |number: u64| Within::new(Day(day), (number > 0).then_some((first, last)));
            let day_use = DayUse {
                day,
                counts,
                first,
                last,
                ..DayUse::default()
            };
            DayUse {
                passed: of(counts[Outcome::Used as usize]),
                refused: of(day_use.forbidden()),
                ..day_use
            }
        })
    }

    proptest! {
        #[test]
        fn days_come_back_as_they_were_and_a_part_is_what_a_filter_gives(
            days in prop::collection::vec(day(), 0..20),
            at in -400_000..400_000_i32,
        ) {
            let mut days = days;
            days.sort_by_key(|day_use| day_use.day);
            days.dedup_by_key(|day_use| day_use.day);
            days.retain(|day_use| day_use.counts.iter().any(|count| *count > 0));
            let packed: Days = days.iter().copied().collect();
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), days.clone());
            let at = days.first().map_or(at, |day_use| day_use.day + at.rem_euclid(3) - 1);
            let filtered = |keep: &dyn Fn(i32) -> bool| -> Vec<DayUse> {
                days.iter().filter(|day_use| keep(day_use.day)).copied().collect()
            };
            prop_assert_eq!(packed.until(Day(at)).iter().collect::<Vec<_>>(), filtered(&|day| day <= at));
            prop_assert_eq!(packed.since(Day(at)).iter().collect::<Vec<_>>(), filtered(&|day| day >= at));
            prop_assert_eq!(packed.is_empty(), days.is_empty());
        }
    }
}
