//! Origins that take the grants as records of the ledger state them.

use std::convert::Infallible;
use std::sync::Arc;

use super::tests::three_months;
use super::world::{World, day};
use super::*;
use crate::grants::history::grant_snapshots::{Row, recorded};

/// `steady` has lost `b` since, and `late` has gained `c`.
fn world() -> World {
    let mut world = three_months();
    let text = "version: 1\nclients:\n  steady: {since: 2024-01-01, scopes: [a, c]}\n  other: {since: 2024-01-01, scopes: [a, c]}\n  late: {scopes: [a, c]}\n";
    let file = crate::grants::read(Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    world.policy.files = vec![file];
    world
}

const BEFORE: [(&str, &str); 5] = [
    ("steady", "a"),
    ("steady", "b"),
    ("steady", "c"),
    ("other", "a"),
    ("other", "c"),
];

fn rows(pairs: &[(&str, &str)]) -> BTreeSet<Row> {
    let row = |(client, term): &(&str, &str)| (ClientName::new(client), Term::new(term), None);
    pairs.iter().map(row).collect()
}

fn tested(world: &World, records: &BTreeMap<Day, BTreeSet<Row>>) -> Backtest {
    world.ask_prepared(|prepared, inputs, options| {
        let origins = origins(inputs.coverage, options.window.to);
        let days = records.keys().copied().collect();
        let read = |on: Day| Ok::<_, Infallible>(Arc::new(records[&on].clone()));
        let found = recorded(&origins, &days, 90, read).unwrap();
        let held = found.into_iter().map(|(origin, recorded)| {
            let held = Held {
                policy: recorded.policy(inputs.policy),
                history: recorded.history(origin, inputs.policy, inputs.history),
                later: recorded.later,
            };
            (origin, held)
        });
        backtest_as_held(
            prepared,
            inputs,
            options,
            (GrantsOf::Ledger, &held.collect()),
        )
    })
}

fn proposals(found: &Backtest) -> Vec<(String, u64, u64)> {
    let rows_of = |origin: &Origin| {
        let tally = &origin.tallies[2];
        (origin.as_of.to_string(), tally.removals, tally.wrong)
    };
    found.origins.iter().map(rows_of).collect()
}

fn of(list: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
    list.iter()
        .map(|(day, removals, wrong)| ((*day).to_owned(), *removals, *wrong))
        .collect()
}

#[test]
fn a_scope_that_was_lost_since_is_a_removal_then_and_one_that_came_later_is_none() {
    let mut after = BEFORE.to_vec();
    after.retain(|pair| *pair != ("steady", "b"));
    after.extend([("late", "a"), ("late", "c")]);
    let records = BTreeMap::from([
        (day("2025-03-31"), rows(&BEFORE)),
        (day("2025-05-20"), rows(&after)),
    ]);
    let world = world();
    // 30 April takes the record of 31 March, 31 May that of 20 May.
    let found = tested(&world, &records);
    let expected = of(&[
        ("2025-03-31", 3, 1),
        ("2025-04-30", 3, 1),
        ("2025-05-31", 3, 0),
    ]);
    assert_eq!(proposals(&found), expected);
    assert_eq!(
        found.origins[0].hits[0].terms,
        BTreeSet::from([Term::new("b")])
    );
    assert_eq!(
        (found.grants, &*found.left_out),
        (GrantsOf::Ledger, &[][..])
    );
    // With the grants of today `b` is never seen, and `late`, which calls from May on, held its two from the start.
    let today = world.backtest();
    let expected = of(&[
        ("2025-03-31", 4, 1),
        ("2025-04-30", 4, 1),
        ("2025-05-31", 3, 0),
    ]);
    assert_eq!(proposals(&today), expected);
    assert_eq!(today.grants, GrantsOf::Today);
}

#[test]
fn a_month_end_without_a_record_of_the_31_days_before_it_is_left_out_and_named() {
    let records = BTreeMap::from([(day("2025-03-30"), rows(&BEFORE))]);
    let found = tested(&world(), &records);
    assert_eq!(
        proposals(&found),
        of(&[("2025-03-31", 3, 1), ("2025-04-30", 3, 1)])
    );
    assert_eq!(found.left_out, [day("2025-05-31")]);
    let none = tested(&world(), &BTreeMap::new());
    assert_eq!((none.origins.len(), none.left_out.len()), (0, 3));
}

#[test]
fn a_grant_regained_after_an_origin_serves_what_its_removal_would_have_denied() {
    // `steady` gets `d` in place of `b`: what needs `b` is denied all the same.
    let mut after = BEFORE.to_vec();
    after.push(("steady", "d"));
    let records = BTreeMap::from([
        (day("2025-03-31"), rows(&BEFORE)),
        (day("2025-04-20"), rows(&after)),
    ]);
    let mut world = world();
    world.uses("steady", 3, [day("2025-04-25"), day("2025-04-15")]);
    let found = tested(&world, &records);
    let march = &found.origins[0];
    assert_eq!((march.tallies[2].removals, march.tallies[2].wrong), (3, 1));
    assert!(
        march.hits.iter().all(|hit| hit.operation == 1),
        "{:?}",
        march.hits
    );
}
