use std::fs;

use super::super::{CatalogError, LoadOptions, load};
use super::{any, codes, read, read_with, refuse, table};

/// One path whose operations stand in flow style, below a root.
fn api(root: &str, paths: &str) -> String {
    format!("openapi: 3.1.0\n{root}\npaths:\n{paths}\n")
}

#[test]
fn security_of_the_operation_replaces_the_root_and_an_empty_list_removes_it() {
    let catalog = read(&api(
        "security: [{o: [r]}]",
        "  /a:\n    get: {}\n    put: {security: [{o: [w]}]}\n    delete: {security: []}",
    ));
    assert_eq!(table(&catalog), ["GET /a: r", "PUT /a: w", "DELETE /a: -"]);
    assert!(codes(&catalog).is_empty());
}

#[test]
fn an_operation_without_any_security_is_unspecified_and_counted() {
    let catalog = read(&api("", "  /a: {get: {}}"));
    assert_eq!(table(&catalog), ["GET /a: unspecified"]);
    assert_eq!(codes(&catalog), ["unspecified-requirements"]);
}

#[test]
fn entries_are_alternatives_and_what_is_inside_one_is_needed_together() {
    let text = api(
        "",
        "  /a: {get: {security: [{o: [a, b], p: [c]}, {o: [d]}]}}",
    );
    assert_eq!(table(&read(&text)), ["GET /a: a + b + c | d"]);
    let catalog = read_with(&text, &any()).unwrap();
    assert_eq!(table(&catalog), ["GET /a: a + c | b + c | d"]);
}

#[test]
fn another_kind_of_credential_does_not_make_an_operation_free_of_scopes() {
    let catalog = read(&api(
        "",
        "  /a:\n    get: {security: [{key: []}, {o: [r]}]}\n    put: {security: [{key: []}, {basic: []}]}",
    ));
    assert_eq!(table(&catalog), ["GET /a: r", "PUT /a: -"]);
}

#[test]
fn an_empty_entry_accepts_anonymous_callers_beside_the_others() {
    let catalog = read(&api("", "  /a: {get: {security: [{}, {o: [r]}]}}"));
    assert_eq!(table(&catalog), ["GET /a: r | -"]);
    assert!(catalog.operations[0].optional_auth);
    assert!(catalog.operations[0].requirement.is_open());
}

#[test]
fn too_many_alternatives_are_refused() {
    let names: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
    let list = names.join(", ");
    let text = api(
        "",
        &format!("  /a: {{get: {{security: [{{a: [{list}], b: [{list}], c: [{list}]}}]}}}}"),
    );
    assert!(read(&text).operations.len() == 1);
    let error = read_with(&text, &any()).unwrap_err();
    assert!(error.to_string().contains("more than 1000 alternatives"));
}

#[test]
fn the_first_server_gives_the_base_path_and_nearer_servers_win() {
    let catalog = read(&api(
        "servers:\n- url: https://{host}/{v}/\n  variables: {v: {default: v2}}\n- url: /other",
        "  /a:\n    servers: [{url: /item}]\n    get: {}\n    put: {servers: [{url: '//h/op/'}]}\n  /b: {get: {}}",
    ));
    let paths: Vec<&str> = catalog
        .operations
        .iter()
        .map(|op| op.path.as_str())
        .collect();
    assert_eq!(paths, ["/item/a", "/op/a", "/v2/b"]);
    assert_eq!(codes(&catalog)[0], "several-base-paths");
}

#[test]
fn a_base_path_by_option_replaces_all_servers() {
    let options = LoadOptions {
        base_path: Some("x/".to_owned()),
        ..LoadOptions::default()
    };
    let text = api(
        "servers: [{url: /v1}, {url: /v2}]",
        "  /a: {servers: [{url: /i}], get: {security: []}}",
    );
    let catalog = read_with(&text, &options).unwrap();
    assert_eq!(table(&catalog), ["GET /x/a: -"]);
    assert!(codes(&catalog).is_empty());
}

#[test]
fn keys_of_a_path_item_that_are_no_methods_are_ignored() {
    let catalog = read(&api(
        "",
        "  x-note: hello\n  /a: {summary: s, parameters: [], x-get: {}, head: {security: []}}",
    ));
    assert_eq!(table(&catalog), ["HEAD /a: -"]);
}

#[test]
fn the_details_of_an_operation_are_kept_with_its_line() {
    let catalog = read(&api(
        "components: {securitySchemes: {o: {flows: {implicit: {scopes: {r: read, w: write}}}}}}",
        "  /a:\n    get:\n      operationId: list\n      tags: [t, 2]\n      deprecated: true\n      security: []",
    ));
    let operation = &catalog.operations[0];
    assert_eq!(operation.operation_id.as_deref(), Some("list"));
    assert_eq!(operation.tags, ["t", "2"]);
    assert!(operation.deprecated);
    assert_eq!(operation.place.as_ref().unwrap().to_string(), "api:5");
    let declared: Vec<&str> = catalog.declared.iter().map(AsRef::as_ref).collect();
    assert_eq!(declared, ["r", "w"]);
}

#[test]
fn a_query_in_a_path_is_cut_and_counted_once() {
    let catalog = read(&api(
        "security: []",
        "  /a?x=1: {get: {}}\n  /b#frag: {get: {}}",
    ));
    assert_eq!(table(&catalog), ["GET /a: -", "GET /b: -"]);
    assert_eq!(codes(&catalog), ["query-in-path"]);
}

#[test]
fn a_scope_beside_a_part_of_itself_is_pointed_out() {
    let text = api(
        "",
        "  /a: {get: {security: [{o: [set, set.read]}]}}\n  /b: {get: {security: [{o: [set, settle]}]}}",
    );
    let catalog = read(&text);
    assert_eq!(codes(&catalog), ["any-or-all"]);
    let message = &catalog.warnings[0].message;
    assert!(
        message.contains("by 1 operation,") && message.contains("`--scopes any`"),
        "{message}"
    );
    assert!(codes(&read_with(&text, &any()).unwrap()).is_empty());
}

#[test]
fn merge_keys_bring_in_requirements() {
    let catalog = read(&api(
        "security: []\nx-common: &c\n  security: [{o: [a]}]",
        "  /a:\n    get:\n      <<: *c\n      operationId: x",
    ));
    assert_eq!(table(&catalog), ["GET /a: a"]);
}

#[test]
fn references_lead_into_the_file_and_into_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("sub dir")).unwrap();
    write(
        "api.yaml",
        "openapi: 3.0.3\nsecurity: [{o: [root]}]\npaths:\n  /a: {$ref: 'sub%20dir/a.yaml', put: {}}\n  \
         /b: {$ref: '#/x-items/~1b~0%7Bid%7D'}\n  /c: {get: {$ref: 'sub dir/a.yaml#/get'}}\n\
         x-items:\n  '/b~{id}': {get: {}}\n",
    );
    write(
        "sub dir/a.yaml",
        "get: {security: [{o: [a]}]}\npost: {$ref: op.json}\n",
    );
    write("sub dir/op.json", "{\"security\": [{\"o\": [\"p\"]}]}");
    let catalog = load(
        &folder.path().join("api.yaml"),
        "x/api.yaml",
        &LoadOptions::default(),
    );
    let catalog = catalog.unwrap();
    assert_eq!(
        table(&catalog),
        [
            "GET /a: a",
            "POST /a: p",
            "PUT /a: root",
            "GET /b: root",
            "GET /c: a"
        ]
    );
    let place = catalog.operations[0].place.as_ref().unwrap();
    assert_eq!(place.to_string(), "x/sub dir/a.yaml:1");
}

#[test]
fn references_that_lead_nowhere_or_back_are_errors() {
    for (reference, problem) in [
        ("#/paths/~1a", "leads back to itself"),
        ("api#/paths/~1a", "leads back to itself"),
        ("#/paths/~1b", "leads to nothing"),
        ("#b", "no JSON pointer"),
        ("https://example.org/a.yaml", "network"),
        ("/etc/hosts", "absolute path"),
    ] {
        let error = refuse(&api("", &format!("  /a: {{$ref: '{reference}'}}")));
        assert!(error.to_string().contains(problem), "{reference}: {error}");
    }
    let error = refuse(&api("", "  /a: {$ref: missing.yaml}"));
    assert!(matches!(error, CatalogError::Unreadable { .. }));
}

#[test]
fn versions_are_checked() {
    for text in [
        "openapi: 3.2.0\npaths: {}\n",
        "openapi: 3.10.0\n",
        "swagger: '1.2'\n",
    ] {
        let error = refuse(text);
        assert!(matches!(error, CatalogError::Version { .. }), "{error}");
        assert!(error.help().unwrap().contains("3.1"));
    }
    assert_eq!(codes(&read("openapi: 3.1\n")), ["no-operations"]);
    assert!(
        refuse("openapi: 3.0.0\n")
            .to_string()
            .contains("needs `paths`")
    );
}

#[test]
fn swagger_puts_its_base_path_in_front_and_declares_scopes() {
    let catalog = read(
        "swagger: 2.0\nbasePath: /api/\nsecurityDefinitions: {o: {scopes: {r: read}}}\n\
         paths:\n  /a: {get: {security: [{o: [r]}]}}\n",
    );
    assert_eq!(table(&catalog), ["GET /api/a: r"]);
    assert_eq!(catalog.declared.len(), 1);
}
