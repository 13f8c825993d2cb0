//! Keys and policies of Tyk: as its APIs give them, and as the gateway reads policies from a file.
//!
//! ```json
//! {"policies": {"p1": {"id": "p1", "access_rights": {"orders-api": {"api_id": "orders-api"}}}},
//!  "keys": [{"alias": "billing", "apply_policies": ["p1"]}]}
//! ```
//!
//! One key or policy, a list of them, a mapping of ids to them, or both under `keys` and
//! `policies`. The terms are the ids of APIs (`access_rights`): a catalogue names the API's id on
//! each operation of the API. `allowed_urls` narrow such a grant by expressions, and are left as
//! they are. Where no API is left, Tyk lets a key through to every one, so that neither access
//! rights nor the list of a key's policies are ever emptied.
//!
//! A key is called as the log calls it: by its OAuth client, else by its alias, else by its hash. A
//! key that is written itself is a secret, and only its hash is kept. Policies are roles. One that
//! also has rates or quotas is not taken from a key, which would be free of them.

mod key;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use key::Names;

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
pub(super) struct Tyk;

pub(super) const NAME: &str = "tyk";

/// Where keys and policies may be, and which of the two is there.
const PLACES: [(&str, Option<Kind>); 9] = [
    (".", None),
    ("[]", None),
    ("*", None),
    ("policies[]", Some(Kind::Policy)),
    ("policies.*", Some(Kind::Policy)),
    ("keys[]", Some(Kind::Key)),
    ("keys.*", Some(Kind::Key)),
    ("data[]", None),
    ("Data[]", None),
];

/// What only keys have.
const OF_KEYS: [&str; 10] = [
    "apply_policies",
    "apply_policy_id",
    "alias",
    "oauth_client_id",
    "expires",
    "allowance",
    "quota_remaining",
    "key_hash",
    "key_id",
    "basic_auth_data",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Policy,
}

impl PolicyFormat for Tyk {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let shown = Arc::from(source.shown);
        let mut all = source.documents().iter();
        all.any(|root| !items(root, &shown).is_empty())
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        let all: Vec<Item<'_>> = roots
            .iter()
            .flat_map(|root| items(root, &reader.shown))
            .collect();
        let mut policies = Policies::default();
        for item in all.iter().filter(|item| item.kind == Kind::Policy) {
            policies.read(&mut reader, item)?;
        }
        for item in all.iter().filter(|item| item.kind == Kind::Key) {
            policies.key(&mut reader, item)?;
        }
        policies.warn(reader.file());
        reader.settle_aliases();
        reader.finish()
    }
}

/// A key or a policy.
struct Item<'n> {
    kind: Kind,
    outer: Found<'n>,
    /// The session of a key, where it is inside (`{"key_hash": ..., "data": {...}}`).
    inner: Found<'n>,
}

impl<'n> Item<'n> {
    /// Text that is not empty.
    fn text(&self, key: &str) -> Option<&'n str> {
        let found = self.inner.get(key).or_else(|| self.outer.get(key))?;
        found.node.text().filter(|text| !text.is_empty())
    }

    fn stands_under(&self) -> Option<&'n str> {
        self.outer.key.and_then(Node::text)
    }
}

fn items<'n>(root: &'n Node, shown: &Arc<str>) -> Vec<Item<'n>> {
    let mut items = Vec::new();
    if root.get("apiVersion").is_some() {
        return items;
    }
    for (path, kind) in PLACES {
        let path = TreePath::of(path);
        let found = path.find(&Found::root(root), shown).unwrap_or_default();
        let mapping = |found: &Found<'_>| found.node.as_map().is_some();
        let any = found.iter().any(|found| has_rights(found.node));
        // Under `policies` and `keys` everything counts, once the file is known for Tyk's.
        let here = match kind {
            Some(_) => any || !items.is_empty(),
            None => any && found.iter().all(mapping),
        };
        if !here {
            continue;
        }
        for outer in found {
            let data = outer.get("data").filter(|data| has_rights(data.node));
            let inner = data.unwrap_or_else(|| outer.clone());
            let of_keys = |key: &&str| inner.get(key).or_else(|| outer.get(key)).is_some();
            let of_key = OF_KEYS.iter().any(of_keys);
            let guessed = if of_key { Kind::Key } else { Kind::Policy };
            let kind = kind.unwrap_or(guessed);
            items.push(Item { kind, outer, inner });
        }
    }
    items
}

fn has_rights(node: &Node) -> bool {
    let own = |node: &Node| {
        node.get("access_rights")
            .is_some_and(|rights| rights.as_map().is_some())
            || node
                .get("apply_policies")
                .is_some_and(|list| list.as_seq().is_some())
    };
    own(node) || node.get("data").is_some_and(own)
}

/// Places that are never emptied: without any of what is there, everything is granted.
const GIVEN: Given = Given {
    optional: false,
    audience: None,
    empty: EmptyMeans::All,
    fixed: Some("an API or a policy is not replaced here"),
};

/// What the file says about policies.
#[derive(Default)]
struct Policies {
    /// The name of a policy, by each of its ids.
    names: BTreeMap<String, RoleName>,
    /// Those that grant something else besides.
    mixed: BTreeSet<RoleName>,
    has_members: bool,
    elsewhere: BTreeSet<String>,
}

impl Policies {
    fn read(&mut self, reader: &mut Reader<'_>, item: &Item<'_>) -> Result<(), GrantError> {
        let ids = [item.stands_under(), item.text("id"), item.text("_id")];
        let Some(name) = ids.iter().flatten().next() else {
            return Err(GrantError::BadName {
                place: reader.place(item.outer.node),
                message: "a policy has no name: `id` or `_id` is missing".to_owned(),
            });
        };
        let role = RoleName::new(name);
        for id in ids.iter().flatten() {
            self.names
                .entry((*id).to_owned())
                .or_insert_with(|| role.clone());
        }
        let part = |key: &str| {
            let part = item
                .inner
                .get("partitions")
                .and_then(|parts| parts.get(key));
            part.is_some_and(|part| part.node.value == Value::Bool(true))
        };
        let others = ["quota", "rate_limit", "complexity", "per_api"]
            .iter()
            .any(|key| part(key));
        if others || !part("acl") {
            self.mixed.insert(role.clone());
        }
        // Parts of a policy may count alone: its rights do not, where they are not one of these.
        if others && !part("acl") && !part("per_api") {
            return Ok(());
        }
        let subject = Subject::Role(role);
        if let Some(rights) = item.inner.get("access_rights") {
            reader.shaped(&rights, &Shape::Keys, &GIVEN, &mut |_, api| {
                Some(term_of(&subject, api, None))
            })?;
        }
        Ok(())
    }

    fn key(&mut self, reader: &mut Reader<'_>, item: &Item<'_>) -> Result<(), GrantError> {
        let Some(Names { name, others }) = key::names(item) else {
            return Err(GrantError::BadName {
                place: reader.place(item.outer.node),
                message: "a key has no name: `oauth_client_id`, `alias`, `key_hash` or `key_id` is missing".to_owned(),
            });
        };
        let client = ClientName::new(&name);
        reader.client(client.clone());
        for other in others.iter().filter(|other| **other != name) {
            reader.alias(other, &client);
        }
        let subject = Subject::Client(client.clone());
        let rights = item.inner.get("access_rights");
        if let Some(rights) = &rights {
            reader.shaped(rights, &Shape::Keys, &GIVEN, &mut |_, api| {
                Some(term_of(&subject, api, None))
            })?;
        }
        let limited = |place: &Found<'_>| {
            let pairs = place.node.as_map().map(<[_]>::len);
            pairs
                .or(place.node.as_seq().map(<[Node]>::len))
                .unwrap_or(0)
                > 0
        };
        let listed = item.inner.get("apply_policies").filter(limited);
        if let Some(list) = &listed {
            let mut each = |_: &Node, policy: &str| {
                let (role, frozen) = self.member(policy);
                Some(role_of(&subject, role.as_str(), frozen))
            };
            reader.shaped(list, &Shape::List, &GIVEN, &mut each)?;
        } else if let Some(policy) = item.text("apply_policy_id") {
            let (role, frozen) = self.member(policy);
            let why = frozen.or_else(|| Some("it is the only policy of the key".to_owned()));
            let at = item
                .inner
                .get("apply_policy_id")
                .unwrap_or_else(|| item.outer.clone());
            reader.fixed(role_of(&subject, role.as_str(), why), at.node);
        } else if !rights.as_ref().is_some_and(limited) {
            let text = format!(
                "key `{client}` states neither access rights nor policies: Tyk lets it through to every API"
            );
            let warning = Warning::new("key-without-limits", text);
            let place = reader.place(item.outer.node);
            reader.file().warnings.push(warning.at(place));
        }
        Ok(())
    }

    /// The policy of a key, and why it is not taken from the key.
    fn member(&mut self, policy: &str) -> (RoleName, Option<String>) {
        let Some(role) = self.names.get(policy) else {
            self.elsewhere.insert(policy.to_owned());
            let why = "its policy is not defined in this file, so what it carries is not known";
            return (RoleName::new(policy), Some(why.to_owned()));
        };
        self.has_members = true;
        let why = "its policy is not one of access rights alone (`partitions`), and the key would lose rates and quotas";
        let mixed = self.mixed.contains(role);
        (role.clone(), mixed.then(|| why.to_owned()))
    }

    fn warn(self, file: &mut PolicyFile) {
        for policy in self.elsewhere {
            let text = format!(
                "`{}`: keys have policy `{policy}`, which this file does not define: what it grants is not known",
                file.path
            );
            file.warnings.push(Warning::new("policy-elsewhere", text));
        }
        if self.has_members {
            let text = format!(
                "`{}`: the keys of this file are taken for all that have its policies; what leaves a policy is lost by every key",
                file.path
            );
            file.warnings.push(Warning::new("keys-of-policies", text));
        }
    }
}
