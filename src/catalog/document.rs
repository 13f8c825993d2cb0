//! A file becomes one tree, whatever its syntax.
//!
//! In: a path or a string. Out: the tree as JSON, its syntax, and the lines of the
//! keys near its root.
//!
//! Invariants:
//! * the first byte that is not whitespace decides: `{` is JSON, unless the file is
//!   called `.yaml` and is none; a header line with `method`, `path` and `scopes` is
//!   CSV; anything else is YAML;
//! * a key that occurs twice is an error in every syntax.
//!
//! What the tree means is not known here.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::native_csv;
use super::{At, CatalogError, json_lines};
use crate::document::{Node, yaml};
use crate::input::{read_whole, sniff_bytes};

/// No description comes near; a device or a wrong file does.
const MAX_MIB: u64 = 256;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Yaml,
    /// A list of rows, each an object from column to cell.
    Csv,
}

/// One description.
pub(super) struct Document {
    /// The name in messages.
    pub(super) file: Arc<str>,
    /// Where relative references start.
    pub(super) path: PathBuf,
    pub(super) syntax: Syntax,
    pub(super) value: Rc<Value>,
    lines: Lines,
}

/// Lines of the keys near the root.
#[derive(Default)]
pub(super) struct Lines(HashMap<String, u32>);

impl Lines {
    /// Deepest key that is kept: `components/pathItems/orders/get`.
    pub(super) const DEPTH: usize = 4;

    /// Notes a key. Below the third level only what is under `components` is kept,
    /// otherwise each field of each operation would be.
    pub(super) fn note<S: AsRef<str>>(&mut self, names: &[S], line: u32) {
        let kept = match names.len() {
            0..=3 => true,
            Self::DEPTH => names[0].as_ref() == "components",
            _ => false,
        };
        if kept {
            self.0.insert(joined(names), line);
        }
    }

    pub(super) fn line(&self, names: &[&str]) -> Option<u32> {
        self.0.get(&joined(names)).copied()
    }
}

/// A null byte cannot be confused with a part of a readable key.
fn joined<S: AsRef<str>>(names: &[S]) -> String {
    let mut out = String::new();
    for name in names {
        out.push('\0');
        out.push_str(name.as_ref());
    }
    out
}

impl Document {
    pub(super) fn open(path: &Path, shown: &str) -> Result<Self, CatalogError> {
        Self::parse(&text_of(path, shown)?, shown, path)
    }

    pub(super) fn parse(text: &str, shown: &str, path: &Path) -> Result<Self, CatalogError> {
        let file: Arc<str> = Arc::from(shown);
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let braced = body.trim_start().starts_with('{');
        let parsed = braced.then(|| json(body, &file)).transpose();
        let (syntax, value, lines) = match parsed {
            // `{openapi: 3.1.0, ...}` in a file that says it is YAML.
            Err(_) if named_yaml(path) => from_yaml(body, shown)?,
            Err(error) => return Err(error),
            Ok(Some(value)) => {
                let lines = json_lines::scan(body).map_err(|line| CatalogError::DuplicateKey {
                    at: At {
                        file: file.clone(),
                        line: Some(line),
                    },
                })?;
                (Syntax::Json, value, lines)
            }
            Ok(None) => match native_csv::delimiter(body) {
                Some(delimiter) => {
                    let (value, lines) = native_csv::table(body, delimiter, &file)?;
                    (Syntax::Csv, value, lines)
                }
                None => from_yaml(body, shown)?,
            },
        };
        Ok(Self {
            file,
            path: path.to_owned(),
            syntax,
            value: Rc::new(value),
            lines,
        })
    }

    /// The value under a key of the root.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.value.get(key)
    }

    /// Where a key is, or the nearest key around it that is known.
    pub(super) fn at(&self, names: &[&str]) -> At {
        let line = (1..=names.len())
            .rev()
            .find_map(|len| self.lines.line(&names[..len]));
        At {
            file: self.file.clone(),
            line,
        }
    }

    /// What the document looks like, for somebody who expected an API description. Of the
    /// content nothing is said: it may be any file.
    pub(super) fn describe(&self) -> String {
        match &*self.value {
            // Close to our own form, so the difference is worth a word.
            Value::Object(map) if map.get("routes").is_some_and(Value::is_array) => {
                "a mapping whose `routes` is a list; a routes.yaml says what each route needs, \
                 as in `GET /orders/{id}: orders:read`"
                    .to_owned()
            }
            Value::Object(map) if map.contains_key("_format_version") => {
                "a Kong declarative file without services and routes, which says nothing about operations"
                    .to_owned()
            }
            Value::Object(map) if !map.is_empty() => {
                "a mapping, but none of its keys says of what kind".to_owned()
            }
            other => kind(other).to_owned(),
        }
    }
}

fn from_yaml(body: &str, shown: &str) -> Result<(Syntax, Value, Lines), CatalogError> {
    let node = yaml::parse(body, shown).map_err(CatalogError::Yaml)?;
    let mut lines = Lines::default();
    yaml_lines(&node, &mut Vec::new(), &mut lines);
    Ok((Syntax::Yaml, merged(node.to_json()), lines))
}

fn named_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| {
        ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
    })
}

/// What a value is, for a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(map) if map.is_empty() => "an empty mapping",
        Value::Object(_) => "a mapping",
    }
}

/// The text of a file or pipe; devices are not opened, and nothing is read without limit.
pub(super) fn text_of(path: &Path, shown: &str) -> Result<String, CatalogError> {
    let file: Arc<str> = Arc::from(shown);
    let unreadable = |source| CatalogError::Unreadable {
        file: file.clone(),
        source,
    };
    let bytes = read_whole(path, MAX_MIB << 20).map_err(|error| {
        if error.kind() == ErrorKind::FileTooLarge {
            return CatalogError::TooLarge {
                file: file.clone(),
                limit: MAX_MIB,
            };
        }
        unreadable(error)
    })?;
    let not_text = |seen: String| CatalogError::NotText {
        file: file.clone(),
        seen,
    };
    if let Some(seen) = sniff_bytes(&bytes).other_than_utf8() {
        return Err(not_text(seen.to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + memchr::memchr_iter(b'\n', &error.as_bytes()[..valid]).count();
        not_text(format!("invalid bytes in line {line}"))
    })
}

/// The tree of a JSON text.
fn json(text: &str, file: &Arc<str>) -> Result<Value, CatalogError> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let full = error.to_string();
        let reason = full.split(" at line ").next().unwrap_or_default();
        CatalogError::Json {
            file: file.clone(),
            line,
            column,
            message: format!("not valid JSON: {reason}"),
        }
    })
}

/// The tree of a referenced file.
pub(super) fn referenced(path: &Path, shown: &str) -> Result<Value, CatalogError> {
    let hidden = |line, column| CatalogError::Referenced {
        file: Arc::from(shown),
        line,
        column,
    };
    let text = text_of(path, shown)?;
    let body = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if body.trim_start().starts_with('{') {
        match serde_json::from_str(body) {
            Ok(value) => return Ok(value),
            Err(_) if named_yaml(path) => {}
            Err(error) => return Err(hidden(error.line(), error.column())),
        }
    }
    yaml::parse(body, shown)
        .map(|node| merged(node.to_json()))
        .map_err(|e| hidden(e.line as usize, e.column as usize))
}

/// Merge keys (`<<`, YAML 1.1) are not part of YAML 1.2, but the tools that publish OpenAPI apply
/// them, and a `security` after one would be lost. A mapping's own keys win, then the first list item.
fn merged(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(merged).collect()),
        Value::Object(map) => {
            let mut out: Map<String, Value> = map
                .into_iter()
                .map(|(key, value)| (key, merged(value)))
                .collect();
            let sources = match out.get("<<") {
                Some(Value::Object(_)) => out.shift_remove("<<").into_iter().collect(),
                Some(Value::Array(items)) if items.iter().all(Value::is_object) => {
                    match out.shift_remove("<<") {
                        Some(Value::Array(items)) => items,
                        _ => Vec::new(),
                    }
                }
                _ => Vec::new(),
            };
            for source in sources {
                if let Value::Object(source) = source {
                    for (key, value) in source {
                        out.entry(key).or_insert(value);
                    }
                }
            }
            Value::Object(out)
        }
        scalar => scalar,
    }
}

fn yaml_lines<'a>(node: &'a Node, names: &mut Vec<&'a str>, lines: &mut Lines) {
    if names.len() == Lines::DEPTH {
        return;
    }
    for (key, value) in node.as_map().unwrap_or_default() {
        names.push(key.text().unwrap_or_default());
        lines.note(names, key.line);
        yaml_lines(value, names, lines);
        names.pop();
    }
    if names.len() == 1 {
        for (index, item) in node.as_seq().unwrap_or_default().iter().enumerate() {
            lines.note(&[names[0], &index.to_string()], item.line);
        }
    }
}
