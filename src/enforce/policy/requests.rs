//! Requests that show whether a gateway decides as the model does: plain ones, and those that
//! servers are known to read in different ways.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{METHODS, Model};
use crate::enforce::boundary::NOBODY;

/// As many requests as a reader of a failed test can bear.
const SHOWN: usize = 2_000;

/// A request and the model's decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The caller's name, if it has one.
    pub client: Option<String>,
    /// The policy has a client of this name.
    pub in_policy: bool,
    /// Its method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The model lets it through.
    pub allowed: bool,
}

impl Request {
    /// Who asks, in words.
    pub(crate) fn caller(&self) -> &str {
        match self.client.as_deref() {
            None => "a caller without a name",
            Some("") => "a caller with an empty name",
            Some(name) => name,
        }
    }

    /// Who asks, and what has to become of it.
    pub(crate) fn title(&self) -> String {
        let who = self.caller();
        let what = if self.allowed { "passes" } else { "is refused" };
        format!("{who} {what}: {} {}", self.method, self.target)
    }

    /// The path, without the query.
    pub(crate) fn path(&self) -> &str {
        path(&self.target)
    }
}

/// What is in front of the query.
pub(crate) fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// A name that no client of the model has.
pub(crate) const STRANGER: &str = "scopetrim-unknown-client";

/// Values for parameters: an id that no object has, and one with an escape.
const VALUES: [&str; 2] = [NOBODY, "no%20such%20id"];

/// Requests to every rule, of every client; and every spelling of each path, of one client
/// that is allowed the rule and one that is not.
pub(crate) fn table(model: &Model) -> Vec<Request> {
    let mut asked: BTreeSet<(Option<String>, String, String)> = BTreeSet::new();
    let mut add = |client: Option<&str>, method: &str, target: String| {
        asked.insert((client.map(str::to_owned), method.to_owned(), target));
    };
    for (at, rule) in model.rules.iter().enumerate() {
        let plain = rule.pattern.sample(VALUES[0]);
        let method = rule.methods[0];
        for client in model.clients.keys() {
            add(Some(client), method, plain.clone());
        }
        for client in [None, Some(""), Some(STRANGER)] {
            add(client, method, plain.clone());
        }
        let mut clients = model.clients.iter();
        let allowed = clients.find(|(_, own)| own.contains(&at));
        let others = model.clients.iter().filter(|(_, own)| !own.contains(&at));
        // Rather one that is let through where another spelling makes a gateway miss this rule.
        let is_near = |(_, own): &(&String, &BTreeSet<usize>)| {
            own.range(at..).any(|later| model.rules[*later].meets(rule))
        };
        let refused = others.clone().find(is_near).or(others.clone().next());
        for (client, _) in allowed.into_iter().chain(refused) {
            let client = Some(client.as_str());
            for spelling in spellings(&plain) {
                add(client, method, spelling);
            }
            add(client, method, rule.pattern.sample(VALUES[1]));
            for method in METHODS.iter().copied().chain(["get", "PURGE"]) {
                add(client, method, plain.clone());
            }
        }
        if let Some((name, _)) = allowed {
            for other in [
                name.to_uppercase(),
                format!("{name} "),
                format!("x{name}"),
                format!("{name}x"),
            ] {
                add(Some(&other), method, plain.clone());
            }
        }
    }
    let known = |client: &Option<String>| {
        let name = client.as_ref();
        name.is_some_and(|name| model.clients.contains_key(name))
    };
    let decided = asked.into_iter().map(|(client, method, target)| Request {
        in_policy: known(&client),
        allowed: model.allows(client.as_deref(), &method, path(&target)),
        client,
        method,
        target,
    });
    decided.collect()
}

/// The table, or as many of its requests as are written into files, evenly out of all.
pub(crate) fn sampled(model: &Model) -> Vec<Request> {
    let all = table(model);
    let step = all.len().div_ceil(SHOWN).max(1);
    all.into_iter().step_by(step).collect()
}

/// Other spellings of a path, and paths that some servers take for it.
pub(crate) fn spellings(path: &str) -> Vec<String> {
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let first = last.chars().next().unwrap_or('x');
    let rest = &last[first.len_utf8().min(last.len())..];
    let mut all = vec![
        format!("{path}?page=2&x=/../"),
        format!("{path}?"),
        format!("{path}/"),
        format!("{path}//"),
        format!("/{path}"),
        format!("{folder}//{last}"),
        format!("{folder}/./{last}"),
        format!("{folder}/x/../{last}"),
        format!("{path}/.."),
        format!("{path}/../"),
        format!("{path}/."),
        format!("{path}/%2e%2e"),
        format!("{path}/%2E%2E/x"),
        format!("{path}/..%2Fx"),
        format!("{folder}%2F{last}"),
        format!("{folder}%2f{last}"),
        format!("{folder}%252F{last}"),
        format!("{folder}%5C{last}"),
        format!("{path}%2F"),
        format!("{path};x=1"),
        format!("{folder};x=1/{last}"),
        format!("{path}%3Bx"),
        format!("{path}%00"),
        format!("{path}%0A"),
        format!("{path}%0D%0Ax"),
        format!("{path}%20"),
        format!("{path}."),
        format!("{path}.json"),
        format!("{path}x"),
        format!("{path}/x"),
        format!("{path}/x/y"),
        format!("{path}%C0%AFx"),
        format!("{path}%E0%80%AFx"),
        format!("{folder}/%{:02X}{rest}", u32::from(first) & 0x7F),
        format!("{folder}/.{last}"),
        format!("{folder}/*"),
        format!("{folder}/"),
        format!("{folder}/%40me"),
        format!("{folder}/me"),
        path.to_ascii_uppercase(),
        path.to_ascii_lowercase(),
        format!("{}/{last}", folder.to_ascii_uppercase()),
        format!("{folder}/{}", last.to_ascii_uppercase()),
    ];
    all.retain(|path| path.starts_with('/'));
    all
}
