use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::tests::{indices, routes};
use super::*;

/// The same answer without the index.
fn slow(nearness: &Nearness, method: Method, path: &str) -> Vec<usize> {
    let mut found = BTreeSet::new();
    for path in readings(path, false) {
        let bases = nearness.bases.ends(&path);
        for entry in nearness
            .entries
            .iter()
            .filter(|entry| may(entry.method, Some(method)))
        {
            let same = entry.collection().is_some_and(|collection| {
                !nearness.bases.common.contains(collection)
                    && collection_words(&path, bases).any(|word| word == collection)
            });
            if same || entry.is_near(&path, bases) {
                found.extend(entry.operations.iter().copied());
            }
        }
    }
    found.into_iter().collect()
}

const SEGMENTS: [&str; 12] = [
    "a",
    "b",
    "api",
    "v1",
    "{p}",
    "{p}:run",
    "list.json",
    "doc-2026-01",
    "{r+}",
    "x-{name}",
    "{q}.json",
    "list",
];
const WORDS: [&str; 16] = [
    "a",
    "b",
    "A",
    "api",
    "v1",
    "v2",
    "{}",
    "{secret}",
    "7:run",
    "list.json",
    "list.xml",
    "b.csv",
    "x-copy",
    "doc-2026-01",
    "a%2Fb",
    "other",
];

fn joined(words: &'static [&'static str], longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(select(words), 0..longest).prop_map(|all| format!("/{}", all.join("/")))
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    let label = (
        select(&["GET", "POST", "ANY", "OPTIONS"][..]),
        joined(&SEGMENTS, 5),
    );
    prop::collection::vec(
        label.prop_map(|(method, path)| format!("{method} {path}")),
        1..10,
    )
}

/// Templates as people write them: base, collection, and what is below.
fn tidy() -> impl Strategy<Value = Vec<String>> {
    let below = select(
        &[
            "",
            "/{id}",
            "/{id}/items",
            "/{id}/items/{item}",
            "/export",
            "/{id}:close",
        ][..],
    );
    let label = (
        select(&["GET", "POST", "PUT", "DELETE"][..]),
        select(&["orders", "users", "bills", "jobs", "files"][..]),
        below,
    );
    let base = select(&["", "/v1", "/api/v2", "/crm/v1", "/rest"][..]);
    (base, prop::collection::vec(label, 2..12)).prop_map(|(base, all)| {
        all.iter()
            .map(|(method, word, below)| format!("{method} {base}/{word}{below}"))
            .collect()
    })
}

const DISTORTIONS: [fn(&str) -> String; 14] = [
    |path| format!("{path}.json"),
    |path| format!("{path}/history"),
    |path| format!("{path}:audit"),
    |path| format!("/gw{path}"),
    |path| format!("/some/where{path}"),
    |path| path.to_ascii_uppercase(),
    |path| path.replace("/v1", "/v3").replace("/v2", ""),
    |path| path.replacen("/crm", "", 1).replacen("/rest", "/api/v7", 1),
    |path| path.replacen("/crm", "/sales", 1).replacen("/api", "", 1),
    |path| format!("/{}", path[1..].replace('/', "%2F")),
    |path| format!("/{}", path[1..].replacen('/', "%255C", 1)),
    |path| format!("{path}/"),
    |path| path.replacen('/', "//", 2),
    |path| format!("/v9{path}"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_comparing_every_operation_finds(
        labels in labels(),
        path in joined(&WORDS, 6),
        method in select(&[Method::Get, Method::Head, Method::Post, Method::Options, Method::Put][..]),
    ) {
        let nearness = Nearness::new(&routes(&labels));
        let found = indices(&nearness.of(Some(method), &path, false));
        prop_assert_eq!(found, slow(&nearness, method, &path), "{:?} {}", labels, path);
    }

    #[test]
    fn a_request_that_was_distorted_is_still_near_its_operation(
        labels in tidy(),
        at in any::<Index>(),
        distort in select(&DISTORTIONS[..]),
        id in select(&["7", "{}", "abc", "{secret}"][..]),
        overridden in any::<bool>(),
    ) {
        let at = at.index(labels.len());
        let (method, template) = labels[at].split_once(' ').unwrap();
        let path = distort(&template.replace("{id}", id).replace("{item}", "3"));
        let method = if overridden { Method::Post } else { Method::parse(method.as_bytes()) };
        let near = Nearness::new(&routes(&labels)).of(Some(method), &path, false);
        let found = indices(&near);
        prop_assert!(near == Near::All || found.contains(&at), "{}: {} of {:?}", path, labels[at], labels);
        for part in 1..path.len() {
            let Some(start) = path.get(..part) else { continue };
            // A beginning of the plain path says no less than the whole.
            if template.replace("{id}", id).replace("{item}", "3") == path {
                let cut = Nearness::new(&routes(&labels)).of(Some(method), start, true);
                prop_assert!(indices(&cut).contains(&at), "{}…", start);
            }
        }
    }

    #[test]
    fn a_template_covers_the_operations_that_one_request_fits(
        labels in labels(),
        other in joined(&SEGMENTS, 5),
        path in joined(&["a", "b", "api", "v1", "7:run", "list.json", "doc-2026-01", "x-copy"], 5),
    ) {
        use crate::catalog::matcher::{MatchOptions, Matcher};
        use crate::model::{Operation, Requirement};
        let fits = |template: &str| {
            let operation = Operation::new(Method::Get, template, Requirement::none());
            let (matcher, _) = Matcher::new(&[operation], MatchOptions::default());
            matcher.find(Method::Get, path.as_bytes()).is_some_and(|found| !found.looser)
        };
        let nearness = Nearness::new(&routes(&labels));
        if fits(&other) {
            let covered = indices(&nearness.covered(None, &other));
            for (index, label) in labels.iter().enumerate() {
                let template = label.split_once(' ').unwrap().1;
                prop_assert!(!fits(template) || covered.contains(&index), "{} {} {}", other, template, path);
            }
        }
    }

    #[test]
    fn no_input_panics(path in "[/a-c%.{}*:;25Fe\\\\…-]{0,80}", template in "[/a-c{}+*:=$ ~-]{0,40}", cut in any::<bool>()) {
        let label = format!("GET {template}");
        let nearness = Nearness::new(&routes(&[label, "GET /a/{b}".to_owned()]));
        nearness.of(Some(Method::Get), &path, cut);
        nearness.of(None, &"/a".repeat(200), cut);
        nearness.covered(None, &path);
        nearness.covered(Some(Method::Post), &template);
    }
}
