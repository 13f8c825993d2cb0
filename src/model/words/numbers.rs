//! Counts, shares and durations. Bounds are rounded up: they must not be understated.

use std::fmt::Display;

/// `1 client`, `0 clients`, `3 clients`: a count with a noun that takes an `s`.
pub(crate) fn plural<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    format!("{count} {noun}{}", either(count, "", "s"))
}

/// `1 client`, `12,345 clients`.
pub(crate) fn plural_grouped(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), either(count, "", "s"))
}

/// The first word for one, the second for any other number: `was` and `were`.
pub(crate) fn either<N: Copy + PartialEq + From<u8>>(
    count: N,
    one: &'static str,
    many: &'static str,
) -> &'static str {
    if count == N::from(1) { one } else { many }
}

/// `1,234,567`.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `980`, `12 k`, `4.2 M`: rounded down.
pub(crate) fn compact(count: u64) -> String {
    let tenths =
        |unit: u64, name: &str| format!("{}.{} {name}", count / unit, count % unit * 10 / unit);
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{} k", count / 1000),
        1_000_000..1_000_000_000 => tenths(1_000_000, "M"),
        _ => tenths(1_000_000_000, "G"),
    }
}

/// `99999`, `450k`, `12M`: rounded down, for a narrow column.
pub(crate) fn narrow(count: u64) -> String {
    match count {
        0..100_000 => count.to_string(),
        100_000..10_000_000 => format!("{}k", count / 1000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// `0.41`; a share below half a hundredth that is not zero reads `<0.01`.
pub(crate) fn share(value: f64) -> String {
    if value > 0.0 && value < 0.005 {
        "<0.01".to_owned()
    } else {
        format!("{value:.2}")
    }
}

/// `32 %`, to the nearest; what is above zero and below half a percent reads `<1 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.5 {
        "<1 %".to_owned()
    } else {
        format!("{percent:.0} %")
    }
}

/// `0.4 %`, rounded up.
pub(crate) fn percent_up(share: f64) -> String {
    format!("{:.1} %", rounded_up(share * 100.0, 1))
}

/// `part` of `whole` in percent, rounded down; nothing of nothing is 0.
pub(crate) fn percent_of(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or(0)
}

/// `part` of `whole` in ten-thousandths, rounded up.
pub(crate) fn ten_thousandths_up(part: u64, whole: u64) -> u64 {
    let share = (u128::from(part) * 10_000).div_ceil(u128::from(whole).max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// `5`, `1.01`: `part` of `whole` in percent, rounded up to hundredths.
pub(crate) fn percent_to_hundredths(part: u64, whole: u64) -> String {
    let share = ten_thousandths_up(part, whole);
    let text = format!("{}.{:02}", share / 100, share % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `1.3`, of a number of things, rounded up.
pub(crate) fn tenths_up(value: f64) -> String {
    format!("{:.1}", rounded_up(value, 1))
}

/// To so many decimals, upwards. What a sum of fractions leaves over is no reason for a step.
pub(crate) fn rounded_up(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    // A negative zero plus zero is zero; `max` may take either.
    ((value * unit - 1e-6).ceil().max(0.0) + 0.0) / unit
}

/// To so many decimals, to the nearest.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}

/// `15 minutes`, `8 hours`, `30 days`: in whole units, rounded down.
pub(crate) fn rough_duration(seconds: u32) -> String {
    let seconds = u64::from(seconds);
    match seconds {
        172_800.. => plural_grouped(seconds / 86_400, "day"),
        7_200.. => plural_grouped(seconds / 3_600, "hour"),
        120.. => plural_grouped(seconds / 60, "minute"),
        _ => plural_grouped(seconds, "second"),
    }
}

/// `30 days`, `45 seconds`, `1 h 0 min 1 s`: exact, so that no sentence contradicts itself.
pub(crate) fn exact_duration(seconds: u64) -> String {
    const UNITS: [(u64, &str, &str); 4] = [
        (86_400, "d", "day"),
        (3_600, "h", "hour"),
        (60, "min", "minute"),
        (1, "s", "second"),
    ];
    let units = UNITS.iter().skip_while(|(unit, ..)| *unit > seconds.max(1));
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, short, long) in units {
        if parts.is_empty() && rest.is_multiple_of(*unit) {
            return plural(rest / unit, long);
        }
        parts.push(format!("{} {short}", rest / unit));
        rest %= unit;
        if rest == 0 {
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_has_no_s_and_nothing_has() {
        assert_eq!(plural(1_u64, "silent day"), "1 silent day");
        assert_eq!(plural(0_usize, "client"), "0 clients");
        assert_eq!(plural(2_i32, "client"), "2 clients");
        assert_eq!(plural_grouped(1, "client"), "1 client");
        assert_eq!(plural_grouped(1_234, "client"), "1,234 clients");
        assert_eq!(either(1_u32, "was", "were"), "was");
        assert_eq!(either(0_u32, "was", "were"), "were");
    }

    #[test]
    fn small_shares_are_not_shown_as_nothing_and_large_counts_are_grouped_or_short() {
        assert_eq!(share(0.0), "0.00");
        assert_eq!(share(0.004), "<0.01");
        assert_eq!(share(0.405), "0.41");
        assert_eq!(percent(0.002), "<1 %");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
        assert_eq!(compact(4_250_000), "4.2 M");
        assert_eq!(narrow(450_999), "450k");
    }

    #[test]
    fn a_bound_is_rounded_up_and_a_round_number_stays() {
        assert_eq!(percent_up(0.0101), "1.1 %");
        assert_eq!(percent_up(0.02), "2.0 %");
        assert_eq!(percent_up(0.07), "7.0 %");
        assert_eq!(percent_up(0.0001), "0.1 %");
        assert_eq!(percent_up(0.0), "0.0 %");
        assert_eq!(percent_up(0.043_155), "4.4 %");
        assert_eq!(percent_up(0.063_4), "6.4 %");
        assert_eq!(tenths_up(0.1 + 0.2), "0.3");
        assert_eq!(tenths_up(1.01), "1.1");
        assert_eq!(percent_to_hundredths(100, 9_999), "1.01");
        assert_eq!(percent_to_hundredths(20, 400), "5");
    }

    #[test]
    fn a_rough_duration_has_one_unit_and_an_exact_one_leaves_nothing_out() {
        assert_eq!(rough_duration(28_801), "8 hours");
        assert_eq!(exact_duration(3_601), "1 h 0 min 1 s");
        assert_eq!(exact_duration(30 * 86_400), "30 days");
        assert_eq!(exact_duration(0), "0 seconds");
    }

    proptest! {
        #[test]
        fn no_share_is_shown_smaller_than_it_is_or_a_step_larger(share in 0.0..=1.0_f64) {
            for decimals in [1, 6] {
                let (shown, step) = (rounded_up(share, decimals), 10_f64.powi(-decimals));
                prop_assert!(shown >= share - step * 1e-5, "{} for {}", shown, share);
                prop_assert!(shown < share + step * 1.000_001, "{} for {}", shown, share);
            }
        }
    }
}
