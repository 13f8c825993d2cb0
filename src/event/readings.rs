//! The other readings of a request path.
//!
//! In: a target whose path is odd. Out: the normalised paths that another gateway
//! may have routed by, in addition to the one of [`normalise`].
//!
//! A log shows the target as it was sent, and nothing says what the gateway made of
//! it. NGINX decodes before it routes, so `%2F` is a separator for it; servers on Windows
//! take `\` for one; a second server may decode what the first one left (`%252F`); servlet
//! containers cut `;v=1`, others keep it; `.`, `..` and `//` stay in some.
//!
//! Invariants:
//! * the primary reading is none of them, and a path that is not odd has none;
//! * none is there twice, the order is fixed, and there are at most [`MOST`].

use super::base_path::strip_base;
use super::path::{Dots, PathRules, Rewrite, escape, normalise, rewrite, split_authority};
use super::path_scan::look;

/// No path has more readings than this; the likeliest come first.
pub(crate) const MOST: usize = 16;

/// How many ways to decode a path are looked at.
const DECODED: usize = 32;

/// The other readings of the target. `host` is the one that the log names.
///
/// A target without a primary reading, because it climbs above its root, may have some.
pub(crate) fn readings(target: &[u8], host: Option<&[u8]>, rules: &PathRules) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let Some((authority, path)) = split_authority(target) else {
        return found;
    };
    let (end, plain) = look(path);
    if plain {
        return found;
    }
    let host = authority.or(host);
    let mut scratch = Vec::new();
    let primary = normalise(target, host, rules, &mut scratch).map(|normal| normal.path.to_vec());
    let decoded = decoded(&path[..end]);
    let mut out = Vec::new();
    for how in hows(rules) {
        for path in &decoded {
            if found.len() == MOST {
                return found;
            }
            if rewrite(path, how, &mut out).is_none() {
                continue;
            }
            let reading = strip_base(&out, host, rules);
            let known = primary.iter().chain(&found).any(|known| known == reading);
            if !known {
                found.push(reading.to_vec());
            }
        }
    }
    found
}

/// Every way to rewrite a path, the one of the rules first.
fn hows(rules: &PathRules) -> Vec<Rewrite> {
    let mut hows = Vec::new();
    for dots in [Dots::Clamp, Dots::Keep] {
        for strip_matrix in [rules.strip_matrix, !rules.strip_matrix] {
            for merge_slashes in [rules.merge_slashes, !rules.merge_slashes] {
                hows.push(Rewrite {
                    merge_slashes,
                    strip_matrix,
                    dots,
                });
            }
        }
    }
    hows
}

/// The path as it is, and all that comes of decoding it step by step.
fn decoded(path: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![path.to_vec()];
    let mut at = 0;
    while let Some(path) = all.get(at) {
        let steps = [separate(path, b'/'), separate(path, b'\\'), peel(path)];
        for step in steps.into_iter().flatten() {
            if all.len() < DECODED && !all.contains(&step) {
                all.push(step);
            }
        }
        at += 1;
    }
    all
}

/// `%252F` to `%2F`; `None` when no escape lies under another one.
fn peel(path: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(first) = rest.first() {
        out.push(*first);
        let under = rest
            .get(3..5)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        let used = if under && escape(rest) == Some(b'%') {
            3
        } else {
            1
        };
        rest = &rest[used..];
    }
    (out.len() < path.len()).then_some(out)
}

/// Writes a plain slash for each `separator`, escaped or not; `None` when there is none.
fn separate(path: &[u8], separator: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(first) = rest.first() {
        let escaped = escape(rest) == Some(separator);
        let found = escaped || *first == separator;
        out.push(if found { b'/' } else { *first });
        rest = &rest[if escaped { 3 } else { 1 }..];
    }
    (out != path).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(target: &str) -> Vec<String> {
        text(readings(target.as_bytes(), None, &PathRules::default()))
    }

    fn text(readings: Vec<Vec<u8>>) -> Vec<String> {
        readings
            .into_iter()
            .map(|reading| String::from_utf8(reading).unwrap())
            .collect()
    }

    fn primary(target: &[u8]) -> Option<(Vec<u8>, bool)> {
        let mut scratch = Vec::new();
        normalise(target, None, &PathRules::default(), &mut scratch)
            .map(|normal| (normal.path.to_vec(), normal.odd))
    }

    #[test]
    fn an_encoded_separator_is_read_as_one_too() {
        assert_eq!(of("/v1/orders/7%2Fitems?x=%2F"), ["/v1/orders/7/items"]);
        assert_eq!(of("/v1%2fzeta/export"), ["/v1/zeta/export"]);
        assert_eq!(of("/v1/orders/7\\items"), ["/v1/orders/7/items"]);
        assert_eq!(of("/v1/orders/7%5citems"), ["/v1/orders/7/items"]);
        assert_eq!(of("/a%2Fb%5Cc"), ["/a/b%5Cc", "/a%2Fb/c", "/a/b/c"]);
    }

    #[test]
    fn a_second_decoding_shows_what_lies_under_the_first() {
        assert_eq!(of("/v1%252Fzeta"), ["/v1%2Fzeta", "/v1/zeta"]);
        assert_eq!(of("/v1/%256Frders"), ["/v1/orders"]);
        assert_eq!(
            of("/v1%25252Fzeta").first().map(String::as_str),
            Some("/v1%252Fzeta")
        );
        assert!(of("/v1%25252Fzeta").contains(&"/v1/zeta".to_owned()));
        assert!(of("/v1/orders/%252e%252e/admin").contains(&"/v1/admin".to_owned()));
        assert_eq!(of("/v1/100%25"), [""; 0], "a percent sign is not an escape");
    }

    #[test]
    fn parameters_dots_and_empty_segments_are_cut_or_kept() {
        assert_eq!(of("/v1/users;v=1/x"), ["/v1/users;v=1/x"]);
        assert_eq!(of("/v1/orders/../admin"), ["/v1/orders/../admin"]);
        assert_eq!(of("/v1/./admin"), ["/v1/./admin"]);
        assert_eq!(of("/v1//admin"), ["/v1//admin"]);
        let kept = PathRules {
            merge_slashes: false,
            strip_matrix: false,
            base_paths: Vec::new(),
        };
        assert_eq!(
            text(readings(b"/v1//a;b", None, &kept)),
            ["/v1/a;b", "/v1//a", "/v1/a"]
        );
        assert!(of("/v1/orders/..;/admin").contains(&"/v1/orders/..;/admin".to_owned()));
        assert!(of("/v1/orders/..%2Fadmin").contains(&"/v1/admin".to_owned()));
    }

    #[test]
    fn a_target_above_its_root_can_be_read_and_what_is_not_a_path_cannot() {
        assert_eq!(primary(b"/../v1/orders"), None);
        assert_eq!(of("/../v1/orders"), ["/v1/orders", "/../v1/orders"]);
        for none in ["*", "", "v1%2Forders", "://x//y", "/v1/orders", "https://h"] {
            assert_eq!(of(none), [""; 0], "{none}");
        }
    }

    #[test]
    fn a_base_path_is_cut_from_each_reading_as_from_the_primary_one() {
        let rules = PathRules {
            base_paths: vec![(Some("h".to_owned()), "/gw/v2".to_owned())],
            ..PathRules::default()
        };
        let at = |target: &str, host: Option<&str>| {
            text(readings(target.as_bytes(), host.map(str::as_bytes), &rules))
        };
        assert_eq!(at("/gw%2Fv2/orders", Some("h")), ["/orders"]);
        assert_eq!(at("https://h/gw/v2%2Forders", None), ["/orders"]);
        assert_eq!(at("/gw/v2//orders", Some("other")), ["/gw/v2//orders"]);
    }

    proptest! {
        #[test]
        fn the_readings_are_few_distinct_and_never_the_primary_one(target in "/([a-b]|/|\\.|;|\\\\|%2[Ff]|%5[Cc]|%25|%252[Ff]|%2e|\\?){0,14}") {
            let target = target.as_bytes();
            let found = readings(target, None, &PathRules::default());
            prop_assert!(found.len() <= MOST);
            prop_assert_eq!(&found, &readings(target, None, &PathRules::default()));
            for (at, reading) in found.iter().enumerate() {
                prop_assert_eq!(reading.first(), Some(&b'/'));
                prop_assert!(!found[..at].contains(reading), "twice");
            }
            match primary(target) {
                Some((path, odd)) => {
                    prop_assert!(!found.contains(&path));
                    prop_assert!(odd || found.is_empty());
                }
                None => prop_assert!(!found.is_empty(), "it can be read in one way at least"),
            }
        }

        #[test]
        fn a_reading_of_a_reading_was_a_reading_before(target in "/[a-b]((/|%2F|\\\\|%252F|%25252F)[a-b]){0,4}") {
            let found = readings(target.as_bytes(), None, &PathRules::default());
            prop_assume!(found.len() < MOST);
            let mut all = found.clone();
            all.extend(primary(target.as_bytes()).map(|(path, _)| path));
            for reading in &found {
                let (again, _) = primary(reading).unwrap();
                prop_assert!(all.contains(&again), "{} of {}", again.escape_ascii(), reading.escape_ascii());
                for again in readings(reading, None, &PathRules::default()) {
                    prop_assert!(all.contains(&again), "{} of {}", again.escape_ascii(), reading.escape_ascii());
                }
            }
        }

        #[test]
        fn a_path_without_odd_bytes_has_no_other_reading(target in "/([a-z0-9_~-][a-z0-9._~-]{0,5}(%20|%6F|%7B|%C3)?/){0,4}[a-z]?(\\?[ -~]{0,9})?") {
            prop_assert_eq!(readings(target.as_bytes(), None, &PathRules::default()), Vec::<Vec<u8>>::new());
        }

        #[test]
        fn no_bytes_panic(target in proptest::collection::vec(any::<u8>(), 0..48)) {
            readings(&target, Some(b"h"), &PathRules::default());
            readings(&[b"/", target.as_slice()].concat(), None, &PathRules::default());
        }
    }
}
