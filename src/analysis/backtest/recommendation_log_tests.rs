use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::tests::three_months;
use super::super::world::{World, day};
use super::*;
use crate::analysis::analyse;

fn with_policy(world: &World, text: &str) -> World {
    let mut world = world.clone();
    let file = crate::grants::read(Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    world.policy.files = vec![file];
    world
}

/// The world at the end of March, when b and c of `steady` and c of `other` are idle.
fn march() -> (World, Published) {
    let mut world = three_months();
    world.coverage = world.coverage.until(day("2025-03-31"));
    for client_use in world.usage.values_mut() {
        *client_use = client_use.until(day("2025-03-31"));
    }
    let published = Published::new(&world.ask(analyse), None);
    (three_months(), published)
}

fn became(world: &World, files: &[Published]) -> BTreeMap<String, (Became, u64, u64)> {
    let found = world.ask(|inputs, options| follow(inputs, files, options.window.to));
    found
        .into_iter()
        .map(|followed| {
            (
                format!("{} {}", followed.client, followed.term),
                (followed.became, followed.denied, followed.served),
            )
        })
        .collect()
}

const APPLIED: &str = "version: 1\nclients:\n  steady: {since: 2024-01-01, scopes: [a]}\n  other: {since: 2024-01-01, scopes: [a, c]}\n";

#[test]
fn a_publication_that_was_changed_is_not_whole_and_a_new_one_names_the_last() {
    let (world, first) = march();
    assert!(first.is_whole());
    let names = |recommendation: &Recommendation| {
        format!("{} {}", recommendation.client, recommendation.term)
    };
    let list: Vec<String> = first.recommendations.iter().map(names).collect();
    // late's scopes do not count: it was not yet held to be young, but is in the file.
    assert!(
        list.contains(&"steady b".to_owned()) && list.contains(&"other c".to_owned()),
        "{list:?}"
    );
    let mut forged = first.clone();
    forged.recommendations.pop();
    assert!(!forged.is_whole());
    let second = Published::new(&with_policy(&world, APPLIED).ask(analyse), Some(&first));
    assert_eq!(second.previous.as_ref(), Some(&first.hash));
    assert!(second.is_whole() && !second.says_the_same(&first));
    let text = serde_json::to_string_pretty(&second).unwrap();
    let read: Published = serde_json::from_str(&text).unwrap();
    assert!(read == second && read.is_whole());
}

#[test]
fn what_was_carried_out_is_told_from_what_is_open_and_its_misses_are_counted() {
    let (world, first) = march();
    let after = with_policy(&world, APPLIED);
    let found = became(&after, std::slice::from_ref(&first));
    // On 10 May steady used b twice, which nothing it holds permits.
    assert_eq!(found["steady b"], (Became::Applied, 0, 2));
    assert_eq!(found["steady c"], (Became::Applied, 0, 0));
    assert_eq!(found["other c"], (Became::Open, 0, 0));
}

#[test]
fn what_was_taken_away_and_is_held_again_came_back_and_what_is_excepted_was_rejected() {
    let (world, first) = march();
    let second = Published::new(&with_policy(&world, APPLIED).ask(analyse), Some(&first));
    let files = [first.clone(), second];
    assert_eq!(became(&world, &files)["steady b"].0, Became::CameBack);
    // Without a second publication only the date can say so.
    let dated = "version: 1\nroles:\n  again: {since: 2025-05-12, scopes: [b]}\nclients:\n  steady: {since: 2024-01-01, scopes: [a], roles: [again]}\n  other:\n    since: 2024-01-01\n    scopes:\n      - a\n      - c # keep reason=\"audit\"\n";
    let found = became(&with_policy(&world, dated), std::slice::from_ref(&first));
    assert_eq!(found["steady b"].0, Became::CameBack);
    assert_eq!(found["other c"].0, Became::Rejected);
}
