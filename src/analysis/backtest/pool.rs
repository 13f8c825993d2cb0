//! Sums over origins, with a bound.
//!
//! Origins overlap: one idle grant is recommended month after month, so that the
//! rows are not independent, and neither are the grants of one client. The rate is over
//! rows; the bound counts each grant once, and those of one client together.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::past_advice::{Proposed, is_removed};
use super::{LEVELS, Origin, Tally};
use crate::analysis::share::{OF_A_CLIENT, upper, weight};
use crate::model::numbers::Numbers;
use crate::model::{ClientName, Term, Verdict};

const SETS: usize = LEVELS.len();

/// A sum over origins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pooled {
    /// Origins summed up.
    pub origins: u32,
    /// Removals, counted once for each origin.
    pub removals: u64,
    /// Different grants among them.
    pub grants: u64,
    /// Removals that a request would have missed.
    pub wrong: u64,
    /// Those of them that 30 days of shadow denial would have shown.
    pub wrong_early: u64,
    /// Requests that would have been denied.
    pub requests: u64,
    /// Wrong removals / removals, 0..1; `None` without removals.
    pub rate: Option<f64>,
    /// Different grants as independent cases: those of one client count together.
    pub cases: f64,
    /// Upper bound of the rate (Wilson, one-sided 95 %) on these cases.
    pub upper: Option<f64>,
}

/// What is known of the grants of some origins.
#[derive(Default)]
struct Pool {
    sums: [Pooled; SETS],
    /// The safest set that each grant was in, by the numbers of its client and term.
    grants: HashMap<(u32, u32), u8, FixedState>,
}

/// Sums over all origins, of their first days alone, and over those that are not censored.
#[derive(Default)]
pub(super) struct Pools {
    clients: Numbers<ClientName>,
    terms: Numbers<Term>,
    whole: Pool,
    early: Pool,
}

impl Pools {
    /// Adds the removals of an origin, and what they did.
    pub(super) fn add(&mut self, proposal: &Proposed<'_>, origin: &Origin) {
        for client in &proposal.clients {
            let removed = client.terms.iter();
            for found in removed.filter(|found| found.verdict == Verdict::Remove) {
                let sets = LEVELS.iter().zip(0_u8..);
                let mut sets = sets.filter(|(up_to, _)| is_removed(found.level, **up_to));
                let Some((_, set)) = sets.next() else {
                    continue;
                };
                let grant = (self.clients.of(&client.id), self.terms.of(&found.term));
                self.early.put(grant, set);
                if !origin.censored {
                    self.whole.put(grant, set);
                }
            }
        }
        for (at, tally) in origin.tallies.iter().enumerate() {
            let early = (tally.wrong_early, tally.requests_early);
            self.early.sums[at].add(tally, early);
            if !origin.censored {
                self.whole.sums[at].add(tally, (tally.wrong, tally.requests));
            }
        }
    }

    /// Over the origins that are not censored, and over the first days of all.
    pub(super) fn sums(self) -> ([Pooled; SETS], [Pooled; SETS]) {
        // Sums run over clients in the order of their names, so that no bit depends on hashes.
        let order = self.clients.order();
        (self.whole.sums(&order), self.early.sums(&order))
    }
}

impl Pool {
    fn put(&mut self, grant: (u32, u32), set: u8) {
        let known = self.grants.entry(grant).or_insert(set);
        *known = (*known).min(set);
    }

    fn sums(self, order: &[u32]) -> [Pooled; SETS] {
        let mut sums = self.sums;
        for (sum, at) in sums.iter_mut().zip(0_u8..) {
            let mut clients = vec![0_u32; order.len()];
            for ((client, _), _) in self.grants.iter().filter(|(_, set)| **set <= at) {
                clients[*client as usize] += 1;
            }
            sum.finish(order.iter().map(|client| clients[*client as usize]));
        }
        sums
    }
}

impl Pooled {
    fn add(&mut self, tally: &Tally, (wrong, requests): (u64, u64)) {
        self.origins += 1;
        self.removals += tally.removals;
        self.wrong += wrong;
        self.wrong_early += tally.wrong_early;
        self.requests += requests;
    }

    /// `clients` has the number of different grants of each client.
    fn finish(&mut self, clients: impl Iterator<Item = u32>) {
        for grants in clients.filter(|grants| *grants > 0) {
            self.grants += u64::from(grants);
            self.cases += f64::from(grants) * weight(grants, OF_A_CLIENT);
        }
        if self.removals > 0 {
            let rate = float(self.wrong) / float(self.removals);
            self.rate = Some(rate);
            self.upper = Some(upper(rate * self.cases, self.cases));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_of_several_origins_counts_once_and_in_the_safest_set_that_it_was_in() {
        let mut pool = Pool::default();
        // Of client 0 at review, then safe; of client 1 likely, twice.
        for (client, set) in [(0, 2), (0, 0), (1, 1), (1, 1)] {
            pool.put((client, 7), set);
        }
        let sums = pool.sums(&[1, 0]);
        assert_eq!(sums.map(|sum| sum.grants), [1, 2, 2]);
        assert_eq!(sums.map(|sum| sum.cases.to_string()), ["1", "2", "2"]);
    }
}
