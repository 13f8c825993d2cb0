//! What a directory of Terraform does with its policies of AWS: what refers to them.
//!
//! Invariants:
//! * a reference in a place that is not understood may give the policy to somebody whom nobody
//!   here knows: nothing is removed from such a policy, nor from what it is made of;
//! * a file of the directory that is no policy file of the run, or cannot be read, is such a
//!   place.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, Resource, flat, reference};
use super::principal::without_index;
use crate::document::{Node, Value};
use crate::grants::tree_path::Found;

/// A type of the provider that is a policy, and what its address begins with.
pub(super) const DOCUMENT: &str = "data.aws_iam_policy_document.";
pub(super) const POLICY: &str = "aws_iam_policy.";

/// Why nobody knows everybody who has a policy, by the address of the policy.
#[derive(Default)]
pub(super) struct Uses {
    unknown: BTreeMap<String, String>,
}

/// What a reference in an attribute means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Whoever the resource is about has the policy.
    Holder,
    /// The policy is a part of the document.
    Part,
    /// Nobody gets anything.
    Nothing,
    Unknown,
}

impl Uses {
    pub(super) fn of(code: &Code<'_>, others: &[(&str, &Node)], unread: Option<&str>) -> Self {
        let mut uses = Self::default();
        let mut parts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for resource in &code.all {
            uses.resource(code, resource, &mut parts);
        }
        for (key, node) in others {
            uses.note(node, &format!("`{key}` refers to it"));
        }
        uses.by_arn(code);
        for resource in &code.all {
            let address = resource.address();
            if !address.starts_with(DOCUMENT) && !address.starts_with(POLICY) {
                continue;
            }
            if let Some(file) = unread {
                let why = format!("`{file}` of its directory cannot be read");
                uses.add(&address, &why);
            }
            if code.twice.contains(&address) {
                uses.unknown.insert(
                    address,
                    "its directory defines it more than once".to_owned(),
                );
            }
        }
        // Whoever has the whole has its parts.
        let mut open: Vec<String> = uses.unknown.keys().cloned().collect();
        while let Some(whole) = open.pop() {
            let why = uses.unknown.get(&whole).cloned().unwrap_or_default();
            for part in parts.get(&whole).into_iter().flatten() {
                if let Entry::Vacant(free) = uses.unknown.entry(part.clone()) {
                    free.insert(why.clone());
                    open.push(part.clone());
                }
            }
        }
        uses
    }

    /// Why nothing is removed from a policy, if so.
    pub(super) fn unknown(&self, address: &str) -> Option<String> {
        self.unknown.get(address).cloned()
    }

    fn add(&mut self, address: &str, why: &str) {
        let why = || format!("{why}, so who has it is not known");
        self.unknown.entry(address.to_owned()).or_insert_with(why);
    }

    /// Notes every policy that something refers to.
    fn note(&mut self, node: &Node, why: &str) {
        let mut found = BTreeSet::new();
        mentions(node, &mut found);
        for address in found {
            self.add(&address, why);
        }
    }

    /// Notes managed policies that an ARN names, which is no reference.
    fn by_arn(&mut self, code: &Code<'_>) {
        let policies = code.all.iter().filter(|own| own.kind == "aws_iam_policy");
        let named: Vec<(String, String)> = policies
            .filter_map(|own| Some((format!("/{}", own.literal("name")?), own.address())))
            .collect();
        for resource in &code.all {
            for key in ["policy_arn", "managed_policy_arns"] {
                let all = resource.found.get(key);
                let all = all.iter().flat_map(flat);
                for text in all.filter_map(|at| at.node.as_str()) {
                    for (_, address) in named.iter().filter(|(name, _)| text.ends_with(name)) {
                        self.add(address, "something names its ARN");
                    }
                }
            }
        }
    }

    fn resource(
        &mut self,
        code: &Code<'_>,
        resource: &Resource<'_>,
        parts: &mut BTreeMap<String, BTreeSet<String>>,
    ) {
        let outside = resource.elsewhere.filter(|file| !file.named);
        let why = match outside {
            Some(file) => format!(
                "`{}` of its directory, which is not among the policy files, refers to it",
                file.shown
            ),
            None => format!("`{}` refers to it", resource.address()),
        };
        for attribute in resource.found.entries() {
            let key = attribute.key.and_then(Node::text).unwrap_or_default();
            match place(resource, key) {
                Place::Nothing => {}
                Place::Holder | Place::Part if outside.is_some() => {
                    self.note(attribute.node, &why);
                }
                Place::Unknown => self.note(attribute.node, &why),
                Place::Holder if !all_known(code, resource) => {
                    let why = format!("whom `{}` is for is an expression", resource.address());
                    self.note(attribute.node, &why);
                }
                of @ (Place::Holder | Place::Part) => {
                    let mut whole = Vec::new();
                    self.values(&attribute, &why, &mut whole);
                    let is_policy = resource.kind == "aws_iam_policy" && key == "policy";
                    if of == Place::Part || is_policy {
                        parts.entry(resource.address()).or_default().extend(whole);
                    }
                }
            }
        }
    }

    /// The policies that stand as whole values here; those within an expression are noted.
    fn values(&mut self, at: &Found<'_>, why: &str, whole: &mut Vec<String>) {
        for value in flat(at) {
            match &value.node.value {
                // The text of a policy names resources, and gives nothing of theirs.
                Value::Map(_) if value.node.get("Statement").is_some() => {}
                Value::Map(pairs) => {
                    for (key, inner) in pairs {
                        if key.text() == Some("policy") {
                            self.values(&value.below(Some(key), inner), why, whole);
                        } else {
                            self.note(inner, why);
                        }
                    }
                }
                Value::String(text) => match target(text) {
                    Some(address) => whole.push(address),
                    None => self.note(value.node, why),
                },
                _ => self.note(value.node, why),
            }
        }
    }
}

/// Whether everybody is known whom a resource gives a policy.
fn all_known(code: &Code<'_>, resource: &Resource<'_>) -> bool {
    if resource.kind == "aws_iam_policy" {
        return true;
    }
    if resource.kind == "aws_iam_role" {
        return code.principal_itself(resource).frozen.is_none();
    }
    let keys = ["role", "user", "group", "roles", "users", "groups"];
    let lists = keys.into_iter().filter_map(|key| resource.found.get(key));
    let mut all = lists.flat_map(|list| flat(&list));
    all.all(|at| {
        let text = at.node.as_str();
        text.is_some_and(|text| code.principal(text).frozen.is_none())
    })
}

fn place(resource: &Resource<'_>, attribute: &str) -> Place {
    match (resource.data, resource.kind, attribute) {
        (true, "aws_iam_policy_document", "source_policy_documents") => Place::Part,
        (
            true,
            "aws_iam_policy_document",
            "override_policy_documents" | "override_json" | "source_json",
        ) => Place::Unknown,
        (_, _, "depends_on")
        | (true, "aws_iam_policy_document", _)
        | (false, "aws_iam_role", "assume_role_policy") => Place::Nothing,
        (
            false,
            "aws_iam_policy"
            | "aws_iam_role_policy"
            | "aws_iam_user_policy"
            | "aws_iam_group_policy",
            "policy",
        )
        | (
            false,
            "aws_iam_role_policy_attachment"
            | "aws_iam_user_policy_attachment"
            | "aws_iam_group_policy_attachment"
            | "aws_iam_policy_attachment",
            "policy_arn",
        )
        | (false, "aws_iam_role", "inline_policy" | "managed_policy_arns") => Place::Holder,
        _ => Place::Unknown,
    }
}

/// The policy that a whole expression refers to: `aws_iam_policy.p` for `${aws_iam_policy.p[0].arn}`.
pub(super) fn target(text: &str) -> Option<String> {
    let address = reference(&without_index(text))?;
    let known = address.starts_with(DOCUMENT) || address.starts_with(POLICY);
    known.then_some(address)
}

/// Every policy that some text below a node names.
fn mentions(node: &Node, found: &mut BTreeSet<String>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| mentions(item, found)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| mentions(value, found)),
        Value::String(text) => {
            let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            for start in [DOCUMENT, POLICY] {
                for (at, _) in text.match_indices(start) {
                    let rest = &text[at + start.len()..];
                    let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
                    if !text[..at].ends_with(|c| inside(c) || c == '.') && end > 0 {
                        found.insert(format!("{start}{}", &rest[..end]));
                    }
                }
            }
        }
        _ => {}
    }
}
