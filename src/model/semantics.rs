//! What a held term opens: the enforcer's rule, never the spelling's.
//!
//! Invariants:
//! * the default is equality; `orders:*` is then an ordinary name;
//! * nothing is inferred from names: that `x.readwrite` covers `x.read` has to
//!   be declared under `implies`;
//! * implication is transitive and reflexive.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scope, Term};

/// How a held term is compared with a required scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ScopeMatch {
    /// Byte for byte.
    #[default]
    Exact,
    /// Segments split at the delimiter: `*` stands for one non-empty segment, a
    /// trailing `*` for one or more (the rule of ory/fosite's wildcard strategy).
    Wildcard(char),
    /// A term covers itself and everything below it: `orders` covers `orders.read`
    /// (ory/fosite's hierarchic strategy).
    Hierarchy(char),
    /// `*` stands for any run of characters, `?` for one.
    Glob,
    /// The same, with upper and lower case of ASCII letters alike (actions of AWS).
    GlobAnyCase,
}

impl ScopeMatch {
    /// Reads `exact`, `wildcard:DELIM`, `hierarchy:DELIM`, `glob` or `glob-any-case`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, delimiter) = match text.split_once(':') {
            Some((name, rest)) => {
                let mut chars = rest.chars();
                (name, chars.next().filter(|_| chars.next().is_none()))
            }
            None => (text, None),
        };
        match (name, delimiter) {
            ("exact", None) if !text.contains(':') => Some(Self::Exact),
            ("glob", None) if !text.contains(':') => Some(Self::Glob),
            ("glob-any-case", None) if !text.contains(':') => Some(Self::GlobAnyCase),
            ("wildcard", Some(delimiter)) => Some(Self::Wildcard(delimiter)),
            ("hierarchy", Some(delimiter)) => Some(Self::Hierarchy(delimiter)),
            _ => None,
        }
    }

    /// Whether holding `term` gives `scope`.
    pub fn covers(self, term: &str, scope: &str) -> bool {
        match self {
            Self::Exact => term == scope,
            Self::Wildcard(delimiter) => wildcard(term, scope, delimiter),
            Self::Hierarchy(delimiter) => {
                scope == term
                    || scope
                        .strip_prefix(term)
                        .is_some_and(|rest| rest.starts_with(delimiter))
            }
            Self::Glob => glob(term.as_bytes(), scope.as_bytes()),
            Self::GlobAnyCase => {
                let lower = |text: &str| text.to_ascii_lowercase();
                glob(lower(term).as_bytes(), lower(scope).as_bytes())
            }
        }
    }

    /// Whether a term is spelt as a pattern, and so gives names that nobody knows yet.
    ///
    /// In a hierarchy every name gives what may come below it, and none is spelt otherwise.
    pub fn is_pattern(self, term: &str) -> bool {
        match self {
            Self::Exact | Self::Hierarchy(_) => false,
            Self::Wildcard(delimiter) => term.split(delimiter).any(|segment| segment == "*"),
            Self::Glob | Self::GlobAnyCase => term.contains(['*', '?']),
        }
    }

    /// Whether `wide` gives every name that `narrow` gives, also those that nobody knows yet.
    ///
    /// The answer is no where that is not certain.
    pub fn includes(self, wide: &str, narrow: &str) -> bool {
        match self {
            // A `?` of one would stand for a `*` of the other.
            Self::Glob | Self::GlobAnyCase if wide.contains('?') && self.is_pattern(narrow) => {
                wide == narrow
            }
            // Only a `*` stands for one.
            _ => self.covers(wide, narrow),
        }
    }
}

/// The scope semantics of one catalogue.
#[derive(Clone, Debug, Default)]
pub struct Semantics {
    /// How names are compared.
    pub matching: ScopeMatch,
    /// Declared implications, scope to scopes.
    pub implies: BTreeMap<Scope, BTreeSet<Scope>>,
}

impl Semantics {
    /// The scopes of `universe` that holding `term` gives, implications followed to the end.
    pub fn expand(&self, term: &Term, universe: &BTreeSet<Scope>) -> BTreeSet<Scope> {
        // The common case, asked for each of many terms: no name opens another.
        if self.matching == ScopeMatch::Exact && self.implies.is_empty() {
            return universe.get(term.as_str()).cloned().into_iter().collect();
        }
        let mut open: Vec<Scope> = Vec::new();
        let mut seen = BTreeSet::new();
        let covered = |name: &str, open: &mut Vec<Scope>, seen: &mut BTreeSet<Scope>| {
            if self.matching == ScopeMatch::Exact {
                let known = self.implies.get_key_value(name).map(|(scope, _)| scope);
                let same = universe.get(name).or(known);
                open.extend(same.filter(|scope| seen.insert((*scope).clone())).cloned());
                return;
            }
            let known = universe.iter().chain(self.implies.keys());
            // Asked of each of many terms, most of which are names: nothing is copied for those.
            let is_name = self.matching == ScopeMatch::GlobAnyCase && !name.contains(['*', '?']);
            let covers = |scope: &&Scope| {
                if is_name {
                    name.eq_ignore_ascii_case(scope.as_str())
                } else {
                    self.matching.covers(name, scope.as_str())
                }
            };
            for scope in known.filter(covers) {
                if seen.insert(scope.clone()) {
                    open.push(scope.clone());
                }
            }
        };
        covered(term.as_str(), &mut open, &mut seen);
        while let Some(scope) = open.pop() {
            for implied in self.implies.get(&scope).into_iter().flatten() {
                covered(implied.as_str(), &mut open, &mut seen);
            }
        }
        seen.retain(|scope| universe.contains(scope));
        seen
    }
}

fn wildcard(term: &str, scope: &str, delimiter: char) -> bool {
    let mut have = term.split(delimiter).peekable();
    let mut want = scope.split(delimiter);
    loop {
        match (have.next(), want.next()) {
            (Some("*"), Some(segment)) if have.peek().is_none() => {
                return !segment.is_empty() && want.all(|segment| !segment.is_empty());
            }
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Iterative matching with one point of return: linear in practice, never exponential.
pub(super) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                // One character, which may be several bytes.
                let more = text[t + 1..].iter();
                t += 1 + more.take_while(|byte| **byte & 0xc0 == 0x80).count();
                p += 1;
            }
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    (p, t) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_is_the_default_and_a_star_is_then_a_name() {
        let rule = ScopeMatch::default();
        assert!(!rule.covers("orders:*", "orders:read"));
        assert!(rule.covers("orders:*", "orders:*"));
        assert!(!rule.covers("Orders:read", "orders:read"));
    }

    #[test]
    fn a_wildcard_works_per_segment_and_only_under_its_own_prefix() {
        let rule = ScopeMatch::Wildcard('.');
        assert!(rule.covers("orders.*", "orders.read"));
        assert!(rule.covers("orders.*", "orders.read.all"));
        assert!(!rule.covers("orders.*", "orders"));
        assert!(!rule.covers("orders", "orders.read"));
        assert!(rule.covers("*.read", "orders.read"));
        assert!(!rule.covers("*.read", "orders.items.read"));
        assert!(!rule.covers("orders.*", "orders."));
        assert!(
            !rule.covers("orders:*", "orders:read"),
            "the delimiter belongs to the rule"
        );
        assert!(ScopeMatch::Wildcard(':').covers("*", "orders:read"));
    }

    #[test]
    fn a_hierarchy_covers_downwards_only() {
        let rule = ScopeMatch::Hierarchy('.');
        assert!(rule.covers("orders", "orders.read"));
        assert!(!rule.covers("orders.read", "orders"));
        assert!(!rule.covers("order", "orders.read"));
    }

    #[test]
    fn a_pattern_includes_another_only_if_it_gives_all_names_of_it() {
        let glob = ScopeMatch::Glob;
        for (wide, narrow) in [
            ("s3:*", "s3:Get*"),
            ("s3:*", "s3:?et"),
            ("*", "a*b?"),
            ("a*c", "a*b*c"),
            ("a?", "a?"),
            ("a?", "ab"),
        ] {
            assert!(glob.includes(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("s3:Get*", "s3:*"),
            ("a?", "a*"),
            ("a?*", "a*"),
            ("ab", "a*"),
        ] {
            assert!(!glob.includes(wide, narrow), "{wide} {narrow}");
        }
        let wildcard = ScopeMatch::Wildcard('.');
        assert!(wildcard.includes("orders.*", "orders.read.*"));
        assert!(wildcard.includes("*.read", "orders.read"));
        assert!(!wildcard.includes("*.read", "orders.*"));
        assert!(!wildcard.includes("*.read.*", "*.*"));
        assert!(ScopeMatch::Hierarchy('.').includes("orders", "orders.read"));
        assert!(!ScopeMatch::Hierarchy('.').includes("orders.read", "orders"));
        assert!(!ScopeMatch::Exact.includes("orders:*", "orders:read"));
    }

    #[test]
    fn what_includes_another_covers_whatever_that_covers() {
        // All patterns and names of up to four characters over a small alphabet.
        let mut all = vec![String::new()];
        for _ in 0..4 {
            let longer = all
                .iter()
                .flat_map(|text| ['a', '.', '*', '?'].map(|c| format!("{text}{c}")));
            let longer: Vec<String> = longer.collect();
            all.extend(longer);
            all.sort();
            all.dedup();
        }
        let short: Vec<&String> = all.iter().filter(|text| text.len() < 4).collect();
        let names: Vec<&String> = all
            .iter()
            .filter(|text| !text.contains(['*', '?']))
            .collect();
        for rule in [
            ScopeMatch::Glob,
            ScopeMatch::Wildcard('.'),
            ScopeMatch::Hierarchy('.'),
        ] {
            let given = |term: &str| -> Vec<bool> {
                names.iter().map(|name| rule.covers(term, name)).collect()
            };
            let given: Vec<Vec<bool>> = short.iter().map(|term| given(term)).collect();
            for (wide, of_wide) in short.iter().zip(&given) {
                for (narrow, of_narrow) in short.iter().zip(&given) {
                    if rule.includes(wide, narrow) {
                        let mut both = of_wide.iter().zip(of_narrow);
                        assert!(
                            both.all(|(wide, narrow)| *wide || !*narrow),
                            "{wide} {narrow}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_glob_of_many_stars_ends() {
        assert!(ScopeMatch::Glob.covers("a*b*c", "aXXbYYc"));
        assert!(ScopeMatch::Glob.covers("caf?:*", "caf\u{e9}:read"));
        assert!(!ScopeMatch::Glob.covers("caf??", "caf\u{e9}"));
        assert!(ScopeMatch::GlobAnyCase.covers("S3:get*", "s3:GetObject"));
        assert!(!ScopeMatch::Glob.covers("S3:get*", "s3:GetObject"));
        let text = "a".repeat(2_000);
        assert!(!ScopeMatch::Glob.covers(&format!("{}b", "a*".repeat(200)), &text));
    }

    #[test]
    fn implication_is_declared_transitive_and_survives_a_cycle() {
        let scope = Scope::new;
        let semantics = Semantics {
            matching: ScopeMatch::Exact,
            implies: BTreeMap::from([
                (scope("admin"), BTreeSet::from([scope("write")])),
                (
                    scope("write"),
                    BTreeSet::from([scope("read"), scope("admin")]),
                ),
            ]),
        };
        let universe = BTreeSet::from([scope("read"), scope("write"), scope("readwrite")]);
        let open = semantics.expand(&Term::new("admin"), &universe);
        assert_eq!(open, BTreeSet::from([scope("read"), scope("write")]));
        assert!(
            semantics
                .expand(&Term::new("readwrite"), &universe)
                .contains("readwrite")
        );
        assert_eq!(semantics.expand(&Term::new("read"), &universe).len(), 1);
    }

    #[test]
    fn a_name_of_any_case_opens_itself_and_a_pattern_what_fits_it() {
        let scope = Scope::new;
        let semantics = Semantics {
            matching: ScopeMatch::GlobAnyCase,
            implies: BTreeMap::from([(scope("Admin"), BTreeSet::from([scope("s3:put?")]))]),
        };
        let universe = ["s3:GetObject", "s3:GetObjects", "s3:Put1", "s3:Puts"].map(scope);
        let universe = BTreeSet::from(universe);
        let open = |term: &str| {
            let open = semantics.expand(&Term::new(term), &universe);
            let names: Vec<String> = open.iter().map(ToString::to_string).collect();
            names.join(" ")
        };
        assert_eq!(open("S3:getobject"), "s3:GetObject");
        assert_eq!(open("S3:getobject*"), "s3:GetObject s3:GetObjects");
        assert_eq!(open("aDMIN"), "s3:Put1 s3:Puts");
        assert_eq!(open("s3:GetObj"), "");
    }

    #[test]
    fn the_option_text_is_read_strictly() {
        assert_eq!(
            ScopeMatch::parse("wildcard::"),
            Some(ScopeMatch::Wildcard(':'))
        );
        assert_eq!(ScopeMatch::parse("exact"), Some(ScopeMatch::Exact));
        for bad in ["wildcard", "wildcard:ab", "hierarchy:", "globs", "exact:."] {
            assert_eq!(ScopeMatch::parse(bad), None, "{bad}");
        }
    }
}
