//! "Did you mean": the known word that is most like an unknown one.

/// The known word nearest to `word`, when it is near enough to be a slip of the pen.
///
/// One edit is allowed per three characters, at least one and at most three;
/// upper and lower case count as the same. Of equally near words the first
/// known one is taken.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer words come from no keyboard, and the distance costs their square.
    const LONGEST: usize = 128;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    const KNOWN: [&str; 4] = ["window", "catalog", "grants", "as_of"];

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        assert_eq!(closest("windwo", KNOWN), Some("window"));
        assert_eq!(closest("catalogue", KNOWN), Some("catalog"));
        assert_eq!(closest("GRANTS", KNOWN), Some("grants"));
        assert_eq!(closest("as-of", KNOWN), Some("as_of"));
        assert_eq!(closest("colour", KNOWN), None);
        assert_eq!(closest("", KNOWN), None);
    }

    #[test]
    fn a_short_word_is_not_matched_with_everything_short() {
        assert_eq!(closest("b", ["a", "c"]), None);
    }

    #[test]
    fn a_hostile_word_costs_nothing() {
        assert_eq!(closest(&"x".repeat(1 << 20), KNOWN), None);
    }
}
