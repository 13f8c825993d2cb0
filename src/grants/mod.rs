//! Policy files become grants that know their own bytes.
//!
//! In: the bytes of the user's policy files. Out: a [`Policy`]: who holds what, and
//! which bytes say so; on request, the edits that remove entries.
//!
//! Invariants:
//! * a file is read completely or refused with a place; no grant is lost silently;
//! * a grant whose bytes cannot be edited safely says why (`frozen`);
//! * nothing is written here.
//!
//! A new policy format is one file and its line in [`ALL`].

mod block;
mod comment;
mod csv;
mod csv_rows;
mod edit;
mod entry_reader;
mod error;
mod flow;
pub mod history;
mod json;
mod list;
mod native;
mod not_editable;
mod policy_text;
mod quote;
mod standard_formats;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use crate::input;
use crate::model::{Policy, PolicyFile, Term};

pub use edit::Edit;
pub use error::{GrantError, Refusal};

/// A policy file may have this many bytes.
const MAX_BYTES: u64 = 256 << 20;

/// One policy format: reads grants, and writes the edits that remove them.
pub trait PolicyFormat: Sync {
    /// The name on the command line and in outputs.
    fn name(&self) -> &'static str;

    /// Whether these bytes look like this format; the first in [`ALL`] that says yes reads them.
    fn detect(&self, bytes: &[u8], path: &str) -> bool;

    /// Reads a file; `shown` is its name in messages.
    fn read(&self, bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError>;

    /// The edits that make these changes, by index into `file.entries`.
    ///
    /// All changes of a file have to be given at once: what a list looks like
    /// without one item depends on the others.
    fn edits(
        &self,
        file: &PolicyFile,
        changes: &BTreeMap<usize, Change>,
    ) -> Result<Vec<Edit>, Refusal>;

    /// The edits that remove these entries.
    fn remove(&self, file: &PolicyFile, entries: &[usize]) -> Result<Vec<Edit>, Refusal> {
        let changes = entries.iter().map(|entry| (*entry, Change::Remove));
        self.edits(file, &changes.collect())
    }

    /// The entries that cannot be removed without losing or moving a comment.
    fn comments(&self, file: &PolicyFile) -> BTreeMap<usize, CommentEffect>;
}

/// What happens to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It goes.
    Remove,
    /// These terms stand in its place; none at all is refused.
    Replace(Vec<Term>),
}

/// What removing an entry does to a comment; such an edit needs a reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentEffect {
    /// The comment after the entry goes with it.
    Lost,
    /// The comment above the entry stays, and would be read as that of the next one.
    Reattached,
}

/// Every format, in the order in which detection tries them.
pub static ALL: &[&dyn PolicyFormat] = &[&csv::Csv, &native::Native, &standard_formats::Plain];

/// The format with this name.
pub fn by_name(name: &str) -> Option<&'static dyn PolicyFormat> {
    ALL.iter().copied().find(|format| format.name() == name)
}

/// Reads one policy file from memory, in the format that claims it.
pub fn read(bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError> {
    policy_text::utf8(&bytes, shown)?;
    let Some(format) = ALL.iter().find(|format| format.detect(&bytes, shown)) else {
        return Err(GrantError::UnknownFormat {
            file: Arc::from(shown),
        });
    };
    format.read(bytes, shown)
}

/// Reads policy files from disk, each with the name to show for it.
pub fn load(files: &[(PathBuf, String)]) -> Result<Policy, GrantError> {
    let mut policy = Policy::default();
    let mut known: BTreeMap<PathBuf, Arc<str>> = BTreeMap::new();
    for (path, shown) in files {
        let file: Arc<str> = Arc::from(shown.as_str());
        let io = |source| GrantError::Io {
            file: Arc::clone(&file),
            source,
        };
        let real = std::fs::canonicalize(path).map_err(io)?;
        if let Some(first) = known.get(&real) {
            let first = Arc::clone(first);
            return Err(GrantError::GivenTwice { file, first });
        }
        let bytes = input::read_regular(path, MAX_BYTES).map_err(|error| {
            if error.kind() == ErrorKind::FileTooLarge {
                return GrantError::TooLarge {
                    file: Arc::clone(&file),
                    limit: MAX_BYTES,
                };
            }
            io(error)
        })?;
        policy.files.push(read(Arc::from(bytes), shown)?);
        known.insert(real, file);
    }
    Ok(policy)
}

/// The entries of a file that cannot be removed without losing or moving a comment.
pub fn comments_affected(file: &PolicyFile) -> BTreeMap<usize, CommentEffect> {
    // Without the sign of a comment there is none, and the file is not read again.
    if memchr::memchr(b'#', &file.bytes).is_none() {
        return BTreeMap::new();
    }
    by_name(file.format).map_or_else(BTreeMap::new, |format| format.comments(file))
}

/// Whether the file's format has a place for scope rules (`match:`, `implies:`),
/// so that their absence means something.
pub fn states_rules(file: &PolicyFile) -> bool {
    file.format == PolicyFormat::name(&native::Native)
}

/// Whether a client whose last grant is removed is no longer named by the file.
pub fn forgets_clients(file: &PolicyFile) -> bool {
    file.format == PolicyFormat::name(&csv::Csv)
}

/// Those of these entries in whose place the format can write the terms.
pub fn replaceable(file: &PolicyFile, wanted: &[(usize, Vec<Term>)]) -> BTreeSet<usize> {
    let Some(format) = by_name(file.format) else {
        return BTreeSet::new();
    };
    let change = |(entry, with): &(usize, Vec<Term>)| (*entry, Change::Replace(with.clone()));
    // Nearly always all of them, so the file is read once for all.
    match format.edits(file, &wanted.iter().map(change).collect()) {
        Ok(_) => wanted.iter().map(|(entry, _)| *entry).collect(),
        Err(_) if wanted.len() <= 1 => BTreeSet::new(),
        Err(_) => {
            let (first, second) = wanted.split_at(wanted.len() / 2);
            let mut all = replaceable(file, first);
            all.extend(replaceable(file, second));
            all
        }
    }
}

#[cfg(test)]
mod tests;
