//! "Did you mean": the known word that is most like an unknown one.

/// The known word nearest to `word`, when it is near enough to be a slip of the pen.
///
/// One edit is allowed per three characters, at least one and at most three;
/// upper and lower case count as the same. Of equally near words the first
/// known one is taken. Else it may be the beginning of one: the shortest such word.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer words come from no keyboard, and the distance costs their square.
    const LONGEST: usize = 128;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let letters = lower.chars().count();
    let allowed = (letters / 3).clamp(1, 3);
    let known: Vec<&str> = known
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .collect();
    let slip = known
        .iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
            (distance, *candidate)
        })
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    let begun = || {
        let begins = |candidate: &&str| candidate.to_lowercase().starts_with(&lower);
        let longer = known.iter().copied().filter(begins);
        longer.min_by_key(|candidate| candidate.len())
    };
    slip.or_else(|| (letters >= 3).then(begun)?)
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
    fn the_beginning_of_a_word_finds_the_shortest_that_goes_on() {
        let clients = ["billing-sync-eu", "billing-sync", "shop"];
        assert_eq!(closest("Billing", clients), Some("billing-sync"));
        assert_eq!(closest("bi", clients), None);
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
