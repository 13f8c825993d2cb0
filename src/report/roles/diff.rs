//! What stands above the diff that brings roles into a policy file.
//!
//! In: what the edit made of the policy. Out: one line for each role and each client of which something
//! changes, what is left as it is, and the proof. Every line starts with `# `, so that `git apply` skips
//! it, whatever the names are.

use std::collections::{BTreeMap, BTreeSet};

use super::some;
use crate::analysis::role_mining::{ExistingRole, RoleProposal};
use crate::model::words::plural;
use crate::model::{ClientName, Policy, RoleName, Term};
use crate::patch::roles::{RolesPatch, size};
use crate::report::difftext;

/// What the edit does, what it leaves and what proves it.
pub(crate) fn head(
    (found, policy): (&RoleProposal, &Policy),
    patch: &RolesPatch,
    width: usize,
) -> String {
    let incomplete = found.incomplete.iter();
    let mut texts: Vec<String> = incomplete
        .map(|text| format!("incomplete: {text}"))
        .collect();
    if patch.files.is_empty() {
        texts.push(
            "nothing to change: the policy gives exactly this already, and no simpler than with the roles that it has"
                .to_owned(),
        );
    }
    roles(policy, &patch.after, &mut texts);
    losses(policy, &patch.after, &mut texts);
    for (client, refusal) in &patch.left {
        texts.push(format!("{client} is left as it is: {refusal}"));
    }
    if !patch.direct.is_empty() {
        texts.push(format!(
            "not written, as they are no gain over direct grants (few have them, they give one term, or comments hold the grants): {}",
            some(patch.direct.iter())
        ));
    }
    if patch.beside > 0 {
        texts.push(format!(
            "{} beside a role that gives the same, for a comment, a date or an exception of its own",
            match patch.beside {
                1 => "1 direct grant stays".to_owned(),
                count => format!("{count} direct grants stay"),
            }
        ));
    }
    if !patch.files.is_empty() {
        let others = if patch.left.is_empty() {
            "its"
        } else {
            "all other"
        };
        texts.push(format!(
            "proof: the edit was read again, and {others} {} hold exactly what the proposal gives them; for the same needs, nothing more is proposed",
            plural((found.clients - patch.left.len().min(found.clients)) as u64, "client")
        ));
        texts.push(sizes(policy, &patch.after));
    }
    let lines = texts
        .iter()
        .map(|text| difftext::wrapped("# ", text, width));
    lines.collect()
}

/// How much larger the diff makes the policy, in words; nothing where it does not.
pub(crate) fn larger(policy: &Policy, patch: &RolesPatch) -> Option<String> {
    let (before, after) = (size(policy), size(&patch.after));
    (after > before).then(|| {
        format!(
            "the diff makes the policy larger: {}",
            sizes(policy, &patch.after)
        )
    })
}

fn sizes(before: &Policy, after: &Policy) -> String {
    format!(
        "roles, memberships, terms of roles and direct grants of the policy: {} before, {} after",
        size(before),
        size(after)
    )
}

/// What became of each role.
fn roles(before: &Policy, after: &Policy, texts: &mut Vec<String>) {
    let before: BTreeMap<RoleName, ExistingRole> = by_name(before);
    for (name, role) in by_name(after) {
        let members = |count: usize| plural(count as u64, "member");
        let Some(old) = before.get(&name) else {
            texts.push(format!(
                "{name} is new: {}, {}",
                members(role.members.len()),
                plural(role.terms.len() as u64, "term")
            ));
            continue;
        };
        let mut parts = Vec::new();
        let gone: Vec<&Term> = old.terms.difference(&role.terms).collect();
        if !gone.is_empty() {
            parts.push(format!("no longer gives {}", some(gone.into_iter())));
        }
        let come = role.members.difference(&old.members).count();
        if come > 0 {
            parts.push(format!("gets {}", members(come)));
        }
        let left: Vec<&ClientName> = old.members.difference(&role.members).collect();
        if role.members.is_empty() && !left.is_empty() {
            parts.push("has no members any more, and stays in the file".to_owned());
        } else if !left.is_empty() {
            parts.push(format!("loses {}", some(left.into_iter())));
        }
        if !parts.is_empty() {
            texts.push(format!("{name} {}", parts.join(", ")));
        }
    }
}

fn by_name(policy: &Policy) -> BTreeMap<RoleName, ExistingRole> {
    let all = ExistingRole::all(policy).into_iter();
    all.map(|role| (role.name.clone(), role)).collect()
}

/// What each client no longer holds.
fn losses(before: &Policy, after: &Policy, texts: &mut Vec<String>) {
    let after = after.holdings();
    for (client, had) in before.holdings() {
        let has: BTreeSet<&Term> = after
            .get(&client)
            .into_iter()
            .flat_map(BTreeMap::keys)
            .collect();
        let gone: Vec<&Term> = had.keys().filter(|term| !has.contains(term)).collect();
        if !gone.is_empty() {
            texts.push(format!(
                "{client} no longer holds {}",
                some(gone.into_iter())
            ));
        }
    }
}
