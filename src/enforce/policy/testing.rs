//! Random catalogues, rights and requests.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::build::{self, Rights};
use super::{METHODS, Model, requests};
use crate::model::{Catalog, Method, Operation, Requirement};

/// Segments of which templates are made: they differ in case, share ends, and hold what means
/// something to regular expressions and to servers.
const SEGMENTS: [&str; 19] = [
    "orders",
    "Orders",
    "me",
    "ME",
    "@me",
    "a.b",
    "a+b",
    "$batch",
    "o:go",
    "caf\u{e9}",
    "x y",
    "{id}",
    "{id}",
    "{id}.json",
    "f-{id}",
    "{a}.{b}",
    "{id}:go",
    "7",
    "**",
];

/// Names that mean something in one language or another.
pub(crate) const NAMES: [&str; 16] = [
    "billing",
    "Billing",
    "billing ",
    "a\"b",
    "x\\",
    "x\\\"",
    "${x}",
    "*",
    "'q'",
    "a,b",
    "#h",
    "}; deny all; #",
    "\u{fc}\u{4e2d}",
    "a\u{2028}b",
    "public",
    "1|2",
];

/// A catalogue, and the rights of its clients.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub catalog: Catalog,
    pub rights: BTreeMap<String, Rights>,
    pub public: BTreeSet<usize>,
}

impl World {
    pub(crate) fn model(&self) -> Model {
        build::model(&self.catalog, &self.rights, &self.public)
    }

    /// A world from `METHOD /path` and, for each client, the numbers of its operations.
    pub(crate) fn of(operations: &[&str], clients: &[(&str, &[usize])], public: &[usize]) -> Self {
        let operation = |text: &&str| {
            let (method, path) = text.split_once(' ').expect("METHOD /path");
            Operation::new(Method::parse(method.as_bytes()), path, Requirement::none())
        };
        let rights = |own: &[usize]| {
            let own: BTreeSet<usize> = own.iter().chain(public).copied().collect();
            Rights {
                permitted: own.clone(),
                wanted: own,
            }
        };
        Self {
            catalog: Catalog {
                operations: operations.iter().map(operation).collect(),
                ..Catalog::default()
            },
            rights: clients
                .iter()
                .map(|(name, own)| ((*name).to_owned(), rights(own)))
                .collect(),
            public: public.iter().copied().collect(),
        }
    }
}

/// The shop that examples are about: siblings of parameters, a file, a tail, something public.
pub(crate) fn shop() -> World {
    World::of(
        &[
            "GET /health",
            "GET /orders",
            "POST /orders",
            "GET /orders/{id}",
            "GET /orders/export",
            "DELETE /orders/{id}",
            "GET /orders/{id}/lines/{line}.json",
            "GET /users/@me",
            "GET /users/{id}",
            "ANY /admin/**",
            "GET /files/{path+}",
            "OPTIONS /orders",
            "POST /orders/{id}:cancel",
        ],
        &[
            ("billing", &[1, 3, 6, 8, 10]),
            ("Billing", &[1]),
            ("root", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
            ("idle", &[]),
            ("wei\u{df} \"x\"", &[1, 2, 12]),
            ("exporter", &[4, 7]),
        ],
        &[0],
    )
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let path = proptest::collection::vec(select(SEGMENTS.to_vec()), 0..4);
    let end = select(vec!["", "", "", "/", "/**", "/{p+}"]);
    let method = select(vec![
        "GET", "GET", "GET", "POST", "HEAD", "ANY", "OPTIONS", "DELETE",
    ]);
    let operation = (method, path, end).prop_map(|(method, path, end)| {
        let mut text = String::new();
        for segment in &path {
            text.push('/');
            text.push_str(segment);
        }
        text.push_str(end);
        if text.is_empty() {
            text.push('/');
        }
        Operation::new(Method::parse(method.as_bytes()), text, Requirement::none())
    });
    proptest::collection::vec(operation, 1..9)
}

/// Any world; names are of these.
pub(crate) fn worlds(names: &'static [&'static str]) -> impl Strategy<Value = World> {
    (
        operations(),
        subsequence(names.to_vec(), 1..4.min(names.len())),
    )
        .prop_flat_map(|(operations, names)| {
            let numbers: Vec<usize> = (0..operations.len()).collect();
            let count = numbers.len();
            let sets = proptest::collection::vec(
                (
                    subsequence(numbers.clone(), 0..=count),
                    subsequence(numbers.clone(), 0..=count),
                ),
                names.len(),
            );
            let public = subsequence(numbers, 0..=count.min(1));
            (sets, public).prop_map(move |(sets, public)| {
                let public: BTreeSet<usize> = public.into_iter().collect();
                let rights = names.iter().zip(sets).map(|(name, (permitted, wanted))| {
                    let permitted: BTreeSet<usize> = permitted
                        .into_iter()
                        .chain(public.iter().copied())
                        .collect();
                    let wanted = wanted
                        .into_iter()
                        .filter(|op| permitted.contains(op))
                        .collect();
                    ((*name).to_owned(), Rights { permitted, wanted })
                });
                World {
                    rights: rights.collect(),
                    catalog: Catalog {
                        operations: operations.clone(),
                        ..Catalog::default()
                    },
                    public,
                }
            })
        })
}

/// Requests near the rules of a model: so many, from a seed.
pub(crate) fn mutated(model: &Model, seed: u64, count: usize) -> Vec<(String, String)> {
    const BITS: [&str; 24] = [
        "/", "//", "%2F", "%2f", ".", "..", "/../", "/./", "%2e", ";x=1", "%00", "%20", "%40", "@",
        ":", "a", "A", "me", "7", ".json", "%C3%A9", "%c3%a9", "+", "\\",
    ];
    let mut state = seed | 1;
    let mut next = move |below: usize| {
        // Xorshift: the same in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).expect("small")).expect("small")
    };
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let Some(rule) = model.rules.get(next(model.rules.len())) else {
            break;
        };
        let mut path = rule
            .pattern
            .sample(["7", "x.json", "me", "f-7:go", "a%2Bb"][next(5)]);
        for _ in 0..next(4) {
            match next(4) {
                0 => {
                    let spellings = requests::spellings(&path);
                    path = spellings
                        .get(next(spellings.len()))
                        .cloned()
                        .unwrap_or(path);
                }
                1 if path.len() > 1 => {
                    let at = next(path.len());
                    if path.is_char_boundary(at) && path.is_char_boundary(at + 1) {
                        path.remove(at);
                    }
                }
                _ => {
                    let at = next(path.len() + 1);
                    if path.is_char_boundary(at) {
                        path.insert_str(at, BITS[next(BITS.len())]);
                    }
                }
            }
        }
        let method = if next(4) == 0 {
            METHODS[next(METHODS.len())]
        } else {
            rule.methods[next(rule.methods.len())]
        };
        all.push((method.to_owned(), requests::path(&path).to_owned()));
    }
    all
}
