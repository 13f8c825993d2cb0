//! "Did you mean": the known word nearest to a mistyped one.

/// The nearest of the known words, when it is near enough to be meant.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(word, other), other))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["orders:read", "orders:write", "logs"];
        assert_eq!(closest("order:read", known), Some("orders:read"));
        assert_eq!(closest("lgos", known), Some("logs"));
        assert_eq!(closest("customers:read", known), None);
    }
}
