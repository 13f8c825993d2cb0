//! Known names in sentences, all replaced in one pass.
//!
//! Invariant: a name is replaced where it stands alone, and the longest one that
//! does wins; inside a longer word it stays, because there it is another name.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;

/// Names to look for, and what takes their place.
#[derive(Default)]
pub(super) struct Names {
    /// `None` when there is nothing to look for.
    search: Option<AhoCorasick>,
    /// Name and pseudonym, by the number of the pattern.
    known: Vec<(String, String)>,
}

impl Names {
    /// Names with their pseudonyms; empty names are left out.
    pub(super) fn new(known: BTreeMap<String, String>) -> Self {
        let mut known: Vec<(String, String)> = known.into_iter().collect();
        known.retain(|(name, _)| !name.is_empty());
        let names = known.iter().map(|(name, _)| name.as_bytes());
        // Only more patterns than fit into memory make this fail.
        let search = AhoCorasick::new(names)
            .ok()
            .filter(|search| search.patterns_len() > 0);
        Self { search, known }
    }

    /// The sentence with every name replaced that stands alone.
    pub(super) fn replace(&self, sentence: &str) -> String {
        let Some(search) = &self.search else {
            return sentence.to_owned();
        };
        let mut hits: Vec<(usize, usize, usize)> = search
            .find_overlapping_iter(sentence)
            .map(|hit| (hit.start(), hit.end(), hit.pattern().as_usize()))
            .filter(|(from, to, _)| alone(sentence, *from, *to))
            .collect();
        // The first one, and of those that begin together the longest.
        hits.sort_by_key(|(from, to, _)| (*from, usize::MAX - to));
        let mut out = String::with_capacity(sentence.len());
        let mut done = 0;
        for (from, to, pattern) in hits {
            if from < done {
                continue;
            }
            out.push_str(&sentence[done..from]);
            out.push_str(&self.known[pattern].1);
            done = to;
        }
        out.push_str(&sentence[done..]);
        out
    }
}

/// No letter, digit or joining sign is next to it; next to a path no further part of a path.
fn alone(text: &str, from: usize, to: usize) -> bool {
    let path = text[from..].starts_with('/');
    let joins = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-') || (path && "/{}%~*:@+$&=".contains(c))
    };
    let before = text[..from].chars().next_back();
    let mut after = text[to..].chars();
    let next = after.next();
    // A dot ends a sentence, or is in the middle of a file's name; `FILE:12` names a line.
    let goes_on = match next {
        Some('.') if path => after.next().is_some_and(char::is_alphanumeric),
        Some(':') if path => after.next().is_some_and(char::is_alphabetic),
        Some(c) => joins(c),
        None => false,
    };
    !before.is_some_and(joins) && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str, names: &[(&str, &str)]) -> String {
        let owned = |(name, hidden): &(&str, &str)| ((*name).to_owned(), (*hidden).to_owned());
        Names::new(names.iter().map(owned).collect()).replace(text)
    }

    #[test]
    fn a_name_is_replaced_as_a_word_and_never_inside_a_longer_one() {
        let text = "`ops` and ops-breakglass, xops; ops";
        assert_eq!(
            replaced(text, &[("ops", "client-1")]),
            "`client-1` and ops-breakglass, xops; client-1"
        );
    }

    #[test]
    fn the_longest_separate_name_wins() {
        let names = [("a", "one"), ("a b", "two")];
        assert_eq!(replaced("a b, a bc, a", &names), "two, one bc, one");
    }

    #[test]
    fn a_pseudonym_is_not_searched_again() {
        let names = [("x", "client 1"), ("client", "client 2")];
        assert_eq!(replaced("x client", &names), "client 1 client 2");
    }

    #[test]
    fn a_path_is_replaced_whole_and_never_inside_another_one() {
        let names = [("/", "path-0"), ("/a", "path-1"), ("/a/b", "path-2")];
        assert_eq!(
            replaced(
                "GET / and /a, /a/b (/a/{id}, /ab, /a.b, /a:cancel) /a:12 /a.",
                &names
            ),
            "GET path-0 and path-1, path-2 (/a/{id}, /ab, /a.b, /a:cancel) path-1:12 path-1."
        );
    }

    #[test]
    fn nothing_known_changes_nothing() {
        assert_eq!(replaced("as it is", &[]), "as it is");
        assert_eq!(replaced("as it is", &[("", "x")]), "as it is");
    }
}
