//! The native forms and Google's: one small document for each rule.

use super::tests::{codes, failure, good, lines};
use crate::model::ScopeMatch;

pub(super) const ROUTES: &str = "\
version: 1
match: {wildcard: ':'}
implies:
  orders:admin: [orders:read, orders:update]   # E30
  orders:update: orders:read
routes:
  GET /orders/{id}: orders:read
  POST /orders: [orders:update, orders:admin]
  POST /refunds: [orders:update + payments:write]
  put /odd: [a+b, c + d]
  GET /health: public
  GET /me: authenticated
  GET /mixed: [public, orders:read]
  ANY /admin/**: orders:admin
";

#[test]
fn routes_yaml_is_read_as_documented() {
    let catalog = good(ROUTES);
    assert_eq!(
        lines(&catalog),
        [
            "GET /orders/{id}: orders:read",
            "POST /orders: orders:update | orders:admin",
            "POST /refunds: orders:update+payments:write",
            "PUT /odd: a+b | c+d",
            "GET /health: -",
            "GET /me: -",
            "GET /mixed: - | orders:read",
            "ANY /admin/**: orders:admin",
        ]
    );
    let odd = catalog.operations[3].requirement.clauses();
    assert_eq!(
        (odd[0].len(), odd[1].len()),
        (1, 2),
        "only ` + ` with spaces joins"
    );
    let optional: Vec<bool> = catalog
        .operations
        .iter()
        .map(|op| op.optional_auth)
        .collect();
    assert_eq!(optional.iter().filter(|flag| **flag).count(), 1);
    assert!(optional[6]);
    assert_eq!(catalog.matching, Some(ScopeMatch::Wildcard(':')));
    assert_eq!(
        catalog.operations[7].place.as_ref().unwrap().to_string(),
        "f:14"
    );
    assert!(catalog.warnings.is_empty());
}

#[test]
fn e30_implications_are_kept_as_declared() {
    let implies = good(ROUTES).implies;
    assert_eq!(implies.len(), 2);
    assert_eq!(implies["orders:admin"].len(), 2);
    assert!(implies["orders:update"].contains("orders:read"));
}

#[test]
fn routes_yaml_refuses_what_it_does_not_know_or_cannot_be_sure_of() {
    for (text, said) in [
        (
            "routes: {}\nimplys: {}\n",
            "f:2: unknown key `implys`\ndid you mean `implies`?",
        ),
        ("routes: {}\nzebra: 1\n", "known are version, match"),
        (
            "version: 2\nroutes: {}\n",
            "routes.yaml version `2` is not supported",
        ),
        ("routes: 7\n", "f:1: `routes` is a number, not a mapping"),
        (
            "routes:\n  GTE /x: a\n",
            "f:2: unknown method `GTE`\ndid you mean `GET`?",
        ),
        (
            "routes:\n  GET x: a\n",
            "has no path that starts with a slash",
        ),
        (
            "routes:\n  GET: a\n",
            "has no path that starts with a slash",
        ),
        ("routes:\n  GET /a b: a\n", "whitespace"),
        ("routes:\n  GET /a?b=c: a\n", "a query or a fragment"),
        ("routes:\n  GET /a/{b: a\n", "brace without its partner"),
        ("routes:\n  GET /a/**/b: a\n", "`**` before its end"),
        (
            "routes:\n  GET /x:\n",
            "f:2: route `GET /x` does not say what it requires\nwrite a scope",
        ),
        ("routes:\n  GET /x: []\n", "does not say what it requires"),
        ("routes:\n  GET /x: ''\n", "empty place for a scope"),
        (
            "routes:\n  GET /x: a + \n",
            "several scopes with only a space",
        ),
        (
            "routes:\n  GET /x: a b\n",
            "several scopes with only a space",
        ),
        ("routes:\n  GET /x: a + public\n", "reserved words"),
        (
            "routes:\n  GET /x: [a, 7]\n",
            "an alternative that is not a string",
        ),
        ("routes:\n  GET /x: {a: b}\n", "neither a string nor a list"),
        ("routes:\n  GET /x: 7\n", "neither a string nor a list"),
        (
            "match: fuzzy\nroutes: {}\n",
            "f:1: `match: \"fuzzy\"` is not a way to compare scopes",
        ),
        (
            "implies: {a: 1}\nroutes: {}\n",
            "f:1: `a` does not name the scopes it implies",
        ),
        (
            "routes:\n  GET /a/{b}: x\n  PUT /a/{b}: x\n  GET /a/{c}: y\n",
            "f:4: `GET /a/{c}` matches the same requests as `GET /a/{b}`",
        ),
        (
            "routes:\n  GET /a/**: x\n\n  GET /a/{b+}: y\n",
            "f:4: `GET /a/{b+}` matches the same requests as `GET /a/**`",
        ),
    ] {
        let really = failure(text);
        assert!(really.contains(said), "{text}\n{really}");
    }
    good("routes:\n  GET /a/{b}: x\n  GET /a/{b+}: x\n  ANY /a/{b}: x\n  POST /a/**: y\n");
}

#[test]
fn a_name_that_holds_a_separator_is_one_scope_and_that_is_said() {
    let catalog = good("routes:\n  GET /a: x,y\n  GET /b: x;y\n  GET /c: z\n");
    assert_eq!(lines(&catalog)[0], "GET /a: x,y");
    assert_eq!(codes(&catalog), ["separator-in-scope"]);
    assert!(catalog.warnings[0].message.starts_with("2 required scopes"));
}

#[test]
fn the_csv_twin_says_the_same() {
    let text = "# ours\npath;Method;scopes\n/orders/{id};GET;orders:read\n/refunds;POST;a + b | c\n/health;GET;public\n/m;GET;public | x\n";
    let catalog = good(text);
    assert_eq!(
        lines(&catalog),
        [
            "GET /orders/{id}: orders:read",
            "POST /refunds: a+b | c",
            "GET /health: -",
            "GET /m: - | x"
        ]
    );
    assert_eq!(catalog.operations[1].place.as_ref().unwrap().line, 4);
    for (text, said) in [
        (
            "method,path,scopes\nGET,/x,\n",
            "f:2: route `GET /x` does not say what it requires",
        ),
        (
            "method,path,scopes\nGET,/x,a |\n",
            "empty place for a scope",
        ),
        (
            "method,path,scopes\nGET,/x,\"a,b\"\n",
            "f:2: route `GET /x` has a `,`, `;`, `&` or `+`",
        ),
        (
            "method,path,scopes\nGET,/x,a;b\n",
            "write `a + b` when both",
        ),
        ("method;path;scopes\nGET;/x;a,b\n", "and `a | b` when one"),
        (
            "method,path,scopes\nGET,/x,a+b + c\n",
            "needs a routes.yaml",
        ),
        (
            "method,path,scopes\nGET,/x\n",
            "f:2: not a valid CSV row: 2 cells under 3 columns",
        ),
        (
            "method,path,scopes,owner\nGET,/x,a,b\n",
            "f:1: unknown column `owner`",
        ),
        (
            "method,path,scopes,path\nGET,/x,a,b\n",
            "f:1: this key is already in its object",
        ),
        (
            "method,path,scopes\nGET,/{a},a\nGET,/{b},a\n",
            "f:3: `GET /{b}` matches the same requests",
        ),
    ] {
        let really = failure(text);
        assert!(really.contains(said), "{text}\n{really}");
    }
}

#[test]
fn e35_an_empty_any_of_is_not_public() {
    let catalog = good(
        r#"{"note": 1, "operations": [
        {"method": "GET", "path": "/open", "any_of": [[]]},
        {"method": "GET", "path": "/empty", "any_of": []},
        {"method": "GET", "path": "/null", "any_of": null},
        {"method": "GET", "path": "/absent"},
        {"method": "get", "path": "/q?$filter=x", "any_of": [["a", "b"], ["c"]], "least": ["c"], "weight": 8, "tags": ["t"], "compound": true},
        {"method": "FROB", "path": "/p", "any_of": [["a"]]}]}"#,
    );
    assert_eq!(
        lines(&catalog),
        [
            "GET /open: -",
            "GET /empty: ?",
            "GET /null: ?",
            "GET /absent: ?",
            "GET /q: a+b | c"
        ]
    );
    assert_eq!(
        codes(&catalog),
        [
            "query-in-path",
            "unspecified-security",
            "empty-alternatives",
            "unknown-method"
        ]
    );
    let last = &catalog.operations[4];
    assert_eq!(
        (last.least.len(), last.weight, last.tags.len()),
        (1, Some(8), 1)
    );
    assert_eq!(last.place.as_ref().unwrap().line, 6);
}

#[test]
fn a_normalised_catalogue_with_wrong_types_is_refused() {
    for (operation, said) in [
        ("7", "an operation is a number"),
        (
            r#"{"method": "GET"}"#,
            "a mapping with the strings `method` and `path`",
        ),
        (r#"{"method": "GET", "path": "x"}"#, "starts with a slash"),
        (
            r#"{"method": "GET", "path": "/", "any_of": ["a"]}"#,
            "an alternative of `any_of` is a string",
        ),
        (
            r#"{"method": "GET", "path": "/", "any_of": [[1]]}"#,
            "an alternative of `any_of` is a list, not a list of strings",
        ),
        (
            r#"{"method": "GET", "path": "/", "any_of": [[""]]}"#,
            "strings that are not empty",
        ),
        (
            r#"{"method": "GET", "path": "/", "weight": -1}"#,
            "`weight` is a number, not a whole number",
        ),
        (
            r#"{"method": "GET", "path": "/", "tags": "t"}"#,
            "`tags` is a string",
        ),
    ] {
        let really = failure(&format!("{{\"operations\": [\n{operation}]}}"));
        assert!(really.contains(said), "{operation}\n{really}");
        assert!(operation == "7" || really.starts_with("f:2: "), "{really}");
    }
}

#[test]
fn google_methods_without_scopes_are_unspecified_and_uploads_are_operations() {
    let catalog = good(
        r#"{"kind": "discovery#restDescription", "servicePath": "files/v1/", "auth": {"oauth2": {"scopes": {"https://h/auth/f": {}}}},
        "resources": {"f": {"methods": {"put": {"id": "f.put", "httpMethod": "PUT", "path": "f/{+id}", "flatPath": "f/{id}", "scopes": ["https://h/auth/f", "https://h/auth/g"],
            "mediaUpload": {"protocols": {"simple": {"path": "/upload/files/v1/f"}}}}},
          "resources": {"g": {"methods": {"get": {"id": "g.get", "httpMethod": "GET", "path": "g"}}}}}}}"#,
    );
    assert_eq!(
        lines(&catalog),
        [
            "PUT /files/v1/f/{id}: https://h/auth/f | https://h/auth/g",
            "PUT /upload/files/v1/f: https://h/auth/f | https://h/auth/g",
            "GET /files/v1/g: ?"
        ]
    );
    assert_eq!(codes(&catalog), ["unspecified-security"]);
    assert_eq!(catalog.declared.len(), 1);
}
