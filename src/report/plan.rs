//! The plan: the edits that one analysis proved, written down so that they can be made later.
//!
//! In: the view, and the edits that were proved. Out: `plan.json` of `analyze --out`, and the
//! same read back.
//!
//! Invariants:
//! * an edit is named by the bytes of its grant, whose it is and what it is: a file that is not
//!   the one that was read is noticed before anything is edited;
//! * a plan that was changed after it was written is not read;
//! * lists are in the order of the files: equal inputs give equal bytes.
//!
//! Which edits are made, and how, is decided by whoever applies it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{View, difftext, json_text};
use crate::analysis::Action;
use crate::model::{ClientName, ContentDigest, Day, Entry, Granted, Kind, Level, Subject};

/// Name and version of the file.
pub(crate) const SCHEMA: &str = "scopetrim.plan/1";

/// Edits of policy files, with what they rest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// Last day that was looked at.
    pub as_of: Option<String>,
    /// First day that was looked at.
    pub from: Option<String>,
    /// The policy files are those of this day, not of today.
    pub grants_at: Option<String>,
    /// What could not be read completely, one sentence each.
    pub incomplete: Vec<String>,
    /// The least safe level in the plan.
    pub level: Level,
    /// Needed operations that were replayed against all edits together.
    pub replayed_operations: u64,
    /// The requests that they stand for.
    pub replayed_requests: u64,
    /// All policy files of the analysis, edited or not.
    pub files: Vec<PlannedFile>,
    /// Sorted by file and place.
    pub edits: Vec<PlannedEdit>,
    /// BLAKE3 over the compact JSON of this object with an empty `hash`.
    pub hash: String,
}

/// One policy file as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedFile {
    /// As shown to the user, from the folder in which the analysis ran.
    pub path: String,
    /// Name of the policy format.
    pub format: String,
    /// Digest of its bytes.
    pub digest: String,
}

/// One entry that goes, or in whose place narrower terms come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedEdit {
    /// Index into `files`.
    pub file: usize,
    /// Line of the grant, counted from 1.
    pub line: u32,
    /// First byte of the grant.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
    /// Whose entry it is.
    pub of: Holder,
    /// What the entry gives.
    pub gives: Given,
    /// What comes in its place; empty for a removal.
    pub replace_with: Vec<String>,
    /// How safe it is.
    pub level: Level,
    /// Who loses something.
    pub clients: BTreeSet<String>,
    /// What they lose.
    pub terms: BTreeSet<String>,
    /// Who answers for the entry.
    pub owner: Option<String>,
    /// Clients that get narrower terms in the same plan, which may do what this one does: the
    /// edits of such a client are made all together or not at all.
    pub together: BTreeSet<String>,
    /// Why, in words.
    pub because: Vec<String>,
}

/// Whose entry it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holder {
    /// A client's.
    Client(String),
    /// A role's.
    Role(String),
}

/// What an entry gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Given {
    /// A term.
    Term(String),
    /// A role.
    Role(String),
}

impl Plan {
    /// The plan of an analysis whose `edits` were proved by a replay of so many operations and
    /// requests.
    pub(crate) fn of(
        view: &View<'_>,
        edits: &[&Action],
        (operations, requests): (u64, u64),
        grants_at: Option<Day>,
    ) -> serde_json::Result<Self> {
        let has_data = view.coverage.span().is_some();
        let day = |day: Day| has_data.then(|| day.to_string());
        let narrowed: BTreeSet<&ClientName> = edits
            .iter()
            .filter(|edit| !edit.replace_with.is_empty())
            .flat_map(|edit| &edit.clients)
            .collect();
        let entry = |edit: &Action| {
            let file = view.policy.files.get(edit.file);
            file.and_then(|file| file.entries.get(edit.entry))
        };
        let planned = edits.iter().filter_map(|edit| {
            let entry = entry(edit)?;
            let mut planned = PlannedEdit::of(edit, entry);
            planned.together = together(view, edit, &narrowed);
            planned.because = difftext::facts(view, edit);
            Some(planned)
        });
        let files = view.policy.files.iter().map(|file| PlannedFile {
            path: file.path.to_string(),
            format: file.format.to_string(),
            digest: file.digest.to_string(),
        });
        let mut plan = Self {
            schema: SCHEMA.to_owned(),
            as_of: day(view.analysis.window.to),
            from: day(view.analysis.window.from),
            grants_at: grants_at.map(|day| day.to_string()),
            incomplete: view.incomplete.to_vec(),
            level: view.level,
            replayed_operations: operations,
            replayed_requests: requests,
            files: files.collect(),
            edits: planned.collect(),
            hash: String::new(),
        };
        plan.hash = plan.own_hash()?;
        Ok(plan)
    }

    /// The file's text.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        Ok(json_text::pretty(self)? + "\n")
    }

    /// The same with these edits alone, by their number.
    pub(crate) fn limited(&self, edits: &BTreeSet<usize>) -> serde_json::Result<Self> {
        let mut own = self.clone();
        let all = self.edits.iter().enumerate();
        let kept = all.filter(|(number, _)| edits.contains(number));
        own.edits = kept.map(|(_, edit)| edit.clone()).collect();
        own.hash = own.own_hash()?;
        Ok(own)
    }

    /// Whether it is as it was written.
    pub(crate) fn is_whole(&self) -> bool {
        let same = |hash: String| hash == self.hash;
        self.schema == SCHEMA && self.own_hash().is_ok_and(same)
    }

    fn own_hash(&self) -> serde_json::Result<String> {
        let mut bare = self.clone();
        bare.hash.clear();
        let bytes = serde_json::to_vec(&bare)?;
        Ok(ContentDigest::of(&bytes).to_string())
    }
}

impl PlannedEdit {
    fn of(edit: &Action, entry: &Entry) -> Self {
        Self {
            file: edit.file,
            line: entry.place.line,
            start: entry.span.start,
            end: entry.span.end,
            of: Holder::of(&entry.subject),
            gives: Given::of(&entry.granted),
            replace_with: edit.replace_with.iter().map(ToString::to_string).collect(),
            level: edit.level,
            clients: edit.clients.iter().map(ToString::to_string).collect(),
            terms: edit.terms.iter().map(ToString::to_string).collect(),
            owner: entry.owner.as_deref().map(str::to_owned),
            together: BTreeSet::new(),
            because: Vec::new(),
        }
    }

    /// Whether this is the entry that is meant.
    pub(crate) fn is(&self, entry: &Entry) -> bool {
        (self.start, self.end) == (entry.span.start, entry.span.end)
            && self.line == entry.place.line
            && self.of == Holder::of(&entry.subject)
            && self.gives == Given::of(&entry.granted)
    }
}

impl Holder {
    pub(crate) fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Client(client) => Self::Client(client.to_string()),
            Subject::Role(role) => Self::Role(role.to_string()),
        }
    }
}

impl Given {
    /// The name of the term or role.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Term(name) | Self::Role(name) => name,
        }
    }

    pub(crate) fn of(granted: &Granted) -> Self {
        match granted {
            Granted::Term(term) => Self::Term(term.to_string()),
            Granted::Role(role) => Self::Role(role.to_string()),
        }
    }
}

/// The clients among `narrowed` that lose by this edit what only the narrower terms make
/// superfluous. What is not used at all does not depend on them.
fn together(view: &View<'_>, edit: &Action, narrowed: &BTreeSet<&ClientName>) -> BTreeSet<String> {
    let depends = |client: &&ClientName| {
        let found = view.analysis.client(client);
        let mut terms = edit.terms.iter();
        narrowed.contains(*client)
            && terms.any(|term| {
                let found = found.and_then(|found| found.term(term));
                found.is_none_or(|found| found.kind != Some(Kind::Unused))
            })
    };
    let clients = edit.clients.iter().filter(depends);
    clients.map(ToString::to_string).collect()
}

/// How many edits there are of each level, the safest first.
pub(crate) fn levels(edits: &[PlannedEdit]) -> BTreeMap<Level, usize> {
    let mut counts = BTreeMap::new();
    for edit in edits {
        *counts.entry(edit.level).or_default() += 1;
    }
    counts
}
