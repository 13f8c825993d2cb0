//! One run looks at one API.
//!
//! One scope name of two audiences is two permissions (RFC 8707), and a log line
//! does not say which of them it used. So a policy for several APIs is only
//! judged when the user says which one the logs and the catalogue are of.

use super::Advised;
use crate::model::words::first;
use crate::model::{Policy, Warning};

/// Audiences named in the sentence.
const SHOWN: usize = 5;

/// Refuses to guess between audiences; says how many grants are not looked at.
pub(crate) fn check(policy: &Policy) -> anyhow::Result<Option<Warning>> {
    let all = policy.audiences();
    let names: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
    let listed = first(&names, SHOWN);
    match policy.audience.as_deref() {
        None if all.len() > 1 => Err(Advised::new(
            format!(
                "the policy files grant for {} audiences: {listed}",
                all.len()
            ),
            "one scope name of two audiences is two permissions; say which one these logs and this catalogue are of with --audience",
        )),
        Some(audience) if !all.is_empty() && !all.contains(audience) => Err(Advised::new(
            format!("no grant is for the audience `{audience}`"),
            format!("the policy files name {listed}"),
        )),
        _ => {
            let entries = policy.files.iter().flat_map(|file| &file.entries);
            let count = entries.filter(|entry| policy.is_elsewhere(entry)).count();
            let text = format!(
                "{} for another audience: what is there stays and was not looked at",
                match count {
                    1 => "1 grant is".to_owned(),
                    count => format!("{count} grants are"),
                }
            );
            Ok((count > 0).then(|| Warning::new("other-audience", text)))
        }
    }
}
