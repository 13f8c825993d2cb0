//! Names that do not meet: scopes that nobody asks for, clients that nobody names.

use std::collections::{BTreeMap, BTreeSet};

use super::pipeline::{LoadedUsage, Routes};
use super::settings::Settings;
use crate::analysis::ClientAnalysis;
use crate::event::secret;
use crate::model::words::closest;
use crate::model::{
    ClientName, Granted, Operation, Place, Policy, Scope, Semantics, Subject, Term, Warning,
};
use crate::usage::PossibleNeeds;

/// Scopes that no operation asks for: often a typing error. Where many of them are scopes
/// of the catalogue except for one prefix, that is said once.
pub(crate) fn unknown_scopes(
    policy: &Policy,
    routes: &Routes,
    semantics: &Semantics,
    settings: &Settings,
) -> Vec<Warning> {
    let mut known = routes.catalog.required_scopes();
    known.extend(routes.catalog.declared.iter().cloned());
    let mut unknown: Vec<(&Term, &Place)> = Vec::new();
    let mut some_met = false;
    for entry in policy.files.iter().flat_map(|file| &file.entries) {
        let Granted::Term(term) = &entry.granted else {
            continue;
        };
        let mut protocol = settings.protocol.iter();
        if protocol.any(|scope| scope.as_str() == term.as_str()) {
            continue;
        }
        if semantics.expand(term, &known).is_empty() {
            unknown.push((term, &entry.place));
        } else {
            some_met = true;
        }
    }
    let mut warnings = Vec::new();
    let prefixes = missing_prefixes(&unknown, &known);
    // Where other names do match, one name alone makes no rule.
    for (prefix, terms) in prefixes
        .iter()
        .filter(|(_, terms)| !some_met || terms.len() > 1)
    {
        let Some((first, place)) = unknown.iter().find(|(term, _)| terms.contains(term)) else {
            continue;
        };
        let asked = prefix.asked(first.as_str());
        let (text, one, many, other) = match prefix {
            Prefix::OfPolicy(text) => (text, "begins with", "begin with", "do not"),
            Prefix::OfCatalog(text) => (text, "lacks the prefix", "lack the prefix", "have it"),
        };
        let whose = match terms.len() {
            1 => format!("1 granted name {one}"),
            count => format!("{count} granted names {many}"),
        };
        let message = format!(
            "{whose} `{text}`, and the catalogue's scopes {other}: `{first}` is granted and `{asked}` is asked for, so no request can show its use; where the two mean the same, say so for each in a routes.yaml that is named as a further --catalog: `implies: {{\"{first}\": \"{asked}\"}}` and `routes: {{}}`"
        );
        warnings.push(Warning::new("scope-prefix", message).at((*place).clone()));
        unknown.retain(|(term, _)| !terms.contains(term));
    }
    for (term, place) in unknown {
        let close = closest(term.as_str(), known.iter().map(Scope::as_str));
        let hint = close
            .map(|close| format!(": did you mean `{close}`?"))
            .unwrap_or_default();
        let text =
            format!("`{term}` is granted, but no operation of the catalogue asks for it{hint}");
        warnings.push(Warning::new("unknown-scope", text).at(place.clone()));
    }
    warnings
}

/// The prefix that the names of one side have and those of the other do not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Prefix {
    OfPolicy(String),
    OfCatalog(String),
}

impl Prefix {
    /// The catalogue's name for a granted one.
    fn asked(&self, term: &str) -> String {
        match self {
            Self::OfPolicy(text) => term.strip_prefix(text.as_str()).unwrap_or(term).to_owned(),
            Self::OfCatalog(text) => format!("{text}{term}"),
        }
    }
}

/// The names that are scopes of the catalogue except for a prefix, each under one prefix; the
/// prefix of most names comes first.
fn missing_prefixes<'t>(
    unknown: &[(&'t Term, &Place)],
    known: &BTreeSet<Scope>,
) -> Vec<(Prefix, BTreeSet<&'t Term>)> {
    // What follows a delimiter, and where that begins.
    let endings = |text: &'_ str| -> Vec<usize> {
        let delimiters = text.match_indices([':', '/', '.', '#', '|', '_', '-']);
        let ends = delimiters.map(|(at, delimiter)| at + delimiter.len());
        ends.filter(|at| *at < text.len()).collect()
    };
    let mut of_catalog: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for scope in known.iter().map(Scope::as_str) {
        for at in endings(scope) {
            of_catalog
                .entry(&scope[at..])
                .or_default()
                .insert(&scope[..at]);
        }
    }
    let mut groups: BTreeMap<Prefix, BTreeSet<&Term>> = BTreeMap::new();
    for (term, _) in unknown {
        let text = term.as_str();
        let cuts = endings(text)
            .into_iter()
            .filter(|at| known.contains(&text[*at..]));
        let prefixes = cuts.map(|at| Prefix::OfPolicy(text[..at].to_owned()));
        let other = of_catalog.get(text).into_iter().flatten();
        let other = other.map(|prefix| Prefix::OfCatalog((*prefix).to_owned()));
        for prefix in prefixes.chain(other) {
            groups.entry(prefix).or_default().insert(*term);
        }
    }
    let mut found = Vec::new();
    while let Some((prefix, terms)) = groups
        .iter()
        .max_by(|(a, terms), (b, other)| terms.len().cmp(&other.len()).then_with(|| b.cmp(a)))
        .filter(|(_, terms)| !terms.is_empty())
        .map(|(prefix, terms)| (prefix.clone(), terms.clone()))
    {
        for terms_of in groups.values_mut() {
            terms_of.retain(|term| !terms.contains(term));
        }
        found.push((prefix, terms));
    }
    found
}

/// What the configuration says about something that does not exist: a typing error in it
/// removes the protection that its author counts on.
pub(crate) fn unmet(policy: &Policy, routes: &Routes, settings: &Settings) -> Vec<Warning> {
    use crate::model::ScopeMatch::Glob;

    let operations = &routes.catalog.operations;
    let labels: Vec<String> = operations.iter().map(Operation::label).collect();
    let on_operation = |pattern: &str| labels.iter().any(|label| Glob.covers(pattern, label));
    let mut warnings = Vec::new();
    let clients = policy.clients();
    warnings.extend(named_by_secrets(policy));
    for (log, policy_name) in &settings.aliases {
        let log = secret::conceal(log, &settings.hash_key);
        let (log, policy) = (
            String::from_utf8_lossy(&log),
            String::from_utf8_lossy(policy_name),
        );
        if !clients.contains(&*policy) {
            let close = closest(&policy, clients.iter().map(ClientName::as_str));
            let hint = close.map_or_else(String::new, |close| format!(": did you mean `{close}`?"));
            warnings.push(Warning::new(
                "unmet-alias",
                format!("alias `{log}` = `{policy}`: no policy file names that client{hint}"),
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
    for pattern in &settings.needs {
        if !terms.iter().any(|term| Glob.covers(pattern, term)) && !on_operation(pattern) {
            warnings.push(Warning::new(
                "unmet-need",
                format!(
                    "`{pattern}` under `needs` is neither a held term nor an operation of the catalogue"
                ),
            ));
        }
    }
    for rule in &settings.weights {
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
            let text = "a client is named by something that looks like a token, a key or a password, and every output \
                        shows it: give the client a name, and join the two under [aliases]";
            Warning::new("secret-in-policy", text).at(entry.place.clone())
        })
    })
}

/// When most requests match nothing, paths do not begin where the descriptions say.
pub(crate) fn few_match(clients: &[ClientAnalysis]) -> Option<Warning> {
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

/// Names in the log that differ from one of the policy only in case or whitespace.
pub(crate) fn alike(possible: &PossibleNeeds) -> impl Iterator<Item = Warning> {
    possible.alike.iter().flat_map(|(client, names)| {
        names.iter().map(move |name| {
            let text = format!(
                "`{name}` in the log differs from `{client}` in the policy only in case or whitespace, and what it used may be that client's need: if the two are one, join them with --alias '{name}={client}', or under [aliases]"
            );
            Warning::new("alike-name", text)
        })
    })
}

/// Clients that call and that no policy names, most requests first.
pub(crate) fn only_in_log(policy: &Policy, read: &LoadedUsage) -> Vec<(String, u64)> {
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
