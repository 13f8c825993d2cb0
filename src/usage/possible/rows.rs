//! Rows of the usage table that may have needed something, of everybody who is not in
//! the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::model::{Day, DaySet, Millis, Outcome};
use crate::usage::table::{DayRows, UNMATCHED, UsageTable, for_each_day};

/// Callers that are kept as examples.
const NAMES: usize = 3;

/// How the name of a client of the table relates to the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Known,
    Nobody,
    Secret,
    Alike,
    Stranger,
}

/// Requests of one class on one route; of a similar name, separately for each name.
pub(super) type Key = (Class, u32, u32);

#[derive(Default)]
pub(super) struct Sum {
    pub(super) requests: u64,
    pub(super) days: DaySet,
    pub(super) span: Option<(Millis, Millis)>,
    pub(super) sample: Option<(Millis, String)>,
    pub(super) callers: BTreeSet<u32>,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.days.add(&other.days);
        self.span = match (self.span, other.span) {
            (Some(span), Some(other)) => Some((span.0.min(other.0), span.1.max(other.1))),
            (span, other) => span.or(other),
        };
        self.sample = match (self.sample.take(), other.sample) {
            (Some(sample), Some(other)) => Some(sample.min(other)),
            (sample, other) => sample.or(other),
        };
        for caller in other.callers {
            if self.callers.len() < NAMES {
                self.callers.insert(caller);
            }
        }
    }
}

pub(super) type Spans = BTreeMap<u32, (Day, Day)>;

/// Requests that may have needed something, of everybody who is not in the policy.
pub(super) fn rows(
    table: &UsageTable,
    classes: &[Class],
) -> (BTreeMap<Key, Sum>, Spans, BTreeSet<u32>) {
    let day = |rows: DayRows| {
        let day = rows.day();
        let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
        let mut strangers = BTreeSet::new();
        let mut met = vec![false; table.routes.len()];
        rows.for_each(|row| {
            if let Some(met) = met.get_mut(row.route as usize) {
                *met = true;
            }
            let class = classes.get(row.client as usize).copied();
            let class = class.unwrap_or(Class::Stranger);
            let possible = match class {
                Class::Known => false,
                Class::Nobody => {
                    matches!(row.outcome, Outcome::Unauthenticated | Outcome::Attempted)
                }
                _ => row.outcome.is_need(),
            };
            if !possible {
                return;
            }
            if class == Class::Stranger {
                strangers.insert(row.client);
            }
            if row.route == UNMATCHED {
                return;
            }
            let apart = if class == Class::Alike { row.client } else { 0 };
            // Of others a ledger has no ids at hand.
            let sample = row.sample.filter(|_| class == Class::Nobody);
            let sample = sample.map(|id| {
                let id = String::from_utf8_lossy(id).into_owned();
                (row.first, id)
            });
            sums.entry((class, row.route, apart)).or_default().add(Sum {
                requests: row.count,
                days: std::iter::once(day).collect(),
                span: Some((row.first, row.last)),
                sample,
                callers: BTreeSet::from([row.client]),
            });
        });
        (day, sums, strangers, met)
    };
    let (mut all, mut spans) = (BTreeMap::<Key, Sum>::new(), Spans::new());
    let mut routes = BTreeSet::new();
    let done = for_each_day(table, day, |(day, sums, strangers, met)| {
        routes.extend((0..).zip(met).filter(|pair| pair.1).map(|pair| pair.0));
        for (key, sum) in sums {
            all.entry(key).or_default().add(sum);
        }
        for client in strangers {
            let span = spans.entry(client).or_insert((day, day));
            *span = (span.0.min(day), span.1.max(day));
        }
        Ok::<(), Infallible>(())
    });
    match done {
        Ok(()) => (all, spans, routes),
    }
}
