//! Methods, and what is known of them.

use super::*;

#[test]
fn safe_methods_of_the_registry_and_list_and_watch_are_reads() {
    let reads: Vec<&str> = NAMES
        .iter()
        .filter(|(_, method)| !method.is_write())
        .map(|(name, _)| *name)
        .collect();
    let safe = [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PRI", "PROPFIND", "REPORT", "SEARCH", "LIST",
        "WATCH",
    ];
    assert_eq!(reads, safe);
    assert!(Method::Any.is_write() && Method::Other.is_write());
}

#[test]
fn what_an_operation_demands_is_said_with_anonymous_callers_last() {
    let clause = |names: &[&str]| {
        names
            .iter()
            .map(|name| Scope::new(name))
            .collect::<Clause>()
    };
    let demands = |clauses: &[&[&str]], optional| {
        let clauses = clauses.iter().map(|names| clause(names)).collect();
        let mut operation = Operation::new(Method::Get, "/a", Requirement::AnyOf(clauses));
        operation.optional_auth = optional;
        operation.demands()
    };
    assert_eq!(demands(&[&["b", "a"], &["c"]], false), "a + b | c");
    assert_eq!(demands(&[&[], &["c"]], true), "c | (anonymous)");
    assert_eq!(demands(&[&[], &["c"]], false), "(no scope)");
    assert_eq!(demands(&[&[]], true), "(no scope)");
    let silent = Operation::new(Method::Get, "/a", Requirement::Unspecified);
    assert_eq!(silent.demands(), "(not stated)");
}
