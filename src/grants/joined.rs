//! Policy files become one policy: roles and members of different files find each other.
//!
//! Invariants:
//! * a role that no file defines is an error, or a warning where a format has roles that no
//!   file need define: what such a role grants is not known, so it is kept;
//! * a role that the file of its member does not define, and several others do, is an error;
//! * where grants are for some resources or under conditions, none of them stands in for a part
//!   of the same in another file: such grants are not edited.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::overlap::meet;
use super::{GrantError, error};
use crate::model::words::plural;
use crate::model::{
    ClientName, Entry, Granted, Membership, Policy, RoleName, Scope, Subject, Term, Via, Warning,
};

/// Whether the files are one policy; called once, after all of them are read.
pub(crate) fn join(policy: &mut Policy) -> Result<(), GrantError> {
    let mut unknown: BTreeMap<(usize, &RoleName), Vec<(&Entry, &ClientName)>> = BTreeMap::new();
    let roles = policy.roles();
    for (index, file) in policy.files.iter().enumerate() {
        for entry in &file.entries {
            let Granted::Role(role) = &entry.granted else {
                continue;
            };
            let files = roles.files(role);
            if files.contains(&index) || files.len() == 1 {
                continue;
            }
            if let [first, second, ..] = files {
                let path = |file: &usize| Arc::clone(&policy.files[*file].path);
                return Err(GrantError::AmbiguousRole {
                    place: entry.place.clone(),
                    client: match &entry.subject {
                        Subject::Client(client) => client.to_string(),
                        Subject::Role(group) => group.to_string(),
                    },
                    role: role.to_string(),
                    first: path(first),
                    second: path(second),
                });
            }
            let Subject::Client(client) = &entry.subject else {
                continue;
            };
            if !super::may_define_roles_elsewhere(file) {
                return Err(undefined(policy, (entry, client, role)));
            }
            let members = unknown.entry((index, role)).or_default();
            members.push((entry, client));
        }
    }
    let warnings: Vec<(usize, Warning)> = unknown
        .into_iter()
        .filter_map(|((file, role), members)| {
            let (entry, client) = members.first()?;
            let others = match members.len() - 1 {
                0 => String::new(),
                more => format!(" and {} more", plural(more as u64, "member")),
            };
            let text = format!(
                "no policy file defines role `{role}` of client `{client}`{others}: what it grants is not known, so it is kept"
            );
            let warning = Warning::new("undefined-role", text).at(entry.place.clone());
            Some((file, warning))
        })
        .collect();
    for (file, warning) in warnings {
        policy.files[file].warnings.push(warning);
    }
    freeze_parts(policy);
    Ok(())
}

/// Why a grant is not edited of which another file gives its client a part.
const IN_ANOTHER_FILE: &str = "another policy file gives the client a part of the same, for other resources or under other conditions, so which of them a request needed is not known";

/// Whether an entry of a file that was read again alone can be edited as before: what only the
/// other files forbid is not known there.
pub(crate) fn as_editable(before: &Entry, again: &Entry) -> bool {
    before.frozen == again.frozen
        || before.frozen.as_deref() == Some(IN_ANOTHER_FILE) && again.frozen.is_none()
}

/// Freezes grants of which another file gives the same client a part.
fn freeze_parts(policy: &mut Policy) {
    for (file, entry) in parts(policy) {
        if let Some(entry) = policy.files[file].entries.get_mut(entry) {
            entry
                .frozen
                .get_or_insert_with(|| IN_ANOTHER_FILE.to_owned());
        }
    }
}

/// The entries of such grants, by file.
fn parts(policy: &Policy) -> BTreeSet<(usize, usize)> {
    let mut frozen = BTreeSet::new();
    let in_parts = |file: &usize| super::is_for_some_resources(&policy.files[*file]);
    if (0..policy.files.len()).filter(in_parts).count() < 2 {
        return frozen;
    }
    for held in policy.holdings().values() {
        let all = held.iter().flat_map(|(term, vias)| {
            let vias = vias.iter().filter(|via| in_parts(&via.file));
            vias.map(move |via| (term, via, opens(policy, term, via)))
        });
        let all: Vec<(&Term, &Via, Vec<&str>)> = all.collect();
        let is_wide = |text: &str| text.contains(['*', '?']);
        // What one file gives by itself was looked at when it was read.
        let through = |via: &Via| via.role.as_ref().is_some_and(|held| held.file != via.file);
        for (term, via, patterns) in &all {
            for pattern in patterns {
                // What is no pattern is a part of another name only where it is the same name.
                let part = |text: &&str| {
                    if is_wide(pattern) {
                        meet(pattern, text)
                    } else {
                        pattern.eq_ignore_ascii_case(text)
                    }
                };
                let parts = all.iter().filter(|(other, second, texts)| {
                    let apart = second.file != via.file || through(second) || through(via);
                    apart && other != term && texts.iter().any(part)
                });
                for via in parts.flat_map(|(_, part, _)| [*via, *part]) {
                    frozen.insert((via.file, via.entry));
                    frozen.extend(via.role.as_ref().map(Membership::place));
                }
            }
        }
    }
    frozen
}

/// What a held term is for: itself, or what its file says that it opens.
fn opens<'p>(policy: &'p Policy, term: &'p Term, via: &Via) -> Vec<&'p str> {
    let ladders = &policy.files[via.file].ladders;
    match ladders.get(&Scope::new(term.as_str())) {
        Some(opened) => opened.iter().map(Scope::as_str).collect(),
        None => vec![term.as_str()],
    }
}

fn undefined(
    policy: &Policy,
    (entry, client, role): (&Entry, &ClientName, &RoleName),
) -> GrantError {
    let defined = policy.files.iter().flat_map(|file| file.roles.keys());
    GrantError::UndefinedRole {
        place: entry.place.clone(),
        client: client.to_string(),
        role: role.to_string(),
        similar: error::similar(role.as_str(), defined.map(RoleName::as_str)),
    }
}
