//! Random policies and layers: what holds for any two of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::grants;
use crate::model::{Method, Operation, Requirement, Scope, Semantics};

/// `GET /0` asks for `s0`, and so on; the last one for `s0` and `s1` together, or `s2`.
fn catalog() -> Catalog {
    let scope = |number: usize| Scope::new(&format!("s{number}"));
    let operation = |number: usize| {
        let clauses = match number {
            5 => vec![vec![scope(0), scope(1)], vec![scope(2)]],
            number => vec![vec![scope(number)]],
        };
        let clauses = clauses
            .into_iter()
            .map(|clause| clause.into_iter().collect());
        let requirement = Requirement::AnyOf(clauses.collect());
        Operation::new(Method::Get, format!("/{number}"), requirement)
    };
    Catalog {
        operations: (0..6).map(operation).collect(),
        ..Catalog::default()
    }
}

type Held = BTreeMap<String, BTreeSet<usize>>;

/// Scopes 6 and 7 are asked for by nothing.
fn held() -> impl Strategy<Value = Held> {
    let scopes = proptest::collection::btree_set(0..8_usize, 0..6);
    proptest::collection::btree_map("[a-d]", scopes, 0..4)
}

fn policy(held: &Held) -> Policy {
    let mut text = "version: 1\nclients:\n".to_owned();
    for (client, scopes) in held {
        let scopes: Vec<String> = scopes.iter().map(|number| format!("s{number}")).collect();
        let client = format!("  {client}: {{scopes: [{}]}}\n", scopes.join(", "));
        text.push_str(&client);
    }
    if held.is_empty() {
        text = "version: 1\nclients: {}\n".to_owned();
    }
    let file = grants::read(text.into_bytes().into(), "grants.yaml").unwrap();
    Policy {
        files: vec![file],
        audience: None,
    }
}

fn compared(one: &Held, other: &Held) -> Comparison {
    let catalog = catalog();
    let universe = Universe::new(&catalog, &Semantics::default(), &[1; 6]);
    let (one, other) = (policy(one), policy(other));
    let side = |policy| PolicySide {
        universe: &universe,
        policy,
    };
    policies([&side(&one), &side(&other)], &catalog)
}

fn swapped(mut found: Comparison) -> Comparison {
    for difference in &mut found.differences {
        difference.allowed_by = match difference.allowed_by {
            Which::First => Which::Second,
            Which::Second => Which::First,
        };
    }
    found.differences.sort();
    found.alone.reverse();
    found
}

/// Whether these scopes open the operation.
fn opens(scopes: &BTreeSet<usize>, operation: usize) -> bool {
    match operation {
        5 => scopes.contains(&2) || scopes.contains(&0) && scopes.contains(&1),
        number => scopes.contains(&number),
    }
}

fn answers() -> impl Strategy<Value = Layer> {
    let tally = || {
        proptest::option::of((1..9_u64, 0..5_i64).prop_map(|(requests, day)| Tally {
            requests,
            days: 1,
            first: day,
            last: day,
        }))
    };
    let answer = (tally(), tally()).prop_map(|(passed, refused)| Answers { passed, refused });
    proptest::collection::btree_map(("[a-c]", 0..3_u32), answer, 0..8).prop_map(|answers| Layer {
        requests: answers.keys().map(|(name, _)| (name.clone(), 1)).collect(),
        answers,
        ..Layer::default()
    })
}

proptest! {
    #[test]
    fn a_policy_and_itself_have_no_difference_and_swapped_sides_mirror(one in held(), other in held()) {
        let same = compared(&one, &one);
        prop_assert!(same.differences.is_empty() && same.alone == [Alone::default(), Alone::default()]);
        prop_assert_eq!(same.clients, one.len());
        let found = compared(&one, &other);
        prop_assert_eq!(swapped(compared(&other, &one)), found.clone());
        // Each pair of a client of both sides and an operation, and nothing else.
        for (client, scopes) in &one {
            let Some(others) = other.get(client) else {
                prop_assert!(found.alone[0].clients.contains_key(client));
                continue;
            };
            for operation in 0..6 {
                let allowed_by = match (opens(scopes, operation), opens(others, operation)) {
                    (true, false) => Some(Which::First),
                    (false, true) => Some(Which::Second),
                    _ => None,
                };
                let label = format!("GET /{operation}");
                let mut all = found.differences.iter();
                let own = all.find(|one| one.client == *client && one.operation == label);
                prop_assert_eq!(own.map(|one| one.allowed_by), allowed_by);
                if let Some(own) = own {
                    let held = if own.allowed_by == Which::First { scopes } else { others };
                    let terms = own.opened_by.iter().map(|opener| opener.term.as_str()[1..].parse().unwrap());
                    let terms: BTreeSet<usize> = terms.collect();
                    prop_assert!(terms.is_subset(held) && opens(&terms, operation), "{own:?}");
                    prop_assert!(own.opened_by.iter().all(|opener| opener.places.len() == 1));
                }
            }
            for unasked in scopes.difference(others).filter(|scope| **scope > 5) {
                let pair = (client.clone(), format!("s{unasked}"));
                prop_assert!(found.alone[0].terms.contains(&pair));
            }
        }
    }

    #[test]
    fn of_two_layers_what_one_let_through_and_the_other_refused_is_found_on_either_side(one in answers(), other in answers()) {
        let label = |route: u32| route.to_string();
        let found = logs([&one, &other], &label);
        prop_assert_eq!(swapped(logs([&other, &one], &label)), found.clone());
        for (key, first) in &one.answers {
            let second = other.answers.get(key).copied().unwrap_or_default();
            for (allows, refuses, which) in [(*first, second, Which::First), (second, *first, Which::Second)] {
                let mut all = found.differences.iter();
                let own = all.find(|one| one.client == key.0 && one.operation == key.1.to_string() && one.allowed_by == which);
                let expected = allows.passed.and(refuses.refused);
                prop_assert_eq!(own.and_then(|own| own.refused), expected);
            }
        }
    }
}

#[test]
fn whose_opinion_an_outcome_is_depends_on_where_the_log_is_from() {
    use Outcome::{
        Attempted, DeniedAuthentication, DeniedGateway, DeniedService, DeniedUnknown,
        Unauthenticated, Used,
    };
    let of = |place: Place| {
        [Used, DeniedGateway, DeniedService, DeniedUnknown].map(|outcome| place.passes(outcome))
    };
    assert_eq!(
        of(Place::Outer),
        [Some(true), Some(false), Some(true), None]
    );
    assert_eq!(
        of(Place::Inner),
        [Some(true), Some(false), Some(false), Some(false)]
    );
    assert_eq!(of(Place::Behind), [Some(true), None, Some(false), None]);
    for place in [Place::Outer, Place::Inner, Place::Behind] {
        for outcome in [Attempted, Unauthenticated, DeniedAuthentication] {
            assert_eq!(place.passes(outcome), None, "{place:?} {outcome:?}");
        }
    }
}
