//! From who needs what to a small set of roles: role mining.
//!
//! In: a matrix of clients and terms, the roles that there are, and what is to be small. Out: roles
//! with their members, which together give each client exactly what it needs.
//!
//! Invariants:
//! * zero over-grant: a member of a role needs every one of its terms, so that no client gets what
//!   it does not need. Roles that are to be kept are the caller's own, and are not judged here;
//! * nothing is lost: every cell of the matrix is in a role;
//! * the same for the same input on every machine and any number of threads: work is counted, and
//!   nothing looks at a clock.
//!
//! The number of roles is minimised over the kernel of the matrix (`kernel`), mostly with a proof.
//! The complexity (roles, memberships and terms of roles together, the "weighted structural
//! complexity" of Molloy et al., SACMAT 2008, with equal weights and no direct grants) is minimised
//! by a search that proves nothing (`search`). Who the clients are and what a term opens is not known here.

mod bits;
mod chance;
mod cliques;
mod cover;
mod existing;
mod kernel;
mod matrix;
mod names;
mod outcome;
mod proposal;
mod repair;
mod search;
#[cfg(test)]
mod tests;

use bits::Bits;
use cover::Cover;
use kernel::{Fewest, Rectangle};
use matrix::Merged;
use search::Found;

pub(crate) use existing::judged;
pub use existing::{ExistingRole, JudgedRole, RoleVerdict};
pub(crate) use matrix::Matrix;
pub use names::{Meanings, Rhythms};
pub use outcome::{OverTime, RoleOverTime, RoleProposal};
pub(crate) use proposal::granted;
pub use proposal::{By, Needs, Proposal, ProposedRole, RoleOptions, propose};

/// What is to be small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aim {
    /// Roles, memberships and terms of roles, all together.
    #[default]
    Complexity,
    /// The number of roles first, then the complexity.
    Roles,
}

/// A role: members and terms by their numbers in the matrix, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MinedRole {
    pub(crate) members: Vec<usize>,
    pub(crate) terms: Vec<usize>,
}

/// What the search may use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Problem<'a> {
    pub(crate) aim: Aim,
    /// Terms of roles that there are: where it costs nothing, a role of exactly these is used.
    pub(crate) known: &'a [Vec<usize>],
    /// Roles that stay as they are, with members that need all of their terms.
    pub(crate) kept: &'a [MinedRole],
}

/// The roles that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mined {
    /// Those that are kept first, in their order and with new members; then the others.
    pub(crate) roles: Vec<MinedRole>,
    /// No set of roles that covers the matrix exactly, beside those that are kept, has fewer.
    pub(crate) at_least: usize,
    /// Roles, memberships and terms of roles, without those that are kept.
    pub(crate) complexity: usize,
}

/// What a role costs when the number of roles is what counts: more than any complexity.
const ROLES_FIRST: u64 = 1 << 36;
/// Searches with seeds of their own, of which the best counts.
const SEEDS: [u64; 2] = [1, 2];
/// Words of bits that one search may look at, for each cell of the merged matrix, and within limits.
const WORK_PER_CELL: u64 = 60_000;
const LEAST_WORK: u64 = 4_000_000;
const MOST_WORK: u64 = 500_000_000;

/// Roles that give each client exactly what the matrix says.
pub(crate) fn mine(matrix: &Matrix, problem: &Problem<'_>) -> Mined {
    mine_with(matrix, problem, MOST_WORK)
}

/// The same with at most so much work.
fn mine_with(matrix: &Matrix, problem: &Problem<'_>, most_work: u64) -> Mined {
    let (clients, terms) = (matrix.rows.len(), matrix.columns.len());
    let kept = problem.kept.iter();
    let members = kept
        .clone()
        .map(|role| Bits::of(clients, role.members.iter().copied()));
    let members: Vec<Bits> = members.collect();
    let known = kept.map(|role| &role.terms).chain(problem.known);
    let known: Vec<Bits> = known
        .map(|own| Bits::of(terms, own.iter().copied()))
        .collect();
    let merged = Merged::of(matrix, (&members, &known));
    let (kept_terms, known) = known.split_at(members.len());
    let kept: Vec<Rectangle> = members
        .iter()
        .zip(kept_terms)
        .map(|(members, terms)| {
            (
                in_classes(members, &merged.clients),
                in_classes(terms, &merged.terms),
            )
        })
        .collect();
    let fewest = fewest(&merged, &kept);
    let found = best(&merged, &kept, (problem.aim, most_work), &fewest);
    let known = known.iter().filter(|own| !own.is_empty());
    let known: Vec<Bits> = known.map(|own| in_classes(own, &merged.terms)).collect();
    let roles = adopt(&merged, &kept, &found, (&known, price(problem.aim)));
    result(&merged, &roles, kept.len(), fewest.at_least)
}

/// The classes of which all members are in the set.
fn in_classes(set: &Bits, classes: &[Vec<usize>]) -> Bits {
    let inside = classes.iter().enumerate();
    let inside = inside.filter(|(_, class)| class.iter().all(|member| set.contains(*member)));
    Bits::of(classes.len(), inside.map(|(at, _)| at))
}

const fn price(aim: Aim) -> u64 {
    match aim {
        Aim::Complexity => 1,
        Aim::Roles => ROLES_FIRST,
    }
}

fn fewest(merged: &Merged, kept: &[Rectangle]) -> Fewest {
    let mut left = merged.matrix.rows.clone();
    for (clients, terms) in kept {
        clients.iter().for_each(|client| left[client].take(terms));
    }
    kernel::fewest(&merged.matrix, left, kernel::Limits::default())
}

/// The best of several searches: from the fewest roles, and from nothing.
fn best(
    merged: &Merged,
    kept: &[Rectangle],
    (aim, most_work): (Aim, u64),
    fewest: &Fewest,
) -> Found {
    let cells = merged.matrix.cells() as u64;
    let budget = (cells * WORK_PER_CELL)
        .clamp(LEAST_WORK, MOST_WORK)
        .min(most_work);
    let from = |seed: u64| {
        let mut cover = Cover::new(merged, price(aim));
        cover.start(kept, true);
        // From nothing the number of roles would hardly become as small again.
        if aim == Aim::Roles || seed != SEEDS[0] {
            cover.start(&fewest.roles, false);
        }
        search::search(&mut cover, seed, budget)
    };
    let (one, other) = rayon::join(|| from(SEEDS[0]), || from(SEEDS[1]));
    if other.cost < one.cost { other } else { one }
}

/// Uses the roles that there are in place of others, where this costs nothing.
fn adopt(
    merged: &Merged,
    kept: &[Rectangle],
    found: &Found,
    (known, price): (&[Bits], u64),
) -> Vec<Rectangle> {
    let mut cover = Cover::new(merged, price);
    let (own, others) = found.roles.split_at(kept.len());
    cover.start(kept, true);
    for (role, (clients, _)) in own.iter().enumerate() {
        let mut further = clients.clone();
        further.take(&kept[role].0);
        further.iter().for_each(|client| cover.join(role, client));
    }
    cover.start(others, false);
    for terms in known {
        let same = |role: usize| cover.roles[role].terms == *terms;
        if cover.live().any(same) {
            continue;
        }
        let before = cover.cost;
        let others: Vec<usize> = cover.live().collect();
        let role = cover.make();
        terms.iter().for_each(|term| cover.add(role, term));
        for client in cover.joinable(role).clone().iter() {
            cover.join(role, client);
        }
        for other in others {
            cover.prune(other, true);
        }
        cover.prune_clients(role);
        if cover.roles[role].clients.is_empty() || cover.cost_when_swept() > before {
            cover.undo();
        } else {
            cover.commit();
        }
    }
    cover.rectangles()
}

fn result(merged: &Merged, roles: &[Rectangle], kept: usize, at_least: usize) -> Mined {
    let members = |set: &Bits, classes: &[Vec<usize>]| {
        let mut all: Vec<usize> = set
            .iter()
            .flat_map(|at| classes[at].iter().copied())
            .collect();
        all.sort_unstable();
        all
    };
    let role = |(clients, terms): &Rectangle| MinedRole {
        members: members(clients, &merged.clients),
        terms: members(terms, &merged.terms),
    };
    let mut roles: Vec<MinedRole> = roles.iter().map(role).collect();
    // The most important first: what is given most often.
    let cells = |role: &MinedRole| role.members.len() * role.terms.len();
    roles[kept..].sort_by(|one, other| cells(other).cmp(&cells(one)).then_with(|| one.cmp(other)));
    let sizes = roles[kept..]
        .iter()
        .map(|role| 1 + role.members.len() + role.terms.len());
    Mined {
        complexity: sizes.sum(),
        roles,
        at_least,
    }
}
