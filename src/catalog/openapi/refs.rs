//! `$ref`: to another part of the document, or to a file next to it.
//!
//! In: a reference and the file it is in. Out: the tree and pointer it
//! leads to.
//!
//! Invariants:
//! * a reference that leads nowhere, in a circle, over the network or to an
//!   absolute path is an error: its operations would be lost;
//! * each file is read once, and its text appears in no message.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::super::document::{Document, referenced};
use super::super::{At, CatalogError};
use crate::model::words::backticks;

/// Files one description may refer to.
const MAX_FILES: usize = 10_000;
/// References that may follow one another. Each link of a chain walks the rest of it, which
/// would take the square of its length.
const MAX_CHAIN: usize = 100;

/// Where a reference led.
#[derive(Clone)]
pub(super) struct Target {
    tree: Rc<Value>,
    file: PathBuf,
    pointer: String,
}

impl Target {
    pub(super) fn value(&self) -> &Value {
        self.tree.pointer(&self.pointer).unwrap_or(&Value::Null)
    }

    /// The same for the value under a key, if there is one.
    pub(super) fn child(&self, key: &str) -> Option<Self> {
        self.value().get(key)?;
        let key = key.replace('~', "~0").replace('/', "~1");
        Some(Self {
            pointer: format!("{}/{key}", self.pointer),
            ..self.clone()
        })
    }
}

/// Follows references, and keeps the files that were read.
pub(super) struct Refs {
    root: PathBuf,
    files: BTreeMap<PathBuf, Rc<Value>>,
}

impl Refs {
    pub(super) fn new(document: &Document) -> Self {
        let root = tidy(&document.path);
        Self {
            files: BTreeMap::from([(root.clone(), document.value.clone())]),
            root,
        }
    }

    /// The whole document.
    pub(super) fn document(&self) -> Target {
        Target {
            tree: self.files.get(&self.root).cloned().unwrap_or_default(),
            file: self.root.clone(),
            pointer: String::new(),
        }
    }

    /// Everything that the value's `$ref`s lead to, nearest first. `place` is for messages.
    pub(super) fn chain(
        &mut self,
        value: &Value,
        from: Option<&Target>,
        place: &At,
    ) -> Result<Vec<Target>, CatalogError> {
        let mut chain: Vec<Target> = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let (value, from) = match chain.last() {
                Some(last) => (last.value(), Some(last)),
                None => (value, from),
            };
            let Some(reference) = value.get("$ref") else {
                return Ok(chain);
            };
            let file = from.map_or(&self.root, |target| &target.file).clone();
            let shown = reference
                .as_str()
                .map_or_else(|| reference.to_string(), str::to_owned);
            let problem = |problem: String| CatalogError::Reference {
                at: place.clone(),
                reference: shown.chars().take(120).collect(),
                problem,
            };
            let next = match reference.as_str() {
                Some(text) => self.follow(text, &file, &problem)?,
                None => return Err(problem("is not a string".to_owned())),
            };
            if chain.len() == MAX_CHAIN {
                return Err(problem(format!(
                    "is one more than the {MAX_CHAIN} references that may follow one another"
                )));
            }
            if !seen.insert((next.file.clone(), next.pointer.clone())) {
                return Err(problem("leads in a circle".to_owned()));
            }
            chain.push(next);
        }
    }

    fn follow(
        &mut self,
        reference: &str,
        base: &Path,
        problem: &dyn Fn(String) -> CatalogError,
    ) -> Result<Target, CatalogError> {
        let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let file = if name.is_empty() {
            base.to_owned()
        } else {
            if name.contains("://") || name.starts_with("//") {
                return Err(problem(
                    "leads to the network, which is never used".to_owned(),
                ));
            }
            let plain = decoded(name);
            if Path::new(&plain).is_absolute() {
                return Err(problem("is an absolute path".to_owned()));
            }
            tidy(&base.parent().unwrap_or(Path::new("")).join(plain))
        };
        let tree = if let Some(tree) = self.files.get(&file) {
            tree.clone()
        } else {
            if self.files.len() >= MAX_FILES {
                return Err(problem(format!(
                    "is one file more than the {MAX_FILES} allowed"
                )));
            }
            // Opening a pipe would wait for ever.
            match std::fs::metadata(&file) {
                Ok(meta) if meta.is_file() => {}
                Ok(_) => return Err(problem("is not a plain file".to_owned())),
                Err(error) => return Err(problem(format!("cannot be read: {error}"))),
            }
            let tree = Rc::new(referenced(&file, name)?);
            self.files.insert(file.clone(), tree.clone());
            tree
        };
        let pointer = decoded(fragment);
        match tree.pointer(&pointer) {
            Some(Value::Object(_)) => Ok(Target {
                tree,
                file,
                pointer,
            }),
            Some(_) => Err(problem(
                "leads to something that is not a mapping".to_owned(),
            )),
            None => Err(problem("leads nowhere".to_owned())),
        }
    }
}

/// `a/../b` and `./b` are the same file, also when it does not exist.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// Percent decoding (RFC 6901 section 6); what is not valid stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text
            .get(at + 1..at + 3)
            .filter(|hex| *byte == b'%' && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// A reference as shown in messages.
pub(super) fn shown(value: &Value) -> String {
    backticks(
        value
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::{LoadOptions, load_text};

    #[test]
    fn a_chain_of_references_is_followed_to_a_fixed_length_only() {
        let chain = |links: usize| {
            let link = |at: usize| {
                let next = at + 1;
                format!("  /c{at}: {{$ref: '#/paths/~1c{next}'}}\n")
            };
            let text: String = (0..links).map(link).collect();
            let text = format!(
                "openapi: 3.1.0\npaths:\n{text}  /c{links}: {{get: {{security: [{{o: [a]}}]}}}}\n"
            );
            load_text(&text, "api.yaml", &LoadOptions::default())
        };
        let read = chain(super::MAX_CHAIN).unwrap();
        assert_eq!(read.operations.len(), super::MAX_CHAIN + 1);
        let error = chain(4_000).unwrap_err().to_string();
        assert!(
            error.starts_with("api.yaml:3: reference") && error.contains("follow one another"),
            "{error}"
        );
    }
}
