//! Doors that a caller tried without success, day by day.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::ClientAnalysis;
use crate::finding::Context;
use crate::finding::context::Caller;
use crate::finding::shared::is_static;
use crate::model::words::plural;
use crate::model::{Cause, Day, Method, Millis, Term};
use crate::usage::ledger::Withdrawn;

/// A door that was tried without success.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door<'a> {
    /// An operation that nothing the caller holds or held permits.
    Operation(u32),
    /// One that a grant permitted that is gone.
    Taken(u32),
    /// A path outside the description.
    Outside(Method, &'a str),
}

/// What was tried on one day.
#[derive(Default)]
pub(super) struct Tried<'a> {
    pub(super) doors: BTreeSet<Door<'a>>,
    pub(super) requests: u64,
    pub(super) span: Option<(Millis, Millis)>,
}

impl<'a> Tried<'a> {
    fn add(&mut self, door: Door<'a>, requests: u64, (first, last): (Millis, Millis)) {
        self.doors.insert(door);
        self.requests += requests;
        let span = self.span.unwrap_or((first, last));
        self.span = Some((span.0.min(first), span.1.max(last)));
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.doors.extend(&other.doors);
        self.requests += other.requests;
        if let Some((first, last)) = other.span {
            let span = self.span.unwrap_or((first, last));
            self.span = Some((span.0.min(first), span.1.max(last)));
        }
    }

    /// Without what a removal of one's own explains.
    pub(super) fn unexplained(&self) -> u64 {
        let doors = self.doors.iter();
        doors.filter(|door| !matches!(door, Door::Taken(_))).count() as u64
    }

    /// `refused at 17 different operations, 40 different paths outside the description`.
    pub(super) fn words(&self) -> String {
        let outside = self.doors.iter();
        let outside = outside
            .filter(|door| matches!(door, Door::Outside(..)))
            .count();
        let described = self.doors.len() - outside;
        let mut parts = Vec::new();
        if described > 0 {
            parts.push(format!(
                "refused at {}",
                plural(described, "different operation")
            ));
        }
        if outside > 0 {
            let paths = plural(outside, "different path");
            parts.push(format!("tried {paths} outside the description"));
        }
        parts.join(", ")
    }

    pub(super) fn route(&self) -> Option<u32> {
        self.doors.iter().find_map(|door| match door {
            Door::Operation(route) | Door::Taken(route) => Some(*route),
            Door::Outside(..) => None,
        })
    }
}

/// Days of a path outside the description beyond which asking for it is a habit.
const HABIT: usize = 2;

/// What a caller tried by day, and the grants that are gone and explain some of it.
pub(super) fn doors<'a>(
    context: &Context<'a>,
    caller: &Caller<'a>,
) -> (BTreeMap<Day, Tried<'a>>, BTreeSet<&'a Withdrawn>) {
    let window = context.analysis.window;
    let mut days: BTreeMap<Day, Tried<'a>> = BTreeMap::new();
    let mut blamed = BTreeSet::new();
    for (route, used) in context.used_by(caller) {
        let restricted = |op: &usize| context.universe.is_restricted(*op);
        let permitted = caller.client.map_or_else(
            || !context.operations(route).iter().any(restricted),
            |client| context.permits(client, route),
        );
        if context.operations(route).is_empty() || permitted {
            continue;
        }
        let gone = caller
            .client
            .and_then(|client| permitted_before(context, client, route));
        for day in &used {
            let refused = if caller.is_nobody() {
                day.forbidden()
            } else {
                day.denied()
            };
            if refused == 0 {
                continue;
            }
            let door = match gone.filter(|gone| Day(day.day) > gone.until) {
                Some(gone) => {
                    blamed.insert(gone);
                    Door::Taken(route)
                }
                None => Door::Operation(route),
            };
            let tried = days.entry(Day(day.day)).or_default();
            tried.add(door, refused, day.refused());
        }
    }
    for cluster in context.unplaced_of(caller) {
        let counts = &cluster.counts;
        let answered = if caller.is_nobody() {
            counts.nameless
        } else {
            counts.served
        };
        let mut seen = counts.days.clone();
        seen.add(&counts.tried);
        if cluster.cause != Cause::NoOperation
            || answered > 0
            || seen.len() > HABIT
            || is_static(&cluster.path)
        {
            continue;
        }
        // How many of them on which day is not kept: they count on the first.
        let mut requests = counts.need + counts.other;
        for day in seen.range(window.from..=window.to) {
            let span = (day.start(), day.start());
            let span = counts
                .span
                .filter(|span| Day::of(span.0) == day)
                .unwrap_or(span);
            let door = Door::Outside(cluster.method, &cluster.path);
            let tried = days.entry(day).or_default();
            tried.add(door, std::mem::take(&mut requests), span);
        }
    }
    (days, blamed)
}

/// The last grant that is gone and with which the route was permitted.
pub(super) fn permitted_before<'a>(
    context: &Context<'a>,
    client: &ClientAnalysis,
    route: u32,
) -> Option<&'a Withdrawn> {
    let taken = context
        .withdrawn
        .iter()
        .filter(|withdrawn| withdrawn.client == client.id);
    taken
        .filter(|withdrawn| {
            let held: BTreeSet<&Term> = client.granted.iter().chain([&withdrawn.term]).collect();
            let operations = context.operations(route).iter();
            operations
                .copied()
                .any(|op| context.universe.permits(held.iter().copied(), op))
        })
        .max_by_key(|withdrawn| withdrawn.until)
}
