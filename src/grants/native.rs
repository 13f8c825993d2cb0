//! `grants.yaml`: scopetrim's own policy format, in YAML or JSON.
//!
//! ```yaml
//! version: 1
//! audience: https://api.shop.example
//! match: exact                       # {wildcard: ":"}, {hierarchy: "."}, glob
//! implies: {orders:admin: [orders:read]}
//! roles:
//!   clerk: [orders:read, orders:update]
//! clients:
//!   billing:
//!     owner: payments-team
//!     scopes:
//!       - orders:read
//!       - invoices:write             # keep until=2027-03-31 reason="year-end job"
//!       - {scope: refunds:read, since: 2025-01-01}
//!   web:
//!     roles: [clerk]
//!     optional: [profile:read]       # requestable, not issued by default
//! ```
//!
//! An empty list grants nothing. Keys that this format does not have are errors,
//! except at the top those that start with `x-`, where shared anchors can live.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry_reader::{Gives, Reader, Shared};
use super::layout::Layout;
use super::not_editable::{frozen_by, marker};
use super::source::Source;
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, Scope, ScopeMatch, Subject};

/// The registry's entry.
pub(super) struct Native;

pub(super) const NAME: &str = "grants";
const TOP: [&str; 6] = [
    "version", "audience", "match", "implies", "roles", "clients",
];
const CLIENT: [&str; 6] = [
    "scopes",
    "roles",
    "optional",
    "since",
    "owner",
    "description",
];
const ROLE: [&str; 4] = ["scopes", "since", "owner", "description"];

impl PolicyFormat for Native {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let keys = source.top_keys().unwrap_or_default();
        // Files of many kinds have a `version`, and then nothing that this format has.
        let near = |key: &&str| super::error::similar(key, TOP.into_iter().skip(1)).is_some();
        keys.contains(&"clients")
            || keys.contains(&"version") && (keys.len() == 1 || keys.iter().any(near))
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        open(source)
    }
}

fn open(source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
    let root = source.root()?;
    let mut reader = Reader::new(source, NAME, std::slice::from_ref(&*root))?;
    let Some(pairs) = root.as_map() else {
        return Err(reader.wrong(&root, "the file", "a mapping with the key `clients`"));
    };
    let mut roles = None;
    let mut clients = None;
    let frozen = frozen_by(None, &root);
    for (key, value) in pairs {
        match reader.name(key, "key")? {
            "version" if value.text() != Some("1") => {
                return Err(reader.wrong(value, "`version`", "1"));
            }
            "audience" if value.text().is_none() => {
                return Err(reader.wrong(value, "`audience`", "a string"));
            }
            "audience" => reader.audience = value.text().map(Arc::from),
            "version" => {}
            "match" => reader.file().matching = Some(matching(&reader, value)?),
            "implies" => reader.file().implies = implies(&reader, value)?,
            "roles" => roles = Some(value),
            "clients" => clients = Some(value),
            name if name.starts_with("x-") => {}
            name => {
                let similar = super::error::similar(name, TOP);
                // Many files have a `version`, and what else is in them is not for a message.
                if similar.is_none() && root.get("clients").is_none() {
                    break;
                }
                return Err(reader.unknown(key, "the file", similar));
            }
        }
    }
    if let Some(roles) = roles {
        for pair in members(&reader, roles, "roles", frozen.as_ref())? {
            role(&mut reader, &pair)?;
        }
    }
    // A file may define roles for the clients of others.
    if clients.is_none() && roles.is_none() {
        return Err(reader.wrong(&root, "the file", "a mapping with the key `clients`"));
    }
    for pair in clients.map_or(Ok(Vec::new()), |clients| {
        members(&reader, clients, "clients", frozen.as_ref())
    })? {
        client(&mut reader, &pair)?;
    }
    reader.finish()
}

/// One pair of a mapping, and why nothing in it can be edited.
struct Member<'a> {
    key: &'a Node,
    value: &'a Node,
    frozen: Option<String>,
}

/// The pairs of a mapping, with those that a merge key (`<<`) brings in unless they
/// are overridden here, as YAML 1.1 readers do it.
fn members<'a>(
    reader: &Reader<'_>,
    node: &'a Node,
    what: &str,
    inherited: Option<&String>,
) -> Result<Vec<Member<'a>>, GrantError> {
    let pairs = match &node.value {
        Value::Map(pairs) => pairs.as_slice(),
        Value::Null => &[],
        _ => return Err(reader.wrong(node, format!("`{what}`"), "a mapping")),
    };
    let mut all: Vec<Member<'a>> = Vec::new();
    let inherited = frozen_by(inherited, node);
    let is_merge = |key: &Node| key.text() == Some("<<");
    for (key, value) in pairs.iter().filter(|(key, _)| !is_merge(key)) {
        let frozen = frozen_by(inherited.as_ref(), key);
        let frozen = frozen_by(frozen.as_ref(), value);
        let frozen = frozen.or_else(|| {
            let mark = marker(key.text()?)?;
            Some(format!(
                "the name `{}` holds a template marker (`{mark}`)",
                key.text()?
            ))
        });
        all.push(Member { key, value, frozen });
    }
    for (_, merged) in pairs.iter().filter(|(key, _)| is_merge(key)) {
        let sources = match &merged.value {
            Value::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(merged),
        };
        let reason = "a merge key (`<<`) brings it in".to_owned();
        for source in sources {
            for member in members(reader, source, "<<", Some(&reason))? {
                if !all
                    .iter()
                    .any(|known| known.key.text() == member.key.text())
                {
                    all.push(member);
                }
            }
        }
    }
    Ok(all)
}

fn role(reader: &mut Reader<'_>, member: &Member<'_>) -> Result<(), GrantError> {
    let name = reader.name(member.key, "role")?;
    let subject = Subject::Role(reader.role(name));
    holder(reader, &subject, format!("role `{name}`"), member, &ROLE)
}

fn client(reader: &mut Reader<'_>, member: &Member<'_>) -> Result<(), GrantError> {
    let name = reader.name(member.key, "client")?;
    reader.client(ClientName::new(name));
    let subject = Subject::Client(ClientName::new(name));
    holder(
        reader,
        &subject,
        format!("client `{name}`"),
        member,
        &CLIENT,
    )
}

/// Reads a client or role: a list of scopes, or a mapping with attributes.
fn holder(
    reader: &mut Reader<'_>,
    subject: &Subject,
    within: String,
    member: &Member<'_>,
    known: &[&str],
) -> Result<(), GrantError> {
    let mut shared = Shared {
        frozen: member.frozen.clone(),
        ..Shared::default()
    };
    match &member.value.value {
        Value::Null => return Ok(()),
        Value::Seq(_) => {
            return reader.items(subject, (member.key, member.value), Gives::Terms, &shared);
        }
        Value::Map(_) => {}
        _ => return Err(reader.wrong(member.value, within, "a list of scopes or a mapping")),
    }
    let inner = members(reader, member.value, &within, member.frozen.as_ref())?;
    let mut lists = Vec::new();
    for pair in &inner {
        let name = reader.name(pair.key, "key")?;
        match name {
            "since" => {
                shared.since = Some(reader.day(pair.value)?);
                shared.since_line = Some(pair.value.line);
            }
            "owner" => shared.owner = Some(Arc::from(reader.name(pair.value, "client")?)),
            _ if !known.contains(&name) => {
                let similar = super::error::similar(name, known.iter().copied());
                return Err(reader.unknown(pair.key, within, similar));
            }
            "scopes" => lists.push((Gives::Terms, pair)),
            "optional" => lists.push((Gives::OptionalTerms, pair)),
            "roles" => lists.push((Gives::Roles, pair)),
            _ => {}
        }
    }
    for (gives, pair) in lists {
        let shared = Shared {
            frozen: pair.frozen.clone(),
            ..shared.clone()
        };
        reader.items(subject, (pair.key, pair.value), gives, &shared)?;
    }
    Ok(())
}

fn matching(reader: &Reader<'_>, node: &Node) -> Result<ScopeMatch, GrantError> {
    let option = match &node.value {
        Value::Map(pairs) => match pairs.as_slice() {
            [(key, value)] => {
                let name = key.text().unwrap_or_default();
                format!("{name}:{}", value.text().unwrap_or_default())
            }
            _ => String::new(),
        },
        _ => node.text().unwrap_or_default().to_owned(),
    };
    let expected = "`exact`, `glob`, `{wildcard: \":\"}` or `{hierarchy: \".\"}`";
    ScopeMatch::parse(&option).ok_or_else(|| GrantError::WrongKind {
        place: reader.place(node),
        what: "`match`".to_owned(),
        expected,
        found: format!("`{option}`"),
    })
}

fn implies(
    reader: &Reader<'_>,
    node: &Node,
) -> Result<BTreeMap<Scope, BTreeSet<Scope>>, GrantError> {
    let mut all: BTreeMap<Scope, BTreeSet<Scope>> = BTreeMap::new();
    for member in members(reader, node, "implies", None)? {
        let from = Scope::new(reader.name(member.key, "scope")?);
        let implied = match &member.value.value {
            Value::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(member.value),
        };
        let set = all.entry(from).or_default();
        for scope in implied {
            set.insert(Scope::new(reader.name(scope, "scope")?));
        }
    }
    Ok(all)
}
