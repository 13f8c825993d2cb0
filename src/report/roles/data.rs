//! The proposal as data: JSON and rows.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::analysis::role_mining::{JudgedRole, OverTime, RoleProposal, RoleVerdict};
use crate::model::rows::{Cell, Column, Held, Rows, columns};
use crate::model::{ClientName, Day, RoleName, Term};
use crate::report::json_text;
use crate::report::table::Table;

/// Name and version of the JSON.
const SCHEMA: &str = "scopetrim.roles/1";

const COLUMNS: [Column; 6] = columns! {
    role: Text or Null, "the role; none for what is granted directly";
    exists: Bool, "whether there is a role with this name and these terms";
    narrows: Bool, "whether there is a role with this name that has these terms and more";
    members: List(" "), "who gets it";
    terms: List(" "), "what it gives";
    cells: Integer(64), "members times terms";
};

#[derive(Serialize)]
struct ProposalJson<'a> {
    schema: &'static str,
    /// None without logs.
    window: Option<[Day; 2]>,
    level: Option<&'static str>,
    clients: usize,
    grants: usize,
    fewest: usize,
    proven_fewest: bool,
    complexity: usize,
    complexity_now: usize,
    incomplete: &'a [String],
    roles: Vec<RoleJson<'a>>,
    direct: Vec<DirectJson<'a>>,
    existing: Vec<ExistingJson<'a>>,
    over_time: Option<OverTimeJson<'a>>,
}

#[derive(Serialize)]
struct RoleJson<'a> {
    name: &'a RoleName,
    exists: bool,
    narrows: bool,
    members: &'a BTreeSet<ClientName>,
    terms: &'a BTreeSet<Term>,
}

#[derive(Serialize)]
struct DirectJson<'a> {
    client: &'a ClientName,
    terms: &'a BTreeSet<Term>,
}

#[derive(Serialize)]
struct ExistingJson<'a> {
    name: &'a RoleName,
    verdict: &'static str,
    members: usize,
    terms: usize,
    too_broad_for: &'a BTreeSet<ClientName>,
    splits_into: &'a [BTreeSet<Term>],
    same_as: Option<&'a RoleName>,
    admin_without_need: &'a BTreeSet<ClientName>,
}

impl<'a> ExistingJson<'a> {
    fn of(judged: &'a JudgedRole) -> Self {
        Self {
            name: &judged.role.name,
            verdict: judged.verdict.name(),
            members: judged.role.members.len(),
            terms: judged.role.terms.len(),
            too_broad_for: &judged.too_broad_for,
            splits_into: match &judged.verdict {
                RoleVerdict::Splits(parts) => parts,
                _ => &[],
            },
            same_as: match &judged.verdict {
                RoleVerdict::SameAs(other) => Some(other),
                _ => None,
            },
            admin_without_need: &judged.admin_without_need,
        }
    }
}

#[derive(Serialize)]
struct OverTimeJson<'a> {
    made_until: Day,
    after: [Day; 2],
    uses: usize,
    permitted: usize,
    roles: Vec<PastRoleJson<'a>>,
}

#[derive(Serialize)]
struct PastRoleJson<'a> {
    name: &'a RoleName,
    exists: bool,
    members: usize,
    grants: usize,
    grants_used: usize,
    uses: usize,
    permitted: usize,
}

impl<'a> OverTimeJson<'a> {
    fn of(past: &'a OverTime) -> Self {
        let roles = past.roles.iter().map(|role| PastRoleJson {
            name: &role.name,
            exists: role.exists,
            members: role.members,
            grants: role.grants,
            grants_used: role.used,
            uses: role.uses,
            permitted: role.covered,
        });
        Self {
            made_until: past.until,
            after: [past.after.from, past.after.to],
            uses: past.uses,
            permitted: past.covered,
            roles: roles.collect(),
        }
    }
}

/// The proposal as JSON.
pub(crate) fn json(found: &RoleProposal) -> serde_json::Result<String> {
    let proposal = &found.proposal;
    let roles = proposal.roles.iter().map(|role| RoleJson {
        name: &role.name,
        exists: role.exists,
        narrows: role.narrows,
        members: &role.members,
        terms: &role.terms,
    });
    let direct = proposal.direct.iter();
    let value = ProposalJson {
        schema: SCHEMA,
        window: found.seen.map(|(window, _)| [window.from, window.to]),
        level: found.seen.map(|(_, level)| level.name()),
        clients: found.clients,
        grants: found.grants,
        fewest: proposal.at_least,
        proven_fewest: proposal.is_fewest(),
        complexity: proposal.complexity,
        complexity_now: proposal.complexity_now,
        incomplete: &found.incomplete,
        roles: roles.collect(),
        direct: direct
            .map(|(client, terms)| DirectJson { client, terms })
            .collect(),
        existing: proposal.existing.iter().map(ExistingJson::of).collect(),
        over_time: found.over_time.as_ref().map(OverTimeJson::of),
    };
    let mut text = json_text::pretty(&value)?;
    text.push('\n');
    Ok(text)
}

/// One row for each role, then one for each client with direct grants.
pub(crate) fn rows(found: &RoleProposal) -> Table<impl Rows + '_> {
    let direct: Vec<(&ClientName, &BTreeSet<Term>)> = found.proposal.direct.iter().collect();
    let roles = &found.proposal.roles;
    let rows = Held::new(roles.len() + direct.len(), move |at, each| {
        if let Some(role) = roles.get(at) {
            each(&[
                role.name.as_str().into(),
                role.exists.into(),
                role.narrows.into(),
                Cell::list(role.members.iter().map(ClientName::as_str)),
                Cell::list(role.terms.iter().map(Term::as_str)),
                (role.members.len() * role.terms.len()).into(),
            ]);
        } else if let Some((client, terms)) = direct.get(at - roles.len()) {
            each(&[
                Cell::Null,
                false.into(),
                false.into(),
                Cell::list([client.as_str()]),
                Cell::list(terms.iter().map(Term::as_str)),
                terms.len().into(),
            ]);
        }
    });
    Table::new(&COLUMNS, rows)
}
