//! The policy files of a run, as they are or as they were, and the rule that they state.

use std::collections::BTreeMap;

use super::Advised;
use super::git_history;
use super::pipeline::Routes;
use super::settings::Settings;
use crate::grants;
use crate::input;
use crate::model::{ClientName, Policy, PolicyFile, ScopeMatch, Semantics};

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
        let policy = git_history::policy_at(names, day, &settings.formats)?;
        return checked(policy, settings);
    }
    load_today(names, settings)
}

/// The policy with what the settings say about it.
fn checked(mut policy: Policy, settings: &Settings) -> anyhow::Result<Policy> {
    policy.audience = settings.audience.as_deref().map(std::sync::Arc::from);
    let stated = policy.files.iter().filter_map(|file| file.matching);
    let mut rules = settings.matching.into_iter().chain(stated);
    let implied = policy.files.iter().any(|file| !file.implies.is_empty());
    let opens_others = implied || rules.any(|rule| rule != ScopeMatch::Exact);
    let Some(parts) = policy.files.iter().find(|file| file.in_parts) else {
        return Ok(policy);
    };
    if !opens_others {
        return Ok(policy);
    }
    let widens = |file: &&PolicyFile| {
        !file.implies.is_empty() || file.matching.is_some_and(|rule| rule != ScopeMatch::Exact)
    };
    let wide = policy.files.iter().find(widens);
    let why = format!(
        "{}: a grant of Kubernetes holds in its namespace, so none stands in for another one",
        parts.path
    );
    Err(match wide {
        Some(other) if other.path == parts.path => Advised::new(
            format!(
                "{why}; other grants of the same file do, such as actions of AWS with wildcards"
            ),
            "move the roles of Kubernetes into a file of their own next to it, and analyse each file by itself: the directory is read all the same",
        ),
        Some(other) => Advised::new(
            format!("{why}; in {} they do", other.path),
            "analyse the files of Kubernetes in one run and the others in another, each with --grants",
        ),
        None => Advised::new(
            why,
            "leave `match` and `implies` out, or analyse these files alone",
        ),
    })
}

/// The same, whatever day the policy is asked for.
pub(crate) fn load_today(names: &[String], settings: &Settings) -> anyhow::Result<Policy> {
    let files: Vec<(std::path::PathBuf, String)> = names
        .iter()
        .map(|name| (std::path::PathBuf::from(name), name.clone()))
        .collect();
    let policy = settings
        .formats
        .load(&files)
        .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    checked(policy, settings)
}

/// What is proposed for those of these files that no format reads: the TOML text, and whether
/// a description is in it.
pub(crate) fn proposals(names: &[String], settings: &Settings) -> Vec<(String, bool)> {
    let mut texts = Vec::new();
    for name in names {
        let alone = [(std::path::PathBuf::from(name), name.clone())];
        if settings.formats.load(&alone).is_ok() {
            continue;
        }
        let Ok(bytes) = input::read_regular(std::path::Path::new(name), grants::MAX_BYTES) else {
            continue;
        };
        let proposed = grants::propose(&std::sync::Arc::from(bytes), name);
        if !matches!(proposed, grants::Proposed::Nothing) {
            let found = matches!(proposed, grants::Proposed::One(_));
            texts.push((grants::proposal_text(&[name], &proposed), found));
        }
    }
    texts
}

/// Reads the policy files, and adds the other names that they give their clients to the names
/// of the log that the settings state.
///
/// A name that means two clients is refused: one of them would look silent.
pub(crate) fn policy_and_names(settings: &mut Settings) -> anyhow::Result<Policy> {
    let policy = policy(settings)?;
    let clients = policy.clients();
    let mut names: BTreeMap<Vec<u8>, &ClientName> = BTreeMap::new();
    for (alias, client) in policy.files.iter().flat_map(|file| &file.aliases) {
        let logged = alias.clone().into_bytes();
        if settings.aliases.contains_key(&logged) {
            continue;
        }
        let called = clients.get(&ClientName::new(alias));
        let known = names.insert(logged, client);
        if let Some(other) = called.or(known).filter(|other| *other != client) {
            return Err(Advised::new(
                format!(
                    "`{alias}` is another name of client `{client}`, and a name of client `{other}` in the policy files"
                ),
                "say under [aliases] in scopetrim.toml whom the logs mean by it",
            ));
        }
    }
    let names = names.into_iter();
    let names = names.map(|(alias, client)| (alias, client.as_str().as_bytes().to_vec()));
    settings.aliases.extend(names);
    Ok(policy)
}

/// The enforcer's rule: flag or configuration, else what the policy file states.
pub(crate) fn semantics(settings: &Settings, policy: &Policy, routes: &Routes) -> Semantics {
    let stated = policy.files.iter().find_map(|file| file.matching);
    let mut implies = routes.catalog.implies.clone();
    let stated_rules = policy
        .files
        .iter()
        .flat_map(|file| file.implies.iter().chain(&file.ladders));
    for (scope, implied) in stated_rules {
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
