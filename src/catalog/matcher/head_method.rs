//! HEAD requests that two operations may have served.
//!
//! In: the templates of a catalogue. Out: for each template of GET without a HEAD of
//! its own, what a HEAD request on it may need: the GET, and what a less specific
//! template says of HEAD or of every method.
//!
//! Some gateways answer a HEAD with the GET of the same path (RFC 9110 section
//! 9.3.2), others only where HEAD is described. Which of the two it was, no log
//! says, so both operations are needed. When in doubt a template is less specific.

use std::collections::{BTreeMap, BTreeSet};

use super::template::{Segment, Template};
use crate::model::{Method, Operation};

/// A template of GET, and all operations that a HEAD request on it may need.
pub(super) struct Shared {
    pub(super) template: Template,
    /// The operation of GET.
    pub(super) get: usize,
    pub(super) operations: Vec<usize>,
}

/// The segments of a template's key, or the first of them.
type Segments<'k> = [&'k [u8]];

/// Every template of GET under which another operation may have served HEAD.
pub(super) fn shared(
    templates: &[(usize, Template)],
    operations: &[Operation],
    folded: bool,
) -> Vec<Shared> {
    let offers = |(index, _): &(usize, Template)| {
        matches!(operations[*index].method, Method::Head | Method::Any)
    };
    if !templates.iter().any(offers) {
        return Vec::new();
    }
    let templates = &*with_empty_rests(templates, operations, folded);
    let texts: Vec<Vec<u8>> = templates
        .iter()
        .map(|(_, template)| template.key(folded))
        .collect();
    let keys: Vec<Vec<&[u8]>> = texts.iter().map(|key| segments(key)).collect();
    let method = |at: usize| operations[templates[at].0].method;
    let of = |wanted: Method| (0..templates.len()).filter(move |at| method(*at) == wanted);
    let described: BTreeSet<&Segments<'_>> = of(Method::Head).map(|at| &*keys[at]).collect();
    // By the words at the start: most templates share no path with most others.
    let mut wide: BTreeMap<&Segments<'_>, Vec<usize>> = BTreeMap::new();
    for at in of(Method::Head).chain(of(Method::Any)) {
        wide.entry(words(&keys[at])).or_default().push(at);
    }
    let mut found: BTreeMap<&Segments<'_>, (&(usize, Template), BTreeSet<usize>)> = BTreeMap::new();
    for at in of(Method::Get) {
        let key = &*keys[at];
        if described.contains(key) {
            continue;
        }
        let near = (0..=words(key).len()).filter_map(|len| wide.get(&key[..len]));
        let mut near: Vec<(usize, bool)> = near
            .flatten()
            .filter_map(|other| Some((*other, covers(&keys[*other], key)?)))
            .collect();
        near.sort_by_cached_key(|(other, _)| order(&keys[*other]));
        // After one that takes every path of this template no other has a turn.
        let last = near.iter().find(|(_, all)| *all);
        if let Some(last) = last.map(|(other, _)| order(&keys[*other])) {
            near.retain(|(other, _)| order(&keys[*other]) <= last);
        }
        let near: Vec<usize> = near.iter().map(|(other, _)| templates[*other].0).collect();
        if !near.is_empty() {
            let (_, all) = found
                .entry(key)
                .or_insert_with(|| (&templates[at], BTreeSet::new()));
            all.insert(templates[at].0);
            all.extend(near);
        }
    }
    let shared = |((get, template), all): (&(usize, Template), BTreeSet<usize>)| Shared {
        template: template.clone(),
        get: *get,
        operations: all.into_iter().collect(),
    };
    found.into_values().map(shared).collect()
}

/// A template of GET whose rest may be empty is also the one without it, unless another
/// one describes that path.
fn with_empty_rests(
    templates: &[(usize, Template)],
    operations: &[Operation],
    folded: bool,
) -> Vec<(usize, Template)> {
    let gets = || {
        let get = |entry: &&(usize, Template)| operations[entry.0].method == Method::Get;
        templates.iter().filter(get)
    };
    let known: BTreeSet<Vec<u8>> = gets().map(|(_, template)| template.key(folded)).collect();
    let bare = gets().filter_map(|(index, template)| {
        let (last, rest) = template.segments.split_last()?;
        let bare = Template {
            segments: rest.to_vec(),
        };
        let new = *last == Segment::Tail(true) && !known.contains(&bare.key(folded));
        new.then_some((*index, bare))
    });
    templates.iter().cloned().chain(bare).collect()
}

fn segments(key: &[u8]) -> Vec<&[u8]> {
    key.split(|byte| *byte == b'/').skip(1).collect()
}

/// The literal segments at the start.
fn words<'s, 'k>(key: &'s Segments<'k>) -> &'s Segments<'k> {
    let end = key.iter().position(|segment| rank(segment) != WORD);
    &key[..end.unwrap_or(key.len())]
}

/// Less is more specific: a word, a segment with a parameter inside (the more letters,
/// the sooner), a parameter, several segments.
type Rank = (u8, usize);

const WORD: Rank = (0, 0);
const PARAMETER: Rank = (2, 0);

fn rank(segment: &[u8]) -> Rank {
    match segment {
        b"{}" => PARAMETER,
        b"{+}" => (3, 0),
        mixed => match memchr::memmem::find_iter(mixed, b"{}").count() {
            0 => WORD,
            parameters => (1, usize::MAX - (mixed.len() - 2 * parameters)),
        },
    }
}

/// The order in which the templates are tried.
fn order(key: &Segments<'_>) -> Vec<Rank> {
    let mut ranks: Vec<Rank> = key.iter().map(|segment| rank(segment)).collect();
    // The rest of a path comes after several segments in front of others.
    if let Some(last @ (3, _)) = ranks.last_mut() {
        last.0 = 4;
    }
    ranks
}

/// Whether some text may fit both segments; only their two ends are compared.
fn may_share(a: &[u8], b: &[u8]) -> bool {
    let ends = |text: &'_ [u8]| {
        let first = memchr::memmem::find(text, b"{}");
        let last = memchr::memmem::rfind(text, b"{}");
        (first.unwrap_or(text.len()), last.map_or(0, |last| last + 2))
    };
    let ((a_first, a_last), (b_first, b_last)) = (ends(a), ends(b));
    let (start, other) = (&a[..a_first], &b[..b_first]);
    let (end, other_end) = (&a[a_last..], &b[b_last..]);
    (start.starts_with(other) || other.starts_with(start))
        && (end.ends_with(other_end) || other_end.ends_with(end))
}

/// `None` when no path fits both or the first one is more specific; else whether the
/// first fits every path that the second one fits.
fn covers(wide: &Segments<'_>, narrow: &Segments<'_>) -> Option<bool> {
    let (mut wide, mut narrow) = (wide.iter(), narrow.iter());
    let (mut differs, mut all) = (false, true);
    loop {
        let (segment, other) = match (wide.next(), narrow.next()) {
            (None, None) => return Some(all),
            // After several segments no comparison from the left can say more.
            (Some(&b"{+}"), other) => {
                return Some(all && other.is_some() && wide.next().is_none());
            }
            (Some(_), Some(&b"{+}")) => return differs.then_some(false),
            (Some(segment), Some(other)) => (*segment, *other),
            (None, Some(_)) | (Some(_), None) => return None,
        };
        if segment == other {
            continue;
        }
        let ranks = (rank(segment), rank(other));
        if ranks == (WORD, WORD) || !may_share(segment, other) || (ranks.0 < ranks.1 && !differs) {
            return None;
        }
        all &= ranks.0 == PARAMETER;
        differs = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MatchOptions, Matcher};
    use super::*;
    use crate::model::Requirement;

    #[test]
    fn a_head_request_on_a_path_whose_rest_is_empty_needs_a_wider_head_as_well() {
        let operations = [("GET", "/b/**"), ("HEAD", "/{x}")].map(|(method, path)| {
            Operation::new(Method::parse(method.as_bytes()), path, Requirement::none())
        });
        let (m, _) = Matcher::new(&operations, MatchOptions::default());
        let of = |path: &str| {
            let found = m.find(Method::Head, path.as_bytes()).unwrap();
            m.routes()[found.route as usize].operations.clone()
        };
        assert_eq!(of("/b"), [0, 1]);
        assert_eq!(of("/b/c"), [0]);
        assert_eq!(of("/c"), [1]);
    }

    #[test]
    fn a_head_request_needs_the_get_of_its_path_and_a_wider_head() {
        let labels = [
            "GET /v1/orders/{id}",
            "HEAD /v1/{area}/{id}",
            "HEAD /{proxy+}",
            "GET /v1/orders/export",
            "HEAD /v1/orders/export",
            "GET /v1/{area}/x",
            "ANY /v1/Items/{id}",
            "GET /v1/Items/{id}",
            "GET /free/{id}",
        ];
        let operations = labels.map(|label| {
            let (method, path) = label.split_once(' ').unwrap();
            Operation::new(Method::parse(method.as_bytes()), path, Requirement::none())
        });
        for case_insensitive in [false, true] {
            let (m, warnings) = Matcher::new(&operations, MatchOptions { case_insensitive });
            assert!(warnings.is_empty());
            let of = |request: &str| {
                let (method, path) = request.split_once(' ').unwrap();
                let found = m.find(Method::parse(method.as_bytes()), path.as_bytes());
                let route = &m.routes()[found.unwrap().route as usize];
                route.operations.clone()
            };
            assert_eq!(of("HEAD /v1/orders/7"), [0, 1]);
            let other_case = if case_insensitive {
                vec![0, 1]
            } else {
                vec![2]
            };
            assert_eq!(of("HEAD /V1/ORDERS/7"), other_case);
            assert_eq!(of("HEAD /v1/orders/export"), [4]);
            assert_eq!(of("HEAD /v1/invoices/x"), [1, 5]);
            assert_eq!(of("HEAD /v1/Items/7"), [6, 7]);
            assert_eq!(of("HEAD /free/7"), [2, 8]);
            assert_eq!(of("GET /v1/orders/7"), [0]);
            assert_eq!(of("HEAD /v1/a/b/c"), [2]);
            let routes: BTreeSet<_> = m
                .routes()
                .iter()
                .map(|operation| (operation.method, &operation.operations))
                .collect();
            assert_eq!(routes.len(), m.routes().len(), "no route is there twice");
        }
    }
}
