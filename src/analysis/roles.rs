//! What may be edited in the policy files, roles included.
//!
//! A term leaves a role only when no member with adequate data needs it;
//! otherwise the role is taken from the client, when it needs nothing of it;
//! otherwise the reviewer is told, and nothing is edited.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClientAnalysis, TermAnalysis};
use crate::model::{
    ClientName, Level, Policy, PolicyFile, Reason, RoleName, Roles, Subject, Term, Verdict,
};

/// The level of each edit, by file and entry.
pub(super) type Levels = BTreeMap<(usize, usize), Level>;

/// One entry of a policy file that can go, or be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Index of the file.
    pub file: usize,
    /// Index of the entry.
    pub entry: usize,
    /// Whom it takes something from.
    pub clients: BTreeSet<ClientName>,
    /// What they lose.
    pub terms: BTreeSet<Term>,
    /// The least safe of them.
    pub level: Level,
    /// Why, from all of them.
    pub reasons: BTreeSet<Reason>,
    /// Narrower scopes that take its place; empty for a removal.
    pub replace_with: Vec<Term>,
}

/// What was decided about each client's terms.
///
/// Both are in the order of their names, as [`super::Analysis`] has them.
#[derive(Clone, Copy)]
pub(super) struct Decided<'a>(pub(super) &'a [ClientAnalysis]);

impl<'a> Decided<'a> {
    pub(super) fn get(self, client: &ClientName, term: &Term) -> Option<&'a TermAnalysis> {
        super::find(self.0, client)?.term(term)
    }
}

/// Every removal, at any level.
pub(super) fn all_actions(policy: &Policy, clients: &[ClientAnalysis]) -> Vec<Action> {
    let mut actions = all_role_actions(policy, clients);
    for client in clients {
        for term in removals(client) {
            for via in term.vias.iter().filter(|via| via.role.is_none()) {
                add(&mut actions, (via.file, via.entry), &client.id, term);
            }
        }
    }
    let held = held_back(policy, |place| actions.contains_key(&place));
    actions.retain(|place, _| is_editable(policy, *place) && !held.contains(place));
    let levels = actions.iter().map(|(place, action)| (*place, action.level));
    let mut levels: Levels = levels.collect();
    together(policy, &mut levels);
    let settled = actions.into_iter().filter_map(|(place, mut action)| {
        action.level = *levels.get(&place)?;
        Some(action)
    });
    settled.collect()
}

/// Entries that are written as a product of lists go with others only: each at the first level
/// at which what is left is a product again, and never where there is none. Gives those that
/// this changes.
pub(super) fn together(policy: &Policy, levels: &mut Levels) -> BTreeSet<(usize, usize)> {
    let steps = [
        (Level::Safe, Some(Level::Likely)),
        (Level::Likely, Some(Level::Review)),
        (Level::Review, None),
    ];
    let mut changed = BTreeSet::new();
    for (file, own) in policy.files.iter().enumerate() {
        for grid in own.document.iter().flat_map(|document| document.grids()) {
            for (level, next) in steps {
                let goes = |entry: usize| {
                    let own = levels.get(&(file, entry));
                    own.is_some_and(|own| *own <= level)
                };
                for entry in grid.stuck(goes) {
                    changed.insert((file, entry));
                    match next {
                        Some(next) => levels.insert((file, entry), next),
                        None => levels.remove(&(file, entry)),
                    };
                }
            }
        }
    }
    changed
}

/// Entries that would all go, of a list that must not become empty: they stay together, as
/// nobody knows which of them could.
fn held_back(policy: &Policy, goes: impl Fn((usize, usize)) -> bool) -> BTreeSet<(usize, usize)> {
    let mut held = BTreeSet::new();
    for (file, own) in policy.files.iter().enumerate() {
        let groups = own
            .document
            .iter()
            .flat_map(|document| document.never_empty());
        for group in groups {
            if group.iter().all(|entry| goes((file, *entry))) {
                held.extend(group.iter().map(|entry| (file, *entry)));
            }
        }
    }
    held
}

/// The same, from what was decided about each client's terms.
pub(super) fn all_held_back(
    policy: &Policy,
    clients: &[ClientAnalysis],
) -> BTreeSet<(usize, usize)> {
    let any = |own: &PolicyFile| {
        let document = own.document.as_ref();
        document.is_some_and(|document| !document.never_empty().is_empty())
    };
    if !policy.files.iter().any(any) {
        return BTreeSet::new();
    }
    let mut goes: BTreeSet<(usize, usize)> =
        all_role_actions(policy, clients).into_keys().collect();
    for via in clients
        .iter()
        .flat_map(removals)
        .flat_map(|term| &term.vias)
    {
        if via.role.is_none() {
            goes.insert((via.file, via.entry));
        }
    }
    held_back(policy, |place| goes.contains(&place))
}

pub(super) fn removals(client: &ClientAnalysis) -> impl Iterator<Item = &TermAnalysis> {
    let terms = client.terms.iter();
    terms.filter(|term| term.verdict == Verdict::Remove)
}

/// Whether the entry may be edited.
pub(super) fn is_editable(policy: &Policy, place: (usize, usize)) -> bool {
    policy
        .entry(place)
        .is_some_and(|entry| entry.frozen.is_none())
}

/// Edits of roles and of their memberships, those of fixed places included.
pub(super) fn all_role_actions(
    policy: &Policy,
    clients: &[ClientAnalysis],
) -> BTreeMap<(usize, usize), Action> {
    let roles = policy.roles();
    let (mut given, mut had) = (BTreeSet::new(), BTreeSet::new());
    for via in clients
        .iter()
        .flat_map(removals)
        .flat_map(|term| &term.vias)
    {
        let Some(held) = &via.role else { continue };
        let subject = policy.entry((via.file, via.entry));
        if let Some(Subject::Role(own)) = subject.map(|entry| &entry.subject) {
            given.insert((via.file, own));
        }
        let file = roles.definition(held.file, &held.role);
        had.extend(file.map(|file| (file, &held.role)));
    }
    let mut world = World {
        policy,
        roles,
        decided: Decided(clients),
        actions: BTreeMap::new(),
        leaving: BTreeSet::new(),
    };
    for role in given {
        world.terms_that_leave(role);
    }
    for role in had {
        world.memberships_that_go(role);
    }
    world.actions
}

/// How safe the edit of this term is.
pub(super) fn level(term: &TermAnalysis) -> Level {
    let term_level = term.level.filter(|level| *level != Level::Manual);
    term_level.unwrap_or(Level::Review)
}

fn add(
    actions: &mut BTreeMap<(usize, usize), Action>,
    place: (usize, usize),
    client: &ClientName,
    term: &TermAnalysis,
) {
    let level = level(term);
    let action = actions.entry(place).or_insert_with(|| Action {
        file: place.0,
        entry: place.1,
        clients: BTreeSet::new(),
        terms: BTreeSet::new(),
        level,
        reasons: BTreeSet::new(),
        replace_with: Vec::new(),
    });
    action.clients.insert(client.clone());
    action.terms.insert(term.term.clone());
    action.level = action.level.max(level);
    // Whose term is the least safe is said by that term's own reasons.
    let direct = |reason: &&Reason| !reason.is_of_the_role();
    action.reasons.extend(term.reasons.iter().filter(direct));
}

/// What is known while the edits of roles are collected.
struct World<'a> {
    policy: &'a Policy,
    roles: Roles<'a>,
    decided: Decided<'a>,
    actions: BTreeMap<(usize, usize), Action>,
    /// Terms that no holder of their role needs, fixed places included.
    leaving: BTreeSet<(usize, usize)>,
}

impl World<'_> {
    fn removable(&self, member: &ClientName, term: &Term) -> bool {
        let found = self.decided.get(member, term);
        found.is_some_and(|found| found.verdict == Verdict::Remove)
    }

    /// A term leaves its role when everybody is known who holds it, and nobody needs it.
    fn terms_that_leave(&mut self, (file, role): (usize, &RoleName)) {
        if !self.roles.strangers(file, role).is_empty() {
            return;
        }
        let members = self.roles.members(file, role);
        let places = self.roles.own(file, role).to_vec();
        for (term, place) in self.roles.names(&places).into_iter().zip(places) {
            if members.iter().all(|member| self.removable(member, term)) {
                self.leaving.insert(place);
                for member in &members {
                    if let Some(found) = self.decided.get(member, term) {
                        add(&mut self.actions, place, member, found);
                    }
                }
            }
        }
    }

    /// A client that needs nothing of the role loses the role. Terms that leave it for
    /// everybody need no such edit, but go with it: it is no safer than any of them.
    fn memberships_that_go(&mut self, (file, role): (usize, &RoleName)) {
        let places = self.roles.terms(file, role);
        // What a role gathers from elsewhere is in no file.
        if self.roles.gathers(file, role) {
            return;
        }
        if places.iter().all(|place| self.leaving.contains(place)) {
            return;
        }
        let terms = self.roles.names(&places);
        for given in self.roles.given(file, role) {
            let subject = self.policy.entry(*given).map(|entry| &entry.subject);
            let Some(Subject::Client(client)) = subject else {
                continue;
            };
            if !terms.iter().all(|term| self.removable(client, term)) {
                continue;
            }
            let found = |term: &Term| self.decided.get(client, term);
            let changes = || terms.iter().filter_map(|term| found(term));
            let safe = changes().map(level).max().unwrap_or(Level::Review);
            for (place, term) in places.iter().zip(&terms) {
                let role_wide = self.actions.get(place).map(|action| action.level);
                // What the role loses at this level anyway is not said twice.
                if role_wide.is_none_or(|role_wide| role_wide > safe)
                    && let Some(other) = found(term)
                {
                    add(&mut self.actions, *given, client, other);
                }
            }
            if let Some(action) = self.actions.get_mut(given) {
                action.level = action.level.max(safe);
                let least = changes().filter(|term| level(term) == safe);
                let least = least.flat_map(|term| &term.reasons);
                action
                    .reasons
                    .extend(least.filter(|reason| !reason.is_of_the_role()));
            }
        }
    }
}
