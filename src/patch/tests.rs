//! The promises of the patch, on texts we thought of and on texts we did not.

mod examples;
mod git;
mod random;
mod refusals;

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
