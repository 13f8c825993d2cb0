//! The bytes of a policy file, and the tree that every format sees: read once, when the
//! first of them asks.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use super::GrantError;
use super::module::Module;
use super::written::Syntax;
use crate::document::csv::{self, CsvError};
use crate::document::hcl::{self, HclError};
use crate::document::json::{self, JsonError};
use crate::document::toml::{self, TomlError};
use crate::document::yaml::{self, YamlError};
use crate::document::{Node, Value};
use crate::model::Place;

/// A policy file before its format is known.
pub(crate) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a Arc<[u8]>,
    pub(super) shown: &'a str,
    pub(super) syntax: Syntax,
    /// What stands next to the file.
    pub(super) module: Module<'a>,
    roots: OnceCell<Result<Vec<Node>, NoTree>>,
}

/// Why a text has no tree.
#[derive(Clone)]
enum NoTree {
    Yaml(YamlError),
    Json(JsonError),
    Hcl(HclError),
    Toml(TomlError),
    Csv(CsvError),
}

impl From<NoTree> for GrantError {
    fn from(error: NoTree) -> Self {
        match error {
            NoTree::Yaml(error) => Self::Yaml(error),
            NoTree::Json(error) => Self::Json(error),
            NoTree::Hcl(error) => Self::Hcl(error),
            NoTree::Toml(error) => Self::Toml(error),
            NoTree::Csv(error) => error.into(),
        }
    }
}

impl<'a> Source<'a> {
    /// The bytes as text; the error names the first bad line.
    pub(super) fn new(bytes: &'a Arc<[u8]>, shown: &'a str) -> Result<Self, GrantError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let breaks = memchr::memchr_iter(b'\n', before).count();
            let line = u32::try_from(breaks + 1).unwrap_or(u32::MAX);
            GrantError::NotText {
                place: Place {
                    file: Arc::from(shown),
                    line,
                },
            }
        })?;
        Ok(Self {
            text,
            bytes,
            shown,
            syntax: syntax(text, shown),
            module: Module::default(),
            roots: OnceCell::new(),
        })
    }

    fn tree(&self) -> &Result<Vec<Node>, NoTree> {
        self.roots.get_or_init(|| self.parsed(self.text))
    }

    fn parsed(&self, text: &str) -> Result<Vec<Node>, NoTree> {
        match self.syntax {
            Syntax::Json => match json::parse(text, self.shown) {
                Ok(root) => Ok(vec![root]),
                Err(error) => Err(NoTree::Json(error)),
            },
            Syntax::Hcl => match hcl::parse(text, self.shown) {
                Ok(root) => Ok(vec![root]),
                Err(error) => Err(NoTree::Hcl(error)),
            },
            Syntax::Toml => match toml::parse(text, self.shown) {
                Ok(root) => Ok(vec![root]),
                Err(error) => Err(NoTree::Toml(error)),
            },
            Syntax::Csv => match csv::tree(text, &Arc::from(self.shown)) {
                Ok(root) => Ok(vec![root]),
                Err(error) => Err(NoTree::Csv(error)),
            },
            Syntax::Yaml => yaml::documents(text, self.shown).map_err(NoTree::Yaml),
        }
    }

    /// The same file with the tree of another text, in which every byte has its place; nothing
    /// where that text has no tree.
    pub(super) fn with_tree_of(&self, text: &str, finish: impl Fn(&mut Node)) -> Option<Self> {
        let mut roots = self.parsed(text).ok()?;
        roots.iter_mut().for_each(finish);
        Some(Self {
            text: self.text,
            bytes: self.bytes,
            shown: self.shown,
            syntax: self.syntax,
            module: self.module.clone(),
            roots: OnceCell::from(Ok(roots)),
        })
    }

    /// The roots of all documents; none at all where there is no tree.
    pub(super) fn documents(&self) -> &[Node] {
        self.tree().as_deref().unwrap_or_default()
    }

    /// The roots of all documents, or why there is no tree.
    pub(super) fn roots(&self) -> Result<&[Node], GrantError> {
        match self.tree() {
            Ok(roots) => Ok(roots),
            Err(error) => Err(error.clone().into()),
        }
    }

    /// The root of the one document of the file.
    pub(super) fn root(&self) -> Result<Cow<'_, Node>, GrantError> {
        match self.roots()? {
            [root] => Ok(Cow::Borrowed(root)),
            // None at all is an empty one, and of several the reader says where the second starts.
            _ => Ok(Cow::Owned(yaml::parse(self.text, self.shown)?)),
        }
    }

    /// The keys at the top of the file; for detection. A text that cannot be read is
    /// claimed by its name alone, so that the reader can say what is wrong with it.
    pub(super) fn top_keys(&self) -> Option<Vec<&str>> {
        let lower = self.shown.to_ascii_lowercase();
        let named = [".json", ".yaml", ".yml"]
            .iter()
            .any(|ending| lower.ends_with(ending));
        match self.tree().as_deref() {
            Ok([]) => None,
            Ok(roots) => {
                let mut keys = Vec::new();
                for root in roots {
                    keys.extend(root.as_map()?.iter().filter_map(|(key, _)| key.text()));
                }
                Some(keys)
            }
            Err(_) => named.then(|| vec!["clients"]),
        }
    }

    /// Whether some document is a mapping of which this holds.
    pub(super) fn any(&self, holds: impl Fn(&Node) -> bool) -> bool {
        let mapping = |root: &&Node| matches!(root.value, Value::Map(_));
        self.documents().iter().filter(mapping).any(holds)
    }
}

/// Which rules a text follows: the name decides, then the first byte.
fn syntax(text: &str, path: &str) -> Syntax {
    let named = |ending: &str| path.to_ascii_lowercase().ends_with(ending);
    if named(".json") {
        return Syntax::Json;
    }
    if named(".yaml") || named(".yml") {
        return Syntax::Yaml;
    }
    if named(".toml") {
        return Syntax::Toml;
    }
    if named(".csv") {
        return Syntax::Csv;
    }
    if [".tf", ".tofu", ".hcl", ".tfvars"]
        .iter()
        .any(|ending| named(ending))
    {
        return Syntax::Hcl;
    }
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if opens_block(body) {
        Syntax::Hcl
    } else if body.starts_with('{') {
        Syntax::Json
    } else {
        Syntax::Yaml
    }
}

/// Whether the first line that is no comment opens a block of Terraform, which begins no line
/// of another language: `resource "type" "name" {`.
fn opens_block(body: &str) -> bool {
    let mut lines = body.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(['#', '/']));
    let words = [
        "resource", "data", "variable", "provider", "module", "output",
    ];
    first.is_some_and(|line| {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let bare = ["terraform", "locals"].contains(&word) && rest.trim() == "{";
        bare || words.contains(&word) && rest.starts_with('"') && rest.ends_with('{')
    })
}
