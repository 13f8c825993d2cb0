//! A plain mapping of clients to lists of scopes, in JSON or YAML.
//!
//! `{"billing": ["orders:read", "orders:write"]}`. An empty list grants nothing.
//! The most common inventory at first contact: an export with nothing else in it.

use super::entry_reader::{Gives, Reader, Shared};
use super::layout::Layout;
use super::not_editable::{frozen_by, marker};
use super::source::Source;
use super::{GrantError, PolicyFormat};
use crate::document::{Node, Value};
use crate::model::{ClientName, PolicyFile, Subject};

/// The registry's entry.
pub(super) struct Plain;

pub(super) const NAME: &str = "client-map";

impl PolicyFormat for Plain {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let native = |key: &&str| ["version", "clients"].contains(key);
        let roots = source.documents();
        source
            .top_keys()
            .is_some_and(|keys| !keys.iter().any(native))
            && !roots.is_empty()
            && roots.iter().all(is_map_of_lists)
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        // A mapping may be one of anything, also of passwords.
        open(source).map_err(GrantError::without_content)
    }
}

/// Whether at least half of a mapping's values are lists as this format has them, or nothing
/// next to such lists: any other mapping is a file of something else.
fn is_map_of_lists(root: &Node) -> bool {
    let Some(pairs) = root.as_map() else {
        return false;
    };
    let of_names = |item: &Node| item.as_map().is_none() || item.get("scope").is_some();
    let is_list = |value: &Node| {
        let items = value.as_seq();
        items.is_some_and(|items| items.is_empty() || items.iter().any(of_names))
    };
    let lists = pairs.iter().filter(|(_, value)| is_list(value)).count();
    let nothing = pairs.iter().filter(|(_, value)| value.value == Value::Null);
    pairs.is_empty() || lists > 0 && (lists + nothing.count()) * 2 >= pairs.len()
}

fn open(source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
    let root = source.root()?;
    let mut reader = Reader::new(source, NAME, std::slice::from_ref(&*root))?;
    let Some(pairs) = root.as_map() else {
        return Err(reader.wrong(&root, "the file", "a mapping of clients to lists of scopes"));
    };
    for (key, value) in pairs {
        let name = ClientName::new(reader.name(key, "client")?);
        let frozen = frozen_by(frozen_by(None, &root).as_ref(), key);
        let templated = || {
            marker(name.as_str())
                .map(|mark| format!("the name `{name}` holds a template marker (`{mark}`)"))
        };
        let shared = Shared {
            frozen: frozen.or_else(templated),
            ..Shared::default()
        };
        if name.as_str() == "<<" {
            return Err(reader.wrong(
                key,
                "the name of a client",
                "no merge key (`<<`): use `clients:` for that",
            ));
        }
        reader.client(name.clone());
        reader.items(&Subject::Client(name), (key, value), Gives::Terms, &shared)?;
    }
    reader.finish()
}
