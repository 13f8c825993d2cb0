//! Since when each grant is held, from all that knows it.

use std::collections::{BTreeMap, BTreeSet};

use super::Advised;
use super::from_ledger::advised;
use super::settings::Settings;
use crate::grants::history::{History, SinceFrom, read_given};
use crate::model::{ClientName, Day, Policy, Term};
use crate::usage::ledger::Ledger;

/// Since when grants are held, as known at a day: the lines' commits, then the ledger,
/// then the table given, then what the configuration states.
pub(crate) fn history(settings: &Settings, policy: &Policy, as_of: Day) -> anyhow::Result<History> {
    let mut history = History::default();
    if settings.blame {
        let paths: Vec<std::path::PathBuf> = settings.grants.iter().map(Into::into).collect();
        match settings.grants_at {
            None => history.blame(policy, &paths),
            Some(day) => history.blame_at(policy, &paths, day),
        }
    }
    if let Some(dir) = &settings.ledger {
        // What a later record lacks came later still; of the files as they were on a day no
        // record of the time after it says anything.
        let until = settings
            .grants_at
            .map_or(Day(i32::MAX), |day| day.max(as_of));
        let read = |ledger: &Ledger| {
            let seen = ledger.granted_since(as_of)?;
            let days = ledger.grant_days().into_iter();
            let days: Vec<Day> = days.filter(|day| *day <= until).collect();
            let later = days.last().is_some_and(|last| *last > as_of);
            let unbroken = later.then(|| ledger.granted_since(until)).transpose()?;
            Ok((seen, unbroken, days))
        };
        let (seen, unbroken, days) =
            Ledger::consistent(dir, read).map_err(|error| advised(&error))?;
        add_came(
            &mut history,
            policy,
            unbroken.as_ref().unwrap_or(&seen),
            &days,
        );
        for ((client, term), day) in seen {
            history.add(client, term, day, SinceFrom::Ledger);
        }
    }
    if let Some(path) = &settings.granted_since {
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
    history.state(&settings.granted);
    Ok(history)
}

/// Adds which grants an earlier record of the ledger lacks; `since` says since when each
/// was seen to be held without a break in the records of these days.
fn add_came(
    history: &mut History,
    policy: &Policy,
    since: &BTreeMap<(ClientName, Term), Day>,
    days: &[Day],
) {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return;
    };
    let holdings = policy.holdings();
    let named =
        |client: &ClientName, term: &Term| since.contains_key(&(client.clone(), term.clone()));
    // Records of other policy files say nothing about a file that they do not mention.
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
            history.add_came(client.clone(), term.clone(), *day);
        }
    }
}
