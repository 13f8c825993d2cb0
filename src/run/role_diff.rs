//! The edit of the policy file that brings proposed roles into it.

use std::path::Path;

use super::role_proposal::MinedRoles;
use super::{Advised, git_history, repository};
use crate::analysis::replay::replay;
use crate::analysis::role_mining::Needs;
use crate::model::Policy;
use crate::patch::roles::{RolesPatch, roles};
use crate::patch::{self, FilePatch};
use crate::storage;

/// The edit, with its diffs as `git apply` takes them.
pub(crate) struct RoleDiff {
    /// What it does.
    pub(crate) patch: RolesPatch,
    /// From the file as it is to the roles.
    pub(crate) diff: String,
    /// And back.
    pub(crate) undo: String,
}

/// Makes the edit and proves it: afterwards every client holds exactly what the proposal gives it, and
/// what was needed is still permitted.
pub(crate) fn diff(found: &MinedRoles) -> anyhow::Result<RoleDiff> {
    let refused = |why: String| {
        Advised::new(
            format!("no diff brings these roles into the policy: {why}"),
            "read the proposal without --diff, and write the roles by hand",
        )
    };
    let again = |policy: &Policy, needs: &Needs| found.again(policy, needs);
    let patch = roles(&found.policy, &found.wanted, (found.options.aim, &again))
        .map_err(|error| refused(error.to_string()))?;
    if let Some(run) = &found.run {
        let replay = replay(&run.universe, &run.analysis.clients, &patch.after);
        let lost = replay.lost.first().map(|loss| &loss.client);
        let opened = || replay.opened.first().map(|opened| &opened.client);
        if let Some(client) = lost.or_else(opened) {
            let why = format!("other requests of `{client}` would be permitted than before");
            return Err(refused(why));
        }
    }
    for (file, path) in found.policy.files.iter().zip(&found.paths) {
        // A file that is not there any more is another one, too.
        let bytes = storage::as_now(Path::new(path)).unwrap_or_default();
        patch::check_unchanged(file, &bytes)
            .map_err(|error| Advised::new(error.to_string(), error.help().unwrap_or_default()))?;
    }
    let written = |of: fn(&FilePatch) -> String| {
        let mut text = String::new();
        if !patch.files.is_empty() {
            text.push_str(&git_history::above_diff(&found.policy));
        }
        text.extend(patch.files.iter().map(of));
        text
    };
    Ok(RoleDiff {
        diff: written(repository::diff),
        undo: written(repository::undo),
        patch,
    })
}
