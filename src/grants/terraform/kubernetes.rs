//! Roles and bindings of Kubernetes in Terraform.
//!
//! ```hcl
//! resource "kubernetes_role" "deployer" {
//!   metadata {
//!     name      = "deployer"
//!     namespace = "shop"
//!   }
//!   rule {
//!     api_groups = ["apps"]
//!     resources  = ["deployments"]
//!     verbs      = ["get", "patch"]
//!   }
//! }
//! ```
//!
//! Invariants:
//! * a rule and a binding mean what they mean in `rbac`, by whose code they are read;
//! * a reference such as `kubernetes_role.deployer.metadata[0].name` is the name that it leads to,
//!   from whichever file of the directory;
//! * where a binding of the directory names its role by another expression, or stands in a file
//!   that is no policy file of the run, nobody knows who has the roles, and they stay;
//! * a role keeps a rule, and a binding a subject: the provider asks for one. In a
//!   `kubernetes_manifest`, which holds the object as YAML has it, the lists may become empty;
//! * a manifest that is an expression may hold a binding, so roles of its directory stay.

use super::code::{Code, Resource, flat};
use super::principal::without_index;
use crate::document::{Node, Value};
use crate::grants::GrantError;
use crate::grants::entry_reader::Reader;
use crate::grants::given::term_of;
use crate::grants::rbac::{KUBERNETES, Names, Object, alone, kind_of_object};
use crate::grants::site::EmptyMeans;
use crate::grants::tree_path::Found;
use crate::model::{RoleName, Subject, Warning};

const DYNAMIC: &str = "its rule is made by `dynamic`";
const SEVERAL: &str = "it may be several roles, made by `count` or `for_each`";
const UNKNOWN: &str = "a binding of its directory names its role by an expression, or stands in a file that is not among the policy files, so who has it is not known";

/// Types of resources, without the version that they may end with.
const KINDS: [(&str, &str); 4] = [
    ("kubernetes_role", "Role"),
    ("kubernetes_cluster_role", "ClusterRole"),
    ("kubernetes_role_binding", "RoleBinding"),
    ("kubernetes_cluster_role_binding", "ClusterRoleBinding"),
];

/// The resource that holds any object.
const MANIFEST: &str = "kubernetes_manifest";

/// A role or binding.
struct Held<'r, 'n> {
    resource: &'r Resource<'n>,
    kind: &'static str,
    /// Where its metadata and its lists are.
    at: Found<'n>,
    names: &'r Names<'r>,
}

fn kind_of(resource: &Resource<'_>) -> Option<&'static str> {
    if resource.data {
        return None;
    }
    if resource.kind == MANIFEST {
        return kind_of_object(resource.found.get("manifest")?.node);
    }
    let plain = resource.kind.strip_suffix("_v1").unwrap_or(resource.kind);
    let found = KINDS.iter().find(|(known, _)| *known == plain);
    found.map(|(_, kind)| *kind)
}

/// Where the object of a resource is written.
fn place<'n>(resource: &Resource<'n>) -> Option<Found<'n>> {
    if resource.kind == MANIFEST {
        return resource.found.get("manifest");
    }
    Some(resource.found.clone())
}

/// Whether a manifest may hold an object of RBAC of which nothing can be read.
fn is_unread(resource: &Resource<'_>) -> bool {
    if resource.kind != MANIFEST || resource.data {
        return false;
    }
    let Some(manifest) = resource.found.get("manifest") else {
        return false;
    };
    let Some(pairs) = manifest.node.as_map() else {
        return true;
    };
    let literal = |key: &str| {
        let value = pairs.iter().find(|(name, _)| name.text() == Some(key));
        let text = value.and_then(|(_, value)| value.as_str());
        text.is_some_and(|text| !text.contains("${") && !text.contains("%{"))
    };
    if !literal("kind") || !literal("apiVersion") {
        return true;
    }
    // A list of which the items are not there to be read.
    let lists = ["rules", "subjects"];
    kind_of(resource).is_some()
        && lists
            .iter()
            .filter_map(|key| manifest.get(key))
            .any(|list| {
                let items = list.node.as_seq();
                !items.is_some_and(|items| items.iter().all(|item| item.as_map().is_some()))
            })
}

/// Whether a type of resource is read here.
pub(super) fn is_known(resource: &Resource<'_>) -> bool {
    kind_of(resource).is_some()
}

/// Reads the roles and bindings of a file.
pub(super) fn read(reader: &mut Reader<'_>, code: &Code<'_>) -> Result<(), GrantError> {
    reader.repeats = true;
    reader.file().in_parts = true;
    let meaning = |text: &str| meant(code, text);
    let blocks = Names {
        groups: "api_groups",
        urls: "non_resource_urls",
        rules: "rule",
        subjects: "subject",
        role_ref: "role_ref",
        aggregation: "aggregation_rule",
        selectors: "cluster_role_selectors",
        equal: "match_labels",
        expressions: "match_expressions",
        empty: EmptyMeans::Invalid,
        meaning: &meaning,
    };
    let manifest = Names {
        meaning: &meaning,
        ..KUBERNETES
    };
    let held = |resource| {
        let names = if is_manifest(resource) {
            &manifest
        } else {
            &blocks
        };
        Held::of(resource, names)
    };
    let unknown = code.all.iter().any(|resource| {
        let binding = held(resource).filter(|own| own.kind.ends_with("Binding"));
        is_unread(resource)
            || binding.is_some_and(|binding| {
                let outside = resource.elsewhere.is_some_and(|file| !file.named);
                outside || !binding.names_its_role(code)
            })
    });
    for resource in code.own() {
        if is_unread(resource) {
            say(
                reader,
                resource,
                "manifest-not-read",
                "is an expression, or holds one in place of a list: what it gives to whom is not read",
            );
            continue;
        }
        let Some(own) = held(resource) else {
            continue;
        };
        let object = own.object(code);
        if own.kind.ends_with("Binding") {
            if own.names_its_role(code) {
                object.binding(reader)?;
            } else {
                say(
                    reader,
                    resource,
                    "binding-not-read",
                    "names its role by an expression: whom it gives what is not read",
                );
            }
            continue;
        }
        let made = ["count", "for_each"];
        let several = made.iter().any(|key| resource.found.get(key).is_some());
        let twice = code.twice.contains(&resource.address());
        let frozen = if unknown {
            Some(UNKNOWN.to_owned())
        } else if several || twice {
            Some(SEVERAL.to_owned())
        } else {
            let lists = if is_manifest(resource) {
                "manifest"
            } else {
                "rule"
            };
            resource.ignored(lists)
        };
        object.rules(reader, frozen)?;
        let role = Subject::Role(RoleName::new(&object.role_name()));
        let blocks = resource
            .found
            .get("dynamic")
            .and_then(|all| all.get("rule"));
        for block in blocks.iter().flat_map(flat) {
            reader.fixed(term_of(&role, "rule", Some(DYNAMIC.to_owned())), block.node);
        }
    }
    Ok(())
}

fn is_manifest(resource: &Resource<'_>) -> bool {
    resource.kind == MANIFEST
}

/// Warns of a resource.
fn say(reader: &mut Reader<'_>, resource: &Resource<'_>, code: &'static str, what: &str) {
    let text = format!("`{}` {what}", resource.address());
    let place = reader.place(resource.found.node);
    let warning = Warning::new(code, text).at(place);
    reader.file().warnings.push(warning);
}

/// An attribute of the metadata of a resource.
fn metadata<'n>(resource: &Resource<'n>, key: &str) -> Option<&'n Node> {
    let metadata = alone(place(resource)?.get("metadata")?);
    let value = metadata.get(key)?.node;
    (value.value != Value::Null).then_some(value)
}

/// A text that is a literal, or a reference to one.
fn known(code: &Code<'_>, text: &str) -> Option<String> {
    if !text.contains("${") && !text.contains("%{") {
        let name = !text.is_empty() && !text.chars().any(char::is_control);
        return name.then(|| text.to_owned());
    }
    meant(code, text)
}

/// The name that a reference to the metadata of a resource leads to.
fn meant(code: &Code<'_>, text: &str) -> Option<String> {
    let plain = without_index(text).replace(".0.", ".");
    let inner = plain.strip_prefix("${")?.strip_suffix('}')?;
    let (address, key) = inner.rsplit_once(".metadata.")?;
    let address = address.strip_suffix(".manifest").unwrap_or(address);
    let address = address.strip_suffix(".object").unwrap_or(address);
    if address.split('.').count() != 2 || !["name", "namespace"].contains(&key) {
        return None;
    }
    let resource = code.at(address)?;
    if key == "name" && kind_of(resource).is_some() {
        return Some(name(code, resource));
    }
    let value = metadata(resource, key).and_then(Node::as_str);
    value
        .filter(|text| !text.contains("${") && !text.contains("%{"))
        .map(str::to_owned)
}

/// What a role or binding is called: by its literal name, else by its address.
fn name(code: &Code<'_>, resource: &Resource<'_>) -> String {
    let literal = metadata(resource, "name").and_then(Node::as_str);
    let literal = literal.filter(|text| !text.contains("${") && !text.contains("%{"));
    let literal = literal.filter(|text| !text.is_empty() && !text.chars().any(char::is_control));
    literal.map_or_else(|| code.unique(&resource.address()), str::to_owned)
}

/// The namespace; without one the provider takes `default`.
fn namespace(code: &Code<'_>, resource: &Resource<'_>, kind: &str) -> Option<String> {
    if kind.starts_with("Cluster") {
        return None;
    }
    let stated = metadata(resource, "namespace").and_then(Node::text);
    let stated = stated.map(|text| known(code, text).unwrap_or_else(|| text.to_owned()));
    Some(stated.unwrap_or_else(|| "default".to_owned()))
}

impl<'r, 'n> Held<'r, 'n> {
    fn of(resource: &'r Resource<'n>, names: &'r Names<'r>) -> Option<Self> {
        Some(Self {
            resource,
            kind: kind_of(resource)?,
            at: place(resource)?,
            names,
        })
    }

    fn object<'o>(&'o self, code: &Code<'_>) -> Object<'o>
    where
        'n: 'o,
    {
        Object {
            kind: self.kind,
            name: name(code, self.resource),
            namespace: namespace(code, self.resource, self.kind),
            found: self.at.clone(),
            names: self.names,
        }
    }

    /// Whether it is known which role a binding gives.
    fn names_its_role(&self, code: &Code<'_>) -> bool {
        let Some(role) = self.at.get(self.names.role_ref).map(alone) else {
            return false;
        };
        let literal = |key: &str| {
            let text = role.get(key).and_then(|found| found.node.as_str());
            text.and_then(|text| known(code, text))
        };
        let in_namespace = literal("kind").as_deref() != Some("Role") || {
            let stated = metadata(self.resource, "namespace").and_then(Node::text);
            stated.is_none_or(|text| known(code, text).is_some())
        };
        literal("kind").is_some() && literal("name").is_some() && in_namespace
    }
}
