//! The policy files of a run, as they are or as they were, and the rule that they state.

use super::Advised;
use super::git_history;
use super::pipeline::Routes;
use super::settings::Settings;
use crate::grants;
use crate::model::{Policy, Semantics};

/// Reads the policy files.
pub(crate) fn policy(settings: &Settings) -> anyhow::Result<Policy> {
    if settings.grants.is_empty() {
        return Err(Advised::new(
            "no policy file given",
            "name the file that says which client holds which scopes with --grants FILE",
        ));
    }
    load_policy(&settings.grants, settings)
}

/// Reads these policy files.
pub(crate) fn load_policy(names: &[String], settings: &Settings) -> anyhow::Result<Policy> {
    if let Some(day) = settings.grants_at {
        let mut policy = git_history::policy_at(names, day)?;
        policy.audience = settings.audience.as_deref().map(std::sync::Arc::from);
        return Ok(policy);
    }
    load_today(names, settings)
}

/// The same, whatever day the policy is asked for.
pub(crate) fn load_today(names: &[String], settings: &Settings) -> anyhow::Result<Policy> {
    let files: Vec<(std::path::PathBuf, String)> = names
        .iter()
        .map(|name| (std::path::PathBuf::from(name), name.clone()))
        .collect();
    let mut policy = grants::load(&files)
        .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    policy.audience = settings.audience.as_deref().map(std::sync::Arc::from);
    Ok(policy)
}

/// The enforcer's rule: flag or configuration, else what the policy file states.
pub(crate) fn semantics(settings: &Settings, policy: &Policy, routes: &Routes) -> Semantics {
    let stated = policy.files.iter().find_map(|file| file.matching);
    let mut implies = routes.catalog.implies.clone();
    for (scope, implied) in policy.files.iter().flat_map(|file| &file.implies) {
        implies
            .entry(scope.clone())
            .or_default()
            .extend(implied.iter().cloned());
    }
    Semantics {
        matching: settings
            .matching
            .or(stated)
            .or(routes.catalog.matching)
            .unwrap_or_default(),
        implies,
    }
}
