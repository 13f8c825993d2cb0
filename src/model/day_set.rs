//! Days in order, a bit each.
//!
//! Grants by the ten thousand with a year of use each are a real case: a tree
//! takes ten bytes for a day and one step of a search for each of them.

use std::ops::RangeInclusive;

use super::Day;

/// Days of one block.
const BLOCK: i32 = 64;

/// A set of days. A stray day far away costs a block of its own and no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaySet {
    /// Number of the block and its days; sorted, none of them empty.
    blocks: Vec<(i32, u64)>,
}

impl DaySet {
    /// Adds a day.
    pub fn insert(&mut self, day: Day) {
        self.put(day.0.div_euclid(BLOCK), 1 << day.0.rem_euclid(BLOCK));
    }

    /// Adds the days of another set.
    pub fn add(&mut self, other: &Self) {
        for (block, bits) in &other.blocks {
            self.put(*block, *bits);
        }
    }

    fn put(&mut self, block: i32, bit: u64) {
        match self.blocks.last_mut() {
            // Days come in order, mostly.
            Some((last, bits)) if *last == block => *bits |= bit,
            Some((last, _)) if *last > block => {
                match self
                    .blocks
                    .binary_search_by_key(&block, |(number, _)| *number)
                {
                    Ok(at) => self.blocks[at].1 |= bit,
                    Err(at) => self.blocks.insert(at, (block, bit)),
                }
            }
            _ => self.blocks.push((block, bit)),
        }
    }

    /// Number of days.
    pub fn len(&self) -> usize {
        let days = self.blocks.iter().map(|(_, bits)| bits.count_ones());
        days.map(|count| count as usize).sum()
    }

    /// Whether there is no day.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The first day.
    pub fn first(&self) -> Option<Day> {
        let (block, bits) = self.blocks.first()?;
        Some(day(*block, bits.trailing_zeros()))
    }

    /// The last day.
    pub fn last(&self) -> Option<Day> {
        let (block, bits) = self.blocks.last()?;
        Some(day(*block, 63 - bits.leading_zeros()))
    }

    /// The days in order.
    pub fn iter(&self) -> impl Iterator<Item = Day> + '_ {
        self.blocks.iter().flat_map(|(block, bits)| {
            let mut rest = *bits;
            std::iter::from_fn(move || {
                let next = (rest != 0).then(|| day(*block, rest.trailing_zeros()))?;
                rest &= rest - 1;
                Some(next)
            })
        })
    }

    /// The days of a span, in order.
    pub fn range(&self, span: RangeInclusive<Day>) -> impl Iterator<Item = Day> + '_ {
        self.iter().filter(move |day| span.contains(day))
    }

    /// The days in order.
    pub fn to_vec(&self) -> Vec<Day> {
        let mut days = Vec::with_capacity(self.len());
        days.extend(self.iter());
        days
    }
}

impl DaySet {
    /// The days as a string that any engine can read: `2026-01-01..2026-01-05 2026-02-01`.
    pub fn to_text(&self) -> String {
        let mut parts: Vec<(Day, Day)> = Vec::new();
        for day in self.iter() {
            match parts.last_mut() {
                Some((_, to)) if to.plus(1) == day => *to = day,
                _ => parts.push((day, day)),
            }
        }
        let text = parts.iter().map(|(from, to)| {
            if from == to {
                from.to_string()
            } else {
                format!("{from}..{to}")
            }
        });
        text.collect::<Vec<_>>().join(" ")
    }

    /// Reads such a string; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut days = Self::default();
        for part in text.split_whitespace() {
            let (from, to) = part.split_once("..").unwrap_or((part, part));
            let (from, to) = (Day::parse(from)?, Day::parse(to)?);
            // A hundred years: what a log can hold.
            if from > to || i64::from(to.0) - i64::from(from.0) > 36_525 {
                return None;
            }
            (from.0..=to.0).for_each(|day| days.insert(Day(day)));
        }
        Some(days)
    }

    /// The days up to the end of one.
    #[must_use]
    pub fn until(&self, end: Day) -> Self {
        self.iter().take_while(|day| *day <= end).collect()
    }
}

fn day(block: i32, bit: u32) -> Day {
    Day(block * BLOCK + i32::try_from(bit).unwrap_or(0))
}

impl FromIterator<Day> for DaySet {
    fn from_iter<I: IntoIterator<Item = Day>>(days: I) -> Self {
        let mut set = Self::default();
        for day in days {
            set.insert(day);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_of_a_set_gives_the_set_again(days in prop::collection::vec(0..400_i32, 0..60), end in 0..400_i32) {
            let set: DaySet = days.iter().copied().map(Day).collect();
            prop_assert_eq!(DaySet::parse(&set.to_text()), Some(set.clone()));
            let cut: DaySet = days.into_iter().filter(|day| *day <= end).map(Day).collect();
            prop_assert_eq!(set.until(Day(end)), cut);
        }

        #[test]
        fn it_says_what_a_tree_of_the_same_days_says(
            days in prop::collection::vec(prop_oneof![-200..200_i32, any::<i32>()], 0..60),
            from in -200..200_i32,
            length in 0..200_i32,
        ) {
            let set: DaySet = days.iter().copied().map(Day).collect();
            let tree: BTreeSet<Day> = days.into_iter().map(Day).collect();
            prop_assert_eq!(set.to_vec(), tree.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), tree.len());
            prop_assert_eq!(set.is_empty(), tree.is_empty());
            prop_assert_eq!((set.first(), set.last()), (tree.first().copied(), tree.last().copied()));
            let span = Day(from)..=Day(from + length);
            prop_assert_eq!(set.range(span.clone()).collect::<Vec<_>>(), tree.range(span).copied().collect::<Vec<_>>());
            let again: DaySet = tree.iter().copied().rev().collect();
            prop_assert_eq!(&again, &set);
            let mut both: DaySet = tree.iter().step_by(2).copied().collect();
            both.add(&tree.iter().skip(1).step_by(2).copied().collect());
            both.add(&set);
            prop_assert_eq!(both, set);
        }
    }
}
