//! Shares of cases: bounds (Wilson 1927, one-sided), and how many cases dependent ones are.

/// One-sided 95 %: what bounds a share.
const Z: f64 = 1.645;
/// One-sided 99 %: what refutes a promise must be no accident.
const REFUTE: f64 = 2.326;
/// Cases that refute a promise at least.
const AT_LEAST: f64 = 2.0;
/// Correlation of the grants of one client.
pub(super) const OF_A_CLIENT: f64 = 0.10;

/// Upper end of Wilson's one-sided 95 % interval for `x` of `n`; 1 when there is nothing.
pub(crate) fn upper(x: f64, n: f64) -> f64 {
    if n <= 0.0 { 1.0 } else { at(x, n, Z) }
}

/// Whether `x` of `n` refute that at most a share of `promised` (0..1) comes: two or more,
/// and the lower end of Wilson's one-sided 99 % interval is above it.
pub(super) fn refutes(x: f64, n: f64, promised: f64) -> bool {
    x >= AT_LEAST && n > 0.0 && 1.0 - at(n - x, n, REFUTE) > promised
}

/// The weight of each of `cases` of one cluster: Kish's design effect (Survey Sampling,
/// 1965). 5 grants of a client weigh as 3.6 clients do, 100 as 9.2, and none more than 10.
pub(super) fn weight(cases: u32, correlation: f64) -> f64 {
    1.0 / (1.0 + f64::from(cases.saturating_sub(1)) * correlation)
}

fn at(hits: f64, cases: f64, z: f64) -> f64 {
    let cases = cases.max(1e-9);
    let (share, square) = ((hits / cases).clamp(0.0, 1.0), z * z / cases);
    let spread = (share * (1.0 - share) / cases + square * square / (4.0 * z * z)).sqrt();
    ((share + square / 2.0 + z * spread) / (1.0 + square)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_rule_of_three_without_a_case_and_known_values_with_one() {
        // n = 52 is the first count whose bound for zero cases is below 5 %.
        assert!(upper(0.0, 52.0) < 0.05 && upper(0.0, 51.0) > 0.05);
        assert!((upper(0.0, 100.0) - 2.706_025 / 102.706_025).abs() < 1e-12);
        assert!((upper(1.0, 3.0) - 0.746_490).abs() < 1e-6);
        assert!((upper(0.0, 0.0) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_promise_is_refuted_by_more_than_chance() {
        assert!(!refutes(4.0, 200.0, 0.02), "what was promised");
        assert!(!refutes(1.0, 2.0, 0.02), "one case");
        assert!(!refutes(7.0, 200.0, 0.02), "3.5 % may be chance");
        assert!(refutes(12.0, 200.0, 0.02));
    }

    #[test]
    fn a_hundred_grants_of_one_client_are_nine_cases() {
        let cases = |n: u32| f64::from(n) * weight(n, OF_A_CLIENT);
        assert!((cases(1) - 1.0).abs() < 1e-12);
        assert!((cases(5) - 3.571).abs() < 1e-3);
        assert!((cases(100) - 9.174).abs() < 1e-3);
    }
}
