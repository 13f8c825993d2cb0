//! Sums over origins, with a bound.
//!
//! Origins overlap: one idle grant is recommended month after month, so that the
//! rows are not independent. The rate is over rows; the bound counts each grant once.

use std::collections::BTreeSet;

use super::Grant;

/// One-sided 95 %.
const Z: f64 = 1.645;

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
    /// Upper bound of the rate (Wilson, one-sided 95 %) on different grants.
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
        if sum.removals > 0 {
            let rate = float(sum.wrong) / float(sum.removals);
            sum.rate = Some(rate);
            sum.upper = Some(wilson(rate * float(sum.grants), sum.grants));
        }
        sum
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// Upper end of Wilson's one-sided 95 % interval for `x` of `n`; 1 when n is 0.
pub fn wilson(x: f64, n: u64) -> f64 {
    if n == 0 {
        return 1.0;
    }
    let n = float(n);
    let p = x / n;
    let z2 = Z * Z;
    let middle = p + z2 / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle + spread) / (1.0 + z2 / n)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_rule_of_three_without_a_case_and_known_values_with_one() {
        // n = 52 is the first count whose bound for zero cases is below 5 %.
        assert!(wilson(0.0, 52) < 0.05 && wilson(0.0, 51) > 0.05);
        assert!((wilson(0.0, 100) - 2.706_025 / 102.706_025).abs() < 1e-12);
        assert!((wilson(1.0, 3) - 0.746_490).abs() < 1e-6);
        assert!((wilson(0.0, 0) - 1.0).abs() < f64::EPSILON);
    }
}
