//! Paths in a document: `consumers[].acls`, `clients.*`, `"Client ID"`, `.`.

use std::fmt;
use std::sync::Arc;

use super::GrantError;
use super::not_editable::frozen_by;
use crate::document::{Node, Value};
use crate::model::Place;

/// Why what a merge key brings in is not edited.
const MERGED: &str = "a merge key (`<<`) brings it in";

/// Where something stands, as seen from another place of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreePath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The value under a key.
    Key(String),
    /// Each item of a list.
    Items,
    /// Each value of a mapping.
    Entries,
}

/// A node that a path leads to.
#[derive(Clone, Debug)]
pub(super) struct Found<'n> {
    /// The key that it is the value of.
    pub(super) key: Option<&'n Node>,
    pub(super) node: &'n Node,
    /// Why nothing in it can be edited.
    pub(super) frozen: Option<String>,
}

/// What a key without quotes has not in it.
const SIGNS: [char; 5] = ['[', ']', '*', ' ', '"'];

/// The parts of a path, which points separate outside of quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let ends = |c: char| {
        quoted ^= c == '"';
        c == '.' && !quoted
    };
    text.split(ends).collect()
}

impl TreePath {
    /// One that leads to the value under a key.
    pub(super) fn key(name: &str) -> Self {
        Self(vec![Step::Key(name.to_owned())])
    }

    /// The value under a key of what this leads to; none where no path can name the key.
    pub(super) fn then(&self, name: &str) -> Option<Self> {
        let fits = !name.is_empty() && !name.contains('"') && !name.contains(char::is_control);
        let step = || Step::Key(name.to_owned());
        fits.then(|| Self(self.0.iter().cloned().chain([step()]).collect()))
    }

    /// Each item of the list that this leads to.
    pub(super) fn items(&self) -> Self {
        Self(self.0.iter().cloned().chain([Step::Items]).collect())
    }

    /// Each value of the mapping that this leads to.
    pub(super) fn entries(&self) -> Self {
        Self(self.0.iter().cloned().chain([Step::Entries]).collect())
    }

    /// What this path leads to from where another one leads to.
    pub(super) fn after(&self, outer: &Self) -> Self {
        Self(outer.0.iter().chain(&self.0).cloned().collect())
    }

    /// The last key of it.
    pub(super) fn last_key(&self) -> Option<&str> {
        let mut keys = self.0.iter().rev().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        });
        keys.next()
    }

    /// Reads `a.b[].c`, `a.*`, `[]` or `.`; the error says what is wrong. A key in double
    /// quotes may have any other character in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "." {
            return Ok(Self(Vec::new()));
        }
        let mut steps = Vec::new();
        for (at, part) in parts(text).into_iter().enumerate() {
            let key = part.trim_end_matches("[]");
            let quoted = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
            match quoted.unwrap_or(key) {
                literal if quoted.is_some_and(|key| !key.is_empty() && !key.contains('"')) => {
                    steps.push(Step::Key(literal.to_owned()));
                }
                "*" => steps.push(Step::Entries),
                "" if at == 0 && part != key => {}
                "" => return Err("a key is missing; write it as in `spec.clients[]`".to_owned()),
                key if key.contains(SIGNS) => {
                    return Err(format!(
                        "`{key}` is not a key: `[]` means the items of a list, `*` the values of a mapping; write a key with such a sign in double quotes"
                    ));
                }
                key => steps.push(Step::Key(key.to_owned())),
            }
            steps.extend((key.len()..part.len()).step_by(2).map(|_| Step::Items));
        }
        Ok(Self(steps))
    }

    /// The same from a text that is known to be one.
    pub(super) fn of(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self(vec![Step::Key(text.to_owned())]))
    }

    /// Whether it ends at the values of a mapping, so that each has a key as its name.
    pub fn is_of_entries(&self) -> bool {
        self.0.last() == Some(&Step::Entries)
    }

    /// Whether it begins with a key, by which a file can be recognised.
    pub fn begins_with_key(&self) -> bool {
        matches!(self.0.first(), Some(Step::Key(_)))
    }

    /// Whether there is something at its beginning: its first key, or a root of the right kind.
    pub(super) fn begins(&self, root: &Node) -> bool {
        match self.0.first() {
            Some(Step::Key(key)) => root.get(key).is_some(),
            Some(Step::Items) => root.as_seq().is_some(),
            Some(Step::Entries) | None => root.as_map().is_some(),
        }
    }

    /// Everything it leads to; what is of another kind than the path says is an error.
    pub(super) fn find<'n>(
        &self,
        from: &Found<'n>,
        shown: &Arc<str>,
    ) -> Result<Vec<Found<'n>>, GrantError> {
        let mut all = vec![from.clone()];
        for (at, step) in self.0.iter().enumerate() {
            let mut next = Vec::new();
            for found in all {
                let wrong = |expected: &'static str| {
                    let before = Self(self.0.get(..at).unwrap_or_default().to_vec());
                    GrantError::WrongKind {
                        place: Place {
                            file: Arc::clone(shown),
                            line: found.node.line,
                        },
                        what: format!("`{before}`"),
                        expected,
                        found: found.node.kind().to_owned(),
                    }
                };
                match (step, &found.node.value) {
                    (_, Value::Null) => {}
                    (Step::Key(key), Value::Map(_)) => next.extend(found.get(key)),
                    (Step::Items, Value::Seq(items)) => {
                        next.extend(items.iter().map(|item| found.below(None, item)));
                    }
                    (Step::Entries, Value::Map(_)) => next.extend(found.entries()),
                    (Step::Items, _) => return Err(wrong("a list")),
                    (Step::Key(_) | Step::Entries, _) => return Err(wrong("a mapping")),
                }
            }
            all = next;
        }
        Ok(all)
    }

    /// The one node that it leads to.
    pub(super) fn one<'n>(
        &self,
        from: &Found<'n>,
        shown: &Arc<str>,
    ) -> Result<Option<Found<'n>>, GrantError> {
        Ok(self.find(from, shown)?.into_iter().next())
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the file");
        }
        let plain = |key: &str| !key.contains(SIGNS) && !key.contains('.');
        for (at, step) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Key(key) if plain(key) => write!(f, "{dot}{key}")?,
                Step::Key(key) => write!(f, "{dot}\"{key}\"")?,
                Step::Items => f.write_str("[]")?,
                Step::Entries => write!(f, "{dot}*")?,
            }
        }
        Ok(())
    }
}

impl<'n> Found<'n> {
    /// The root of a document.
    pub(super) fn root(node: &'n Node) -> Self {
        Self {
            key: None,
            node,
            frozen: frozen_by(None, node),
        }
    }

    /// What is one step further down.
    pub(super) fn below(&self, key: Option<&'n Node>, node: &'n Node) -> Self {
        let frozen = match key {
            Some(key) => frozen_by(self.frozen.as_ref(), key),
            None => self.frozen.clone(),
        };
        Self {
            key,
            node,
            frozen: frozen_by(frozen.as_ref(), node),
        }
    }

    /// The value under a key, that of a merge key (`<<`, YAML 1.1) included.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        let pairs = self.node.as_map()?;
        if let Some((key, value)) = pairs.iter().find(|(key, _)| key.text() == Some(name)) {
            return Some(self.below(Some(key), value));
        }
        self.merged().find_map(|source| source.get(name))
    }

    /// Every pair, those that merge keys bring in included unless they are overridden here.
    pub(super) fn entries(&self) -> Vec<Self> {
        let pairs = self.node.as_map().unwrap_or_default();
        let own = pairs.iter().filter(|(key, _)| key.text() != Some("<<"));
        let mut all: Vec<Self> = own
            .map(|(key, value)| self.below(Some(key), value))
            .collect();
        for entry in self.merged().flat_map(|source| source.entries()) {
            let name = entry.key.and_then(Node::text);
            if !all
                .iter()
                .any(|known| known.key.and_then(Node::text) == name)
            {
                all.push(entry);
            }
        }
        all
    }

    /// The mappings that merge keys name.
    fn merged(&self) -> impl Iterator<Item = Self> {
        let pairs = self.node.as_map().unwrap_or_default();
        let merges = pairs.iter().filter(|(key, _)| key.text() == Some("<<"));
        let sources = merges.flat_map(|(_, merged)| match merged.as_seq() {
            Some(items) => items,
            None => std::slice::from_ref(merged),
        });
        sources.map(|node| Self {
            key: None,
            node,
            frozen: Some(MERGED.to_owned()),
        })
    }
}
