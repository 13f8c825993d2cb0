//! A plan that an analysis wrote, applied to the policy files of today.
//!
//! In: the plan, and which of its edits are wanted. Out: a patch of the files as they are, made
//! and proved as an analysis makes and proves its own.
//!
//! Invariants:
//! * every policy file of the plan is byte for byte the one that was analysed, edited or not: a
//!   grant may go because another file gives it as well;
//! * an edit that takes more than was asked for, or whose safety rests on edits that are not
//!   wanted, is left out, and that is said;
//! * nothing is written here.
//!
//! A part of the edits is as safe as all of them: every grant that stays only permits more of
//! what was needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Advised, applied, review};
use crate::grants::Formats;
use crate::input;
use crate::model::words::{closest, plural};
use crate::model::{Granted, Level, Policy, RoleName, Roles, Subject, Term};
use crate::patch::{self, Patch, Removal, Replacement};
use crate::report::plan::{Plan, PlannedEdit, levels};
use crate::storage;

/// The file in the folder of `analyze --out`.
const NAME: &str = "plan.json";
/// Far above what is written for the largest policy.
const MAX_BYTES: u64 = 1 << 30;

/// Which edits of a plan are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// Up to this level.
    pub level: Level,
    /// Only what takes from these clients and from nobody else; of all clients when empty.
    pub clients: BTreeSet<String>,
    /// Only what takes these terms and nothing else; all terms when empty.
    pub terms: BTreeSet<String>,
}

/// A plan and the policy files that it is about, which are as they were.
pub(crate) struct OpenPlan {
    /// The plan.
    pub plan: Plan,
    /// The folder that it is in.
    pub folder: PathBuf,
    /// A review accepted each of its edits.
    pub reviewed: bool,
    /// The policy files.
    pub policy: Policy,
    /// For each edit of the plan: its entry, and what it takes from whom.
    resolved: Vec<Resolved>,
}

struct Resolved {
    entry: usize,
    clients: BTreeSet<String>,
    terms: BTreeSet<String>,
}

/// Reads a plan, and the policy files that it is about.
pub(crate) fn open(path: &Path, formats: &Formats) -> anyhow::Result<OpenPlan> {
    let (folder, file) = if path.is_dir() {
        (path.to_owned(), path.join(NAME))
    } else {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        (folder, path.to_owned())
    };
    let plan = read(&file)?;
    if let Some(day) = &plan.grants_at {
        return Err(Advised::new(
            format!(
                "`{}` is about the policy files as they were on {day}",
                file.display()
            ),
            "run `scopetrim analyze --out DIR` without --grants-at",
        ));
    }
    let reviewed = reviewed(&plan, &folder)?;
    let policy = policy(&plan, &folder, formats)?;
    let roles = policy.roles();
    let resolved = plan
        .edits
        .iter()
        .map(|edit| resolve((&policy, &roles), edit));
    let resolved = resolved.collect::<anyhow::Result<_>>()?;
    drop(roles);
    Ok(OpenPlan {
        plan,
        folder,
        reviewed,
        policy,
        resolved,
    })
}

/// Whether a review accepted the plan. Next to the record of a review there may be no other plan:
/// an analysis that was written over it proposes what was rejected, too.
fn reviewed(plan: &Plan, folder: &Path) -> anyhow::Result<bool> {
    let Some(accepted) = review::reviewed_plan(folder)? else {
        return Ok(false);
    };
    if accepted == plan.hash {
        return Ok(true);
    }
    let record = folder.join(review::RECORD);
    Err(Advised::new(
        format!(
            "the plan is not the one that was reviewed: `{}` is about another",
            record.display()
        ),
        "run `scopetrim review` with the same --out again, or move the record away to apply the plan without it",
    ))
}

fn read(file: &Path) -> anyhow::Result<Plan> {
    let wrong = |why: String| {
        Advised::new(
            format!("`{}`: {why}", file.display()),
            "name a folder that `scopetrim analyze --out DIR` wrote, or the plan.json in it",
        )
    };
    let bytes = input::read_whole(file, MAX_BYTES).map_err(|error| wrong(error.to_string()))?;
    // The parser's own words quote the file, which may be any.
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        wrong(format!("it is not a plan: line {line}, column {column}"))
    })?;
    if !plan.is_whole() {
        return Err(wrong("its content is not what its hash says".to_owned()));
    }
    Ok(plan)
}

/// The policy files, each with the bytes that were analysed.
fn policy(plan: &Plan, folder: &Path, formats: &Formats) -> anyhow::Result<Policy> {
    let files: Vec<(PathBuf, String)> = plan
        .files
        .iter()
        .map(|file| (PathBuf::from(&file.path), file.path.clone()))
        .collect();
    if let Some((path, shown)) = files.iter().find(|(path, _)| !path.exists()) {
        if storage::is_remote(path) {
            return Err(Advised::new(
                format!(
                    "the policy file `{shown}` is no file of this machine: nothing was changed"
                ),
                "download it, run the analysis on the copy, apply, and put the copy back",
            ));
        }
        let aside = if path.is_absolute() {
            ""
        } else {
            "; its path starts at the folder in which the analysis ran"
        };
        return Err(Advised::new(
            format!("the policy file `{shown}` is not there{aside}"),
            "run it from that folder, or run the analysis again",
        ));
    }
    let digests = applied::digests(plan)?;
    let changed = |file: &&(String, String, String)| file.1 != file.2;
    if let Some((path, ..)) = digests.iter().find(changed) {
        return Err(applied::why_changed(folder, &digests).unwrap_or_else(|| {
            Advised::new(
                format!("`{path}` changed since the plan was made: nothing was changed"),
                "run the analysis again",
            )
        }));
    }
    let policy = formats
        .load(&files)
        .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    for (file, planned) in policy.files.iter().zip(&plan.files) {
        if file.digest.to_string() != planned.digest {
            return Err(Advised::new(
                format!("`{}` changes while it is read", planned.path),
                "run it again when nobody writes the file",
            ));
        }
        if *file.format != *planned.format {
            return Err(Advised::new(
                format!(
                    "`{}` is read as `{}` now; the plan was made from it as `{}`",
                    planned.path, file.format, planned.format
                ),
                "name the configuration of the analysis with --config, or its formats with --policy-format",
            ));
        }
    }
    Ok(policy)
}

/// The entry that an edit is about, and what goes with it.
fn resolve((policy, roles): (&Policy, &Roles<'_>), edit: &PlannedEdit) -> anyhow::Result<Resolved> {
    let entries = policy.files.get(edit.file).map(|file| &file.entries);
    let entries = entries.map_or(&[][..], |entries| entries);
    let mut found = entries.iter().enumerate().filter(|(_, own)| edit.is(own));
    let (Some((index, entry)), None) = (found.next(), found.next()) else {
        return Err(Advised::new(
            format!(
                "the grant of line {} that the plan names is not found in its file",
                edit.line
            ),
            "run the analysis again: the plan was made by another version, or with other settings",
        ));
    };
    let clients = match &entry.subject {
        Subject::Client(client) => BTreeSet::from([client.to_string()]),
        Subject::Role(role) => {
            let members = roles.members(edit.file, role);
            members.iter().map(ToString::to_string).collect()
        }
    };
    let of_role = |role: &RoleName| {
        let defined = roles.definition(edit.file, role);
        let places = defined.map(|file| roles.terms(file, role));
        let names = roles.names(&places.unwrap_or_default());
        names.into_iter().map(ToString::to_string).collect()
    };
    let terms = match &entry.granted {
        Granted::Term(term) => BTreeSet::from([term.to_string()]),
        Granted::Role(role) => of_role(role),
    };
    Ok(Resolved {
        entry: index,
        clients,
        terms,
    })
}

impl OpenPlan {
    /// The edits that are wanted, by their number in the plan, and what is said about others.
    pub(crate) fn select(&self, wanted: &Selection) -> anyhow::Result<(Vec<usize>, Vec<String>)> {
        self.check_names(wanted)?;
        let mut notes = Vec::new();
        let mut chosen = BTreeSet::new();
        let (mut riskier, mut wider) = (Vec::new(), 0);
        let all = self.plan.edits.iter().zip(&self.resolved).enumerate();
        for (number, (edit, takes)) in all {
            let sides = [
                (&wanted.clients, &takes.clients),
                (&wanted.terms, &takes.terms),
            ];
            let asked = |(names, own): &(&BTreeSet<String>, &BTreeSet<String>)| {
                names.is_empty() || !names.is_disjoint(own)
            };
            let more = |(names, own): &(&BTreeSet<String>, &BTreeSet<String>)| {
                !names.is_empty() && !own.is_subset(names)
            };
            if !sides.iter().all(asked) {
                continue;
            }
            if edit.level > wanted.level {
                riskier.push(edit.clone());
            } else if sides.iter().any(more) {
                wider += 1;
            } else {
                chosen.insert(number);
            }
        }
        for (level, count) in levels(&riskier) {
            let (edits, name) = (plural(count, "edit"), level.name());
            notes.push(format!("{edits} at level {name} left out; --level {name}"));
        }
        if wider > 0 {
            notes.push(format!(
                "{} left out: of a role, which also takes from clients or takes terms that are not named",
                plural(wider, "edit")
            ));
        }
        let apart = self.apart(&chosen);
        if !apart.is_empty() {
            let clients: BTreeSet<&String> = self.narrowed(&apart);
            let clients: Vec<&str> = clients.into_iter().map(String::as_str).collect();
            chosen.retain(|number| !apart.contains(number));
            notes.push(format!(
                "{} left out: narrower terms of {} come all together or not at all",
                plural(apart.len(), "edit"),
                clients.join(", ")
            ));
        }
        Ok((chosen.into_iter().collect(), notes))
    }

    /// Chosen edits that rest on others that are not chosen.
    fn apart(&self, chosen: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        // One edit may be of several clients, so what is left out may hold back others.
        loop {
            let broken: BTreeSet<&String> = self
                .plan
                .edits
                .iter()
                .enumerate()
                .filter(|(number, _)| !chosen.contains(number) || gone.contains(number))
                .flat_map(|(_, edit)| &edit.together)
                .collect();
            let more = chosen.iter().copied().filter(|number| {
                let edit = self.plan.edits.get(*number);
                let mut together = edit.into_iter().flat_map(|edit| &edit.together);
                !gone.contains(number) && together.any(|client| broken.contains(client))
            });
            let more: Vec<usize> = more.collect();
            if more.is_empty() {
                return gone;
            }
            gone.extend(more);
        }
    }

    fn narrowed(&self, edits: &BTreeSet<usize>) -> BTreeSet<&String> {
        let edits = edits
            .iter()
            .filter_map(|number| self.plan.edits.get(*number));
        edits.flat_map(|edit| &edit.together).collect()
    }

    /// A name that nobody has would select nothing, which could pass for "nothing to do".
    fn check_names(&self, wanted: &Selection) -> anyhow::Result<()> {
        let clients = self.policy.clients();
        let clients: BTreeSet<&str> = clients.iter().map(AsRef::as_ref).collect();
        let entries = self.policy.files.iter().flat_map(|file| &file.entries);
        let terms = entries.filter_map(|entry| match &entry.granted {
            Granted::Term(term) => Some(term.as_str()),
            Granted::Role(_) => None,
        });
        let terms: BTreeSet<&str> = terms.collect();
        let sides = [
            (&wanted.clients, clients, "no policy file names a client"),
            (&wanted.terms, terms, "nobody is granted a term"),
        ];
        for (names, known, what) in sides {
            if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
                let close = closest(name, known.iter().copied());
                let help = close.map(|close| format!("did you mean `{close}`?"));
                let help = help.unwrap_or_else(|| "`scopetrim grants` lists who holds what".into());
                return Err(Advised::new(format!("{what} `{name}`"), help));
            }
        }
        Ok(())
    }

    /// The patch that makes these edits, proved by reading the edited files again.
    pub(crate) fn patch(&self, edits: &[usize]) -> anyhow::Result<Patch> {
        let (mut removals, mut replacements) = (Vec::new(), Vec::new());
        let known = |number: &usize| {
            let edit = self.plan.edits.get(*number);
            edit.zip(self.resolved.get(*number))
        };
        for (edit, resolved) in edits.iter().filter_map(known) {
            let (file, entry) = (edit.file, resolved.entry);
            if edit.replace_with.is_empty() {
                removals.push(Removal { file, entry });
            } else {
                let with = edit.replace_with.iter().map(|term| Term::new(term));
                let with = with.collect();
                replacements.push(Replacement { file, entry, with });
            }
        }
        patch::plan(&self.policy, &removals, &replacements).map_err(|error| {
            let help = error.help().unwrap_or("run the analysis again");
            Advised::new(error.to_string(), help)
        })
    }

    /// These edits by what `key` says of each; edits that go together are in one group.
    pub(crate) fn groups(
        &self,
        edits: &[usize],
        key: impl Fn(&PlannedEdit) -> String,
    ) -> BTreeMap<String, Vec<usize>> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut of_client: BTreeMap<&String, String> = BTreeMap::new();
        for number in edits {
            let Some(edit) = self.plan.edits.get(*number) else {
                continue;
            };
            let first = edit
                .together
                .iter()
                .find_map(|client| of_client.get(client));
            let key = first.cloned().unwrap_or_else(|| key(edit));
            for client in &edit.together {
                of_client.entry(client).or_insert_with(|| key.clone());
            }
            groups.entry(key).or_default().push(*number);
        }
        groups
    }
}
