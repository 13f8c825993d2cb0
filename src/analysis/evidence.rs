//! What the past of all clients says about each removal.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use rayon::prelude::*;

use super::client::{Context, Needs};
use super::landmark::{
    Clock, Grant, History, IDLE, LONGEST, Looks, Model, Odds, Past, Seasons, State,
};
use super::prepared::Prepared;
use super::{ClientAnalysis, Status, TermAnalysis};
use crate::model::{Day, Level, Reason, Requirement, Scope, Term, Verdict, Window};
use crate::usage::{ClientUse, UNMATCHED};

/// The past, and the grant as it looks now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Rates and counts.
    pub odds: Odds,
    /// The grant at the end of the window.
    pub state: State,
    /// The least safe level that the time of year allows, and why.
    pub season: Option<(Level, Reason)>,
}

/// What the levels of a run rest on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    /// Covered days of all data up to the end of the window.
    pub covered: u32,
    /// Calendar days of the same.
    pub days: u32,
    /// Earlier dates that were replayed; 0 when the log is too short, and the published prior answers.
    pub landmarks: usize,
    /// What decisions at earlier dates would have broken.
    pub past: Past,
}

/// Adds the evidence to each removal.
pub(super) fn learn(
    context: &Context<'_>,
    prepared: &Prepared<'_>,
    drafts: &mut [(ClientAnalysis, Needs)],
) -> Basis {
    let covered = covered(context);
    let end = context.options.window.to.plus(1);
    let Some(from) = covered.range(end.plus(-LONGEST)..).next() else {
        return Basis::default();
    };
    let held = drafts.par_iter().zip(&prepared.clients).enumerate();
    let mut grants: Vec<Grant> = held
        .flat_map_iter(|(client, ((draft, _), holder))| {
            let terms = draft.terms.iter().zip(&holder.terms);
            let terms = terms.filter(|(found, _)| counts(found));
            terms.map(move |(found, held)| Grant {
                client,
                scope: held.number,
                since: found.since,
                until: None,
                days: found.rhythm.days.to_vec(),
            })
        })
        .collect();
    let mut clients: Vec<Vec<Day>> = drafts
        .iter()
        .map(|(_, needs)| needs.alive.days.to_vec())
        .collect();
    let mut strangers = Strangers {
        names: &prepared.numbers,
        more: BTreeMap::new(),
    };
    for usage in context.inputs.former.values() {
        former(context, usage, (&mut clients, &mut strangers, &mut grants));
    }
    let scopes = prepared.numbers.len() + strangers.more.len();
    let clock = Clock::new(*from, end, &covered);
    let clocks = drafts
        .iter()
        .enumerate()
        .filter_map(|(index, (client, _))| {
            let blind = context.inputs.blind.get(&client.id)?;
            let seen: BTreeSet<Day> = covered.difference(&blind.days).copied().collect();
            (seen.len() < covered.len()).then(|| (index, Clock::new(*from, end, &seen)))
        });
    let clocks = clocks.collect();
    let history = History::new(clock, clients, grants, scopes).with_clocks(clocks);
    let landmarks = history.landmarks(end);
    let looks = Looks::new(&history, &landmarks);
    let model = Model::fit(&looks, landmarks.len());
    let seasons = Seasons::new(&history, end);
    let mut states = history.grants.iter().zip(history.states(end));
    for (client, needs) in drafts.iter_mut() {
        let silent = matches!(client.status, Status::Silent | Status::Dormant);
        for found in client.terms.iter_mut().filter(|found| counts(found)) {
            let Some((grant, Some(state))) = states.next() else {
                continue;
            };
            let whose = (grant.client, grant.scope);
            let evidence = Evidence {
                odds: model.odds(&state, whose),
                state,
                season: seasons.holds(&state, whose),
            };
            if silent {
                needs.looks.insert(found.term.clone(), evidence);
            }
            if found.verdict == Verdict::Remove && state.idle >= IDLE {
                found.evidence = Some(evidence);
            }
        }
    }
    Basis {
        covered: history.clock.at(end),
        days: history.clock.days_to(end),
        landmarks: landmarks.len(),
        past: Past::judge(&history, (&looks, &landmarks), &context.options.thresholds),
    }
}

/// Numbers of scopes that callers used which no policy file names: those of the terms, and
/// more for what nobody holds.
struct Strangers<'a> {
    names: &'a HashMap<Term, usize, foldhash::fast::FixedState>,
    more: BTreeMap<Scope, usize>,
}

impl Strangers<'_> {
    fn number(&mut self, scope: &Scope) -> usize {
        if let Some(number) = self.names.get(scope.as_str()) {
            return *number;
        }
        let next = self.names.len() + self.more.len();
        *self.more.entry(scope.clone()).or_insert(next)
    }
}

/// Adds a caller that no policy file names: it held what its requests asked for, from its
/// first use to its last request. After that nobody can tell whether it still did.
fn former(
    context: &Context<'_>,
    usage: &ClientUse,
    (clients, scopes, grants): (&mut Vec<Vec<Day>>, &mut Strangers<'_>, &mut Vec<Grant>),
) {
    let catalog = context.inputs.catalog;
    let mut uses: BTreeMap<&Scope, BTreeSet<Day>> = BTreeMap::new();
    for route in usage
        .routes
        .iter()
        .filter(|route_use| route_use.route != UNMATCHED)
    {
        let operation = context.inputs.routes.get(route.route as usize);
        let operation =
            operation.and_then(|route| catalog.operations.get(*route.operations.first()?));
        // Where one of several is enough, the first one stands for all.
        let asked = match operation.map(|operation| &operation.requirement) {
            Some(Requirement::AnyOf(clauses)) => clauses.first(),
            _ => None,
        };
        let days = route.days.iter().filter(|day| day.need() > 0);
        let days: Vec<Day> = days.map(|day| Day(day.day)).collect();
        for scope in asked.into_iter().flatten() {
            uses.entry(scope).or_default().extend(&days);
        }
    }
    let seen: BTreeSet<Day> = uses.values().flatten().copied().collect();
    let Some(last) = seen.last().copied() else {
        return;
    };
    let client = clients.len();
    clients.push(seen.into_iter().collect());
    for (scope, days) in uses {
        grants.push(Grant {
            client,
            scope: scopes.number(scope),
            since: days.first().copied(),
            until: Some(last),
            days: days.into_iter().collect(),
        });
    }
}

/// What no request can show is not an example of silence.
fn counts(found: &TermAnalysis) -> bool {
    found.verdict != Verdict::Unobservable
}

/// Days of all data that are known completely.
fn covered(context: &Context<'_>) -> BTreeSet<Day> {
    let coverage = context.inputs.coverage;
    let complete = |day: &Day| {
        let one = Window {
            from: *day,
            to: *day,
        };
        coverage.gaps_in(one).next().is_none()
    };
    coverage
        .days
        .range(..=context.options.window.to)
        .map(|(day, _)| *day)
        .filter(complete)
        .collect()
}
