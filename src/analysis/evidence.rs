//! What the past of all clients says about each removal.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{Context, Needs};
use super::landmark::{
    Clock, Grant, History, IDLE, LONGEST, Looks, Model, Odds, Past, Seasons, State,
};
use super::{ClientAnalysis, Status, TermAnalysis};
use crate::model::{Day, Level, Reason, Term, Verdict, Window};

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

/// Puts the evidence beside each removal.
pub(super) fn learn(context: &Context<'_>, drafts: &mut [(ClientAnalysis, Needs)]) -> Basis {
    let covered = covered(context);
    let end = context.options.window.to.plus(1);
    let Some(from) = covered.range(end.plus(-LONGEST)..).next() else {
        return Basis::default();
    };
    let mut scopes: BTreeMap<&Term, usize> = BTreeMap::new();
    for found in drafts.iter().flat_map(|(client, _)| &client.terms) {
        let next = scopes.len();
        scopes.entry(&found.term).or_insert(next);
    }
    let mut grants = Vec::new();
    for (index, (client, _)) in drafts.iter().enumerate() {
        for found in client.terms.iter().filter(|found| counts(found)) {
            grants.push(Grant {
                client: index,
                scope: scopes.get(&found.term).copied().unwrap_or(0),
                since: found.since,
                until: None,
                days: found.rhythm.days.to_vec(),
            });
        }
    }
    let clients = drafts
        .iter()
        .map(|(_, needs)| needs.alive.days.to_vec())
        .collect();
    let clock = Clock::new(*from, end, &covered);
    let own = drafts
        .iter()
        .enumerate()
        .filter_map(|(index, (client, _))| {
            let blind = context.inputs.blind.get(&client.id)?;
            let seen: BTreeSet<Day> = covered.difference(&blind.days).copied().collect();
            (seen.len() < covered.len()).then(|| (index, Clock::new(*from, end, &seen)))
        });
    let own = own.collect();
    let history = History::new(clock, clients, grants, scopes.len()).with_clocks(own);
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
            let own = Evidence {
                odds: model.odds(&state, (grant.client, grant.scope)),
                state,
                season: seasons.holds(&state, grant.scope),
            };
            if silent {
                needs.looks.insert(found.term.clone(), own);
            }
            if found.verdict == Verdict::Remove && state.idle >= IDLE {
                found.evidence = Some(own);
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

/// What no request can show is no example of silence.
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
