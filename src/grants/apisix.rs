//! Routes and consumers of Apache APISIX: `apisix.yaml` of a gateway without a database, what ADC
//! writes, and lists of the Admin API.
//!
//! ```yaml
//! routes:
//!   - id: orders
//!     uri: /orders/*
//!     plugins:
//!       consumer-restriction: {whitelist: [billing, web]}
//! ```
//!
//! Who is in a whitelist of a route or service is granted its `id`, else its `name`: a consumer
//! directly, a consumer group for its members. A consumer or group may as well list the routes or
//! services that it may call. A catalogue names these ids on its operations. A whitelist that is
//! empty restricts nobody, and is never emptied. Who is in a `blacklist` is granted nothing by a
//! whitelist next to it. `allowed_by_methods` restricts whom it names, and is left as it is.

use std::sync::Arc;

use super::entry_reader::Reader;
use super::given::{Given, role_of, term_of};
use super::layout::Layout;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, RoleName, Subject, Warning};

/// The registry's entry.
pub(super) struct Apisix;

pub(super) const NAME: &str = "apisix";
const PLUGIN: &str = "consumer-restriction";

/// Lists of objects, by what they are lists of.
const SECTIONS: [(&str, Section); 10] = [
    ("routes", Section::Route),
    ("services", Section::Route),
    ("services[].routes", Section::Route),
    ("consumers", Section::Consumer),
    ("consumer_groups", Section::Group),
    ("consumer_groups[].consumers", Section::Consumer),
    ("plugin_configs", Section::Shared),
    ("global_rules", Section::Shared),
    ("list", Section::Stored),
    ("node.nodes", Section::Stored),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// A route or a service.
    Route,
    Consumer,
    Group,
    /// Plugins of several routes, or of all.
    Shared,
    /// `{"key": "/apisix/routes/1", "value": {...}}`
    Stored,
}

/// One object with plugins.
struct Object<'n> {
    section: Section,
    at: Found<'n>,
    /// The group that a consumer stands in.
    group: Option<Found<'n>>,
}

impl PolicyFormat for Apisix {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let shown = Arc::from(source.shown);
        source.any(|root| {
            let all = objects(root, &shown);
            // The plugins of Kong are a list.
            all.iter().any(|object| {
                let plugins = object.at.get("plugins");
                plugins.is_some_and(|own| own.node.as_map().is_some())
                    || object.group_id().is_some()
            })
        })
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        let mut stated = false;
        for root in roots {
            // What is of another kind than its name says is refused, not passed over.
            for (path, _) in SECTIONS {
                TreePath::of(&format!("{path}[]")).find(&Found::root(root), &reader.shown)?;
            }
            for object in objects(root, &reader.shown) {
                stated |= object.read(&mut reader)?;
            }
        }
        if !stated {
            return Err(GrantError::NoGrants {
                file: Arc::from(source.shown),
                what: format!(
                    "a file of APISIX without a whitelist (`{PLUGIN}`): it holds no grants of clients, as every consumer may call every route"
                ),
            });
        }
        reader.finish()
    }
}

fn objects<'n>(root: &'n Node, shown: &Arc<str>) -> Vec<Object<'n>> {
    let mut all = Vec::new();
    if ["_format_version", "apiVersion"]
        .iter()
        .any(|key| root.get(key).is_some())
    {
        return all;
    }
    let mut add = |section: Section, at: Found<'n>, group: Option<Found<'n>>| {
        if section != Section::Stored {
            all.push(Object { section, at, group });
        } else if let Some(value) = at.get("value") {
            let section = stored(&at, &value);
            all.push(Object {
                section,
                at: value,
                group,
            });
        }
    };
    let root = Found::root(root);
    add(Section::Stored, root.clone(), None);
    for (path, section) in SECTIONS {
        let (outer, inner) = path.rsplit_once("[].").unwrap_or((".", path));
        let inner = TreePath::of(&format!("{inner}[]"));
        let outer = if outer == "." {
            outer.to_owned()
        } else {
            format!("{outer}[]")
        };
        for around in TreePath::of(&outer).find(&root, shown).unwrap_or_default() {
            for at in inner.find(&around, shown).unwrap_or_default() {
                let group = (outer == "consumer_groups[]").then(|| around.clone());
                add(section, at, group);
            }
        }
    }
    all
}

/// What an object of the Admin API is, by its key, else by what it has.
fn stored(at: &Found<'_>, value: &Found<'_>) -> Section {
    let key = at
        .get("key")
        .and_then(|key| key.node.text())
        .unwrap_or_default();
    let has = |key: &str| value.get(key).is_some();
    if key.contains("/consumers/") || has("username") {
        Section::Consumer
    } else if key.contains("/consumer_groups/") {
        Section::Group
    } else if key.contains("/plugin_configs/") || key.contains("/global_rules/") {
        Section::Shared
    } else {
        Section::Route
    }
}

/// A whitelist is never emptied: an empty one is refused, or restricts nobody.
const GIVEN: Given = Given {
    optional: false,
    audience: None,
    empty: EmptyMeans::All,
    fixed: Some("who may call a route is not replaced here"),
};

impl<'n> Object<'n> {
    fn group_id(&self) -> Option<Found<'n>> {
        self.at
            .get("group_id")
            .filter(|_| self.section == Section::Consumer)
    }

    /// Takes in what is granted here; whether there is a whitelist.
    fn read(&self, reader: &mut Reader<'_>) -> Result<bool, GrantError> {
        let ids = if self.section == Section::Consumer {
            ["username", "id", "name"]
        } else {
            ["id", "name", "uri"]
        };
        let ids = ids.map(TreePath::of);
        let restriction = self.at.get("plugins").and_then(|all| all.get(PLUGIN));
        if self.section != Section::Consumer && restriction.is_none() {
            return Ok(false);
        }
        let what = match self.section {
            Section::Consumer => "consumer",
            Section::Group => "consumer group",
            _ => "route",
        };
        let (name, frozen) = reader.called(&self.at, &ids, what)?;
        if self.section == Section::Consumer {
            self.member(reader, &name)?;
        }
        let Some(restriction) = restriction else {
            return Ok(false);
        };
        let kind = restriction.get("type").and_then(|kind| kind.node.text());
        let kind = kind.unwrap_or("consumer_name");
        let off = restriction
            .get("_meta")
            .and_then(|meta| meta.get("disable"));
        let off = off.is_some_and(|off| off.node.value == Value::Bool(true));
        let list = restriction.get("whitelist");
        let grants = match self.section {
            Section::Route => ["consumer_name", "consumer_group_id"].contains(&kind),
            Section::Consumer | Section::Group => ["route_id", "service_id"].contains(&kind),
            Section::Shared | Section::Stored => false,
        };
        let Some(list) = list.filter(|_| grants && !off) else {
            let text = format!(
                "`{PLUGIN}` of {what} `{name}` has no whitelist of consumers that is in force here: it is left as it is, and no grant"
            );
            let warning = Warning::new("restriction-not-read", text);
            let place = reader.place(restriction.node);
            reader.file().warnings.push(warning.at(place));
            return Ok(false);
        };
        let denied = restriction.get("blacklist");
        let denied = denied
            .and_then(|list| list.node.as_seq())
            .unwrap_or_default();
        let denied = |item: &str| denied.iter().any(|name| name.text() == Some(item));
        let subject = |name: &str| match kind {
            "consumer_group_id" => Subject::Role(RoleName::new(name)),
            _ if self.section == Section::Group => Subject::Role(RoleName::new(name)),
            _ => Subject::Client(ClientName::new(name)),
        };
        reader.shaped(&list, &Shape::List, &GIVEN, &mut |_, item| {
            let (who, what) = match self.section {
                Section::Route => (item, name.as_str()),
                _ => (name.as_str(), item),
            };
            let granted = term_of(&subject(who), what, frozen.clone());
            (!denied(item)).then_some(granted)
        })?;
        Ok(true)
    }

    /// Takes in a consumer, and the group that it is in.
    fn member(&self, reader: &mut Reader<'_>, name: &str) -> Result<(), GrantError> {
        let client = ClientName::new(name);
        reader.client(client.clone());
        let by_id = self.group_id();
        let around = || {
            let ids = ["id", "name"];
            let group = self.group.as_ref()?;
            ids.iter().find_map(|id| group.get(id))
        };
        let Some(group) = by_id.or_else(around) else {
            return Ok(());
        };
        let role = reader.name(group.node, "client")?.to_owned();
        let why = "its consumer group also carries plugins, which its members would lose";
        let member = role_of(&Subject::Client(client), &role, Some(why.to_owned()));
        reader.fixed(member, group.node);
        Ok(())
    }
}
