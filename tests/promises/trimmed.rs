//! Promises 2 to 6: what was observed stays permitted, nothing widens, the set
//! is minimal, the diff touches only what goes, and a second run finds nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::common::{Case, Folder, texts};

/// Applies the diff if there is one; whether there was.
fn apply(folder: &Folder) -> bool {
    if !folder.read("out/policy.diff").contains("@@") {
        return false;
    }
    for args in [&["--check", "out/policy.diff"][..], &["out/policy.diff"]] {
        let run = folder.git_apply(args);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn what_was_needed_stays_permitted_and_nothing_widens(seed: u64) {
        let case = Case::new(seed);
        let folder = case.folder();
        let before = folder.held(case.policy_name());
        prop_assert_eq!(&before, &case.held());
        case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        apply(&folder);
        let after = folder.held(case.policy_name());
        let none = BTreeSet::new();
        for (client, held) in &before {
            let left = after.get(client).unwrap_or(&none);
            prop_assert!(left.is_subset(held), "{}: {:?} grew to {:?}", client, held, left);
            for event in case.events.iter().filter(|event| event.client == *client && event.is_need()) {
                prop_assert!(
                    !case.permits(held, event.op) || case.permits(left, event.op),
                    "{:?} would be refused: {:?} became {:?}", event, held, left
                );
            }
        }
        prop_assert!(after.keys().all(|client| before.contains_key(client)));
    }

    #[test]
    fn no_smaller_set_permits_what_was_needed(seed: u64) {
        let case = Case::new(seed);
        let folder = case.folder();
        let report = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        let held = case.held();
        let cost = |set: &BTreeSet<String>| {
            let open: Vec<_> = (0..case.ops.len()).filter(|op| case.permits(set, *op)).map(|op| &case.ops[op]).collect();
            let writes = open.iter().filter(|op| !matches!(op.method, "GET" | "HEAD")).count();
            (writes, open.len(), open.iter().map(|op| op.weight).sum::<u64>(), set.len())
        };
        for client in report["clients"].as_array().unwrap() {
            let id = client["id"].as_str().unwrap();
            let pool: Vec<&String> = held[id].iter().collect();
            let needed: Vec<usize> = case.events.iter()
                .filter(|event| event.client == id && event.is_need() && case.permits(&held[id], event.op))
                .map(|event| event.op).collect();
            let best = (0..1_u32 << pool.len())
                .map(|bits| pool.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, term)| (*term).clone()).collect())
                .filter(|set: &BTreeSet<String>| needed.iter().all(|op| case.permits(set, *op)))
                .map(|set| cost(&set)).min().unwrap();
            let minimal = texts(&client["minimal"]);
            prop_assert!(needed.iter().all(|op| case.permits(&minimal, *op)), "{} {:?}", id, minimal);
            prop_assert_eq!(cost(&minimal), best, "{} {:?} of {:?}", id, minimal, pool);
            prop_assert_eq!(&client["minimal_proven"], true);
        }
    }

    #[test]
    fn the_undo_restores_every_byte_and_a_second_run_finds_nothing(seed: u64, crlf: bool) {
        let case = Case::new(seed);
        let folder = case.folder();
        if crlf {
            folder.put(case.policy_name(), case.policy().replace('\n', "\r\n"));
        }
        let before = folder.read(case.policy_name());
        case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        prop_assert_eq!(&folder.read(case.policy_name()), &before, "analyze wrote to the policy");
        let (diff, undo) = (folder.read("out/policy.diff"), folder.read("out/undo.diff"));
        if apply(&folder) {
            let edited = folder.read(case.policy_name());
            prop_assert!(edited.len() < before.len());
            smaller(&diff)?;
            case.analyze(&folder, &["log.jsonl"], &[]).report(0);
            let second = folder.read("out/policy.diff");
            prop_assert!(!second.contains("@@"), "second run:\n{}\nafter\n{}", second, edited);
            folder.put("undo.diff", undo);
            let undone = folder.git_apply(&["undo.diff"]);
            prop_assert_eq!(undone.code, Some(0), "{}", undone.stderr);
            prop_assert_eq!(folder.read(case.policy_name()), before);
        }
    }
}

/// Every added line is a removed line of the same hunk with something removed.
fn smaller(diff: &str) -> Result<(), TestCaseError> {
    let body = diff.lines().filter(|line| {
        !line.starts_with("---") && !line.starts_with("+++") && !line.starts_with('#')
    });
    let mut gone: Vec<&str> = Vec::new();
    for line in body {
        if line.starts_with("@@") {
            gone.clear();
        } else if let Some(old) = line.strip_prefix('-') {
            gone.push(old);
        } else if let Some(new) = line.strip_prefix('+') {
            let found = gone.iter().any(|old| within(new, old));
            // An emptied block list has to be spelt `[]`, or it would be no list.
            let emptied = new.contains("[]");
            prop_assert!(found || emptied, "`{}` is new in\n{}", new, diff);
        }
    }
    Ok(())
}

/// Whether the first text is the second with characters left out.
fn within(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().all(|c| rest.any(|letter| letter == c))
}

#[test]
fn a_throttled_request_alone_keeps_its_scope() {
    for status in [429, 503, 404, 499, 500] {
        let mut case = Case::new(1);
        case.ops.truncate(1);
        case.ops[0].any_of = vec![vec!["orders:read".to_owned()]];
        case.wildcard = false;
        case.roles.clear();
        case.clients.clear();
        let holder = crate::common::Holder {
            scopes: vec!["orders:read".to_owned(), "users:read".to_owned()],
            roles: Vec::new(),
        };
        case.clients.insert("c0".to_owned(), holder);
        let mut event = case.events[0].clone();
        event.client = "c0".to_owned();
        event.op = 0;
        event.status = status;
        case.events = vec![event];
        let folder = case.folder();
        let report = case.analyze(&folder, &["log.jsonl"], &[]).report(0);
        assert_eq!(texts(&report["clients"][0]["minimal"]).len(), 1, "{status}");
        apply(&folder);
        assert!(folder.held(case.policy_name())["c0"].contains("orders:read"));
    }
}
