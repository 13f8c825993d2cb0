//! Since when a grant is held, where the policy file does not say so itself.
//!
//! In: the policy as read, its repository if there is one, a table of dates.
//! Out: for a client and a term the day since when it is held, and who says so.
//!
//! Order: the date in the policy file; else `git blame` of the line; else the
//! first day in the ledger; else the given table.
//!
//! Invariants:
//! * an age is never older than the evidence: of several ways to hold a term the
//!   youngest decides, a line counts from the commit that brought it into the
//!   branch in its present form (a moved or reformatted line looks younger), and
//!   that commit's file must grant the same thing to the same client or role;
//! * a line that is not committed, or committed after as-of, has no age;
//! * no repository, or no git, is said and is no error.

mod blame;
mod git;
mod given;
mod past;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read;
use crate::model::{ClientName, Day, Entry, Granted, Policy, PolicyFile, Subject, Term, Via};

pub use git::GitError;
pub use given::{GivenError, read_given};
pub use past::{Past, PastError, Then};

/// Versions of one policy file that are read to check its blame.
const VERSIONS: usize = 64;

/// Who says since when a grant is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SinceFrom {
    /// The policy file.
    PolicyFile,
    /// The commit that brought the line.
    GitBlame,
    /// The first day on which the ledger saw it.
    Ledger,
    /// The table given by the user.
    GivenTable,
}

impl SinceFrom {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::PolicyFile => "policy_file",
            Self::GitBlame => "git_blame",
            Self::Ledger => "ledger",
            Self::GivenTable => "granted_since_file",
        }
    }
}

/// What is known beside the dates in the policy files.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Day of the commit, by file and entry.
    lines: BTreeMap<(usize, usize), Day>,
    held: BTreeMap<(ClientName, Term), (Day, SinceFrom)>,
    /// What could not be asked, one sentence each.
    pub notes: Vec<String>,
}

impl History {
    /// Adds the day since when a client is known to hold a term; what is known already stays.
    pub fn add(&mut self, client: ClientName, term: Term, since: Day, from: SinceFrom) {
        self.held.entry((client, term)).or_insert((since, from));
    }

    /// Since when the client holds the term in all the ways given, and who says so.
    pub fn since(
        &self,
        policy: &Policy,
        (client, term): (&ClientName, &Term),
        vias: &[Via],
        as_of: Day,
    ) -> Option<(Day, SinceFrom)> {
        let entry = |file: usize, index: usize| -> Option<(Day, SinceFrom)> {
            let entry = policy.files.get(file)?.entries.get(index)?;
            let stated = entry.since.map(|day| (day, SinceFrom::PolicyFile));
            // A line that came after the data says nothing about its days.
            let blamed = || self.lines.get(&(file, index)).filter(|day| **day <= as_of);
            stated.or_else(|| blamed().map(|day| (*day, SinceFrom::GitBlame)))
        };
        let way = |via: &Via| {
            let own = entry(via.file, via.entry)?;
            match &via.role {
                None => Some(own),
                // Held since the later of: the role got the term, the client got the role.
                Some((_, membership)) => Some(own.max(entry(via.file, *membership)?)),
            }
        };
        let ways: Option<Vec<_>> = vias.iter().map(way).collect();
        let latest = ways.and_then(|ways| ways.into_iter().max());
        latest.or_else(|| self.held.get(&(client.clone(), term.clone())).copied())
    }

    /// Asks git for the age of every line whose entry has no date.
    ///
    /// `paths` are the files of the policy in the same order.
    pub fn blame(&mut self, policy: &Policy, paths: &[PathBuf]) {
        self.blame_with(policy, paths, blamed);
    }

    /// The same for the files as they were on a day.
    pub fn blame_at(&mut self, policy: &Policy, paths: &[PathBuf], day: Day) {
        self.blame_with(policy, paths, |file, path| {
            let past = Past::of(path).map_err(refused)?;
            let then = past.at(day).map_err(refused)?;
            let origins = blame::parse(&past.blame(&then)?);
            let repository = git::Repository::of(path)?;
            Ok(proved(file, &repository, (&then.bytes, &origins)))
        });
    }

    fn blame_with(
        &mut self,
        policy: &Policy,
        paths: &[PathBuf],
        blamed: impl Fn(&PolicyFile, &Path) -> Result<BTreeMap<usize, Day>, GitError>,
    ) {
        for (index, (file, path)) in policy.files.iter().zip(paths).enumerate() {
            if file.entries.iter().all(|entry| entry.since.is_some()) {
                continue;
            }
            match blamed(file, path) {
                Ok(days) => {
                    let days = days.into_iter();
                    self.lines
                        .extend(days.map(|(entry, day)| ((index, entry), day)));
                }
                Err(error) => self.notes.push(format!(
                    "the age of grants without a date in `{}` is not known: {error}",
                    file.path
                )),
            }
        }
    }
}

/// The day of each entry's line, where the commit's own file bears it out.
fn blamed(file: &PolicyFile, path: &Path) -> Result<BTreeMap<usize, Day>, GitError> {
    let repository = git::Repository::of(path)?;
    let committed = repository.file_at("HEAD")?;
    let origins = blame::parse(&repository.blame()?);
    Ok(proved(file, &repository, (&committed, &origins)))
}

fn refused(error: PastError) -> GitError {
    match error {
        PastError::Git(error) => error,
        other => GitError::Refused(other.to_string()),
    }
}

/// The day of each entry's line, from the origins of the lines of these bytes.
fn proved(
    file: &PolicyFile,
    repository: &git::Repository,
    (committed, origins): (&[u8], &BTreeMap<usize, blame::Origin>),
) -> BTreeMap<usize, Day> {
    let lines = blame::align(committed, &file.bytes);
    let mut wanted: BTreeMap<usize, &blame::Origin> = BTreeMap::new();
    for (index, entry) in file.entries.iter().enumerate() {
        let first = entry.place.line as usize;
        let text = file.bytes.get(entry.span.start..entry.span.end);
        let more = text.map_or(0, |text| memchr::memchr_iter(b'\n', text).count());
        let mut found = Vec::new();
        for line in first..=first + more {
            let origin = lines
                .get(line.wrapping_sub(1))
                .copied()
                .flatten()
                .and_then(|at| origins.get(&(at + 1)));
            found.push(origin);
        }
        let all: Option<Vec<&blame::Origin>> = found.into_iter().collect();
        if let Some(latest) = all.and_then(|all| all.into_iter().max_by_key(|own| own.day())) {
            wanted.insert(index, latest);
        }
    }
    let commits: BTreeSet<(&str, &str)> = wanted
        .values()
        .map(|origin| (origin.commit.as_str(), origin.file.as_str()))
        .collect();
    let mut versions: BTreeMap<&str, BTreeSet<(Subject, Granted)>> = BTreeMap::new();
    for (commit, name) in commits.into_iter().take(VERSIONS) {
        let then = repository.blob(commit, name).ok();
        let then = then.and_then(|bytes| read(Arc::from(bytes), &file.path).ok());
        if let Some(then) = then {
            versions.insert(commit, then.entries.iter().map(what).collect());
        }
    }
    let proved = wanted.into_iter().filter_map(|(index, origin)| {
        // The line may be old, and stand below another client's name since yesterday.
        let then = versions.get(origin.commit.as_str())?;
        then.contains(&what(file.entries.get(index)?))
            .then(|| (index, origin.day()))
    });
    proved.collect()
}

fn what(entry: &Entry) -> (Subject, Granted) {
    (entry.subject.clone(), entry.granted.clone())
}

#[cfg(test)]
#[path = "history/tests.rs"]
mod tests;
