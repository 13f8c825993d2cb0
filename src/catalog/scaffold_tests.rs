//! What is proposed, and that it is read again.

use super::super::{LoadOptions, load_text};
use super::*;

fn seen(requests: &[(&str, &str)]) -> BTreeMap<(Method, String), u64> {
    let key =
        |(method, path): &(&str, &str)| (Method::parse(method.as_bytes()), (*path).to_owned());
    requests.iter().map(|request| (key(request), 1)).collect()
}

fn lines(draft: &Draft) -> Vec<&str> {
    let lines = draft.text.lines().skip_while(|line| *line != "routes:");
    lines.skip(1).map(str::trim).collect()
}

fn options(case_insensitive: bool) -> MatchOptions {
    MatchOptions { case_insensitive }
}

#[test]
fn each_resource_has_a_scope_for_reading_and_one_for_writing() {
    let draft = draft(
        &[],
        &seen(&[
            ("GET", "/v1/orders"),
            ("GET", "/v1/orders/"),
            ("POST", "/v1/orders/{}/items/{}"),
            ("DELETE", "/v1/orders:purge"),
            ("QUERY", "/api/v2.0/stock.json"),
            ("GET", "/"),
            ("GET", "/api/v1/{}"),
            ("PUT", "/reset/{secret}"),
        ]),
        options(false),
    );
    assert_eq!(
        lines(&draft),
        [
            "GET /: root:read",
            "GET /api/v1/{id}: v1:read",
            "QUERY /api/v2.0/stock.json: stock:read",
            "PUT /reset/{id}: reset:write",
            "GET /v1/orders: orders:read",
            "POST /v1/orders/{id}/items/{id2}: orders:write",
            "DELETE /v1/orders:purge: orders:write",
        ]
    );
    assert!(draft.text.starts_with("# A PROPOSAL"), "{}", draft.text);
    assert!(draft.left_out.is_empty());
}

#[test]
fn nothing_of_a_hostile_path_becomes_yaml_and_every_request_fits() {
    let long = format!("{}/**", "/x".repeat(12));
    let paths = [
        "/a: b # c",
        "/\"x\"",
        "/'x'",
        "/x\u{1b}[31m/\u{202e}y",
        "/*",
        "/**",
        "/&a/*b",
        "/{x}/}{",
        "/a\nroutes: {}",
        "/\u{fffd}",
        "/%2e%2f",
        "/x:",
        "/-",
        "/true",
        "/a//b",
        "/:id",
        "/<id>",
        "/\u{e9}t\u{e9}",
        "/[x](y)?",
        "/a=b,c",
        "/orders/{}/",
        long.as_str(),
    ];
    let requests: Vec<(&str, &str)> = paths.iter().map(|path| ("GET", *path)).collect();
    let seen = seen(&requests);
    let draft = draft(&[], &seen, options(false));
    // An empty segment is none of a template.
    assert_eq!(draft.left_out, ["GET /a//b"]);
    let unusual = |c: char| !c.is_ascii() || c.is_control();
    assert!(
        !draft.text.replace('\n', "").contains(unusual),
        "{}",
        draft.text
    );
    let catalog = load_text(&draft.text, "routes.yaml", &LoadOptions::default()).unwrap();
    assert_eq!(catalog.operations.len(), draft.routes);
    let (matcher, _) = Matcher::new(&catalog.operations, options(false));
    for (method, path) in seen.keys().filter(|(_, path)| path != "/a//b") {
        let path = path.replace("{}", "42").replace("x/**", "x/y/z");
        assert!(matcher.find(*method, path.as_bytes()).is_some(), "{path}");
    }
    assert!(super::draft(&[], &self::seen(&[("GET", "v1/x")]), options(false)).routes == 0);
}

#[test]
fn without_regard_to_case_two_spellings_are_one_route() {
    let seen = seen(&[("GET", "/Orders"), ("GET", "/orders")]);
    assert_eq!(draft(&[], &seen, options(true)).routes, 1);
    assert_eq!(draft(&[], &seen, options(false)).routes, 2);
}

#[test]
fn operations_that_are_known_come_first_and_keep_what_they_state() {
    let text = "openapi: 3.1.0\npaths:\n  /orders/{key}: {get: {}, put: {security: [{o: [a b]}]}, \
        post: {security: [{o: ['x:1', 'y:2']}, {}]}, patch: {security: [{o: ['true']}]}, delete: {security: []}}\n\
        \x20 /{a}/x={b}: {get: {security: [{o: ['a:{b}']}, {o: ['c:d']}]}}\n  /a b: {get: {}}\n";
    let known = load_text(text, "a.yaml", &LoadOptions::default()).unwrap();
    let draft = draft(
        &known.operations,
        &seen(&[("GET", "/orders/{}/x")]),
        options(false),
    );
    assert_eq!(
        lines(&draft),
        [
            "GET /orders/{id}/x: orders:read",
            "DELETE /orders/{key}: authenticated",
            "GET /orders/{key}: orders:read",
            "PATCH /orders/{key}: \"true\"",
            "POST /orders/{key}: [x:1 + y:2, public]",
            "PUT /orders/{key}: orders:write",
            "\"GET /{a}/x={b}\": [\"a:{b}\", c:d]",
        ]
    );
    assert_eq!(draft.left_out, ["GET /a b"]);
    let again = load_text(&draft.text, "routes.yaml", &LoadOptions::default()).unwrap();
    assert_eq!(again.operations[4].demands(), "x:1 + y:2 | (anonymous)");
}
