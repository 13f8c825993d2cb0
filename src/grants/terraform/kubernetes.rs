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
//! * a role keeps a rule, and a binding a subject: the provider asks for one.

use super::code::{Code, Resource, flat};
use super::principal::without_index;
use crate::document::{Node, Value};
use crate::grants::GrantError;
use crate::grants::entry_reader::Reader;
use crate::grants::given::term_of;
use crate::grants::rbac::{Names, Object, alone};
use crate::grants::site::EmptyMeans;
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

fn kind_of(resource: &Resource<'_>) -> Option<&'static str> {
    let plain = resource.kind.strip_suffix("_v1").unwrap_or(resource.kind);
    let found = KINDS.iter().find(|(known, _)| *known == plain);
    found.filter(|_| !resource.data).map(|(_, kind)| *kind)
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
    let names = Names {
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
    let mut bindings = code.all.iter().filter(|own| {
        let kind = kind_of(own);
        kind.is_some_and(|kind| kind.ends_with("Binding"))
    });
    let unknown = bindings.any(|binding| {
        let outside = binding.elsewhere.is_some_and(|file| !file.named);
        outside || !names_its_role(code, binding)
    });
    for resource in code.own() {
        let Some(kind) = kind_of(resource) else {
            continue;
        };
        let object = Object {
            kind,
            name: name(code, resource),
            namespace: namespace(code, resource, kind),
            found: resource.found.clone(),
            names: &names,
        };
        if kind.ends_with("Binding") {
            if !names_its_role(code, resource) {
                let text = format!(
                    "`{}` names its role by an expression: whom it gives what is not read",
                    resource.address()
                );
                let place = reader.place(resource.found.node);
                let warning = Warning::new("binding-not-read", text).at(place);
                reader.file().warnings.push(warning);
                continue;
            }
            object.binding(reader)?;
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
            resource.ignored("rule")
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

/// An attribute of the metadata of a resource.
fn metadata<'n>(resource: &Resource<'n>, key: &str) -> Option<&'n Node> {
    let metadata = alone(resource.found.get("metadata")?);
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

/// Whether it is known which role a binding gives.
fn names_its_role(code: &Code<'_>, binding: &Resource<'_>) -> bool {
    let Some(role) = binding.found.get("role_ref").map(alone) else {
        return false;
    };
    let literal = |key: &str| {
        let text = role.get(key).and_then(|found| found.node.as_str());
        text.and_then(|text| known(code, text))
    };
    let in_namespace = literal("kind").as_deref() != Some("Role") || {
        let stated = metadata(binding, "namespace").and_then(Node::text);
        stated.is_none_or(|text| known(code, text).is_some())
    };
    literal("kind").is_some() && literal("name").is_some() && in_namespace
}
