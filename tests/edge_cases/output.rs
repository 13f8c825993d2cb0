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
        assert!(said.contains("is not complete"), "{said}");
    }
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
fn a_first_day_behind_the_last_one_is_said_as_such() {
    let case = case();
    let run = case.analyze(&["--since", "2026-03-01", "--as-of", "2026-02-01"]);
    refused(&run, &["--since 2026-03-01 lies behind", "2026-02-01"]);
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
