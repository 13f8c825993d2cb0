//! Refused requests by client and route: how often, on which days, by whom.
//!
//! Invariants:
//! * one pass over the packed rows: what is refused is a small part of a large table;
//! * the sample is the earliest refused request that has an id; of several at one
//!   instant the smallest id, so that threads and order do not matter.

use std::collections::{BTreeMap, BTreeSet};

use super::aggregate::split;
use super::table::UsageTable;
use crate::model::{Day, Millis, Outcome, Window};

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
    /// Id of the earliest refused request of which the log has one.
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
    found: RefusedUse,
    days: BTreeSet<Day>,
    sample: Option<(Millis, Vec<u8>)>,
}

impl UsageTable {
    /// The refused requests of these clients in the window, by client and route.
    pub fn refused(
        &self,
        clients: &BTreeSet<u32>,
        window: Window,
    ) -> BTreeMap<(u32, u32), RefusedUse> {
        let mut wanted = vec![false; self.clients.len()];
        for client in clients {
            if let Some(own) = wanted.get_mut(*client as usize) {
                *own = true;
            }
        }
        let mut sums: BTreeMap<(u32, u32), Sum> = BTreeMap::new();
        let mut buffer = [0; 36];
        let days = self.packed().iter().filter(|own| window.contains(own.day));
        for own in days {
            let day = own.day;
            for row in own.iter() {
                let (client, route, outcome) = split(row.key);
                let outcome = Outcome::from_number(outcome).filter(|own| own.is_denied());
                let (Some(outcome), Some(true)) = (outcome, wanted.get(client as usize)) else {
                    continue;
                };
                let own = sums.entry((client, route)).or_default();
                let at = |ms: u32| day.start() + i64::from(ms);
                let (first, last) = (at(row.span.0), at(row.span.1));
                let fresh = own.days.is_empty();
                own.days.insert(day);
                match outcome {
                    Outcome::DeniedGateway => own.found.gateway += row.count,
                    _ => own.found.service += row.count,
                }
                own.found.first = if fresh {
                    first
                } else {
                    own.found.first.min(first)
                };
                own.found.last = if fresh {
                    last
                } else {
                    own.found.last.max(last)
                };
                if let Some(id) = row.id.text(&mut buffer) {
                    let earlier = own
                        .sample
                        .as_ref()
                        .is_none_or(|(at, known)| (first, id) < (*at, known.as_slice()));
                    if earlier {
                        own.sample = Some((first, id.to_vec()));
                    }
                }
            }
        }
        let done = |own: Sum| RefusedUse {
            days: u32::try_from(own.days.len()).unwrap_or(u32::MAX),
            sample: own.sample.map(|(_, id)| match String::from_utf8(id) {
                Ok(id) => id,
                Err(error) => error.as_bytes().escape_ascii().to_string(),
            }),
            ..own.found
        };
        sums.into_iter()
            .map(|(key, own)| (key, done(own)))
            .collect()
    }
}
