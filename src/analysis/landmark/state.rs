//! What one grant looked like at a date, from covered days only.
//!
//! The definitions are those of the method's reference: `idle` counts the day of
//! the last use itself (used yesterday is idle 1), and a client that was never
//! seen is idle since the start of the log.

use super::clock::Clock;
use crate::model::Day;

/// Days without use from which a grant may be judged.
pub const IDLE: u32 = 30;
/// Uses within so many covered days are one occasion.
const ONCE: u32 = 7;

/// A grant at a date; all spans in covered days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Since the last use, or the age when there was none.
    pub idle: u32,
    /// Since the grant, or since the start of the log.
    pub age: u32,
    /// Longest silence between two uses; 0 with fewer than two.
    pub gap: u32,
    /// No use so far.
    pub never: bool,
    /// All uses within one week.
    pub once: bool,
    /// The whole client is idle for more than 30 days, and for more than twice
    /// its own longest silence.
    pub silent: bool,
}

impl State {
    /// Idle time by the longest silence.
    pub fn ratio(&self) -> f64 {
        f64::from(self.idle) / f64::from(self.gap.max(1))
    }
}

/// One grant of one client.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Index of the client.
    pub client: usize,
    /// Index of the scope; grants of one scope share its factor.
    pub scope: usize,
    /// Since when it is granted. When nobody knows, it counts from its first use,
    /// and not at all before.
    pub since: Option<Day>,
    /// Covered days of use, in order.
    pub days: Vec<Day>,
}

/// Follows the uses of a grant or of a client through the log.
#[derive(Clone, Copy)]
struct Walk<'a> {
    rest: &'a [Day],
    first: Option<u32>,
    last: Option<u32>,
    gap: u32,
}

impl<'a> Walk<'a> {
    fn new(days: &'a [Day], last: Option<u32>) -> Self {
        Self {
            rest: days,
            first: None,
            last,
            gap: 0,
        }
    }

    fn until(&mut self, clock: &Clock, date: Day) {
        while let Some((day, rest)) = self.rest.split_first().filter(|(day, _)| **day < date) {
            let now = clock.at(*day);
            if let Some(last) = self.last {
                self.gap = self.gap.max(now - last);
            }
            self.first.get_or_insert(now);
            self.last = Some(now);
            self.rest = rest;
        }
    }
}

/// Whether a client was silent at each of some dates, which are in order.
pub(super) fn silences(clock: &Clock, days: &[Day], dates: &[Day]) -> Vec<bool> {
    // The silence before its first request counts as well.
    let mut walk = Walk::new(days, Some(0));
    let silent = |date: &Day| {
        walk.until(clock, *date);
        let idle = clock.at(*date) - walk.last.unwrap_or(0);
        idle > IDLE && idle > 2 * walk.gap
    };
    dates.iter().map(silent).collect()
}

/// The grant at each of some dates, which are in order, and its use in the
/// `horizon` days from then on; `None` while nobody knows whether it was held.
pub(super) fn states<'a>(
    clock: &'a Clock,
    grant: &'a Grant,
    dates: &'a [Day],
    silent: &'a [bool],
    horizon: i32,
) -> impl Iterator<Item = Option<(State, bool)>> + 'a {
    let mut walk = Walk::new(&grant.days, None);
    dates.iter().zip(silent).map(move |(date, silent)| {
        walk.until(clock, *date);
        let now = clock.at(*date);
        let since = match grant.since {
            Some(since) => clock.at(since),
            None => walk.first?,
        };
        let age = now.saturating_sub(since);
        let state = State {
            idle: walk.last.map_or(age, |last| now - last),
            age,
            gap: walk.gap,
            never: walk.last.is_none(),
            once: walk
                .first
                .zip(walk.last)
                .is_some_and(|(first, last)| last - first <= ONCE),
            silent: *silent,
        };
        let used = walk
            .rest
            .first()
            .is_some_and(|next| *next < date.plus(horizon));
        Some((state, used))
    })
}
