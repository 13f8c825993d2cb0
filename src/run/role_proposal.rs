//! The roles that are proposed, from the policy files alone or with what the logs show.
//!
//! Without logs and ledger a client needs what it holds. With them it needs what would be left to it
//! after the removals up to the level of the settings, never more than it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::policy;
use super::role_needs::{needs, rhythms};
use super::roles_over_time::over_time;
use super::{AnalysisRun, Settings, analyse};
use crate::analysis::ClientAnalysis;
use crate::analysis::role_mining::{
    ExistingRole, JudgedRole, Meanings, Needs, RoleOptions, RoleProposal, judged, propose,
};
use crate::model::{ClientName, Level, Policy, RoleName, Subject, Term};

/// Proposes roles.
pub(crate) fn roles(settings: Settings, options: &RoleOptions) -> anyhow::Result<RoleProposal> {
    if settings.logs.is_empty() && settings.ledger.is_none() {
        return Ok(held(&policy(&settings)?, options));
    }
    let run = analyse(settings)?;
    let needs = needs(&run.analysis.clients, run.level);
    let meanings = Meanings {
        tags: tags(&run, &needs),
        owners: owners(&run.policy),
        rhythms: rhythms(&run.analysis.clients, &run.read.coverage),
    };
    let existing = existing(&run.policy);
    let proposal = propose(&needs, &existing, &meanings, options);
    Ok(RoleProposal {
        over_time: over_time(&run, &existing, &meanings, options),
        seen: Some((run.analysis.window, run.level)),
        clients: needs.len(),
        grants: needs.values().map(BTreeSet::len).sum(),
        incomplete: run.read.incomplete.clone(),
        proposal,
    })
}

fn held(policy: &Policy, options: &RoleOptions) -> RoleProposal {
    let held = policy.holdings().into_iter();
    let held = held.map(|(client, terms)| (client, terms.into_keys().collect()));
    let needs: Needs = held
        .filter(|(_, terms): &(_, BTreeSet<Term>)| !terms.is_empty())
        .collect();
    let meanings = Meanings {
        tags: BTreeMap::new(),
        owners: owners(policy),
        rhythms: BTreeMap::new(),
    };
    RoleProposal {
        proposal: propose(&needs, &existing(policy), &meanings, options),
        seen: None,
        clients: needs.len(),
        grants: needs.values().map(BTreeSet::len).sum(),
        over_time: None,
        incomplete: Vec::new(),
    }
}

/// What the roles of a policy look like beside what its clients need.
pub(super) fn looks(policy: &Policy, clients: &[ClientAnalysis], level: Level) -> Vec<JudgedRole> {
    judged(&existing(policy), &needs(clients, level))
}

/// The roles of all files. One that several files define is as many roles.
fn existing(policy: &Policy) -> Vec<ExistingRole> {
    let roles = policy.roles();
    let mut names: BTreeSet<(&RoleName, usize)> = BTreeSet::new();
    for (at, file) in policy.files.iter().enumerate() {
        names.extend(file.roles.keys().map(|name| (name, at)));
    }
    let role = |(name, file): (&RoleName, usize)| ExistingRole {
        name: name.clone(),
        members: roles.members(file, name),
        terms: roles
            .names(&roles.terms(file, name))
            .into_iter()
            .cloned()
            .collect(),
        strangers: !roles.strangers(file, name).is_empty(),
    };
    names.into_iter().map(role).collect()
}

/// Who answers for each client, as the first file that says so has it.
fn owners(policy: &Policy) -> BTreeMap<ClientName, String> {
    let mut owners = BTreeMap::new();
    for entry in policy.files.iter().flat_map(|file| &file.entries) {
        if let (Subject::Client(client), Some(owner)) = (&entry.subject, &entry.owner) {
            owners
                .entry(client.clone())
                .or_insert_with(|| owner.to_string());
        }
    }
    owners
}

/// The tags of the operations that each term opens alone.
fn tags(run: &AnalysisRun, needs: &Needs) -> BTreeMap<Term, BTreeSet<String>> {
    let terms: BTreeSet<&Term> = needs.values().flatten().collect();
    let of = |term: &Term| {
        let operations = run.universe.opens([term]).into_iter();
        let operations = operations.filter_map(|at| run.routes.catalog.operations.get(at));
        operations
            .flat_map(|operation| operation.tags.iter().cloned())
            .collect()
    };
    terms
        .into_iter()
        .map(|term| (term.clone(), of(term)))
        .collect()
}
