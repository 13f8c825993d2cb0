//! Counts in words.

use std::fmt::Display;

/// `1 client`, `0 clients`, `3 clients`: a count with a noun that takes an `s`.
pub fn plural<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let one = count == N::from(1);
    format!("{count} {noun}{}", if one { "" } else { "s" })
}

/// The first word for one, the second for any other number: `was` and `were`.
pub fn either<N: Copy + PartialEq + From<u8>>(
    count: N,
    one: &'static str,
    many: &'static str,
) -> &'static str {
    if count == N::from(1) { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_no_s_and_nothing_has() {
        assert_eq!(plural(1_u64, "silent day"), "1 silent day");
        assert_eq!(plural(0_usize, "client"), "0 clients");
        assert_eq!(plural(2_i32, "client"), "2 clients");
        assert_eq!(either(1_u32, "was", "were"), "was");
        assert_eq!(either(0_u32, "was", "were"), "were");
    }
}
