//! What came after an origin, against what would have been left.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::past_advice::{Proposed, is_removed};
use super::scores::scores;
use super::{HORIZON, Hit, LEVELS, MISSING_PERCENT, Origin, SHADOW, Tally, suspended};
use crate::analysis::minimum::Holding;
use crate::analysis::prepared::Holder;
use crate::analysis::{ClientAnalysis, Inputs};
use crate::model::{Day, Outcome, Requirement, Term, Verdict, Window};
use crate::usage::{ClientUse, RouteUse, UNMATCHED};

const SETS: usize = LEVELS.len();

/// What one client lost.
#[derive(Default)]
struct Lost {
    requests: u64,
    unknown: u64,
    removals: [u64; SETS],
    denied: [u64; SETS],
    used: [u64; SETS],
    early: [u64; SETS],
    operations: [BTreeSet<usize>; SETS],
    /// First denied day of each removed term, by its place.
    wrong: [BTreeMap<usize, Day>; SETS],
    hits: Vec<Hit>,
}

/// Replays the horizon after an origin.
pub(super) fn origin(inputs: &Inputs<'_>, to: Day, proposal: &Proposed<'_>) -> Origin {
    let horizon = i32::try_from(HORIZON).unwrap_or(i32::MAX);
    let window = Window {
        from: proposal.as_of.plus(1),
        to: proposal.as_of.plus(horizon).min(to),
    };
    let holders = &proposal.prepared().clients;
    let clients = proposal.clients.par_iter().zip(holders);
    let lost: Vec<Lost> = clients
        .map(|(client, holder)| {
            let mut lost = Lost::default();
            let one = One {
                inputs,
                window,
                proposal,
                client,
                holder,
            };
            one.count_removals(&mut lost);
            if let Some(usage) = inputs.usage.get(&client.id) {
                one.replay(usage, &mut lost);
            }
            lost
        })
        .collect();
    let missing = window.days() - inputs.coverage.covered(window).min(window.days());
    let mut origin = Origin {
        as_of: proposal.as_of,
        days_after: window.days(),
        censored: window.days() < HORIZON || missing * 100 > window.days() * MISSING_PERCENT,
        requests: lost.iter().map(|client| client.requests).sum(),
        unknown: lost.iter().map(|client| client.unknown).sum(),
        tallies: Default::default(),
        hits: Vec::new(),
        scores: None,
        suspended: suspended::tallies(inputs, window, proposal),
    };
    for at in 0..SETS {
        let operations: BTreeSet<usize> = lost
            .iter()
            .flat_map(|client| client.operations[at].iter().copied())
            .collect();
        let wrong = || {
            lost.iter()
                .flat_map(|client| client.wrong[at].values().copied())
        };
        let after = |day: Day| u32::try_from(day.0 - proposal.as_of.0).unwrap_or(0);
        let sum = |of: fn(&Lost) -> &[u64; SETS]| lost.iter().map(|client| of(client)[at]).sum();
        origin.tallies[at] = Tally {
            removals: sum(|client| &client.removals),
            wrong: wrong().count() as u64,
            wrong_early: wrong().filter(|day| after(*day) <= SHADOW).count() as u64,
            requests: sum(|client| &client.denied),
            used: sum(|client| &client.used),
            requests_early: sum(|client| &client.early),
            clients: lost.iter().filter(|client| client.denied[at] > 0).count() as u64,
            operations: operations.len() as u64,
            first: wrong().min().map(after),
        };
    }
    origin.hits = lost.into_iter().flat_map(|client| client.hits).collect();
    origin.hits.sort();
    // Fewer days after it would show less use than was foretold.
    origin.scores = (!origin.censored)
        .then(|| scores(inputs, proposal, window))
        .filter(|scores| scores.grants > 0);
    origin
}

/// What is held and what is left from one day on.
struct Epoch {
    from: Day,
    before: Holding,
    after: [Holding; SETS],
}

/// What one set of removals takes of a route: an operation, and the removed terms, by
/// their places, that would have served it.
type Loss = Option<(usize, Vec<usize>)>;

/// One client at one origin.
struct One<'a> {
    inputs: &'a Inputs<'a>,
    window: Window,
    proposal: &'a Proposed<'a>,
    client: &'a ClientAnalysis,
    holder: &'a Holder,
}

impl One<'_> {
    /// Whether the term at a place is in a set of removals.
    fn goes(&self, place: usize, set: usize) -> bool {
        let found = &self.client.terms[place];
        found.verdict == Verdict::Remove && is_removed(found.level, LEVELS[set])
    }

    fn count_removals(&self, lost: &mut Lost) {
        for set in 0..SETS {
            let places = 0..self.client.terms.len();
            lost.removals[set] = places.filter(|place| self.goes(*place, set)).count() as u64;
        }
    }

    fn epochs(&self) -> Vec<Epoch> {
        let universe = self.proposal.prepared().universe;
        let later = self.proposal.later.get(&self.client.id);
        let later = later.map_or(&[][..], Vec::as_slice);
        let mut starts: BTreeSet<Day> = later.iter().map(|(day, _)| *day).collect();
        starts.insert(self.window.from);
        starts.retain(|day| self.window.contains(*day));
        let epoch = |from: Day| {
            let came: Vec<Vec<u32>> = later
                .iter()
                .filter(|(day, _)| *day <= from)
                .map(|(_, term)| universe.scopes_of(term))
                .collect();
            // What is granted anew later is not what was taken away.
            let held = |goes: &dyn Fn(usize) -> bool| {
                let terms = self.holder.terms.iter().enumerate();
                let staying = terms.filter(|(place, _)| !goes(*place));
                let staying = staying.map(|(_, held)| held.scopes.as_slice());
                universe.holding_scopes(staying.chain(came.iter().map(Vec::as_slice)))
            };
            Epoch {
                from,
                before: held(&|_| false),
                after: std::array::from_fn(|set| held(&|place| self.goes(place, set))),
            }
        };
        starts.into_iter().map(epoch).collect()
    }

    /// What each set of removals takes of a route. One that serves several operations is
    /// denied as soon as one of them is lost.
    fn losses(&self, epoch: &Epoch, operations: &[usize]) -> [Loss; SETS] {
        let universe = self.proposal.prepared().universe;
        std::array::from_fn(|set| {
            let gone = |operation: &usize| {
                universe.opens_operation(&epoch.before, *operation)
                    && !universe.opens_operation(&epoch.after[set], *operation)
            };
            let gone: Vec<usize> = operations.iter().copied().filter(gone).collect();
            let first = *gone.first()?;
            let terms = self.holder.terms.iter().enumerate();
            let guilty = terms.filter(|(place, held)| {
                let serves = |operation: &usize| {
                    universe.serves_holding(&held.scopes, &epoch.before, *operation)
                };
                self.goes(*place, set) && gone.iter().any(serves)
            });
            Some((first, guilty.map(|(place, _)| place).collect()))
        })
    }

    fn replay(&self, usage: &ClientUse, lost: &mut Lost) {
        let any_removed = lost.removals[SETS - 1] > 0;
        let epochs = if any_removed {
            self.epochs()
        } else {
            Vec::new()
        };
        for route in &usage.routes {
            self.replay_route(route, &epochs, lost);
        }
    }

    fn replay_route(&self, route: &RouteUse, epochs: &[Epoch], lost: &mut Lost) {
        let operations = self
            .inputs
            .routes
            .get(route.route as usize)
            .filter(|_| route.route != UNMATCHED)
            .map_or(&[][..], |route| &route.operations);
        let stated = |op: &usize| {
            let operation = self.inputs.catalog.operations.get(*op);
            operation.is_some_and(|operation| operation.requirement != Requirement::Unspecified)
        };
        let unknown = !operations.iter().any(stated);
        let losses: Vec<[Loss; SETS]> = if unknown {
            Vec::new()
        } else {
            let epochs = epochs.iter();
            epochs.map(|epoch| self.losses(epoch, operations)).collect()
        };
        for day in &route.days.since(self.window.from).until(self.window.to) {
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
            let Some(at) = epochs.iter().rposition(|epoch| epoch.from <= date) else {
                continue;
            };
            let early = date.0 - self.proposal.as_of.0 <= i32::try_from(SHADOW).unwrap_or(30);
            let mut is_hit = false;
            for (set, loss) in losses[at].iter().enumerate() {
                let Some((operation, guilty)) = loss else {
                    continue;
                };
                lost.denied[set] += need;
                lost.used[set] += day.counts[Outcome::Used as usize];
                lost.early[set] += if early { need } else { 0 };
                lost.operations[set].insert(*operation);
                for place in guilty {
                    let first = lost.wrong[set].entry(*place).or_insert(date);
                    *first = (*first).min(date);
                }
                if !std::mem::replace(&mut is_hit, true) {
                    let terms = guilty
                        .iter()
                        .map(|place| self.holder.terms[*place].term.clone());
                    let dates = (date, self.proposal.as_of);
                    hit(
                        &mut lost.hits,
                        self.client,
                        (*operation, set),
                        dates,
                        need,
                        terms.collect(),
                    );
                }
            }
        }
    }
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
        .find(|hit| hit.operation == operation && hit.level == level)
    {
        Some(hit) => {
            hit.requests += requests;
            hit.terms.extend(terms);
            if day < hit.first {
                (hit.first, hit.after) = (day, after);
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
