//! Whether the clients of the policy are those of the logs.

use std::collections::BTreeSet;

use super::Advised;
use super::pipeline::LoadedUsage;
use crate::grants;
use crate::model::Policy;

/// When no name of the policy appears in the log, the names do not match, and
/// everything would look unused.
///
/// Where a file forgets clients that hold nothing, a diff may have removed everybody who
/// calls: then nothing is known about the others, which is reported and is not an error.
pub(crate) fn check_joined(
    policy: &Policy,
    read: &LoadedUsage,
    joined: bool,
) -> anyhow::Result<Option<String>> {
    if joined || policy.clients().is_empty() {
        return Ok(None);
    }
    let table = &read.collected.usage;
    let in_log: Vec<&str> = table
        .clients
        .iter()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .take(5)
        .collect();
    let in_policy: Vec<String> = policy
        .clients()
        .iter()
        .take(5)
        .map(ToString::to_string)
        .collect();
    if in_log.is_empty() {
        let help: Vec<&str> = read
            .formats
            .iter()
            .flatten()
            .map(|opened| opened.format.identity_help())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        return Err(Advised::new(
            "the log lines name no client, so nothing can be said about anybody's grants",
            format!("make the gateway log who calls:\n{}", help.join("\n")),
        ));
    }
    let help = format!(
        "the logs name {}; the policy names {}; join them with --alias LOG=POLICY, or under [aliases] in scopetrim.toml",
        in_log.join(", "),
        in_policy.join(", ")
    );
    if policy.files.iter().all(grants::forgets_clients) {
        return Ok(Some(format!(
            "no client of the policy appears in the logs, so nothing can be said about it: who calls holds nothing any more, or the names do not match ({help})"
        )));
    }
    Err(Advised::new(
        "no client of the policy appears in the logs: the names do not match",
        help,
    ))
}
