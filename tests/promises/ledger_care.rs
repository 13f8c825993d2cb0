//! What is done about a ledger that is not as it was left.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Folder, gzip};
use crate::ledger::{analyze, folder, ingest, lines};
use serde_json::Value;

/// Every file below a folder whose name ends so.
fn files(root: &Path, end: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn refused(folder: &Folder, says: &[&str]) {
    let args = "analyze --ledger usage --catalog routes.json --grants grants.json";
    let run = folder.run(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.code, Some(2), "{}{}", run.stdout, run.stderr);
    for text in says {
        assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
    }
}

#[test]
fn a_record_of_a_clock_that_ran_ahead_does_not_make_every_other_day_old() {
    let folder = folder();
    let stray = r#"{"time":"2098-12-31T00:00:00Z","client_id":"erp","method":"GET","path":"/orders/7","status":200}"#;
    folder.put("a.log", lines(3, 0..20, 30) + stray + "\n");
    let run = folder.run(&[
        "ingest",
        "a.log",
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let status = folder.run(&["ledger", "status", "usage", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(
        status["grants_recorded_on"],
        serde_json::json!(["2026-03-20"])
    );
    let run = folder.run(&["ledger", "prune", "usage", "--keep", "10d"]);
    assert!(
        run.stdout.contains("10 days before 2026-03-11 dropped"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    let report = analyze(&folder, &["--ledger", "usage"], 0);
    assert_eq!(report["coverage"]["from"], "2026-03-11");
}

#[test]
fn a_changed_byte_of_any_file_is_an_error_and_never_less_use() {
    let folder = folder();
    folder.put("a.log", lines(3, 0..2, 12));
    ingest(&folder, "usage", &["a.log"]);
    for path in files(&folder.path("usage"), ".parquet") {
        let whole = fs::read(&path).unwrap();
        for at in [whole.len() / 3, whole.len() / 2, whole.len() - 9] {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            fs::write(&path, &bytes).unwrap();
            refused(&folder, &["is damaged", "restore the file"]);
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        refused(&folder, &["is damaged"]);
        fs::remove_file(&path).unwrap();
        let says = ["belongs to the ledger and is not there", "restore the file"];
        refused(&folder, &says);
        fs::create_dir(&path).unwrap();
        refused(&folder, &["irectory"]);
        fs::remove_dir(&path).unwrap();
        fs::write(&path, &whole).unwrap();
    }
    analyze(&folder, &["--ledger", "usage"], 0);
}

#[test]
fn a_ledger_of_another_version_is_said_to_be_one_and_is_left_alone() {
    let folder = folder();
    folder.put("a.log", lines(3, 0..2, 12));
    ingest(&folder, "usage", &["a.log"]);
    let manifest = folder.path("usage/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let (body, _) = text.split_once('\n').unwrap();
    let says = [
        "another version of scopetrim",
        "ingest the logs again into a new folder",
    ];
    for other in [
        r#"{"format":"scopetrim.ledger/9","layers":[1]}"#.to_owned(),
        body.replace("[\"usage\",", "[\"usage_by_hour\","),
    ] {
        assert_ne!(other, body);
        let seal = serde_json::json!({"checksum": format!("blake3:{}", blake3::hash(other.as_bytes()).to_hex())});
        let whole = format!("{other}\n{seal}\n");
        fs::write(&manifest, &whole).unwrap();
        refused(&folder, &says);
        for task in ["compact", "verify", "status"] {
            let run = folder.run(&["ledger", task, "usage"]);
            assert_eq!(run.code, Some(2), "{task}: {}", run.stdout);
            assert!(run.stderr.contains(says[0]), "{task}: {}", run.stderr);
        }
        assert_eq!(fs::read_to_string(&manifest).unwrap(), whole);
    }
}

#[test]
fn what_somebody_else_put_into_the_folders_stays_and_no_other_folder_gets_a_lock() {
    let folder = folder();
    folder.put("a.log", lines(3, 0..2, 12));
    ingest(&folder, "usage", &["a.log"]);
    let day = "usage/usage/day=2026-03-01";
    let theirs = [
        "usage/usage/archive/old.parquet".to_owned(),
        format!("{day}/notes.tmp"),
        format!("{day}/copy.parquet"),
    ];
    for path in &theirs {
        fs::create_dir_all(folder.path(path).parent().unwrap()).unwrap();
        folder.put(path, "mine");
    }
    let left_over = format!("{day}/{}.parquet", "0123456789abcdef".repeat(2));
    folder.put(&left_over, "half");
    let run = folder.run(&["ledger", "verify", "usage"]);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("1 file that a crash had left over was removed"),
        "{}",
        run.stdout
    );
    assert!(!folder.path(&left_over).exists());
    for path in &theirs {
        assert!(folder.path(path).exists(), "{path}");
    }
    fs::create_dir(folder.path("other")).unwrap();
    folder.put("other/file", "x");
    let run = folder.run(&["ledger", "verify", "other"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(!folder.path("other/lock").exists());
}

#[test]
fn ids_that_show_a_finding_come_from_the_ledger_as_from_the_logs() {
    let folder = folder();
    // Both use what they do not hold, and are refused what they hold.
    folder.put(
        "grants.json",
        r#"{"erp":["orders:read"],"bi":["orders:write"]}"#,
    );
    for seed in 0..3 {
        folder.put(&format!("{seed}.log"), lines(seed, 0..9, 12));
        ingest(&folder, "usage", &[&format!("{seed}.log")]);
    }
    let from_logs = analyze(&folder, &["--logs", "0.log", "1.log", "2.log"], 0);
    let from_ledger = analyze(&folder, &["--ledger", "usage"], 0);
    assert_eq!(from_logs, from_ledger);
    let text = from_ledger.to_string();
    assert!(text.contains("\"sample_request_id\":\""), "{text}");
    let shown = |value: &Value| {
        value["samples"]
            .as_array()
            .is_some_and(|ids| !ids.is_empty())
    };
    let findings = from_ledger["findings"].as_array().unwrap();
    assert!(findings.iter().any(shown), "{findings:?}");
}

#[test]
fn a_bad_log_of_pruned_days_holds_nothing_back_any_more() {
    let folder = folder();
    folder.put(
        "old.log",
        lines(3, 0..5, 20) + &"{\"not a record\n".repeat(50),
    );
    folder.put("new.log", lines(4, 10..20, 20));
    ingest(&folder, "usage", &["old.log", "new.log"]);
    analyze(&folder, &["--ledger", "usage"], 3);
    let run = folder.run(&["ledger", "prune", "usage", "--keep", "10d"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let report = analyze(&folder, &["--ledger", "usage"], 0);
    assert_eq!(report["coverage"]["from"], "2026-03-11");
    assert_eq!(report["inputs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_log_that_breaks_off_holds_back_also_when_all_its_days_are_pruned() {
    // What was after the break may have been of any later day.
    let folder = folder();
    let packed = gzip(lines(3, 0..5, 200).as_bytes());
    folder.put("old.log.gz", &packed[..packed.len() - 40]);
    folder.put("new.log", lines(4, 10..20, 20));
    let args = "ingest old.log.gz new.log --ledger usage --catalog routes.json";
    let run = folder.run(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    analyze(&folder, &["--ledger", "usage"], 3);
    let run = folder.run(&["ledger", "prune", "usage", "--keep", "10d"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let report = analyze(&folder, &["--ledger", "usage"], 3);
    assert_eq!(report["coverage"]["from"], "2026-03-11");
}

#[test]
fn one_ledger_has_one_table_of_outcomes_and_another_one_is_refused() {
    let folder = folder();
    let text: String = (1..=20)
        .flat_map(|day| {
            [("GET", "/orders/7", 200), ("POST", "/orders", 404)].map(|(method, path, status)| {
                format!(
                    "{{\"time\":\"2026-03-{day:02}T10:00:00Z\",\"client_id\":\"erp\",\"method\":\"{method}\",\"path\":\"{path}\",\"status\":{status}}}\n"
                )
            })
        })
        .collect();
    folder.put("1.log", &text);
    folder.put("2.log", text.replace("2026-03", "2026-04"));
    let stated = ["--denied", "401,403,404"];
    let add = |log: &str, ledger: &str, more: &[&str]| {
        let args = [
            "ingest",
            log,
            "--ledger",
            ledger,
            "--catalog",
            "routes.json",
        ];
        folder.run(&[&args[..], more].concat())
    };
    assert_eq!(add("1.log", "usage", &stated).code, Some(0));
    let other = add("2.log", "usage", &[]);
    assert_eq!(other.code, Some(2), "{}", other.stderr);
    for part in ["--denied 401,403,404 ", "--denied 401,403 ", "new folder"] {
        assert!(other.stderr.contains(part), "{part}: {}", other.stderr);
    }
    let same = ["--denied", "404,403,401,404"];
    assert_eq!(add("2.log", "usage", &same).code, Some(0), "in any order");
    // Without a table of its own a run takes that of the ledger, also for logs given with it.
    folder.put("3.log", text.replace("2026-03", "2026-05"));
    let verdicts = |more: &[&str]| {
        let report = analyze(&folder, more, 0);
        let clients = report["clients"].as_array().unwrap();
        let erp = clients.iter().find(|client| client["id"] == "erp").unwrap();
        (
            erp["minimal"].clone(),
            erp["denied"].clone(),
            erp["requests"].clone(),
        )
    };
    let logs = ["--logs", "1.log", "2.log", "3.log"];
    let direct = verdicts(&[&logs[..], &stated].concat());
    assert_eq!(verdicts(&["--ledger", "usage", "--logs", "3.log"]), direct);
    let with_logs = [&["--ledger", "usage", "--logs", "3.log"][..], &stated].concat();
    assert_eq!(verdicts(&with_logs), direct);
    assert_ne!(verdicts(&logs), direct, "the table matters here");
    let mut args = vec![
        "analyze",
        "--catalog",
        "routes.json",
        "--grants",
        "grants.json",
    ];
    args.extend(["--ledger", "usage", "--denied", "401"]);
    assert_eq!(folder.run(&args).code, Some(2));
    // Two ledgers of two tables are not merged.
    assert_eq!(add("3.log", "second", &[]).code, Some(0));
    let merged = folder.run(&["ledger", "merge", "usage", "second", "--into", "third"]);
    assert_eq!(merged.code, Some(2), "{}", merged.stderr);
    assert!(
        merged.stderr.contains("was counted with"),
        "{}",
        merged.stderr
    );
}
