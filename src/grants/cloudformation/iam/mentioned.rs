//! What in a template refers to a policy.

use super::{is_known, kind};
use crate::document::{Node, Value};

/// Properties that give the policies that they name to their resource.
const ATTACHES: [&str; 2] = ["ManagedPolicyArns", "Policies"];

/// Whether something refers to a policy, but for the lists that are read here.
pub(super) fn mentioned(root: &Node, name: &str) -> bool {
    let known = |resource: &Node| is_known(kind(resource));
    let mut parts = root.as_map().unwrap_or_default().iter();
    parts.any(|(key, part)| match part.as_map() {
        Some(resources) if key.text() == Some("Resources") => {
            let mut all = resources.iter().map(|(_, resource)| resource);
            all.any(|resource| names(resource, name, known(resource)))
        }
        _ => names(part, name, false),
    })
}

/// Whether something in a node refers to a resource; `attaches` passes over what whole items of
/// the lists of policies name.
fn names(node: &Node, name: &str, attaches: bool) -> bool {
    let within = |text: &str| {
        let rest = text.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            || text.contains(&format!("${{{name}}}"))
            || text.contains(&format!("${{{name}."))
    };
    match &node.value {
        Value::String(text) => within(text),
        Value::Seq(items) => items.iter().any(|item| names(item, name, attaches)),
        Value::Map(pairs) => pairs.iter().any(|(key, value)| {
            let key = key.text().unwrap_or_default();
            let list = value
                .as_seq()
                .filter(|_| attaches && ATTACHES.contains(&key));
            match list {
                Some(items) => {
                    let mut others = items.iter().filter(|item| !is_reference(item, name));
                    others.any(|item| names(item, name, false))
                }
                None => key != "DependsOn" && names(value, name, attaches),
            }
        }),
        _ => false,
    }
}

/// Whether an item is nothing but a reference to a resource.
fn is_reference(item: &Node, name: &str) -> bool {
    let is = |node: &Node| node.as_str() == Some(name);
    let alone = |pairs: &[(Node, Node)]| matches!(pairs, [(key, to)] if key.text() == Some("Ref") && is(to));
    item.tagged && is(item) || item.as_map().is_some_and(alone)
}

/// Whether a string ends like this: as the ARN of a policy does, with its name.
pub(super) fn ends_so(node: &Node, end: &str) -> bool {
    match &node.value {
        Value::String(text) => text.ends_with(end),
        Value::Seq(items) => items.iter().any(|item| ends_so(item, end)),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| ends_so(value, end)),
        _ => false,
    }
}
