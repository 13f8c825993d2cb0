//! The moment in which a ledger changes: whoever is killed in it leaves the state before or the one after.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::Folder;
use crate::ledger::{bytes, folder, ingest, lines};

type Bytes = BTreeMap<String, Vec<u8>>;

/// How often each command is killed.
const KILLS: usize = 50;

/// Puts a state of the ledger where there may be another one, without a lock.
fn lay(folder: &Folder, state: &Bytes) {
    let _ = std::fs::remove_dir_all(folder.path("usage"));
    for (name, content) in state {
        folder.put(&format!("usage/{name}"), content);
    }
}

/// Kills the command at seeded moments after it took the lock, and starts it again.
fn killed_and_started_again(folder: &Folder, args: &[&str], seed: u64) {
    let before = bytes(&folder.path("usage"));
    lay(folder, &before);
    let begun = Instant::now();
    let run = folder.run(args);
    let mut longest = begun.elapsed();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let after = bytes(&folder.path("usage"));
    assert!(before != after);
    let mut state = seed;
    let (mut killed, mut turns, mut halfway) = (0, 0, 0);
    while killed < KILLS {
        turns += 1;
        assert!(turns < 5 * KILLS, "only {killed} of {turns} were killed");
        lay(folder, &before);
        let mut child = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .args(args)
            .current_dir(folder.root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lock = folder.path("usage/lock");
        let begun = Instant::now();
        while !lock.exists() {
            assert!(begun.elapsed() < Duration::from_mins(1), "no lock");
            std::thread::sleep(Duration::from_micros(50));
        }
        let begun = Instant::now();
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let micros = u64::try_from(longest.as_micros()).unwrap().max(1);
        std::thread::sleep(Duration::from_micros((state >> 33) % micros));
        child.kill().unwrap();
        match child.wait().unwrap().code() {
            None => killed += 1,
            // It was faster than the knife.
            Some(0) => longest = (longest + begun.elapsed()) / 2,
            code => panic!("{args:?} ended with {code:?}"),
        }
        // One of two manifests, and every file that it lists; what else lies there does not count.
        let found = bytes(&folder.path("usage"));
        let states = [&before, &after];
        let whole = |state: &&&Bytes| {
            let mut files = state.iter();
            files.all(|(name, content)| found.get(name) == Some(content))
        };
        let state = states.iter().find(whole);
        assert!(state.is_some(), "turn {turns}: {:?}", found.keys());
        halfway += usize::from(!states.contains(&&found));
        let again = folder.run(args);
        assert_eq!(again.code, Some(0), "turn {turns}: {}", again.stderr);
        let found = bytes(&folder.path("usage"));
        assert!(found == after, "turn {turns}: {:?}", found.keys());
    }
    assert!(halfway >= 5, "{halfway} of {killed} left something over");
}

fn known() -> Folder {
    let folder = folder();
    folder.put("a.log", lines(1, 0..4, 8));
    folder.put("b.log", lines(2, 2..7, 8));
    ingest(&folder, "usage", &["a.log"]);
    folder
}

#[cfg(unix)]
#[test]
fn ingest_killed_at_fifty_points_leaves_one_state_or_the_other_and_does_it_again() {
    let folder = known();
    let args = ["ingest", "b.log", "--catalog", "routes.json"];
    let args = [&args[..], &["--ledger", "usage"]].concat();
    killed_and_started_again(&folder, &args, 11);
}

#[cfg(unix)]
#[test]
fn merge_killed_at_fifty_points_leaves_one_state_or_the_other_and_does_it_again() {
    let folder = known();
    for index in ["1", "2"] {
        // Both logs, so that one of them is known already.
        let share = format!("{index}/2");
        let args = ["ingest", "a.log", "b.log", "--catalog", "routes.json"];
        let into = format!("parts/{index}");
        let more = ["--shard", &share, "--partial", &into];
        let run = folder.run(&[&args[..], &more].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    let args = ["ledger", "merge", "parts", "--into", "usage"];
    killed_and_started_again(&folder, &args, 12);
}
