mod native;
mod normal_form;
mod openapi;
mod vendors;

use std::fs;
use std::path::Path;

use crate::model::{Catalog, Requirement};

use super::{CatalogError, LoadOptions, ScopeList, load};

fn read_with(text: &str, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api");
    fs::write(&path, text).unwrap();
    load(&path, "api", options)
}

fn read(text: &str) -> Catalog {
    read_with(text, &LoadOptions::default()).unwrap()
}

fn refuse(text: &str) -> CatalogError {
    read_with(text, &LoadOptions::default()).unwrap_err()
}

fn any() -> LoadOptions {
    LoadOptions {
        scopes: ScopeList::Any,
        base_path: None,
    }
}

/// `GET /a: x + y | z`, one line for each operation.
fn table(catalog: &Catalog) -> Vec<String> {
    let lines = catalog.operations.iter().map(|operation| {
        let needs = match &operation.requirement {
            Requirement::Unspecified => "unspecified".to_owned(),
            Requirement::AnyOf(clauses) => clauses
                .iter()
                .map(|clause| {
                    let names: Vec<&str> = clause.iter().map(AsRef::as_ref).collect();
                    if names.is_empty() {
                        "-".to_owned()
                    } else {
                        names.join(" + ")
                    }
                })
                .collect::<Vec<_>>()
                .join(" | "),
        };
        format!("{}: {needs}", operation.label())
    });
    lines.collect()
}

fn codes(catalog: &Catalog) -> Vec<&'static str> {
    catalog
        .warnings
        .iter()
        .map(|warning| warning.code)
        .collect()
}

#[test]
fn an_unknown_kind_names_the_keys_seen_and_what_is_supported() {
    let error = refuse("asyncapi: 3.0.0\nchannels: {}\n");
    assert!(
        error
            .to_string()
            .ends_with("its top-level keys are `asyncapi`, `channels`")
    );
    assert!(error.help().unwrap().contains("Swagger 2.0"));
}

#[test]
fn a_missing_file_is_unreadable() {
    let error = load(Path::new("no/such"), "no/such", &LoadOptions::default()).unwrap_err();
    assert!(matches!(error, CatalogError::Unreadable { .. }));
}

#[test]
fn broken_json_shows_its_line_and_a_caret() {
    let error = refuse("{\n \"operations\": [}\n");
    assert_eq!(error.to_string(), "api:2:17: expected value");
    let lines: Vec<&str> = error.snippet().unwrap().lines().collect();
    assert_eq!(lines, ["2 |  \"operations\": [}", "  |                 ^"]);
}

#[test]
fn a_key_that_stands_twice_in_json_is_an_error() {
    let error = refuse(r#"{"openapi": "3.0.0", "paths": {"/a": {}, "/a": {}}}"#);
    assert!(
        error.to_string().contains("key `/a` stands twice"),
        "{error}"
    );
}

#[test]
fn a_wrong_type_names_its_line_and_its_json_pointer() {
    let error = refuse("openapi: 3.0.0\npaths:\n  /a:\n    get:\n      security: {a: []}\n");
    assert_eq!(
        error.to_string(),
        "api:5: expected a list at `/paths/~1a/get/security`, found a mapping"
    );
}

#[test]
fn united_catalogues_keep_all_operations_in_order() {
    let one = read("version: 1\nimplies: {a: b}\nroutes: {GET /a: a}\n");
    let two = read("version: 1\nimplies: {a: c}\nroutes: {GET /b: c}\n");
    let all = super::unite(vec![one, two]);
    assert_eq!(table(&all), ["GET /a: a", "GET /b: c"]);
    assert_eq!(all.implies["a"].len(), 2);
    assert_eq!(&*all.source, "api, api");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(openapi: 3.1.0\npaths:|\\{\"swagger\": \"2.0\", |routes:|method,path,scopes\n)?[ -~\n]{0,200}") {
        let _ = read_with(&text, &LoadOptions::default());
    }
}
