use super::*;
use crate::model::{Method, Operation};

fn held(clients: &[(&str, &[&str])]) -> BTreeMap<ClientName, BTreeSet<Term>> {
    let terms = |names: &[&str]| names.iter().map(|term| Term::new(term)).collect();
    clients
        .iter()
        .map(|(client, names)| (ClientName::new(client), terms(names)))
        .collect()
}

/// Routes 0: a; 1: b or c+d; 2: a and b behind one path; 3: nothing stated; 4: no scope.
fn catalog() -> (Catalog, Vec<Route>) {
    let any = |clauses: &[&[&str]]| {
        let clause = |names: &&[&str]| names.iter().map(|scope| Scope::new(scope)).collect();
        Requirement::AnyOf(clauses.iter().map(clause).collect())
    };
    let mut catalog = Catalog::default();
    for requirement in [
        any(&[&["a"]]),
        any(&[&["b"], &["c", "d"]]),
        any(&[&["a"]]),
        any(&[&["b"]]),
        Requirement::Unspecified,
        Requirement::none(),
    ] {
        let path = format!("/{}", catalog.operations.len());
        let operation = Operation::new(Method::Get, path, requirement);
        catalog.operations.push(operation);
    }
    let routes = [vec![0], vec![1], vec![2, 3], vec![4], vec![5]];
    let routes = routes.into_iter().map(|operations| Route {
        method: Method::Get,
        template: "/".to_owned(),
        operations,
    });
    (catalog, routes.collect())
}

fn ask(
    before: Option<&[(&str, &[&str])]>,
    after: &[(&str, &[&str])],
    client: u32,
    route: u32,
) -> Proposal {
    let (catalog, routes) = catalog();
    let semantics = Semantics::default();
    let universe = Universe::new(&catalog, &semantics, &[1; 6]);
    let side = |grants: &[(&str, &[&str])]| Side {
        universe: &universe,
        semantics: &semantics,
        held: held(grants),
    };
    let seen = Seen {
        client,
        route,
        used: 2,
        attempted: 1,
        days: 1,
        first: 5,
        last: 9,
    };
    let names = [String::new(), "x".to_owned()];
    let (before, after) = (before.map(side), side(after));
    let nameless = |client| client == 0;
    simulate(
        &catalog,
        &routes,
        &[seen],
        &names,
        nameless,
        (before.as_ref(), &after),
    )
}

fn fate(
    before: Option<&[(&str, &[&str])]>,
    after: &[(&str, &[&str])],
    client: u32,
    route: u32,
) -> Fate {
    let found = ask(before, after, client, route);
    let met = |fate: &Fate| found.sum(*fate).requests == 3;
    Fate::ALL.into_iter().find(met).unwrap()
}

#[test]
fn what_was_permitted_and_is_not_any_more_is_denied_and_the_rest_told_apart() {
    let ab: &[(&str, &[&str])] = &[("x", &["a", "b"])];
    let a: &[(&str, &[&str])] = &[("x", &["a"])];
    assert_eq!(fate(Some(ab), a, 1, 1), Fate::Denied);
    assert_eq!(fate(Some(ab), a, 1, 0), Fate::Unchanged);
    assert_eq!(fate(Some(a), a, 1, 1), Fate::NotCovered);
    assert_eq!(fate(None, a, 1, 1), Fate::Denied);
    assert_eq!(fate(Some(a), ab, 1, 1), Fate::Unchanged);
    // No operation, none stated, none required.
    assert_eq!(fate(None, a, 1, UNMATCHED), Fate::Unknown);
    assert_eq!(fate(None, a, 1, 3), Fate::Unknown);
    assert_eq!(fate(None, &[], 1, 4), Fate::Unchanged);
}

#[test]
fn a_client_that_only_the_old_policy_names_loses_everything_and_a_stranger_nothing() {
    let a: &[(&str, &[&str])] = &[("x", &["a"])];
    assert_eq!(fate(Some(a), &[], 1, 0), Fate::Denied);
    assert_eq!(fate(Some(&[]), &[], 1, 0), Fate::NotCovered);
    assert_eq!(fate(None, &[], 1, 0), Fate::Denied);
    assert!(!ask(Some(a), &[], 1, 0).rows[0].in_after);
}

#[test]
fn a_request_without_a_client_is_unknown_unless_anybody_may() {
    assert_eq!(fate(None, &[], 0, 0), Fate::Unknown);
    assert_eq!(
        ask(None, &[], 0, 0).rows[0].unknown,
        Some(Unknown::NoClient)
    );
    assert_eq!(fate(None, &[], 0, 4), Fate::Unchanged);
}

#[test]
fn operations_that_one_path_cannot_tell_apart_are_kept_as_far_as_they_were_permitted() {
    let ab: &[(&str, &[&str])] = &[("x", &["a", "b"])];
    let a: &[(&str, &[&str])] = &[("x", &["a"])];
    assert_eq!(fate(Some(ab), a, 1, 2), Fate::Denied);
    assert_eq!(fate(Some(a), a, 1, 2), Fate::Unchanged);
    assert_eq!(fate(None, a, 1, 2), Fate::Unchanged);
    assert_eq!(fate(None, &[], 1, 2), Fate::Denied);
}

#[test]
fn what_would_do_is_what_is_missing_and_what_was_held_comes_first() {
    let found = ask(Some(&[("x", &["c", "d"])]), &[("x", &["d"])], 1, 1);
    let ways: Vec<(Vec<&str>, bool)> = found.rows[0]
        .would_do
        .iter()
        .map(|lack| {
            (
                lack.scopes.iter().map(Scope::as_str).collect(),
                lack.held_before,
            )
        })
        .collect();
    assert_eq!(ways, [(vec!["c"], true), (vec!["b"], false)]);
    assert_eq!(found.denied_span, Some((5, 9)));
}

#[test]
fn what_the_proposal_adds_removes_and_opens_is_listed() {
    let found = ask(
        Some(&[("x", &["a"])]),
        &[("x", &["b"]), ("y", &["a"])],
        1,
        0,
    );
    let opened: Vec<(&str, Vec<usize>)> = found
        .changes
        .iter()
        .map(|change| {
            (
                change.client.as_str(),
                change.opened.iter().copied().collect(),
            )
        })
        .collect();
    assert_eq!(opened, [("x", vec![1, 3]), ("y", vec![0, 2])]);
    assert_eq!(found.changes[0].removed, BTreeSet::from([Term::new("a")]));
}
