//! What is removed from a bucket is gone, and never anything that counts, whoever writes or reads
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::server::Fault;
use crate::{World, files, log, text};

const LEDGER: &str = "s3://b/ledger";

fn world() -> World {
    let world = World::new();
    world.add("logs/a.log", &log("billing", 1..6, 10));
    world.add("logs/b.log", &log("storefront-web", 4..9, 10));
    world.add("logs/c.log", &log("data-export", 8..12, 10));
    world
}

fn ingest(names: &str) -> String {
    format!("ingest {names} --catalog openapi.yaml --ledger {LEDGER}")
}

/// Names of the objects of the ledger but the manifest.
fn objects(world: &World) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = world.server.below("b/ledger/").into_keys().collect();
    names.remove("manifest.json");
    names
}

/// What the manifest lists, by table, day and digest.
fn listed(world: &World) -> BTreeMap<(String, String), u64> {
    let manifest = world.server.below("b/ledger/").remove("manifest.json");
    let manifest = text(&manifest.unwrap());
    let state: serde_json::Value = serde_json::from_str(manifest.lines().next().unwrap()).unwrap();
    let all = ["parts", "later"].map(|key| state[key].as_array().cloned().unwrap_or_default());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let parts = all.iter().flatten().map(|part| {
        let place = format!("{}/day={}", text(&part[0]), text(&part[1]));
        ((place, text(&part[2])), part[5].as_u64().unwrap_or(0))
    });
    parts.collect()
}

/// The names of what is listed.
fn names(world: &World) -> BTreeSet<String> {
    let listed = listed(world).into_iter();
    let named = listed.map(|((place, digest), series)| match series {
        0 => format!("{place}/{}.parquet", &digest[..32]),
        series => format!("{place}/{}-{series}.parquet", &digest[..32]),
    });
    named.collect()
}

fn whole(world: &World) {
    let told = world.ok(&format!("ledger verify {LEDGER}"));
    assert!(told.contains("0 faults"), "{told}");
}

#[test]
fn pruned_days_are_erased_from_a_bucket_when_that_is_asked_for() {
    let world = world();
    world.ok(&ingest("s3://b/logs"));
    world.ok(&ingest("s3://b/logs --grants grants.yaml"));
    // Somebody else's, and what has not the name of a file of a ledger.
    for foreign in [
        "README",
        "usage/day=2026-10-01/mine.parquet",
        "usage/notes.txt",
    ] {
        world.server.put(&format!("b/ledger/{foreign}"), b"mine");
    }
    let told = world.ok(&format!("ledger prune {LEDGER} --keep 5d"));
    assert!(
        told.contains("6 days before 2026-10-07 dropped; their files stay"),
        "{told}"
    );
    let old = |name: &String| name.contains("usage/day=2026-10-01/");
    assert!(objects(&world).iter().any(old));
    let told = world.ok(&format!("ledger prune {LEDGER} --keep 5d --remove"));
    assert!(told.contains("files removed"), "{told}");
    let mut left = objects(&world);
    for foreign in [
        "README",
        "usage/day=2026-10-01/mine.parquet",
        "usage/notes.txt",
    ] {
        assert!(left.remove(foreign), "{foreign}");
    }
    assert_eq!(left, names(&world), "nothing but what counts");
    whole(&world);
    // Nothing is left, so nothing happens, and nobody is disturbed.
    let before = world.server.below("b/ledger/manifest.json");
    let told = world.ok(&format!("ledger prune {LEDGER} --keep 5d --remove --json"));
    assert!(told.contains("\"files_removed\": 0"), "{told}");
    assert_eq!(world.server.below("b/ledger/manifest.json"), before);
    // The tables are those of a folder, whatever the names of the files.
    let local = |args: &str| world.ok(&args.replace(LEDGER, "local"));
    local(&ingest("s3://b/logs --grants grants.yaml"));
    local(&format!("ledger prune {LEDGER} --keep 5d --remove"));
    let flags = "--catalog openapi.yaml --grants grants.yaml --json";
    let report = |ledger: &str| {
        let told = world.ok(&format!("analyze --ledger {ledger} {flags}"));
        told.replace(ledger, "LEDGER")
    };
    assert_eq!(report(LEDGER), report("local"));
    // What comes later has names of its own, and is removed as well when it is replaced.
    world.add("logs/c.log", &log("data-export", 8..14, 10));
    world.ok(&ingest("s3://b/logs"));
    world.ok(&format!("ledger compact {LEDGER} --remove"));
    local(&ingest("s3://b/logs"));
    local(&format!("ledger compact {LEDGER} --remove"));
    assert_eq!(report(LEDGER), report("local"));
    let digests = |ledger: &World| listed(ledger).into_keys().collect::<Vec<_>>();
    let of_folder: BTreeSet<String> = files(&world.path("local")).into_keys().collect();
    for (place, digest) in digests(&world) {
        assert!(of_folder.contains(&format!("{place}/{}.parquet", &digest[..32])));
    }
    whole(&world);
}

/// Lets the removals of one run wait until they may go on. Out: who is told when one has come,
/// and what lets them through.
fn held_removals(world: &World) -> (mpsc::Receiver<Vec<u8>>, Arc<Mutex<bool>>) {
    let (came, receiver) = mpsc::channel();
    let held = Arc::new(Mutex::new(true));
    let still = Arc::clone(&held);
    world.server.plan(move |request| {
        if request.is_removal() && *still.lock().unwrap() {
            let _ = came.send(request.body.clone());
            return Fault::Status(503);
        }
        Fault::None
    });
    (receiver, held)
}

#[test]
fn content_that_is_written_again_while_its_old_file_is_removed_is_kept() {
    let world = world();
    world.ok(&ingest("s3://b/logs/a.log"));
    // A run that wrote its files, and could not commit.
    world.server.plan(|request| {
        if request.is_commit() {
            Fault::Status(400)
        } else {
            Fault::None
        }
    });
    world.fails(&ingest("s3://b/logs/c.log"));
    let left: BTreeSet<String> = objects(&world)
        .difference(&names(&world))
        .cloned()
        .collect();
    assert!(left.len() > 5, "{left:?}");
    let (came, held) = held_removals(&world);
    let mut removing = world.command(&format!("ledger compact {LEDGER} --remove"));
    let removing = thread::spawn(move || removing.output().unwrap());
    let asked = text(&came.recv().unwrap());
    // The same content comes again: with the names that are about to go it would be lost.
    world.ok(&ingest("s3://b/logs/c.log"));
    let again: Vec<String> = listed(&world)
        .into_iter()
        .filter(|(_, series)| *series == 1)
        .map(|((place, digest), _)| format!("{place}/{}.parquet", &digest[..32]))
        .collect();
    assert!(
        !again.is_empty() && again.iter().all(|name| asked.contains(name)),
        "{asked}"
    );
    *held.lock().unwrap() = false;
    let done = removing.join().unwrap();
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(objects(&world), names(&world));
    whole(&world);
    let status = world.ok(&format!("ledger status {LEDGER}"));
    assert!(
        status.contains("2 sources, 0 of them incomplete"),
        "{status}"
    );
}

#[test]
fn a_writer_that_began_before_a_removal_changes_nothing_and_says_so() {
    let world = world();
    world.ok(&ingest("s3://b/logs/a.log"));
    world.ok(&ingest("s3://b/logs/b.log"));
    // It has written its files, and its commits are dropped until the removal is done.
    let (reached, at_commit) = mpsc::channel();
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
        let _ = reached.send(());
        Fault::Dropped
    });
    let mut slow = world.command(&ingest("s3://b/logs/c.log"));
    let slow = thread::spawn(move || slow.output().unwrap());
    at_commit.recv().unwrap();
    let told = world.ok(&format!("ledger compact {LEDGER} --remove"));
    assert!(told.contains("removed"), "{told}");
    assert_eq!(
        objects(&world),
        names(&world),
        "also what the other one wrote"
    );
    *held.lock().unwrap() = false;
    let slow = slow.join().unwrap();
    let told = text(&slow.stderr);
    assert_eq!(slow.status.code(), Some(2), "{told}");
    assert!(
        told.contains("was changed by another run meanwhile"),
        "{told}"
    );
    whole(&world);
    world.ok(&ingest("s3://b/logs/c.log"));
    whole(&world);
    let status = world.ok(&format!("ledger status {LEDGER}"));
    assert!(
        status.contains("3 sources, 0 of them incomplete"),
        "{status}"
    );
}

/// Runs a command that has read the manifest, and is not given the first file of the table of use before
/// something else is done.
fn while_it_reads(world: &World, command: &str, then: impl FnOnce()) -> Output {
    let (reached, reads) = mpsc::channel();
    let held = Arc::new(Mutex::new(true));
    let still = Arc::clone(&held);
    world.server.plan(move |request| {
        let usage = request.method == "GET" && request.path.contains("/ledger/usage/");
        if usage && *still.lock().unwrap() {
            let _ = reached.send(());
            return Fault::Status(503);
        }
        Fault::None
    });
    let mut slow = world.command(command);
    let slow = thread::spawn(move || slow.output().unwrap());
    reads.recv().unwrap();
    then();
    *held.lock().unwrap() = false;
    slow.join().unwrap()
}

#[test]
fn a_writer_whose_files_go_while_it_reads_them_says_who_was_first() {
    let world = world();
    world.ok(&ingest("s3://b/logs/a.log"));
    world.ok(&ingest("s3://b/logs/b.log"));
    // No file of the table is read for a removal of all that is older than a day.
    let slow = while_it_reads(&world, &format!("ledger compact {LEDGER}"), || {
        world.ok(&format!("ledger prune {LEDGER} --keep 1d --remove"));
    });
    let told = text(&slow.stderr);
    assert_eq!(slow.status.code(), Some(2), "{told}");
    assert!(
        told.contains("was changed by another run meanwhile"),
        "{told}"
    );
    whole(&world);
}

#[test]
fn a_reader_whose_files_go_reads_the_state_after() {
    let world = world();
    world.ok(&ingest("s3://b/logs"));
    let flags = "--catalog openapi.yaml --grants grants.yaml --json";
    let analyze = format!("analyze --ledger {LEDGER} {flags}");
    let slow = while_it_reads(&world, &analyze, || {
        world.ok(&format!("ledger prune {LEDGER} --keep 3d --remove"));
    });
    assert!(slow.status.success(), "{}", text(&slow.stderr));
    let after = world.ok(&analyze);
    assert_eq!(text(&slow.stdout), after);
}

#[test]
fn a_removal_that_breaks_off_leaves_the_ledger_whole_and_is_finished_by_the_next() {
    let world = world();
    world.ok(&ingest("s3://b/logs"));
    world.server.plan(|request| {
        if request.is_removal() {
            Fault::Status(403)
        } else {
            Fault::None
        }
    });
    let told = world.fails(&format!("ledger prune {LEDGER} --keep 5d --remove"));
    assert!(
        told.contains("the change is committed, and not every file"),
        "{told}"
    );
    assert!(
        told.contains("access is denied") && told.contains("run it again"),
        "{told}"
    );
    whole(&world);
    assert!(objects(&world).len() > names(&world).len());
    world.server.plan(|_| Fault::None);
    world.ok(&format!("ledger prune {LEDGER} --keep 5d --remove"));
    assert_eq!(objects(&world), names(&world));
    whole(&world);
}

#[test]
fn from_a_store_that_ignores_conditions_nothing_is_removed() {
    let world = world();
    world.ok(&ingest("s3://b/logs"));
    world.ok(&format!("ledger prune {LEDGER} --keep 5d"));
    let before = world.server.below("b/ledger/");
    for header in ["if-match", "if-none-match"] {
        world.server.plan(move |request| {
            if request.headers.contains_key(header) {
                Fault::Unconditional
            } else {
                Fault::None
            }
        });
        let told = world.fails(&format!("ledger prune {LEDGER} --keep 5d --remove"));
        assert!(
            told.contains("takes a put whose condition does not hold: nothing was removed"),
            "{told}"
        );
        assert!(world.server.below("b/ledger/") == before, "{header}");
    }
}
