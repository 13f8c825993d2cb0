//! Which removals a possible need holds.
//!
//! In: the possible needs of the data, and what each client keeps. Out: for each term
//! that could go, the requests that may have needed it.
//!
//! Invariant: a removal that takes away what a possible need of the window may have
//! used is at most `review`. What the kept terms permit anyway is taken from nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::client::Needs;
use super::minimum::Universe;
use super::prepared::Holder;
use super::{ClientAnalysis, Inputs, Status, TermAnalysis};
use crate::catalog::near::Near;
use crate::model::{Cause, Day, DaySet, Method, Verdict, Window};
use crate::usage::{PossibleNeed, PossibleNeeds, Who};

/// Requests of one cause that may have needed a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What is not certain of them.
    pub cause: Cause,
    /// How many.
    pub requests: u64,
    /// Their days; none where they have no time.
    pub days: DaySet,
    /// Of the kind with the most requests: method and template, or method and clustered path.
    pub seen: Option<(Method, String)>,
    /// Of that kind, some of the callers' names.
    pub names: BTreeSet<String>,
    /// Of that kind, the id of the earliest request, where the log has ids.
    pub sample: Option<String>,
}

/// All requests of one cause that the window has, and what they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What is not certain of them.
    pub cause: Cause,
    /// How many.
    pub requests: u64,
    /// First and last day; `None` where they have no time.
    pub days: Option<(Day, Day)>,
    /// Scopes of a client that they hold at `review`.
    pub scopes: u64,
    /// Clients that hold these.
    pub clients: u64,
}

/// How many operations that nobody was ever seen on are named with a term.
const UNSEEN: usize = 3;

/// Possible needs of the window, ready to be asked client by client.
pub(super) struct Possible<'a> {
    all: &'a PossibleNeeds,
    window: Window,
    /// Of everybody: kinds by operation, and those that may be any.
    by_operation: BTreeMap<usize, Vec<usize>>,
    any: Vec<usize>,
    /// Of some clients.
    by_client: BTreeMap<&'a str, Vec<usize>>,
    /// Whether there are lines that could be anybody's, but too few to hold anything.
    faint: bool,
    /// Kinds of callers that no policy file names, by operation.
    strangers: BTreeMap<usize, Vec<usize>>,
    /// Operations that nobody at all was seen on.
    unseen: BTreeSet<usize>,
}

/// For each operation that removals would close, kinds of requests.
type Stakes = BTreeMap<usize, Vec<usize>>;

impl<'a> Possible<'a> {
    pub(super) fn new(inputs: &Inputs<'a>, window: Window) -> Self {
        let mut possible = Self {
            all: inputs.possible,
            window,
            by_operation: BTreeMap::new(),
            any: Vec::new(),
            by_client: BTreeMap::new(),
            faint: false,
            strangers: BTreeMap::new(),
            unseen: unseen(inputs),
        };
        for (index, need) in inputs.possible.needs.iter().enumerate() {
            if !need.touches(window.from, window.to) {
                continue;
            }
            match (&need.who, &need.operations) {
                (Who::Stranger, Near::Some(operations)) => {
                    for operation in operations.iter() {
                        possible
                            .strangers
                            .entry(*operation)
                            .or_default()
                            .push(index);
                    }
                }
                (Who::Stranger, _) => {}
                (Who::Everyone, Near::None) => possible.faint = true,
                (Who::Everyone, Near::All) => possible.any.push(index),
                (Who::Everyone, Near::Some(operations)) => {
                    for operation in operations.iter() {
                        possible
                            .by_operation
                            .entry(*operation)
                            .or_default()
                            .push(index);
                    }
                }
                (Who::Clients(clients), _) => {
                    for client in clients {
                        possible
                            .by_client
                            .entry(client.as_str())
                            .or_default()
                            .push(index);
                    }
                }
            }
        }
        possible
    }

    fn need(&self, index: usize) -> Option<&'a PossibleNeed> {
        self.all.needs.get(index)
    }

    /// Whether the client needed what the catalogue may not have, or lines that may be
    /// its own could not be read: then none of its grants is safe to remove.
    pub(super) fn is_faint(&self, client: &str) -> bool {
        let needs = self.by_client.get(client).into_iter().flatten();
        let nothing = |index: &usize| {
            let need = self.need(*index);
            need.is_some_and(|need| need.operations == Near::None)
        };
        self.faint || { needs }.any(nothing)
    }

    /// Operations that the removals would close, in order.
    fn closing(client: &ClientAnalysis, holder: &Holder, universe: &Universe) -> Vec<usize> {
        if !client.terms.iter().any(may_go) {
            return Vec::new();
        }
        let kept = holder.without(universe, |place| may_go(&client.terms[place]));
        let opened = holder.opened.iter().copied();
        opened
            .filter(|operation| {
                universe.is_restricted(*operation) && !universe.opens_operation(&kept, *operation)
            })
            .collect()
    }

    /// The kinds that may have been an operation, of this client or of anybody.
    fn kinds(&self, client: &ClientAnalysis, operation: usize) -> Vec<usize> {
        let mut kinds = self.any.clone();
        kinds.extend(self.by_operation.get(&operation).into_iter().flatten());
        let mine = self.by_client.get(client.id.as_str());
        kinds.extend(mine.into_iter().flatten().filter(|index| {
            match self.need(**index).map(|need| &need.operations) {
                Some(Near::All) => true,
                Some(Near::Some(operations)) => operations.contains(&operation),
                _ => false,
            }
        }));
        kinds
    }

    /// Notes with each term that could go which requests may have needed it, which
    /// strangers used it, and which of its operations nobody was ever seen on.
    pub(super) fn hold(&self, client: &mut ClientAnalysis, holder: &Holder, universe: &Universe) {
        client.faint = self.is_faint(client.id.as_str());
        let closing = Self::closing(client, holder, universe);
        let (mut held, mut strangers) = (Stakes::new(), Stakes::new());
        let mut unseen = Vec::new();
        for operation in closing {
            let kinds = self.kinds(client, operation);
            if !kinds.is_empty() {
                held.insert(operation, kinds);
            }
            if let Some(kinds) = self.strangers.get(&operation) {
                strangers.insert(operation, kinds.clone());
            }
            if self.unseen.contains(&operation) {
                unseen.push(operation);
            }
        }
        if held.is_empty() && strangers.is_empty() && unseen.is_empty() {
            return;
        }
        let terms = client.terms.iter_mut().zip(&holder.terms);
        for (found, held_term) in terms.filter(|(found, _)| may_go(found)) {
            let serves =
                |op: &usize| universe.serves_holding(&held_term.scopes, &holder.holding, *op);
            let of = |stakes: &Stakes| -> BTreeSet<usize> {
                let at_stake = stakes.iter().filter(|(op, _)| serves(op));
                at_stake
                    .flat_map(|(_, kinds)| kinds.iter().copied())
                    .collect()
            };
            let (held, strangers) = (of(&held), of(&strangers));
            let opened: Vec<usize> = unseen.iter().copied().filter(|op| serves(op)).collect();
            found.possible = self.summed(&held);
            found.strangers = self.summed(&strangers);
            found.unseen = (opened.len(), opened.into_iter().take(UNSEEN).collect());
        }
    }

    /// Operations that all the client's grants open, and that a possible need may have been.
    pub(super) fn at_stake(
        &self,
        client: &ClientAnalysis,
        holder: &Holder,
        universe: &Universe,
    ) -> Vec<usize> {
        let asked = |operation: &usize| {
            universe.is_restricted(*operation) && !self.kinds(client, *operation).is_empty()
        };
        holder.opened.iter().copied().filter(asked).collect()
    }

    fn summed(&self, kinds: &BTreeSet<usize>) -> Vec<Held> {
        let mut all: BTreeMap<Cause, (Held, u64)> = BTreeMap::new();
        for need in kinds.iter().filter_map(|index| self.need(*index)) {
            let (of_cause, most) = all.entry(need.cause).or_insert_with(|| {
                let held = Held {
                    cause: need.cause,
                    requests: 0,
                    days: DaySet::default(),
                    seen: None,
                    names: BTreeSet::new(),
                    sample: None,
                };
                (held, 0)
            });
            of_cause.requests += need.requests;
            of_cause.days.add(&need.days);
            if need.requests > *most {
                *most = need.requests;
                of_cause.seen.clone_from(&need.seen);
                of_cause.names.clone_from(&need.names);
                of_cause.sample.clone_from(&need.sample);
            }
        }
        all.into_values().map(|(held, _)| held).collect()
    }

    /// What all possible needs of the window hold, cause by cause.
    pub(super) fn told(&self, clients: &[ClientAnalysis]) -> Vec<Told> {
        let mut all: BTreeMap<Cause, Told> = BTreeMap::new();
        let (from, to) = (self.window.from, self.window.to);
        for need in &self.all.needs {
            let holds = need.who != Who::Stranger && need.operations != Near::None;
            if !holds || !need.touches(from, to) {
                continue;
            }
            let told = all.entry(need.cause).or_insert_with(|| Told {
                cause: need.cause,
                requests: 0,
                days: None,
                scopes: 0,
                clients: 0,
            });
            told.requests += need.requests;
            if let (Some(first), Some(last)) = (need.days.first(), need.days.last()) {
                let days = told.days.unwrap_or((first, last));
                told.days = Some((days.0.min(first), days.1.max(last)));
            }
        }
        for client in clients {
            for told in all.values_mut() {
                let held = client.terms.iter().filter(|found| {
                    found.level.is_some()
                        && found.possible.iter().any(|held| held.cause == told.cause)
                });
                let held = held.count() as u64;
                told.scopes += held;
                told.clients += u64::from(held > 0);
            }
        }
        all.into_values().filter(|told| told.scopes > 0).collect()
    }

    /// Whether the log may have the client under another name: it was never seen or is
    /// silent, and a name came up that no policy file has.
    pub(super) fn is_renamed(&self, client: &ClientAnalysis, needs: &Needs) -> bool {
        if self.all.alike.contains_key(client.id.as_str()) {
            return true;
        }
        let known = |day: &Day| *day <= self.window.to;
        let mut strangers = self
            .all
            .strangers
            .iter()
            .filter(|stranger| known(&stranger.span.0));
        if client.status == Status::Dormant {
            return strangers.next().is_some();
        }
        let Some(last) = needs.alive.days.last() else {
            return strangers.next().is_some();
        };
        strangers.any(|stranger| {
            let first = stranger.span.0;
            // A name that was there all along is somebody else's.
            first >= last.plus(-BEFORE) && first <= last.plus(AFTER) && stranger.span.1 > last
        })
    }
}

/// Whether its edit would take it away.
fn may_go(found: &TermAnalysis) -> bool {
    matches!(found.verdict, Verdict::Remove | Verdict::Narrow)
}

/// Operations that no request of anybody was ever counted on.
fn unseen(inputs: &Inputs<'_>) -> BTreeSet<usize> {
    let mut unseen: BTreeSet<usize> = (0..inputs.catalog.operations.len()).collect();
    for route in &inputs.possible.routes {
        let found = inputs.routes.get(*route as usize);
        for operation in found.into_iter().flat_map(|route| &route.operations) {
            unseen.remove(operation);
        }
    }
    unseen
}

/// Days before a client's last sign of life in which its new name may come up ...
const BEFORE: i32 = 14;
/// ... and days after it.
const AFTER: i32 = 60;
