//! Istio's `AuthorizationPolicy`: who may call what in a mesh.
//!
//! ```yaml
//! kind: AuthorizationPolicy
//! spec:
//!   rules:
//!   - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
//!     to: [{operation: {methods: [GET], paths: [/orders/*]}}]
//! ```
//!
//! Clients are the principals of rules that allow. The term is what the rule is for, as
//! `GET:/orders/*`; of a rule for several operations it is the list of them (`GET,PUT /a,/b`), and
//! opens what each of them does. Only whole principals go: with the last one of a source the source goes,
//! and with the last source the rule, because a field without values would let everybody in.
//! A policy without rules allows nobody.
//!
//! Policies that deny, audit or ask somebody else stay, and so do dry runs: none of them grants
//! anything. Rules for callers of a namespace, an address or of any kind have no client; they
//! are said. Not edited: principals that are patterns, sources that ask for a request's principal
//! as well, and what another rule gives in part under other conditions.

use std::collections::BTreeSet;

use super::entry_reader::Reader;
use super::given::{Given, term_of};
use super::layout::Layout;
use super::nested::{list, text};
use super::overlap::{Reach, freeze_overlaps};
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::written::Slot;
use super::{GrantError, PolicyFormat};
use crate::document::Node;
use crate::model::{ClientName, PolicyFile, Scope, ScopeMatch, Subject, Warning};

/// The registry's entry.
pub(super) struct Istio;

pub(super) const NAME: &str = "istio";
/// More operations than this in one rule are taken for a mistake.
const MAX_OPERATIONS: usize = 10_000;

impl PolicyFormat for Istio {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        source.any(is_policy)
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        reader.file().matching = Some(ScopeMatch::Glob);
        let mut reaches = Vec::new();
        let mut allows = false;
        for root in roots.iter().filter(|root| is_policy(root)) {
            allows |= policy(&mut reader, &Found::root(root), &mut reaches)?;
        }
        if !allows {
            return Err(GrantError::NoGrants {
                file: reader.shown.clone(),
                what: "AuthorizationPolicies of Istio, none of which has rules that allow somebody: they hold no grants of clients".to_owned(),
            });
        }
        reader.settle_aliases();
        freeze_overlaps(reader.file(), &reaches);
        reader.finish()
    }
}

fn is_policy(root: &Node) -> bool {
    let version = text(root, "apiVersion").unwrap_or_default();
    text(root, "kind") == Some("AuthorizationPolicy") && version.starts_with("security.istio.io/")
}

/// Reads a policy; whether it is one that allows, even if nobody is left in it.
fn policy(
    reader: &mut Reader<'_>,
    root: &Found<'_>,
    reaches: &mut Vec<Reach>,
) -> Result<bool, GrantError> {
    let Some(spec) = root.get("spec") else {
        return Ok(false);
    };
    if text(spec.node, "action").is_some_and(|action| action != "ALLOW") {
        return Ok(false);
    }
    let metadata = root.node.get("metadata");
    let notes = metadata.and_then(|own| own.get("annotations"));
    if notes.and_then(|own| text(own, "istio.io/dry-run")) == Some("true") {
        let message = "the policy is a dry run: it grants nothing, and stays";
        say(reader, root.node, "dry-run", message);
        return Ok(true);
    }
    let Some(rules) = spec.get("rules") else {
        return Ok(false);
    };
    let namespace = metadata.and_then(|own| text(own, "namespace"));
    let target = ["selector", "targetRef", "targetRefs"].map(|key| json(spec.node, key));
    let workload = format!("{namespace:?} {target:?}");
    let outer = reader.outer(&rules, EmptyMeans::None, None);
    for (number, own) in TreePath::of("[]")
        .find(&rules, &reader.shown)?
        .iter()
        .enumerate()
    {
        let slot = outer.map(|outer| (outer, number));
        let when = json(own.node, "when");
        rule(reader, own, (slot, &format!("{workload} {when}")), reaches)?;
    }
    Ok(true)
}

fn rule(
    reader: &mut Reader<'_>,
    at: &Found<'_>,
    (slot, workload): (Option<Slot>, &str),
    reaches: &mut Vec<Reach>,
) -> Result<(), GrantError> {
    let from = at
        .get("from")
        .filter(|from| !from.node.as_seq().is_some_and(<[Node]>::is_empty));
    let Some(from) = from.filter(|from| from.node.kind() != "nothing") else {
        let message = "a rule allows callers of any kind: it has no client, and stays";
        say(reader, at.node, "rule-without-clients", message);
        return Ok(());
    };
    let (term, patterns) = operations(reader, at.node)?;
    let limits = list(at.node, "to")
        .iter()
        .filter_map(|to| to.get("operation"));
    let limits = limits.map(|own| others(own, &OPERATION));
    let limits: BTreeSet<String> = limits.filter(|own| !own.is_empty()).collect();
    let outer = reader.outer(&from, EmptyMeans::None, slot);
    for (number, item) in TreePath::of("[]")
        .find(&from, &reader.shown)?
        .iter()
        .enumerate()
    {
        let Some(source) = item.get("source") else {
            continue;
        };
        let principals = source.get("principals");
        let requests = source.get("requestPrincipals");
        let both = principals.is_some() && requests.is_some();
        let Some(place) = principals.or(requests) else {
            let message = "a rule allows callers by other marks than their principal: it has no client, and stays";
            say(reader, item.node, "rule-without-clients", message);
            continue;
        };
        if place.node.as_seq().is_some_and(<[Node]>::is_empty) {
            let message = "a list of principals is empty, so every principal is allowed: the rule has no client, and stays";
            say(reader, place.node, "rule-without-clients", message);
        }
        let asks = others(source.node, &["principals", "requestPrincipals"]);
        let reach = Reach {
            scope: format!("{workload} {limits:?} {asks}"),
            patterns: patterns.clone(),
        };
        let first = reader.layout.sites.len();
        members(reader, &place, &term, both)?;
        reader.inside(first, outer.map(|outer| (outer, number)));
        reaches.resize(reader.file().entries.len(), reach);
    }
    if patterns.as_slice() != [term.as_str()] {
        let opens: BTreeSet<Scope> = patterns.iter().map(|own| Scope::new(own)).collect();
        reader.file().ladders.insert(Scope::new(&term), opens);
    }
    Ok(())
}

/// The principals of one source.
fn members(
    reader: &mut Reader<'_>,
    place: &Found<'_>,
    term: &str,
    both: bool,
) -> Result<(), GrantError> {
    let given = Given {
        optional: false,
        audience: None,
        empty: EmptyMeans::None,
        fixed: Some("an operation is not replaced here"),
    };
    let mut names = Vec::new();
    reader.shaped(place, &Shape::List, &given, &mut |_, principal| {
        let why = if principal.contains('*') {
            Some("its principal is a pattern for several callers")
        } else if both {
            Some("its source asks for the principal of the request as well")
        } else {
            None
        };
        names.push(principal.to_owned());
        let subject = Subject::Client(ClientName::new(principal));
        Some(term_of(&subject, term, why.map(str::to_owned)))
    })?;
    for name in names {
        // As certificates and access logs of Envoy spell it.
        reader.alias(&format!("spiffe://{name}"), &ClientName::new(&name));
    }
    Ok(())
}

const OPERATION: [&str; 3] = ["methods", "hosts", "paths"];

/// What a rule is for: its name, and each method with each path.
fn operations(reader: &Reader<'_>, rule: &Node) -> Result<(String, Vec<String>), GrantError> {
    let mut names = Vec::new();
    let mut patterns = Vec::new();
    for to in list(rule, "to") {
        let operation = to.get("operation").unwrap_or(to);
        let values = |key: &str, any: &str| -> Vec<String> {
            let own: Vec<String> = list(operation, key)
                .iter()
                .filter_map(|value| value.text().map(str::to_owned))
                .collect();
            if own.is_empty() {
                vec![any.to_owned()]
            } else {
                own
            }
        };
        let methods = values("methods", "*");
        let (hosts, paths) = (values("hosts", ""), values("paths", "*"));
        let count = methods
            .len()
            .saturating_mul(hosts.len())
            .saturating_mul(paths.len());
        let all = [&methods, &hosts, &paths].into_iter().flatten();
        let message = if count > MAX_OPERATIONS {
            "a rule names more methods and paths than can be"
        } else if all.flat_map(|own| own.chars()).any(char::is_control) {
            "an operation holds a control character"
        } else {
            let mut targets = Vec::new();
            for host in &hosts {
                targets.extend(paths.iter().map(|path| format!("{host}{path}")));
            }
            // Without a colon, so that no pattern can pass for it.
            let all = format!("{} {}", methods.join(","), targets.join(","));
            names.push(all.replace(':', "%3A"));
            for method in &methods {
                patterns.extend(targets.iter().map(|target| named(method, target)));
            }
            continue;
        };
        return Err(GrantError::BadName {
            place: reader.place(to),
            message: message.to_owned(),
        });
    }
    if patterns.is_empty() {
        patterns.push("*".to_owned());
    }
    let term = match patterns.as_slice() {
        [one] => one.clone(),
        _ => names.join("; "),
    };
    Ok((term, patterns))
}

/// `GET:/orders/*`; everything is `*`.
fn named(method: &str, target: &str) -> String {
    if (method, target) == ("*", "*") {
        return "*".to_owned();
    }
    format!("{method}:{target}")
}

/// The rest of a mapping, as a text.
fn others(node: &Node, known: &[&str]) -> String {
    let pairs = node.as_map().unwrap_or_default().iter();
    let rest = pairs.filter(|(key, _)| key.text().is_none_or(|key| !known.contains(&key)));
    let rest = rest.map(|(key, value)| format!("{:?}: {}", key.text(), value.to_json()));
    rest.collect::<Vec<_>>().join(", ")
}

fn json(node: &Node, key: &str) -> String {
    node.get(key)
        .map(|own| own.to_json().to_string())
        .unwrap_or_default()
}

fn say(reader: &mut Reader<'_>, at: &Node, code: &'static str, message: &str) {
    let warning = Warning::new(code, message).at(reader.place(at));
    reader.file().warnings.push(warning);
}
