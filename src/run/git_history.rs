//! Policy files as they were, from the commits of their repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Advised;
use super::settings::Settings;
use crate::analysis::backtest::Held;
use crate::grants::history::{History, Past, PastError, Then};
use crate::grants::{self, Formats};
use crate::model::{ClientName, Day, Policy, PolicyFile, Term, Warning};

/// Code of the warning about a policy file of the past.
const CODE: &str = "policy-of-the-past";
/// Days after a month end in which later grants matter.
pub(crate) const BEHIND: i32 = 90;

fn refused(name: &str, day: Day, error: &PastError) -> anyhow::Error {
    let help = match error {
        PastError::NotYet { first, .. } => format!("choose {first} or a later day"),
        PastError::Deleted { .. } => "choose an earlier day".to_owned(),
        PastError::Shallow { .. } => "fetch the older commits: git fetch --unshallow".to_owned(),
        PastError::Untracked | PastError::Git(_) => {
            "the file has to be committed in a git repository; or leave the option out".to_owned()
        }
    };
    let text = format!("`{name}` cannot be read as it was on {day}: {error}");
    Advised::new(text, help)
}

fn read(formats: &Formats, name: &str, then: &Then, day: Day) -> anyhow::Result<PolicyFile> {
    let bytes = Arc::from(then.bytes.as_slice());
    let mut file = formats.read(bytes, name).map_err(|error| {
        let text = format!("{error}, as of commit {}", then.short());
        Advised::new(text, error.help().unwrap_or_default())
    })?;
    let file_name = Path::new(name).file_name();
    let elsewhere = Path::new(&then.name).file_name() != file_name;
    let renamed = if elsewhere {
        format!(", there `{}`", then.name)
    } else {
        String::new()
    };
    let text = format!(
        "`{name}` is read as it was on {day}: commit {} of {}{renamed}",
        then.short(),
        then.day
    );
    file.warnings.push(Warning::new(CODE, text));
    Ok(file)
}

/// One policy file as it was.
struct OfThePast<'a> {
    name: &'a str,
    past: &'a Past,
    then: Then,
}

/// Reads files as they were, those of a directory of Terraform with what stood next to them then.
fn read_all(
    formats: &Formats,
    files: &[OfThePast<'_>],
    day: Day,
) -> anyhow::Result<Vec<PolicyFile>> {
    let all: Vec<(String, Arc<[u8]>)> = files
        .iter()
        .map(|file| (file.name.to_owned(), Arc::from(&*file.then.bytes)))
        .collect();
    let mut failed = None;
    let formats = formats.beside(&all, &mut |number| {
        let Some(own) = files.get(number) else {
            return Vec::new();
        };
        // Files of one directory of today may have been in several.
        let together: Vec<&OfThePast<'_>> = files
            .iter()
            .filter(|file| file.past.is_beside(own.past))
            .collect();
        let named: BTreeSet<&str> = together.iter().map(|file| file.then.parts().1).collect();
        let mut folders = BTreeSet::new();
        let mut all = Vec::new();
        for file in together {
            if !folders.insert(file.then.parts().0) {
                continue;
            }
            match file
                .past
                .beside(&file.then, day, grants::is_read_with_others)
            {
                Ok(others) => all.extend(others),
                Err(error) => {
                    failed.get_or_insert_with(|| refused(own.name, day, &error));
                }
            }
        }
        all.retain(|(name, _)| !named.contains(name.as_str()));
        all
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let read = files
        .iter()
        .map(|file| read(&formats, file.name, &file.then, day));
    read.collect()
}

/// The policy files as they were at the end of a day.
pub(crate) fn policy_at(names: &[String], day: Day, formats: &Formats) -> anyhow::Result<Policy> {
    let mut known: BTreeMap<PathBuf, &String> = BTreeMap::new();
    let mut pasts = Vec::new();
    for name in names {
        let path = Path::new(name);
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if let Some(first) = known.insert(real, name) {
            let text = format!("{name}: the policy file is given twice, first as `{first}`");
            return Err(Advised::new(text, "name each file once"));
        }
        let past = Past::of(path).map_err(|error| refused(name, day, &error))?;
        pasts.push((name, past));
    }
    let then = |(name, past): &'_ (&String, Past)| {
        past.at(day).map_err(|error| refused(name, day, &error))
    };
    let thens = pasts.iter().map(then).collect::<anyhow::Result<Vec<_>>>()?;
    let files = pasts.iter().zip(thens);
    let files: Vec<OfThePast<'_>> = files
        .map(|((name, past), then)| OfThePast { name, past, then })
        .collect();
    let policy = Policy {
        files: read_all(formats, &files, day)?,
        ..Policy::default()
    };
    joined(policy, day)
}

/// The files as one policy.
fn joined(mut policy: Policy, day: Day) -> anyhow::Result<Policy> {
    grants::join(&mut policy).map_err(|error| {
        let text = format!("{error}, as of {day}");
        Advised::new(text, error.help().unwrap_or_default())
    })?;
    Ok(policy)
}

/// Notes about files that were read as they were; one sentence each.
pub(crate) fn sentences(policy: &Policy) -> Vec<String> {
    let all = policy.files.iter().flat_map(|file| &file.warnings);
    all.filter(|warning| warning.code == CODE)
        .map(|warning| warning.message.clone())
        .collect()
}

/// What is printed above a diff of files of the past; empty for files of today.
pub(crate) fn above_diff(policy: &Policy) -> String {
    let said = sentences(policy);
    if said.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for sentence in said {
        text.extend([
            "# ",
            &*crate::report::escape::terminal(&sentence),
            "
",
        ]);
    }
    text.push_str(
        "# this diff applies to the files as of those commits, not to the files of today\n",
    );
    text
}

/// What was held at month ends.
#[derive(Default)]
pub(crate) struct Versions {
    /// By month end; one about which nothing is known is missing.
    pub(crate) held: BTreeMap<Day, Held>,
    /// Every client that some version names.
    pub(crate) clients: BTreeSet<ClientName>,
}

/// The policy files at each of these days, the age of their grants, and what came
/// within the 90 days after it.
pub(crate) fn versions(settings: &Settings, days: &[Day]) -> anyhow::Result<Versions> {
    let mut files: Vec<(&String, Past)> = Vec::new();
    for name in &settings.grants {
        let day = days.first().copied().unwrap_or(Day(0));
        let past = Past::of(Path::new(name)).map_err(|error| refused(name, day, &error))?;
        files.push((name, past));
    }
    let paths: Vec<PathBuf> = settings.grants.iter().map(PathBuf::from).collect();
    let mut found = Versions::default();
    for day in days {
        let Some(policy) = at(settings, &files, *day)? else {
            continue;
        };
        let mut history = History::default();
        if settings.blame {
            history.blame_at(&policy, &paths, *day);
        }
        let mut later: BTreeMap<ClientName, Vec<(Day, Term)>> = BTreeMap::new();
        let mut known = terms(&policy);
        let to = day.plus(BEHIND);
        let mut changes: Vec<Day> = files
            .iter()
            .flat_map(|(_, past)| past.changes(*day, to))
            .collect();
        changes.sort_unstable();
        changes.dedup();
        for change in changes {
            let Some(next) = at(settings, &files, change)? else {
                continue;
            };
            for (client, term) in terms(&next) {
                if known.insert((client.clone(), term.clone())) {
                    later.entry(client).or_default().push((change, term));
                }
            }
        }
        found.clients.extend(policy.clients());
        found.clients.extend(later.keys().cloned());
        let held = Held {
            policy,
            history,
            later,
        };
        found.held.insert(*day, held);
    }
    if found.held.is_empty() && !days.is_empty() {
        return Err(Advised::new(
            "the policy files were not in git at any month end that can be replayed",
            "leave --grants-history git out: then today's grants are assumed, with the dates of the files",
        ));
    }
    Ok(found)
}

fn terms(policy: &Policy) -> BTreeSet<(ClientName, Term)> {
    let all = policy.holdings().into_iter();
    all.flat_map(|(client, held)| held.into_keys().map(move |term| (client.clone(), term)))
        .collect()
}

/// `None` where some file was not there.
fn at(settings: &Settings, files: &[(&String, Past)], day: Day) -> anyhow::Result<Option<Policy>> {
    let mut found = Vec::new();
    for (name, past) in files {
        match past.at(day) {
            Ok(then) => found.push(OfThePast { name, past, then }),
            Err(
                PastError::NotYet { .. } | PastError::Deleted { .. } | PastError::Shallow { .. },
            ) => return Ok(None),
            Err(error) => return Err(refused(name, day, &error)),
        }
    }
    let policy = Policy {
        audience: settings.audience.as_deref().map(Arc::from),
        files: read_all(&settings.formats, &found, day)?,
    };
    joined(policy, day).map(Some)
}
