//! Since when a grant is held, where the policy file does not say so itself.
//!
//! In: the policy as read, its repository if there is one, a table of dates.
//! Out: for a client and a term the day since when it is held, and who says so.
//!
//! Order: the date in the policy file (one of the client or role only for what is
//! no younger than it); else `git blame` of the line; else the first day in the
//! ledger; else the given table; else what the configuration states.
//!
//! Invariants:
//! * an age is never older than the evidence: of several ways to hold a term the
//!   youngest decides, a line counts from the commit that brought it into the
//!   branch in its present form (a moved or reformatted line looks younger), and
//!   that commit's file must grant the same thing to the same client or role;
//! * no date covers what a record of the ledger shows that the client did not hold yet;
//! * a line that is not committed, or committed after as-of, has no age;
//! * the commit at which a shallow clone ends says on or before which day, no more;
//! * no repository, or no git, is reported, and is not an error.

mod blame;
mod dates_file;
mod file_at_commit;
mod git;
pub(crate) mod grant_snapshots;
mod stated_age;
mod walk;
mod work_tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::reread;
use crate::model::{
    ClientName, Day, Entry, Granted, Policy, PolicyFile, Stated, Subject, Term, Via,
};

pub(crate) use dates_file::read_given;
pub(crate) use file_at_commit::{Past, PastError, Then};
pub(crate) use git::GitError;
pub(crate) use work_tree::{WorkTree, work_tree};

/// Versions of one policy file that are read to check its blame.
const VERSIONS: usize = 64;

/// Who says since when a grant is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SinceFrom {
    /// The policy file.
    PolicyFile,
    /// The commit that brought the line.
    GitBlame,
    /// The commit at which a shallow clone ends: it is held since then or for longer.
    GitBoundary,
    /// The first day on which the ledger saw it.
    Ledger,
    /// The table given by the user.
    GivenTable,
    /// A statement of the configuration: it was granted before that day.
    Stated,
}

impl SinceFrom {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::PolicyFile => "policy_file",
            Self::GitBlame => "git_blame",
            Self::GitBoundary => "git_boundary",
            Self::Ledger => "ledger",
            Self::GivenTable => "granted_since_file",
            Self::Stated => "configuration",
        }
    }
}

/// What is known in addition to the dates in the policy files.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Day of the commit, by file and entry.
    lines: BTreeMap<(usize, usize), (Day, SinceFrom)>,
    /// Entries that came below the date of their client or role later, and when;
    /// `None` when nobody knows.
    younger: BTreeMap<(usize, usize), Option<Day>>,
    held: HashMap<ClientName, HashMap<Term, (Day, SinceFrom), FixedState>, FixedState>,
    /// Entries without a date that git knows of and cannot date: they are new, or may be.
    fresh: BTreeSet<(usize, usize)>,
    /// What the configuration states, in its order.
    stated: Vec<Stated>,
    /// What an earlier record of the ledger lacks, and the first day that it can be of.
    came: BTreeMap<(ClientName, Term), Day>,
    /// Files whose history a shallow clone cuts off, one sentence each; `notes` has them, too.
    pub cut_off: Vec<String>,
    /// What could not be asked, one sentence each.
    pub notes: Vec<String>,
}

impl History {
    /// Adds the day since when a client is known to hold a term; what is known already stays.
    pub fn add(&mut self, client: ClientName, term: Term, since: Day, from: SinceFrom) {
        let terms = self.held.entry(client).or_default();
        terms.entry(term).or_insert((since, from));
    }

    /// Adds that a record of the ledger shows the client without the term, which it got
    /// on this day at the earliest.
    pub fn add_came(&mut self, client: ClientName, term: Term, day: Day) {
        self.came.insert((client, term), day);
    }

    /// Since when the client holds the term in all the ways given, and who says so.
    pub fn since(
        &self,
        policy: &Policy,
        grant: (&ClientName, &Term),
        vias: &[Via],
        as_of: Day,
    ) -> Option<(Day, SinceFrom)> {
        let known = self.known(policy, grant, vias, as_of);
        let stated = || self.by_statement(policy, grant.0, vias, as_of);
        let known = known.or_else(stated)?;
        if self.came.is_empty() {
            return Some(known);
        }
        let came = self.came.get(&(grant.0.clone(), grant.1.clone()));
        // It was not held before; on a day before that one it is as young as can be.
        let came = came.map(|day| ((*day).min(as_of), SinceFrom::Ledger));
        Some(came.map_or(known, |came| came.max(known)))
    }

    /// The same without a look at what earlier records of the ledger lack and at statements.
    fn known(
        &self,
        policy: &Policy,
        (client, term): (&ClientName, &Term),
        vias: &[Via],
        as_of: Day,
    ) -> Option<(Day, SinceFrom)> {
        let entry = |at| self.entry(policy, at, as_of);
        let ways: Vec<Option<_>> = vias.iter().map(|via| way(via, entry)).collect();
        if let Some(ways) = ways.iter().copied().collect::<Option<Vec<_>>>()
            && !ways.is_empty()
        {
            return ways.into_iter().max();
        }
        let held = self.held.get(client)?.get(term).copied()?;
        // The ledger saw the client hold it; a way whose date is known to be later still decides.
        let later = || ways.iter().flatten().map(|(day, _)| *day).max();
        Some(match held {
            (day, SinceFrom::Ledger) => {
                (later().map_or(day, |came| came.max(day)), SinceFrom::Ledger)
            }
            given => given,
        })
    }

    /// Since when an entry is there, as the file or git says.
    fn entry(
        &self,
        policy: &Policy,
        (file, index): (usize, usize),
        as_of: Day,
    ) -> Option<(Day, SinceFrom)> {
        let entry = policy.files.get(file)?.entries.get(index)?;
        let stated = entry.since.map(|day| (day, SinceFrom::PolicyFile));
        if let Some(day) = self.younger.get(&(file, index)) {
            let day = day.filter(|day| *day <= as_of)?;
            return stated.max(Some((day, SinceFrom::GitBlame)));
        }
        // A line that came after the data says nothing about its days.
        let blamed = || self.lines.get(&(file, index)).copied();
        stated.or_else(|| blamed().filter(|(day, _)| *day <= as_of))
    }

    /// The day on which an entry came below an older date of its client or role.
    pub fn came_later(&self, file: usize, entry: usize) -> Option<Day> {
        self.younger.get(&(file, entry)).copied().flatten()
    }

    /// Asks git for the age of every line whose entry has no date of its own.
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
            Ok(proved(
                file,
                &repository,
                past.until(day),
                (&then.bytes, &origins),
            ))
        });
    }

    fn blame_with(
        &mut self,
        policy: &Policy,
        paths: &[PathBuf],
        blamed: impl Fn(&PolicyFile, &Path) -> Result<Blamed, GitError>,
    ) {
        for (index, (file, path)) in policy.files.iter().zip(paths).enumerate() {
            let undated = |entry: &Entry| entry.since.is_none();
            let inherits = |entry: &Entry| entry.since_line.is_some();
            if !file
                .entries
                .iter()
                .any(|entry| undated(entry) || inherits(entry))
            {
                continue;
            }
            match blamed(file, path) {
                Ok(found) => {
                    let at = |entry: usize| (index, entry);
                    let open = (0..).zip(&file.entries);
                    let open = open.filter(|(index, entry)| {
                        undated(entry) && !found.lines.contains_key(index)
                    });
                    self.fresh.extend(open.map(|(index, _)| at(index)));
                    let days = found.lines.into_iter();
                    self.lines.extend(days.map(|(index, day)| (at(index), day)));
                    let days = found.younger.into_iter();
                    self.younger
                        .extend(days.map(|(index, day)| (at(index), day)));
                    if let Some(day) = found.cut {
                        let text = format!(
                            "the clone is shallow, and the history of `{}` in it begins on {day}: what it held then is held since then or for longer; `git fetch --unshallow` fetches the rest",
                            file.path
                        );
                        self.cut_off.push(text.clone());
                        self.notes.push(text);
                    }
                }
                // A stated date is kept where nothing can check it.
                Err(_) if !file.entries.iter().any(undated) => {}
                Err(error) => self.notes.push(format!(
                    "the age of grants without a date in `{}` is not known: {error}",
                    file.path
                )),
            }
        }
    }
}

/// Since when a term is held in one way, by the dates of the entries.
fn way(
    via: &Via,
    entry: impl Fn((usize, usize)) -> Option<(Day, SinceFrom)>,
) -> Option<(Day, SinceFrom)> {
    let since = entry((via.file, via.entry))?;
    match &via.role {
        None => Some(since),
        // Held since the later of: the role got the term, the client got the role.
        Some(membership) => Some(since.max(entry(membership.place())?)),
    }
}

/// What git says about the entries of one file.
#[derive(Default)]
struct Blamed {
    lines: BTreeMap<usize, (Day, SinceFrom)>,
    younger: BTreeMap<usize, Option<Day>>,
    /// The day at which the clone ends, where that is all that is known of some entry.
    cut: Option<Day>,
}

/// The day of each entry's line, where the commit's own file bears it out.
fn blamed(file: &PolicyFile, path: &Path) -> Result<Blamed, GitError> {
    let repository = git::Repository::of(path)?;
    let committed = repository.file_at("HEAD")?;
    let origins = blame::parse(&repository.blame()?);
    let past = Past::of(path).map_err(refused)?;
    Ok(proved(
        file,
        &repository,
        past.all(),
        (&committed, &origins),
    ))
}

fn refused(error: PastError) -> GitError {
    match error {
        PastError::Git(error) => error,
        other => GitError::Refused(other.to_string()),
    }
}

/// The day of each entry's line, from the origins of the lines of these bytes, and from
/// the versions of the file where lines do not show it.
fn proved(
    file: &PolicyFile,
    repository: &git::Repository,
    touches: &[file_at_commit::Touch],
    (committed, origins): (&[u8], &BTreeMap<usize, blame::Origin>),
) -> Blamed {
    let lines = blame::align(committed, &file.bytes);
    let origin = |line: usize| {
        let at = lines.get(line.wrapping_sub(1)).copied().flatten()?;
        origins.get(&(at + 1))
    };
    let mut found = Blamed::default();
    let mut wanted: BTreeMap<usize, &blame::Origin> = BTreeMap::new();
    let mut together: BTreeSet<usize> = BTreeSet::new();
    for (index, entry) in file.entries.iter().enumerate() {
        let first = entry.place.line as usize;
        let text = file.bytes.get(entry.span.start..entry.span.end);
        let more = text.map_or(0, |text| memchr::memchr_iter(b'\n', text).count());
        let all: Option<Vec<&blame::Origin>> = (first..=first + more).map(origin).collect();
        let latest = all.and_then(|all| all.into_iter().max_by_key(|dated| dated.day()));
        // A date of the client says nothing about a line that was added below it later.
        let stated = entry.since_line.map(|line| origin(line as usize));
        match (stated, latest) {
            (None, latest) => wanted.extend(latest.map(|latest| (index, latest))),
            // Not committed, below a date that is.
            (Some(Some(_)), None) => {
                found.younger.insert(index, None);
            }
            (Some(Some(stated)), Some(latest))
                if latest.commit != stated.commit && latest.day() >= stated.day() =>
            {
                wanted.insert(index, latest);
            }
            // Written before the date, so the date was stated for it.
            (Some(Some(stated)), Some(latest)) if latest.commit != stated.commit => {}
            (Some(None), Some(_)) => {}
            // Written with the date, perhaps on its line: only older versions can show it.
            (Some(_), _) => {
                together.insert(index);
            }
        }
    }
    if !together.is_empty() {
        found
            .younger
            .extend(walk::came_later(file, repository, touches, together));
    }
    let commits: BTreeSet<(&str, &str)> = wanted
        .values()
        .map(|origin| (origin.commit.as_str(), origin.file.as_str()))
        .collect();
    let mut versions: BTreeMap<&str, BTreeSet<(Subject, Granted)>> = BTreeMap::new();
    for (commit, name) in commits.into_iter().take(VERSIONS) {
        let then = repository.blob(commit, name).ok();
        let then = then.and_then(|bytes| reread(file, bytes));
        if let Some(then) = then {
            versions.insert(commit, then.entries.iter().map(what).collect());
        }
    }
    let cut = repository.cut();
    for (index, origin) in wanted {
        let Some(entry) = file.entries.get(index) else {
            continue;
        };
        // The line may be old, and below another client's name only since yesterday.
        let then = versions.get(origin.commit.as_str());
        let proved = then.is_some_and(|then| then.contains(&what(entry)));
        let day = proved.then(|| origin.day());
        if entry.since_line.is_some() {
            found.younger.insert(index, day);
        } else if let Some(day) = day {
            let from = if cut.contains(&origin.commit) {
                found.cut = found.cut.max(Some(day));
                SinceFrom::GitBoundary
            } else {
                SinceFrom::GitBlame
            };
            found.lines.insert(index, (day, from));
        }
    }
    found
}

fn what(entry: &Entry) -> (Subject, Granted) {
    (entry.subject.clone(), entry.granted.clone())
}

#[cfg(test)]
#[path = "history/tests.rs"]
mod tests;
