//! Work that is split: every machine reads its share, and one of them merges.

use crate::common::Folder;
use crate::ledger::{bytes, folder, lines};

/// Six logs of different sizes, in a folder.
fn logs(folder: &Folder) {
    for seed in 0..6_u32 {
        let text = lines(u64::from(seed) + 40, 0..4, 3 + 4 * seed);
        folder.put(&format!("logs/{seed}.log"), text);
    }
}

fn shard(folder: &Folder, index: usize, of: usize, into: &str) {
    let share = format!("{index}/{of}");
    let run = folder.run(&[
        "ingest",
        "logs",
        "--catalog",
        "routes.json",
        "--shard",
        &share,
        "--partial",
        into,
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

fn merge(folder: &Folder, from: &[&str], into: &str) {
    let mut args = vec!["ledger", "merge", "--into", into];
    args.extend(from);
    let run = folder.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn any_number_of_shards_in_any_order_gives_the_bytes_of_the_ledger_that_one_machine_makes() {
    let folder = folder();
    logs(&folder);
    let local = folder.run(&[
        "ingest",
        "logs",
        "--catalog",
        "routes.json",
        "--ledger",
        "local",
    ]);
    assert_eq!(local.code, Some(0), "{}", local.stderr);
    assert_eq!(folder.run(&["ledger", "compact", "local"]).code, Some(0));
    let expected = bytes(&folder.path("local"));
    // More shards than logs: some are empty.
    for of in [1, 2, 3, 9] {
        for index in 1..=of {
            shard(&folder, index, of, &format!("parts-{of}/{index}"));
        }
        let parts = format!("parts-{of}");
        merge(&folder, &[&parts], &format!("whole-{of}"));
        assert_eq!(
            bytes(&folder.path(&format!("whole-{of}"))),
            expected,
            "{of}"
        );
    }
    // In a tree, the last first, and one of them twice.
    merge(&folder, &["parts-3/3", "parts-3/1"], "left");
    merge(&folder, &["parts-3/2", "left", "parts-3/3"], "tree");
    assert_eq!(bytes(&folder.path("tree")), expected);
}

#[test]
fn fifty_random_splits_orders_and_trees_of_shards_give_the_same_bytes() {
    let folder = folder();
    logs(&folder);
    for of in 2..=5 {
        for index in 1..=of {
            shard(&folder, index, of, &format!("{of}/{index}"));
        }
    }
    shard(&folder, 1, 1, "all");
    merge(&folder, &["all"], "expected");
    let expected = bytes(&folder.path("expected"));
    let mut state = 3_u64;
    let mut next = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % n
    };
    for turn in 0..50 {
        let of = 2 + next(4);
        let mut parts: Vec<String> = (1..=of).map(|index| format!("{of}/{index}")).collect();
        // One of them comes twice.
        parts.push(parts[next(of)].clone());
        for at in (1..parts.len()).rev() {
            parts.swap(at, next(at + 1));
        }
        // A branch of the tree, then the rest with it.
        let branch: Vec<String> = parts.drain(..next(of)).collect();
        let mut rest: Vec<&str> = parts.iter().map(String::as_str).collect();
        let name = format!("branch-{turn}");
        if !branch.is_empty() {
            let branch: Vec<&str> = branch.iter().map(String::as_str).collect();
            merge(&folder, &branch, &name);
            rest.insert(next(rest.len() + 1), &name);
        }
        let into = format!("whole-{turn}");
        merge(&folder, &rest, &into);
        let found = bytes(&folder.path(&into));
        assert_eq!(found, expected, "{turn}: {branch:?}, {rest:?}");
    }
}

#[test]
fn a_ledger_that_lacks_a_share_of_the_logs_is_not_read_as_if_it_were_whole() {
    let folder = folder();
    logs(&folder);
    for index in [1, 3] {
        shard(&folder, index, 4, &format!("parts/{index}"));
    }
    merge(&folder, &["parts"], "usage");
    let analyze = [
        "analyze",
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
        "--ledger",
        "usage",
    ];
    let run = folder.run(&analyze);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(
        run.stderr.contains("shards 2, 4 of 4 of a list of logs"),
        "{}",
        run.stderr
    );
    let status = folder.run(&["ledger", "status", "usage"]).stdout;
    assert!(status.contains("shards 2, 4 of 4"), "{status}");
    for index in [2, 4] {
        shard(&folder, index, 4, &format!("late/{index}"));
    }
    merge(&folder, &["late"], "usage");
    let run = folder.run(&analyze);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn shares_of_two_lists_are_not_taken_for_one() {
    let folder = folder();
    logs(&folder);
    shard(&folder, 1, 2, "parts/1");
    // The second machine looked later, when another log was there.
    folder.put("logs/late.log", lines(77, 0..4, 5));
    shard(&folder, 2, 2, "parts/2");
    merge(&folder, &["parts"], "usage");
    let run = folder.run(&["usage", "--ledger", "usage", "--catalog", "routes.json"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    for missing in ["shard 1 of 2", "shard 2 of 2"] {
        assert!(run.stderr.contains(missing), "{}", run.stderr);
    }
}

#[test]
fn what_cannot_be_split_or_merged_is_refused_with_a_reason() {
    let folder = folder();
    logs(&folder);
    for (args, said) in [
        (
            vec!["-", "--shard", "1/2", "--partial", "p"],
            "standard input",
        ),
        (vec!["logs", "--shard", "3/2", "--partial", "p"], "3/8"),
        (vec!["logs", "--shard", "1/2", "--ledger", "l"], "--ledger"),
        (vec!["logs", "--shard", "1/2"], "--partial"),
    ] {
        let mut line = vec!["ingest", "--catalog", "routes.json"];
        line.extend(args);
        let run = folder.run(&line);
        assert_eq!(run.code, Some(2), "{}", run.stdout);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    shard(&folder, 1, 1, "parts/1");
    folder.put("parts/2/notes.txt", "not a ledger");
    let run = folder.run(&["ledger", "merge", "parts", "--into", "usage"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("parts/2"), "{}", run.stderr);
}
