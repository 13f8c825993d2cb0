//! What may be edited in the policy files, roles included.
//!
//! A term leaves a role only when no member with adequate data needs it;
//! otherwise the role is taken from the client, when it needs nothing of it;
//! otherwise the reviewer is told, and nothing is edited.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClientAnalysis, TermAnalysis};
use crate::grants::replaceable;
use crate::model::{ClientName, Level, Policy, Reason, RoleName, Term, Verdict};

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

/// Everything that can be edited, at any level, sorted by file and entry.
///
/// `narrow` also replaces terms by narrower ones.
pub fn actions(policy: &Policy, clients: &[ClientAnalysis], narrow: bool) -> Vec<Action> {
    let mut all = all_actions(policy, clients);
    if narrow {
        all.extend(replacements(policy, clients));
    }
    all.sort_by_key(|action| (action.file, action.entry));
    all
}

fn all_actions(policy: &Policy, clients: &[ClientAnalysis]) -> Vec<Action> {
    let mut actions = all_role_actions(policy, clients);
    for client in clients {
        for term in removals(client) {
            for via in term.vias.iter().filter(|via| via.role.is_none()) {
                add(&mut actions, (via.file, via.entry), &client.id, term);
            }
        }
    }
    actions
        .into_values()
        .filter(|action| is_editable(policy, (action.file, action.entry)))
        .collect()
}

fn removals(client: &ClientAnalysis) -> impl Iterator<Item = &TermAnalysis> {
    let terms = client.terms.iter();
    terms.filter(|term| term.verdict == Verdict::Remove)
}

/// Whether the entry may be edited.
pub(super) fn is_editable(policy: &Policy, (file, entry): (usize, usize)) -> bool {
    let entry = policy
        .files
        .get(file)
        .and_then(|file| file.entries.get(entry));
    entry.is_some_and(|entry| entry.frozen.is_none())
}

/// Edits of roles and of their memberships, those of fixed places included.
pub(super) fn all_role_actions(
    policy: &Policy,
    clients: &[ClientAnalysis],
) -> BTreeMap<(usize, usize), Action> {
    let mut roles: BTreeSet<(usize, &RoleName)> = BTreeSet::new();
    for via in clients
        .iter()
        .flat_map(removals)
        .flat_map(|term| &term.vias)
    {
        roles.extend(via.role.as_ref().map(|(role, _)| (via.file, role)));
    }
    let mut actions = BTreeMap::new();
    for (file, role) in roles {
        role_actions(policy, Decided(clients), (file, role), &mut actions);
    }
    actions
}

/// How safe the edit of this term is.
pub(super) fn level(term: &TermAnalysis) -> Level {
    let own = term.level.filter(|level| *level != Level::Manual);
    own.unwrap_or(Level::Review)
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
    let own = |reason: &&Reason| !reason.is_of_the_role();
    action.reasons.extend(term.reasons.iter().filter(own));
}

fn role_actions(
    policy: &Policy,
    decided: Decided<'_>,
    (file, role): (usize, &RoleName),
    actions: &mut BTreeMap<(usize, usize), Action>,
) {
    use crate::model::{Granted, Subject};

    let members = policy.members(file, role);
    let Some(entries) = policy.files.get(file).map(|file| &file.entries) else {
        return;
    };
    let own_terms: Vec<(usize, &Term)> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| match (&entry.subject, &entry.granted) {
            (Subject::Role(name), Granted::Term(term)) if name == role => Some((index, term)),
            _ => None,
        })
        .collect();
    let removable = |member: &ClientName, term: &Term| {
        decided
            .get(member, term)
            .is_some_and(|found| found.verdict == Verdict::Remove)
    };
    for (index, term) in &own_terms {
        if members.iter().all(|member| removable(member, term)) {
            for member in &members {
                if let Some(found) = decided.get(member, term) {
                    add(actions, (file, *index), member, found);
                }
            }
        }
    }
    // A client that needs nothing of the role loses the role. Terms that leave the role
    // for everybody need no such edit, but go with it: it is no safer than any of them.
    let leaves = |term: &Term| members.iter().all(|member| removable(member, term));
    if own_terms.iter().all(|(_, term)| leaves(term)) {
        return;
    }
    for (index, entry) in entries.iter().enumerate() {
        let (Subject::Client(client), Granted::Role(name)) = (&entry.subject, &entry.granted)
        else {
            continue;
        };
        if name == role && own_terms.iter().all(|(_, term)| removable(client, term)) {
            let found = |term: &Term| decided.get(client, term);
            let own = || own_terms.iter().filter_map(|(_, term)| found(term));
            let safe = own().map(level).max().unwrap_or(Level::Review);
            for (entry, term) in &own_terms {
                let role_wide = actions.get(&(file, *entry)).map(|action| action.level);
                // What the role loses at this level anyway is not said twice.
                if role_wide.is_none_or(|role_wide| role_wide > safe)
                    && let Some(own) = found(term)
                {
                    add(actions, (file, index), client, own);
                }
            }
            if let Some(action) = actions.get_mut(&(file, index)) {
                action.level = action.level.max(safe);
                let least = own().filter(|own| level(own) == safe);
                let least = least.flat_map(|own| &own.reasons);
                action
                    .reasons
                    .extend(least.filter(|own| !own.is_of_the_role()));
            }
        }
    }
}

/// What `--narrow` edits: of each client everything that a narrower scope stands in for,
/// or nothing of it.
///
/// With a part of it done, what is left would be superfluous in a next run. A role's term
/// would be narrowed for every member: that is for a person to do.
pub(super) fn replacements(policy: &Policy, clients: &[ClientAnalysis]) -> Vec<Action> {
    let narrow = |client: &&ClientAnalysis| {
        let mut terms = client.terms.iter();
        terms.any(|term| term.verdict == Verdict::Narrow)
    };
    let mut possible: Vec<Vec<Action>> = clients
        .iter()
        .filter(narrow)
        .filter_map(|client| own_replacements(policy, client))
        .collect();
    let mut wanted: BTreeMap<usize, Vec<(usize, Vec<Term>)>> = BTreeMap::new();
    for action in possible.iter().flatten() {
        if !action.replace_with.is_empty() {
            let of_file = wanted.entry(action.file).or_default();
            of_file.push((action.entry, action.replace_with.clone()));
        }
    }
    let mut written: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (file, wanted) in wanted {
        let found = policy.files.get(file).map(|own| replaceable(own, &wanted));
        written.extend(found.into_iter().flatten().map(|entry| (file, entry)));
    }
    possible.retain(|actions| {
        actions.iter().all(|action| {
            action.replace_with.is_empty() || written.contains(&(action.file, action.entry))
        })
    });
    possible.into_iter().flatten().collect()
}

/// The edits of one client; `None` where a role or a fixed place is in the way of one.
fn own_replacements(policy: &Policy, client: &ClientAnalysis) -> Option<Vec<Action>> {
    let mut actions = Vec::new();
    let terms = client.terms.iter();
    for term in terms.filter(|term| term.verdict == Verdict::Narrow) {
        for via in &term.vias {
            let entry = policy.files.get(via.file)?.entries.get(via.entry)?;
            if via.role.is_some() || entry.frozen.is_some() {
                return None;
            }
            actions.push(Action {
                file: via.file,
                entry: via.entry,
                clients: BTreeSet::from([client.id.clone()]),
                terms: BTreeSet::from([term.term.clone()]),
                level: Level::Review,
                reasons: term.reasons.iter().copied().collect(),
                // None at all where others of the narrower set do what it did.
                replace_with: term.replace_with.clone(),
            });
        }
    }
    Some(actions)
}
