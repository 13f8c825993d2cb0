//! What grants looked like at some dates, from covered days only.
//!
//! In: the history, and dates in order of time; the days before a date are known at it.
//! Out: for each grant in force its silence, its use so far, and how alive its client
//! and its scope were.

use std::ops::Range;

use rayon::prelude::*;

use super::{HORIZON, History};
use crate::model::Day;

/// Days without use from which a grant may be judged.
pub(crate) const IDLE: u32 = 30;
/// Covered days that show how alive a client is.
const ALIVE: u32 = 90;
/// Covered days that show who uses a scope.
const YEAR: u32 = 365;

/// A grant at a date; all spans in covered days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Since the last use, or the age when there was none; used on the day before is 0.
    pub idle: u32,
    /// Since the grant, or since the start of the log.
    pub age: u32,
    /// Longest distance between two uses; 0 with fewer than two.
    pub gap: u32,
    /// From the first use to the last one.
    pub span: u32,
    /// Days with use.
    pub days: u32,
    /// The last use; `None` when there was none.
    pub last: Option<Day>,
    /// Days of the last 90 on which the client used anything.
    pub active: u32,
    /// Other clients that used the scope in the last 365 days.
    pub others: u32,
    /// Grants of the client that were never used.
    pub unused: u32,
}

impl State {
    /// No use so far.
    pub fn never(&self) -> bool {
        self.last.is_none()
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
    /// The day from which it is not granted any more, when it has gone.
    pub until: Option<Day>,
    /// Covered days of use, in order.
    pub days: Vec<Day>,
}

impl Grant {
    /// Whether it was held, and known to be, at the end of the day before `date`.
    fn holds(&self, date: Day) -> bool {
        let from = self.since.or_else(|| self.days.first().copied());
        from.is_some_and(|from| from < date) && self.until.is_none_or(|until| until >= date)
    }

    /// Those of some dates in order, by place, at which it was held and had never been used.
    fn unused_at(&self, dates: &[Day]) -> Range<usize> {
        let Some(since) = self.since else {
            return 0..0; // it counts from its first use
        };
        let first = self.days.first().copied();
        let end = first.into_iter().chain(self.until).min();
        let from = dates.partition_point(|date| *date <= since);
        let to = end.map_or(dates.len(), |end| {
            dates.partition_point(|date| *date <= end)
        });
        from..to.max(from)
    }
}

/// What is the same for all grants of a client, or of a scope, at each of some dates.
pub(super) struct Scene<'a> {
    history: &'a History,
    dates: &'a [Day],
    /// By date: the day from which a year of covered days leads up to it.
    years: Vec<Day>,
    /// By client: days with use, and grants never used.
    clients: Vec<Vec<(u32, u32)>>,
    /// By scope: clients that used it within a year.
    scopes: Vec<Vec<u32>>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(history: &'a History, dates: &'a [Day]) -> Self {
        let years: Vec<Day> = dates
            .iter()
            .map(|date| history.clock.back(*date, YEAR))
            .collect();
        let (mut of_client, mut of_scope) = (
            vec![Vec::new(); history.clients.len()],
            vec![Vec::new(); history.scopes],
        );
        for (index, grant) in history.grants.iter().enumerate() {
            of_client[grant.client].push(index);
            of_scope[grant.scope].push(index);
        }
        let alive = |(client, grants): (usize, &Vec<usize>)| {
            let clock = history.clock_of(client);
            let days = &history.clients[client];
            let mut at: Vec<(u32, u32)> = dates
                .iter()
                .map(|date| (count(days, clock.back(*date, ALIVE), *date), 0))
                .collect();
            for grant in grants {
                for (_, unused) in &mut at[history.grants[*grant].unused_at(dates)] {
                    *unused += 1;
                }
            }
            at
        };
        let users = |grants: &Vec<usize>| {
            let mut at = vec![0; dates.len()];
            for grant in grants {
                let days = &history.grants[*grant].days;
                let mut seen = 0;
                for (place, date) in dates.iter().enumerate() {
                    while days.get(seen).is_some_and(|day| day < date) {
                        seen += 1;
                    }
                    let last = seen.checked_sub(1).map(|last| days[last]);
                    at[place] += u32::from(last.is_some_and(|last| last >= years[place]));
                }
            }
            at
        };
        Self {
            history,
            dates,
            clients: of_client.par_iter().enumerate().map(alive).collect(),
            scopes: of_scope.par_iter().map(users).collect(),
            years,
        }
    }

    /// The grant at each date, and its use in the 90 days from then on; `None` while it
    /// was not held, or nobody knows.
    pub(super) fn states(
        &self,
        grant: &'a Grant,
    ) -> impl Iterator<Item = Option<(State, bool)>> + '_ {
        let clock = self.history.clock_of(grant.client);
        let days = &grant.days;
        let (mut seen, mut gap) = (0, 0);
        self.dates.iter().enumerate().map(move |(place, date)| {
            while days.get(seen).is_some_and(|day| day < date) {
                if let Some(before) = seen.checked_sub(1) {
                    gap = gap.max(clock.at(days[seen]) - clock.at(days[before]));
                }
                seen += 1;
            }
            if !grant.holds(*date) {
                return None;
            }
            let now = clock.at(*date);
            let known = &days[..seen];
            let since = grant.since.or_else(|| known.first().copied())?;
            let age = now.saturating_sub(clock.at(since));
            let (active, unused) = self.clients[grant.client][place];
            let last = known.last().copied();
            // The day of the last use itself is not silence.
            let idle = last.map_or(age, |last| (now - clock.at(last)).saturating_sub(1));
            let bit = u32::from(last.is_some_and(|last| last >= self.years[place]));
            let span = known.first().zip(last);
            let state = State {
                idle,
                age,
                gap,
                span: span.map_or(0, |(first, last)| clock.at(last) - clock.at(*first)),
                days: narrow(seen),
                last,
                active,
                others: self.scopes[grant.scope][place] - bit,
                unused,
            };
            let end = date.plus(HORIZON);
            Some((state, days.get(seen).is_some_and(|next| *next < end)))
        })
    }
}

/// Days from `from` to the day before `to`.
pub(super) fn count(days: &[Day], from: Day, to: Day) -> u32 {
    let before = |end: Day| days.partition_point(|day| *day < end);
    narrow(before(to).saturating_sub(before(from)))
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
