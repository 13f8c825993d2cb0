use proptest::prelude::*;

use super::*;
use crate::model::{Requirement, Security};

fn matcher(labels: &[&str]) -> Matcher {
    with(labels, MatchOptions::default())
}

fn with(labels: &[&str], options: MatchOptions) -> Matcher {
    let operations: Vec<Operation> = labels
        .iter()
        .map(|label| {
            let (method, path) = label.split_once(' ').unwrap();
            Operation::new(Method::parse(method.as_bytes()), path, Requirement::none())
        })
        .collect();
    Matcher::new(&operations, options).0
}

fn find(matcher: &Matcher, request: &str) -> Option<(String, bool)> {
    let (method, path) = request.split_once(' ').unwrap();
    let found = matcher.find(Method::parse(method.as_bytes()), path.as_bytes())?;
    Some((matcher.routes()[found.route as usize].label(), found.looser))
}

fn exact(matcher: &Matcher, request: &str) -> String {
    match find(matcher, request) {
        Some((label, false)) => label,
        other => format!("{other:?}"),
    }
}

#[test]
fn a_literal_wins_over_a_parameter_and_a_dead_end_is_left_again() {
    let m = matcher(&[
        "GET /users/{id}",
        "GET /users/me",
        "GET /a/b/{x}/d",
        "GET /a/{y}/c",
        "GET /",
    ]);
    assert_eq!(exact(&m, "GET /users/me"), "GET /users/me");
    assert_eq!(exact(&m, "GET /users/42"), "GET /users/{id}");
    assert_eq!(exact(&m, "GET /a/b/c"), "GET /a/{y}/c");
    assert_eq!(exact(&m, "GET /"), "GET /");
    assert_eq!(find(&m, "GET /users"), None);
    assert_eq!(find(&m, "POST /users/me"), None);
    assert_eq!(find(&m, "GET /users//"), None);
}

#[test]
fn e5_static_segments_with_digits_and_underscores_are_literals() {
    let m = matcher(&[
        "GET /oauth2PermissionGrants/{id}",
        "GET /windows10_x/{id}",
        "GET /{kind}/{id}",
    ]);
    assert_eq!(
        exact(&m, "GET /oauth2PermissionGrants/b1"),
        "GET /oauth2PermissionGrants/{id}"
    );
    assert_eq!(exact(&m, "GET /windows10_x/1"), "GET /windows10_x/{id}");
    assert_eq!(exact(&m, "GET /windows11_x/1"), "GET /{kind}/{id}");
}

#[test]
fn parameters_inside_a_segment_and_custom_verbs_beat_a_plain_parameter() {
    let m = matcher(&[
        "GET /docs/{id}",
        "POST /docs/{id}:archive",
        "GET /docs/{id}.json",
        "GET /compare/{base}...{head}",
        "GET /users('{id}')/x",
        "GET /v/{a}-{b}-{c}",
    ]);
    assert_eq!(exact(&m, "POST /docs/1:archive"), "POST /docs/{id}:archive");
    assert_eq!(exact(&m, "GET /docs/1:archive"), "GET /docs/{id}");
    assert_eq!(exact(&m, "GET /docs/1.json"), "GET /docs/{id}.json");
    assert_eq!(
        exact(&m, "GET /docs/.json"),
        "GET /docs/{id}",
        "a parameter is never empty"
    );
    assert_eq!(
        exact(&m, "GET /compare/main...dev"),
        "GET /compare/{base}...{head}"
    );
    assert_eq!(exact(&m, "GET /users('a@b.c')/x"), "GET /users('{id}')/x");
    assert_eq!(exact(&m, "GET /v/1-2-3"), "GET /v/{a}-{b}-{c}");
    assert_eq!(find(&m, "GET /v/1--3"), None);
}

#[test]
fn a_tail_takes_the_rest_and_is_the_least_specific() {
    let m = matcher(&[
        "ANY /admin/**",
        "GET /files/{path+}",
        "GET /files/{id}/meta",
        "GET /{proxy+}",
    ]);
    assert_eq!(exact(&m, "DELETE /admin/a/b"), "ANY /admin/**");
    assert_eq!(exact(&m, "DELETE /admin"), "ANY /admin/**");
    assert_eq!(exact(&m, "GET /files/a/b/c"), "GET /files/{path+}");
    assert_eq!(exact(&m, "GET /files/a/meta"), "GET /files/{id}/meta");
    assert_eq!(exact(&m, "GET /files"), "GET /{proxy+}");
}

#[test]
fn head_is_served_by_get_and_options_is_not() {
    let m = matcher(&["GET /a", "HEAD /b", "GET /b", "ANY /c"]);
    assert_eq!(exact(&m, "HEAD /a"), "GET /a");
    assert_eq!(exact(&m, "HEAD /b"), "HEAD /b");
    assert_eq!(find(&m, "OPTIONS /a"), None);
    assert_eq!(exact(&m, "HEAD /c"), "ANY /c");
}

#[test]
fn a_preflight_is_not_a_use_of_an_operation_of_any_method() {
    let m = matcher(&["ANY /a", "ANY /r/{id}.json", "ANY /r/a-{id}", "OPTIONS /b"]);
    for path in ["/a", "/A", "/a/", "/r/7.json", "/r/a-7.json"] {
        assert_eq!(find(&m, &format!("OPTIONS {path}")), None);
    }
    assert!(m.find_template(Method::Options, b"/a").is_none());
    assert!(m.find_template(Method::Options, b"/b").is_some());
    assert_eq!(exact(&m, "OPTIONS /b"), "OPTIONS /b");
}

#[test]
fn equal_templates_are_said_where_case_plays_no_part_as_well() {
    let operations: Vec<Operation> = ["/a/{x}", "/a/{y}", "/B/c", "/b/C"]
        .iter()
        .map(|path| Operation::new(Method::Get, *path, Requirement::none()))
        .collect();
    for (case_insensitive, groups) in [(false, 1), (true, 2)] {
        let (_, warnings) = Matcher::new(&operations, MatchOptions { case_insensitive });
        assert!(
            warnings
                .iter()
                .all(|warning| warning.code == "equal-templates")
        );
        assert_eq!(warnings.len(), groups);
    }
}

#[test]
fn case_and_trailing_slash_match_looser_and_say_so() {
    let m = matcher(&["GET /v1/orders", "GET /v1/Reports/", "GET /x/{id}"]);
    assert_eq!(
        find(&m, "GET /v1/orders/"),
        Some(("GET /v1/orders".to_owned(), true))
    );
    assert_eq!(
        find(&m, "GET /V1/Orders"),
        Some(("GET /v1/orders".to_owned(), true))
    );
    assert_eq!(
        find(&m, "GET /V1/ORDERS/"),
        Some(("GET /v1/orders".to_owned(), true))
    );
    assert_eq!(
        find(&m, "GET /v1/Reports"),
        Some(("GET /v1/Reports/".to_owned(), true))
    );
    let folded = with(
        &["GET /v1/orders"],
        MatchOptions {
            case_insensitive: true,
        },
    );
    assert_eq!(exact(&folded, "GET /V1/Orders"), "GET /v1/orders");
    assert_eq!(
        find(&folded, "GET /V1/Orders/"),
        Some(("GET /v1/orders".to_owned(), true))
    );
}

#[test]
fn equal_templates_share_a_route_and_case_variants_one_for_looser_matches() {
    let operations: Vec<Operation> = ["/a/{x}", "/a/{y}", "/B/c", "/b/C"]
        .iter()
        .map(|path| Operation::new(Method::Get, *path, Requirement::none()))
        .collect();
    let (m, warnings) = Matcher::new(&operations, MatchOptions::default());
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "equal-templates");
    let operations_of = |path: &str| {
        let found = m.find(Method::Get, path.as_bytes()).unwrap();
        m.routes()[found.route as usize].operations.clone()
    };
    assert_eq!(operations_of("/a/1"), [0, 1]);
    assert_eq!(operations_of("/B/c"), [2]);
    assert_eq!(
        operations_of("/b/c"),
        [2, 3],
        "whichever it was, both stay permitted"
    );
}

#[test]
fn a_request_that_fits_two_mixed_segments_equally_well_may_be_either_operation() {
    let operations: Vec<Operation> = [
        (Method::Get, "/r/{id}.csv"),
        (Method::Get, "/r/raw-{name}"),
        (Method::Any, "/r/{id}.txt"),
        (Method::Get, "/r/{id}.json"),
        (Method::Get, "/r/{id}"),
    ]
    .into_iter()
    .map(|(method, path)| Operation::new(method, path, Requirement::none()))
    .collect();
    for case_insensitive in [false, true] {
        let (m, warnings) = Matcher::new(&operations, MatchOptions { case_insensitive });
        let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["unclear-templates"]);
        let operations_of = |method, path: &str| {
            let found = m.find(method, path.as_bytes()).unwrap();
            m.routes()[found.route as usize].operations.clone()
        };
        assert_eq!(operations_of(Method::Get, "/r/7.csv"), [0]);
        assert_eq!(operations_of(Method::Get, "/r/raw-x"), [1]);
        let either = operations_of(Method::Get, "/r/raw-7.csv");
        assert!(
            either.contains(&0) && either.contains(&1),
            "whichever it was, both stay permitted: {either:?}"
        );
        assert!(operations_of(Method::Get, "/r/raw-7.txt").contains(&2));
        assert_eq!(operations_of(Method::Post, "/r/raw-7.txt"), [2]);
        assert_eq!(
            operations_of(Method::Get, "/r/raw-7.json"),
            [3],
            "more literal bytes are more specific"
        );
    }
}

#[test]
fn a_logged_template_is_found_whatever_its_parameters_are_called() {
    let m = matcher(&["GET /orders/{orderId}/items/{n}", "ANY /x"]);
    let found = m
        .find_template(Method::Get, b"/orders/{id}/items/{item}")
        .unwrap();
    assert_eq!(
        m.routes()[found.route as usize].label(),
        "GET /orders/{orderId}/items/{n}"
    );
    assert!(m.find_template(Method::Post, b"/x").is_some());
    assert!(m.find_template(Method::Get, b"/{proxy+}").is_none());
}

#[test]
fn hostile_templates_and_paths_end_soon() {
    let deep: Vec<String> = (0..20)
        .map(|n| format!("GET {}/end{n}", "/{a}/x".repeat(15)))
        .collect();
    let labels: Vec<&str> = deep
        .iter()
        .map(String::as_str)
        .chain(["GET /x/{b}/x/{c}/x/y"])
        .collect();
    let m = matcher(&labels);
    assert_eq!(find(&m, &format!("GET {}", "/x".repeat(60))), None);
    assert_eq!(find(&m, &format!("GET {}", "/x".repeat(100_000))), None);
}

/// How specific the best fit of a template is, segment by segment; every division of the
/// path among parameters that take several segments is tried.
fn rank(template: &[&str], segments: &[&str]) -> Option<Vec<usize>> {
    let [first, rest @ ..] = template else {
        return segments.is_empty().then(Vec::new);
    };
    if *first == "{+p}" {
        // Neighbours are one.
        if rest.first() == Some(&"{+p}") {
            return rank(rest, segments);
        }
        let fits = (1..=segments.len()).filter_map(|taken| {
            let after = rank(rest, &segments[taken..])?;
            Some([vec![2_000; taken], after].concat())
        });
        return fits.min();
    }
    let [segment, later @ ..] = segments else {
        return None;
    };
    let weight = match *first {
        "{p}" => (!segment.is_empty()).then_some(1_000),
        pattern if pattern.contains("{p}") => {
            let (before, after) = pattern.split_once("{p}").unwrap();
            let inner = segment.strip_prefix(before)?.strip_suffix(after)?;
            (!inner.is_empty()).then_some(500 - pattern.len())
        }
        pattern => (pattern == *segment).then_some(0),
    };
    Some([vec![weight?], rank(rest, later)?].concat())
}

/// Compares every template with the path; all that fit best, where they are several.
fn naive(templates: &[&str], path: &str) -> Vec<String> {
    let segments: Vec<&str> = path[1..].split('/').collect();
    let ranked = templates.iter().filter_map(|template| {
        let parts: Vec<&str> = template[1..].split('/').collect();
        Some((rank(&parts, &segments)?, *template))
    });
    let ranked: Vec<(Vec<usize>, &str)> = ranked.collect();
    let best = ranked.iter().map(|(rank, _)| rank).min();
    let all = ranked.iter().filter(|(rank, _)| Some(rank) == best);
    all.map(|(_, template)| (*template).to_owned()).collect()
}

#[test]
fn several_segments_in_the_middle_are_one_parameter_and_the_fewest_are_taken() {
    let m = matcher(&[
        "GET /files/{+path}/meta",
        "GET /files/{id}/meta",
        "GET /files/{rest=**}",
        "POST /v1/{+name}:cancel",
        "GET /x/**/end",
        "GET /{+a}/by/{+b}/at/{n}",
    ]);
    assert_eq!(exact(&m, "GET /files/a/meta"), "GET /files/{id}/meta");
    assert_eq!(exact(&m, "GET /files/a/b/meta"), "GET /files/{+path}/meta");
    assert_eq!(exact(&m, "GET /files/a/meta/b"), "GET /files/{rest=**}");
    assert_eq!(exact(&m, "GET /files/meta"), "GET /files/{rest=**}");
    for path in ["/v1/op:cancel", "/v1/projects/p/op:cancel"] {
        assert_eq!(
            exact(&m, &format!("POST {path}")),
            "POST /v1/{+name}:cancel"
        );
    }
    assert_eq!(find(&m, "POST /v1/a/:cancel"), None);
    for path in ["/x/end", "/x/a/end", "/x/a/b/c/end", "/x/end/end"] {
        assert_eq!(exact(&m, &format!("GET {path}")), "GET /x/**/end");
    }
    assert_eq!(find(&m, "GET /x/a/b"), None);
    assert_eq!(
        exact(&m, "GET /q/w/by/e/by/r/at/7"),
        "GET /{+a}/by/{+b}/at/{n}"
    );
    // The steps are counted: a path like this ends soon.
    let long = format!("GET {}", "/by/at".repeat(40));
    assert_eq!(find(&m, &long), None);
}

#[test]
fn an_optional_segment_may_be_absent_and_then_another_operation_is_needed_as_well() {
    let operations: Vec<Operation> = ["/a/{id?}", "/a", "/b{/x,y}", "/c/{v?}/d"]
        .iter()
        .map(|path| Operation::new(Method::Get, *path, Requirement::none()))
        .collect();
    for case_insensitive in [false, true] {
        let (m, warnings) = Matcher::new(&operations, MatchOptions { case_insensitive });
        let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["equal-templates"]);
        let of = |path: &str| {
            let found = m.find(Method::Get, path.as_bytes())?;
            (!found.looser).then(|| m.routes()[found.route as usize].operations.clone())
        };
        assert_eq!(of("/a/1"), Some(vec![0]));
        assert_eq!(of("/a"), Some(vec![0, 1]), "whichever it was");
        assert_eq!((of("/b"), of("/b/1/2")), (Some(vec![2]), Some(vec![2])));
        assert_eq!((of("/c/d"), of("/c/1/d")), (Some(vec![3]), Some(vec![3])));
        assert_eq!((of("/c"), of("/b/1/2/3")), (None, None));
        let routes: BTreeSet<_> = m.routes().iter().map(|route| &route.operations).collect();
        assert_eq!(routes.len(), m.routes().len(), "no route is there twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn the_trie_agrees_with_comparing_every_template(
        templates in prop::collection::btree_set("(/(a|b|\\{p\\}|a\\{p\\}|\\{p\\}:b|\\{\\+p\\})){1,4}", 1..12),
        path in "(/(a|b|ab|c:b|aa)){1,6}",
    ) {
        let list: Vec<&str> = templates.iter().map(String::as_str).collect();
        let labels: Vec<String> = list.iter().map(|path| format!("GET {path}")).collect();
        let m = matcher(&labels.iter().map(String::as_str).collect::<Vec<_>>());
        let found = find(&m, &format!("GET {path}")).filter(|(_, looser)| !looser);
        let found = found.map(|(label, _)| label[4..].to_owned());
        let all = naive(&list, &path);
        prop_assert!(found.as_ref().map_or(all.is_empty(), |label| all.contains(label)), "{:?} {:?}", found, all);
    }
}

#[test]
fn a_route_knows_the_declared_names_of_keys_in_its_query_and_no_other_does() {
    let mut operations =
        ["/feed", "/orders"].map(|path| Operation::new(Method::Get, path, Requirement::none()));
    let key = BTreeSet::from([crate::model::Scheme::QueryKey("key".into())]);
    operations[0].security = Security::Stated(BTreeSet::from([key]).into());
    let matcher = Matcher::new(&operations, MatchOptions::default()).0;
    let names = |path: &[u8]| matcher.query_keys(matcher.find(Method::Get, path).unwrap().route);
    assert_eq!(
        (names(b"/feed").concat().as_str(), names(b"/orders").len()),
        ("key", 0)
    );
    assert_eq!(matcher.query_keys(u32::MAX).len(), 0);
}
