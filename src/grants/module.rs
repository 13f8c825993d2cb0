//! Files that are read as one: those of a directory, for Terraform.
//!
//! In: the policy files of a run. Out: for each file of Terraform, the trees of the others of its
//! directory, also of those that are no policy files of the run.
//!
//! Invariants:
//! * nothing is granted or edited in a neighbour: it only says what names mean, and who else
//!   has something;
//! * a file that is read again has the neighbours that it had.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{Node, hcl, json};
use crate::input;

/// Another file of the same directory.
#[derive(Clone, Debug)]
pub(super) struct Neighbour {
    pub(super) shown: Arc<str>,
    /// Whether it is a policy file of the run.
    pub(super) named: bool,
    /// Its tree; nothing where it cannot be read.
    pub(super) root: Option<Node>,
}

/// The directories of the run's files.
#[derive(Clone, Debug, Default)]
pub(super) struct Modules {
    /// The files of each directory, in order.
    files: BTreeMap<String, Vec<Neighbour>>,
}

/// What a file knows of its directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Module<'a> {
    pub(super) neighbours: Vec<&'a Neighbour>,
    /// In front of the addresses of resources, where several directories have them.
    pub(super) prefix: String,
}

/// The directory of a file, as it is shown.
fn folder(shown: &str) -> &str {
    shown
        .rsplit_once(['/', '\\'])
        .map_or("", |(folder, _)| folder)
}

/// What stands next to the file of a number: names, and bytes where these can be read.
pub(crate) type Others<'a> = dyn FnMut(usize) -> Vec<(String, Option<Vec<u8>>)> + 'a;

/// Whether Terraform reads a file of this name as a part of its directory.
fn is_part(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".tf", ".tofu", ".tf.json"]
        .iter()
        .any(|ending| lower.ends_with(ending))
}

impl Modules {
    /// Reads what stands next to these files on disk; a file may have this many bytes.
    pub(super) fn of(files: &[(PathBuf, String, Arc<[u8]>)], limit: u64) -> Self {
        let real = |path: &Path| std::fs::canonicalize(path).ok();
        let parts = files.iter().filter(|(_, shown, _)| is_part(shown));
        let named: BTreeSet<PathBuf> = parts.filter_map(|(path, ..)| real(path)).collect();
        let all: Vec<(String, Arc<[u8]>)> = files
            .iter()
            .map(|(_, shown, bytes)| (shown.clone(), Arc::clone(bytes)))
            .collect();
        Self::beside(&all, &mut |number| {
            let path = files.get(number).map(|(path, ..)| path.as_path());
            let others = path.map(others_of).unwrap_or_default().into_iter();
            let others = others
                .filter(|(path, _)| real(path).is_some_and(|real| !named.contains(&real)))
                .map(|(path, name)| (name, input::read_regular(&path, limit).ok()));
            others.collect()
        })
    }

    /// The same of files by their names and bytes; `others` says what stands next to the one of a
    /// number, without those that are given here. What cannot be read has no bytes.
    pub(super) fn beside(files: &[(String, Arc<[u8]>)], others: &mut Others<'_>) -> Self {
        let mut all = Self::default();
        for (number, (shown, bytes)) in files.iter().enumerate() {
            if !is_part(shown) {
                continue;
            }
            let own = Neighbour::of(bytes, shown, true);
            let folder = folder(shown);
            if !all.files.contains_key(folder) {
                let others = others(number).into_iter().map(|(name, bytes)| {
                    // What cannot be read has no tree.
                    let bytes = bytes.unwrap_or_else(|| vec![0]);
                    Neighbour::of(&bytes, &name, false)
                });
                all.files.insert(folder.to_owned(), others.collect());
            }
            all.files.entry(folder.to_owned()).or_default().push(own);
        }
        all
    }

    /// What the file of this name knows of its directory.
    pub(super) fn around(&self, shown: &str) -> Module<'_> {
        let folder = folder(shown);
        let own = self.files.get(folder).filter(|_| is_part(shown));
        let neighbours = own.into_iter().flatten();
        let several = own.is_some() && self.files.len() > 1 && !folder.is_empty();
        Module {
            neighbours: neighbours
                .filter(|other| !other.named || *other.shown != *shown)
                .collect(),
            prefix: if several {
                format!("{folder}/")
            } else {
                String::new()
            },
        }
    }
}

impl Neighbour {
    fn of(bytes: &[u8], shown: &str, named: bool) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        let json = shown.to_ascii_lowercase().ends_with(".json");
        let root = text.and_then(|text| {
            if json {
                json::parse(text, shown).ok()
            } else {
                hcl::parse(text, shown).ok()
            }
        });
        Self {
            shown: Arc::from(shown),
            named,
            root,
        }
    }
}

/// The files next to this one that Terraform reads with it, in order, with their names.
fn others_of(path: &Path) -> Vec<(PathBuf, String)> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        is_read(&name).then(|| (entry.path(), name))
    });
    let mut all: Vec<(PathBuf, String)> = named.collect();
    all.sort();
    all
}

/// Whether Terraform reads it: it passes over what is hidden, and what editors leave.
pub(crate) fn is_read(name: &str) -> bool {
    is_part(name) && !name.starts_with('.') && !name.ends_with('~')
}
