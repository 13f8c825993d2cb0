//! Which operations served whom.

use std::collections::{BTreeMap, BTreeSet};

use super::shared::{Tally, named};
use super::{Context, Finding};
use crate::model::words::plural;
use crate::usage::DayUse;

/// Whom an operation served.
#[derive(Default)]
pub(super) struct Served<'a> {
    clients: BTreeSet<&'a str>,
    others: BTreeSet<&'a str>,
    /// Requests that name no caller.
    pub(super) nobody: u64,
    pub(super) tally: Option<Tally>,
}

/// What served whom in the window, of the operations that are asked for.
pub(super) fn served<'a>(
    context: &Context<'a>,
    wanted: impl Fn(usize) -> bool,
) -> BTreeMap<usize, Served<'a>> {
    let mut all: BTreeMap<usize, Served<'a>> = BTreeMap::new();
    for caller in context.callers() {
        for (route, days) in context.used_by(&caller) {
            let operations = context.operations(route).iter();
            let mut operations = operations
                .filter(|operation| wanted(**operation))
                .peekable();
            if operations.peek().is_none() {
                continue;
            }
            let Some(tally) = Tally::of(&days, |day| caller.passed(day), DayUse::passed) else {
                continue;
            };
            for operation in operations {
                let served = all.entry(*operation).or_default();
                if caller.client.is_some() {
                    served.clients.insert(caller.name);
                } else if caller.is_nobody() {
                    served.nobody += tally.events;
                } else {
                    served.others.insert(caller.name);
                }
                served.tally = Some(served.tally.map_or(tally, |sum| sum.and(&tally)));
            }
        }
    }
    all
}

impl Served<'_> {
    /// All its requests that passed.
    pub(super) fn requests(&self) -> u64 {
        self.tally.map_or(0, |sum| sum.events)
    }

    /// `2 clients and 1 caller that no policy file names (412 requests): a, b, c`.
    pub(super) fn whom(&self) -> String {
        let mut whom = Vec::new();
        if !self.clients.is_empty() {
            whom.push(plural(self.clients.len(), "client"));
        }
        if !self.others.is_empty() {
            let others = plural(self.others.len(), "caller");
            whom.push(format!("{others} that no policy file names"));
        }
        if self.nobody > 0 {
            whom.push("callers without a name".to_owned());
        }
        let names: Vec<&str> = self.clients.iter().chain(&self.others).copied().collect();
        let names = match names.as_slice() {
            [] => String::new(),
            names => format!(": {}", named(names)),
        };
        let requests = plural(self.requests(), "request");
        format!("{} ({requests}){names}", whom.join(" and "))
    }

    /// The finding with its counts.
    pub(super) fn on(&self, finding: Finding) -> Finding {
        match &self.tally {
            Some(sum) => finding.seen(sum.events, sum.first, sum.last),
            None => finding,
        }
    }
}
