//! What was compiled once gives the answers that names would have given.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::backtest::world::{World, day};
use super::{Prepared, analyse};
use crate::analysis::minimum::Universe;
use crate::model::{Day, Requirement, Scope, Term, Verdict};

/// A client that holds some of the scopes `a` to `f`; each operation asks for any of some
/// sets of them.
fn world(needs: &[Vec<BTreeSet<u8>>], held: &BTreeSet<u8>) -> World {
    let name = |scope: &u8| char::from(b'a' + scope).to_string();
    let letters: Vec<Vec<String>> = needs.iter().map(|_| vec!["a".to_owned()]).collect();
    let scopes: Vec<String> = held.iter().map(name).collect();
    let policy = format!(
        "version: 1\nclients:\n  steady: {{since: 2024-01-01, scopes: [{}]}}\n",
        scopes.join(", ")
    );
    let mut world = World::of(&letters, &policy, ("2025-01-01", "2025-12-31"));
    for (operation, clauses) in world.catalog.operations.iter_mut().zip(needs) {
        let clauses = clauses.iter().map(|clause| {
            let scopes = clause.iter().map(|scope| Scope::new(&name(scope)));
            scopes.collect()
        });
        operation.requirement = Requirement::AnyOf(clauses.collect());
    }
    world
}

fn scopes(least: usize) -> impl Strategy<Value = BTreeSet<u8>> {
    prop::collection::btree_set(0..6_u8, least..4)
}

proptest! {
    #[test]
    fn numbers_say_of_each_term_and_operation_what_names_say(
        needs in prop::collection::vec(prop::collection::vec(scopes(1), 1..4), 1..6),
        held in scopes(1),
        gone in scopes(0),
    ) {
        world(&needs, &held).ask(|inputs, options| {
            let universe = Universe::new(inputs.catalog, inputs.semantics, inputs.weights);
            let prepared = Prepared::new(inputs, options, &universe);
            let holder = &prepared.clients[0];
            let granted = &holder.granted;
            let opened: BTreeSet<usize> = holder.opened.iter().copied().collect();
            prop_assert_eq!(&opened, &universe.opens(granted));
            for operation in 0..needs.len() {
                let serves = |term: &Term| universe.serves(term, granted, operation);
                let by_name: Vec<usize> = (0..).zip(granted).filter(|(_, term)| serves(term)).map(|(at, _)| at).collect();
                prop_assert_eq!(holder.serving(&universe, &[operation]), by_name);
            }
            let goes = |place: usize| gone.contains(&u8::try_from(place).unwrap());
            let rest: BTreeSet<Term> = (0..).zip(granted).filter(|(at, _)| !goes(*at)).map(|(_, term)| term.clone()).collect();
            let left = holder.without(&universe, goes);
            let open = |operation: &usize| universe.opens_operation(&left, *operation);
            let left: BTreeSet<usize> = (0..needs.len()).filter(open).collect();
            prop_assert_eq!(left, universe.opens(&rest));
            Ok(())
        })?;
    }
}

#[test]
fn the_use_of_a_term_is_that_of_the_routes_it_serves() {
    let one = |scope: u8| vec![BTreeSet::from([scope])];
    let mut world = world(&[one(0), one(1), one(0)], &BTreeSet::from([0, 1, 2]));
    let days = |from: &str, to: &str| (day(from).0..=day(to).0).map(Day);
    world.uses("steady", 0, days("2025-11-01", "2025-11-10"));
    world.uses("steady", 2, days("2025-12-01", "2025-12-05"));
    world.uses("steady", 1, days("2025-03-01", "2025-03-03"));
    let client = world.ask(analyse).clients.remove(0);
    let seen: Vec<_> = client
        .terms
        .iter()
        .map(|term| {
            (
                term.term.as_str(),
                &term.serves[..],
                term.rhythm.days.len(),
                term.verdict,
            )
        })
        .collect();
    let expected = [
        ("a", &[0, 2][..], 15, Verdict::Keep),
        ("b", &[1][..], 3, Verdict::Keep),
        ("c", &[][..], 0, Verdict::Unobservable),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn others_that_use_a_scope_are_those_of_that_scope_alone() {
    let one = |scope: u8| vec![BTreeSet::from([scope])];
    let mut world = world(&[one(0), one(1), one(2)], &BTreeSet::from([0, 1, 2]));
    let text = "version: 1\nclients:\n  other: {since: 2024-01-01, scopes: [a, c]}\n  steady: {since: 2024-01-01, scopes: [a, b, c]}\n";
    let file = crate::grants::read(std::sync::Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    world.policy.files = vec![file];
    let all = || (day("2025-01-01").0..=day("2025-12-31").0).map(Day);
    world.uses("steady", 0, all());
    world.uses("other", 0, all());
    world.uses("other", 2, all());
    let client = world.ask(analyse).clients.remove(1);
    let others = |term: &str| {
        let found = client.term(&Term::new(term)).unwrap();
        found.evidence.map(|evidence| evidence.state.others)
    };
    assert_eq!(client.id.as_str(), "steady");
    assert_eq!(
        [others("a"), others("b"), others("c")],
        [None, Some(0), Some(1)]
    );
}
