//! Refused requests by client and route: how often, on which days, by whom.
//!
//! Invariants:
//! * one pass over the packed rows, days side by side: what is refused is a small part of a large table;
//! * the sample is the earliest refused request that has an id; of several at one
//!   instant the smallest id, so that threads and order do not matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::aggregate::split;
use super::day_table::PackedDay;
use super::table::UsageTable;
use crate::model::{Day, Millis, Outcome};

/// Refused requests of one client on one route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedUse {
    /// Refused by the gateway.
    pub gateway: u64,
    /// Refused by the service, or the log does not say by whom.
    pub service: u64,
    /// Days (UTC) with a refusal.
    pub days: u32,
    /// First refused request.
    pub first: Millis,
    /// Last refused request.
    pub last: Millis,
    /// Id of the earliest refused request for which the log has an id.
    pub sample: Option<String>,
}

impl RefusedUse {
    /// All refused requests.
    pub fn requests(&self) -> u64 {
        self.gateway + self.service
    }
}

/// The counts under construction.
#[derive(Default)]
struct Sum {
    gateway: u64,
    service: u64,
    span: Option<(Millis, Millis)>,
    days: BTreeSet<Day>,
    sample: Option<(Millis, Vec<u8>)>,
}

type Sums = BTreeMap<(u32, u32), Sum>;

impl Sum {
    fn seen(&mut self, (first, last): (Millis, Millis)) {
        let span = self.span.unwrap_or((first, last));
        self.span = Some((span.0.min(first), span.1.max(last)));
    }

    fn sample(&mut self, at: Millis, id: &[u8]) {
        let known = self.sample.as_ref();
        if known.is_none_or(|(earliest, known)| (at, id) < (*earliest, known.as_slice())) {
            self.sample = Some((at, id.to_vec()));
        }
    }

    /// Other days of the same client and route.
    fn add(&mut self, other: Self) {
        self.gateway += other.gateway;
        self.service += other.service;
        self.days.extend(other.days);
        if let Some(span) = other.span {
            self.seen(span);
        }
        if let Some((at, id)) = other.sample {
            self.sample(at, &id);
        }
    }
}

fn add_day(sums: &mut Sums, (rows, shift): (&PackedDay, Millis), wanted: &[bool]) {
    let mut buffer = [0; 36];
    let start = rows.day.start() + shift;
    let at = |ms: u32| start + i64::from(ms);
    for row in rows.iter() {
        let (client, route, outcome) = split(row.key);
        let outcome = Outcome::from_number(outcome).filter(|outcome| outcome.is_denied());
        let (Some(outcome), Some(true)) = (outcome, wanted.get(client as usize)) else {
            continue;
        };
        let sum = sums.entry((client, route)).or_default();
        sum.days.insert(Day::of(start));
        match outcome {
            Outcome::DeniedGateway => sum.gateway += row.count,
            _ => sum.service += row.count,
        }
        sum.seen((at(row.span.0), at(row.span.1)));
        if let Some(id) = row.id.text(&mut buffer) {
            sum.sample(at(row.span.0), id);
        }
    }
}

impl UsageTable {
    /// The refused requests of these clients, by client and route. `shift` says by how much
    /// the instants of a day move, or that it plays no part.
    pub fn refused(
        &self,
        clients: &BTreeSet<u32>,
        shift: impl Fn(Day) -> Option<Millis>,
    ) -> BTreeMap<(u32, u32), RefusedUse> {
        let mut wanted = vec![false; self.clients.len()];
        for client in clients {
            if let Some(needed) = wanted.get_mut(*client as usize) {
                *needed = true;
            }
        }
        let days: Vec<(&Arc<PackedDay>, Millis)> = self
            .packed()
            .iter()
            .filter_map(|packed| Some((packed, shift(packed.day)?)))
            .collect();
        let sums = days
            .into_par_iter()
            .fold(Sums::new, |mut sums, (day, shift)| {
                add_day(&mut sums, (day, shift), &wanted);
                sums
            })
            .reduce(Sums::new, |mut all, other| {
                for (key, sum) in other {
                    all.entry(key).or_default().add(sum);
                }
                all
            });
        let done = |sum: Sum| RefusedUse {
            gateway: sum.gateway,
            service: sum.service,
            days: u32::try_from(sum.days.len()).unwrap_or(u32::MAX),
            first: sum.span.map_or(0, |(first, _)| first),
            last: sum.span.map_or(0, |(_, last)| last),
            sample: sum.sample.map(|(_, id)| match String::from_utf8(id) {
                Ok(id) => id,
                Err(error) => error.as_bytes().escape_ascii().to_string(),
            }),
        };
        sums.into_iter()
            .map(|(key, sum)| (key, done(sum)))
            .collect()
    }
}
