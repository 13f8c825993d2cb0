//! The edits of a run, proved: every request that was needed is replayed against them.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Advised, AnalysisRun, atomic_file, git_history, rejects, repository};
use crate::analysis::Action;
use crate::analysis::replay::{Replay, replay};
use crate::model::{ClientName, Operation, Policy};
use crate::patch::{self, Patch, PatchError, Removal, Replacement};
use crate::report::plan::Plan;
use crate::report::{difftext, json};
use crate::storage;

/// A diff that was proved, and what proved it.
pub struct Proved {
    /// The edits.
    pub patch: Patch,
    /// What was needed, replayed against the edited files.
    pub replay: Replay,
    /// Clients left out because the proof failed for them, with the evidence.
    pub refused: Vec<(ClientName, String)>,
}

impl Proved {
    /// The diff with its reasons, ready for `git apply`.
    pub fn diff(&self, run: &AnalysisRun) -> String {
        self.diff_within(run, difftext::WIDTH)
    }

    /// The same with comments of at most so many columns.
    pub(crate) fn diff_within(&self, run: &AnalysisRun, width: usize) -> String {
        let view = run.view();
        let mut text = self.head(run);
        let roles = view.policy.roles();
        for file in &self.patch.files {
            let name = repository::name(&file.path);
            let reasons = difftext::reasons(&view, &roles, (file.file, &name), width);
            text.push_str(&reasons);
            text.push_str(&repository::diff(file));
        }
        text
    }

    /// The diff alone, with the paths that the places of the report have.
    pub(crate) fn diff_as_read(&self) -> String {
        let files = self.patch.files.iter();
        files.map(|file| file.diff.as_str()).collect()
    }

    /// The diff that takes the edits back.
    pub fn undo(&self, run: &AnalysisRun) -> String {
        let mut text = self.head(run);
        text.extend(self.patch.files.iter().map(repository::undo));
        text
    }

    /// What is printed above a diff of files of the past.
    fn head(&self, run: &AnalysisRun) -> String {
        if self.patch.files.is_empty() {
            return String::new();
        }
        git_history::above_diff(&run.policy)
    }

    /// The policy as the edited bytes state it.
    pub fn policy_after(&self, run: &AnalysisRun) -> Policy {
        after(&run.policy, &self.patch)
    }

    /// The edits that were proved, in the order of the plan.
    pub(crate) fn actions<'r>(&self, run: &'r AnalysisRun) -> Vec<&'r Action> {
        edits(run, &self.refused).collect()
    }

    /// The proved edits, as `apply` takes them.
    pub(crate) fn plan(&self, run: &AnalysisRun) -> serde_json::Result<Plan> {
        let edits: Vec<&Action> = edits(run, &self.refused).collect();
        let replayed = (self.replay.operations, self.replay.requests);
        Plan::of(&run.view(), &edits, replayed, run.settings.grants_at)
    }

    /// Writes report.json, plan.json, policy.diff, undo.diff and rejects.ndjson into a folder.
    pub fn write(&self, run: &AnalysisRun, folder: &Path) -> anyhow::Result<()> {
        let rejects = rejects::lines(&run.read.sources, &run.read.collected.rejects)?;
        let files = [
            ("plan.json", self.plan(run)?.text()?),
            ("policy.diff", self.diff(run)),
            ("undo.diff", self.undo(run)),
            ("rejects.ndjson", rejects),
        ];
        atomic_file::write(&folder.join("report.json"), |file| {
            json::write(&run.view(), file)
        })?;
        for (name, text) in files {
            atomic_file::write_text(&folder.join(name), &text)?;
        }
        Ok(())
    }
}

/// Plans the edits up to the level and replays what was needed against the
/// edited files. A client for which a request would be lost gets no edit.
pub fn prove(run: &AnalysisRun) -> anyhow::Result<Proved> {
    let mut refused: Vec<(ClientName, String)> = Vec::new();
    loop {
        let (mut removals, mut replacements) = (Vec::new(), Vec::new());
        for action in edits(run, &refused) {
            if action.replace_with.is_empty() {
                removals.push(Removal {
                    file: action.file,
                    entry: action.entry,
                });
            } else {
                replacements.push(Replacement {
                    file: action.file,
                    entry: action.entry,
                    with: action.replace_with.clone(),
                });
            }
        }
        let patch = match patch::plan(&run.policy, &removals, &replacements) {
            Ok(patch) => patch,
            Err(error) => {
                let fixed = held_by_the_file(run, &error, &refused);
                if fixed.is_empty() {
                    let help = error.help().unwrap_or_default();
                    return Err(Advised::new(error.to_string(), help));
                }
                refused.extend(fixed);
                continue;
            }
        };
        let after = after(&run.policy, &patch);
        let replay = replay(&run.universe, &run.analysis.clients, &after);
        let bad = |client: &ClientName| refused.iter().any(|(known, _)| known == client);
        let lost = replay.lost.iter().filter(|loss| !bad(&loss.client));
        let lost = lost.map(|loss| {
            let label = label(run, loss.operation);
            let text = format!(
                "{} observed requests to {label} would be refused",
                loss.count
            );
            (loss.client.clone(), text)
        });
        let opened = replay
            .opened
            .iter()
            .filter(|widening| !bad(&widening.client));
        let opened = opened.map(|widening| {
            let text = format!("{} would be opened", label(run, widening.operation));
            (widening.client.clone(), text)
        });
        let fresh: Vec<(ClientName, String)> = lost.chain(opened).collect();
        if fresh.is_empty() {
            check_unchanged(run)?;
            return Ok(Proved {
                patch,
                replay,
                refused,
            });
        }
        refused.extend(fresh);
    }
}

/// The edits up to the level, without those of refused clients.
fn edits<'r>(
    run: &'r AnalysisRun,
    refused: &[(ClientName, String)],
) -> impl Iterator<Item = &'r Action> {
    run.actions.iter().filter(|action| {
        action.level <= run.level
            && !refused
                .iter()
                .any(|(client, _)| action.clients.contains(client))
    })
}

/// The clients whose entry a format does not edit; the edits of others go on without theirs.
fn held_by_the_file(
    run: &AnalysisRun,
    error: &PatchError,
    refused: &[(ClientName, String)],
) -> BTreeSet<(ClientName, String)> {
    let PatchError::Refused(refusal) = error else {
        return BTreeSet::new();
    };
    let there = |action: &&Action| {
        let file = run.policy.files.get(action.file);
        let entry = file.and_then(|file| file.entries.get(action.entry));
        entry.is_some_and(|entry| entry.place == refusal.place)
    };
    let clients = run
        .actions
        .iter()
        .filter(there)
        .flat_map(|action| &action.clients);
    let fresh = clients.filter(|client| !refused.iter().any(|(known, _)| known == *client));
    fresh
        .map(|client| (client.clone(), refusal.to_string()))
        .collect()
}

fn label(run: &AnalysisRun, operation: usize) -> String {
    let operation = run.routes.catalog.operations.get(operation);
    operation.map(Operation::label).unwrap_or_default()
}

/// Refuses edits of files that changed while the run lasted. Files of the past are
/// commits, which do not change.
fn check_unchanged(run: &AnalysisRun) -> anyhow::Result<()> {
    if run.settings.grants_at.is_some() {
        return Ok(());
    }
    for (file, path) in run.policy.files.iter().zip(&run.settings.grants) {
        // A file that is not there any more is another one, too.
        let bytes = storage::as_now(Path::new(path)).unwrap_or_default();
        patch::check_unchanged(file, &bytes)
            .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    }
    Ok(())
}

/// The policy as the edited bytes state it.
fn after(policy: &Policy, patch: &Patch) -> Policy {
    let mut after = policy.clone();
    for file in &patch.files {
        after.files[file.file].clone_from(&file.reread);
    }
    after
}
