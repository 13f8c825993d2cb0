//! Names in a sentence: listed, quoted, and "did you mean".

use std::borrow::Borrow;
use std::fmt::Write as _;

/// `a, b and 3 more`: at most the first so many of all.
pub(crate) fn first<S: Borrow<str>>(names: &[S], most: usize) -> String {
    listed(&names[..most.min(names.len())], names.len())
}

/// `a, b and 3 more`: those that are shown, of so many in all.
pub(crate) fn listed<S: Borrow<str>>(shown: &[S], all: usize) -> String {
    let text = shown.join(", ");
    match all.saturating_sub(shown.len()) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// `safe` becomes `Safe`.
pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A name in backticks, cut when it is long.
pub(crate) fn backticks(name: &str) -> String {
    const SHOWN: usize = 80;
    if name.chars().nth(SHOWN).is_none() {
        return format!("`{name}`");
    }
    format!("`{}…`", name.chars().take(SHOWN).collect::<String>())
}

/// A word of a command line, in single quotes where a shell would read it in another way.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A TOML basic string. JSON's escapes are all TOML's, which refuses DEL as well.
pub(crate) fn toml_string(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}

/// A path as git writes it: in double quotes with C escapes when it holds a quote, a
/// backslash or a control character, and with a tab after it when it holds a space.
pub(crate) fn git_path(prefix: &str, path: &str) -> String {
    let special = |c: char| c.is_control() || matches!(c, '"' | '\\');
    if !path.contains(special) {
        let tab = if path.contains(' ') { "\t" } else { "" };
        return format!("{prefix}{path}{tab}");
    }
    let mut name = format!("\"{prefix}");
    for c in path.chars() {
        match c {
            '"' | '\\' => name.extend(['\\', c]),
            '\n' => name.push_str("\\n"),
            '\t' => name.push_str("\\t"),
            '\r' => name.push_str("\\r"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Writing to a string cannot fail.
                    let _ = write!(name, "\\{byte:03o}");
                }
            }
            c => name.push(c),
        }
    }
    name.push('"');
    name
}

/// The known word nearest to `word`, when it is near enough to be a slip of the pen.
///
/// One edit is allowed per three characters, at least one and at most three;
/// upper and lower case count as the same. Of equally near words the first
/// known one is taken. Else it may be the beginning of one: the shortest such word.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
    use super::*;

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

    #[test]
    fn a_list_ends_with_how_many_more_there_are() {
        assert_eq!(first(&["a", "b"], 2), "a, b");
        assert_eq!(first(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(listed(&["a".to_owned()], 4), "a and 3 more");
    }

    #[test]
    fn a_name_is_quoted_as_its_reader_needs_it() {
        assert_eq!(backticks(&"x".repeat(81)), format!("`{}…`", "x".repeat(80)));
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(toml_string("a\"\u{7f}"), "\"a\\\"\\u007F\"");
        assert_eq!(git_path("a/", "x y"), "a/x y\t");
        assert_eq!(git_path("a/", "x\"\u{1}"), "\"a/x\\\"\\001\"");
    }
}
