//! The resources of a Terraform file, and what its expressions refer to.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::document::Node;
use crate::grants::GrantError;
use crate::grants::entry_reader::Reader;
use crate::grants::module::{Module, Neighbour};
use crate::grants::tree_path::Found;

/// Types named in a message.
const SHOWN: usize = 5;
/// Key words in whose place no resource type stands.
const NO_TYPES: [&str; 8] = [
    "var",
    "local",
    "each",
    "module",
    "path",
    "self",
    "count",
    "terraform",
];

/// What other tools write in HCL, by a block that only they have.
const NEIGHBOURS: [(&str, &str); 6] = [
    ("job", "a job of Nomad"),
    ("path", "a policy of Vault"),
    ("build", "a template of Packer"),
    ("source", "a template of Packer"),
    ("inputs", "a configuration of Terragrunt"),
    ("pipeline", "a pipeline of Waypoint"),
];

/// One resource, or one data source.
pub(super) struct Resource<'n> {
    pub(super) kind: &'n str,
    name: &'n str,
    pub(super) data: bool,
    pub(super) found: Found<'n>,
    /// The other file that it stands in, if so.
    pub(super) elsewhere: Option<&'n Neighbour>,
}

/// All resources of a file, in its order, and then those of the other files of its directory.
pub(super) struct Code<'n> {
    pub(super) all: Vec<Resource<'n>>,
    by_address: BTreeMap<String, usize>,
    /// Addresses that several resources have.
    pub(super) twice: BTreeSet<String>,
    /// In front of an address, where another directory may have the same.
    prefix: &'n str,
    /// Client scopes of Keycloak that are defined here, by name.
    scopes: BTreeMap<&'n str, String>,
    /// Those of them that something is attached to.
    attached: BTreeSet<String>,
    /// Something is attached to a scope that is not known.
    attached_anywhere: bool,
}

/// What a client is called.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) others: Vec<String>,
    pub(super) frozen: Option<String>,
    /// Nothing says that this is its name in logs.
    pub(super) by_address: bool,
}

impl Resource<'_> {
    pub(super) fn address(&self) -> String {
        let data = if self.data { "data." } else { "" };
        format!("{data}{}.{}", self.kind, self.name)
    }

    /// The literal text of an attribute.
    pub(super) fn literal(&self, attribute: &str) -> Option<String> {
        let found = self.found.get(attribute)?;
        let text = found.node.as_str()?;
        let name = !text.is_empty() && !is_computed(text) && !text.chars().any(char::is_control);
        name.then(|| text.to_owned())
    }

    /// What it is called as a client, by the attribute that may hold its name.
    fn called(&self, id: &str) -> Named {
        let address = self.address();
        if let Some(name) = self.literal(id) {
            return Named {
                name,
                others: vec![address],
                frozen: None,
                by_address: false,
            };
        }
        let others = ["name", "label"].iter().filter_map(|key| self.literal(key));
        Named {
            name: address,
            others: others.collect(),
            frozen: None,
            by_address: true,
        }
    }

    /// What it is called where it is a client itself; its id is made when it is created.
    pub(super) fn itself(&self) -> Named {
        Named {
            by_address: true,
            ..self.called("name")
        }
    }

    /// Why an edit of this attribute has no effect, if so.
    pub(super) fn ignored(&self, attribute: &str) -> Option<String> {
        let lifecycle = self.found.get("lifecycle")?;
        let changes = flat(&lifecycle)
            .into_iter()
            .filter_map(|own| own.get("ignore_changes"));
        let ignored = changes.flat_map(|changes| flat(&changes)).any(|change| {
            let text = change.node.text().unwrap_or_default();
            let name = text
                .strip_prefix("${")
                .and_then(|text| text.strip_suffix('}'));
            [attribute, "all"].contains(&name.unwrap_or(text))
        });
        ignored.then(|| "`ignore_changes` makes Terraform ignore an edit of it".to_owned())
    }
}

impl<'n> Code<'n> {
    pub(super) fn of(roots: &'n [Node], module: &'n Module<'n>) -> Self {
        let mut all: Vec<Resource<'n>> = roots.iter().flat_map(resources).collect();
        all.sort_by_key(|resource| resource.found.node.span.start);
        for neighbour in &module.neighbours {
            let others = neighbour.root.iter().flat_map(resources);
            all.extend(others.map(|resource| Resource {
                elsewhere: Some(neighbour),
                ..resource
            }));
        }
        let mut code = Self {
            by_address: BTreeMap::new(),
            twice: BTreeSet::new(),
            prefix: &module.prefix,
            scopes: BTreeMap::new(),
            attached: BTreeSet::new(),
            attached_anywhere: false,
            all,
        };
        for (index, resource) in code.all.iter().enumerate() {
            let address = resource.address();
            if let Some(to) = resource.found.get("client_scope_id") {
                match to.node.text().and_then(reference) {
                    Some(address) => code.attached.extend([address]),
                    None => code.attached_anywhere = true,
                }
            }
            let name = resource
                .found
                .get("name")
                .and_then(|name| name.node.as_str());
            if let Some(name) = name.filter(|_| resource.kind == "keycloak_openid_client_scope") {
                code.scopes.insert(name, address.clone());
            }
            match code.by_address.entry(address) {
                Entry::Vacant(free) => drop(free.insert(index)),
                Entry::Occupied(known) => drop(code.twice.insert(known.key().clone())),
            }
        }
        code
    }

    /// The resources and data sources of the file itself.
    pub(super) fn own(&self) -> impl Iterator<Item = &Resource<'n>> {
        self.all.iter().filter(|own| own.elsewhere.is_none())
    }

    /// Its resources, without data sources.
    pub(super) fn resources(&self) -> impl Iterator<Item = &Resource<'n>> {
        self.own().filter(|resource| !resource.data)
    }

    /// An address as a name that no other directory has.
    pub(super) fn unique(&self, address: &str) -> String {
        format!("{}{address}", self.prefix)
    }

    pub(super) fn at(&self, address: &str) -> Option<&Resource<'n>> {
        self.all.get(*self.by_address.get(address)?)
    }

    /// The client that an attribute names.
    pub(super) fn client(
        &self,
        reader: &Reader<'_>,
        resource: &Resource<'n>,
        attribute: &str,
    ) -> Result<Option<Named>, GrantError> {
        let Some(found) = resource.found.get(attribute) else {
            // A grant by default for clients of third parties names none.
            return Ok(None);
        };
        let text = reader.name(found.node, "client")?;
        Ok(Some(self.named(text)))
    }

    pub(super) fn named(&self, text: &str) -> Named {
        if let Some(address) = reference(text) {
            return match self.at(&address) {
                Some(resource) => resource.called("client_id"),
                None => Named {
                    name: address,
                    others: Vec::new(),
                    frozen: None,
                    by_address: true,
                },
            };
        }
        let inner = text
            .strip_prefix("${")
            .and_then(|text| text.strip_suffix('}'));
        let why = "which client it is for is an expression and not a literal";
        Named {
            name: inner
                .unwrap_or(text)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            others: Vec::new(),
            frozen: is_computed(text).then(|| why.to_owned()),
            by_address: false,
        }
    }

    /// The API that an attribute names: by its identifier, or by its address.
    pub(super) fn audience(&self, resource: &Resource<'n>, attribute: &str) -> Option<String> {
        let found = resource.found.get(attribute)?;
        let text = found.node.text()?;
        let Some(address) = reference(text) else {
            return Some(text.to_owned());
        };
        let identifier = self.at(&address).and_then(|api| api.literal("identifier"));
        Some(identifier.unwrap_or(address))
    }

    /// Why a client scope of Keycloak must stay, if so.
    pub(super) fn carries(&self, scope: &str) -> Option<&'static str> {
        match self.scopes.get(scope) {
            None => Some(
                "its client scope is not defined in this file, so what else it carries is not known",
            ),
            Some(address) if self.attached_anywhere || self.attached.contains(address) => {
                Some("something is attached to its client scope, which tokens would lose")
            }
            Some(_) => None,
        }
    }

    /// The clients that the policy of a rule is for, where this file says it.
    pub(super) fn members(&self, rule: &Resource<'n>) -> Option<Vec<(&'n Node, Named)>> {
        let policy = rule.found.get("policy_id")?;
        let address = reference(policy.node.text()?)?;
        let policy = self.at(&address).filter(|own| own.elsewhere.is_none())?;
        let clients = policy.found.get("client_whitelist")?;
        let clients = clients.node.as_seq()?;
        let member = |node: &'n Node| {
            let text = node
                .as_str()
                .filter(|text| *text != "ALL_CLIENTS" && !text.is_empty())?;
            let named = self.named(text);
            (named.frozen.is_none() && !text.chars().any(char::is_control)).then_some((node, named))
        };
        clients.iter().map(member).collect()
    }

    /// What a file is that grants nothing.
    pub(super) fn without(&self, roots: &[Node]) -> String {
        let types: BTreeSet<&str> = self.resources().map(|resource| resource.kind).collect();
        let quoted = |names: BTreeSet<&str>| {
            let shown: Vec<String> = names
                .iter()
                .take(SHOWN)
                .map(|name| format!("`{name}`"))
                .collect();
            let more = if names.len() > SHOWN { ", …" } else { "" };
            format!("{}{more}", shown.join(", "))
        };
        if !types.is_empty() {
            return format!(
                "a Terraform file without resources that grant scopes to clients; its resources are {}",
                quoted(types)
            );
        }
        let has = |key: &str| roots.iter().any(|root| root.get(key).is_some());
        if let Some((_, what)) = NEIGHBOURS.iter().find(|(key, _)| has(key)) {
            return format!("it looks like {what}, which holds no grants of clients");
        }
        let blocks: BTreeSet<&str> = [
            "variable",
            "locals",
            "module",
            "data",
            "output",
            "provider",
            "terraform",
        ]
        .into_iter()
        .filter(|key| has(key))
        .collect();
        if blocks.is_empty() {
            return "an HCL file without resources of Terraform: it holds no grants of clients"
                .to_owned();
        }
        format!(
            "a Terraform file without resources, which holds {}",
            quoted(blocks)
        )
    }
}

/// The resources and data sources of a body.
fn resources(root: &Node) -> Vec<Resource<'_>> {
    let mut all = Vec::new();
    for (top, data) in [("resource", false), ("data", true)] {
        let top = Found::root(root).get(top);
        let types = top.iter().flat_map(flat).flat_map(|types| types.entries());
        for kind in types {
            for named in flat(&kind).iter().flat_map(Found::entries) {
                let names = kind
                    .key
                    .and_then(Node::text)
                    .zip(named.key.and_then(Node::text));
                let Some((kind, name)) = names else {
                    continue;
                };
                let bodies = flat(&named).into_iter();
                let bodies = bodies.filter(|body| body.node.as_map().is_some());
                all.extend(bodies.map(|found| Resource {
                    kind,
                    name,
                    data,
                    found,
                    elsewhere: None,
                }));
            }
        }
    }
    all
}

fn is_computed(text: &str) -> bool {
    text.contains("${") || text.contains("%{")
}

/// The address that an expression refers to: `auth0_client.ci` for `${auth0_client.ci.id}`.
pub(super) fn reference(text: &str) -> Option<String> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let word = |part: &&str| {
        let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        part.starts_with(|c: char| c.is_alphabetic() || c == '_') && part.chars().all(inside)
    };
    let (address, _) = inner.rsplit_once('.')?;
    let parts: Vec<&str> = inner.split('.').collect();
    let own = match parts.as_slice() {
        ["data", kind, _, _] | [kind, _, _] => !NO_TYPES.contains(kind) && *kind != "data",
        _ => false,
    };
    (own && parts.iter().all(word)).then(|| address.to_owned())
}

/// The items of a list, or the one thing that stands there.
pub(super) fn flat<'n>(found: &Found<'n>) -> Vec<Found<'n>> {
    match found.node.as_seq() {
        Some(items) => items.iter().map(|item| found.below(None, item)).collect(),
        None => vec![found.clone()],
    }
}
