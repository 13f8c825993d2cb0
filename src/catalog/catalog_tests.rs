//! Loading, uniting, refusing, and the round trip.

use proptest::prelude::*;

use super::native_tests::ROUTES;
use super::*;
use crate::model::{Clause, Method, Operation, Requirement, Scope, ScopeMatch};

fn read(text: &str) -> Result<Catalog, CatalogError> {
    load_text(text, "f", &LoadOptions::default())
}

pub(super) fn good(text: &str) -> Catalog {
    read(text).unwrap_or_else(|error| panic!("{error}\n{:?}", error.help()))
}

pub(super) fn failure(text: &str) -> String {
    let error = read(text).unwrap_err();
    format!("{error}\n{}", error.help().unwrap())
}

/// `GET /x: a+b | c`, with `-` for an empty clause and `?` for unspecified.
pub(super) fn lines(catalog: &Catalog) -> Vec<String> {
    let clause = |clause: &Clause| match clause.len() {
        0 => "-".to_owned(),
        _ => clause
            .iter()
            .map(Scope::as_str)
            .collect::<Vec<_>>()
            .join("+"),
    };
    let need = |requirement: &Requirement| match requirement {
        Requirement::Unspecified => "?".to_owned(),
        Requirement::AnyOf(clauses) => clauses.iter().map(clause).collect::<Vec<_>>().join(" | "),
    };
    let operations = catalog.operations.iter();
    operations
        .map(|op| format!("{}: {}", op.label(), need(&op.requirement)))
        .collect()
}

pub(super) fn codes(catalog: &Catalog) -> Vec<&'static str> {
    catalog
        .warnings
        .iter()
        .map(|warning| warning.code)
        .collect()
}

#[test]
fn what_is_not_a_description_says_what_it_is_and_what_is_supported() {
    for (text, seen) in [
        (
            "{\"clients\": {}, \"roles\": 1}",
            "a mapping, but none of its keys says of what kind",
        ),
        ("- a\n", "a list"),
        ("hello\n", "a string"),
        ("", "nothing"),
        ("{}", "an empty mapping"),
        ("routes:\n- id: x\n", "a mapping whose `routes` is a list"),
    ] {
        let really = failure(text);
        assert!(
            really.contains(&format!("it is {seen}")),
            "{text}: {really}"
        );
        assert!(really.contains("supported are OpenAPI 3, Swagger 2.0"));
    }
}

#[test]
fn a_syntax_error_names_its_place_and_quotes_nothing() {
    let really = failure("{\"openapi\": \"3.0.0\",\n  \"paths\": oops}");
    assert_eq!(
        really,
        "f:2:12: not valid JSON: expected value\nopen the file at that place; its text is not shown here"
    );
    assert!(failure("{\"a\": 1,\n\"a\": 2}").starts_with("f:2: this key is already in its object"));
    let long = failure(&format!("{{\"a\": \"{}\u{1b}[2J\"}}", "é".repeat(100_000)));
    assert!(long.len() < 1000 && !long.contains('\u{1b}'), "{long}");
}

#[test]
fn files_that_cannot_be_opened_or_are_not_text_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let open = || {
        load(&path, "shown.json", &LoadOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(open().starts_with("shown.json: cannot be read: "));
    std::fs::write(&path, [0x1f, 0x8b, 8, 0]).unwrap();
    assert_eq!(open(), "shown.json: is not UTF-8 text: gzip");
    std::fs::write(&path, b"a: b\nc: \xff\n").unwrap();
    assert_eq!(
        open(),
        "shown.json: is not UTF-8 text: invalid bytes in line 2"
    );
    std::fs::write(&path, "\u{feff}routes: {GET /x: a}").unwrap();
    assert_eq!(
        load(&path, "x", &LoadOptions::default())
            .unwrap()
            .operations
            .len(),
        1
    );
}

#[test]
fn several_files_are_united_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("1"), folder.path().join("2"));
    std::fs::write(&one, ROUTES).unwrap();
    std::fs::write(
        &two,
        "implies: {orders:admin: [x]}\nroutes: {'GET /orders/{key}': z}\n",
    )
    .unwrap();
    let both = [(one.as_path(), "1"), (two.as_path(), "2")];
    let catalog = load_many(both, &LoadOptions::default()).unwrap();
    assert_eq!(&*catalog.source, "1, 2");
    assert_eq!(catalog.operations.len(), 9);
    assert_eq!(
        catalog.operations[8].place.as_ref().unwrap().to_string(),
        "2:2"
    );
    assert_eq!(catalog.implies["orders:admin"].len(), 3);
    assert_eq!(codes(&catalog), ["equal-templates"]);
    std::fs::write(&two, "match: exact\nroutes: {}\n").unwrap();
    let error = load_many(both, &LoadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("different things under `match`"));
    assert!(matches!(
        load_many([], &LoadOptions::default()),
        Err(CatalogError::NoFiles)
    ));
}

#[test]
fn a_base_path_that_has_no_effect_is_said() {
    let options = LoadOptions {
        base_path: Some("/v1".to_owned()),
        ..LoadOptions::default()
    };
    let catalog = load_text(ROUTES, "f", &options).unwrap();
    assert_eq!(codes(&catalog), ["api-base-ignored"]);
}

#[test]
fn hostile_documents_end_soon_and_without_a_crash() {
    for deep in ["{\"a\":", "[", "{\"openapi\":\"3.0.0\",\"paths\":["] {
        assert!(read(&deep.repeat(100_000)).is_err());
    }
    assert!(read(&"- ".repeat(100_000)).is_err());
    let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)
    });
    assert!(read(&laughs).is_err());
    let mut text =
        String::from("{\"openapi\":\"3.0.0\",\"security\":[{\"o\":[\"a\",\"b\"]}],\"paths\":{");
    for n in 0..100_000 {
        use std::fmt::Write;
        write!(
            text,
            "{}\"/r{}/{{id}}/s{n}\":{{\"get\":{{\"operationId\":\"o{n}\"}}}}",
            if n > 0 { "," } else { "" },
            n % 97
        )
        .unwrap();
    }
    text.push_str("}}");
    assert_eq!(good(&text).operations.len(), 100_000);
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof!["[a-c][.:/ +|]?[a-c]?", "\\PC{1,6}"].prop_map(|name| Scope::new(&name))
}

fn operation() -> impl Strategy<Value = Operation> {
    let method = prop::sample::select(vec![Method::Get, Method::Post, Method::Query, Method::Any]);
    let clauses = prop::collection::vec(prop::collection::btree_set(scope(), 0..3), 1..4);
    let need = prop::option::of(clauses)
        .prop_map(|c| c.map_or(Requirement::Unspecified, Requirement::AnyOf));
    let more = (
        prop::option::of("\\PC{0,4}"),
        prop::collection::vec(scope(), 0..3),
        any::<Option<u32>>(),
        prop::collection::vec("\\PC{0,4}", 0..3),
        any::<[bool; 2]>(),
    );
    (method, "(/[^?#&/]{0,4}){1,3}", need, more).prop_map(|(method, path, need, more)| Operation {
        operation_id: more.0,
        least: more.1,
        weight: more.2,
        tags: more.3,
        deprecated: more.4[0],
        optional_auth: more.4[1],
        ..Operation::new(method, path, need)
    })
}

proptest! {
    #[test]
    fn the_normal_form_reads_back_equal(
        operations in prop::collection::vec(operation(), 0..6),
        declared in prop::collection::btree_set(scope(), 0..3),
        implies in prop::collection::btree_map(scope(), prop::collection::btree_set(scope(), 0..3), 0..3),
        matching in prop::option::of(prop_oneof![
            Just(ScopeMatch::Exact), Just(ScopeMatch::Glob),
            any::<char>().prop_map(ScopeMatch::Wildcard), any::<char>().prop_map(ScopeMatch::Hierarchy),
        ]),
    ) {
        let catalog = Catalog { source: "f".into(), operations, declared, implies, matching, ..Catalog::default() };
        let text = serde_json::to_string_pretty(&to_json(&catalog)).unwrap();
        let mut again = read(&text).unwrap();
        for operation in &mut again.operations {
            prop_assert!(operation.place.take().is_some());
        }
        prop_assert_eq!(&again.operations, &catalog.operations);
        prop_assert_eq!(&again.declared, &catalog.declared);
        prop_assert_eq!(&again.implies, &catalog.implies);
        prop_assert_eq!(again.matching, catalog.matching);
    }

    #[test]
    fn no_text_makes_the_loader_panic(text in "(openapi|routes|operations|swagger|paths|security|[:{}\\[\\]\", \n#&*/a-]){0,40}") {
        let _ = read(&text);
        let _ = read(&format!("{{{text}"));
        let _ = read(&format!("openapi: 3.1.0\npaths:\n  /x:\n    get:\n      security: {text}"));
    }
}

#[test]
fn yaml_in_braces_is_read_where_the_name_says_yaml() {
    let text = "{openapi: 3.1.0, paths: {/a: {get: {security: [{o: [x]}]}}}}";
    let operations = |name| {
        load_text(text, name, &LoadOptions::default()).map(|catalog| catalog.operations.len())
    };
    assert_eq!(operations("api.yaml").unwrap(), 1);
    assert_eq!(operations("api.YML").unwrap(), 1);
    let error = operations("api.json").unwrap_err().to_string();
    assert!(error.contains("not valid JSON"), "{error}");
    let twice = "{\"openapi\": \"3.1.0\", \"openapi\": \"3.0.0\", \"paths\": {}}";
    let error = load_text(twice, "api.yaml", &LoadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
}
