//! `replay`: of any proposal, exactly the needed requests that it does not permit are denied.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{Case, Held, Rng};

/// Requests by client and operation.
type Counts = BTreeMap<(String, String), u64>;

/// Some clients lose or gain scopes, one may vanish.
fn proposal(case: &Case, seed: u64) -> Held {
    let mut rng = Rng(seed ^ 0x5eed);
    let mut held = case.held();
    let pool: Vec<String> = case
        .ops
        .iter()
        .flat_map(|op| op.any_of.iter().flatten().cloned())
        .collect();
    for scopes in held.values_mut() {
        scopes.retain(|_| rng.below(3) > 0);
        if rng.below(3) == 0 {
            scopes.insert(pool[rng.below(pool.len())].clone());
        }
    }
    if rng.below(3) == 0 {
        held.pop_last();
    }
    held
}

/// What must be in each list, counted event by event.
fn expected(case: &Case, before: Option<&Held>, after: &Held) -> BTreeMap<&'static str, Counts> {
    let none = BTreeSet::new();
    let mut all: BTreeMap<&'static str, Counts> = BTreeMap::new();
    for event in case.events.iter().filter(|event| event.is_need()) {
        let permits =
            |held: &Held| case.permits(held.get(&event.client).unwrap_or(&none), event.op);
        let result = match (before.map(permits), permits(after)) {
            (_, true) => "unchanged",
            (Some(false), false) => "not_covered",
            (_, false) => "denied",
        };
        let op = &case.ops[event.op];
        let key = (event.client.clone(), format!("{} {}", op.method, op.path));
        *all.entry(result).or_default().entry(key).or_default() += 1;
    }
    all
}

fn listed(report: &Value, list: &str) -> Counts {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    report[list]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(
                row["requests"].as_u64(),
                row["used"]
                    .as_u64()
                    .zip(row["attempted"].as_u64())
                    .map(|(a, b)| a + b)
            );
            (
                (text(row, "client"), text(row, "operation")),
                row["requests"].as_u64().unwrap(),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn a_proposal_denies_exactly_what_it_does_not_permit(seed: u64, told: bool) {
        let case = Case::new(seed);
        let folder = case.folder();
        let after = proposal(&case, seed);
        folder.put("new.json", json!(after).to_string());
        let mut args = vec!["replay", "--quiet", "--json", "--format", "native", "--catalog", "catalog.json"];
        args.extend(["--logs", "log.jsonl", "--grants", "new.json"]);
        let before = case.held();
        if told {
            args.extend(["--before", case.policy_name()]);
        } else if case.wildcard {
            args.extend(["--match", "wildcard::"]);
        }
        let run = folder.run(&args);
        let expected = expected(&case, told.then_some(&before), &after);
        let denied = expected.get("denied").cloned().unwrap_or_default();
        let report = run.report(i32::from(!denied.is_empty()));
        prop_assert_eq!(listed(&report, "denied"), denied);
        prop_assert_eq!(listed(&report, "not_covered"), expected.get("not_covered").cloned().unwrap_or_default());
        prop_assert_eq!(&report["unknown"], &json!([]));
        let unchanged: u64 = expected.get("unchanged").into_iter().flat_map(BTreeMap::values).sum();
        prop_assert_eq!(report["results"]["unchanged"]["requests"].as_u64(), Some(unchanged));
        // Whatever it says would do, does.
        for row in report["denied"].as_array().unwrap() {
            let client = row["client"].as_str().unwrap();
            let op = case.ops.iter().position(|op| format!("{} {}", op.method, op.path) == row["operation"]).unwrap();
            for way in row["would_do"].as_array().unwrap() {
                let mut held = after.get(client).cloned().unwrap_or_default();
                let scopes: Vec<String> = serde_json::from_value(way["scopes"].clone()).unwrap();
                held.extend(scopes);
                prop_assert!(case.permits(&held, op), "{}", way);
                if told && way["held_before"] == true {
                    prop_assert!(case.permits(&before[client], op) || !after[client].is_subset(&before[client]));
                }
            }
            prop_assert_ne!(&row["would_do"], &json!([]));
        }
        // What else it opens: by hand, over the whole catalogue.
        if told {
            let none = BTreeSet::new();
            let mut opened: BTreeSet<(String, String)> = BTreeSet::new();
            for (client, held) in &after {
                for (at, op) in case.ops.iter().enumerate() {
                    if case.permits(held, at) && !case.permits(before.get(client).unwrap_or(&none), at) {
                        opened.insert((client.clone(), format!("{} {}", op.method, op.path)));
                    }
                }
            }
            let mut found = BTreeSet::new();
            for change in report["changes"].as_array().unwrap() {
                for op in change["opened"].as_array().unwrap() {
                    found.insert((change["client"].as_str().unwrap().to_owned(), op.as_str().unwrap().to_owned()));
                }
            }
            prop_assert_eq!(found, opened);
        }
    }
}
