//! Promises 1 and 10: no data is never "no use", and every record is accounted for.

use proptest::prelude::*;
use serde_json::Value;

use crate::common::{Case, Event, Folder, Holder, Op, Rng, gzip, only_more_careful, removals};

fn add(folder: &Folder, lines: &[String], more: &str) {
    folder.put("more.jsonl", lines.join("\n") + "\n" + more + "\n");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn a_truncated_archive_takes_every_removal_away(seed: u64, cut in 1_usize..60) {
        let case = Case::new(seed);
        let folder = case.folder();
        let packed = gzip(folder.read("log.jsonl").as_bytes());
        folder.put("log.gz", &packed);
        let whole = case.analyze(&folder, &["log.gz"], &[]).report(0);
        // Long archives lose their last events, short ones only their checksum.
        folder.put("log.gz", &packed[..packed.len() - cut.min(packed.len() / 2)]);
        let run = case.analyze(&folder, &["log.gz"], &[]);
        if run.code == Some(2) {
            // Nothing of the policy's clients is left in it.
            return Ok(());
        }
        let report = run.report(3);
        only_more_careful(&whole, &report);
        prop_assert!(removals(&report).is_empty(), "{:?}", removals(&report));
        prop_assert!(!folder.read("out/policy.diff").contains("@@"));
        prop_assert!(!report["incomplete"].as_array().unwrap().is_empty());
        prop_assert_eq!(&report["inputs"][0]["digest"], &Value::Null);
    }

    #[test]
    fn a_file_that_cannot_be_read_takes_every_removal_away(seed: u64) {
        let case = Case::new(seed);
        let folder = case.folder();
        let whole = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        // A gzip head with nothing after it that can be unpacked.
        folder.put("broken.gz", b"\x1f\x8b\x08\x00garbage that is not a deflate stream");
        let report = case.analyze(&folder, &["log.jsonl", "broken.gz"], &[]).report(3);
        only_more_careful(&whole, &report);
        prop_assert!(removals(&report).is_empty());
    }

    #[test]
    fn an_unmatched_request_adds_no_removal(seed: u64, which: usize) {
        let case = Case::new(seed);
        let folder = case.folder();
        let whole = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        let at = which % case.events.len();
        let mut event = case.events[at].clone();
        event.client = "c0".to_owned();
        let line = case.line(&event, at).replace("/r", "/other/r");
        add(&folder, &case.lines(), &line);
        let report = case.analyze(&folder, &["more.jsonl"], &[]).report(0);
        only_more_careful(&whole, &report);
        let client = &report["clients"][0];
        prop_assert_eq!(&client["id"], "c0");
        prop_assert_eq!(&client["unmatched"]["requests"], u64::from(event.is_need()));
    }

    #[test]
    fn a_day_without_logs_adds_no_removal_beyond_its_own_requests(seed: u64) {
        let mut case = Case::new(seed);
        // The clients call on even days only, so that no request goes with the odd day.
        for event in case.events.iter_mut().filter(|event| event.client != "heart") {
            event.day -= event.day % 2;
        }
        let folder = case.folder();
        let whole = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        let gone = case.events.iter().map(|event| event.day).max().unwrap();
        let gone = (gone / 2) | 1;
        let lines: Vec<String> = case.events.iter().enumerate()
            .filter(|(_, event)| event.day != gone)
            .map(|(at, event)| case.line(event, at)).collect();
        folder.put("less.jsonl", lines.join("\n") + "\n");
        let report = case.analyze(&folder, &["less.jsonl"], &[]).report(0);
        // One day may be a quiet one, or be missing.
        prop_assert!(report["coverage"]["missing_days"].as_array().unwrap().len() <= 1);
        only_more_careful(&whole, &report);
    }

    #[test]
    fn every_record_is_counted_skipped_or_rejected(seed: u64, garbage in 0_usize..40) {
        let case = Case::new(seed);
        let folder = case.folder();
        let mut rng = Rng(seed);
        let mut lines: Vec<Vec<u8>> = case.lines().into_iter().map(String::into_bytes).collect();
        let good = lines.len() as u64;
        let mut expected = [0_u64; 2];
        for _ in 0..garbage {
            let (line, skipped): (&[u8], bool) = match rng.below(6) {
                0 => (b"{\"time\":1767225600,\"method\":", false),
                1 => (b"\xfd\x80\x01 no line at all", true),
                2 => (b"{\"time\":\"yesterday\",\"client_id\":\"c0\",\"method\":\"GET\",\"path\":\"/r0x\",\"status\":200}", false),
                3 => (b"{\"time\":1,\"client_id\":\"c0\",\"method\":\"GET\",\"path\":\"/r0x\",\"status\":200}", false),
                4 => (b"{\"time\":1767225600,\"method\":\"GET\",\"path\":\"/healthz\",\"status\":200}", true),
                _ => (b"{\"time\":1767225600,\"method\":\"OPTIONS\",\"path\":\"/no\",\"status\":204}", true),
            };
            lines.push(line.to_vec());
            expected[usize::from(skipped)] += 1;
        }
        rng.shuffle(&mut lines);
        // With an end of its last line: without one a line that cannot be read is a cut.
        lines.push(Vec::new());
        folder.put("mixed.jsonl", lines.join(&b'\n'));
        let run = case.analyze(&folder, &["mixed.jsonl"], &["--max-reject-share", "1"]);
        let report = run.report(0);
        let input = &report["inputs"][0];
        let skipped: u64 = input["skipped"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        let by_reason: u64 = input["rejected_by_reason"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        prop_assert_eq!(&input["records"], good + garbage as u64);
        prop_assert_eq!(&input["counted"], good);
        prop_assert_eq!(skipped, expected[1]);
        prop_assert_eq!(&input["rejected"], expected[0]);
        prop_assert_eq!(by_reason, expected[0]);
        prop_assert_eq!(folder.read("out/rejects.ndjson").lines().count() as u64, expected[0]);
        // Many lost lines take the removals away.
        if expected[0] * 2 > garbage as u64 && expected[0] > good {
            let strict = case.analyze(&folder, &["mixed.jsonl"], &["--max-reject-share", "0.1"]).report(3);
            prop_assert!(removals(&strict).is_empty());
        }
    }
}

#[test]
fn a_line_over_a_mebibyte_is_rejected_and_the_next_one_counts() {
    let case = Case::new(5);
    for packed in [false, true] {
        let folder = case.folder();
        let long = format!("{{\"time\":1767225600,\"x\":\"{}\"}}", "y".repeat(1 << 20));
        let mut lines = case.lines();
        lines.insert(1, long);
        let text = lines.join("\n");
        folder.put(
            "long.log",
            if packed {
                gzip(text.as_bytes())
            } else {
                text.into_bytes()
            },
        );
        let report = case
            .analyze(&folder, &["long.log"], &["--max-reject-share", "1"])
            .report(0);
        let input = &report["inputs"][0];
        assert_eq!(input["rejected_by_reason"]["oversize"], 1);
        assert_eq!(input["counted"], case.events.len());
        assert_eq!(input["records"], case.events.len() + 1);
    }
}

/// Two hundred days; `c0` has two scopes and uses one of them on the given days.
fn quiet_client(days: &[i64], each: usize) -> Case {
    let mut case = Case::new(3);
    let op = |path: &str, scope: &str| Op {
        method: "GET",
        path: path.to_owned(),
        any_of: vec![vec![scope.to_owned()]],
        weight: 1,
    };
    case.ops = vec![op("/orders", "orders:read"), op("/users", "users:read")];
    case.roles.clear();
    case.wildcard = false;
    let holder = Holder {
        scopes: vec!["users:read".to_owned(), "orders:read".to_owned()],
        roles: Vec::new(),
    };
    case.clients = [("c0".to_owned(), holder)].into();
    let event = |client: &str, day| Event {
        day,
        client: client.to_owned(),
        op: 0,
        status: 200,
    };
    case.events = (0..200).map(|day| event("heart", day)).collect();
    for day in days {
        case.events.extend((0..each).map(|_| event("c0", *day)));
    }
    case
}

#[test]
fn an_unmatched_request_does_not_wake_a_silent_client() {
    let case = quiet_client(&[0, 1, 2, 3], 200);
    let folder = case.folder();
    let whole = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
    assert_eq!(whole["clients"][0]["status"], "silent");
    let mut event = case.events[0].clone();
    (event.client, event.day) = ("c0".to_owned(), 199);
    let line = case.line(&event, 7).replace("/orders", "/elsewhere");
    add(&folder, &case.lines(), &line);
    let report = case.analyze(&folder, &["more.jsonl"], &[]).report(0);
    only_more_careful(&whole, &report);
}

#[test]
fn missing_days_do_not_hide_a_rhythm() {
    // Used every 51 days up to day 102: idle for 97 days, less than twice the gap.
    let mut case = quiet_client(&[], 0);
    let event = |op, day| Event {
        day,
        client: "c0".to_owned(),
        op,
        status: 200,
    };
    case.events.extend((0..200).map(|day| event(0, day)));
    case.events.extend([0, 51, 102].map(|day| event(1, day)));
    let folder = case.folder();
    let window = ["--window", "90d"];
    let whole = case.analyze(&folder, &["log.jsonl"], &window).report(0);
    assert_eq!(removals(&whole).values().collect::<Vec<_>>(), [&2]);
    // The logs of some days inside each gap are lost; none of them held a use.
    let lost = |event: &Event| event.day < 100 && event.day % 51 >= 20;
    let lines: Vec<String> = (case.events.iter().enumerate())
        .filter(|(_, event)| !lost(event))
        .map(|(at, event)| case.line(event, at))
        .collect();
    add(&folder, &lines, "");
    let report = case.analyze(&folder, &["more.jsonl"], &window).report(0);
    only_more_careful(&whole, &report);
}

#[test]
fn an_unmatched_request_does_not_join_a_policy_file_to_the_log() {
    let mut case = quiet_client(&[0, 100, 199], 1);
    case.yaml = false;
    let folder = case.folder();
    folder.put("other.json", r#"{"b0":["users:read"],"b1":["users:read"]}"#);
    let more = ["--grants", "other.json"];
    let whole = case.analyze(&folder, &["log.jsonl"], &more).report(0);
    let mut event = case.events[0].clone();
    event.client = "b0".to_owned();
    let line = case.line(&event, 7).replace("/orders", "/elsewhere");
    add(&folder, &case.lines(), &line);
    let report = case.analyze(&folder, &["more.jsonl"], &more).report(0);
    only_more_careful(&whole, &report);
}

#[test]
fn a_throttled_unmatched_request_that_may_be_the_operation_caps_its_removal() {
    let case = quiet_client(&[0, 100, 199], 100);
    for (status, capped) in [(200, true), (429, true), (503, true), (403, false)] {
        let folder = case.folder();
        let mut event = case.events[0].clone();
        (event.client, event.status) = ("c0".to_owned(), status);
        let line = case.line(&event, 7).replace("/orders", "/v2/users");
        add(&folder, &case.lines(), &line);
        let report = case.analyze(&folder, &["more.jsonl"], &[]).report(0);
        let mut removed = report["clients"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|client| client["terms"].as_array().unwrap())
            .filter(|term| term["verdict"] == "remove");
        let reasons = removed.next().unwrap()["reasons"].as_array().unwrap();
        let said = reasons.contains(&"possible_need".into());
        assert_eq!(
            (said, removed.count()),
            (capped, 0),
            "{status}: {reasons:?}"
        );
    }
}
