//! The model against the policy that it was made from.

use proptest::prelude::*;

use super::testing::{NAMES, World, mutated, shop, worlds};
use super::*;
use crate::catalog::matcher::{MatchOptions, Matcher};
use crate::model::Method;

/// Whether the policy lets a client do all that the request may be.
fn policy_allows(world: &World, matcher: &Matcher, client: &str, method: &str, path: &str) -> bool {
    let method = Method::parse(method.as_bytes());
    matcher.find(method, path.as_bytes()).is_some_and(|found| {
        let route = &matcher.routes()[found.route as usize];
        route
            .operations
            .iter()
            .all(|op| world.rights[client].permitted.contains(op))
    })
}

fn check(world: &World, seed: u64) -> Result<(usize, usize), TestCaseError> {
    let model = world.model();
    let (matcher, _) = Matcher::new(&world.catalog.operations, MatchOptions::default());
    let (mut passed, mut asked) = (0, 0);
    for (method, path) in mutated(&model, seed, 150) {
        for client in world.rights.keys() {
            asked += 1;
            if model.allows(Some(client), &method, &path) {
                passed += 1;
                prop_assert!(
                    policy_allows(world, &matcher, client, &method, &path),
                    "{client:?} {method} {path}"
                );
            }
        }
        prop_assert!(
            !model.allows(None, &method, &path)
                || model.public.contains(&model.rule(&method, &path).unwrap())
        );
    }
    Ok((passed, asked))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]
    #[test]
    fn nothing_is_allowed_that_the_policy_does_not_allow(world in worlds(&NAMES), seed: u64) {
        check(&world, seed)?;
    }

    #[test]
    fn the_regular_expressions_of_rules_fit_what_the_rules_fit(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        for (number, rule) in model.rules.iter().enumerate() {
            for (case, flag) in [(Case::Exact, ""), (Case::Any, "(?i)")] {
                let regex = regex::bytes::RegexBuilder::new(&format!("{flag}^{}$", model.regex(number))).unicode(false).build().unwrap();
                for (_, path) in mutated(&model, seed, 30) {
                    prop_assert_eq!(regex.is_match(path.as_bytes()), rule.pattern.fits(&path, &model.alphabet, case), "{} {}", path, regex);
                }
            }
        }
    }

    #[test]
    fn a_short_expression_fits_the_same_of_the_paths_that_hold_nothing_else(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        let whole = |text: &str| regex::bytes::RegexBuilder::new(&format!("^(?:{text})$")).unicode(false).build().unwrap();
        let alphabet = whole(&model.alphabet.path_regex());
        for rule in &model.rules {
            let short = whole(&rule.pattern.literal().map_or_else(|| rule.pattern.short_regex(), |literal| regex::escape(&literal)));
            for (_, path) in mutated(&model, seed, 30) {
                let fits = alphabet.is_match(path.as_bytes()) && short.is_match(path.as_bytes());
                prop_assert_eq!(fits, rule.pattern.fits(&path, &model.alphabet, Case::Exact), "{} {}", path, short);
            }
        }
    }

    #[test]
    fn rules_that_share_a_path_know_it(world in worlds(&NAMES), seed: u64) {
        let model = world.model();
        for (_, path) in mutated(&model, seed, 30) {
            let fitting: Vec<&Rule> = model.rules.iter().filter(|rule| rule.pattern.fits(&path, &model.alphabet, Case::Any)).collect();
            for (a, b) in fitting.iter().zip(&fitting[1.min(fitting.len())..]) {
                prop_assert!(a.pattern.may_share(&b.pattern) && b.pattern.may_share(&a.pattern), "{} {:?} {:?}", path, a, b);
            }
        }
    }
}

#[test]
fn the_checks_above_see_requests_that_pass() {
    let (passed, asked) = check(&shop(), 7).unwrap();
    assert!(passed * 20 > asked, "{passed} of {asked}");
}

#[test]
fn a_client_reaches_its_operations_and_no_sibling_of_a_parameter() {
    let model = shop().model();
    let may = |request: &str| {
        let mut words = request.splitn(3, ' ');
        let (client, method, path) = (
            words.next().unwrap(),
            words.next().unwrap(),
            words.next().unwrap(),
        );
        model.allows(Some(client).filter(|name| *name != "-"), method, path)
    };
    for yes in [
        "billing GET /orders",
        "billing HEAD /orders",
        "billing GET /orders/7",
        "billing GET /orders/7/lines/8.json",
        "billing GET /users/7",
        "billing GET /files/a/b",
        "root GET /users/@me",
        "root DELETE /admin/a/b",
        "root GET /admin",
        "root OPTIONS /orders",
        "root POST /orders/7:cancel",
        "- GET /health",
        "idle GET /health",
        "nobody GET /health",
        "exporter GET /orders/export",
        "billing GET /orders/a%20b",
    ] {
        assert!(may(yes), "{yes}");
    }
    for no in [
        "billing GET /orders/export",
        "billing GET /orders/Export",
        "billing GET /orders/%65xport",
        "billing GET /users/@me",
        "billing GET /users/%40me",
        "billing GET /users/@ME",
        "billing GET /orders/",
        "billing GET //orders",
        "billing GET /Orders",
        "billing GET /orders/7/",
        "billing GET /orders/..",
        "billing GET /orders/7%2F8",
        "billing GET /orders/7;x",
        "billing POST /orders",
        "billing OPTIONS /orders",
        "billing get /orders",
        "billing GET /admin/x",
        "root OPTIONS /admin/x",
        "root TRACE /admin/x",
        "idle GET /orders",
        "nobody GET /orders",
        "- GET /orders",
        "Billing GET /orders/7",
        "BILLING GET /orders",
        "root GET /admin/",
        "exporter GET /orders/7",
        "billing HEAD /orders/export",
        "billing GET orders",
        "billing GET /orders?x",
    ] {
        assert!(!may(no), "{no}");
    }
}

#[test]
fn what_a_gateway_cannot_tell_apart_is_allowed_to_those_alone_that_may_do_both() {
    let all = [
        "GET /a/{x}",
        "GET /a/{y}",
        "GET /b",
        "GET /b/",
        "GET /C",
        "GET /c",
        "GET /d/{x}.js",
        "GET /d/f-{y}",
        "GET /e/**",
        "GET /e/{p+}",
    ];
    let half: &[usize] = &[0, 2, 4, 6, 8];
    let model = World::of(
        &all,
        &[("half", half), ("whole", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])],
        &[],
    )
    .model();
    for path in [
        "/a/7",
        "/b",
        "/b/",
        "/C",
        "/c",
        "/d/f-7",
        "/d/f-7.js",
        "/d/7.js",
        "/e/7",
    ] {
        assert!(!model.allows(Some("half"), "GET", path), "{path}");
        assert!(model.allows(Some("whole"), "GET", path), "{path}");
    }
    assert!(
        model.notes.iter().any(|note| note.starts_with("5 pairs")),
        "{:?}",
        model.notes
    );
}

#[test]
fn head_passes_where_get_does_unless_something_else_may_serve_it() {
    let model = World::of(
        &[
            "GET /a/{id}",
            "HEAD /{x}/{y}",
            "GET /b",
            "GET /c/7",
            "HEAD /c/7",
            "ANY /d",
            "GET /d",
        ],
        &[
            ("all", &[0, 1, 2, 3, 4, 5, 6]),
            ("heads", &[1, 4]),
            ("any", &[5]),
        ],
        &[],
    )
    .model();
    let head = |client: &str, path: &str| model.allows(Some(client), "HEAD", path);
    assert!(
        head("all", "/b") && head("all", "/c/7") && head("heads", "/c/7") && head("heads", "/z/7")
    );
    for path in ["/a/7", "/d"] {
        assert!(
            !head("all", path) && !head("heads", path) && !head("any", path),
            "{path}"
        );
    }
    assert!(model.allows(Some("any"), "PUT", "/d") && !model.allows(Some("any"), "GET", "/d"));
    assert!(
        model
            .notes
            .iter()
            .any(|note| note.contains("HEAD is refused") && note.contains("GET /a/{id}, GET /d")),
        "{:?}",
        model.notes
    );
}

#[test]
fn what_no_gateway_can_say_is_left_out_and_named() {
    let all = [
        "GET /a%2Fb",
        "WATCH /w",
        "GET /ok",
        "GET /x/..",
        "GET /p%25",
    ];
    let model = World::of(&all, &[("c", &[0, 1, 2, 3, 4])], &[]).model();
    assert_eq!(model.rules.len(), 1);
    let notes = model.notes.join("\n");
    for (index, word) in [
        (0, "GET /a%2Fb"),
        (1, "WATCH /w"),
        (3, "GET /x/.."),
        (4, "GET /p%25"),
    ] {
        assert!(notes.contains(word), "{index} {notes}");
    }
    assert!(notes.contains("4 pairs"), "{notes}");
}

#[test]
fn head_of_a_path_with_a_slash_at_its_end_is_refused_where_the_analysis_asks_for_more() {
    for operations in [
        &["GET /a/", "ANY /a/f-{id}/{p+}"],
        &["GET /a/", "ANY /a/{id}"],
    ] {
        let world = World::of(operations, &[("reader", &[0])], &[]);
        let (model, (matcher, _)) = (
            world.model(),
            Matcher::new(&world.catalog.operations, MatchOptions::default()),
        );
        assert!(model.allows(Some("reader"), "GET", "/a/"));
        assert!(!policy_allows(&world, &matcher, "reader", "HEAD", "/a/"));
        assert!(!model.allows(Some("reader"), "HEAD", "/a/"));
    }
}
