//! Policy files as git had them: `--grants-at` and `backtest --grants-history git`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may panic, and says why it is skipped"
)]

mod support;

#[path = "past/directory.rs"]
mod directory;
#[path = "past/shallow.rs"]
mod shallow;

use std::process::Command;

use serde_json::Value;
use support::{Case, daily, line};

const ROUTES: &str = "version: 1\nroutes:\n  POST /b: [b]\n  GET /a: [a]\n";
const FIRST: &str = "version: 1\nclients:\n  app:\n    scopes:\n      - a\n      - b\n";

/// Whether git can be asked; a machine without it is told so.
fn git_is_there() -> bool {
    let there = Command::new("git").arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no git here");
    }
    there
}

fn git(case: &Case, date: &str, args: &[&str]) {
    let date = format!("{date}T12:00:00Z");
    let done = Command::new("git")
        .current_dir(case.path(""))
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(args)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .env_remove("GIT_DIR")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn commit(case: &Case, date: &str) {
    git(case, date, &["add", "-A"]);
    git(case, date, &["commit", "-qm", "x"]);
}

/// `app` reads `/a` on 200 days; its policy loses `b` on 2026-03-10, under a new name.
fn repository() -> Case {
    let case = Case::of(ROUTES, FIRST, &daily(200, "app", "GET /a", 200));
    git(&case, "2026-01-05", &["init", "-q", "-b", "main"]);
    std::fs::rename(case.path("grants.yaml"), case.path("old.yaml")).unwrap();
    commit(&case, "2026-01-05");
    std::fs::rename(case.path("old.yaml"), case.path("grants.yaml")).unwrap();
    commit(&case, "2026-02-01");
    case.write("grants.yaml", FIRST.replace("      - b\n", ""));
    commit(&case, "2026-03-10");
    case
}

const INPUTS: [&str; 6] = [
    "--logs",
    "log.jsonl",
    "--catalog",
    "routes.yaml",
    "--grants",
    "grants.yaml",
];

#[test]
fn the_policy_is_read_as_it_was_on_the_day_renames_followed() {
    if !git_is_there() {
        return;
    }
    let case = repository();
    let held = |day: &str| {
        let run = case.run(&[
            "grants",
            "--grants",
            "grants.yaml",
            "--grants-at",
            day,
            "--json",
        ]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let rows: Value = serde_json::from_str(&run.out).unwrap();
        let terms = rows.as_array().unwrap().iter();
        terms
            .map(|row| row["term"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(held("2026-01-05"), ["a", "b"], "under its old name");
    assert_eq!(held("2026-03-09"), ["a", "b"]);
    assert_eq!(held("2026-03-10"), ["a"]);
    assert_eq!(held("2030-01-01"), ["a"]);
    let said = case.run(&[
        "grants",
        "--grants",
        "grants.yaml",
        "--grants-at",
        "2026-01-20",
    ]);
    assert!(
        said.err
            .contains("is read as it was on 2026-01-20: commit ")
            && said.err.contains("of 2026-01-05, there `old.yaml`"),
        "{}",
        said.err
    );
}

#[test]
fn a_diff_of_the_past_says_what_it_applies_to_and_writes_no_recommendation() {
    if !git_is_there() {
        return;
    }
    let case = repository();
    let run = case.analyze(&[
        "--grants-at",
        "2026-03-01",
        "--level",
        "review",
        "--out",
        "out",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let diff = std::fs::read_to_string(case.path("out/policy.diff")).unwrap();
    assert!(
        diff.starts_with("# `grants.yaml` is read as it was on 2026-03-01: commit "),
        "{diff}"
    );
    assert!(
        diff.contains(
            "# this diff applies to the files as of those commits, not to the files of today\n"
        ) && diff.contains("-      - b\n"),
        "{diff}"
    );
    let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("policy-of-the-past: `grants.yaml` is read as it was"),
        "{flat}"
    );
    assert!(!case.path("out/recommendations.json").exists());
    // It fits the bytes of that commit.
    git(&case, "2026-12-01", &["checkout", "-q", "HEAD~1"]);
    git(
        &case,
        "2026-12-01",
        &["apply", "--check", "out/policy.diff"],
    );
}

#[test]
fn a_day_before_the_first_commit_and_a_file_in_no_repository_are_errors_that_say_so() {
    if !git_is_there() {
        return;
    }
    let case = repository();
    let early = case.analyze(&["--grants-at", "2026-01-04"]);
    assert_eq!(
        (early.code, early.out.as_str()),
        (Some(2), ""),
        "{}",
        early.err
    );
    assert!(
        early.err.contains(
            "`grants.yaml` cannot be read as it was on 2026-01-04: it was not tracked yet on 2026-01-04: its first commit is of 2026-01-05"
        ),
        "{}",
        early.err
    );
    case.write("other.yaml", FIRST);
    let other = [
        "grants",
        "--grants",
        "other.yaml",
        "--grants-at",
        "2026-03-01",
    ];
    let run = case.run(&other);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("no commit of the present branch holds it"),
        "{}",
        run.err
    );
    let outside = Case::of(ROUTES, FIRST, "");
    // The folder may lie inside somebody's repository.
    let mut command = outside.command(&[
        "grants",
        "--grants",
        "grants.yaml",
        "--grants-at",
        "2026-03-01",
    ]);
    command.env(
        "GIT_CEILING_DIRECTORIES",
        outside.path("").parent().unwrap(),
    );
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("not a git repository"), "{err}");
    let report = case.run(
        &[
            &["report", "--month", "2026-05", "--grants-at", "2026-03-01"],
            &INPUTS[..],
        ]
        .concat(),
    );
    assert_eq!(report.code, Some(2));
}

#[test]
fn a_replay_of_the_past_says_what_the_policy_of_then_would_deny() {
    if !git_is_there() {
        return;
    }
    let case = Case::of(
        ROUTES,
        "version: 1\nclients:\n  app: {scopes: [b]}\n",
        &daily(90, "app", "GET /a", 200),
    );
    git(&case, "2026-01-05", &["init", "-q", "-b", "main"]);
    commit(&case, "2026-01-05");
    case.write("grants.yaml", FIRST);
    commit(&case, "2026-02-05");
    let run =
        |day: &str| case.run(&[&["replay", "--grants-at", day, "--json"], &INPUTS[..]].concat());
    let then = run("2026-01-31");
    assert_eq!(then.code, Some(1), "{}", then.err);
    let found: Value = serde_json::from_str(&then.out).unwrap();
    assert!(found.to_string().contains("GET /a"), "{found}");
    assert_eq!(run("2026-02-05").code, Some(0));
}

#[test]
fn a_backtest_takes_the_grants_of_each_month_end_from_git() {
    if !git_is_there() {
        return;
    }
    // `app` held `b` until it was taken away on 20 June, and used it first in July.
    let mut log = daily(300, "app", "GET /a", 200);
    log += &line(190, "app", "POST /b", 200);
    let case = Case::of(ROUTES, FIRST, &log);
    git(&case, "2026-01-01", &["init", "-q", "-b", "main"]);
    commit(&case, "2026-01-01");
    case.write("grants.yaml", FIRST.replace("      - b\n", ""));
    commit(&case, "2026-06-20");
    let run = |history: &str| {
        let args = ["backtest", "--json", "--grants-history", history];
        let run = case.run(&[&args, &INPUTS[..]].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        serde_json::from_str::<Value>(&run.out).unwrap()
    };
    let removed = |found: &Value| {
        let origins = found["origins"].as_array().unwrap();
        let of = |origin: &Value| {
            (
                origin["as_of"].as_str().unwrap().to_owned(),
                origin["levels"][2]["removals"].clone(),
                origin["levels"][2]["wrong"].clone(),
            )
        };
        origins.iter().map(of).collect::<Vec<_>>()
    };
    let today = run("today");
    assert_eq!(today["grants"], "today");
    assert!(
        removed(&today).iter().all(|pair| pair.1 == 0),
        "nothing is left to remove today: {today}"
    );
    let then = run("git");
    assert_eq!(
        (then["grants"].as_str(), then["left_out"].as_u64()),
        (Some("as_held"), Some(0))
    );
    let found = removed(&then);
    let may = found.iter().find(|pair| pair.0 == "2026-05-31").unwrap();
    assert_eq!(
        (may.1.as_u64(), may.2.as_u64()),
        (Some(1), Some(1)),
        "{found:?}"
    );
    let august = found.iter().find(|pair| pair.0 == "2026-08-31").unwrap();
    assert_eq!(august.1, 0, "it was not held any more: {found:?}");
    let text = case.run(&[&["backtest", "--grants-history", "git"], &INPUTS[..]].concat());
    let flat = text.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "as git had the policy files at each month end";
    assert!(flat.contains(said), "{flat}");
}

#[test]
fn the_keys_of_the_file_do_what_their_flags_do() {
    if !git_is_there() {
        return;
    }
    let case = repository();
    case.write("since.csv", "app,a,2025-01-01\n");
    case.write(
        "scopetrim.toml",
        "logs = ['log.jsonl']\ncatalog = ['routes.yaml']\ngrants = ['grants.yaml']\ngranted_since = 'since.csv'\nblame = false\n",
    );
    let since = |more: &[&str]| {
        let run = case.run(&[&["analyze", "--json"], more].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let term = &report["clients"][0]["terms"][0];
        let text = |key: &str| term[key].as_str().unwrap_or("-").to_owned();
        text("granted_since") + " " + &text("granted_since_from")
    };
    assert_eq!(since(&[]), "2025-01-01 granted_since_file");
    assert_eq!(since(&["--blame"]), "2026-01-05 git_blame");
    case.write("other.csv", "app,a,2024-01-01\n");
    assert_eq!(
        since(&["--granted-since", "other.csv"]),
        "2024-01-01 granted_since_file"
    );
}
