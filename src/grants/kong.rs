//! Kong's declarative configuration, as decK writes it and as Kong without a database reads it.
//!
//! ```yaml
//! _format_version: "3.0"
//! consumers:
//!   - username: billing
//!     custom_id: app-7
//!     acls: [{group: invoices-read}]
//! ```
//!
//! The terms are the groups of consumers that `acl` plugins ask for. They stand under the
//! consumer, or under `acls` at the top with the consumer's name. Consumer groups are grants
//! only where some `acl` plugin has `include_consumer_groups`; one that carries plugins of its
//! own, or is defined in another file, is not edited. A group that some plugin denies is none:
//! without it a consumer may do more. `custom_id` is another name of a consumer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::described::{Description, Judged};
use super::entry_reader::Reader;
use super::given::{Given, term_of};
use super::layout::Layout;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, Subject, Warning};

/// The registry's entry.
pub(super) struct Kong;

pub(super) const NAME: &str = "kong";
/// Lists of plugins that shut out whom they name, by today's name and by the one of old.
const DENYING: [&str; 2] = ["deny", "blacklist"];

fn description() -> Description {
    Description {
        name: NAME.to_owned(),
        when: Vec::new(),
        clients: vec![TreePath::of("consumers[]")],
        id: ["username", "custom_id", "id"].map(TreePath::of).to_vec(),
        aliases: ["custom_id", "id"].map(TreePath::of).to_vec(),
        audience: None,
        terms: vec![TreePath::of("acls")],
        optional: Vec::new(),
        shape: Shape::Objects("group".to_owned()),
        empty_means: EmptyMeans::None,
        roles: None,
    }
}

impl PolicyFormat for Kong {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let mapping = |item: &Node| item.as_map().is_some();
        source.any(|root| {
            let consumers = root.get("consumers").and_then(Node::as_seq);
            root.get("_format_version").is_some()
                || consumers.is_some_and(|all| !all.is_empty() && all.iter().all(mapping))
                || is_part(root)
        })
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let facts = Facts::of(roots);
        foreign(source, roots)?;
        let mut reader = Reader::new(source, NAME, roots)?;
        let judge = |_: &str, group: &str| facts.judge(group);
        description().read(&mut reader, roots, &judge)?;
        for root in roots {
            let root = Found::root(root);
            top_level(&mut reader, &root, "acls", "group", &facts)?;
            if facts.plugins.consumer_groups {
                groups(&mut reader, &root, &facts)?;
            }
        }
        reader.settle_aliases();
        if !facts.grants {
            return Err(GrantError::NoGrants {
                file: Arc::from(source.shown),
                what: facts.without(),
            });
        }
        facts.warn(reader.file());
        reader.finish()
    }
}

/// What a part of a declarative file may hold, and keys by which an item is known for one of Kong.
const SECTIONS: [(&str, &[&str]); 11] = [
    ("services", &["host", "url"]),
    ("routes", &["paths", "strip_path", "protocols", "service"]),
    ("plugins", &["config"]),
    ("upstreams", &["targets", "slots", "algorithm"]),
    ("certificates", &["cert"]),
    ("ca_certificates", &["cert"]),
    ("consumer_groups", &["name"]),
    ("vaults", &["prefix"]),
    ("partials", &["config"]),
    ("consumers", &[]),
    ("acls", &[]),
];

/// Whether it has nothing but sections of Kong, as decK reads them without `_format_version`.
fn is_part(root: &Node) -> bool {
    let pairs = root.as_map().unwrap_or_default();
    let section = |key: &Node| {
        let key = key.text().unwrap_or_default();
        let mut known = SECTIONS.iter();
        known
            .find(|(name, _)| *name == key)
            .map(|(_, marks)| *marks)
    };
    let own = |key: &Node| key.text().is_some_and(|key| key.starts_with('_'));
    let marked = |(key, value): &(Node, Node)| {
        let mut items = value.as_seq().unwrap_or_default().iter();
        let marks = section(key).unwrap_or_default();
        items.any(|item| marks.iter().any(|mark| item.get(mark).is_some()))
    };
    pairs
        .iter()
        .all(|(key, _)| own(key) || section(key).is_some())
        && pairs.iter().any(marked)
}

/// Refuses what looks like a declarative file of Kong and is none.
fn foreign(source: &Source<'_>, roots: &[Node]) -> Result<(), GrantError> {
    let consumers = roots.iter().filter_map(|root| root.get("consumers"));
    let mut consumers = consumers.flat_map(|all| all.as_seq().unwrap_or_default());
    let named = |consumer: &Node| {
        let keys = ["username", "custom_id", "id", "<<"];
        keys.iter().any(|key| consumer.get(key).is_some())
    };
    let Some(consumer) = consumers.find(|consumer| !named(consumer)) else {
        return Ok(());
    };
    Err(GrantError::NoGrants {
        file: Arc::from(source.shown),
        what: format!(
            "it resembles a declarative file of Kong, but its consumers have neither `username` nor `custom_id` (line {})",
            consumer.line
        ),
    })
}

/// What the whole file says about groups and names.
#[derive(Default)]
struct Facts {
    plugins: Plugins,
    /// Consumer groups that are defined here, and whether they carry plugins.
    defined: BTreeMap<String, bool>,
    /// A consumer by each of its names.
    consumers: BTreeMap<String, ClientName>,
    /// There is a place for grants, even an empty one.
    grants: bool,
    /// Consumers are members of groups that grant nothing.
    members: bool,
}

/// What the plugins of the file say.
#[derive(Default)]
struct Plugins {
    /// Names in lists that shut out.
    denied: BTreeSet<String>,
    /// Some plugin counts consumer groups as groups.
    consumer_groups: bool,
    /// Some `acl` plugin is in the file.
    acl: bool,
}

impl Plugins {
    /// Looks at every plugin, and at what several share (`_plugin_configs`).
    fn look(&mut self, node: &Node) {
        for item in node.as_seq().unwrap_or_default() {
            self.look(item);
        }
        for (key, value) in node.as_map().unwrap_or_default() {
            let name = key.text().unwrap_or_default();
            self.consumer_groups |=
                name == "include_consumer_groups" && value.value == Value::Bool(true);
            self.acl |= name == "name" && value.text() == Some("acl");
            if DENYING.contains(&name) {
                let names = value.as_seq().unwrap_or_default().iter();
                self.denied
                    .extend(names.filter_map(Node::text).map(str::to_owned));
            }
            self.look(value);
        }
    }
}

impl Facts {
    fn of(roots: &[Node]) -> Self {
        let mut facts = Self::default();
        for root in roots {
            facts.plugins.look(root);
            for group in root
                .get("consumer_groups")
                .and_then(Node::as_seq)
                .unwrap_or_default()
            {
                let plugins = group.get("plugins").and_then(Node::as_seq);
                let carries = plugins.is_some_and(|plugins| !plugins.is_empty());
                facts.members |= group.get("consumers").is_some();
                if let Some(name) = group.get("name").and_then(Node::text) {
                    *facts.defined.entry(name.to_owned()).or_default() |= carries;
                }
            }
            let consumers = root
                .get("consumers")
                .and_then(Node::as_seq)
                .unwrap_or_default();
            for consumer in consumers {
                let names = ["username", "custom_id", "id"];
                let names = names.map(|key| consumer.get(key).and_then(Node::text));
                if let Some(first) = names.iter().flatten().next() {
                    for name in names.iter().flatten() {
                        let own = || ClientName::new(first);
                        facts
                            .consumers
                            .entry((*name).to_owned())
                            .or_insert_with(own);
                    }
                }
                facts.grants |= Found::root(consumer).get("acls").is_some();
                facts.members |= Found::root(consumer).get("groups").is_some();
            }
            facts.grants |= root.get("acls").is_some();
            facts.members |= root.get("consumer_group_consumers").is_some();
        }
        // A plugin may exempt a consumer group by `deny` alone, so either way it is looked at.
        facts.grants |= facts.plugins.consumer_groups && facts.members;
        facts
    }

    fn judge(&self, group: &str) -> Judged {
        if self.plugins.denied.contains(group) {
            return Judged::NoGrant;
        }
        if group.starts_with("{vault://") {
            return Judged::Frozen("its name is a reference into a vault".to_owned());
        }
        Judged::Grant
    }

    fn judge_group(&self, group: &str) -> Judged {
        match (self.judge(group), self.defined.get(group)) {
            (Judged::Grant, Some(false)) => Judged::Grant,
            (Judged::Grant, Some(true)) => Judged::Frozen(
                "its consumer group also carries plugins, which its members would lose".to_owned(),
            ),
            (Judged::Grant, None) => Judged::Frozen(
                "its consumer group is not defined in this file, so what else it carries is not known"
                    .to_owned(),
            ),
            (other, _) => other,
        }
    }

    /// The consumer that a foreign key names, by any of its names.
    fn consumer(&self, name: &str) -> ClientName {
        let known = self.consumers.get(name).cloned();
        known.unwrap_or_else(|| ClientName::new(name))
    }

    fn without(&self) -> String {
        let groups = if self.members {
            ", and its consumer groups are no grants where no `acl` plugin has `include_consumer_groups`"
        } else {
            ""
        };
        format!(
            "a Kong declarative file without consumers' ACL groups: it holds no grants of clients{groups}"
        )
    }

    fn warn(&self, file: &mut PolicyFile) {
        if !self.plugins.acl {
            let text = format!(
                "no `acl` plugin is in `{}`, so whether one denies some group is not known: removing such a group would let its consumers do more",
                file.path
            );
            file.warnings
                .push(Warning::new("acl-plugin-elsewhere", text));
        }
        if !self.plugins.denied.is_empty() {
            let text = format!(
                "`{}`: groups that a plugin denies are no grants, and left as they are",
                file.path
            );
            file.warnings.push(Warning::new("denied-groups", text));
        }
    }
}

const GIVEN: Given = Given {
    optional: false,
    audience: None,
    empty: EmptyMeans::None,
    fixed: Some("a group is not replaced here"),
};

/// Grants at the top of a file for Kong without a database: `{consumer: billing, group: x}`.
fn top_level(
    reader: &mut Reader<'_>,
    root: &Found<'_>,
    list: &str,
    group: &str,
    facts: &Facts,
) -> Result<(), GrantError> {
    let Some(place) = root.get(list) else {
        return Ok(());
    };
    let items = place.node.as_seq().unwrap_or_default();
    if let Some(item) = items.iter().find(|item| consumer_of(item).is_none()) {
        return Err(GrantError::BadName {
            place: reader.place(item),
            message: format!("an item of `{list}` names no consumer"),
        });
    }
    let acl = list == "acls";
    reader.shaped(
        &place,
        &Shape::Objects(group.to_owned()),
        &GIVEN,
        &mut |item, name| {
            let subject = Subject::Client(facts.consumer(consumer_of(item)?));
            match if acl {
                facts.judge(name)
            } else {
                facts.judge_group(name)
            } {
                Judged::Grant => Some(term_of(&subject, name, None)),
                Judged::Frozen(why) => Some(term_of(&subject, name, Some(why))),
                Judged::NoGrant => None,
            }
        },
    )
}

/// The consumer of an item: by its name, or by a mapping with one of its names.
fn consumer_of(item: &Node) -> Option<&str> {
    let consumer = item.get("consumer")?;
    let names = ["username", "name", "custom_id", "id"];
    let inner = || names.iter().find_map(|key| consumer.get(key)?.text());
    consumer.text().or_else(inner)
}

/// Memberships of consumer groups, in the three places where they stand.
fn groups(reader: &mut Reader<'_>, root: &Found<'_>, facts: &Facts) -> Result<(), GrantError> {
    let shown = Arc::clone(&reader.shown);
    let id = description().id;
    for consumer in TreePath::of("consumers[]").find(root, &shown)? {
        let (name, frozen) = reader.called(&consumer, &id, "consumer")?;
        let subject = Subject::Client(ClientName::new(&name));
        let Some(place) = consumer.get("groups") else {
            continue;
        };
        let shape = Shape::Objects("name".to_owned());
        reader.shaped(
            &place,
            &shape,
            &GIVEN,
            &mut |_, group| match facts.judge_group(group) {
                Judged::Grant => Some(term_of(&subject, group, frozen.clone())),
                Judged::Frozen(why) => Some(term_of(&subject, group, Some(why))),
                Judged::NoGrant => None,
            },
        )?;
    }
    for group in TreePath::of("consumer_groups[]").find(root, &shown)? {
        let (name, frozen) = reader.called(&group, &[TreePath::of("name")], "consumer group")?;
        let Some(place) = group.get("consumers") else {
            continue;
        };
        let shape = Shape::Objects("username".to_owned());
        reader.shaped(&place, &shape, &GIVEN, &mut |_, consumer| {
            let subject = Subject::Client(facts.consumer(consumer));
            match facts.judge_group(&name) {
                Judged::Grant => Some(term_of(&subject, &name, frozen.clone())),
                Judged::Frozen(why) => Some(term_of(&subject, &name, Some(why))),
                Judged::NoGrant => None,
            }
        })?;
    }
    top_level(
        reader,
        root,
        "consumer_group_consumers",
        "consumer_group",
        facts,
    )
}
