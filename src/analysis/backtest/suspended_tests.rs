use super::super::Backtest;
use super::super::recommendation_log::{Published, follow_suspended};
use super::super::tests::three_months;
use super::super::world::{World, day};
use super::*;
use crate::analysis::analyse;

/// `gone` calls daily until the end of January; in July it calls again where told so.
fn world(back: bool) -> World {
    let mut world = three_months();
    let text = "version: 1\nclients:\n  steady: {since: 2024-01-01, scopes: [a, b, c]}\n  gone: {since: 2024-01-01, scopes: [a]}\n";
    let file = crate::grants::read(std::sync::Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    world.policy.files = vec![file];
    let days = (day("2025-01-01").0..=day("2025-01-31").0).map(Day);
    world.uses("gone", 0, days);
    if back {
        world.uses("gone", 0, [day("2025-06-10")]);
    }
    world
}

fn tested(world: &World) -> Backtest {
    world.backtest()
}

#[test]
fn a_suspended_client_that_calls_again_came_back_and_is_not_a_removal() {
    for back in [false, true] {
        let found = tested(&world(back));
        let whole: Vec<_> = found
            .origins
            .iter()
            .filter(|origin| !origin.censored)
            .collect();
        assert!(!whole.is_empty());
        let advised = |origin: &&&super::super::Origin| !origin.suspended[2].clients.is_empty();
        let with: Vec<_> = whole.iter().filter(advised).collect();
        assert!(!with.is_empty(), "somebody was to be suspended");
        for origin in &with {
            assert_eq!(origin.suspended[2].back, u64::from(back));
            assert_eq!(origin.suspended[2].requests, 2 * u64::from(back));
        }
        let sum = found.suspended[2];
        assert_eq!((sum.clients, sum.back > 0), (1, back));
        assert!(!sum.brakes(0.02), "one client is chance");
        assert_eq!(sum.rate.is_some_and(|rate| rate > 0.0), back);
    }
}

#[test]
fn advice_to_suspend_is_published_with_its_first_day_and_followed_up() {
    let mut then = world(false);
    then.coverage = then.coverage.until(day("2025-05-31"));
    for client_use in then.usage.values_mut() {
        *client_use = client_use.until(day("2025-05-31"));
    }
    let mut analysis = then.ask(analyse);
    for client in &mut analysis.clients {
        if let Some(suspension) = &mut client.suspend {
            suspension.level = Level::Likely;
        }
    }
    let first = Published::new(&analysis, None);
    assert!(first.is_whole());
    let names: Vec<&str> = first
        .suspensions
        .iter()
        .map(|advice| advice.client.as_str())
        .collect();
    assert_eq!(names, ["gone"]);
    let mut forged = first.clone();
    forged.suspensions.clear();
    assert!(!forged.is_whole() && !forged.says_the_same(&first));
    // Said again a month later, it is the same advice.
    analysis.window.to = day("2025-06-05");
    let second = Published::new(&analysis, Some(&first));
    assert_eq!(second.suspensions, first.suspensions);

    let files = [first, second];
    let became = |world: &World| {
        let found =
            world.ask(|inputs, options| follow_suspended(inputs, &files, options.window.to));
        assert_eq!(found.len(), 1);
        (found[0].became, found[0].served)
    };
    assert_eq!(became(&world(false)), (Became::Open, 0));
    assert_eq!(became(&world(true)), (Became::CameBack, 2));
    let mut taken = world(false);
    let text = "version: 1\nclients:\n  steady: {since: 2024-01-01, scopes: [a]}\n";
    let file = crate::grants::read(std::sync::Arc::from(text.as_bytes()), "grants.yaml").unwrap();
    taken.policy.files = vec![file];
    assert_eq!(became(&taken), (Became::Applied, 0));
}
