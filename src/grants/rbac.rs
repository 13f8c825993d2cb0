//! Roles and bindings of Kubernetes (`rbac.authorization.k8s.io`), among other objects or alone:
//! several documents, a `List`, YAML or JSON.
//!
//! ```yaml
//! kind: Role
//! metadata: {name: deployer, namespace: shop}
//! rules:
//! - apiGroups: [apps]
//!   resources: [deployments, deployments/scale]
//!   verbs: [get, patch]
//! ```
//!
//! A term is one cell of a rule, spelt as the audit log spells the operation:
//! `deployments.apps/scale:patch`, `/healthz:get`. A role is `ClusterRole/name` or
//! `Role/namespace/name`, and a client the user that the log names: a service account is
//! `system:serviceaccount:namespace:name`.
//!
//! Invariants:
//! * terms carry no namespace and no names of objects (`resourceNames`): a term is used when it
//!   is used anywhere, so what goes was used nowhere;
//! * what is given to a group is given to somebody whom no log tells apart (`Subject::Role`), and
//!   nothing is removed from such a role;
//! * what an aggregated role gathers is known by labels, and its own rules, which the cluster
//!   fills in, are not edited;
//! * a rule with a wildcard in it is read like any other: `pods:*` is a term, and which operations it
//!   allows is known where logs are read.

mod binding;
mod gathered;

use std::collections::BTreeSet;

use super::entry_reader::Reader;
use super::given::term_of;
use super::layout::Layout;
use super::not_editable::marker;
use super::rules::RuleLists;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{PolicyFile, RoleName, Subject};

/// The registry's entry.
pub(super) struct Rbac;

pub(super) const NAME: &str = "kubernetes-rbac";
const API: &str = "rbac.authorization.k8s.io/";
const KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

impl PolicyFormat for Rbac {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        source.any(|root| {
            let items = root.get("items").and_then(Node::as_seq);
            kind_of(root, None).is_some()
                || items.is_some_and(|items| {
                    let of_list = listed(root);
                    items.iter().any(|item| kind_of(item, of_list).is_some())
                })
        })
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        reader.repeats = true;
        reader.file().in_parts = true;
        let mut objects = Vec::new();
        for root in roots {
            collect(&mut reader, &Found::root(root), &mut objects)?;
        }
        let twice = twice(&objects);
        for object in &objects {
            match object.kind {
                "Role" | "ClusterRole" => object.role(&mut reader, &twice)?,
                _ => object.binding(&mut reader)?,
            }
        }
        reader.finish()
    }
}

/// How the parts of an object are called, and what names of it mean.
pub(super) struct Names<'n> {
    pub(super) groups: &'static str,
    pub(super) urls: &'static str,
    pub(super) rules: &'static str,
    pub(super) subjects: &'static str,
    pub(super) role_ref: &'static str,
    pub(super) aggregation: &'static str,
    pub(super) selectors: &'static str,
    pub(super) equal: &'static str,
    pub(super) expressions: &'static str,
    /// What an emptied list of rules or subjects means.
    pub(super) empty: EmptyMeans,
    /// The name that an expression stands for, where that is known.
    pub(super) meaning: &'n dyn Fn(&str) -> Option<String>,
}

/// As Kubernetes itself has them.
pub(super) const KUBERNETES: Names<'static> = Names {
    groups: "apiGroups",
    urls: "nonResourceURLs",
    rules: "rules",
    subjects: "subjects",
    role_ref: "roleRef",
    aggregation: "aggregationRule",
    selectors: "clusterRoleSelectors",
    equal: "matchLabels",
    expressions: "matchExpressions",
    empty: EmptyMeans::None,
    meaning: &|_| None,
};

/// The kind of an object of RBAC; `of_list` is what a list says about its items.
fn kind_of(node: &Node, of_list: Option<&'static str>) -> Option<&'static str> {
    let version = node.get("apiVersion").and_then(Node::text);
    let kind = node.get("kind").and_then(Node::text);
    let known = |kind: &str| KINDS.into_iter().find(|known| *known == kind);
    match (version, kind) {
        (Some(version), Some(kind)) if version.starts_with(API) => known(kind),
        (None, None) => of_list.filter(|_| node.as_map().is_some()),
        _ => None,
    }
}

/// The kind of an object that stands alone.
pub(super) fn kind_of_object(node: &Node) -> Option<&'static str> {
    kind_of(node, None)
}

/// The kind of the items of a `RoleList`, which need not say it.
fn listed(node: &Node) -> Option<&'static str> {
    let version = node.get("apiVersion").and_then(Node::text)?;
    let kind = node.get("kind").and_then(Node::text)?;
    let kind = kind
        .strip_suffix("List")
        .filter(|_| version.starts_with(API))?;
    KINDS.into_iter().find(|known| *known == kind)
}

/// One role or binding.
pub(super) struct Object<'n> {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) found: Found<'n>,
    pub(super) names: &'n Names<'n>,
}

/// Finds the roles and bindings of a document, and leaves other objects alone.
fn collect<'n>(
    reader: &mut Reader<'_>,
    root: &Found<'n>,
    objects: &mut Vec<Object<'n>>,
) -> Result<(), GrantError> {
    let of_list = listed(root.node);
    let items = match root.node.get("items").map(|items| &items.value) {
        Some(Value::Seq(_)) => TreePath::of("items[]").find(root, &reader.shown)?,
        _ => vec![root.clone()],
    };
    for found in items {
        if let Some(kind) = kind_of(found.node, of_list) {
            objects.push(Object::of(reader, kind, found)?);
        } else {
            // What is kept there is no grant.
            let lines = found.node.line..=reader.last_line(found.node);
            reader.use_up(&lines.collect::<Vec<_>>());
        }
    }
    Ok(())
}

/// Roles that are defined more than once: which definition counts nobody knows.
fn twice(objects: &[Object<'_>]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let roles = objects.iter().filter(|object| !object.is_binding());
    let names = roles.map(Object::role_name);
    names.filter(|name| !known.insert(name.clone())).collect()
}

impl<'n> Object<'n> {
    fn of(reader: &Reader<'_>, kind: &'static str, found: Found<'n>) -> Result<Self, GrantError> {
        let meta = |key: &str| found.get("metadata").and_then(|meta| meta.get(key));
        let name = match meta("name") {
            Some(name) => reader.name(name.node, "role")?.to_owned(),
            None => {
                return Err(GrantError::BadName {
                    place: reader.place(found.node),
                    message: format!("a {kind} has no name: `metadata.name` is missing"),
                });
            }
        };
        let namespace = match meta("namespace") {
            Some(at) if at.node.value != Value::Null && !kind.starts_with("Cluster") => {
                Some(reader.name(at.node, "role")?.to_owned())
            }
            _ => None,
        };
        Ok(Self {
            kind,
            name,
            namespace,
            found,
            names: &KUBERNETES,
        })
    }

    fn is_binding(&self) -> bool {
        self.kind.ends_with("Binding")
    }

    pub(super) fn role_name(&self) -> String {
        role_name(self.kind, self.namespace.as_deref(), &self.name)
    }

    fn role(&self, reader: &mut Reader<'_>, twice: &BTreeSet<String>) -> Result<(), GrantError> {
        let name = self.role_name();
        let frozen = if twice.contains(&name) {
            Some("the file defines this role more than once".to_owned())
        } else {
            marker(&name)
                .map(|mark| format!("the name `{name}` holds a template marker (`{mark}`)"))
        };
        self.rules(reader, frozen)
    }

    /// The rules of a role.
    pub(super) fn rules(
        &self,
        reader: &mut Reader<'_>,
        frozen: Option<String>,
    ) -> Result<(), GrantError> {
        let role = reader.role(&self.role_name());
        let subject = Subject::Role(role.clone());
        let aggregated = self.found.get(self.names.aggregation);
        if self.kind == "ClusterRole" {
            let facts = gathered::facts(reader, self, aggregated.as_ref())?;
            reader.file().roles.insert(role, facts);
        }
        let frozen = if aggregated.is_some_and(|rule| rule.node.value != Value::Null) {
            Some("the cluster fills in the rules of an aggregated role".to_owned())
        } else {
            frozen
        };
        let Some(list) = self.found.get(self.names.rules) else {
            return Ok(());
        };
        let rules = TreePath::of(&format!("{}[]", self.names.rules));
        let rules = rules.find(&self.found, &reader.shown)?;
        let mut read = Vec::new();
        for (number, rule) in rules.into_iter().enumerate() {
            read.extend(self.lists(reader, number, &rule)?);
        }
        let site = reader.layout.sites.len();
        reader.products(&list, read, &|term| term_of(&subject, term, frozen.clone()))?;
        if let Some(Some(site)) = reader.layout.sites.get_mut(site) {
            site.empty = self.names.empty;
        }
        Ok(())
    }
}

/// How a role is called.
pub(super) fn role_name(kind: &str, namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

/// The name of a role that gathers others, as labels name it.
fn gatherer(name: &str) -> RoleName {
    RoleName::new(&role_name("ClusterRole", None, name))
}

impl<'n> Object<'n> {
    /// The lists of one rule: for resources, for paths, or for both.
    fn lists(
        &self,
        reader: &Reader<'_>,
        number: usize,
        rule: &Found<'n>,
    ) -> Result<Vec<RuleLists<'n>>, GrantError> {
        if rule.node.as_map().is_none() {
            return Err(reader.wrong(rule.node, "a rule", "a mapping"));
        }
        let (groups, urls) = (self.names.groups, self.names.urls);
        let computed = |node: &Node| reader.language.computed(reader.text, node).is_some();
        let get = |key: &'static str| {
            let found = rule.get(key)?;
            (found.node.value != Value::Null).then_some((key, found))
        };
        for key in [groups, "resources", urls, "verbs"] {
            let odd = |found: &Node| found.as_seq().is_none() && !computed(found);
            if let Some((_, found)) = get(key).filter(|(_, found)| odd(found.node)) {
                return Err(reader.wrong(found.node, format!("`{key}` of a rule"), "a list"));
            }
        }
        let mut read = Vec::new();
        let both = get("resources").is_some() && get(urls).is_some();
        let mut rule = rule.clone();
        if both && rule.frozen.is_none() {
            rule.frozen = Some("its rule names resources and paths at once".to_owned());
        }
        let verbs = get("verbs");
        if let (Some(groups), Some(resources), Some(verbs)) =
            (get(groups), get("resources"), verbs.clone())
        {
            read.push(RuleLists {
                number,
                rule: rule.clone(),
                lists: vec![groups, resources, verbs],
                spell: resource,
            });
        }
        if let (Some(paths), Some(verbs)) = (get(urls), verbs) {
            read.push(RuleLists {
                number,
                rule,
                lists: vec![paths, verbs],
                spell: |cell| cell.join(":"),
            });
        }
        Ok(read)
    }
}

/// The one block that a list holds, where something is written as a block.
pub(super) fn alone(found: Found<'_>) -> Found<'_> {
    match found.node.as_seq() {
        Some([block]) => found.below(None, block),
        _ => found,
    }
}

/// `deployments.apps/scale:update`.
fn resource(cell: &[&str]) -> String {
    let [group, resource, verb] = cell else {
        return cell.join(":");
    };
    let (resource, sub) = match resource.split_once('/') {
        Some((resource, sub)) => (resource, format!("/{sub}")),
        None => (*resource, String::new()),
    };
    let dot = if group.is_empty() { "" } else { "." };
    format!("{resource}{dot}{group}{sub}:{verb}")
}
