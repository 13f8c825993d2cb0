//! Advice to suspend a client as a whole: what it would have refused, and what became of it.
//!
//! Invariants:
//! * a suspension refuses everything: whatever the client needed later counts,
//!   whether or not an operation or a grant explains it;
//! * it is counted separately from removals, and none of them is in it;
//! * nobody can see in a policy file that a client was suspended: that it holds
//!   nothing any more counts as carried out, and that it was served as come back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pool::float;
use super::recommendation_log::Became;
use super::{LEVELS, past_advice::Proposed};
use crate::analysis::share::{refutes, upper};
use crate::analysis::{Analysis, Exceptions, Inputs};
use crate::model::{ClientName, Day, Level, Term, Window};
use crate::usage::ClientUse;

/// What suspending every client up to a level did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Clients that would have been suspended.
    pub clients: BTreeSet<ClientName>,
    /// Those of them that needed something within the horizon.
    pub back: u64,
    /// Requests that would have been refused.
    pub requests: u64,
}

/// What each level of the advice of one origin did, in the order of [`LEVELS`].
pub(super) fn tallies(
    inputs: &Inputs<'_>,
    window: Window,
    proposal: &Proposed<'_>,
) -> [Tally; LEVELS.len()] {
    let mut all: [Tally; LEVELS.len()] = Default::default();
    for client in &proposal.clients {
        let Some(advice) = &client.suspend else {
            continue;
        };
        let usage = inputs.usage.get(&client.id);
        let (_, requests) = usage.map_or((0, 0), |usage| after(usage, window));
        for (tally, level) in all.iter_mut().zip(LEVELS) {
            if advice.level <= level {
                tally.clients.insert(client.id.clone());
                tally.back += u64::from(requests > 0);
                tally.requests += requests;
            }
        }
    }
    all
}

/// Requests of a client within a window: refused ones, and ones that must stay permitted.
fn after(usage: &ClientUse, window: Window) -> (u64, u64) {
    let routes = usage.routes.iter();
    let days = routes.flat_map(|route| &route.days);
    days.filter(|day| window.contains(Day(day.day)))
        .fold((0, 0), |(denied, served), day| {
            (denied + day.denied(), served + day.need())
        })
}

/// A sum over origins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pooled {
    /// Pieces of advice, counted once for each origin.
    pub advice: u64,
    /// Different clients among them.
    pub clients: u64,
    /// Advice after which the client needed something.
    pub back: u64,
    /// Requests that would have been refused.
    pub requests: u64,
    /// Come back / advice, 0..1; `None` without advice.
    pub rate: Option<f64>,
    /// Upper bound of the rate (Wilson, one-sided 95 %) on different clients.
    pub upper: Option<f64>,
}

impl Pooled {
    /// The sum of some origins.
    pub(super) fn of<'a>(origins: impl Iterator<Item = &'a Tally>) -> Self {
        let mut sum = Self::default();
        let mut clients: BTreeSet<&ClientName> = BTreeSet::new();
        for tally in origins {
            sum.advice += tally.clients.len() as u64;
            sum.back += tally.back;
            sum.requests += tally.requests;
            clients.extend(&tally.clients);
        }
        sum.clients = clients.len() as u64;
        if sum.advice > 0 {
            let rate = float(sum.back) / float(sum.advice);
            sum.rate = Some(rate);
            sum.upper = Some(upper(rate * float(sum.clients), float(sum.clients)));
        }
        sum
    }

    /// More came back than `promised` (0..1), beyond chance: the rule for removals.
    pub fn brakes(&self, promised: f64) -> bool {
        let clients = float(self.clients);
        refutes(self.rate.unwrap_or(0.0) * clients, clients, promised)
    }
}

/// Advice to suspend a client, as it is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advice {
    /// The client.
    pub client: ClientName,
    /// How safe it was called: safe or likely.
    pub level: Level,
    /// First day of the advice, without a break since.
    pub since: String,
}

/// The advice of an analysis; what the publication before it said as well keeps its first day.
pub(super) fn advised(analysis: &Analysis, before: &[Advice]) -> Vec<Advice> {
    let clients = analysis.clients.iter();
    let suspended = clients.filter_map(|client| {
        let level = client.suspend.as_ref()?.level;
        let known = before.iter().find(|advice| advice.client == client.id);
        (level <= Level::Likely).then(|| Advice {
            client: client.id.clone(),
            level,
            since: known.map_or_else(
                || analysis.window.to.to_string(),
                |advice| advice.since.clone(),
            ),
        })
    });
    suspended.collect()
}

/// One piece of advice and its fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Followed {
    /// What became of it.
    pub became: Became,
    /// The client.
    pub client: ClientName,
    /// How safe it was called last.
    pub level: Level,
    /// First day of the advice.
    pub since: String,
    /// Requests of it that were refused since.
    pub denied: u64,
    /// Requests of it that were served, or may have been, since.
    pub served: u64,
}

/// What became of each client that was to be suspended.
pub(super) fn followed<'a>(
    inputs: &Inputs<'_>,
    advice: impl Iterator<Item = &'a Advice>,
    today: Day,
) -> Vec<Followed> {
    let mut all: BTreeMap<&ClientName, Advice> = BTreeMap::new();
    for suspension in advice {
        all.entry(&suspension.client)
            .and_modify(|known| {
                known.level = suspension.level;
                known.since = known.since.clone().min(suspension.since.clone());
            })
            .or_insert_with(|| suspension.clone());
    }
    let holdings = inputs.policy.holdings();
    let exceptions = Exceptions::on(inputs.exceptions, today);
    let found = all.into_values().map(|advice| {
        let from = Day::parse(&advice.since).unwrap_or(Day(0)).plus(1);
        let window = Window { from, to: today };
        let usage = inputs.usage.get(&advice.client);
        let (denied, served) = usage.map_or((0, 0), |usage| after(usage, window));
        let held = holdings.get(&advice.client).filter(|held| !held.is_empty());
        let kept = |term: &Term| exceptions.find(&advice.client, term).is_some();
        let became = match held {
            _ if served > 0 => Became::CameBack,
            None => Became::Applied,
            Some(held) if held.keys().all(kept) => Became::Rejected,
            Some(_) => Became::Open,
        };
        Followed {
            became,
            client: advice.client,
            level: advice.level,
            since: advice.since,
            denied,
            served,
        }
    });
    found.collect()
}

#[cfg(test)]
#[path = "suspended_tests.rs"]
mod tests;
