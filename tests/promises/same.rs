//! Promise 7: the same inputs give the same bytes, however they arrive.

use proptest::prelude::*;
use serde_json::Value;

use crate::common::{Case, Rng, gzip};

fn without_inputs(mut report: Value) -> Value {
    report.as_object_mut().unwrap().remove("inputs");
    report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn order_split_and_threads_do_not_matter(seed: u64) {
        let case = Case::new(seed);
        let folder = case.folder();
        let mut lines = case.lines();
        Rng(seed).shuffle(&mut lines);
        folder.put("shuffled.jsonl", lines.join("\n"));
        let (one, two) = lines.split_at(lines.len() / 2);
        folder.put("one.jsonl", one.join("\n") + "\n");
        folder.put("two.jsonl", two.join("\n") + "\n");
        let first = case.analyze(&folder, &["log.jsonl"], &["--threads", "1"]);
        let whole = first.report(0);
        let diff = folder.read("out/policy.diff");
        for threads in ["1", "2", "4"] {
            let again = case.analyze(&folder, &["log.jsonl"], &["--threads", threads]);
            prop_assert_eq!(&again.stdout, &first.stdout);
            prop_assert_eq!(&folder.read("out/report.json"), &first.stdout);
            prop_assert_eq!(&folder.read("out/policy.diff"), &diff);
        }
        let shuffled = case.analyze(&folder, &["shuffled.jsonl"], &[]).report(0);
        prop_assert_eq!(without_inputs(shuffled), without_inputs(whole.clone()));
        let forward = case.analyze(&folder, &["one.jsonl", "two.jsonl"], &["--threads", "2"]);
        let backward = case.analyze(&folder, &["two.jsonl", "one.jsonl"], &["--threads", "4"]);
        prop_assert_eq!(&forward.stdout, &backward.stdout);
        prop_assert_eq!(without_inputs(forward.report(0)), without_inputs(whole));
        prop_assert_eq!(folder.read("out/policy.diff"), diff);
    }
}

#[test]
fn compression_does_not_matter_and_the_digest_is_that_of_the_content() {
    let case = Case::new(77);
    let folder = case.folder();
    // Large enough for several blocks.
    let mut text = folder.read("log.jsonl");
    text = text.repeat(3_000_000 / text.len());
    folder.put("log.jsonl", &text);
    folder.put("log.gz", gzip(text.as_bytes()));
    folder.put("log.zst", zstd::encode_all(text.as_bytes(), 1).unwrap());
    let plain = case
        .analyze(&folder, &["log.jsonl"], &["--threads", "1"])
        .report(0);
    for packed in ["log.gz", "log.zst"] {
        for threads in ["1", "4"] {
            let report = case
                .analyze(&folder, &[packed], &["--threads", threads])
                .report(0);
            assert_eq!(report["inputs"][0]["digest"], plain["inputs"][0]["digest"]);
            assert_eq!(without_inputs(report), without_inputs(plain.clone()));
        }
    }
    let other = case
        .analyze(&folder, &["log.jsonl"], &["--threads", "4"])
        .report(0);
    assert_eq!(other, plain);
    let expected = format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex());
    assert_eq!(plain["inputs"][0]["digest"], expected);
}
