//! What came below a date of its client or role later, as older versions of the file show.
//!
//! In: entries whose date is on their own line, or came with it in one commit, so that
//! `git blame` cannot tell them apart. Out: those that an older version lacks.
//!
//! Invariants:
//! * an entry is younger than the date only when an older version gives the client or role
//!   the same date without it; a client that is new, or whose date was stated again, has
//!   the date for everything;
//! * about versions that cannot be read nothing is known, so the date is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::file_at_commit::Touch;
use super::git::Repository;
use super::{VERSIONS, what};
use crate::grants::reread;
use crate::model::{Day, Entry, Granted, PolicyFile, Subject};

/// The entries that came later than their date says, and when; `None` for what is not
/// committed. `touches` are the commits of the file, the newest first.
pub(super) fn came_later(
    file: &PolicyFile,
    repository: &Repository,
    touches: &[Touch],
    mut open: BTreeSet<usize>,
) -> BTreeMap<usize, Option<Day>> {
    let mut found = BTreeMap::new();
    // The day of the version that was looked at last; the first one is not committed.
    let mut newer: Option<Day> = None;
    let there = touches.iter().take_while(|touch| !touch.deleted);
    for touch in there.take(VERSIONS) {
        let Ok(bytes) = repository.blob(&touch.commit, &touch.name) else {
            break;
        };
        let Some(then) = reread(file, bytes) else {
            break;
        };
        let then = Version::of(&then);
        open.retain(|index| {
            let Some(entry) = file.entries.get(*index) else {
                return false;
            };
            if let Some(since) = then.held.get(&what(entry)) {
                return *since == entry.since;
            }
            if then.gives(entry) {
                found.insert(*index, newer);
            }
            false
        });
        if open.is_empty() {
            break;
        }
        newer = Some(touch.day);
    }
    found
}

/// What an older version grants.
struct Version {
    /// The date of each grant.
    held: BTreeMap<(Subject, Granted), Option<Day>>,
    /// The dates that clients and roles have.
    dates: BTreeSet<(Subject, Option<Day>)>,
    /// Clients without any grant, whose date nobody sees.
    bare: BTreeSet<Subject>,
}

impl Version {
    fn of(file: &PolicyFile) -> Self {
        let entries = || file.entries.iter();
        let inherited = entries().filter(|entry| entry.since_line.is_some());
        let subjects: BTreeSet<&Subject> = entries().map(|entry| &entry.subject).collect();
        let clients = file.clients.iter().cloned().map(Subject::Client);
        Self {
            held: entries().map(|entry| (what(entry), entry.since)).collect(),
            dates: inherited
                .map(|entry| (entry.subject.clone(), entry.since))
                .collect(),
            bare: clients
                .filter(|client| !subjects.contains(client))
                .collect(),
        }
    }

    /// Whether the client or role is there with the same date.
    fn gives(&self, entry: &Entry) -> bool {
        self.dates.contains(&(entry.subject.clone(), entry.since))
            || self.bare.contains(&entry.subject)
    }
}
