use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::catalog::to_json;
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope};

use super::{codes, read, refuse, table};

#[test]
fn absent_null_and_empty_are_unspecified_and_only_an_empty_clause_is_free() {
    let catalog = read(
        r#"{"operations": [{"method": "get", "path": "/a"}, {"method": "GET", "path": "/b", "any_of": null},
        {"method": "GET", "path": "/c", "any_of": []}, {"method": "GET", "path": "/d", "any_of": [[]], "more": 1}]}"#,
    );
    assert_eq!(
        table(&catalog),
        [
            "GET /a: unspecified",
            "GET /b: unspecified",
            "GET /c: unspecified",
            "GET /d: -"
        ]
    );
    assert_eq!(
        codes(&catalog),
        ["empty-any-of", "unspecified-requirements"]
    );
}

#[test]
fn a_fault_names_its_pointer() {
    for (operation, problem) in [
        ("{}", "`/operations/0` has no `method`"),
        (r#"{"method": "GET"}"#, "`/operations/0` has no `path`"),
        (
            r#"{"method": "GTE", "path": "/"}"#,
            "`GTE` is no HTTP method",
        ),
        (
            r#"{"method": "GET", "path": "/", "any_of": ["a"]}"#,
            "a list at `/operations/0/any_of/0`",
        ),
        (
            r#"{"method": "GET", "path": "/", "any_of": [[""]]}"#,
            "`/operations/0/any_of/0/0` has no name",
        ),
        (
            r#"{"method": "GET", "path": "/", "weight": -1}"#,
            "at `/operations/0/weight`",
        ),
    ] {
        let error = refuse(&format!(r#"{{"operations": [{operation}]}}"#)).to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn the_keys_stand_in_a_fixed_order() {
    let mut operation = Operation::new(Method::Get, "/a", Requirement::none());
    operation.deprecated = true;
    operation.optional_auth = true;
    operation.weight = Some(3);
    operation.least = vec![Scope::new("r")];
    operation.tags = vec!["t".to_owned()];
    operation.operation_id = Some("id".to_owned());
    let catalog = Catalog {
        operations: vec![operation],
        ..Catalog::default()
    };
    assert_eq!(
        to_json(&catalog)["operations"][0].to_string(),
        r#"{"method":"GET","path":"/a","any_of":[[]],"operation_id":"id","least":["r"],"weight":3,"tags":["t"],"optional_auth":true,"deprecated":true}"#
    );
}

fn scope() -> impl Strategy<Value = Scope> {
    "[a-z:.\"\\\\é ]{1,6}".prop_map(|text| Scope::new(&text))
}

fn operation() -> impl Strategy<Value = Operation> {
    let clause = prop::collection::btree_set(scope(), 0..3);
    let requirement = prop::option::of(prop::collection::vec(clause, 1..3));
    let rest = (
        prop::option::of(".{0,5}"),
        prop::collection::vec(scope(), 0..2),
        prop::option::of(any::<u32>()),
        prop::collection::vec(".{0,5}", 0..2),
        any::<bool>(),
        any::<bool>(),
    );
    let method = prop::sample::select(vec![
        Method::Get,
        Method::Delete,
        Method::Any,
        Method::Query,
    ]);
    (method, "/[a-z{}/*]{0,8}", requirement, rest).prop_map(
        |(method, path, clauses, (id, least, weight, tags, deprecated, optional))| {
            let requirement = clauses.map_or(Requirement::Unspecified, |clauses: Vec<Clause>| {
                Requirement::AnyOf(clauses)
            });
            let mut operation = Operation::new(method, path, requirement);
            operation.operation_id = id;
            operation.least = least;
            operation.weight = weight;
            operation.tags = tags;
            operation.deprecated = deprecated;
            operation.optional_auth = optional;
            operation
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_back_equal(
        operations in prop::collection::vec(operation(), 0..4),
        declared in prop::collection::btree_set(scope(), 0..3),
        implies in prop::collection::btree_map(scope(), prop::collection::btree_set(scope(), 0..3), 0..3),
    ) {
        let catalog = Catalog { operations, declared, implies, ..Catalog::default() };
        let back = read(&to_json(&catalog).to_string());
        prop_assert_eq!(&back.operations, &catalog.operations);
        prop_assert_eq!(&back.declared as &BTreeSet<Scope>, &catalog.declared);
        prop_assert_eq!(&back.implies as &BTreeMap<_, _>, &catalog.implies);
    }
}
