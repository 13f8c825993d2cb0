//! Which operation a request is, and what a missing requirement means.

use crate::support::{Case, daily};
use crate::{ROUTES, app_holds, because, client, needed, report, term, texts, verdict};

#[test]
fn e5_static_segments_with_digits_stay_static_and_any_value_fits_a_parameter() {
    let routes = "\
version: 1
routes:
  GET /oauth2PermissionGrants: grants:read
  GET /windows10/apps: apps:read
  GET /snake_case/list: snake:read
  GET /users/me: me:read
  GET /users/{id}: users:read
  GET /{anything}: anything:read
";
    let mut log = String::new();
    for path in [
        "oauth2PermissionGrants",
        "windows10/apps",
        "snake_case/list",
        "users/me",
    ] {
        log += &daily(100, "app", &format!("GET /{path}"), 200);
    }
    let grants = app_holds(&[
        "grants:read",
        "apps:read",
        "snake:read",
        "me:read",
        "users:read",
        "anything:read",
    ]);
    let case = Case::of(routes, &grants, &log);
    let json = report(&case.analyze(&["--json"]), 0);
    assert_eq!(
        needed(&json, "app"),
        [
            "GET /oauth2PermissionGrants",
            "GET /windows10/apps",
            "GET /snake_case/list",
            "GET /users/me"
        ]
    );
    for scope in ["users:read", "anything:read"] {
        assert_eq!(
            verdict(&json, "app", scope),
            "remove unused likely",
            "{scope}"
        );
    }
    // Whatever an id looks like, it is an id where the catalogue has a parameter.
    for id in ["1", "12", "b1", "a1b0e1", "a_b", "me2", "Me%20Too"] {
        let log = daily(100, "app", &format!("GET /users/{id}"), 200);
        let json = report(&Case::of(routes, &grants, &log).analyze(&["--json"]), 0);
        assert_eq!(needed(&json, "app"), ["GET /users/{id}"], "{id}");
        assert_eq!(client(&json, "app")["unmatched"]["requests"], 0, "{id}");
    }
}

/// One operation that says nothing about security, next to others that do.
fn openapi(document: &str, operation: &str) -> String {
    format!(
        "openapi: 3.1.0\ninfo: {{title: Shop, version: '1'}}\n{document}paths:\n  /orders:\n    get:\n      \
         {operation}responses: {{'200': {{description: Done}}}}\n  /invoices:\n    get:\n      \
         security: [{{shop: [invoices:read]}}]\n      responses: {{'200': {{description: Done}}}}\n"
    )
}

#[test]
fn e35_a_missing_requirement_is_not_public_and_an_empty_one_is_explicit() {
    let log = daily(100, "app", "GET /orders", 200);
    let grants = app_holds(&["invoices:read"]);
    let json_of = |routes: &str| report(&Case::of(routes, &grants, &log).analyze(&["--json"]), 0);

    let missing = json_of(&openapi("", ""));
    assert_eq!(
        verdict(&missing, "app", "invoices:read"),
        "remove unused review"
    );
    assert!(because(
        &missing,
        "app",
        "invoices:read",
        "requirement_unknown"
    ));

    for public in ["security: []\n      ", "security: [{}]\n      "] {
        let public = json_of(&openapi("", public));
        assert_eq!(
            verdict(&public, "app", "invoices:read"),
            "remove unused likely"
        );
        assert!(!because(
            &public,
            "app",
            "invoices:read",
            "requirement_unknown"
        ));
    }

    // The operation's own entry wins over the document's, also when it is empty.
    let document = "security: [{shop: [invoices:read]}]\n";
    let inherited = json_of(&openapi(document, ""));
    assert_eq!(verdict(&inherited, "app", "invoices:read"), "keep");
    let overridden = json_of(&openapi(document, "security: []\n      "));
    assert_eq!(
        verdict(&overridden, "app", "invoices:read"),
        "remove unused likely"
    );
}

#[test]
fn e35_a_route_without_scopes_has_to_say_that_it_is_public() {
    let log = daily(100, "app", "GET /orders", 200);
    let routes = format!("{ROUTES}  GET /products:\n");
    let run = Case::of(&routes, &app_holds(&["orders:read"]), &log).analyze(&["--json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("routes.yaml:10"), "{}", run.err);
    assert!(run.err.contains("GET /products"), "{}", run.err);
    assert!(run.err.contains("`public`"), "{}", run.err);
}

#[test]
fn a_request_that_fits_two_equal_templates_is_counted_once() {
    // A list of routes refuses them; other descriptions may hold them, with a warning.
    let routes = r#"{"operations": [
        {"method": "GET", "path": "/mail/{id}", "any_of": [["mail:read"]]},
        {"method": "GET", "path": "/mail/{name}", "any_of": [["mail:read"]]}
    ]}"#;
    let log = daily(100, "app", "GET /mail/7", 200);
    let case = Case::of(routes, &app_holds(&["mail:read"]), &log);
    let json = report(&case.analyze(&["--json"]), 0);
    let term = &client(&json, "app")["terms"][0];
    assert_eq!(term["verdict"], "keep");
    assert_eq!(
        (&term["uses"]["30"], &term["days_used"]),
        (&30.into(), &100.into())
    );
}

#[test]
fn a_scope_that_may_change_the_answer_of_an_open_operation_is_kept() {
    let routes = "\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /catalog:
    get:
      security: [{}, {oauth: ['catalog:read']}]
  /orders:
    get:
      security: [{oauth: ['orders:read']}]
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {}}
";
    let grants = "\
version: 1
clients:
  app: {since: 2024-01-01, scopes: ['catalog:read', 'orders:read']}
  guest: {since: 2024-01-01, scopes: ['orders:read']}
";
    let log = daily(100, "app", "GET /catalog", 200) + &daily(100, "guest", "GET /catalog", 200);
    let json = report(&Case::of(routes, grants, &log).analyze(&["--json"]), 0);
    assert_eq!(verdict(&json, "app", "catalog:read"), "keep");
    assert_eq!(texts(&client(&json, "app")["minimal"]), ["catalog:read"]);
    assert_eq!(
        texts(&term(&json, "app", "catalog:read")["witness"]),
        ["GET /catalog"]
    );
    // Who does not hold it is let in all the same: no fault of the mapping.
    assert_eq!(needed(&json, "guest"), ["GET /catalog"]);
    assert!(!because(
        &json,
        "guest",
        "orders:read",
        "used_without_grant"
    ));
    assert_eq!(
        verdict(&json, "guest", "orders:read"),
        "remove unused likely"
    );
}
