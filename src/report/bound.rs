//! Shares and bounds in figures. They are rounded up: a bound must not be understated.

/// To so many decimals, upwards. What a sum of fractions leaves over is no reason for a step.
pub fn up(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    // A negative zero plus zero is zero; `max` may take either.
    ((value * unit - 1e-6).ceil().max(0.0) + 0.0) / unit
}

/// `0.4 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", up(share * 100.0, 1))
}

/// `1.3`, of a number of things.
pub fn count(value: f64) -> String {
    format!("{:.1}", up(value, 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bound_is_rounded_up_and_a_round_number_stays() {
        assert_eq!(percent(0.0101), "1.1 %");
        assert_eq!(percent(0.02), "2.0 %");
        assert_eq!(percent(0.07), "7.0 %");
        assert_eq!(percent(0.0001), "0.1 %");
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.043_155), "4.4 %");
        assert_eq!(percent(0.063_4), "6.4 %");
        assert_eq!(count(0.1 + 0.2), "0.3");
        assert_eq!(count(1.01), "1.1");
    }

    proptest! {
        #[test]
        fn no_share_is_shown_smaller_than_it_is_or_a_step_larger(share in 0.0..=1.0_f64) {
            for decimals in [1, 6] {
                let (shown, step) = (up(share, decimals), 10_f64.powi(-decimals));
                prop_assert!(shown >= share - step * 1e-5, "{} for {}", shown, share);
                prop_assert!(shown < share + step * 1.000_001, "{} for {}", shown, share);
            }
        }
    }
}
