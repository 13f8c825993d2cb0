//! Roles that give a client nothing that it would not hold without them.
//!
//! In: the policy and the verdicts. Out: role assignments that can go.
//!
//! Invariants:
//! * every term of the role can go anyway, or is held by the client in another
//!   way that nothing else takes away;
//! * nothing goes on incomplete data, as everywhere;
//! * of two roles that make each other redundant the one that comes later in
//!   the file goes, whatever the order of anything else.
//!
//! They are reported, and never edited: why somebody gave both is not known here,
//! and with the assignment gone other terms of the role could go in a next run,
//! which would break the promise that a second run finds nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::ClientAnalysis;
use super::narrowing::actions;
use super::roles::Decided;
use crate::model::{ClientName, Granted, Membership, Policy, Subject, Term, Verdict, Via, Warning};

/// File and entry of the assignments, none of which is in `gone` already.
fn assignments(
    policy: &Policy,
    clients: &[ClientAnalysis],
    mut memberships: BTreeMap<ClientName, Vec<(usize, usize)>>,
    mut gone: BTreeSet<(usize, usize)>,
) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (client, held) in policy.holdings() {
        let place = clients.binary_search_by(|analysed| analysed.id.cmp(&client));
        if !place.is_ok_and(|at| clients[at].complete) {
            continue;
        }
        for (file, entry) in memberships.remove(&client).unwrap_or_default() {
            if gone.contains(&(file, entry)) {
                continue;
            }
            if superfluous(
                policy,
                Decided(clients),
                &client,
                &held,
                (file, entry),
                &gone,
            ) {
                gone.insert((file, entry));
                found.push((file, entry));
            }
        }
    }
    found
}

/// Says which roles are redundant, by the verdicts and the edits that are possible.
pub(super) fn warnings(policy: &Policy, clients: &[ClientAnalysis]) -> Vec<Warning> {
    let memberships = memberships(policy);
    if memberships.is_empty() {
        return Vec::new();
    }
    let edits = actions(policy, clients, false);
    let taken: BTreeSet<(usize, usize)> =
        edits.iter().map(|edit| (edit.file, edit.entry)).collect();
    let warning = |(file, entry): (usize, usize)| {
        let entry = policy.entry((file, entry))?;
        let (Subject::Client(client), Granted::Role(role)) = (&entry.subject, &entry.granted)
        else {
            return None;
        };
        let text = format!(
            "client `{client}` needs nothing of role `{role}` that it does not hold in another way"
        );
        Some(Warning::new("redundant-role", text).at(entry.place.clone()))
    };
    let found = assignments(policy, clients, memberships, taken);
    found.into_iter().filter_map(warning).collect()
}

/// Each client's role assignments that may be edited, the last of a file first.
fn memberships(policy: &Policy) -> BTreeMap<ClientName, Vec<(usize, usize)>> {
    let mut found: BTreeMap<ClientName, Vec<(usize, usize)>> = BTreeMap::new();
    let files = policy.files.iter().enumerate();
    for (number, file) in files.filter(|(_, file)| !file.in_parts) {
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

/// Whether the client loses nothing of use without the role.
fn superfluous(
    policy: &Policy,
    decided: Decided<'_>,
    client: &ClientName,
    held: &BTreeMap<Term, Vec<Via>>,
    membership: (usize, usize),
    gone: &BTreeSet<(usize, usize)>,
) -> bool {
    let through = |via: &Via| {
        let held = via.role.as_ref();
        held.is_some_and(|held| held.place() == membership)
    };
    let mut kept = 0;
    for (term, vias) in held.iter().filter(|(_, vias)| vias.iter().any(through)) {
        let Some(found) = decided.get(client, term) else {
            return false;
        };
        // A scope that can be asked for is not one that is issued, and another file may be
        // another gateway's.
        let like = |via: &Via| {
            let file = via.role.as_ref().map_or(via.file, |held| held.file);
            let entry = policy.entry((via.file, via.entry));
            file == membership.0 && entry.is_some_and(|entry| !entry.optional)
        };
        let stays = |via: &&Via| {
            let assignment = via.role.as_ref().map(Membership::place);
            !through(via)
                && like(via)
                && !gone.contains(&(via.file, via.entry))
                && assignment.is_none_or(|assignment| !gone.contains(&assignment))
        };
        match found.verdict {
            Verdict::Remove => {}
            // What comes in the place of a scope comes in one place only.
            Verdict::Narrow | Verdict::Undetermined => return false,
            Verdict::Keep | Verdict::Unobservable => {
                if !vias.iter().any(|via| stays(&via)) {
                    return false;
                }
                kept += 1;
            }
        }
    }
    // Where everything can go, the role's own rules decide.
    kept > 0
}
