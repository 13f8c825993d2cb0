//! What may be edited in the policy files, roles included.
//!
//! A term leaves a role only when no member with adequate data needs it;
//! otherwise the role is taken from the client, when it needs nothing of it;
//! otherwise the reviewer is told, and nothing is edited.

use std::collections::{BTreeMap, BTreeSet};

use super::ClientAnalysis;
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

/// Verdict, level and reasons by client and term.
pub(super) type Decided<'a> =
    BTreeMap<(&'a ClientName, &'a Term), (&'a super::TermAnalysis, Option<Level>)>;

pub(super) fn decided(clients: &[ClientAnalysis]) -> Decided<'_> {
    clients
        .iter()
        .flat_map(|client| {
            client
                .terms
                .iter()
                .map(move |term| ((&client.id, &term.term), (term, term.level)))
        })
        .collect()
}

/// Marks terms that cannot be edited: those of roles that others need.
pub(super) fn apply(policy: &Policy, clients: &mut [ClientAnalysis]) {
    let possible: BTreeMap<(usize, usize), Level> = all_actions(policy, clients)
        .into_iter()
        .map(|action| ((action.file, action.entry), action.level))
        .collect();
    let needed_by_others: Vec<Vec<Option<Reason>>> = {
        let decided = decided(clients);
        clients
            .iter()
            .map(|client| {
                client
                    .terms
                    .iter()
                    .map(|term| blocker(policy, &decided, client, term))
                    .collect()
            })
            .collect()
    };
    for (client, blockers) in clients.iter_mut().zip(needed_by_others) {
        for (term, blocker) in client.terms.iter_mut().zip(blockers) {
            if term.verdict != Verdict::Remove {
                continue;
            }
            let mut worst = term.level.unwrap_or(Level::Review);
            let mut stuck = false;
            for via in &term.vias {
                let whole = via
                    .role
                    .as_ref()
                    .and_then(|(_, membership)| possible.get(&(via.file, *membership)));
                let level = possible
                    .get(&(via.file, via.entry))
                    .into_iter()
                    .chain(whole)
                    .min();
                match level {
                    Some(level) => worst = worst.max(*level),
                    None => stuck = true,
                }
            }
            if stuck {
                worst = Level::Manual;
                let frozen = term.vias.iter().any(|via| {
                    policy
                        .files
                        .get(via.file)
                        .and_then(|file| file.entries.get(via.entry))
                        .is_some_and(|e| e.frozen.is_some())
                });
                term.reasons.extend(blocker);
                if frozen {
                    term.reasons.push(Reason::NotEditable);
                }
            }
            term.level = Some(worst);
        }
    }
}

/// Why a role's term cannot go: a member needs it, or nobody knows.
fn blocker(
    policy: &Policy,
    decided: &Decided<'_>,
    client: &ClientAnalysis,
    term: &super::TermAnalysis,
) -> Option<Reason> {
    let (via, (role, _)) = term
        .vias
        .iter()
        .find_map(|via| Some((via, via.role.as_ref()?)))?;
    let others = policy
        .members(via.file, role)
        .into_iter()
        .filter(|member| *member != client.id);
    let unknown = |member: &ClientName| {
        decided
            .get(&(member, &term.term))
            .is_none_or(|(own, _)| own.verdict == Verdict::Undetermined)
    };
    Some(if others.into_iter().any(|member| unknown(&member)) {
        Reason::RoleMemberUnknown
    } else {
        Reason::SharedRole
    })
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
    let decided = decided(clients);
    let mut actions: BTreeMap<(usize, usize), Action> = BTreeMap::new();
    let mut roles: BTreeSet<(usize, &RoleName)> = BTreeSet::new();
    for client in clients {
        for term in client
            .terms
            .iter()
            .filter(|term| term.verdict == Verdict::Remove)
        {
            for via in &term.vias {
                match &via.role {
                    None => {
                        add(&mut actions, (via.file, via.entry), &client.id, term);
                    }
                    Some((role, _)) => {
                        roles.insert((via.file, role));
                    }
                }
            }
        }
    }
    for (file, role) in roles {
        role_actions(policy, &decided, (file, role), &mut actions);
    }
    let frozen = |action: &Action| {
        policy
            .files
            .get(action.file)
            .and_then(|file| file.entries.get(action.entry))
            .is_none_or(|e| e.frozen.is_some())
    };
    actions
        .into_values()
        .filter(|action| !frozen(action))
        .collect()
}

/// How safe the edit of this term is.
fn level(term: &super::TermAnalysis) -> Level {
    let own = term.level.filter(|level| *level != Level::Manual);
    own.unwrap_or(Level::Review)
}

fn add(
    actions: &mut BTreeMap<(usize, usize), Action>,
    place: (usize, usize),
    client: &ClientName,
    term: &super::TermAnalysis,
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
    action.reasons.extend(&term.reasons);
}

fn role_actions(
    policy: &Policy,
    decided: &Decided<'_>,
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
            .get(&(member, term))
            .is_some_and(|(own, _)| own.verdict == Verdict::Remove)
    };
    for (index, term) in &own_terms {
        if members.iter().all(|member| removable(member, term)) {
            for member in &members {
                if let Some((own, _)) = decided.get(&(member, *term)) {
                    add(actions, (file, *index), member, own);
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
            let found = |term: &Term| Some(decided.get(&(client, term))?.0);
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
                action.reasons.extend(least.flat_map(|own| &own.reasons));
            }
        }
    }
}

fn replacements(policy: &Policy, clients: &[ClientAnalysis]) -> Vec<Action> {
    let mut actions = Vec::new();
    for client in clients {
        for term in client
            .terms
            .iter()
            .filter(|term| term.verdict == Verdict::Narrow && !term.replace_with.is_empty())
        {
            // A role's term would be narrowed for every member: that is for a person to do.
            for via in term.vias.iter().filter(|via| via.role.is_none()) {
                let entry = policy
                    .files
                    .get(via.file)
                    .and_then(|file| file.entries.get(via.entry));
                if entry.is_some_and(|entry| entry.frozen.is_none()) {
                    actions.push(Action {
                        file: via.file,
                        entry: via.entry,
                        clients: BTreeSet::from([client.id.clone()]),
                        terms: BTreeSet::from([term.term.clone()]),
                        level: Level::Review,
                        reasons: term.reasons.iter().copied().collect(),
                        replace_with: term.replace_with.clone(),
                    });
                }
            }
        }
    }
    actions
}
