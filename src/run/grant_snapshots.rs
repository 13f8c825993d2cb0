//! What was held at month ends: as git had the policy files, or as the ledger's `grants`
//! table recorded it.

use std::collections::BTreeSet;

use super::Advised;
use super::from_ledger::advised;
use super::git_history::{self, BEHIND, Versions};
use super::settings::Settings;
use crate::analysis::backtest::{GrantsOf, Held};
use crate::grants::history::History;
use crate::grants::history::grant_snapshots::{AGE, recorded};
use crate::model::{ClientName, Day, Policy};
use crate::usage::ledger::Ledger;

/// What was held at the month ends of a backtest, where today's grants are not to be taken.
pub(crate) fn of(
    grants: GrantsOf,
    settings: &Settings,
    days: &[Day],
    today: (&Policy, &History),
) -> anyhow::Result<Option<Versions>> {
    match grants {
        GrantsOf::Today => Ok(None),
        GrantsOf::Git => git_history::versions(settings, days).map(Some),
        GrantsOf::Ledger => versions(settings, days, today).map(Some),
    }
}

/// Every client that some record names; also says early when there is no record at all.
pub(crate) fn clients(settings: &Settings) -> anyhow::Result<BTreeSet<ClientName>> {
    let Some(dir) = &settings.ledger else {
        return Err(Advised::new(
            "--grants-history ledger needs a ledger, and none is given",
            "name its folder with --ledger DIR, or as `ledger` in scopetrim.toml; without one, leave the option out",
        ));
    };
    let clients = Ledger::consistent(dir, Ledger::grant_clients);
    let clients = clients.map_err(|error| advised(&error))?;
    if clients.is_empty() {
        return Err(Advised::new(
            format!(
                "the ledger `{}` has no record of what was held",
                dir.display()
            ),
            "`scopetrim ingest LOGS --ledger DIR --grants FILE` writes one, under the last day of the ledger: do so at least once a month; until then leave --grants-history ledger out",
        ));
    }
    Ok(clients)
}

/// What was held at each of these days. A day without a record of its time is not there.
fn versions(
    settings: &Settings,
    days: &[Day],
    (policy, history): (&Policy, &History),
) -> anyhow::Result<Versions> {
    let mut found = Versions {
        clients: clients(settings)?,
        ..Versions::default()
    };
    let Some(dir) = settings.ledger.as_ref().filter(|_| !days.is_empty()) else {
        return Ok(found);
    };
    let read = |ledger: &Ledger| {
        let known: BTreeSet<Day> = ledger.grant_days().into_iter().collect();
        let mut records = ledger.grant_records();
        let all = recorded(days, &known, BEHIND, |day| records.on(day))?;
        Ok((known, all))
    };
    let (known, all) = Ledger::consistent(dir, read).map_err(|error| advised(&error))?;
    for (origin, recorded) in all {
        let held = Held {
            policy: recorded.policy(policy),
            history: recorded.history(origin, policy, history),
            later: recorded.later,
        };
        found.held.insert(origin, held);
    }
    if let (true, Some(first), Some(last)) = (found.held.is_empty(), known.first(), known.last()) {
        let (from, to) = (days[0], days[days.len() - 1]);
        return Err(Advised::new(
            format!(
                "no month end that can be replayed ({from} to {to}) has a record of what was held in the {AGE} days before it: those of the ledger are of {first} to {last}"
            ),
            "`scopetrim ingest LOGS --ledger DIR --grants FILE` at least once a month writes them; leave --grants-history ledger out: then today's grants are assumed",
        ));
    }
    Ok(found)
}
