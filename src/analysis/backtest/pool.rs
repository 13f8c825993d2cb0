//! Sums over origins, with a bound.
//!
//! Origins overlap: one idle grant is recommended month after month, so that the
//! rows are not independent, and neither are the grants of one client. The rate is over
//! rows; the bound counts each grant once, and those of one client together.

use std::collections::{BTreeMap, BTreeSet};

use super::Grant;
use crate::analysis::share::{OF_A_CLIENT, upper, weight};

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

#[derive(Default)]
pub(super) struct Pool {
    sum: Pooled,
    grants: BTreeSet<Grant>,
}

impl Pool {
    pub(super) fn add(
        &mut self,
        set: &BTreeSet<Grant>,
        wrong: u64,
        (wrong_early, requests): (u64, u64),
    ) {
        self.sum.origins += 1;
        self.sum.removals += set.len() as u64;
        self.sum.wrong += wrong;
        self.sum.wrong_early += wrong_early;
        self.sum.requests += requests;
        self.grants.extend(set.iter().cloned());
    }

    pub(super) fn sum(self) -> Pooled {
        let mut sum = self.sum;
        sum.grants = self.grants.len() as u64;
        let mut clients: BTreeMap<_, u32> = BTreeMap::new();
        for (client, _) in &self.grants {
            *clients.entry(client).or_default() += 1;
        }
        let cases = clients
            .values()
            .map(|n| f64::from(*n) * weight(*n, OF_A_CLIENT));
        sum.cases = cases.sum();
        if sum.removals > 0 {
            let rate = float(sum.wrong) / float(sum.removals);
            sum.rate = Some(rate);
            sum.upper = Some(upper(rate * sum.cases, sum.cases));
        }
        sum
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
