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
    ExistingRole, JudgedRole, Meanings, Needs, Proposal, ProposedRole, RoleOptions, RoleProposal,
    granted, judged, propose,
};
use crate::model::{ClientName, Level, Policy, Subject, Term};

/// A proposal with what it was made from.
pub(crate) struct MinedRoles {
    /// The roles.
    pub(crate) proposal: RoleProposal,
    /// The policy files.
    pub(crate) policy: Policy,
    /// Where they are; none of a policy of the past.
    pub(crate) paths: Vec<String>,
    /// What each client is to hold by the proposal.
    pub(crate) wanted: Needs,
    /// How the roles were to be made.
    pub(crate) options: RoleOptions,
    /// The logs, where there are any.
    pub(crate) run: Option<AnalysisRun>,
}

impl MinedRoles {
    /// Proposes roles for the same clients with other policy files.
    pub(crate) fn again(&self, policy: &Policy, needs: &Needs) -> Vec<ProposedRole> {
        let mut needs = needs.clone();
        needs.retain(|_, terms| !terms.is_empty());
        let meanings = meanings(policy, self.run.as_ref(), &needs);
        propose(&needs, &ExistingRole::all(policy), &meanings, &self.options).roles
    }
}

/// Proposes roles.
pub(crate) fn roles(settings: Settings, options: &RoleOptions) -> anyhow::Result<MinedRoles> {
    let paths = match settings.grants_at {
        None => settings.grants.clone(),
        Some(_) => Vec::new(),
    };
    let (policy, run) = if settings.logs.is_empty() && settings.ledger.is_none() {
        (policy(&settings)?, None)
    } else {
        let run = analyse(settings)?;
        (run.policy.clone(), Some(run))
    };
    let needs = match &run {
        None => held(&policy, |_| true),
        Some(run) => needs(&run.analysis.clients, run.level),
    };
    let meanings = meanings(&policy, run.as_ref(), &needs);
    let existing = ExistingRole::all(&policy);
    let found = propose(&needs, &existing, &meanings, options);
    let wanted = wanted(&policy, run.as_ref(), &found);
    let mut proposal = RoleProposal {
        over_time: None,
        seen: None,
        clients: needs.len(),
        grants: needs.values().map(BTreeSet::len).sum(),
        incomplete: Vec::new(),
        proposal: found,
    };
    if let Some(run) = &run {
        proposal.over_time = over_time(run, &existing, &meanings, options);
        proposal.seen = Some((run.analysis.window, run.level));
        proposal.incomplete.clone_from(&run.read.incomplete);
    }
    Ok(MinedRoles {
        proposal,
        policy,
        paths,
        wanted,
        options: *options,
        run,
    })
}

/// What these clients hold; who holds nothing is not listed.
fn held(policy: &Policy, of: impl Fn(&ClientName) -> bool) -> Needs {
    let held = policy.holdings().into_iter();
    let held = held.filter(|(client, terms)| of(client) && !terms.is_empty());
    held.map(|(client, terms)| (client, terms.into_keys().collect()))
        .collect()
}

/// What each client is to hold.
fn wanted(policy: &Policy, run: Option<&AnalysisRun>, found: &Proposal) -> Needs {
    let mut wanted = granted(&found.roles);
    for (client, terms) in &found.direct {
        let own = wanted.entry(client.clone()).or_default();
        own.extend(terms.iter().cloned());
    }
    if let Some(run) = run {
        // Who was not looked at keeps what it holds.
        let seen: BTreeSet<&ClientName> = run
            .analysis
            .clients
            .iter()
            .map(|client| &client.id)
            .collect();
        wanted.extend(held(policy, |client| !seen.contains(client)));
    }
    wanted
}

/// What names of roles are made of.
fn meanings(policy: &Policy, run: Option<&AnalysisRun>, needs: &Needs) -> Meanings {
    Meanings {
        tags: run.map_or_else(BTreeMap::new, |run| tags(run, needs)),
        owners: owners(policy),
        rhythms: run.map_or_else(BTreeMap::new, |run| {
            rhythms(&run.analysis.clients, &run.read.coverage)
        }),
    }
}

/// What the roles of a policy look like beside what its clients need.
pub(super) fn looks(policy: &Policy, clients: &[ClientAnalysis], level: Level) -> Vec<JudgedRole> {
    judged(&ExistingRole::all(policy), &needs(clients, level))
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
