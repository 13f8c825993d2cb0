//! Aggregated roles: which labels a cluster role has, and which ones it gathers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Names, Object, alone, gatherer};
use crate::document::Node;
use crate::grants::GrantError;
use crate::grants::entry_reader::Reader;
use crate::grants::tree_path::{Found, TreePath};
use crate::model::{Condition, Role, Selector};

/// With the name of a role after it, the label by which the cluster's own roles gather others.
const AGGREGATE_TO: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// The labels of a role, and what it gathers.
pub(super) fn facts(
    reader: &Reader<'_>,
    object: &Object<'_>,
    aggregated: Option<&Found<'_>>,
) -> Result<Role, GrantError> {
    let metadata = object.found.get("metadata").map(alone);
    let labels = metadata.and_then(|meta| meta.get("labels"));
    let labels: BTreeMap<String, String> = labels
        .iter()
        .flat_map(|labels| pairs(labels.node))
        .collect();
    let of_cluster = |(key, value): (&String, &String)| {
        let name = key.strip_prefix(AGGREGATE_TO).filter(|_| value == "true")?;
        Some(gatherer(name))
    };
    let mut gathers = Vec::new();
    if let Some(rule) = aggregated {
        let selectors = TreePath::of(&format!("{}[]", object.names.selectors));
        for selector in selectors.find(&alone(rule.clone()), &reader.shown)? {
            gathers.push(read(reader, &selector, object.names)?);
        }
    }
    Ok(Role {
        gathered_by: labels.iter().filter_map(of_cluster).collect(),
        gathers,
        labels,
    })
}

fn pairs(node: &Node) -> impl Iterator<Item = (String, String)> {
    let pairs = node.as_map().unwrap_or_default().iter();
    pairs.filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned())))
}

fn read(
    reader: &Reader<'_>,
    selector: &Found<'_>,
    names: &Names<'_>,
) -> Result<Selector, GrantError> {
    let equal = TreePath::of(names.equal).find(selector, &reader.shown)?;
    let equal = equal.iter().flat_map(|labels| pairs(labels.node));
    let mut all: Vec<Condition> = equal
        .map(|(key, value)| Condition::In(key, BTreeSet::from([value])))
        .collect();
    for expression in
        TreePath::of(&format!("{}[]", names.expressions)).find(selector, &reader.shown)?
    {
        let text = |key: &str| expression.node.get(key).and_then(Node::text);
        let values = expression.node.get("values").and_then(Node::as_seq);
        let values = values.unwrap_or_default().iter();
        let values = values.filter_map(Node::text).map(str::to_owned).collect();
        let key = text("key").unwrap_or_default().to_owned();
        all.push(match text("operator") {
            Some("In") => Condition::In(key, values),
            Some("NotIn") => Condition::NotIn(key, values),
            Some("Exists") => Condition::Exists(key),
            Some("DoesNotExist") => Condition::Missing(key),
            _ => {
                let expected = "In, NotIn, Exists or DoesNotExist";
                let what = "`operator` of a selector";
                return Err(reader.wrong(expression.node, what, expected));
            }
        });
    }
    Ok(Selector(all))
}
