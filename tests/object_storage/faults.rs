//! A store that is busy, slow, or breaks off.

use crate::server::Fault;
use crate::{World, files, log};

fn world() -> World {
    let world = World::new();
    world.add("logs/a.log", &log("billing", 1..29, 1500));
    world.add("logs/b.log", &log("storefront-web", 1..9, 100));
    world
}

#[test]
fn a_store_that_fails_now_and_then_changes_nothing() {
    let world = world();
    world.ok("ingest s3://b/logs --catalog s3://b/openapi.yaml --ledger expected");
    let expected = files(&world.path("expected"));
    for (name, fault) in [
        ("busy", Fault::Status(503)),
        ("many", Fault::Status(429)),
        ("cut", Fault::Truncated),
        ("gone", Fault::Dropped),
        ("lost", Fault::Unanswered),
        ("slow", Fault::Slow),
    ] {
        let mut count = 0;
        world.server.plan(move |_| {
            count += 1;
            if count % 3 == 0 { fault } else { Fault::None }
        });
        world.ok(&format!(
            "ingest s3://b/logs --catalog s3://b/openapi.yaml --ledger {name}"
        ));
        assert!(files(&world.path(name)) == expected, "{name}");
        // Writing, too: an answer that gets lost is no commit of somebody else.
        world.ok(&format!(
            "ingest s3://b/logs --catalog openapi.yaml --ledger s3://b/ledgers/{name}"
        ));
        world.server.plan(|_| Fault::None);
        assert!(
            world.server.below(&format!("b/ledgers/{name}/")) == expected,
            "{name}"
        );
    }
}

#[test]
fn a_commit_whose_answer_gets_lost_is_known_as_ones_own() {
    let world = world();
    world.ok("ingest s3://b/logs/a.log --catalog openapi.yaml --ledger s3://b/ledger");
    let mut lost = false;
    world.server.plan(move |request| {
        if request.is_commit() && !lost {
            lost = true;
            return Fault::Unanswered;
        }
        Fault::None
    });
    let told = world.ok("ingest s3://b/logs --catalog openapi.yaml --ledger s3://b/ledger");
    assert!(told.contains("b.log: added"), "{told}");
    world.server.plan(|_| Fault::None);
    assert!(world.ok("ledger verify s3://b/ledger").contains("0 faults"));
}

#[test]
fn a_store_that_is_gone_is_an_error_and_the_ledger_is_as_it_was() {
    let world = world();
    world.ok("ingest s3://b/logs/a.log --catalog openapi.yaml --ledger s3://b/ledger");
    let before = world.server.below("b/ledger/manifest.json");
    world.server.plan(|request| {
        let part = request.method == "PUT" && request.path.ends_with(".parquet");
        if part {
            Fault::Status(400)
        } else {
            Fault::None
        }
    });
    let told = world.fails("ingest s3://b/logs --catalog openapi.yaml --ledger s3://b/ledger");
    assert!(told.contains("the store answers 400 (SlowDown)"), "{told}");
    assert_eq!(world.server.below("b/ledger/manifest.json"), before);
    world.server.plan(|_| Fault::None);
    assert!(world.ok("ledger verify s3://b/ledger").contains("0 faults"));
}
