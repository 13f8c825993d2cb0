//! A plain mapping of clients to lists of scopes, in JSON or YAML.
//!
//! `{"billing": ["orders:read", "orders:write"]}`. An empty list grants nothing.
//! The most common inventory at first contact: an export with nothing else in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry_reader::{Gives, Reader, Reading, Shared};
use super::not_editable::{frozen_by, marker};
use super::policy_text::{Tree, read_tree};
use super::{Change, CommentEffect, Edit, GrantError, PolicyFormat, Refusal, policy_text};
use crate::model::{ClientName, PolicyFile, Subject};

/// The registry's entry.
pub(super) struct Plain;

const NAME: &str = "client-map";

impl PolicyFormat for Plain {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, bytes: &[u8], path: &str) -> bool {
        policy_text::top_keys(bytes, path).is_some_and(|keys| {
            let native = |key: &String| key == "version" || key == "clients";
            !keys.iter().any(native)
        })
    }

    fn read(&self, bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError> {
        // Any mapping is claimed, also one of passwords.
        let reading = reading(&bytes, shown).map_err(GrantError::without_content)?;
        Ok(reading.file)
    }

    fn edits(
        &self,
        file: &PolicyFile,
        changes: &BTreeMap<usize, Change>,
    ) -> Result<Vec<Edit>, Refusal> {
        policy_text::edits(file, changes, reading)
    }

    fn comments(&self, file: &PolicyFile) -> BTreeMap<usize, CommentEffect> {
        reading(&file.bytes, &file.path).map_or_else(
            |_| BTreeMap::new(),
            |reading| policy_text::comments(&reading),
        )
    }
}

fn reading(bytes: &Arc<[u8]>, shown: &str) -> Result<Reading, GrantError> {
    let Tree { text, root, syntax } = read_tree(bytes, shown)?;
    let mut reader = Reader::new(text, Arc::clone(bytes), shown, (NAME, syntax), &root)?;
    let Some(pairs) = root.as_map() else {
        return Err(reader.wrong(&root, "the file", "a mapping of clients to lists of scopes"));
    };
    // `name:` alone grants nothing, and every line of a file of passwords may end like that.
    if !pairs.is_empty() && pairs.iter().all(|(_, value)| value.as_seq().is_none()) {
        let value = &pairs[0].1;
        return Err(reader.wrong(
            value,
            format!("`{}`", pairs[0].0.text().unwrap_or_default()),
            "a list",
        ));
    }
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
