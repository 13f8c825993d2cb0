//! The same content counts once, under whatever name it comes.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;

use crate::common::{Case, gzip};

/// Name and status of each input, and the report without its inputs.
fn parts(mut report: Value) -> (Vec<(String, String)>, Value) {
    let inputs = report.as_object_mut().unwrap().remove("inputs").unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = inputs.as_array().unwrap();
    for input in list {
        let sum = |key: &str| match &input[key] {
            Value::Object(reasons) => reasons.values().map(|n| n.as_u64().unwrap()).sum(),
            number => number.as_u64().unwrap(),
        };
        let all: u64 = sum("counted") + sum("skipped") + sum("rejected");
        assert_eq!(sum("records"), all, "{input}");
    }
    let named = list
        .iter()
        .map(|input| (text(&input["path"]), text(&input["status"])));
    (named.collect(), report)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn a_second_copy_changes_no_verdict_and_no_count(seed: u64) {
        let case = Case::new(seed);
        let folder = case.folder();
        let text = folder.read("log.jsonl");
        let (_, whole) = parts(case.analyze(&folder, &["log.jsonl"], &[]).report(0));
        folder.put("z.gz", gzip(text.as_bytes()));
        folder.put("y.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
        folder.put("x.jsonl", &text);
        for copies in [&["z.gz"][..], &["x.jsonl", "y.zst", "z.gz"], &["log.jsonl", "./log.jsonl", "y.zst"]] {
            let logs = [&["log.jsonl"], copies].concat();
            let mut outputs = Vec::new();
            for threads in ["1", "3"] {
                let run = case.analyze(&folder, &logs, &["--threads", threads]);
                let (inputs, report) = parts(run.report(0));
                prop_assert_eq!(&report, &whole);
                let read: Vec<_> = inputs.iter().filter(|(_, status)| status == "checked").collect();
                prop_assert_eq!(read.len(), 1);
                let copy = format!("duplicate of {}", inputs[0].0);
                let copies = inputs[1..].iter().all(|(_, status)| *status == copy);
                prop_assert!(copies);
                outputs.push(run.stdout);
            }
            prop_assert_eq!(&outputs[0], &outputs[1]);
        }
    }
}

/// A log of several blocks, so that heads are equal long before contents are.
fn long(case: &Case) -> String {
    let text = case.lines().join("\n") + "\n";
    text.repeat(2_500_000 / text.len())
}

#[test]
fn logs_with_the_same_beginning_that_then_differ_are_both_counted() {
    let case = Case::new(5);
    let folder = case.folder();
    for text in [case.lines().join("\n") + "\n", long(&case)] {
        let with = |n: usize| text.clone() + &case.line(&case.events[0], n) + "\n";
        folder.put("a.jsonl", with(1));
        folder.put("b.gz", gzip((with(2) + &text).as_bytes()));
        folder.put("c.jsonl", text.clone() + "{");
        let logs = ["a.jsonl", "b.gz", "c.jsonl"];
        let report = case.analyze(&folder, &logs, &[]).report(0);
        let records = |at: usize| report["inputs"][at]["records"].as_u64().unwrap();
        let lines = text.lines().count() as u64;
        assert_eq!([0, 1].map(records), [lines + 1, 2 * lines + 1]);
        let (inputs, _) = parts(report);
        let statuses: Vec<_> = inputs.iter().map(|(_, status)| status.as_str()).collect();
        // The line that begins at its end is another's.
        assert_eq!(statuses, ["checked", "checked", "duplicate of a.jsonl"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn copies_of_a_log_while_it_grew_change_no_verdict_and_no_count(
        seed: u64,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 3),
        is_long: bool,
    ) {
        let case = Case::new(seed);
        let folder = case.folder();
        let text = if is_long { long(&case) } else { folder.read("log.jsonl") };
        // A log without one whole line is of no known format.
        let first = text.find('\n').unwrap();
        let earlier = |cut: &prop::sample::Index| &text.as_bytes()[..=first + cut.index(text.len() - first - 1)];
        folder.put("a.jsonl", earlier(&cuts[0]));
        folder.put("b.gz", gzip(earlier(&cuts[1])));
        folder.put("c.zst", zstd::encode_all(earlier(&cuts[2]), 1).unwrap());
        folder.put("p.jsonl", &text);
        folder.put("z.gz", gzip(text.as_bytes()));
        let (_, whole) = parts(case.analyze(&folder, &["p.jsonl"], &[]).report(0));
        for last in ["p.jsonl", "z.gz"] {
            let mut outputs = Vec::new();
            for threads in ["1", "3"] {
                let logs = ["c.zst", "a.jsonl", last, "b.gz"];
                let run = case.analyze(&folder, &logs, &["--threads", threads]);
                let (inputs, report) = parts(run.report(0));
                prop_assert_eq!(&report, &whole);
                let copy = format!("duplicate of {last}");
                for (path, status) in &inputs {
                    let expected = if path == last { "checked" } else { copy.as_str() };
                    prop_assert_eq!(status, expected, "{:?}", inputs);
                }
                outputs.push(run.stdout);
            }
            prop_assert_eq!(&outputs[0], &outputs[1]);
        }
    }
}

#[test]
fn an_unfinished_line_is_not_left_to_a_log_that_breaks_off_in_it() {
    let case = Case::new(8);
    let folder = case.folder();
    let text = long(&case);
    let packed = gzip(text.as_bytes());
    let cut = &packed[..packed.len() / 2];
    folder.put("b.gz", cut);
    let mut readable = Vec::new();
    flate2::read::GzDecoder::new(cut)
        .read_to_end(&mut readable)
        .unwrap_err();
    let end = readable.iter().rposition(|byte| *byte == b'\n').unwrap();
    for (len, status) in [(end + 1, "duplicate of b.gz"), (end - 1, "partial: ")] {
        folder.put("a.jsonl", &readable[..len]);
        let (inputs, _) = parts(case.analyze(&folder, &["a.jsonl", "b.gz"], &[]).report(3));
        assert!(inputs[0].1.starts_with(status), "{inputs:?}");
        assert!(inputs[1].1.starts_with("partial: "), "{inputs:?}");
    }
}

#[test]
fn of_two_copies_cut_at_one_place_one_is_partial_and_the_other_its_duplicate() {
    let case = Case::new(6);
    let folder = case.folder();
    let packed = gzip(long(&case).as_bytes());
    folder.put("a.gz", &packed[..packed.len() / 2]);
    folder.put("b.gz", &packed[..packed.len() / 2]);
    let (inputs, both) = parts(case.analyze(&folder, &["a.gz", "b.gz"], &[]).report(3));
    assert!(inputs[0].1.starts_with("partial: "), "{inputs:?}");
    assert_eq!(inputs[1].1, "duplicate of a.gz");
    let (_, one) = parts(case.analyze(&folder, &["a.gz"], &[]).report(3));
    assert_eq!(both, one);
}

#[test]
fn standard_input_is_compared_with_the_files_next_to_it() {
    let case = Case::new(7);
    let folder = case.folder();
    let text = long(&case);
    folder.put("a.jsonl", &text);
    folder.put(
        "b.jsonl",
        text.clone() + &case.line(&case.events[0], 1) + "\n",
    );
    for (logs, statuses) in [
        (&["a.jsonl", "-"][..], &["duplicate of -", "checked"][..]),
        (
            &["a.jsonl", "b.jsonl", "-"],
            &["duplicate of -", "checked", "checked"],
        ),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .current_dir(folder.root())
            .args([
                "analyze",
                "--json",
                "--quiet",
                "--catalog",
                "catalog.json",
                "--grants",
                case.policy_name(),
                "--logs",
            ])
            .args(logs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let packed = gzip(text.as_bytes());
        child.stdin.take().unwrap().write_all(&packed).unwrap();
        let ran = child.wait_with_output().unwrap();
        let (inputs, _) = parts(serde_json::from_slice(&ran.stdout).unwrap());
        let found: Vec<&str> = inputs.iter().map(|(_, status)| status.as_str()).collect();
        assert_eq!(found, statuses);
    }
}

#[test]
fn copies_count_once_also_where_no_digest_is_asked_for() {
    let case = Case::new(9);
    let folder = case.folder();
    for text in [case.lines().join("\n") + "\n", long(&case)] {
        folder.put("a.jsonl", &text.as_bytes()[..text.len() - 7]);
        folder.put("b.jsonl", &text);
        folder.put("c.gz", gzip(text.as_bytes()));
        let usage = |logs: &[&str]| {
            let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
                .current_dir(folder.root())
                .args(["usage", "--quiet", "--catalog", "catalog.json", "--logs"])
                .args(logs)
                .output()
                .unwrap();
            assert!(ran.status.success(), "{ran:?}");
            ran.stdout
        };
        assert_eq!(usage(&["a.jsonl", "b.jsonl", "c.gz"]), usage(&["b.jsonl"]));
    }
}
