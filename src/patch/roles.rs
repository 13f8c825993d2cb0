//! Proposed roles become new bytes of the policy file, a diff and its undo, and prove themselves.
//!
//! In: the policy as read, what each client is to hold, and somebody who proposes roles. Out: the edit of
//! the file that gives exactly this, or the reason why there is none.
//!
//! Invariants:
//! * the new bytes are read again, and every client holds what it is to hold, not a term more or
//!   less; nobody holds what it did not hold before, and what one may only request is not issued to it;
//! * what was not planned to go or to come reads as before, in its order;
//! * the same asked of the result changes nothing: roles are proposed for it, too, and an edit that
//!   takes nothing away is made only where it makes the policy simpler;
//! * a new role is written where at least two clients get it and it has at least two terms: any other
//!   is no gain over direct grants;
//! * a grant with a comment, a date of its own, a reviewed exception or bytes that others share stays
//!   where it is, beside a role that gives the same. A client whose place cannot be written is left as it is;
//! * a role that nobody has any more stays in the file: what its comments say is not for a program to drop.

mod plan;
mod proof;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp};

use super::bytes::{self, applied, written};
use super::unified::{self, Block};
use super::{FilePatch, PatchError};
use crate::analysis::role_mining::{Aim, Needs, ProposedRole};
use crate::grants::{self, GrantError, Refusal, RoleEdits};
use crate::model::{ClientName, Granted, Policy, RoleName, Subject, Via};
use plan::Plan;

/// Who proposes roles for a policy in which each client needs so much.
pub(crate) type Proposer<'p> = &'p dyn Fn(&Policy, &Needs) -> Vec<ProposedRole>;

/// The edit that brings roles into a policy.
#[derive(Debug)]
pub(crate) struct RolesPatch {
    /// The changed files; none where everything is as it is to be.
    pub(crate) files: Vec<FilePatch>,
    /// The policy after the edit.
    pub(crate) after: Policy,
    /// Clients that are left as they are, and why.
    pub(crate) left: BTreeMap<ClientName, Refusal>,
    /// Proposed roles that are not written: what they give stays granted directly.
    pub(crate) direct: Vec<RoleName>,
    /// Direct grants that stay beside a role which gives the same.
    pub(crate) beside: usize,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RolesRefused {
    /// A name is of two roles.
    #[error("role `{0}` is defined in two files")]
    Twice(RoleName),
    /// The files are no policy any more.
    #[error(transparent)]
    Apart(#[from] GrantError),
    /// A place cannot be edited.
    #[error("{} cannot be edited: {}", .0.place, .0.reason)]
    Place(#[from] Refusal),
    /// Somebody would hold something else than it is to.
    #[error("the edited files are not exactly the proposal: {0}")]
    Holdings(String),
    /// The bytes do not come out right.
    #[error(transparent)]
    Patch(#[from] PatchError),
}

/// Makes the edit, and proves it. `wanted` is what each client is to hold.
pub(crate) fn roles(
    policy: &Policy,
    wanted: &Needs,
    (aim, propose): (Aim, Proposer<'_>),
) -> Result<RolesPatch, RolesRefused> {
    let mut names: BTreeSet<&RoleName> = BTreeSet::new();
    let mut defined = policy.files.iter().flat_map(|file| file.roles.keys());
    if let Some(twice) = defined.find(|name| !names.insert(name)) {
        return Err(RolesRefused::Twice(twice.clone()));
    }
    let mut now = policy.clone();
    // Every edit takes something away or makes the policy simpler, so this ends.
    let (last, proposed) = loop {
        let proposed = propose(&now, wanted);
        let edits: Result<Vec<_>, _> = now.files.iter().map(RoleEdits::of).collect();
        let plan = plan::plan(&now, &proposed, wanted, &edits?)?;
        if plan.is_empty() {
            break (plan, proposed);
        }
        let next = edited(&now, &plan)?;
        if weight(&next, aim) >= weight(&now, aim) {
            break (plan, proposed);
        }
        now = next;
    };
    if let Err(difference) = proof::holdings(policy, &now, (wanted, &last.left)) {
        return Err(RolesRefused::Holdings(difference));
    }
    let mut files = Vec::new();
    for (at, (old, new)) in policy.files.iter().zip(&now.files).enumerate() {
        if old.bytes != new.bytes {
            let blocks = blocks(bytes::text(old)?, bytes::text(new)?);
            files.push(written(at, old, new.clone(), &blocks)?);
        }
    }
    let written = |name: &RoleName| now.files.iter().any(|file| file.roles.contains_key(name));
    let direct = proposed.into_iter().map(|role| role.name);
    Ok(RolesPatch {
        files,
        direct: direct.filter(|name| !written(name)).collect(),
        beside: beside(&now),
        after: now,
        left: last.left,
    })
}

/// Direct grants of what a role of the same client gives.
fn beside(policy: &Policy) -> usize {
    let issued = |via: &&Via| {
        let entry = policy.entry((via.file, via.entry));
        via.role.is_none() && entry.is_some_and(|entry| !entry.optional)
    };
    let holdings = policy.holdings();
    let held = holdings.values().flat_map(BTreeMap::values);
    let both = held.filter(|vias| vias.iter().any(|via| via.role.is_some()));
    both.map(|vias| vias.iter().filter(issued).count()).sum()
}

/// How many roles, memberships, terms of roles and direct grants a policy has.
pub(crate) fn size(policy: &Policy) -> usize {
    let sizes = policy.files.iter();
    sizes
        .map(|file| file.roles.len() + file.entries.len())
        .sum()
}

/// What is given, and how simply: as roles are mined, what a client is given directly is a role of its
/// own. What nobody has weighs nothing.
fn weight(policy: &Policy, aim: Aim) -> (usize, usize, usize) {
    let held: usize = policy.holdings().values().map(BTreeMap::len).sum();
    let (mut roles, mut entries) = (BTreeSet::new(), 0);
    let all = policy.files.iter().flat_map(|file| &file.entries);
    for entry in all.clone() {
        if let (Subject::Client(_), Granted::Role(role)) = (&entry.subject, &entry.granted) {
            roles.insert(role);
        }
    }
    let mut own: BTreeSet<&ClientName> = BTreeSet::new();
    for entry in all {
        entries += match (&entry.subject, &entry.granted) {
            (Subject::Role(role), _) => usize::from(roles.contains(role)),
            (Subject::Client(client), Granted::Term(_)) => {
                // The role, and its membership.
                1 + if own.insert(client) { 2 } else { 0 }
            }
            (Subject::Client(_), Granted::Role(_)) => 1,
        };
    }
    let count = roles.len() + own.len();
    let first = match aim {
        Aim::Complexity => 0,
        Aim::Roles => count,
    };
    (held, first, roles.len() + entries)
}

/// The policy after the plan, its files read again and compared with it.
fn edited(policy: &Policy, plan: &Plan) -> Result<Policy, RolesRefused> {
    let mut after = policy.clone();
    for ((file, plan), new) in policy.files.iter().zip(&plan.files).zip(&mut after.files) {
        if plan.edits.is_empty() {
            continue;
        }
        let (_, reread) = applied(file, bytes::text(file)?, plan.edits.clone())?;
        let wrong = |difference| PatchError::wrong(file, difference);
        proof::entries(file, &reread, plan).map_err(wrong)?;
        *new = reread;
    }
    grants::join(&mut after)?;
    Ok(after)
}

/// Which lines became which.
fn blocks(old: &str, new: &str) -> Vec<Block> {
    let (old, new) = (unified::lines(old), unified::lines(new));
    let changed = similar::capture_diff_slices(Algorithm::Myers, &old, &new).into_iter();
    let changed = changed.filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changed.map(|op| (op.old_range(), op.new_range())).collect()
}
