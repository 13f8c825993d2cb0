//! A description as a tree, and a cursor that knows where it stands in it.
//!
//! In: the text of a YAML or JSON file. Out: cursors whose errors name the file,
//! the line (YAML only) and the JSON pointer (RFC 6901).
//!
//! Invariants:
//! * keys keep the order of the file, and none stands twice in one mapping;
//! * YAML merge keys (`<<`) are merged, because what they bring in can be the
//!   requirement of an operation; a file that uses them has no line numbers.

mod cursor;
mod strict;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::input::yaml::{self, Node};

use super::error::{CatalogError, snippet};
pub(super) use cursor::Cursor;

/// Reads a file as text, without a byte order mark.
pub(super) fn read_text(path: &Path, shown: &str) -> Result<String, CatalogError> {
    let bytes = fs::read(path).map_err(|source| CatalogError::Unreadable {
        file: Arc::from(shown),
        source,
    })?;
    let text = String::from_utf8(bytes).map_err(|_| CatalogError::NotText {
        file: Arc::from(shown),
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// One file.
#[derive(Debug)]
pub(super) struct Document {
    path: PathBuf,
    shown: Arc<str>,
    value: Json,
    /// The same tree with lines; YAML only.
    node: Option<Node>,
}

impl Document {
    /// Parses the text: JSON when it begins with `{`, else YAML.
    pub(super) fn parse(text: &str, path: &Path, shown: &str) -> Result<Self, CatalogError> {
        let (value, node) = if text.trim_start().starts_with('{') {
            (json(text, shown)?, None)
        } else {
            let node = yaml::parse(text, shown)?;
            let value = node.to_json();
            if text.contains("<<") && has_merge(&value) {
                (merge(value), None)
            } else {
                (value, Some(node))
            }
        };
        Ok(Self {
            path: path.to_owned(),
            shown: Arc::from(shown),
            value,
            node,
        })
    }

    /// A file that another one refers to. Only plain files are read: a reference must not
    /// make the program wait for a pipe or read a device without end.
    pub(super) fn open(path: &Path, shown: &str) -> Result<Self, CatalogError> {
        let unreadable = |source| CatalogError::Unreadable {
            file: Arc::from(shown),
            source,
        };
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("not a regular file")));
        }
        Self::parse(&read_text(path, shown)?, path, shown)
    }

    /// Where it was read from.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its name in messages.
    pub(super) fn shown(&self) -> &Arc<str> {
        &self.shown
    }
}

fn json(text: &str, shown: &str) -> Result<Json, CatalogError> {
    strict::parse(text).map_err(|error| {
        let (line, column) = (error.line().max(1), error.column().max(1));
        let full = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        CatalogError::Syntax {
            file: Arc::from(shown),
            line,
            column,
            message: full.strip_suffix(&place).unwrap_or(&full).to_owned(),
            snippet: snippet(text, line, column),
        }
    })
}

fn has_merge(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().any(has_merge),
        Json::Object(map) => map
            .iter()
            .any(|(key, value)| (key == "<<" && mergeable(value)) || has_merge(value)),
        _ => false,
    }
}

fn mergeable(value: &Json) -> bool {
    match value {
        Json::Object(_) => true,
        Json::Array(items) => items.iter().all(Json::is_object),
        _ => false,
    }
}

/// Own keys win over merged ones, earlier merged ones over later ones (YAML 1.1 `merge` type).
fn merge(value: Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.into_iter().map(merge).collect()),
        Json::Object(map) => {
            let mut merged = Map::new();
            let mut from = Vec::new();
            for (key, value) in map {
                if key == "<<" && mergeable(&value) {
                    match merge(value) {
                        Json::Array(items) => from.extend(items),
                        other => from.push(other),
                    }
                } else {
                    merged.insert(key, merge(value));
                }
            }
            for source in from {
                if let Json::Object(source) = source {
                    for (key, value) in source {
                        merged.entry(key).or_insert(value);
                    }
                }
            }
            Json::Object(merged)
        }
        other => other,
    }
}
