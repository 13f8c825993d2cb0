//! Narrower scopes where names are patterns.

use super::universe::Universe;
use crate::model::{Catalog, Method, Operation, Requirement, Scope, ScopeMatch, Semantics, Term};
use std::collections::BTreeSet;

fn pool(matching: ScopeMatch, asked: &[&str], held: &[&str]) -> Vec<String> {
    let operations = asked.iter().map(|scope| {
        let ways = scope.split('|').map(|scope| [Scope::new(scope)].into());
        let requirement = Requirement::AnyOf(ways.collect());
        Operation::new(Method::Get, format!("/{scope}"), requirement)
    });
    let catalog = Catalog {
        operations: operations.collect(),
        ..Catalog::default()
    };
    let semantics = Semantics {
        matching,
        ..Semantics::default()
    };
    let universe = Universe::new(&catalog, &semantics, &vec![1; asked.len()]);
    let held: BTreeSet<Term> = held.iter().map(|term| Term::new(term)).collect();
    let pool = universe.narrow_pool(&held);
    pool.difference(&held).map(ToString::to_string).collect()
}

#[test]
fn members_of_a_held_pattern_are_narrower() {
    let asked = ["orders:read", "orders:write", "stock:read"];
    let found = pool(ScopeMatch::Wildcard(':'), &asked, &["orders:*"]);
    assert_eq!(found, ["orders:read", "orders:write"]);
    let found = pool(ScopeMatch::Hierarchy(':'), &asked, &["orders"]);
    assert_eq!(found, ["orders:read", "orders:write"]);
}

#[test]
fn a_pattern_is_narrower_only_within_one_that_is_held() {
    // Every operation that `*:read` opens today is open to the holder, and those of tomorrow are not.
    let either = ["orders:read|*:read"];
    let rule = ScopeMatch::Wildcard(':');
    assert_eq!(pool(rule, &either, &["orders:*"]), ["orders:read"]);
    let asked = ["orders:read", "*:read"];
    let held = ["orders:*", "*:*"];
    assert_eq!(pool(rule, &asked, &held), ["*:read", "orders:read"]);
    let asked = ["get", "g*"];
    assert_eq!(pool(ScopeMatch::Glob, &asked, &["ge*", "g?t*"]), ["get"]);
    assert_eq!(pool(ScopeMatch::Glob, &asked, &["*"]), ["g*", "get"]);
}
