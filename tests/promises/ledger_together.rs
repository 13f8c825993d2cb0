//! The usage ledger under several hands: writers, readers, and any order of arrival.

use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use crate::common::Folder;
use crate::ledger::{analyze, bytes, folder, ingest, lines};

fn start(folder: &Folder, log: &str) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .args([
            "ingest",
            log,
            "--ledger",
            "usage",
            "--catalog",
            "routes.json",
        ])
        .current_dir(folder.root())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_second_writer_is_told_who_holds_the_lock_and_changes_nothing() {
    let folder = folder();
    folder.put("a.log", lines(1, 0..3, 10));
    folder.put("b.log", lines(2, 0..3, 10));
    ingest(&folder, "usage", &["a.log"]);
    let before = bytes(&folder.path("usage"));
    let lock = File::options()
        .write(true)
        .open(folder.path("usage/lock"))
        .unwrap();
    lock.lock().unwrap();
    for args in [
        &[
            "ingest",
            "b.log",
            "--ledger",
            "usage",
            "--catalog",
            "routes.json",
        ][..],
        &["ledger", "compact", "usage"],
        &["ledger", "prune", "usage", "--keep", "1d"],
    ] {
        let run = folder.run(args);
        assert_eq!(run.code, Some(2), "{}", run.stdout);
        assert!(run.stderr.contains("process "), "{}", run.stderr);
        assert!(
            run.stderr.contains("wait until it has finished"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(bytes(&folder.path("usage")), before);
    // Whoever only reads does not wait.
    assert_eq!(folder.run(&["ledger", "status", "usage"]).code, Some(0));
    drop(lock);
    ingest(&folder, "usage", &["b.log"]);
}

#[test]
fn writers_at_the_same_time_each_succeed_whole_or_are_turned_away() {
    let folder = folder();
    let names: Vec<String> = (0..6).map(|n| format!("{n}.log")).collect();
    for (seed, name) in (60..).zip(&names) {
        folder.put(name, lines(seed, 0..5, 20));
    }
    let children: Vec<_> = names.iter().map(|name| start(&folder, name)).collect();
    let mut done = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => done += 1,
            code => {
                assert_eq!(code, Some(2), "{said}");
                assert!(said.contains("the lock ends with the process"), "{said}");
            }
        }
    }
    assert!(done > 0);
    let verified = folder.run(&["ledger", "verify", "usage"]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    assert!(
        folder
            .run(&["ledger", "status", "usage"])
            .stdout
            .contains(&format!(
                "{done} source{}, 0 of them incomplete",
                if done == 1 { "" } else { "s" }
            ))
    );
}

/// Requests in the ledger.
fn counted(folder: &Folder) -> u64 {
    let args = [
        "usage",
        "--csv",
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
    ];
    let run = folder.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let counts = run.stdout.lines().skip(1);
    counts
        .map(|line| line.split(',').nth(4).unwrap().parse::<u64>().unwrap())
        .sum()
}

#[test]
fn a_reader_sees_the_state_before_or_after_a_writer_and_never_one_between() {
    let folder = folder();
    folder.put("0.log", lines(80, 0..6, 20));
    ingest(&folder, "usage", &["0.log"]);
    let mut expected = BTreeSet::from([counted(&folder)]);
    for turn in 1..5 {
        let log = format!("{turn}.log");
        folder.put(&log, lines(80 + turn, 0..6, 20));
        let mut writer = start(&folder, &log);
        let mut seen = Vec::new();
        while writer.try_wait().unwrap().is_none() {
            seen.push(counted(&folder));
        }
        assert!(writer.wait().unwrap().success());
        expected.insert(counted(&folder));
        let mut compact = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .args(["ledger", "compact", "usage"])
            .current_dir(folder.root())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while compact.try_wait().unwrap().is_none() {
            seen.push(counted(&folder));
        }
        assert!(
            seen.iter().all(|count| expected.contains(count)),
            "{seen:?}"
        );
    }
    assert_eq!(expected.len(), 5);
}

/// Ingests logs whose beginning may be too short to tell their format.
fn taken(folder: &Folder, ledger: &str, logs: &[&str]) {
    let mut args = vec!["ingest"];
    args.extend(logs);
    args.extend([
        "--format",
        "native",
        "--ledger",
        ledger,
        "--catalog",
        "routes.json",
    ]);
    let run = folder.run(&args);
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_history_in_any_files_and_order_gives_the_tables_of_one_go(
        seed in 1..10_000_u64,
        places in prop::collection::vec(0..4_usize, 1..40),
        order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
        grown in prop::collection::vec(prop::option::of(1..100_usize), 4),
        again in prop::collection::vec(any::<bool>(), 4),
    ) {
        let folder = folder();
        let mut texts = vec![String::new(); 4];
        for (at, line) in lines(seed, 0..5, 12).split_inclusive('\n').enumerate() {
            texts[places[at % places.len()]].push_str(line);
        }
        let whole: Vec<usize> = (0..4).filter(|file| !texts[*file].is_empty()).collect();
        let name = |file: usize| format!("{file}.log");
        for file in order.into_iter().filter(|file| whole.contains(file)) {
            let (log, text) = (name(file), &texts[file]);
            if let Some(percent) = grown[file] {
                // In the middle of a line, as a log looks while it is written.
                folder.put(&log, &text.as_bytes()[..text.len() * percent / 100]);
                taken(&folder, "usage", &[&log]);
            }
            folder.put(&log, text);
            taken(&folder, "usage", &[&log]);
            if again[file] {
                taken(&folder, "usage", &[&log]);
            }
        }
        let names: Vec<String> = whole.iter().map(|file| name(*file)).collect();
        let logs: Vec<&str> = names.iter().map(String::as_str).collect();
        taken(&folder, "fresh", &logs);
        for ledger in ["usage", "fresh"] {
            let run = folder.run(&["ledger", "compact", ledger]);
            prop_assert_eq!(run.code, Some(0), "{}", run.stderr);
        }
        prop_assert_eq!(bytes(&folder.path("usage")), bytes(&folder.path("fresh")));
        let mut from_logs = vec!["--logs"];
        from_logs.extend(logs);
        prop_assert_eq!(
            analyze(&folder, &from_logs, 0),
            analyze(&folder, &["--ledger", "usage"], 0)
        );
    }
}
