//! A policy file as it was on a day, from the commits of its repository.
//!
//! In: the path of a file and a day. Out: the bytes of the last commit on or before
//! the end of that day (UTC) that touched it, along the first parents, renames
//! followed.
//!
//! Invariants:
//! * a commit counts from the later of its two dates, as the age of a line does;
//! * a file that was not there on the day is an error with its first day, never an
//!   empty policy;
//! * nothing is checked out, and nothing that the repository configures is run.

use std::path::Path;

use super::git::{GitError, Repository};
use crate::model::Day;

/// A file as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Then {
    /// Its bytes in that commit.
    pub bytes: Vec<u8>,
    /// Object id of the commit.
    pub commit: String,
    /// Its name in that commit, from the top of the repository.
    pub name: String,
    /// The day (UTC) of the commit.
    pub day: Day,
}

impl Then {
    /// Its folder in that commit, empty at the top, and its name there.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.name.rsplit_once('/').unwrap_or(("", &self.name))
    }

    /// The first twelve digits of the commit, as people write them.
    pub(crate) fn short(&self) -> &str {
        self.commit.get(..12).unwrap_or(&self.commit)
    }
}

/// Files by name, with their bytes where these are a file's.
pub(crate) type Beside = Vec<(String, Option<Vec<u8>>)>;

/// Why a file cannot be read as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PastError {
    /// Git gave no answer, or the file lies in no repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// No commit of the branch touches it.
    #[error("no commit of the present branch holds it")]
    Untracked,
    /// It came later.
    #[error("it was not tracked yet on {asked}: its first commit is of {first}")]
    NotYet {
        /// The day asked for.
        asked: Day,
        /// The day of its first commit.
        first: Day,
    },
    /// The clone does not go back so far.
    #[error("the clone is shallow and does not go back to {asked}")]
    Shallow {
        /// The day asked for.
        asked: Day,
    },
    /// It was deleted at that time.
    #[error("it was deleted on {deleted}, and not there on {asked}")]
    Deleted {
        /// The day asked for.
        asked: Day,
        /// The day of the commit that deleted it.
        deleted: Day,
    },
}

/// One commit that touched the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touch {
    pub(super) commit: String,
    pub(super) day: Day,
    pub(super) name: String,
    pub(super) deleted: bool,
}

/// Every commit that touched the file, the newest first.
pub(crate) struct Past {
    repository: Repository,
    touches: Vec<Touch>,
    shallow: bool,
}

impl Past {
    /// Asks git for the commits of a file.
    pub(crate) fn of(path: &Path) -> Result<Self, PastError> {
        let repository = Repository::of(path)?;
        let touches = parse(&repository.log()?);
        if touches.is_empty() {
            return Err(PastError::Untracked);
        }
        let shallow = repository.is_shallow();
        Ok(Self {
            repository,
            touches,
            shallow,
        })
    }

    /// The file as it was at the end of a day.
    pub(crate) fn at(&self, day: Day) -> Result<Then, PastError> {
        let Some(found) = self.touches.iter().find(|touch| touch.day <= day) else {
            let first = self
                .touches
                .iter()
                .map(|touch| touch.day)
                .min()
                .unwrap_or(day);
            return Err(if self.shallow {
                PastError::Shallow { asked: day }
            } else {
                PastError::NotYet { asked: day, first }
            });
        };
        if found.deleted {
            return Err(PastError::Deleted {
                asked: day,
                deleted: found.day,
            });
        }
        Ok(Then {
            bytes: self.repository.blob(&found.commit, &found.name)?,
            commit: found.commit.clone(),
            name: found.name.clone(),
            day: found.day,
        })
    }

    /// The other files of its folder at the end of that day: their names, and their bytes where
    /// these are a file's. Only names that `wanted` takes are read.
    pub(crate) fn beside(
        &self,
        then: &Then,
        day: Day,
        wanted: fn(&str) -> bool,
    ) -> Result<Beside, PastError> {
        let (folder, own) = then.parts();
        let log = self.repository.log_of_folder(folder)?;
        let log = String::from_utf8_lossy(&log);
        let mut commits = log.lines().filter_map(|line| {
            let (commit, dates) = line.split_once(' ')?;
            Some((commit, day_of(dates)?))
        });
        let newest = commits.find(|(_, of)| *of <= day);
        // The commit of the file itself touched its folder.
        let commit = newest.map_or(&*then.commit, |(commit, _)| commit);
        let tree = self.repository.folder_at(commit, folder)?;
        let entries = tree.split(|byte| *byte == 0).filter_map(|entry| {
            let entry = std::str::from_utf8(entry).ok()?;
            let (head, name) = entry.split_once('\t')?;
            let wanted = name != own && wanted(name);
            // A link leads out of the commit.
            let is_file = head.starts_with("100");
            (wanted && !head.starts_with("040000")).then_some((name, is_file))
        });
        let read = entries.map(|(name, is_file)| {
            let path = match folder {
                "" => name.to_owned(),
                _ => format!("{folder}/{name}"),
            };
            let bytes = is_file.then(|| self.repository.blob(commit, &path));
            Ok((name.to_owned(), bytes.transpose()?))
        });
        read.collect()
    }

    /// Whether another file is in the same folder today.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        self.repository.is_beside(&other.repository)
    }

    /// The days in the span on which the file changed, in order.
    pub(crate) fn changes(&self, after: Day, to: Day) -> Vec<Day> {
        let mut days: Vec<Day> = self.touches.iter().map(|touch| touch.day).collect();
        days.retain(|day| *day > after && *day <= to);
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Every commit that touched the file, the newest first.
    pub(super) fn all(&self) -> &[Touch] {
        &self.touches
    }

    /// Those from the one that was current at the end of a day.
    pub(super) fn until(&self, day: Day) -> &[Touch] {
        let later = self.touches.iter().take_while(|touch| touch.day > day);
        self.touches.get(later.count()..).unwrap_or_default()
    }

    /// The origins of the lines of the file as it was.
    pub(super) fn blame(&self, then: &Then) -> Result<Vec<u8>, GitError> {
        self.repository.blame_of(&then.commit, &then.name)
    }
}

/// The later one of the two dates of a commit, in seconds with a space between them.
fn day_of(dates: &str) -> Option<Day> {
    let time = |text: &str| text.trim().parse::<i64>().ok()?.checked_mul(1_000);
    let (authored, committed) = dates.split_once(' ')?;
    Some(Day::of(time(authored)?.max(time(committed)?)))
}

/// The answer of [`Repository::log`]: fields that end with NUL, a record for each
/// commit that begins with `\x01`.
fn parse(bytes: &[u8]) -> Vec<Touch> {
    let mut touches = Vec::new();
    for record in bytes
        .split(|byte| *byte == 1)
        .filter(|record| !record.is_empty())
    {
        let mut fields = record
            .split(|byte| *byte == 0)
            .map(|field| String::from_utf8_lossy(field));
        let head = fields.next().unwrap_or_default();
        let dated = head.split_once(' ');
        let dated = dated.and_then(|(commit, dates)| Some((commit, day_of(dates)?)));
        let Some((commit, day)) = dated else {
            continue;
        };
        let status = fields.next().unwrap_or_default();
        let status = status.trim_start_matches('\n').to_owned();
        // A rename has its old name first.
        let name = match status.chars().next() {
            Some('R' | 'C') => fields.nth(1),
            _ => fields.next(),
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            continue;
        };
        touches.push(Touch {
            commit: commit.to_owned(),
            day,
            name: name.into_owned(),
            deleted: status.starts_with('D'),
        });
    }
    touches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_keeps_its_new_name_and_what_is_cut_off_is_not_a_commit() {
        let log = b"\x01aa 86400 172800\0\nR090\0p/old.yaml\0p/new.yaml\0\x01bb 86400 86400\0\nA\0p/old.yaml\0\x01cc 5";
        let found = parse(log);
        let seen: Vec<(&str, &str, i32)> = found
            .iter()
            .map(|touch| (touch.commit.as_str(), touch.name.as_str(), touch.day.0))
            .collect();
        assert_eq!(seen, [("aa", "p/new.yaml", 2), ("bb", "p/old.yaml", 1)]);
    }
}
