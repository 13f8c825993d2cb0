//! A share that is started again: after it was killed, after it was done, and beside itself.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Folder, Run};
use crate::ledger::{bytes, folder, lines};

const SHARES: usize = 3;

/// Logs for three shares, and in `expected` the ledger that one machine makes of them.
fn logs() -> Folder {
    let folder = folder();
    for seed in 0..5_u32 {
        let text = lines(u64::from(seed) + 70, 0..5, 5 + 4 * seed);
        folder.put(&format!("logs/{seed}.log"), text);
    }
    let catalog = ["--catalog", "routes.json", "--ledger", "expected"];
    let run = folder.run(&[&["ingest", "logs"][..], &catalog].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(folder.run(&["ledger", "compact", "expected"]).code, Some(0));
    folder
}

fn args<'a>(share: &'a str, into: &'a str) -> Vec<&'a str> {
    let share = ["--shard", share, "--partial", into];
    [&["ingest", "logs", "--catalog", "routes.json"][..], &share].concat()
}

fn share(folder: &Folder, share: &str, into: &str) -> Run {
    folder.run(&args(share, into))
}

fn start(folder: &Folder, share: &str, into: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    command
        .args(args(share, into))
        .current_dir(folder.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

fn wait(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "not seen: {what}");
        std::thread::sleep(Duration::from_micros(50));
    }
}

fn merged(folder: &Folder, parts: &str, into: &str) {
    let run = folder.run(&["ledger", "merge", parts, "--into", into]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let verified = folder.run(&["ledger", "verify", into]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    assert_eq!(
        bytes(&folder.path(into)),
        bytes(&folder.path("expected")),
        "{parts}"
    );
}

/// What a share that was killed before it committed has left, whoever began it.
fn unfinished(folder: &Folder, into: &str) {
    share(folder, "1/1", "another");
    let run = folder.run(&["ledger", "merge", "another", "--into", into]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    // As the writer begins: nothing is listed.
    let body = r#"{"format":"scopetrim.ledger/2","pruned_before":null,"parts":[]}"#;
    let digest = blake3::hash(body.as_bytes()).to_hex();
    let seal = format!("{body}\n{{\"checksum\":\"blake3:{digest}\"}}\n");
    folder.put(&format!("{into}/manifest.json"), seal);
}

#[cfg(unix)]
#[test]
fn a_share_that_was_killed_is_taken_over_when_it_is_started_again() {
    let folder = logs();
    let mut state = 5_u64;
    let mut next = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % n
    };
    let mut longest = Duration::from_millis(20);
    let (mut killed, mut begun) = (0, 0);
    for round in 0..10 {
        let parts = format!("parts-{round}");
        for index in 1..=SHARES {
            let (own, into) = (format!("{index}/{SHARES}"), format!("{parts}/{index}"));
            // Some are killed several times before they are left alone.
            for _ in 0..=next(3) {
                let mut child = start(&folder, &own, &into);
                let lock = folder.path(&format!("{into}/lock"));
                wait("its lock", || lock.exists());
                let started = Instant::now();
                let micros = u64::try_from(longest.as_micros()).unwrap();
                std::thread::sleep(Duration::from_micros(next(micros.max(1))));
                child.kill().unwrap();
                match child.wait().unwrap().code() {
                    None => killed += 1,
                    Some(0) => longest = (longest + started.elapsed()) / 2,
                    code => panic!("{code:?}"),
                }
                let merge = folder.run(&["ledger", "merge", &into, "--into", "no"]);
                begun += usize::from(merge.stderr.contains("is not finished"));
            }
            let run = share(&folder, &own, &into);
            assert_eq!(run.code, Some(0), "{}", run.stderr);
        }
        merged(&folder, &parts, &format!("whole-{round}"));
    }
    assert!(
        killed >= 10 && begun >= 10,
        "{killed} were killed, {begun} unfinished"
    );
}

#[test]
fn a_share_that_is_there_is_not_read_again() {
    let folder = logs();
    let first = share(&folder, "2/3", "parts/2");
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let before = bytes(&folder.path("parts/2"));
    let again = share(&folder, "2/3", "parts/2");
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(
        again
            .stderr
            .contains("has the result of these logs already")
    );
    assert_eq!(
        again.stdout,
        first.stdout.replace(": added;", ": known already;")
    );
    assert_eq!(bytes(&folder.path("parts/2")), before);
    // Without a share it is the only one.
    let whole = [
        "ingest",
        "logs",
        "--catalog",
        "routes.json",
        "--partial",
        "one",
    ];
    for said in ["added", "known already"] {
        let run = folder.run(&whole);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
    merged(&folder, "one", "whole");
}

#[test]
fn a_folder_that_has_another_result_is_refused() {
    let folder = logs();
    assert_eq!(share(&folder, "2/3", "parts/2").code, Some(0));
    folder.put(
        "other.json",
        r#"{"operations":[{"method":"GET","path":"/a","any_of":[["a"]]}]}"#,
    );
    let before = bytes(&folder.path("parts/2"));
    let refused = |line: &[&str], said: &str| {
        let more = ["--partial", "parts/2"];
        let run = folder.run(&[&["ingest"], line, &more].concat());
        assert_eq!(run.code, Some(2), "{}", run.stdout);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
        assert_eq!(bytes(&folder.path("parts/2")), before);
    };
    let same = ["logs", "--catalog", "routes.json", "--shard", "2/3"];
    let changed = |at: usize, to: &'static str| {
        let mut line = same;
        line[at] = to;
        line
    };
    refused(
        &changed(4, "1/3"),
        "holds another result already: shard 2 of 3",
    );
    refused(
        &changed(4, "2/4"),
        "holds another result already: logs of another list",
    );
    refused(
        &changed(2, "other.json"),
        "these logs with another API description",
    );
    refused(
        &[&same[..], &["--denied", "403"]].concat(),
        "was counted with",
    );
    refused(&same[..3], "logs of another list");
    refused(&["-", "--catalog", "routes.json"], "another list");
    folder.put("logs/late.log", lines(7, 0..2, 3));
    refused(&same, "every shard has to be read again");
    // What is in a ledger that was merged is no partial result.
    let run = folder.run(&[
        "ingest",
        "logs",
        "--catalog",
        "routes.json",
        "--partial",
        "expected",
    ]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(
        run.stderr.contains("holds a ledger already"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_result_that_is_not_finished_is_not_merged_as_if_it_were_empty() {
    let folder = logs();
    unfinished(&folder, "parts/1");
    assert_eq!(share(&folder, "2/2", "parts/2").code, Some(0));
    let run = folder.run(&["ledger", "merge", "parts", "--into", "usage"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(
        run.stderr.contains("`parts/1` is not finished"),
        "{}",
        run.stderr
    );
    assert_eq!(share(&folder, "1/2", "parts/1").code, Some(0));
    merged(&folder, "parts", "usage");
}

#[test]
fn of_two_attempts_at_a_share_the_second_is_told_who_is_at_it() {
    let folder = logs();
    unfinished(&folder, "parts/1");
    let lock = std::fs::File::options()
        .write(true)
        .open(folder.path("parts/1/lock"))
        .unwrap();
    lock.try_lock().unwrap();
    let run = share(&folder, "1/1", "parts/1");
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("is being written by"), "{}", run.stderr);
    drop(lock);
    assert_eq!(share(&folder, "1/1", "parts/1").code, Some(0));
    merged(&folder, "parts", "usage");
}

/// As on a file system that does not lock between machines: there the lock's file is another one.
#[cfg(unix)]
#[test]
fn without_a_lock_two_attempts_at_a_share_do_not_harm_each_other() {
    let folder = logs();
    let mut together = 0;
    for round in 0..12 {
        let parts = format!("parts-{round}");
        let into = format!("{parts}/1");
        let lock = folder.path(&format!("{into}/lock"));
        let mut first = start(&folder, "1/1", &into);
        wait("the lock of the first", || lock.exists());
        std::fs::remove_file(&lock).unwrap();
        let mut second = start(&folder, "1/1", &into);
        if round % 3 == 0 {
            wait("the lock of the second", || lock.exists());
            first.kill().unwrap();
        }
        let first = first.wait().unwrap();
        together += usize::from(lock.exists());
        assert_eq!(second.wait().unwrap().code(), Some(0), "{round}");
        assert!(round % 3 == 0 || first.success(), "{round}: {first}");
        merged(&folder, &parts, &format!("whole-{round}"));
    }
    assert!(together > 0, "no two of them ran at the same time");
}
