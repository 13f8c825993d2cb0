//! The proposal as a page, in the design of the monthly report.
//!
//! In: a proposal. Out: one HTML file. Invariant: its size does not grow with the number of roles,
//! members or terms beyond the caps, and every list that is cut says how long it is.

use std::collections::BTreeSet;

use minijinja::context;
use serde::Serialize;

use super::look::Look;
use super::share;
use crate::analysis::role_mining::{
    JudgedRole, Proposal, ProposedRole, RoleOverTime, RoleProposal, RoleVerdict,
};
use crate::model::{ClientName, Day, Term};
use crate::report::page::{Cut, environment, frame, serde};

/// Roles that have a row.
const ROLES: usize = 250;
/// Clients with direct grants that have a row.
const DIRECT: usize = 250;
/// Names that stand in a cell; the next ones are folded.
const NAMES: usize = 8;
/// Names that are folded at most.
const FOLDED: usize = 40;

/// The page.
pub(crate) fn html(found: &RoleProposal) -> Result<String, minijinja::Error> {
    environment()?.get_template("roles.html")?.render(context! {
        r => serde(Page::of(found)),
        ..frame()
    })
}

#[derive(Serialize)]
struct Page<'a> {
    version: &'static str,
    incomplete: &'a [String],
    /// The level of the removals and the days, where there are logs.
    level: Option<&'static str>,
    window: Option<[String; 2]>,
    clients: usize,
    grants: usize,
    sizes: Sizes,
    /// No exact set has fewer roles.
    proven: bool,
    at_least: usize,
    /// A member of a proposed role does not need all of it: roles that are kept stay as wide as they were.
    wide: bool,
    existing: Cut<Existing<'a>>,
    /// Roles for administration whose members do nothing of the kind.
    administrative: usize,
    proposed: Cut<Proposed<'a>>,
    direct: Cut<Direct<'a>>,
    past: Option<Past<'a>>,
}

/// What roles take, with the roles that there are and as proposed.
#[derive(Serialize)]
struct Sizes {
    /// What is counted, how many there are with the roles that there are, and how many are proposed.
    parts: [(&'static str, usize, usize); 4],
    now: usize,
    proposed: usize,
}

/// A list of names in a cell: some of them, some more that are folded, and how many there are.
#[derive(Serialize)]
struct Names<'a> {
    shown: Vec<&'a str>,
    folded: Vec<&'a str>,
    all: usize,
}

#[derive(Serialize)]
struct Existing<'a> {
    name: &'a str,
    members: Names<'a>,
    terms: Names<'a>,
    look: Look,
    too_broad_for: Names<'a>,
    parts: Cut<Names<'a>>,
    administration: Names<'a>,
    judged: Option<Judged>,
}

#[derive(Serialize)]
struct Proposed<'a> {
    name: &'a str,
    exists: bool,
    members: Names<'a>,
    terms: Names<'a>,
    judged: Option<Judged>,
}

/// How a role did in the months after.
#[derive(Serialize)]
struct Judged {
    /// Shares in per cent.
    permitted: String,
    unused: String,
}

#[derive(Serialize)]
struct Direct<'a> {
    client: &'a str,
    terms: Names<'a>,
}

#[derive(Serialize)]
struct Past<'a> {
    until: String,
    from: String,
    to: String,
    uses: usize,
    permitted: usize,
    share: String,
    /// What would have been proposed then.
    roles: Cut<Then<'a>>,
}

#[derive(Serialize)]
struct Then<'a> {
    name: &'a str,
    members: usize,
    terms: Names<'a>,
    judged: Judged,
}

impl<'a> Page<'a> {
    fn of(found: &'a RoleProposal) -> Self {
        let proposal = &found.proposal;
        let past = found.over_time.as_ref();
        let roles = past.map_or(&[][..], |past| &past.roles);
        let then = roles.iter().filter(|role| !role.exists);
        let administrative = proposal.existing.iter();
        let administrative = administrative.filter(|one| !one.admin_without_need.is_empty());
        let day = |day: Day| day.to_string();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            incomplete: &found.incomplete,
            level: found.seen.map(|(_, level)| level.name()),
            window: found
                .seen
                .map(|(window, _)| [day(window.from), day(window.to)]),
            clients: found.clients,
            grants: found.grants,
            sizes: Sizes::of(proposal),
            proven: proposal.is_fewest(),
            at_least: proposal.at_least,
            wide: is_wide(proposal),
            administrative: administrative.count(),
            existing: Cut::of(
                proposal.existing.iter().map(|own| Existing::of(own, roles)),
                ROLES,
            ),
            proposed: Cut::of(
                proposal.roles.iter().map(|own| Proposed::of(own, roles)),
                ROLES,
            ),
            direct: Cut::of(
                proposal.direct.iter().map(|(client, terms)| Direct {
                    client: client.as_str(),
                    terms: Names::of(terms.iter().map(Term::as_str)),
                }),
                DIRECT,
            ),
            past: past.map(|past| Past {
                until: day(past.until),
                from: day(past.after.from),
                to: day(past.after.to),
                uses: past.uses,
                permitted: past.covered,
                share: share(past.covered, past.uses),
                roles: Cut::of(then.map(Then::of), ROLES),
            }),
        }
    }
}

/// Whether a proposed role gives a member more than it needs; only one that is kept can.
fn is_wide(proposal: &Proposal) -> bool {
    let mut roles = proposal.roles.iter().filter(|role| role.exists);
    roles.any(|role| {
        let mut same = proposal.existing.iter();
        let same = same.find(|one| one.role.name == role.name && one.role.terms == role.terms);
        same.is_some_and(|one| !one.too_broad_for.is_disjoint(&role.members))
    })
}

impl Sizes {
    fn of(proposal: &Proposal) -> Self {
        let existing = || proposal.existing.iter().map(|one| &one.role);
        let roles = || proposal.roles.iter();
        let now = [
            existing().count(),
            existing().map(|role| role.members.len()).sum(),
            existing().map(|role| role.terms.len()).sum(),
        ];
        let direct = proposal.complexity_now - now.iter().sum::<usize>();
        Self {
            parts: [
                ("Roles", now[0], roles().count()),
                (
                    "Memberships",
                    now[1],
                    roles().map(|role| role.members.len()).sum(),
                ),
                (
                    "Scopes in roles",
                    now[2],
                    roles().map(|role| role.terms.len()).sum(),
                ),
                (
                    "Direct grants",
                    direct,
                    proposal.direct.values().map(BTreeSet::len).sum(),
                ),
            ],
            now: proposal.complexity_now,
            proposed: proposal.complexity,
        }
    }
}

impl<'a> Names<'a> {
    fn of(mut names: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let all = names.len();
        // One more name takes no more room than the words about it.
        let most = if all == NAMES + 1 { all } else { NAMES };
        Self {
            shown: names.by_ref().take(most).collect(),
            folded: names.take(FOLDED).collect(),
            all,
        }
    }

    fn clients(names: &'a BTreeSet<ClientName>) -> Self {
        Self::of(names.iter().map(ClientName::as_str))
    }

    fn terms(names: &'a BTreeSet<Term>) -> Self {
        Self::of(names.iter().map(Term::as_str))
    }
}

impl<'a> Existing<'a> {
    fn of(judged: &'a JudgedRole, roles: &[RoleOverTime]) -> Self {
        let own = &judged.role;
        let parts = match &judged.verdict {
            RoleVerdict::Splits(parts) => parts.as_slice(),
            _ => &[],
        };
        let past = roles.iter().filter(|role| role.exists);
        let mut past = past.filter(|role| role.name == own.name && role.terms == own.terms);
        Self {
            name: own.name.as_str(),
            members: Names::clients(&own.members),
            terms: Names::terms(&own.terms),
            look: Look::of(judged),
            too_broad_for: Names::clients(&judged.too_broad_for),
            parts: Cut::of(parts.iter().map(Names::terms), NAMES),
            administration: Names::clients(&judged.admin_without_need),
            judged: past
                .find(|role| role.members == own.members.len())
                .map(Judged::of),
        }
    }
}

impl<'a> Proposed<'a> {
    fn of(role: &'a ProposedRole, roles: &[RoleOverTime]) -> Self {
        // The one that would have been proposed; one that is kept is judged as it is.
        let kept = |past: &RoleOverTime| role.exists && past.members == role.members.len();
        let same = |past: &&RoleOverTime| past.terms == role.terms && (!past.exists || kept(past));
        let judged = roles.iter().filter(same).min_by_key(|past| past.exists);
        Self {
            name: role.name.as_str(),
            exists: role.exists,
            members: Names::clients(&role.members),
            terms: Names::terms(&role.terms),
            judged: judged.map(Judged::of),
        }
    }
}

impl Judged {
    fn of(role: &RoleOverTime) -> Self {
        Self {
            permitted: share(role.covered, role.uses),
            unused: share(role.grants - role.used, role.grants),
        }
    }
}

impl<'a> Then<'a> {
    fn of(role: &'a RoleOverTime) -> Self {
        Self {
            name: role.name.as_str(),
            members: role.members,
            terms: Names::terms(&role.terms),
            judged: Judged::of(role),
        }
    }
}
