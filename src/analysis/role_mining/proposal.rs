//! The roles that are proposed, with names, from what each client needs.
//!
//! Invariants:
//! * a client gets through the proposed roles only what it needs, and together with what is left
//!   to it directly all of that. Roles that are kept are the one exception: they give what they give;
//! * limits on the number of roles never widen anything: what does not fit in is left as direct grants.

use std::collections::{BTreeMap, BTreeSet};

use super::existing::{ExistingRole, JudgedRole, judged};
use super::names::{Meanings, Namer};
use super::{Aim, Matrix, MinedRole, Problem, mine};
use crate::model::{ClientName, RoleName, Term};

/// What each client needs.
pub type Needs = BTreeMap<ClientName, BTreeSet<Term>>;

/// Along which lines roles are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// No role has members of two owners.
    Owner,
    /// No role has terms of two tags.
    Tag,
}

/// How roles are to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoleOptions {
    /// What is to be small.
    pub aim: Aim,
    /// The roles that there are stay as they are.
    pub keep_roles: bool,
    /// At most so many roles.
    pub max_roles: Option<usize>,
    /// At most so many roles for each client.
    pub max_per_client: Option<usize>,
    /// Roles are kept apart.
    pub by: Option<By>,
}

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedRole {
    /// Its name.
    pub name: RoleName,
    /// Who gets it.
    pub members: BTreeSet<ClientName>,
    /// What it gives.
    pub terms: BTreeSet<Term>,
    /// There is a role with this name and these terms.
    pub exists: bool,
    /// There is a role with this name, and it has these terms and others that none of its members needs
    /// as a part of it.
    pub narrows: bool,
}

/// The roles that are proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The roles.
    pub roles: Vec<ProposedRole>,
    /// What limits leave to clients directly.
    pub direct: Needs,
    /// No exact set of roles, within the owners or tags that are kept apart and beside the roles
    /// that are kept, has fewer.
    pub at_least: usize,
    /// Roles, memberships, terms of roles and direct grants, all together.
    pub complexity: usize,
    /// The same for what each client needs, granted by the roles that there are, with direct
    /// grants for what they do not give.
    pub complexity_now: usize,
    /// What the roles that there are look like.
    pub existing: Vec<JudgedRole>,
}

impl Proposal {
    /// Whether it is proven that fewer roles cannot do.
    pub fn is_fewest(&self) -> bool {
        self.direct.is_empty() && self.roles.len() == self.at_least
    }
}

/// Proposes roles.
pub fn propose(
    needs: &Needs,
    existing: &[ExistingRole],
    meanings: &Meanings,
    options: &RoleOptions,
) -> Proposal {
    let mut found = Found::default();
    if options.keep_roles {
        found.at_least += existing.len();
    }
    for group in groups(needs, meanings, options.by) {
        found.add(&group, existing, options);
    }
    let mut roles = named(found.roles, existing, meanings, options.keep_roles);
    let direct = limit(&mut roles, options);
    Proposal {
        complexity: complexity(&roles) + count(&direct),
        complexity_now: complexity_now(needs, existing),
        existing: judged(existing, needs),
        at_least: found.at_least,
        roles,
        direct,
    }
}

/// Members and terms.
type Bare = (BTreeSet<ClientName>, BTreeSet<Term>);

#[derive(Default)]
struct Found {
    roles: Vec<Bare>,
    at_least: usize,
}

/// Needs that may share roles.
fn groups(needs: &Needs, meanings: &Meanings, by: Option<By>) -> Vec<Needs> {
    let mut groups: BTreeMap<Option<&str>, Needs> = BTreeMap::new();
    for (client, terms) in needs {
        for term in terms {
            let group = match by {
                None => None,
                Some(By::Owner) => meanings.owners.get(client).map(String::as_str),
                Some(By::Tag) => {
                    let tags = meanings.tags.get(term);
                    tags.and_then(|tags| tags.first()).map(String::as_str)
                }
            };
            let group = groups.entry(group).or_default();
            group
                .entry(client.clone())
                .or_default()
                .insert(term.clone());
        }
    }
    groups.into_values().collect()
}

impl Found {
    fn add(&mut self, needs: &Needs, existing: &[ExistingRole], options: &RoleOptions) {
        let clients: Vec<&ClientName> = needs.keys().collect();
        let terms: Vec<&Term> = needs
            .values()
            .flatten()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let client_of = |name: &ClientName| clients.binary_search(&name).ok();
        let numbers = |own: &BTreeSet<Term>| -> Option<Vec<usize>> {
            own.iter()
                .map(|term| terms.binary_search(&term).ok())
                .collect()
        };
        // What kept roles give to members that do not need all of it is no longer needed otherwise.
        let mut given: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut kept = Vec::new();
        for role in existing.iter().filter(|_| options.keep_roles) {
            let own = role
                .terms
                .iter()
                .filter_map(|term| terms.binary_search(&term).ok());
            let own: Vec<usize> = own.collect();
            let whole = own.len() == role.terms.len();
            let members = role.members.iter().filter_map(client_of);
            let (all, some): (Vec<usize>, Vec<usize>) =
                members.partition(|client| whole && role.terms.is_subset(&needs[clients[*client]]));
            given.extend(
                some.iter()
                    .flat_map(|client| own.iter().map(|term| (*client, *term))),
            );
            kept.push(MinedRole {
                members: all,
                terms: if whole { own } else { Vec::new() },
            });
        }
        // A role has to give what it gave: where a cell is gone, it can have no new member either.
        let cell = |client: usize, term: &Term| Some((client, terms.binary_search(&term).ok()?));
        let cells = needs.values().enumerate();
        let cells =
            cells.flat_map(|(client, own)| own.iter().filter_map(move |term| cell(client, term)));
        let pinned = |cell: &(usize, usize)| {
            let mut kept = kept.iter();
            kept.any(|role| role.members.contains(&cell.0) && role.terms.contains(&cell.1))
        };
        let cells = cells.filter(|cell| !given.contains(cell) || pinned(cell));
        let matrix = Matrix::new(clients.len(), terms.len(), cells.collect::<Vec<_>>());
        let known: Vec<Vec<usize>> = existing
            .iter()
            .filter_map(|role| numbers(&role.terms))
            .collect();
        let mined = mine(
            &matrix,
            &Problem {
                aim: options.aim,
                known: if options.keep_roles { &[] } else { &known },
                kept: &kept,
            },
        );
        self.at_least += mined.at_least;
        for (at, role) in mined.roles.iter().enumerate() {
            let had = kept.get(at).map_or(&[][..], |kept| &kept.members);
            let new = role.members.iter().filter(|client| !had.contains(client));
            let members: BTreeSet<ClientName> =
                new.map(|client| clients[*client].clone()).collect();
            if !members.is_empty() {
                let terms = role.terms.iter().map(|term| terms[*term].clone());
                self.roles.push((members, terms.collect()));
            }
        }
    }
}

/// With the name of the role that there is, where it is the same one, else with a new name.
fn named(
    roles: Vec<Bare>,
    existing: &[ExistingRole],
    meanings: &Meanings,
    keep: bool,
) -> Vec<ProposedRole> {
    let taken = existing.iter().map(|role| role.name.to_string());
    let mut given = Namer::new(meanings, taken);
    let mut named: Vec<ProposedRole> = Vec::new();
    let as_is = |role: &ExistingRole| ProposedRole {
        name: role.name.clone(),
        members: role.members.clone(),
        terms: role.terms.clone(),
        exists: true,
        narrows: false,
    };
    named.extend(existing.iter().filter(|_| keep).map(as_is));
    let mut wider = Wider::of(&roles, existing, keep);
    for (members, terms) in roles {
        let own = existing.iter().find(|role| role.terms == terms);
        let known = own.and_then(|own| named.iter_mut().find(|role| role.name == own.name));
        match (known, own) {
            // The same from another group, or further members of a role that is kept.
            (Some(known), _) => known.members.extend(members),
            (None, own) => {
                let wide = own
                    .is_none()
                    .then(|| wider.take(&members, &terms))
                    .flatten();
                let name = own.or(wide).map(|own| own.name.clone());
                named.push(ProposedRole {
                    exists: own.is_some(),
                    narrows: wide.is_some(),
                    name: name.unwrap_or_else(|| given.name(&terms, &members)),
                    members,
                    terms,
                });
            }
        }
    }
    named
}

/// Roles that there are of which something can be taken out, to make a proposed role of the rest.
struct Wider<'e>(Vec<&'e ExistingRole>);

impl<'e> Wider<'e> {
    fn of(roles: &[Bare], existing: &'e [ExistingRole], keep: bool) -> Self {
        let proposed = |role: &&ExistingRole| roles.iter().any(|(_, terms)| *terms == role.terms);
        let known = existing.iter().filter(|role| {
            let mut same = existing.iter().filter(|other| other.name == role.name);
            same.next().is_some() && same.next().is_none()
        });
        let free = known
            .filter(|role| !keep && !role.strangers && !role.members.is_empty() && !proposed(role));
        Self(free.collect())
    }

    /// The one of which least has to go. All of its members get what is left of it.
    fn take(
        &mut self,
        members: &BTreeSet<ClientName>,
        terms: &BTreeSet<Term>,
    ) -> Option<&'e ExistingRole> {
        let fits =
            |role: &&ExistingRole| terms.is_subset(&role.terms) && role.members.is_subset(members);
        let all = self.0.iter().enumerate();
        let least = all
            .filter(|(_, role)| fits(role))
            .min_by_key(|(_, role)| role.terms.len());
        let at = least?.0;
        Some(self.0.remove(at))
    }
}

/// Takes out what is beyond the limits, and gives what that leaves to clients directly.
fn limit(roles: &mut Vec<ProposedRole>, options: &RoleOptions) -> Needs {
    let before = granted(roles);
    if let Some(most) = options.max_roles
        && roles.len() > most
    {
        // Those that are kept, then those that stand for most.
        roles.sort_by_key(|role| {
            let kept = options.keep_roles && role.exists;
            (
                !kept,
                std::cmp::Reverse(role.members.len() * role.terms.len()),
            )
        });
        roles.truncate(most);
    }
    if let Some(most) = options.max_per_client {
        let clients: BTreeSet<ClientName> = before.keys().cloned().collect();
        for client in clients {
            let has = |role: &&mut ProposedRole| {
                let kept = options.keep_roles && role.exists;
                role.members.contains(&client) && !kept
            };
            let mut own: Vec<&mut ProposedRole> = roles.iter_mut().filter(has).collect();
            own.sort_by_key(|role| std::cmp::Reverse(role.terms.len()));
            for role in own.into_iter().skip(most) {
                role.members.remove(&client);
            }
        }
        roles.retain(|role| !role.members.is_empty() || options.keep_roles && role.exists);
    }
    let after = granted(roles);
    let mut direct = Needs::new();
    for (client, terms) in before {
        let has = after.get(&client);
        let lost = terms
            .into_iter()
            .filter(|term| has.is_none_or(|has| !has.contains(term)));
        let lost: BTreeSet<Term> = lost.collect();
        if !lost.is_empty() {
            direct.insert(client, lost);
        }
    }
    direct
}

/// What each client gets through roles.
pub(crate) fn granted(roles: &[ProposedRole]) -> Needs {
    let mut granted = Needs::new();
    for role in roles {
        for client in &role.members {
            let own = granted.entry(client.clone()).or_default();
            own.extend(role.terms.iter().cloned());
        }
    }
    granted
}

fn complexity(roles: &[ProposedRole]) -> usize {
    let sizes = roles
        .iter()
        .map(|role| 1 + role.members.len() + role.terms.len());
    sizes.sum()
}

fn count(direct: &Needs) -> usize {
    direct.values().map(BTreeSet::len).sum()
}

fn complexity_now(needs: &Needs, existing: &[ExistingRole]) -> usize {
    let sizes = existing
        .iter()
        .map(|role| 1 + role.members.len() + role.terms.len());
    let direct = needs.iter().map(|(client, terms)| {
        let own = existing.iter().filter(|role| role.members.contains(client));
        let own: Vec<&BTreeSet<Term>> = own.map(|role| &role.terms).collect();
        let direct = terms
            .iter()
            .filter(|term| !own.iter().any(|own| own.contains(*term)));
        direct.count()
    });
    sizes.sum::<usize>() + direct.sum::<usize>()
}
