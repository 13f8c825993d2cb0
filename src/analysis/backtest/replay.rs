//! What came after an origin, against what would have been left.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::past_advice::Proposed;
use super::scores::scores;
use super::{Grant, HORIZON, Hit, LEVELS, MISSING_PERCENT, Origin, SHADOW, Tally, suspended};
use crate::analysis::minimum::Universe;
use crate::analysis::{ClientAnalysis, Inputs};
use crate::model::{Day, Requirement, Term, Window};
use crate::usage::{ClientUse, UNMATCHED};

const SETS: usize = LEVELS.len();

/// What one client lost.
#[derive(Default)]
struct Lost {
    requests: u64,
    unknown: u64,
    denied: [u64; SETS],
    used: [u64; SETS],
    early: [u64; SETS],
    operations: [BTreeSet<usize>; SETS],
    /// First denied day of each removed term.
    wrong: [BTreeMap<Term, Day>; SETS],
    hits: Vec<Hit>,
}

/// Replays the horizon behind an origin.
pub(super) fn origin(
    inputs: &Inputs<'_>,
    to: Day,
    universe: &Universe,
    proposal: &Proposed,
) -> (Origin, [BTreeSet<Grant>; SETS]) {
    let horizon = i32::try_from(HORIZON).unwrap_or(i32::MAX);
    let window = Window {
        from: proposal.as_of.plus(1),
        to: proposal.as_of.plus(horizon).min(to),
    };
    let removals = proposal.removals();
    let none: [BTreeSet<Term>; SETS] = Default::default();
    let lost: Vec<Lost> = proposal
        .analysis
        .clients
        .par_iter()
        .map(|client| {
            let own = removals.get(&client.id).unwrap_or(&none);
            let usage = inputs.usage.get(&client.id);
            usage.map_or_else(Lost::default, |usage| {
                replay(inputs, universe, window, proposal, client, own, usage)
            })
        })
        .collect();
    let missing = window.days() - inputs.coverage.covered(window).min(window.days());
    let mut origin = Origin {
        as_of: proposal.as_of,
        days_after: window.days(),
        censored: window.days() < HORIZON || missing * 100 > window.days() * MISSING_PERCENT,
        requests: lost.iter().map(|own| own.requests).sum(),
        unknown: lost.iter().map(|own| own.unknown).sum(),
        tallies: Default::default(),
        hits: Vec::new(),
        scores: None,
        suspended: suspended::tallies(inputs, window, proposal),
    };
    for at in 0..SETS {
        let operations: BTreeSet<usize> = lost
            .iter()
            .flat_map(|own| own.operations[at].iter().copied())
            .collect();
        let wrong = || lost.iter().flat_map(|own| own.wrong[at].values().copied());
        let after = |day: Day| u32::try_from(day.0 - proposal.as_of.0).unwrap_or(0);
        let sum = |of: fn(&Lost) -> &[u64; SETS]| lost.iter().map(|own| of(own)[at]).sum();
        origin.tallies[at] = Tally {
            removals: removals.values().map(|own| own[at].len() as u64).sum(),
            wrong: wrong().count() as u64,
            wrong_early: wrong().filter(|day| after(*day) <= SHADOW).count() as u64,
            requests: sum(|own| &own.denied),
            used: sum(|own| &own.used),
            requests_early: sum(|own| &own.early),
            clients: lost.iter().filter(|own| own.denied[at] > 0).count() as u64,
            operations: operations.len() as u64,
            first: wrong().min().map(after),
        };
    }
    origin.hits = lost.into_iter().flat_map(|own| own.hits).collect();
    origin.hits.sort();
    // Fewer days behind it would show less use than was foretold.
    origin.scores = (!origin.censored)
        .then(|| scores(inputs, universe, proposal, window))
        .filter(|own| own.grants > 0);
    let sets = std::array::from_fn(|at| {
        removals
            .iter()
            .flat_map(|(client, own)| own[at].iter().map(|term| ((*client).clone(), term.clone())))
            .collect()
    });
    (origin, sets)
}

/// What is held and what is left from one day on.
struct Epoch {
    from: Day,
    before: BTreeSet<usize>,
    after: [BTreeSet<usize>; SETS],
    held: BTreeSet<Term>,
}

fn epochs(
    universe: &Universe,
    window: Window,
    proposal: &Proposed,
    client: &ClientAnalysis,
    removals: &[BTreeSet<Term>; SETS],
) -> Vec<Epoch> {
    let later = proposal
        .later
        .get(&client.id)
        .map_or(&[][..], Vec::as_slice);
    let mut starts: BTreeSet<Day> = later.iter().map(|(day, _)| *day).collect();
    starts.insert(window.from);
    starts
        .into_iter()
        .filter(|day| window.contains(*day))
        .map(|from| {
            let came = || {
                later
                    .iter()
                    .filter(|(day, _)| *day <= from)
                    .map(|(_, term)| term.clone())
            };
            let held: BTreeSet<Term> = client.granted.iter().cloned().chain(came()).collect();
            let after = std::array::from_fn(|at| {
                // What is granted anew later is not what was taken away.
                let left: BTreeSet<Term> = client
                    .granted
                    .difference(&removals[at])
                    .cloned()
                    .chain(came())
                    .collect();
                universe.opens(&left)
            });
            Epoch {
                from,
                before: universe.opens(&held),
                after,
                held,
            }
        })
        .collect()
}

fn replay(
    inputs: &Inputs<'_>,
    universe: &Universe,
    window: Window,
    proposal: &Proposed,
    client: &ClientAnalysis,
    removals: &[BTreeSet<Term>; SETS],
    usage: &ClientUse,
) -> Lost {
    let mut lost = Lost::default();
    let none_removed = removals.iter().all(BTreeSet::is_empty);
    let epochs = if none_removed {
        Vec::new()
    } else {
        epochs(universe, window, proposal, client, removals)
    };
    for route in &usage.routes {
        let operations = inputs
            .routes
            .get(route.route as usize)
            .filter(|_| route.route != UNMATCHED)
            .map_or(&[][..], |route| &route.operations);
        let stated = |op: &usize| {
            let own = inputs.catalog.operations.get(*op);
            own.is_some_and(|own| own.requirement != Requirement::Unspecified)
        };
        let unknown = !operations.iter().any(stated);
        for day in &route.days.since(window.from).until(window.to) {
            let need = day.need();
            if need == 0 {
                continue;
            }
            lost.requests += need;
            if unknown {
                lost.unknown += need;
                continue;
            }
            let date = Day(day.day);
            let Some(epoch) = epochs.iter().rev().find(|epoch| epoch.from <= date) else {
                continue;
            };
            let early = date.0 - proposal.as_of.0 <= i32::try_from(SHADOW).unwrap_or(30);
            let mut known: Option<usize> = None;
            for (at, removed) in removals.iter().enumerate() {
                // A route that serves several operations is denied as soon as one of them is lost.
                let gone: Vec<usize> = operations
                    .iter()
                    .copied()
                    .filter(|op| epoch.before.contains(op) && !epoch.after[at].contains(op))
                    .collect();
                let Some(first) = gone.first().copied() else {
                    continue;
                };
                lost.denied[at] += need;
                lost.used[at] += day.counts[crate::model::Outcome::Used as usize];
                lost.early[at] += if early { need } else { 0 };
                lost.operations[at].insert(first);
                let guilty: BTreeSet<Term> = removed
                    .iter()
                    .filter(|term| {
                        gone.iter()
                            .any(|op| universe.serves(term, &epoch.held, *op))
                    })
                    .cloned()
                    .collect();
                for term in &guilty {
                    let own = lost.wrong[at].entry(term.clone()).or_insert(date);
                    *own = (*own).min(date);
                }
                if known.replace(at).is_none() {
                    hit(
                        &mut lost.hits,
                        client,
                        (first, at),
                        (date, proposal.as_of),
                        need,
                        guilty,
                    );
                }
            }
        }
    }
    lost
}

/// Adds a denied day to what is listed, under the safest set that denies it.
fn hit(
    hits: &mut Vec<Hit>,
    client: &ClientAnalysis,
    (operation, at): (usize, usize),
    (day, as_of): (Day, Day),
    requests: u64,
    terms: BTreeSet<Term>,
) {
    let after = u32::try_from(day.0 - as_of.0).unwrap_or(0);
    let level = LEVELS[at];
    match hits
        .iter_mut()
        .find(|own| own.operation == operation && own.level == level)
    {
        Some(own) => {
            own.requests += requests;
            own.terms.extend(terms);
            if day < own.first {
                (own.first, own.after) = (day, after);
            }
        }
        None => hits.push(Hit {
            client: client.id.clone(),
            operation,
            level,
            first: day,
            after,
            requests,
            terms,
        }),
    }
}
