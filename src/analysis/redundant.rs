//! Roles that give a client nothing that it would not hold without them.
//!
//! In: the policy and the verdicts. Out: role assignments that can go.
//!
//! Invariants:
//! * every term of the role can go anyway, or is held by the client in another
//!   way that nothing else takes away;
//! * nothing goes on incomplete data, as everywhere;
//! * of two roles that make each other redundant the one that stands later in
//!   the file goes, whatever the order of anything else.
//!
//! The level is review: why somebody gave both is not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::ClientAnalysis;
use super::roles::{Action, Decided};
use crate::model::{
    ClientName, Granted, Level, Policy, Reason, Subject, Term, Verdict, Via, Warning,
};

/// The assignments, none of which is in `taken` already.
pub(super) fn assignments(
    policy: &Policy,
    clients: &[ClientAnalysis],
    decided: &Decided<'_>,
    taken: &BTreeMap<(usize, usize), Action>,
) -> Vec<Action> {
    let mut found = Vec::new();
    let mut gone: BTreeSet<(usize, usize)> = taken.keys().copied().collect();
    let mut memberships = memberships(policy);
    if memberships.is_empty() {
        return found;
    }
    for (client, held) in policy.holdings() {
        let own = clients.binary_search_by(|own| own.id.cmp(&client));
        if !own.is_ok_and(|own| clients[own].complete) {
            continue;
        }
        for (file, entry) in memberships.remove(&client).unwrap_or_default() {
            if gone.contains(&(file, entry)) {
                continue;
            }
            let Some(terms) = superfluous(policy, decided, &client, &held, (file, entry), &gone)
            else {
                continue;
            };
            gone.insert((file, entry));
            found.push(Action {
                file,
                entry,
                clients: BTreeSet::from([client.clone()]),
                terms,
                level: Level::Review,
                reasons: BTreeSet::from([Reason::RoleRedundant]),
                replace_with: Vec::new(),
            });
        }
    }
    found
}

/// Says which roles are redundant, whether they can be edited or not.
pub(super) fn warnings(policy: &Policy, actions: &[Action]) -> Vec<Warning> {
    let redundant = actions
        .iter()
        .filter(|action| action.reasons.contains(&Reason::RoleRedundant));
    let warning = |action: &Action| {
        let entry = policy.files.get(action.file)?.entries.get(action.entry)?;
        let (Subject::Client(client), Granted::Role(role)) = (&entry.subject, &entry.granted)
        else {
            return None;
        };
        let text = format!(
            "client `{client}` needs nothing of role `{role}` that it does not hold in another way"
        );
        Some(Warning::new("redundant-role", text).at(entry.place.clone()))
    };
    redundant.filter_map(warning).collect()
}

/// Each client's role assignments that may be edited, the last of a file first.
fn memberships(policy: &Policy) -> BTreeMap<ClientName, Vec<(usize, usize)>> {
    let mut found: BTreeMap<ClientName, Vec<(usize, usize)>> = BTreeMap::new();
    for (number, file) in policy.files.iter().enumerate() {
        for (index, entry) in file.entries.iter().enumerate().rev() {
            if let (Subject::Client(client), Granted::Role(_)) = (&entry.subject, &entry.granted)
                && entry.keep.is_none()
                && entry.frozen.is_none()
            {
                found
                    .entry(client.clone())
                    .or_default()
                    .push((number, index));
            }
        }
    }
    found
}

/// The role's terms when the client loses nothing of use without it.
fn superfluous(
    policy: &Policy,
    decided: &Decided<'_>,
    client: &ClientName,
    held: &BTreeMap<Term, Vec<Via>>,
    membership: (usize, usize),
    gone: &BTreeSet<(usize, usize)>,
) -> Option<BTreeSet<Term>> {
    let through = |via: &Via| {
        via.role
            .as_ref()
            .is_some_and(|(_, assignment)| (via.file, *assignment) == membership)
    };
    let mut terms = BTreeSet::new();
    let mut kept = 0;
    for (term, vias) in held.iter().filter(|(_, vias)| vias.iter().any(through)) {
        let (found, _) = decided.get(&(client, term))?;
        // A scope that can be asked for is not one that is issued, and another file may be
        // another gateway's.
        let like = |via: &Via| {
            let entry = policy
                .files
                .get(via.file)
                .and_then(|file| file.entries.get(via.entry));
            via.file == membership.0 && entry.is_some_and(|entry| !entry.optional)
        };
        let stays = |via: &&Via| {
            let assignment = via
                .role
                .as_ref()
                .map(|(_, assignment)| (via.file, *assignment));
            !through(via)
                && like(via)
                && !gone.contains(&(via.file, via.entry))
                && assignment.is_none_or(|assignment| !gone.contains(&assignment))
        };
        match found.verdict {
            Verdict::Remove => {}
            // What comes in the place of a scope comes in one place only.
            Verdict::Narrow | Verdict::Undetermined => return None,
            Verdict::Keep | Verdict::Unobservable => {
                vias.iter().find(stays)?;
                kept += 1;
            }
        }
        terms.insert(term.clone());
    }
    // Where everything can go, the role's own rules decide.
    (kept > 0).then_some(terms)
}
