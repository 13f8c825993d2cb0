//! The promises of the patch, on texts we thought of and on texts we did not.

mod across;
mod cloudformation_iam;
mod clouds;
mod described;
mod described_aliases;
mod described_elsewhere;
mod emptied;
mod entra;
mod examples;
mod formats;
mod git;
mod graph_requests;
mod infrastructure;
mod json_patches;
mod levels;
mod random;
mod rbac;
mod refusals;
mod tenants;
mod terraform;
mod terraform_directory;
mod terraform_iam;
mod terraform_kubernetes;

use super::*;

/// Reads one file from memory.
fn policy(text: &str, path: &str) -> Policy {
    let file = grants::read(Arc::from(text.as_bytes()), path).unwrap();
    Policy {
        files: vec![file],
        ..Policy::default()
    }
}

/// The entries that give one of these terms or roles.
fn giving(policy: &Policy, names: &[&str]) -> Vec<Removal> {
    let entries = policy.files[0].entries.iter().enumerate();
    entries
        .filter(|(_, entry)| match &entry.granted {
            Granted::Term(term) => names.contains(&term.as_str()),
            Granted::Role(role) => names.contains(&role.as_str()),
        })
        .map(|(entry, _)| Removal { file: 0, entry })
        .collect()
}

/// The text without these grants.
fn without(text: &str, file: &str, names: &[&str]) -> String {
    let policy = policy(text, file);
    let removals = giving(&policy, names);
    assert!(removals.len() >= names.len(), "every name is granted");
    let patch = plan(&policy, &removals, &[]).unwrap();
    String::from_utf8(patch.files[0].new.clone()).unwrap()
}

/// The text with one grant replaced.
fn narrowed(text: &str, file: &str, name: &str, with: &[&str]) -> Result<String, PatchError> {
    let policy = policy(text, file);
    let entry = giving(&policy, &[name])[0].entry;
    let with = with.iter().map(|term| Term::new(term)).collect();
    let patch = plan(
        &policy,
        &[],
        &[Replacement {
            file: 0,
            entry,
            with,
        }],
    )?;
    Ok(String::from_utf8(patch.files[0].new.clone()).unwrap())
}

/// Writes a file before and after its edit to the folder in `SCOPETRIM_EDITED`, where that is set,
/// for `tests/outside/check.py`.
fn leave_for_judges(name: &str, old: &str, edited: &FilePatch) {
    let Some(folder) = std::env::var_os("SCOPETRIM_EDITED").map(std::path::PathBuf::from) else {
        return;
    };
    let key = ContentDigest::of(&[old.as_bytes(), &edited.new].concat());
    let ending = name.rsplit('.').next().unwrap_or_default();
    for (when, bytes) in [("old", old.as_bytes()), ("new", &edited.new)] {
        std::fs::write(folder.join(format!("{key}.{when}.{ending}")), bytes).unwrap();
    }
}
