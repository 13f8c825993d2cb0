//! What stands beside the main analysis: the age of grants, and shorter windows.

use super::recall::advised;
use super::settings::Setup;
use super::talk::Advised;
use crate::analysis::{self, Analysis, Compared, Inputs, compare};
use crate::grants::history::{History, SinceFrom, read_given};
use crate::model::{Day, Policy, Window};
use crate::usage::ledger::Ledger;

/// Since when grants are held, as known at a day: the lines' commits, then the ledger,
/// then the table given.
pub(super) fn history(setup: &Setup, policy: &Policy, as_of: Day) -> anyhow::Result<History> {
    let mut history = History::default();
    if setup.blame {
        let paths: Vec<std::path::PathBuf> = setup.grants.iter().map(Into::into).collect();
        match setup.grants_at {
            None => history.blame(policy, &paths),
            Some(day) => history.blame_at(policy, &paths, day),
        }
    }
    if let Some(dir) = &setup.ledger {
        let since = Ledger::consistent(dir, |ledger| ledger.granted_since(as_of))
            .map_err(|error| advised(&error))?;
        for ((client, term), day) in since {
            history.add(client, term, day, SinceFrom::Ledger);
        }
    }
    if let Some(path) = &setup.granted_since {
        let shown = path.display().to_string();
        let rows = read_given(path, &shown).map_err(|error| {
            Advised::new(
                error.to_string(),
                "write one line `client,term,2026-01-31` for each grant",
            )
        })?;
        for (client, term, since) in rows {
            history.add(client, term, since, SinceFrom::GivenTable);
        }
    }
    Ok(history)
}

/// The minimal sets of the shorter windows of a list beside those of the longest.
pub(super) fn compared(
    inputs: &Inputs<'_>,
    options: &analysis::Options,
    windows: &[u32],
    longest: &Analysis,
) -> Vec<Compared> {
    let Some((_, shorter)) = windows.split_last().filter(|(_, rest)| !rest.is_empty()) else {
        return Vec::new();
    };
    let shorter: Vec<Analysis> = shorter
        .iter()
        .map(|days| {
            let options = analysis::Options {
                window: Window::ending(options.window.to, *days),
                ..options.clone()
            };
            analysis::analyse(inputs, &options)
        })
        .collect();
    let all: Vec<&Analysis> = shorter.iter().chain([longest]).collect();
    compare(&all)
}
