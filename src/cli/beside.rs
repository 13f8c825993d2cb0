//! What stands beside the main analysis: the age of grants, and shorter windows.

use std::collections::{BTreeMap, BTreeSet};

use super::recall::advised;
use super::settings::Setup;
use super::talk::Advised;
use crate::analysis::{self, Analysis, Compared, Inputs, compare};
use crate::grants::history::{History, SinceFrom, read_given};
use crate::model::{ClientName, Day, Policy, Term, Window};
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
        let read = |ledger: &Ledger| Ok((ledger.granted_since(as_of)?, ledger.grant_days()));
        let (since, days) = Ledger::consistent(dir, read).map_err(|error| advised(&error))?;
        add_records(
            &mut history,
            policy,
            since,
            days.into_iter().filter(|day| *day <= as_of),
        );
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

/// Adds what the ledger's records of grants say, up to a day: since when each was seen to
/// be held without a break, and which of them an earlier record lacks.
fn add_records(
    history: &mut History,
    policy: &Policy,
    since: BTreeMap<(ClientName, Term), Day>,
    mut days: impl DoubleEndedIterator<Item = Day>,
) {
    let Some(first) = days.next() else {
        return;
    };
    let last = days.next_back().unwrap_or(first);
    let holdings = policy.holdings();
    let named =
        |client: &ClientName, term: &Term| since.contains_key(&(client.clone(), term.clone()));
    // Records of other policy files say nothing about one that they name nothing of.
    let mut recorded: BTreeSet<usize> = BTreeSet::new();
    for (client, held) in &holdings {
        let held = held.iter().filter(|(term, _)| named(client, term));
        recorded.extend(held.flat_map(|(_, vias)| vias).map(|via| via.file));
    }
    let alone = policy.files.len() == 1;
    for (client, held) in holdings {
        for (term, vias) in held {
            let known = alone || vias.iter().any(|via| recorded.contains(&via.file));
            if known && !named(&client, &term) {
                history.add_came(client.clone(), term, last.plus(1));
            }
        }
    }
    for ((client, term), day) in since {
        // Of the first record nobody knows what was before it.
        if day > first {
            history.add_came(client.clone(), term.clone(), day);
        }
        history.add(client, term, day, SinceFrom::Ledger);
    }
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
