//! The usage ledger as its users see it: the program on small cases.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::{self, Folder, gzip};
use serde_json::Value;

const ROUTES: &str = r#"{"operations":[
  {"method":"GET","path":"/orders/{id}","any_of":[["orders:read"],["orders:all"]]},
  {"method":"POST","path":"/orders","any_of":[["orders:write"],["orders:all"]]},
  {"method":"DELETE","path":"/orders/{id}","any_of":[["orders:delete"]]}]}"#;
const GRANTS: &str =
    r#"{"erp":["orders:read","orders:write","orders:delete"],"bi":["orders:all","orders:read"]}"#;

/// Lines of some days; the same seed gives the same lines.
pub(crate) fn lines(seed: u64, days: std::ops::Range<u32>, each: u32) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let mut text = String::new();
    for day in days {
        for turn in 0..each {
            let client = ["erp", "bi", "stranger"][usize::try_from(next(3)).unwrap()];
            let (method, path) = [
                ("GET", "/orders/7"),
                ("POST", "/orders"),
                ("GET", "/elsewhere/12345"),
                ("GET", "/orders/8"),
            ][usize::try_from(next(4)).unwrap()];
            let status = [200, 201, 403, 429][usize::try_from(next(4)).unwrap()];
            let record = serde_json::json!({
                "time": format!("2026-03-{:02}T{:02}:{:02}:{:02}Z", day + 1, turn % 24, next(60), next(60)),
                "client_id": client, "method": method, "path": path, "status": status,
                "request_id": format!("{seed}-{day}-{turn}-{}", next(1 << 40)),
            });
            text.push_str(&record.to_string());
            text.push('\n');
        }
    }
    text
}

pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.put("routes.json", ROUTES);
    folder.put("grants.json", GRANTS);
    folder
}

pub(crate) fn ingest(folder: &Folder, ledger: &str, logs: &[&str]) -> String {
    let mut args = vec!["ingest"];
    args.extend(logs);
    args.extend(["--ledger", ledger, "--catalog", "routes.json"]);
    let run = folder.run(&args);
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    run.stdout
}

pub(crate) fn analyze(folder: &Folder, more: &[&str], code: i32) -> Value {
    let mut args = vec![
        "analyze",
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
    ];
    args.push("--json");
    args.extend(more);
    folder.run(&args).report(code)
}

/// Every file below a folder but the lock, with its bytes.
pub(crate) fn bytes(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().unwrap() != "lock" {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_ledger_gives_the_report_that_the_logs_give() {
    let folder = folder();
    for seed in 0..3 {
        folder.put(
            &format!("{seed}.log"),
            lines(seed, 0..9, 12) + "not a line\n",
        );
    }
    let ledger = "usage";
    for seed in 0..3 {
        ingest(&folder, ledger, &[&format!("{seed}.log")]);
    }
    let from_logs = analyze(&folder, &["--logs", "0.log", "1.log", "2.log"], 0);
    let from_ledger = analyze(&folder, &["--ledger", ledger], 0);
    assert_eq!(from_logs, from_ledger);
    let both = analyze(&folder, &["--ledger", ledger, "--logs", "1.log"], 0);
    assert_eq!(from_logs, both);
    let verified = folder.run(&["ledger", "verify", ledger]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
}

#[test]
fn the_same_content_is_counted_once_whatever_its_name_or_compression() {
    let folder = folder();
    let text = lines(1, 0..5, 20);
    folder.put("a.log", &text);
    folder.put("b.log", &text);
    folder.put("c.log.gz", gzip(text.as_bytes()));
    ingest(&folder, "usage", &["a.log"]);
    let before = bytes(&folder.path("usage"));
    let said = ingest(&folder, "usage", &["a.log", "b.log", "c.log.gz"]);
    assert_eq!(said.matches("known already").count(), 3, "{said}");
    assert_eq!(bytes(&folder.path("usage")), before);
}

#[test]
fn a_log_that_has_grown_replaces_its_earlier_part_also_after_compact_and_rotation() {
    let folder = folder();
    let text = lines(4, 0..6, 40);
    // In the middle of a line.
    folder.put("access.log", &text.as_bytes()[..text.len() / 2 + 7]);
    folder.put("other.log", lines(9, 0..6, 10));
    ingest(&folder, "grown", &["access.log", "other.log"]);
    assert_eq!(folder.run(&["ledger", "compact", "grown"]).code, Some(0));
    folder.put("access.log.1.gz", gzip(text.as_bytes()));
    let said = ingest(&folder, "grown", &["access.log.1.gz"]);
    assert!(said.contains("in place of access.log"), "{said}");
    // The part again, when the whole is known.
    folder.put("cut.log", lines_of(&text, text.lines().count() / 2));
    let said = ingest(&folder, "grown", &["cut.log"]);
    assert!(said.contains("known already as a part of"), "{said}");
    ingest(&folder, "whole", &["access.log.1.gz", "other.log"]);
    for ledger in ["grown", "whole"] {
        assert_eq!(folder.run(&["ledger", "compact", ledger]).code, Some(0));
    }
    assert_eq!(bytes(&folder.path("grown")), bytes(&folder.path("whole")));
}

fn lines_of(text: &str, count: usize) -> String {
    text.split_inclusive('\n').take(count).collect()
}

#[test]
fn partial_results_merge_in_fifty_random_orders_and_splits_to_the_same_bytes() {
    let folder = folder();
    let names: Vec<String> = (0..6).map(|n| format!("{n}.log")).collect();
    for (seed, name) in (20..).zip(&names) {
        folder.put(name, lines(seed, 0..4, 6));
    }
    let mut state = 7_u64;
    let mut next = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % n
    };
    let mut expected: Option<BTreeMap<String, Vec<u8>>> = None;
    for turn in 0..50 {
        let mut order = names.clone();
        for at in (1..order.len()).rev() {
            order.swap(at, next(at + 1));
        }
        let mut parts: Vec<String> = Vec::new();
        let size = 1 + next(3);
        for (index, chunk) in order.chunks(size).enumerate() {
            let part = format!("part-{turn}-{index}");
            let mut args = vec!["ingest", "--catalog", "routes.json", "--partial", &part];
            args.extend(chunk.iter().map(String::as_str));
            let run = folder.run(&args);
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            parts.push(part);
        }
        let into = format!("merged-{turn}");
        let mut args = vec!["ledger", "merge", "--into", &into];
        args.extend(parts.iter().map(String::as_str));
        let run = folder.run(&args);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let merged = bytes(&folder.path(&into));
        assert_eq!(expected.get_or_insert_with(|| merged.clone()), &merged);
    }
}

#[cfg(unix)]
#[test]
fn killed_at_two_hundred_random_points_the_ledger_is_as_before_or_as_after() {
    let folder = folder();
    let mut state = 99_u64;
    let mut next = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % n
    };
    let (mut killed, mut turn) = (0, 0);
    let mut longest = Duration::from_millis(30);
    while killed < 200 {
        assert!(turn < 600, "only {killed} of {turn} runs were killed");
        let log = format!("{turn}.log");
        folder.put(&log, lines(1_000 + turn, 0..6, 8));
        let compact = turn % 3 == 2;
        let args: Vec<&str> = if compact {
            vec!["ledger", "compact", "usage"]
        } else {
            vec![
                "ingest",
                &log,
                "--ledger",
                "usage",
                "--catalog",
                "routes.json",
            ]
        };
        let started = std::time::Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .args(&args)
            .current_dir(folder.root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let micros = u64::try_from(longest.as_micros()).unwrap();
        std::thread::sleep(Duration::from_micros(next(micros.max(1))));
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        match ended.code() {
            None => killed += 1,
            // It was faster than the knife.
            Some(0) => longest = (longest + started.elapsed()) / 2,
            Some(code) => assert!(
                compact && !folder.path("usage/manifest.json").exists(),
                "turn {turn}: {args:?} ended with {code}"
            ),
        }
        turn += 1;
        if turn % 5 == 0 && folder.path("usage/manifest.json").exists() {
            // Checks every file, and that the counts of each source add up: nothing
            // torn, nothing doubled.
            let run = folder.run(&["ledger", "verify", "usage"]);
            assert_eq!(
                run.code,
                Some(0),
                "turn {turn}: {}{}",
                run.stdout,
                run.stderr
            );
        }
    }
    // Whatever was lost on the way is there after one more run, once.
    let names: Vec<String> = (0..turn).map(|turn| format!("{turn}.log")).collect();
    let logs: Vec<&str> = names.iter().map(String::as_str).collect();
    ingest(&folder, "usage", &logs);
    ingest(&folder, "fresh", &logs);
    for ledger in ["usage", "fresh"] {
        assert_eq!(folder.run(&["ledger", "compact", ledger]).code, Some(0));
    }
    assert_eq!(bytes(&folder.path("usage")), bytes(&folder.path("fresh")));
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_a_clean_error_and_leaves_the_state_before() {
    let folder = folder();
    folder.put("a.log", lines(1, 0..3, 10));
    folder.put("b.log", lines(2, 0..20, 400));
    ingest(&folder, "usage", &["a.log"]);
    let before = bytes(&folder.path("usage"));
    let program = env!("CARGO_BIN_EXE_scopetrim");
    let script = format!(
        "trap '' XFSZ; ulimit -f 4; exec '{program}' ingest b.log --ledger usage --catalog routes.json"
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.root())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the ledger is as it was before"), "{said}");
    let run = folder.run(&["ledger", "verify", "usage"]);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    assert_eq!(bytes(&folder.path("usage")), before);
}

#[test]
fn a_truncated_log_taints_its_days_also_from_the_ledger_until_the_whole_one_comes() {
    let folder = folder();
    let packed = gzip(lines(5, 0..6, 300).as_bytes());
    folder.put("a.gz", &packed[..packed.len() / 2]);
    folder.put("b.log", lines(6, 0..6, 30));
    ingest(&folder, "usage", &["a.gz", "b.log"]);
    let from_logs = analyze(&folder, &["--logs", "a.gz", "b.log"], 3);
    assert_eq!(analyze(&folder, &["--ledger", "usage"], 3), from_logs);
    assert_ne!(from_logs["coverage"]["gaps"], serde_json::json!([]));
    folder.put("a.gz", &packed);
    ingest(&folder, "usage", &["a.gz"]);
    let whole = analyze(&folder, &["--ledger", "usage"], 0);
    assert_eq!(whole["coverage"]["gaps"], serde_json::json!([]));
}

#[test]
fn an_alias_of_a_later_run_applies_and_a_lost_operation_only_keeps() {
    let folder = folder();
    folder.put("a.log", lines(8, 0..6, 60).replace("\"erp\"", "\"app-7\""));
    ingest(&folder, "usage", &["a.log"]);
    folder.put(
        "scopetrim.toml",
        "catalog = [\"routes.json\"]\ngrants = [\"grants.json\"]\nledger = \"usage\"\n[aliases]\n\"app-7\" = \"erp\"\n",
    );
    let named = folder.run(&["analyze", "--json"]).report(0);
    let erp = named["clients"]
        .as_array()
        .unwrap()
        .iter()
        .find(|client| client["id"] == "erp");
    assert_eq!(erp.unwrap()["status"], "active");
    let before = common::removals(&named);
    folder.put(
        "routes.json",
        ROUTES.replace(
            "/orders/{id}\",\"any_of\":[[\"orders:read",
            "/gone/{id}\",\"any_of\":[[\"orders:read",
        ),
    );
    let after = folder.run(&["analyze", "--json"]).report(0);
    let after = common::removals(&after);
    assert!(
        after
            .keys()
            .all(|key| before.contains_key(key) || after[key] >= 2),
        "{after:?}"
    );
}

#[test]
fn pruned_days_are_gone_and_do_not_come_back() {
    let folder = folder();
    folder.put("a.log", lines(3, 0..20, 5));
    ingest(&folder, "usage", &["a.log"]);
    let run = folder.run(&["ledger", "prune", "usage", "--keep", "10d"]);
    assert!(
        run.stdout.contains("10 days before 2026-03-11"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    ingest(&folder, "usage", &["a.log"]);
    let report = analyze(&folder, &["--ledger", "usage"], 0);
    assert_eq!(report["coverage"]["from"], "2026-03-11");
    assert_eq!(folder.run(&["ledger", "verify", "usage"]).code, Some(0));
}
