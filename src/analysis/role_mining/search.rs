//! The search for roles of the least complexity: some roles are dissolved, what they covered is
//! covered anew, and the better of both is kept.
//!
//! In: a cover, a seed and a number of words of bits that may be looked at. Out: the best cover that
//! was met. The same for the same input on every machine: chance comes from the seed, and the end
//! from the work that was done, never from a clock.

use super::bits::Bits;
use super::chance::Chance;
use super::cover::Cover;
use super::kernel::Rectangle;
use super::repair::repair;

/// The search ends after so many attempts without a better cover, and more for each role.
const PATIENCE: usize = 300;
const PATIENCE_PER_ROLE: usize = 60;

/// The best cover of a search, and what it costs.
pub(super) struct Found {
    pub(super) cost: u64,
    pub(super) roles: Vec<Rectangle>,
}

/// Improves the cover, which is completed first, until `budget` words were looked at.
pub(super) fn search(cover: &mut Cover<'_>, seed: u64, budget: u64) -> Found {
    let chance = &mut Chance(seed);
    let everybody = Bits::all(cover.of.clients.len());
    repair(cover, chance, &mut everybody.clone());
    prune(cover, &everybody, chance);
    cover.commit();
    let mut best = Found {
        cost: cover.cost,
        roles: cover.rectangles(),
    };
    // The first cover of a large matrix is work as well, but none of the search.
    let begin = cover.work;
    let mut idle = 0;
    while cover.work - begin < budget && idle < PATIENCE + PATIENCE_PER_ROLE * best.roles.len() {
        idle += 1;
        let before = cover.cost;
        let touched = shake(cover, chance);
        let Some(mut touched) = touched else {
            break; // no role can be dissolved
        };
        repair(cover, chance, &mut touched);
        prune(cover, &touched, chance);
        let left = 1_000 - 1_000 * (cover.work - begin).min(budget) / budget.max(1);
        if cover.cost_when_swept() <= before + slack(cover, before, left, chance) {
            cover.commit();
            if cover.cost < best.cost {
                idle = 0;
                best = Found {
                    cost: cover.cost,
                    roles: cover.rectangles(),
                };
            }
        } else {
            cover.undo();
        }
    }
    best
}

/// How much worse a cover may become for once: at most a two-thousandth, mostly far less, and less
/// and less. The number of roles never grows for it when roles are what is counted.
fn slack(cover: &Cover<'_>, cost: u64, left: u64, chance: &mut Chance) -> u64 {
    let most = if cover.role_price > 1 {
        cost % cover.role_price
    } else {
        cost
    };
    let luck = chance.below(1_000) as u64;
    let rare = luck * luck * luck / 1_000_000 * luck;
    most * left * rare / 2_000_000_000_000
}

/// Dissolves one to five roles that have clients or terms in common. Gives the clients of them.
fn shake(cover: &mut Cover<'_>, chance: &mut Chance) -> Option<Bits> {
    let live: Vec<usize> = cover.live().filter(|role| !cover.is_kept(*role)).collect();
    cover.work += live.len() as u64;
    let first = live.get(chance.below(live.len())).copied()?;
    let mut gone = vec![first];
    for _ in 0..chance.below(5) {
        let near = &cover.roles[gone[chance.below(gone.len())]];
        let by_client = chance.below(2) == 0;
        let shared = if by_client {
            &near.clients
        } else {
            &near.terms
        };
        let Some(shared) = shared.nth(chance.below(shared.len())) else {
            continue;
        };
        let also = |role: &&usize| {
            let own = &cover.roles[**role];
            let own = if by_client { &own.clients } else { &own.terms };
            own.contains(shared) && !gone.contains(*role)
        };
        let also: Vec<usize> = live.iter().filter(also).copied().collect();
        gone.extend(also.get(chance.below(also.len())));
    }
    let mut touched = Bits::none(cover.of.clients.len());
    for role in gone {
        touched.add(&cover.roles[role].clients);
        cover.dissolve(role);
    }
    Some(touched)
}

/// Takes out of the roles of these clients what others cover as well, in an order of chance.
fn prune(cover: &mut Cover<'_>, touched: &Bits, chance: &mut Chance) {
    let meets = |role: &usize| cover.roles[*role].clients.meets(touched);
    let mut roles: Vec<usize> = cover.live().filter(meets).collect();
    cover.work += (cover.roles.len() * touched.words().len()) as u64;
    for at in (1..roles.len()).rev() {
        roles.swap(at, chance.below(at + 1));
    }
    for role in roles {
        cover.prune(role, chance.below(2) == 0);
    }
}
