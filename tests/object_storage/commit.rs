//! A ledger in a bucket: the bytes of one in a folder, and one of two writers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::server::Fault;
use crate::{World, files, log, text};

fn world() -> World {
    let world = World::new();
    world.add("logs/a.log", &log("billing", 1..6, 30));
    world.add("logs/b.log", &log("storefront-web", 4..9, 30));
    world.add("logs/c.log", &log("partner-export", 8..12, 30));
    world
}

#[test]
fn a_ledger_in_a_bucket_has_the_bytes_of_one_in_a_folder() {
    let world = world();
    for (ledger, also) in [("local", "folder"), ("s3://b/ledger", "bucket")] {
        world.ok(&format!(
            "ingest s3://b/logs/a.log --catalog openapi.yaml --ledger {ledger} --grants grants.yaml"
        ));
        // It has grown: its earlier part is replaced.
        world.server.put("b/logs/a.log", &log("billing", 1..8, 30));
        world.ok(&format!(
            "ingest s3://b/logs --catalog openapi.yaml --ledger {ledger}"
        ));
        world.ok(&format!("ledger compact {ledger}"));
        world.ok(&format!("ledger prune {ledger} --keep 9d"));
        world.server.put("b/logs/a.log", &log("billing", 1..6, 30));
        let flags = "--catalog openapi.yaml --grants grants.yaml --json";
        let report = world.ok(&format!("analyze --ledger {ledger} {flags}"));
        std::fs::write(world.path(also), report.replace(ledger, "LEDGER")).unwrap();
    }
    let local = files(&world.path("local"));
    let all = world.server.below("b/ledger/");
    let listed: BTreeMap<_, _> = all
        .iter()
        .filter(|(name, _)| local.contains_key(*name))
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect();
    assert_eq!(listed, local, "what the manifest lists, and the manifest");
    assert!(
        all.len() > local.len(),
        "what was replaced stays in a bucket"
    );
    assert!(
        world
            .ok("ledger verify s3://b/ledger")
            .contains("to nobody, or to who is writing now")
    );
    assert_eq!(
        std::fs::read_to_string(world.path("folder")).unwrap(),
        std::fs::read_to_string(world.path("bucket")).unwrap()
    );
}

#[test]
fn shares_in_a_bucket_come_together_as_what_one_machine_reads() {
    let world = world();
    for share in 1..=4 {
        world.ok(&format!("ingest s3://b/logs --catalog openapi.yaml --shard {share}/4 --partial s3://b/parts/{share}"));
    }
    world.ok("ledger merge s3://b/parts/ --into s3://b/merged");
    world.ok("ledger merge s3://b/parts --into merged");
    world.ok("ingest s3://b/logs --catalog openapi.yaml --ledger local");
    world.ok("ledger compact local");
    let local = files(&world.path("local"));
    assert_eq!(files(&world.path("merged")), local);
    assert_eq!(world.server.below("b/merged/manifest.json"), {
        BTreeMap::from([(String::new(), local["manifest.json"].clone())])
    });
    // The same share again reads nothing; another one does not take its place.
    let before = world.server.below("b/parts/1");
    let told =
        world.ok("ingest s3://b/logs --catalog openapi.yaml --shard 1/4 --partial s3://b/parts/1");
    assert!(told.contains("known already"), "{told}");
    let told = world
        .fails("ingest s3://b/logs --catalog openapi.yaml --shard 2/4 --partial s3://b/parts/1");
    assert!(told.contains("holds another result already"), "{told}");
    assert_eq!(world.server.below("b/parts/1"), before);
    let told = world.fails("ledger merge s3://b/merged/ --into s3://b/merged");
    assert!(told.contains("cannot be merged into itself"), "{told}");
    let told = world.fails("ledger status s3://b/logs");
    assert!(
        told.contains("`s3://b/logs` is not a ledger, and is not empty"),
        "{told}"
    );
    let told = world.fails("ledger status s3://b/none");
    assert!(told.contains("`s3://b/none` holds no ledger"), "{told}");
}

#[test]
fn of_two_writers_the_second_to_commit_changes_nothing_and_says_so() {
    let world = world();
    world.ok("ingest s3://b/logs/a.log --catalog openapi.yaml --ledger s3://b/ledger");
    let (reached, at_commit) = mpsc::channel();
    // The first writer's commits are dropped, and come again, until the second one is done.
    let held = Arc::new(Mutex::new(true));
    let (still, mut first) = (Arc::clone(&held), None);
    world.server.plan(move |request| {
        if !request.is_commit() || !*still.lock().unwrap() {
            return Fault::None;
        }
        let first: &Vec<u8> = first.get_or_insert_with(|| request.body.clone());
        if *first != request.body {
            return Fault::None;
        }
        // Nobody listens to the second one.
        let _ = reached.send(());
        Fault::Dropped
    });
    let mut slow =
        world.command("ingest s3://b/logs/b.log --catalog openapi.yaml --ledger s3://b/ledger");
    let slow = thread::spawn(move || slow.output().unwrap());
    at_commit.recv().unwrap();
    world.ok("ingest s3://b/logs/c.log --catalog openapi.yaml --ledger s3://b/ledger");
    *held.lock().unwrap() = false;
    let slow = slow.join().unwrap();
    let told = text(&slow.stderr);
    assert_eq!(slow.status.code(), Some(2), "{told}");
    assert!(
        told.contains(
            "`s3://b/ledger` was changed by another run meanwhile: nothing of this one counts"
        ),
        "{told}"
    );
    let status = world.ok("ledger status s3://b/ledger");
    assert!(
        status.contains("2 sources, 0 of them incomplete"),
        "{status}"
    );
    world.ok("ingest s3://b/logs/b.log --catalog openapi.yaml --ledger s3://b/ledger");
    world.ok("ledger compact s3://b/ledger");
    world.ok("ingest s3://b/logs --catalog openapi.yaml --ledger local");
    world.ok("ledger compact local");
    assert_eq!(
        world.server.below("b/ledger/").get("manifest.json"),
        files(&world.path("local")).get("manifest.json")
    );
}
