//! Names that do not meet: scopes that nobody asks for, clients that nobody names.

use std::collections::BTreeSet;

use super::pipeline::{Read, Routes};
use super::settings::Setup;
use super::suggest::closest;
use crate::analysis::ClientAnalysis;
use crate::event::secret;
use crate::model::{
    ClientName, Granted, Operation, Outcome, Policy, Requirement, Scope, Semantics, Subject,
    Warning,
};
use crate::usage::{DayRows, for_each_day};

/// Scopes that no operation asks for: often a typing error.
pub(super) fn unknown_scopes(
    policy: &Policy,
    routes: &Routes,
    semantics: &Semantics,
    setup: &Setup,
) -> Vec<Warning> {
    let mut known = routes.catalog.required_scopes();
    known.extend(routes.catalog.declared.iter().cloned());
    let mut warnings = Vec::new();
    for entry in policy.files.iter().flat_map(|file| &file.entries) {
        let Granted::Term(term) = &entry.granted else {
            continue;
        };
        let protocol = setup
            .protocol
            .iter()
            .any(|scope| scope.as_str() == term.as_str());
        if protocol || !semantics.expand(term, &known).is_empty() {
            continue;
        }
        let close = closest(term.as_str(), known.iter().map(Scope::as_str));
        let hint = close
            .map(|close| format!(": did you mean `{close}`?"))
            .unwrap_or_default();
        let text =
            format!("`{term}` is granted, but no operation of the catalogue asks for it{hint}");
        warnings.push(Warning::new("unknown-scope", text).at(entry.place.clone()));
    }
    warnings
}

/// What the configuration says of something that is not there: a typing error in it
/// takes away the protection that its author counts on.
pub(super) fn unmet(policy: &Policy, routes: &Routes, setup: &Setup) -> Vec<Warning> {
    use crate::model::ScopeMatch::Glob;

    let operations = &routes.catalog.operations;
    let labels: Vec<String> = operations.iter().map(Operation::label).collect();
    let on_operation = |pattern: &str| labels.iter().any(|label| Glob.covers(pattern, label));
    let mut warnings = Vec::new();
    let clients = policy.clients();
    warnings.extend(named_by_secrets(policy));
    for (log, own) in &setup.aliases {
        let log = secret::conceal(log, &setup.hash_key);
        let (log, own) = (String::from_utf8_lossy(&log), String::from_utf8_lossy(own));
        if !clients.contains(&*own) {
            let close = closest(&own, clients.iter().map(ClientName::as_str));
            let hint = close.map_or_else(String::new, |close| format!(": did you mean `{close}`?"));
            warnings.push(Warning::new(
                "unmet-alias",
                format!("alias `{log}` = `{own}`: no policy file names that client{hint}"),
            ));
        }
    }
    let terms: BTreeSet<&str> = policy
        .files
        .iter()
        .flat_map(|file| &file.entries)
        .filter_map(|entry| match &entry.granted {
            Granted::Term(term) => Some(term.as_str()),
            Granted::Role(_) => None,
        })
        .collect();
    for pattern in &setup.needs {
        if !terms.iter().any(|term| Glob.covers(pattern, term)) && !on_operation(pattern) {
            warnings.push(Warning::new(
                "unmet-need",
                format!(
                    "`{pattern}` under `needs` is neither a held term nor an operation of the catalogue"
                ),
            ));
        }
    }
    for rule in &setup.weights {
        let tagged = operations.iter().any(|op| op.tags.contains(&rule.matches));
        if !tagged && !on_operation(&rule.matches) {
            warnings.push(Warning::new(
                "unmet-weight",
                format!(
                    "`{}` under `weights` is neither an operation of the catalogue nor a tag",
                    rule.matches
                ),
            ));
        }
    }
    warnings
}

/// Clients that the policy names by a token or a key: every output names clients.
fn named_by_secrets(policy: &Policy) -> impl Iterator<Item = Warning> {
    let entries = policy.files.iter().flat_map(|file| &file.entries);
    let mut told = BTreeSet::new();
    entries.filter_map(move |entry| {
        let Subject::Client(name) = &entry.subject else {
            return None;
        };
        let new = secret::is_secret(name.as_str().as_bytes()) && told.insert(name);
        new.then(|| {
            let text = "a client is named by what has the shape of a token, a key or a password, and every output \
                        shows it: give the client a name, and join the two under [aliases]";
            Warning::new("secret-in-policy", text).at(entry.place.clone())
        })
    })
}

/// When most requests match nothing, paths do not begin where the descriptions say.
pub(super) fn few_match(clients: &[ClientAnalysis]) -> Option<Warning> {
    let requests: u64 = clients.iter().map(|client| client.requests).sum();
    let unmatched: u64 = clients.iter().map(|client| client.unmatched_requests).sum();
    (unmatched * 2 > requests).then(|| {
        Warning::new(
            "few-requests-match",
            format!(
                "{unmatched} of {requests} requests match no operation of the catalogue: where the log's paths begin otherwise than the description says, name that with --api-base (`/v2`, or `/` for nothing), and what the gateway puts before them with --base-path"
            ),
        )
    })
}

/// Requests without a client, in percent of those on operations that need a scope,
/// up to which they can be strangers trying doors.
const NAMELESS_PERCENT: u64 = 1;

/// Whether no caller in the log can be a client of the policy under another name: every
/// name that was served is one of the policy, and hardly any request on an operation
/// that needs a scope names no client.
pub(super) fn names_proven(policy: &Policy, read: &Read, routes: &Routes) -> anyhow::Result<bool> {
    let table = &read.collected.usage;
    let clients = policy.clients();
    let known: BTreeSet<u32> = clients
        .iter()
        .filter_map(|name| table.client(name.as_str()))
        .collect();
    if known.len() == clients.len() {
        // Everybody was seen: nobody is looked for.
        return Ok(true);
    }
    let needs_scope = |op: &usize| {
        let found = routes.catalog.operations.get(*op);
        let asks = |own: &Requirement| !own.is_open() && *own != Requirement::Unspecified;
        found.is_some_and(|own| asks(&own.requirement))
    };
    let restricted: Vec<bool> = table
        .routes
        .iter()
        .map(|route| route.operations.iter().any(needs_scope))
        .collect();
    let count = |rows: DayRows| {
        let (mut strangers, mut nameless, mut all) = (false, 0_u64, 0_u64);
        rows.for_each(|row| {
            let nobody = row.outcome == Outcome::Unauthenticated;
            strangers |= row.outcome.is_need() && !nobody && !known.contains(&row.client);
            if restricted.get(row.route as usize) == Some(&true) {
                all += row.count;
                nameless += if nobody { row.count } else { 0 };
            }
        });
        (strangers, nameless, all)
    };
    let (mut strangers, mut nameless, mut all) = (false, 0, 0);
    for_each_day(table, count, |(own, without, requests)| {
        strangers |= own;
        nameless += without;
        all += requests;
        Ok::<(), anyhow::Error>(())
    })?;
    Ok(!strangers && nameless * 100 <= all * NAMELESS_PERCENT)
}

/// Clients that call and that no policy names, most requests first.
pub(super) fn only_in_log(policy: &Policy, read: &Read) -> Vec<(String, u64)> {
    let known = policy.clients();
    let mut list: Vec<(String, u64)> = read
        .collected
        .usage
        .requests_by_client()
        .into_iter()
        .filter(|(name, _)| !name.is_empty() && !known.contains(name.as_str()))
        .collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    list
}
