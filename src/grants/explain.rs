//! What was taken from where in a policy file, and what beside it is left alone.
//!
//! In: a file that was read. Out: for each of its entries the path to it, and the paths of
//! everything in which no entry stands; and why the file is taken for one of its format.
//!
//! Invariants:
//! * of what is no grant only keys are named: a value may be a secret;
//! * what is left alone is told once, at the highest place in which no entry stands; items of
//!   lists are told together.

use std::collections::BTreeMap;

use super::source::Source;
use crate::document::{Node, Value};
use crate::model::PolicyFile;

/// By what a file of a format is known.
const KNOWN_BY: &[(&str, &str)] = &[
    (super::native::NAME, "`clients` or `version: 1` at the top"),
    (
        super::standard_formats::NAME,
        "a mapping of names, at least half of them to lists",
    ),
    (super::csv::NAME, "a header with `client` and `scope`"),
    (
        "keycloak-realm",
        "a `realm` with a name, and other keys of a realm",
    ),
    (
        super::rbac::NAME,
        "roles or bindings of `rbac.authorization.k8s.io`",
    ),
    (
        "auth0",
        "`clientGrants`, `resourceServers`, or client grants with an `audience` and a list of scopes",
    ),
    (
        "tyk",
        "keys or policies with `access_rights` or `apply_policies`",
    ),
    (
        "entra",
        "`oauth2PermissionGrants`, `appRoleAssignments` or `requiredResourceAccess`, or objects of these",
    ),
    (
        "apisix",
        "routes or consumers with a mapping of `plugins`, or with a `group_id`",
    ),
    (
        "kong",
        "`_format_version`, a list of consumers, or nothing but sections of Kong",
    ),
    (
        "terraform",
        "blocks of Terraform, or `resource` and `data` in JSON",
    ),
    (
        "cloudformation",
        "`Resources` with types that begin with `AWS::`",
    ),
    ("hydra-clients", "`client_id`, in one client or in a list"),
    ("aws-iam", "statements with `Effect` and `Action`"),
    (
        super::istio::NAME,
        "`kind: AuthorizationPolicy` of `security.istio.io`",
    ),
];

/// By what this file is known for one of its format.
pub(crate) fn known_by(file: &PolicyFile) -> &'static str {
    let mut known = KNOWN_BY.iter();
    let found = known.find(|(name, _)| *name == &*file.format);
    found.map_or("its description under [[policies]]", |(_, text)| text)
}

/// Where things stand in a file.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The path of each entry; none where the file has no tree.
    pub entries: Vec<Option<String>>,
    /// What is left alone: the path, the first line, and how often.
    pub others: Vec<(String, u32, usize)>,
}

/// Where the entries of a file stand, and what else is in it.
pub(crate) fn places(file: &PolicyFile) -> Places {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for (number, entry) in file.entries.iter().enumerate() {
        starts.push((entry.span.start, number));
    }
    starts.sort_unstable();
    let mut walk = Walk {
        starts,
        entries: vec![None; file.entries.len()],
        others: BTreeMap::new(),
    };
    if let Ok(source) = Source::new(&file.bytes, &file.path) {
        let roots = source.documents();
        for (number, root) in roots.iter().enumerate() {
            let path = if roots.len() > 1 {
                format!("document {}: ", number + 1)
            } else {
                String::new()
            };
            walk.node(root, &path);
        }
    }
    let others = walk.others.into_iter();
    let mut others: Vec<_> = others
        .map(|(path, (line, times))| (path, line, times))
        .collect();
    others.sort_by_key(|(_, line, _)| *line);
    Places {
        entries: walk.entries,
        others,
    }
}

/// A walk over a tree.
struct Walk {
    /// Where entries start, and which they are.
    starts: Vec<(usize, usize)>,
    entries: Vec<Option<String>>,
    others: BTreeMap<String, (u32, usize)>,
}

impl Walk {
    /// Whether an entry stands in a node; what is left alone next to one is noted.
    fn node(&mut self, node: &Node, path: &str) -> bool {
        if node.alias {
            return true; // it stands where its anchor is
        }
        let children: Vec<(String, u32, bool)> = match &node.value {
            Value::Map(pairs) => {
                let child = |(key, value): &(Node, Node)| {
                    let path = below(path, key.text().unwrap_or("~"));
                    let here = self.here(key, &path);
                    (path.clone(), key.line, self.node(value, &path) || here)
                };
                pairs.iter().map(child).collect()
            }
            Value::Seq(items) => {
                let child = |(number, item): (usize, &Node)| {
                    let path = format!("{path}[{number}]");
                    let found = self.node(item, &path);
                    (path, item.line, found)
                };
                items.iter().enumerate().map(child).collect()
            }
            _ => return self.here(node, path),
        };
        let any = children.iter().any(|(.., found)| *found);
        for (path, line, found) in children {
            if any && !found {
                let other = self.others.entry(of_items(&path)).or_insert((line, 0));
                other.1 += 1;
            }
        }
        any
    }

    /// Notes the path of the entries that a scalar holds.
    fn here(&mut self, scalar: &Node, path: &str) -> bool {
        let first = (self.starts).partition_point(|(start, _)| *start < scalar.span.start);
        let inside = self.starts.get(first..).unwrap_or_default().iter();
        let inside = inside.take_while(|(start, _)| *start < scalar.span.end);
        let mut any = false;
        for (_, number) in inside {
            any = true;
            if let Some(known) = self.entries.get_mut(*number) {
                known.get_or_insert_with(|| path.to_owned());
            }
        }
        any
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() || path.ends_with(": ") {
        format!("{path}{key}")
    } else {
        format!("{path}.{key}")
    }
}

/// The same path without the numbers of items.
fn of_items(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for (at, part) in path.split('[').enumerate() {
        let number = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if at > 0 {
            text.push('[');
        }
        text.push_str(if at > 0 && number.starts_with(']') {
            number
        } else {
            part
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_says_by_what_it_is_known() {
        for format in super::super::ALL {
            let known = KNOWN_BY.iter().any(|(name, _)| *name == format.name());
            assert!(known, "{}", format.name());
        }
        assert_eq!(KNOWN_BY.len(), super::super::ALL.len());
    }

    #[test]
    fn each_entry_has_its_path_and_values_of_other_keys_are_not_told() {
        let text = "_format_version: '3.0'\nservices: [{name: s3cret}]\nconsumers:\n- username: a\n  tags: [s3cret]\n  acls: [{group: x}, {group: y, tags: [s3cret]}]\n- username: b\n  acls: [{group: x}]\n";
        let file = super::super::read(std::sync::Arc::from(text.as_bytes()), "k.yaml").unwrap();
        let places = places(&file);
        let paths: Vec<_> = places.entries.iter().flatten().collect();
        let expected = [
            "consumers[0].acls[0].group",
            "consumers[0].acls[1].group",
            "consumers[1].acls[0].group",
        ];
        assert_eq!(paths, expected);
        let others = format!("{:?}", places.others);
        assert_eq!(
            others,
            r#"[("_format_version", 1, 1), ("services", 2, 1), ("consumers[].username", 4, 2), ("consumers[].tags", 5, 1), ("consumers[].acls[].tags", 6, 1)]"#
        );
        assert!(known_by(&file).starts_with("`_format_version`"));
        assert_eq!(of_items("a[12].b[c]"), "a[].b[c]");
    }
}
