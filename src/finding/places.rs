//! From where, and with which programs, each client usually comes.
//!
//! In: all credential rows of a client, because its keys are replaced and its networks
//! stay. Out: [`Places`], which tells on one day how many places were active at once, and
//! whether one of them joined the usual ones.
//!
//! Invariants:
//! * usual is what was there from the start: on half of the first [`EARLY`] active days,
//!   of a client with at least [`KNOWN`] of them; whoever joined later is not usual;
//! * a place that is followed by another within [`HANDOVER`] days is one place.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Day;
use crate::usage::credentials::{CredentialRow, Facts, Hours};

/// Active days of a client from which its usual places are known.
pub(super) const KNOWN: usize = 30;
/// The first active days, on half of which a usual place was seen.
pub(super) const EARLY: usize = 20;
/// Days for which the old and the new one may be seen side by side.
pub(super) const HANDOVER: i32 = 7;
/// Days for which the new one has to be seen after the last use of the old one.
const AFTER: i32 = 3;

/// The networks, or the kinds of program, of one client.
pub(super) struct Places<'a, T> {
    usual: BTreeSet<&'a T>,
    /// From when on another one took its place.
    followed: BTreeMap<&'a T, Day>,
}

/// Places that were active within one hour.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Together {
    /// All of them.
    pub(super) all: usize,
    /// The same in hours in which one of them was not usual.
    pub(super) joined: usize,
}

impl<'a, T: Ord> Places<'a, T> {
    /// From the rows of one client, in order of day.
    pub(super) fn new(rows: &[&'a CredentialRow], of: impl Fn(&'a Facts) -> &'a Hours<T>) -> Self {
        let mut days: BTreeMap<&T, BTreeSet<Day>> = BTreeMap::new();
        for row in rows {
            for (item, _) in &of(&row.facts).items {
                days.entry(item).or_default().insert(row.day);
            }
        }
        let active: BTreeSet<Day> = days.values().flatten().copied().collect();
        let early: BTreeSet<Day> = active.iter().copied().take(EARLY).collect();
        let is_usual = |days: &BTreeSet<Day>| days.intersection(&early).count() * 2 >= EARLY;
        let usual = if active.len() < KNOWN {
            BTreeSet::new()
        } else {
            let usual = days.iter().filter(|(_, days)| is_usual(days));
            usual.map(|(item, _)| *item).collect()
        };
        Self {
            usual,
            followed: followed(&days),
        }
    }

    /// How many it usually has.
    pub(super) fn usual(&self) -> usize {
        self.usual.len()
    }

    /// Whether it is one of the usual ones.
    pub(super) fn is_usual(&self, item: &T) -> bool {
        self.usual.contains(item)
    }

    /// What was active within one hour of a day.
    pub(super) fn together<'b>(
        &self,
        day: Day,
        items: &(impl Iterator<Item = &'b (T, u32)> + Clone),
    ) -> Together
    where
        T: 'b,
    {
        let mut most = Together::default();
        for hour in 0..24 {
            let present = items.clone().filter(|(item, hours)| {
                let left = self.followed.get(item).is_some_and(|since| *since <= day);
                hours >> hour & 1 == 1 && !left
            });
            let all = present.clone().count();
            most.all = most.all.max(all);
            if present.clone().any(|(item, _)| !self.is_usual(item)) {
                most.joined = most.joined.max(all);
            }
        }
        most
    }
}

/// Hours (UTC) that belong to a client, as bits: those in which it was active on one of twenty
/// days, and the hours next to them.
pub(super) fn usual_hours(active: impl Fn(u32) -> usize, days: usize) -> u32 {
    let least = days.div_ceil(20).max(1);
    let busy = (0..24).filter(|hour| active(*hour) >= least);
    busy.fold(0, |bits, hour| {
        bits | 1 << hour | 1 << ((hour + 1) % 24) | 1 << ((hour + 23) % 24)
    })
}

/// Places that end soon after another one began that stays.
fn followed<'a, T: Ord>(days: &BTreeMap<&'a T, BTreeSet<Day>>) -> BTreeMap<&'a T, Day> {
    let spans: BTreeMap<&T, (Day, Day)> = days
        .iter()
        .filter_map(|(item, days)| Some((*item, (*days.first()?, *days.last()?))))
        .collect();
    // By first day the latest last one.
    let mut begun: BTreeMap<Day, Day> = BTreeMap::new();
    for (first, last) in spans.values() {
        let known = begun.entry(*first).or_insert(*last);
        *known = (*known).max(*last);
    }
    let since = |first: Day, last: Day| {
        let from = last.plus(-HANDOVER).max(first.plus(1));
        if from > last {
            return None;
        }
        let mut later = begun.range(from..=last);
        let stays = later.find(|(_, day)| **day >= last.plus(AFTER));
        stays.map(|(day, _)| *day)
    };
    spans
        .iter()
        .filter_map(|(item, (first, last))| Some((*item, since(*first, *last)?)))
        .collect()
}
