//! A minimal set that the search could not prove takes nothing away on its own.

use std::collections::BTreeSet;

use super::analyse;
use super::backtest::world::{World, day};
use crate::model::{Day, Level, Reason, Term};

/// The 117 lines of the 27 points of a cube whose sides close on themselves: each line is
/// an operation that any of its three points opens. To hit them all with the fewest points
/// takes more steps than are allowed here.
fn lines() -> BTreeSet<[usize; 3]> {
    let number = |point: [usize; 3]| point[0] * 9 + point[1] * 3 + point[2];
    let mut lines = BTreeSet::new();
    for from in 0..27 {
        let start = [from / 9, from / 3 % 3, from % 3];
        for to in 1..27 {
            let step = [to / 9, to / 3 % 3, to % 3];
            let at =
                |times: usize| number([0, 1, 2].map(|axis| (start[axis] + times * step[axis]) % 3));
            let mut line = [at(0), at(1), at(2)];
            line.sort_unstable();
            lines.insert(line);
        }
    }
    lines
}

#[test]
fn with_a_minimum_that_is_not_proved_nothing_goes_above_review() {
    let lines = lines();
    assert_eq!(lines.len(), 117);
    let name = |point: &usize| format!("p{point:02}");
    let mut needs: Vec<Vec<String>> = lines
        .iter()
        .map(|numbers| numbers.iter().map(name).collect())
        .collect();
    needs.push(vec!["unused".to_owned()]);
    let held: Vec<String> = (0..27).map(|point| name(&point)).collect();
    let policy = format!(
        "version: 1\nclients:\n  steady: {{since: 2024-01-01, scopes: [{}, unused]}}\n",
        held.join(", ")
    );
    let mut world = World::of(&needs, &policy, ("2025-01-01", "2025-12-31"));
    let all = || (day("2025-01-01").0..=day("2025-12-31").0).map(Day);
    for route in 0..117 {
        world.uses("steady", route, all());
    }
    let level = |budget| {
        world.ask(|inputs, options| {
            let mut options = options.clone();
            options.node_budget = budget;
            let client = analyse(inputs, &options).clients.remove(0);
            let mut terms = client.terms.into_iter();
            let unused = terms.find(|term| term.term == Term::new("unused")).unwrap();
            let unproved = unused.reasons.contains(&Reason::NotProvenMinimal);
            (client.minimal_proven, unproved, unused.level)
        })
    };
    assert_eq!(level(1_000), (false, true, Some(Level::Review)));
}
