//! What the roles that there are look like beside what their members need.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ClientName, Policy, RoleName, Term};

/// A role of the policy files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExistingRole {
    /// Its name.
    pub name: RoleName,
    /// Who holds its terms.
    pub members: BTreeSet<ClientName>,
    /// What it gives, through other roles as well.
    pub terms: BTreeSet<Term>,
    /// Others hold it that no log tells apart: nobody can say what they need.
    pub strangers: bool,
}

impl ExistingRole {
    /// The roles of all files. One that several files define is as many roles.
    pub(crate) fn all(policy: &Policy) -> Vec<Self> {
        let roles = policy.roles();
        let mut names: BTreeSet<(&RoleName, usize)> = BTreeSet::new();
        for (at, file) in policy.files.iter().enumerate() {
            names.extend(file.roles.keys().map(|name| (name, at)));
        }
        let role = |(name, file): (&RoleName, usize)| {
            let terms = roles.names(&roles.terms(file, name));
            Self {
                name: name.clone(),
                members: roles.members(file, name),
                terms: terms.into_iter().cloned().collect(),
                strangers: !roles.strangers(file, name).is_empty(),
            }
        };
        names.into_iter().map(role).collect()
    }
}

/// What is to be said about a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleVerdict {
    /// Every member needs every term.
    Fits,
    /// Some members do not need all of it.
    TooBroad,
    /// Its members need parts that have no term in common.
    Splits(Vec<BTreeSet<Term>>),
    /// It has no members, or none of them needs any of its terms.
    Unused,
    /// An earlier role has the same terms.
    SameAs(RoleName),
    /// Groups have it, and no log tells what they need.
    CannotTell,
}

impl RoleVerdict {
    /// The name used in every output.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::TooBroad => "too_broad",
            Self::Splits(_) => "splits",
            Self::Unused => "unused",
            Self::SameAs(_) => "same_as",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// A role with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRole {
    /// The role.
    pub role: ExistingRole,
    /// What it looks like.
    pub verdict: RoleVerdict,
    /// Members that do not need all of its terms.
    pub too_broad_for: BTreeSet<ClientName>,
    /// Members of a role that is named or made for administration who need nothing administrative.
    pub admin_without_need: BTreeSet<ClientName>,
}

/// Words of names that stand for administration.
const ADMIN: [&str; 8] = [
    "admin",
    "administrator",
    "manage",
    "manager",
    "master",
    "root",
    "superuser",
    "sysadmin",
];

/// Roles made for administration whose members do nothing of the kind come first, then in order of names.
pub(crate) fn judged(
    existing: &[ExistingRole],
    needs: &BTreeMap<ClientName, BTreeSet<Term>>,
) -> Vec<JudgedRole> {
    let mut first: BTreeMap<&BTreeSet<Term>, &RoleName> = BTreeMap::new();
    let mut judged: Vec<JudgedRole> = Vec::new();
    for role in existing {
        let twin = first.get(&role.terms).copied().cloned();
        first.entry(&role.terms).or_insert(&role.name);
        let needed = |client: &ClientName| -> BTreeSet<Term> {
            let needs = needs.get(client).into_iter().flatten();
            needs
                .filter(|term| role.terms.contains(*term))
                .cloned()
                .collect()
        };
        let needed: BTreeMap<&ClientName, BTreeSet<Term>> = role
            .members
            .iter()
            .map(|client| (client, needed(client)))
            .collect();
        let broad = needed
            .iter()
            .filter(|(_, terms)| terms.len() < role.terms.len());
        let too_broad_for: BTreeSet<ClientName> =
            broad.map(|(client, _)| (*client).clone()).collect();
        let parts = parts(needed.values());
        let verdict = match twin {
            Some(twin) if twin != role.name => RoleVerdict::SameAs(twin),
            _ if role.strangers => RoleVerdict::CannotTell,
            _ if parts.is_empty() => RoleVerdict::Unused,
            _ if parts.len() > 1 => RoleVerdict::Splits(parts),
            _ if too_broad_for.is_empty() => RoleVerdict::Fits,
            _ => RoleVerdict::TooBroad,
        };
        let made_for_admin =
            is_admin(role.name.as_str()) || role.terms.iter().any(|term| is_admin(term.as_str()));
        let administers = |client: &&ClientName| {
            let mut all = needs.get(*client).into_iter().flatten();
            all.any(|term| is_admin(term.as_str()))
        };
        let idle = role
            .members
            .iter()
            .filter(|client| made_for_admin && !administers(client));
        judged.push(JudgedRole {
            admin_without_need: idle.cloned().collect(),
            too_broad_for,
            verdict,
            role: role.clone(),
        });
    }
    judged.sort_by_key(|one| one.admin_without_need.is_empty());
    judged
}

/// `admin`, `orders:admin`, `Directory.AccessAsUser.All` is not, a bare `*` is.
fn is_admin(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphanumeric());
    lower == "*" || words.any(|word| ADMIN.binary_search(&word).is_ok())
}

/// Sets of terms of which nobody needs terms of two.
fn parts<'n>(needed: impl Iterator<Item = &'n BTreeSet<Term>>) -> Vec<BTreeSet<Term>> {
    let mut parts: Vec<BTreeSet<Term>> = Vec::new();
    for terms in needed.filter(|terms| !terms.is_empty()) {
        let (met, apart): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| !part.is_disjoint(terms));
        parts = apart;
        parts.push(
            met.into_iter()
                .flatten()
                .chain(terms.iter().cloned())
                .collect(),
        );
    }
    parts.sort();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(names: &[&str]) -> BTreeSet<Term> {
        names.iter().copied().map(Term::new).collect()
    }

    fn verdicts(roles: &[(&str, &[&str], &[&str])], needs: &[(&str, &[&str])]) -> Vec<JudgedRole> {
        let roles: Vec<ExistingRole> = roles
            .iter()
            .map(|(name, members, own)| ExistingRole {
                name: RoleName::new(name),
                members: members.iter().copied().map(ClientName::new).collect(),
                terms: terms(own),
                strangers: false,
            })
            .collect();
        let needs = needs
            .iter()
            .map(|(client, own)| (ClientName::new(client), terms(own)));
        judged(&roles, &needs.collect())
    }

    #[test]
    fn each_verdict_has_a_role_that_gets_it() {
        let found = verdicts(
            &[
                ("fits", &["a", "b"], &["x", "y"]),
                ("broad", &["a", "c"], &["x", "z"]),
                ("halves", &["a", "c"], &["y", "z"]),
                ("idle", &["a"], &["q"]),
                ("twin", &["c"], &["x", "y"]),
            ],
            &[("a", &["x", "y"]), ("b", &["x", "y"]), ("c", &["x", "z"])],
        );
        let names: Vec<&str> = found.iter().map(|one| one.verdict.name()).collect();
        assert_eq!(names, ["fits", "too_broad", "splits", "unused", "same_as"]);
        assert_eq!(found[1].too_broad_for, [ClientName::new("a")].into());
        let halves = RoleVerdict::Splits(vec![terms(&["y"]), terms(&["z"])]);
        assert_eq!(found[2].verdict, halves);
    }

    #[test]
    fn a_role_for_administration_is_first_when_a_member_does_nothing_of_the_kind() {
        let found = verdicts(
            &[
                ("all", &["a"], &["x"]),
                ("shop-admin", &["a", "root-tool"], &["x", "orders:admin"]),
                ("administrative-view", &["a"], &["x"]),
            ],
            &[("a", &["x"]), ("root-tool", &["orders:admin"])],
        );
        assert_eq!(found[0].role.name.as_str(), "shop-admin");
        assert_eq!(found[0].admin_without_need, [ClientName::new("a")].into());
        assert!(found[1].admin_without_need.is_empty() && found[2].admin_without_need.is_empty());
        assert!(is_admin("*") && !is_admin("orders.*") && ADMIN.is_sorted());
    }
}
