//! Planned changes become new bytes, a diff and its undo, and prove themselves.
//!
//! In: the policy as read, and which of its entries go or are replaced. Out: a
//! [`Patch`], or the reason why there is none.
//!
//! Invariants:
//! * the new bytes are read again by the same format, and hold exactly the planned
//!   entries: nothing more is gone, nothing came in, and everything else reads as before;
//! * the diff only deletes lines, or puts lines in the place of others;
//! * diff and undo, applied to the letter, give the new bytes and the old ones;
//! * entries that are frozen are refused, not skipped;
//! * nothing is written to disk here.

mod bytes;
mod edit;
mod graph_requests;
pub(crate) mod json_patch;
pub(crate) mod roles;
mod unified;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::grants::{self, Change, Edit, Refusal, as_editable};
use crate::model::{
    ClientName, ContentDigest, Entry, Granted, Place, Policy, PolicyFile, Scope, Subject, Term,
    Unreadable,
};

use bytes::{applied, written};
pub(crate) use edit::{Overlap, ordered};
pub(crate) use unified::renamed;

/// An entry that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Removal {
    /// Index into `policy.files`.
    pub file: usize,
    /// Index into that file's `entries`.
    pub entry: usize,
}

/// An entry in whose place one or more narrower terms come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// Index into `policy.files`.
    pub file: usize,
    /// Index into that file's `entries`.
    pub entry: usize,
    /// The terms; those that the subject holds anyway are not written again.
    pub with: Vec<Term>,
}

/// The changes of all files.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The changed files, in the order of the policy.
    pub files: Vec<FilePatch>,
}

/// The changes of one file.
#[derive(Clone, Debug)]
pub struct FilePatch {
    /// Index into `policy.files`.
    pub file: usize,
    /// The path as it is shown and as the diff names it; what leaves the program may name it
    /// from the top of its repository.
    pub path: Arc<str>,
    /// The bytes as they were read.
    pub old: Arc<[u8]>,
    /// The bytes after the changes.
    pub new: Vec<u8>,
    /// What these bytes grant, as read from them.
    pub reread: PolicyFile,
    /// Unified diff from old to new.
    pub diff: String,
    /// Unified diff from new to old.
    pub undo: String,
}

/// Why there is no patch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PatchError {
    /// The plan names what is not there, or one entry twice.
    #[error("the plan does not fit the policy: {0}")]
    BadPlan(String),
    /// Some entries must not be edited.
    #[error("{} cannot be edited: {}", .0[0].place, .0[0].reason)]
    Frozen(Vec<Refusal>),
    /// The format cannot write the change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Two edits want the same bytes.
    #[error("{file}: {source}")]
    Overlap {
        /// The file as shown to the user.
        file: Arc<str>,
        /// Where.
        source: Overlap,
    },
    /// The edited file cannot be read again.
    #[error("{file}: the edited file cannot be read again: {source}")]
    Unreadable {
        /// The file as shown to the user.
        file: Arc<str>,
        /// What the format says.
        source: Unreadable,
    },
    /// The edited file grants something else than planned.
    #[error("{file}: the edited file is not exactly the plan: {difference}")]
    NotExactlyThePlan {
        /// The file as shown to the user.
        file: Arc<str>,
        /// The first difference.
        difference: String,
    },
    /// The file is not the one that was read.
    #[error("{file}: the file changed since it was read")]
    Changed {
        /// The file as shown to the user.
        file: Arc<str>,
    },
}

impl PatchError {
    fn wrong(file: &PolicyFile, difference: impl Into<String>) -> Self {
        Self::NotExactlyThePlan {
            file: Arc::clone(&file.path),
            difference: difference.into(),
        }
    }

    /// What to do about it, where that is known.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Frozen(_) | Self::Refused(_) => Some("take the grant out by hand"),
            Self::Changed { .. } => Some("run the analysis again"),
            _ => None,
        }
    }
}

/// Makes the patch for a plan, and proves it.
///
/// All or nothing: when one entry cannot be edited, there is no patch. The caller can
/// leave that entry out and ask again.
pub(crate) fn plan(
    policy: &Policy,
    removals: &[Removal],
    replacements: &[Replacement],
) -> Result<Patch, PatchError> {
    let mut changes: BTreeMap<usize, BTreeMap<usize, Change>> = BTreeMap::new();
    let removed = removals.iter().map(|r| (r.file, r.entry, Change::Remove));
    let replaced = replacements
        .iter()
        .map(|r| (r.file, r.entry, Change::Replace(r.with.clone())));
    for (file, entry, change) in removed.chain(replaced) {
        if policy
            .files
            .get(file)
            .is_none_or(|known| entry >= known.entries.len())
        {
            return Err(PatchError::BadPlan(format!(
                "file {file} has no entry {entry}"
            )));
        }
        let planned = changes.entry(file).or_default();
        if planned
            .insert(entry, change.clone())
            .is_some_and(|other| other != change)
        {
            let message = format!("entry {entry} of file {file} is changed in two ways");
            return Err(PatchError::BadPlan(message));
        }
    }
    let mut frozen = Vec::new();
    for (file, entry) in changes
        .iter()
        .flat_map(|(file, plan)| plan.keys().map(move |entry| (file, entry)))
    {
        let entry = &policy.files[*file].entries[*entry];
        if let Some(reason) = &entry.frozen {
            frozen.push(Refusal {
                place: entry.place.clone(),
                reason: reason.clone(),
            });
        }
    }
    if !frozen.is_empty() {
        return Err(PatchError::Frozen(frozen));
    }
    let mut patch = Patch::default();
    for (index, mut planned) in changes {
        let file = &policy.files[index];
        settle(file, &mut planned)?;
        patch.files.push(file_patch(index, file, &planned)?);
    }
    Ok(patch)
}

/// Refuses a file whose bytes are not those that were read.
pub(crate) fn check_unchanged(file: &PolicyFile, current: &[u8]) -> Result<(), PatchError> {
    if ContentDigest::of(current) == file.digest && *current == *file.bytes {
        return Ok(());
    }
    Err(PatchError::Changed {
        file: Arc::clone(&file.path),
    })
}

/// Leaves out of replacements what the subject holds anyway, or gets twice.
fn settle(file: &PolicyFile, planned: &mut BTreeMap<usize, Change>) -> Result<(), PatchError> {
    let kept = file
        .entries
        .iter()
        .enumerate()
        .filter(|(index, _)| !planned.contains_key(index));
    let mut held: BTreeSet<(Subject, Granted, bool)> = kept.map(|(_, entry)| key(entry)).collect();
    for (index, change) in planned {
        let Change::Replace(terms) = change else {
            continue;
        };
        let entry = &file.entries[*index];
        if matches!(entry.granted, Granted::Role(_)) || terms.is_empty() {
            let message = format!(
                "{}: only a scope can be replaced, and only by scopes",
                entry.place
            );
            return Err(PatchError::BadPlan(message));
        }
        // Elsewhere it may be held for something else.
        let elsewhere = grants::is_for_some_resources(file) || file.in_parts;
        terms.retain(|term| {
            let granted = Granted::Term(term.clone());
            elsewhere || held.insert((entry.subject.clone(), granted, entry.optional))
        });
        if terms.is_empty() {
            *change = Change::Remove;
        }
    }
    Ok(())
}

fn key(entry: &Entry) -> (Subject, Granted, bool) {
    (entry.subject.clone(), entry.granted.clone(), entry.optional)
}

fn file_patch(
    index: usize,
    file: &PolicyFile,
    planned: &BTreeMap<usize, Change>,
) -> Result<FilePatch, PatchError> {
    prove(index, file, planned, grants::edits(file, planned)?)
}

/// Makes the patch from edits, trusting none of them.
fn prove(
    index: usize,
    file: &PolicyFile,
    planned: &BTreeMap<usize, Change>,
    edits: Vec<Edit>,
) -> Result<FilePatch, PatchError> {
    let wrong = |difference: String| PatchError::wrong(file, difference);
    let old = bytes::text(file)?;
    let (edits, reread) = applied(file, old, edits)?;
    compare(file, planned, &reread).map_err(wrong)?;
    let blocks = edit::changed_lines(old, &edits);
    if let Some((gone, _)) = blocks.iter().find(|(gone, _)| gone.is_empty()) {
        return Err(wrong(format!(
            "lines would be added in front of line {}",
            gone.start + 1
        )));
    }
    written(index, file, reread, &blocks)
}

/// Compares what the edited file grants with the plan, entry by entry and in order.
fn compare(
    old: &PolicyFile,
    planned: &BTreeMap<usize, Change>,
    new: &PolicyFile,
) -> Result<(), String> {
    let mut found = new.entries.iter();
    for (index, entry) in old.entries.iter().enumerate() {
        match planned.get(&index) {
            Some(Change::Remove) => {}
            Some(Change::Replace(terms)) => {
                for term in terms {
                    let expected = Entry {
                        granted: Granted::Term(term.clone()),
                        ..entry.clone()
                    };
                    same(&expected, found.next(), false)?;
                }
            }
            None => same(entry, found.next(), true)?,
        }
    }
    if let Some(extra) = found.next() {
        return Err(format!(
            "{} was not planned",
            described(&extra.granted, &extra.place)
        ));
    }
    if old.matching != new.matching || old.implies != new.implies || !ladders_hold(old, new) {
        return Err("its scope semantics changed".to_owned());
    }
    let mut lost: BTreeSet<&ClientName> = old.clients.difference(&new.clients).collect();
    if !lost.is_empty() {
        let listed = new.entries.iter().filter_map(|entry| match &entry.subject {
            Subject::Client(client) => Some(client),
            Subject::Role(_) => None,
        });
        let listed: BTreeSet<&ClientName> = listed.collect();
        lost.retain(|client| listed.contains(client));
    }
    // Where a client is nothing but its rows, it goes with the last one.
    if !new.clients.is_subset(&old.clients) || !lost.is_empty() {
        return Err("it names other clients".to_owned());
    }
    Ok(())
}

/// Whether no level opens more than before, and none that is granted opens less.
fn ladders_hold(old: &PolicyFile, new: &PolicyFile) -> bool {
    let granted = |entry: &Entry| match &entry.granted {
        Granted::Term(term) => {
            let scope = Scope::new(term.as_str());
            old.ladders.get(&scope) == new.ladders.get(&scope)
        }
        Granted::Role(_) => true,
    };
    let known = |(scope, opens)| old.ladders.get(scope) == Some(opens);
    new.ladders.iter().all(known) && (old.ladders.is_empty() || new.entries.iter().all(granted))
}

/// Whether the entry reads as before; a replacement's line may have changed.
fn same(expected: &Entry, found: Option<&Entry>, whole: bool) -> Result<(), String> {
    let Some(found) = found else {
        return Err(format!(
            "{} is missing",
            described(&expected.granted, &expected.place)
        ));
    };
    let equal = key(expected) == key(found)
        && expected.since == found.since
        && expected.owner == found.owner
        && (!whole || expected.keep == found.keep && as_editable(expected, found));
    if equal {
        return Ok(());
    }
    let wanted = described(&expected.granted, &expected.place);
    Err(format!(
        "{wanted} became {}",
        described(&found.granted, &found.place)
    ))
}

fn described(granted: &Granted, place: &Place) -> String {
    match granted {
        Granted::Term(term) => format!("`{term}` of line {}", place.line),
        Granted::Role(role) => format!("role `{role}` of line {}", place.line),
    }
}

#[cfg(test)]
mod tests;
