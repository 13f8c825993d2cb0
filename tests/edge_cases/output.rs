//! What a user is told when something around the analysis is wrong.

use std::process::Stdio;

use crate::support::{Case, Run, daily};
use crate::{ROUTES, app_holds};

fn case() -> Case {
    let log = daily(100, "app", "GET /orders", 200);
    Case::of(ROUTES, &app_holds(&["orders:read", "orders:write"]), &log)
}

/// Exit code 2, nothing on standard output, and these words on standard error.
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert_eq!(run.out, "");
    for word in words {
        assert!(run.err.contains(word), "no {word:?} in\n{}", run.err);
    }
    assert!(run.err.lines().count() <= 12, "{}", run.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_as_that_of_the_output() {
    let case = case();
    for more in [&["--json"][..], &[]] {
        let mut args = vec!["analyze", "--quiet", "--logs", "log.jsonl"];
        args.extend(["--catalog", "routes.yaml", "--grants", "grants.yaml"]);
        args.extend(more);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let full = full.expect("the full device");
        let mut command = case.command(&args);
        let ran = command.stdout(Stdio::from(full)).output().expect("a run");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(said.contains("the output cannot be written: "), "{said}");
        assert!(said.contains("is incomplete"), "{said}");
    }
}

#[test]
fn a_run_that_fails_leaves_no_new_file_and_the_earlier_one_as_it_was() {
    let case = case();
    case.write("broken.jsonl", "no log\n");
    case.write("old.csv", "earlier\n");
    let files = || -> Vec<String> {
        let folder = std::fs::read_dir(case.path("")).expect("the folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = folder
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let before = files();
    for (command, flag, file) in [
        ("usage", "--out", "new.csv"),
        ("usage", "--out", "old.csv"),
        ("usage", "--parquet", "new.parquet"),
        ("events", "--parquet", "new.parquet"),
    ] {
        let mut args = vec![command, "--logs", "log.jsonl", "--catalog", "broken.jsonl"];
        args.extend([flag, file]);
        let run = case.run(&args);
        assert_eq!(run.code, Some(2), "{}", run.err);
        assert_eq!(files(), before, "{command} {flag} {file}");
    }
    let old = std::fs::read_to_string(case.path("old.csv")).expect("the file");
    assert_eq!(old, "earlier\n");
    let mut args = vec!["usage", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    args.extend(["--out", "old.csv"]);
    assert_eq!(case.run(&args).code, Some(0));
    assert_eq!(files(), before, "nothing is left next to it");
    let new = std::fs::read_to_string(case.path("old.csv")).expect("the file");
    assert!(new.contains("GET,/orders"), "{new}");
}

#[test]
fn a_folder_in_place_of_a_file_is_answered_with_what_to_name() {
    let case = case();
    case.write("policies/readme", "");
    for (catalog, grants) in [("policies", "grants.yaml"), ("routes.yaml", "policies")] {
        let run = case.run(&[
            "analyze",
            "--logs",
            "log.jsonl",
            "--catalog",
            catalog,
            "--grants",
            grants,
        ]);
        refused(&run, &["policies: ", "name the files in it"]);
    }
}

#[test]
fn a_first_day_after_the_last_one_is_reported_as_such() {
    let case = case();
    let run = case.analyze(&["--since", "2026-03-01", "--as-of", "2026-02-01"]);
    refused(&run, &["--since 2026-03-01 is after", "2026-02-01"]);
}

#[test]
fn the_beginning_of_a_clients_name_is_understood() {
    let case = case();
    let mut args = vec!["explain", "APP1", "--logs", "log.jsonl"];
    args.extend(["--catalog", "routes.yaml", "--grants", "grants.yaml"]);
    refused(&case.run(&args), &["did you mean `app`?"]);
    case.write(
        "grants.yaml",
        app_holds(&["orders:read"]).replace("  app:", "  app-in-the-shop:"),
    );
    args[1] = "app-in";
    args.extend(["--alias", "app=app-in-the-shop"]);
    refused(&case.run(&args), &["did you mean `app-in-the-shop`?"]);
}

#[test]
fn a_policy_file_that_is_not_json_is_named_with_line_and_column_and_not_quoted() {
    let case = case();
    case.write("grants.json", "{\"app\": [\"orders:read\",]}\n");
    let run = case.run(&[
        "analyze",
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.json",
    ]);
    refused(&run, &["grants.json:1:24: ", "open the file at that place"]);
    assert!(!run.err.contains("orders"), "{}", run.err);
}

#[test]
fn what_cannot_be_a_policy_file_is_answered_with_what_can() {
    let case = case();
    for (name, words) in [
        ("-", "cannot come from standard input"),
        ("gr*.yaml", "patterns are for logs"),
    ] {
        let mut args = vec!["analyze", "--logs", "log.jsonl"];
        args.extend(["--catalog", "routes.yaml", "--grants", name]);
        refused(&case.run(&args), &[words]);
    }
}

#[test]
#[cfg(unix)]
fn an_argument_that_is_not_text_and_a_log_that_is_not_a_file_say_what_to_do() {
    use std::os::unix::ffi::OsStrExt as _;
    let case = case();
    let mut command = case.command(&["analyze", "--logs"]);
    command.arg(std::ffi::OsStr::from_bytes(b"l\xffg"));
    let ran = command.output().expect("a run");
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains("name the folder that contains"), "{said}");
    let mut args = vec!["analyze", "--logs", "/dev/null"];
    args.extend(["--catalog", "routes.yaml", "--grants", "grants.yaml"]);
    refused(&case.run(&args), &["not a regular file", "standard input"]);
}
