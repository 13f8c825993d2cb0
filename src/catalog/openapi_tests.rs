//! The rules of OpenAPI and Swagger, one small document each.

use serde_json::{Value, json};

use super::super::{LoadOptions, ScopeList, load, load_text};
use crate::model::{Catalog, Operation, Requirement};

const NONE: [[&str; 0]; 1] = [[]];

fn read(document: &Value) -> Catalog {
    load_text(&document.to_string(), "api.json", &LoadOptions::default()).unwrap()
}

/// A 3.0 document with one operation, and more keys at its root.
fn with(operation: &Value, more: &Value) -> Catalog {
    let mut document = json!({"openapi": "3.0.3", "paths": {"/x": {"get": operation}}});
    let root = document.as_object_mut().unwrap();
    root.extend(more.as_object().unwrap().clone());
    read(&document)
}

fn clauses(operation: &Operation) -> Vec<Vec<&str>> {
    let clauses = operation.requirement.clauses().iter();
    clauses
        .map(|c| c.iter().map(AsRef::as_ref).collect())
        .collect()
}

fn labels(catalog: &Catalog) -> Vec<String> {
    catalog.operations.iter().map(Operation::label).collect()
}

fn codes(catalog: &Catalog) -> Vec<&'static str> {
    catalog
        .warnings
        .iter()
        .map(|warning| warning.code)
        .collect()
}

fn failure(document: &Value) -> String {
    let error = load_text(&document.to_string(), "api.json", &LoadOptions::default()).unwrap_err();
    assert!(error.help().is_some(), "{error}");
    error.to_string()
}

#[test]
fn the_operation_s_security_replaces_the_document_s() {
    let root = json!({"security": [{"o": ["root"]}]});
    let catalog = with(&json!({"security": [{"o": ["catalog"]}]}), &root);
    assert_eq!(clauses(&catalog.operations[0]), [["catalog"]]);
    let inherited = with(&json!({}), &root);
    assert_eq!(clauses(&inherited.operations[0]), [["root"]]);
    let public = with(&json!({"security": []}), &root);
    assert_eq!(clauses(&public.operations[0]), NONE);
    assert!(!public.operations[0].optional_auth);
    let all_public = with(&json!({}), &json!({"security": []}));
    assert_eq!(clauses(&all_public.operations[0]), NONE);
}

#[test]
fn e35_silence_is_not_public_and_is_counted_in_one_warning() {
    let catalog = read(&json!({"openapi": "3.1.0",
        "paths": {"/x": {"get": {}, "put": {}}, "/y": {"get": {"security": []}}}}));
    assert_eq!(catalog.operations[0].requirement, Requirement::Unspecified);
    assert!(!catalog.operations[0].requirement.is_open());
    assert_eq!(clauses(&catalog.operations[2]), NONE);
    assert_eq!(codes(&catalog), ["unspecified-security"]);
    let warning = &catalog.warnings[0];
    assert!(
        warning.message.starts_with("2 operations"),
        "{}",
        warning.message
    );
    assert!(warning.message.contains("`GET /x`"));
}

#[test]
fn a_security_that_cannot_be_read_is_not_public_either() {
    for bad in [
        json!(null),
        json!({"o": []}),
        json!([{"o": null}]),
        json!([[]]),
    ] {
        let catalog = with(&json!({"security": bad}), &json!({"security": []}));
        assert_eq!(
            catalog.operations[0].requirement,
            Requirement::Unspecified,
            "{bad}"
        );
        assert_eq!(codes(&catalog), ["unreadable-security"]);
        let inherited = with(&json!({}), &json!({"security": bad}));
        assert_eq!(
            inherited.operations[0].requirement,
            Requirement::Unspecified,
            "{bad}"
        );
    }
}

#[test]
fn an_empty_entry_is_optional_authentication() {
    let catalog = with(&json!({"security": [{}, {"o": ["a"]}]}), &json!({}));
    assert!(catalog.operations[0].optional_auth && catalog.operations[0].requirement.is_open());
}

#[test]
fn an_oauth_alternative_without_scopes_is_said_and_an_api_key_is_not() {
    let schemes = json!({"components": {"securitySchemes": {
        "o": {"$ref": "#/components/securitySchemes/p"},
        "p": {"type": "oauth2", "flows": {"implicit": {"scopes": {"a": "", "b": ""}}}},
        "k": {"type": "apiKey"}}}});
    let said = with(&json!({"security": [{"o": []}, {"o": ["a"]}]}), &schemes);
    assert_eq!(codes(&said), ["scopeless-alternative"]);
    assert_eq!(clauses(&said.operations[0]), [["a"]]);
    let key = with(&json!({"security": [{"k": []}, {"o": ["a"]}]}), &schemes);
    assert_eq!(codes(&key), [""; 0]);
    assert_eq!(clauses(&key.operations[0]), [["a"]]);
    let declared: Vec<&str> = key.declared.iter().map(AsRef::as_ref).collect();
    assert_eq!(declared, ["a", "b"]);
}

#[test]
fn a_list_with_a_scope_and_one_below_it_asks_which_reading_is_meant() {
    let text = r#"{"openapi":"3.0.0","components":{"securitySchemes":{"o":{}}},
        "paths":{"/x":{"get":{"security":[{"o":["a","a.read"]}]}}}}"#;
    let all = load_text(text, "x", &LoadOptions::default()).unwrap();
    assert_eq!(codes(&all), ["any-or-all"]);
    assert!(all.warnings[0].message.contains("`--scopes any`"));
    assert_eq!(all.warnings[0].place.as_ref().unwrap().line, 2);
    let any = LoadOptions {
        scopes: ScopeList::Any,
        ..LoadOptions::default()
    };
    let any = load_text(text, "x", &any).unwrap();
    assert_eq!(clauses(&any.operations[0]), [["a"], ["a.read"]]);
    assert_eq!(codes(&any), [""; 0]);
}

#[test]
fn scopes_are_kept_byte_for_byte() {
    let odd = [" A", "a", "a ", "ü", "u\u{308}", "a\n"];
    let catalog = with(&json!({"security": [{"o": odd}]}), &json!({}));
    assert_eq!(clauses(&catalog.operations[0])[0].len(), odd.len());
    assert!(
        odd.iter()
            .all(|name| catalog.operations[0].requirement.clauses()[0].contains(*name))
    );
    assert!(codes(&catalog).contains(&"space-in-scope"));
}

#[test]
fn the_nearest_servers_win_and_a_chosen_base_path_wins_over_all() {
    let server = |path: &str| json!([{"url": format!("https://h/{path}")}]);
    let document = json!({"openapi": "3.0.0", "servers": server("base"), "security": [], "paths": {
        "/a": {"get": {}},
        "/b": {"servers": server("item"), "get": {}, "put": {"servers": server("op/")}}}});
    assert_eq!(
        labels(&read(&document)),
        ["GET /base/a", "GET /item/b", "PUT /op/b"]
    );
    let options = LoadOptions {
        base_path: Some("v9/".to_owned()),
        ..LoadOptions::default()
    };
    let chosen = load_text(&document.to_string(), "x", &options).unwrap();
    assert_eq!(labels(&chosen), ["GET /v9/a", "GET /v9/b", "PUT /v9/b"]);
}

#[test]
fn operations_are_read_under_each_base_path_which_is_said_once() {
    let catalog = read(
        &json!({"openapi": "3.0.0", "security": [{"o": ["a"]}], "paths": {"/a": {"get": {}, "put": {}}},
        "components": {"securitySchemes": {"o": {}}},
        "servers": [{"url": "https://h/v1"}, {"url": "https://g/v1/"}, {"url": "/v2"}]}),
    );
    assert_eq!(
        labels(&catalog),
        ["GET /v1/a", "GET /v2/a", "PUT /v1/a", "PUT /v2/a"]
    );
    assert!(
        catalog
            .operations
            .iter()
            .all(|operation| clauses(operation) == [["a"]])
    );
    assert_eq!(codes(&catalog), ["several-base-paths"]);
    let said = &catalog.warnings[0].message;
    assert!(said.contains("`/v2/`") && said.contains("--api-base"));
}

#[test]
fn fields_extensions_and_unknown_methods_are_not_operations() {
    let catalog = read(
        &json!({"openapi": "3.2.0", "security": [], "x-y": 1, "webhooks": {"w": {"post": {}}},
        "paths": {"x-note": 1, "/a": {"summary": "", "parameters": [], "x-get": {}, "frob": {}, "any": {}, "GET": {},
            "query": {"callbacks": {"c": {"{$url}": {"post": {}}}}}, "additionalOperations": {"Connect": {}},
            "x-amazon-apigateway-any-method": {}}, "/b": null, "/c": {"get": null}}}),
    );
    assert_eq!(
        labels(&catalog),
        ["GET /a", "QUERY /a", "CONNECT /a", "ANY /a", "GET /c"]
    );
    assert_eq!(codes(&catalog), ["unknown-method"]);
    assert!(catalog.warnings[0].message.starts_with("2 keys"));
}

#[test]
fn an_operation_keeps_its_id_tags_deprecation_and_line() {
    let text = "openapi: 3.1.0\npaths:\n  /x:\n    get:\n      operationId: readX\n      tags: [t, u]\n      deprecated: true\n      security:\n      - o: [a]\n";
    let catalog = load_text(text, "api.yaml", &LoadOptions::default()).unwrap();
    let operation = &catalog.operations[0];
    assert_eq!(operation.operation_id.as_deref(), Some("readX"));
    assert_eq!(operation.tags, ["t", "u"]);
    assert!(operation.deprecated);
    assert_eq!(operation.place.as_ref().unwrap().to_string(), "api.yaml:4");
    assert_eq!(clauses(operation), [["a"]]);
}

#[test]
fn path_items_and_operations_may_be_references_and_their_own_fields_win() {
    let catalog = read(&json!({"openapi": "3.1.0", "security": [],
        "paths": {"/a": {"$ref": "#/components/pathItems/one", "put": {"operationId": "own"}},
                  "/b": {"get": {"$ref": "#/paths/~1a/put"}}},
        "components": {"pathItems": {"one": {"$ref": "#/components/pathItems/two", "get": {"security": [{"o": ["a"]}]}},
                                      "two": {"put": {"operationId": "far"}, "delete": {}}}}}));
    assert_eq!(
        labels(&catalog),
        ["PUT /a", "GET /a", "DELETE /a", "GET /b"]
    );
    assert_eq!(catalog.operations[0].operation_id.as_deref(), Some("own"));
    assert_eq!(catalog.operations[3].operation_id.as_deref(), Some("own"));
    assert!(codes(&catalog).contains(&"operation-reference"));
}

#[test]
fn references_to_files_start_at_the_file_they_stand_in() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let api = write(
        "api/api.yaml",
        "openapi: 3.0.0\nsecurity: [{o: [root]}]\npaths:\n  /a:\n    $ref: '../parts/a.yaml'\n  /b: {$ref: \"../parts/b%20c.json#/items/~1b\"}\n",
    );
    write("parts/a.yaml", "get: {$ref: 'deep/op.yaml'}\n");
    write(
        "parts/deep/op.yaml",
        "operationId: deep\n$ref: '../b c.json#/ops/x'\n",
    );
    write(
        "parts/b c.json",
        "{\"items\": {\"/b\": {\"put\": {}}}, \"ops\": {\"x\": {\"security\": [{\"o\": [\"x\"]}]}}}",
    );
    let catalog = load(&api, "api/api.yaml", &LoadOptions::default()).unwrap();
    assert_eq!(labels(&catalog), ["GET /a", "PUT /b"]);
    assert_eq!(clauses(&catalog.operations[0]), [["x"]]);
    assert_eq!(clauses(&catalog.operations[1]), [["root"]]);
    assert_eq!(catalog.operations[0].operation_id.as_deref(), Some("deep"));
    assert_eq!(
        catalog.operations[0].place.as_ref().unwrap().to_string(),
        "api/api.yaml:4"
    );

    write("parts/a.yaml", "secret: [hunter2\n");
    let error = load(&api, "api/api.yaml", &LoadOptions::default()).unwrap_err();
    let said = format!("{error} {}", error.help().unwrap());
    assert!(
        said.contains("not valid YAML") && !said.contains("hunter2"),
        "{said}"
    );
    write("parts/a.yaml", "$ref: ../api/../parts/a.yaml\n");
    let error = load(&api, "x", &LoadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("in a circle"), "{error}");
}

#[test]
fn a_reference_that_leads_nowhere_is_refused_because_operations_would_be_lost() {
    for (reference, said) in [
        ("#/nowhere", "leads nowhere"),
        ("#/openapi", "not a mapping"),
        ("https://example.com/a.yaml", "to the network"),
        ("//example.com/a.yaml", "to the network"),
        ("/etc/hostname", "an absolute path"),
        ("not-there.yaml", "cannot be read"),
        ("..", "not a plain file"),
        ("#/paths/~1x", "in a circle"),
    ] {
        let document = json!({"openapi": "3.0.0", "paths": {"/x": {"$ref": reference}}});
        let said_really = failure(&document);
        assert!(said_really.contains(said), "{reference}: {said_really}");
    }
    assert!(
        failure(&json!({"openapi": "3.0.0", "paths": {"/x": {"$ref": 7}}}))
            .contains("not a string")
    );
}

#[test]
fn queries_and_missing_slashes_in_paths_are_fixed_and_reported() {
    let catalog = read(
        &json!({"openapi": "3.0.0", "security": [], "servers": [{"url": "/v1"}],
        "paths": {"/a?x={y}": {"get": {}}, "/#Target": {"post": {}}, "b": {"get": {}}}}),
    );
    assert_eq!(labels(&catalog), ["GET /v1/a", "POST /v1/", "GET /v1/b"]);
    assert_eq!(codes(&catalog), ["path-without-slash", "query-in-path"]);
    assert!(catalog.warnings[1].message.starts_with("2 paths"));
}

#[test]
fn merge_keys_bring_their_security_with_them() {
    let text = "openapi: 3.0.0\nx-a: &a {security: [{o: [a]}], tags: [t]}\nx-b: &b {tags: [u]}\npaths:\n  /x:\n    get: {<<: [*b, *a]}\n    put: {<<: *a, security: [{o: [own]}]}\n";
    let catalog = load_text(text, "x", &LoadOptions::default()).unwrap();
    assert_eq!(clauses(&catalog.operations[0]), [["a"]]);
    assert_eq!(catalog.operations[0].tags, ["u"]);
    assert_eq!(clauses(&catalog.operations[1]), [["own"]]);
}

#[test]
fn a_shared_security_of_thousands_is_bounded() {
    let many: Vec<Value> = (0..4000).map(|n| json!({"o": [n.to_string()]})).collect();
    let paths: serde_json::Map<String, Value> = (0..2000)
        .map(|n| (format!("/{n}"), json!({"get": {}})))
        .collect();
    let catalog = read(&json!({"openapi": "3.0.0", "security": many, "paths": paths}));
    assert_eq!(clauses(&catalog.operations[0]).len(), 4000);
    assert_eq!(
        catalog.operations[1999].requirement,
        Requirement::Unspecified
    );
    assert!(codes(&catalog).contains(&"too-many-scopes"));
}

#[test]
fn equal_templates_are_named_both() {
    let catalog = read(&json!({"openapi": "3.0.0", "security": [],
        "paths": {"/a/{b}": {"get": {}}, "/a/{c}": {"get": {}, "put": {}}}}));
    assert_eq!(codes(&catalog), ["equal-templates"]);
    let message = &catalog.warnings[0].message;
    assert!(
        message.contains("`GET /a/{b}`") && message.contains("`GET /a/{c}`"),
        "{message}"
    );
}

#[test]
fn swagger_has_its_base_path_and_definitions() {
    let catalog = read(
        &json!({"swagger": "2.0", "basePath": "/api/", "servers": [{"url": "/no"}],
        "securityDefinitions": {"o": {"type": "oauth2", "scopes": {"a": "", "z": ""}}},
        "security": [{"o": ["a"]}], "paths": {"/x": {"get": {}, "post": {"security": [{"u": ["b"]}]}}}}),
    );
    assert_eq!(labels(&catalog), ["GET /api/x", "POST /api/x"]);
    assert_eq!(clauses(&catalog.operations[0]), [["a"]]);
    assert_eq!(catalog.declared.len(), 2);
    assert_eq!(codes(&catalog), ["undeclared-scheme"]);
}

#[test]
fn wrong_versions_and_types_are_refused_with_their_place() {
    for (document, said) in [
        (
            json!({"openapi": "4.0.0"}),
            "api.json: OpenAPI version `4.0.0` is not supported",
        ),
        (json!({"openapi": null}), "OpenAPI version `null`"),
        (
            json!({"swaggerVersion": "1.2", "apis": []}),
            "Swagger version `1.2`",
        ),
        (json!({"openapi": "3.0.0"}), "`paths` is nothing"),
        (
            json!({"openapi": "3.0.0", "paths": []}),
            "api.json:1: `paths` is a list, not a mapping",
        ),
        (
            json!({"openapi": "3.0.0", "paths": {"/x": []}}),
            "path `/x` is a list, not a mapping",
        ),
        (
            json!({"openapi": "3.0.0", "paths": {"/x": {"get": 1}}}),
            "`GET /x` is a number, not a mapping",
        ),
        (
            json!({"swagger": "2.0", "paths": {}, "basePath": 1}),
            "`basePath` is a number, not a string",
        ),
    ] {
        let said_really = failure(&document);
        assert!(said_really.contains(said), "{said_really}");
    }
    let bare = read(&json!({"openapi": "3.1.0"}));
    assert_eq!(codes(&bare), ["no-operations"]);
    let unquoted = load_text("openapi: 3.1\n", "x", &LoadOptions::default()).unwrap();
    assert!(unquoted.operations.is_empty());
}
