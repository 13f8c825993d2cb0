//! A value of a document, with its place.

use std::rc::Rc;

use serde_json::Value as Json;

use crate::input::yaml::{Node, Value};
use crate::model::{Place, Scope};

use super::{CatalogError, Document};

/// A value, the document it is in, and its JSON pointer there.
#[derive(Clone, Debug)]
pub(in crate::catalog) struct Cursor<'a> {
    document: &'a Rc<Document>,
    value: &'a Json,
    node: Option<&'a Node>,
    /// Line of its key, else of itself.
    line: Option<u32>,
    pointer: String,
}

impl<'a> Cursor<'a> {
    /// The whole document.
    pub(in crate::catalog) fn root(document: &'a Rc<Document>) -> Self {
        Self {
            document,
            value: &document.value,
            node: document.node.as_ref(),
            line: document.node.as_ref().map(|node| node.line),
            pointer: String::new(),
        }
    }

    /// The document it is in.
    pub(in crate::catalog) fn document(&self) -> &'a Rc<Document> {
        self.document
    }

    /// Its JSON pointer.
    pub(in crate::catalog) fn pointer(&self) -> &str {
        &self.pointer
    }

    fn child(&self, key: &str, value: &'a Json, node: Option<(Option<&Node>, &'a Node)>) -> Self {
        Self {
            document: self.document,
            value,
            node: node.map(|(_, node)| node),
            line: node.map(|(key, node)| key.map_or(node.line, |key| key.line)),
            pointer: format!("{}/{}", self.pointer, escape(key)),
        }
    }

    /// The value under a key of a mapping.
    pub(in crate::catalog) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.as_object()?.get(key)?;
        let node = self
            .node
            .and_then(Node::as_map)
            .and_then(|pairs| pairs.iter().find(|(name, _)| name.text() == Some(key)))
            .map(|(name, node)| (Some(name), node));
        Some(self.child(key, value, node))
    }

    /// The same, and `null` counts as absent.
    pub(in crate::catalog) fn given(&self, key: &str) -> Option<Self> {
        self.get(key).filter(|found| !found.value.is_null())
    }

    /// Whether it is a mapping with that key.
    pub(in crate::catalog) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// What a JSON pointer leads to from here; the pointer is taken as decoded.
    pub(in crate::catalog) fn follow(&self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self.clone());
        }
        let mut at = self.clone();
        for part in pointer.strip_prefix('/')?.split('/') {
            let key = part.replace("~1", "/").replace("~0", "~");
            at = match at.value {
                Json::Array(_) => at.list().ok()?.into_iter().nth(key.parse().ok()?)?,
                _ => at.get(&key)?,
            };
        }
        Some(at)
    }

    /// The pairs of a mapping, in file order.
    pub(in crate::catalog) fn map(&self) -> Result<Vec<(&'a str, Self)>, CatalogError> {
        let Json::Object(map) = self.value else {
            return Err(self.wrong("a mapping"));
        };
        let nodes = self
            .node
            .and_then(Node::as_map)
            .filter(|pairs| pairs.len() == map.len());
        Ok(map
            .iter()
            .enumerate()
            .map(|(index, (key, value))| {
                let node = nodes.and_then(|pairs| pairs.get(index));
                let node = node.map(|(name, node)| (Some(name), node));
                (key.as_str(), self.child(key, value, node))
            })
            .collect())
    }

    /// The items of a list.
    pub(in crate::catalog) fn list(&self) -> Result<Vec<Self>, CatalogError> {
        let Json::Array(items) = self.value else {
            return Err(self.wrong("a list"));
        };
        let nodes = self.node.and_then(Node::as_seq);
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let node = nodes.and_then(|nodes| nodes.get(index));
                self.child(&index.to_string(), value, node.map(|node| (None, node)))
            })
            .collect())
    }

    /// A text.
    pub(in crate::catalog) fn text(&self) -> Result<&'a str, CatalogError> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    /// The name of a scope; an empty one is an error.
    pub(in crate::catalog) fn scope(&self) -> Result<Scope, CatalogError> {
        let text = self.text()?;
        if text.is_empty() {
            return Err(self.error(format!("the scope at `{}` has no name", self.pointer)));
        }
        Ok(Scope::new(text))
    }

    /// A list of scopes.
    pub(in crate::catalog) fn scopes(&self) -> Result<Vec<Scope>, CatalogError> {
        self.list()?.iter().map(Self::scope).collect()
    }

    /// A boolean.
    pub(in crate::catalog) fn boolean(&self) -> Result<bool, CatalogError> {
        self.value.as_bool().ok_or_else(|| self.wrong("a boolean"))
    }

    /// A number from 0 to 4 294 967 295.
    pub(in crate::catalog) fn number(&self) -> Result<u32, CatalogError> {
        self.value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.wrong("a whole number from 0 to 4294967295"))
    }

    /// A scalar as it is spelt: `2.0` stays `2.0`.
    pub(in crate::catalog) fn spelling(&self) -> Result<String, CatalogError> {
        if let Some(text) = self.node.and_then(Node::text) {
            return Ok(text.to_owned());
        }
        match self.value {
            Json::String(text) => Ok(text.clone()),
            Json::Number(number) => Ok(number.to_string()),
            _ => Err(self.wrong("a text")),
        }
    }

    /// Whether it is a mapping without keys.
    pub(in crate::catalog) fn is_empty_map(&self) -> bool {
        matches!(self.value, Json::Object(map) if map.is_empty())
    }

    /// Whether it is a text.
    pub(in crate::catalog) fn is_text(&self) -> bool {
        self.value.is_string()
    }

    /// Its file and line, where lines are known.
    pub(in crate::catalog) fn place(&self) -> Option<Place> {
        self.line.map(|line| Place {
            file: self.document.shown.clone(),
            line,
        })
    }

    /// `file:line`, or `file` where lines are not known.
    pub(in crate::catalog) fn at(&self) -> String {
        self.place().map_or_else(
            || self.document.shown.to_string(),
            |place| place.to_string(),
        )
    }

    /// Its top-level keys for a sentence.
    pub(in crate::catalog) fn keys(&self) -> String {
        const SHOWN: usize = 12;
        match self.value {
            Json::Object(map) if !map.is_empty() => {
                let mut names: Vec<String> = map
                    .keys()
                    .take(SHOWN)
                    .map(|key| format!("`{}`", key.chars().take(40).collect::<String>()))
                    .collect();
                if map.len() > SHOWN {
                    names.push(format!("and {} more", map.len() - SHOWN));
                }
                names.join(", ")
            }
            _ => "none".to_owned(),
        }
    }

    /// An error about its type.
    pub(in crate::catalog) fn wrong(&self, expected: &'static str) -> CatalogError {
        let found = match self.value {
            Json::Null => "nothing",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a text",
            Json::Array(_) => "a list",
            Json::Object(_) => "a mapping",
        };
        // A node's own line is nearer than the line of its key.
        let line = self.node.filter(|node| !matches!(node.value, Value::Null));
        CatalogError::Type {
            at: line.map_or_else(
                || self.at(),
                |node| format!("{}:{}", self.document.shown, node.line),
            ),
            pointer: self.pointer.clone(),
            expected,
            found,
        }
    }

    /// An error about its value.
    pub(in crate::catalog) fn error(&self, message: impl Into<String>) -> CatalogError {
        CatalogError::Value {
            at: self.at(),
            message: message.into(),
            help: None,
        }
    }

    /// An error about its value, with advice.
    pub(in crate::catalog) fn error_with(
        &self,
        message: impl Into<String>,
        help: Option<String>,
    ) -> CatalogError {
        CatalogError::Value {
            at: self.at(),
            message: message.into(),
            help,
        }
    }
}

/// A key as one part of a JSON pointer (RFC 6901 section 3).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
