//! One answer for one entry, in the report, in the diff and in the next run.

use std::io::Write as _;
use std::process::Stdio;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::{ANY_SHARE, Case, Run, daily, line};
use crate::{report, term, verdict};

/// `big` is the wide scope; `x` and `y` together do what its holders need.
const BROAD: &str = "version: 1\nroutes:\n  GET /a: [big, x + y]\n  DELETE /b: big\n  GET /c: big\n  GET /d: [big, x]\n  GET /e: [big, y]\n";

fn two_read() -> String {
    ["one", "two"]
        .iter()
        .flat_map(|client| ["GET /a", "GET /d"].map(|call| daily(100, client, call, 200)))
        .collect()
}

/// Applies the diff of the folder `out`; whether there was one.
fn apply(case: &Case) -> bool {
    let diff = std::fs::read_to_string(case.path("out/policy.diff")).expect("a diff");
    if !diff.contains("@@") {
        return false;
    }
    let done = std::process::Command::new("git")
        .args(["apply", "out/policy.diff"])
        .current_dir(case.path(""))
        .env(
            "GIT_CEILING_DIRECTORIES",
            case.path("").parent().expect("a folder"),
        )
        .output()
        .expect("git runs");
    assert!(
        done.status.success(),
        "{}\n{diff}",
        String::from_utf8_lossy(&done.stderr)
    );
    true
}

fn narrow(case: &Case, grants: &str) -> Run {
    let mut args = vec!["analyze", "--narrow", "--level", "review", "--no-blame"];
    args.extend([
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--out",
        "out",
    ]);
    args.extend(["--grants", grants]);
    case.run(&args)
}

#[test]
fn what_the_diff_takes_out_is_not_for_a_person_to_do_in_the_report() {
    let routes = "version: 1\nroutes:\n  GET /a: a\n  GET /b: b\n";
    let grants = "version: 1\nroles:\n  r: [a, b]\nclients:\n  one:\n    since: 2020-01-01\n    scopes: [a]\n    roles: [r]\n  two:\n    since: 2020-01-01\n    roles: [r]\n";
    let log = daily(120, "two", "GET /a", 200) + &daily(120, "one", "GET /b", 200);
    let case = Case::of(routes, grants, &log);
    let found = report(&case.analyze(&["--level", "review", "--json"]), 0);
    let terms = found["clients"][0]["terms"].as_array().expect("terms");
    let level = |via: Value| {
        let term = terms
            .iter()
            .find(|term| term["term"] == "a" && term["via"] == via);
        term.expect("a way to hold `a`")["level"].clone()
    };
    assert_eq!(level(Value::Null), "review");
    assert_eq!(level("r".into()), "manual");
    let text = case.analyze(&["--level", "review"]).out;
    assert!(text.contains("\n-    scopes: [a]\n"), "{text}");
    assert!(
        text.contains("can go: 1 to review, 1 by hand."),
        "`two` holds `b` through the role\n{text}"
    );
    // What is left is held through the role alone: nothing is edited, and that is said.
    case.write("grants.yaml", grants.replace("[a]\n", "[]\n"));
    let left = report(&case.analyze(&["--level", "review", "--json"]), 0);
    assert_eq!(verdict(&left, "one", "a"), "remove unused manual");
}

#[test]
fn an_item_with_a_date_is_narrowed_to_items_with_that_date() {
    let grants = "version: 1\nclients:\n  one:\n    scopes:\n      - {scope: big, since: 2024-01-01}\n  two:\n    scopes: [big]\n";
    let case = Case::of(BROAD, grants, &two_read());
    let run = narrow(&case, "grants.yaml");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(apply(&case));
    let text = std::fs::read_to_string(case.path("grants.yaml")).expect("a policy");
    assert_eq!(
        text,
        grants
            .replace(
                "      - {scope: big, since: 2024-01-01}\n",
                "      - {scope: x, since: 2024-01-01}\n      - {scope: y, since: 2024-01-01}\n"
            )
            .replace("[big]", "[x, y]")
    );
}

#[test]
fn a_grant_that_cannot_be_replaced_is_left_to_a_person_and_the_run_goes_on() {
    let grants = "version: 1\nclients:\n  one:\n    scopes:\n      - >-\n        big\n  two:\n    scopes: [big]\n";
    let case = Case::of(BROAD, grants, &two_read());
    let run = narrow(&case, "grants.yaml");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(apply(&case));
    let text = std::fs::read_to_string(case.path("grants.yaml")).expect("a policy");
    assert_eq!(text, grants.replace("[big]", "[x, y]"));
    let found = report(&case.analyze(&["--narrow", "--json"]), 0);
    assert_eq!(verdict(&found, "one", "big"), "narrow broad manual");
}

#[test]
fn in_csv_each_narrower_scope_gets_a_row_of_its_own() {
    let case = Case::of(BROAD, "", &two_read());
    case.write("grants.csv", "client,scope\none,big\ntwo,big");
    assert_eq!(narrow(&case, "grants.csv").code, Some(0));
    assert!(apply(&case));
    let text = std::fs::read_to_string(case.path("grants.csv")).expect("a policy");
    assert_eq!(text, "client,scope\none,x\none,y\ntwo,x\ntwo,y");
    assert_eq!(narrow(&case, "grants.csv").code, Some(0));
    assert!(!apply(&case), "a second run finds nothing");
}

#[test]
fn a_run_after_all_callers_lost_their_rows_says_so_and_does_not_fail() {
    let routes = "version: 1\nroutes:\n  GET /a: a\n  GET /b: b\n";
    // One success shows that the log keeps them.
    let log = daily(100, "caller", "GET /a", 403) + &line(50, "caller", "GET /c", 200);
    let rows = "client,scope,since\ncaller,b,2024-01-01\nquiet,a,2024-01-01\n";
    let tree = "clients:\n  caller: {since: 2024-01-01, scopes: [b]}\n  quiet: {since: 2024-01-01, scopes: [a]}\n";
    for (name, grants, left, code) in [
        (
            "grants.csv",
            rows,
            rows.replace("caller,b,2024-01-01\n", ""),
            3,
        ),
        ("grants.yaml", tree, tree.replace("[b]", "[]"), 0),
    ] {
        let case = Case::of(routes, "", &log);
        case.write(name, grants);
        let mut args = vec![
            "analyze",
            "--no-blame",
            "--logs",
            "log.jsonl",
            "--out",
            "out",
        ];
        args.extend(["--catalog", "routes.yaml", "--grants", name]);
        args.extend(ANY_SHARE);
        let first = case.run(&args);
        assert_eq!(first.code, Some(0), "{}", first.err);
        assert!(apply(&case), "{}", first.out);
        let text = std::fs::read_to_string(case.path(name)).expect("a policy");
        assert_eq!(text, left);
        let again = case.run(&args);
        assert_eq!(again.code, Some(code), "{}{}", again.out, again.err);
        assert!(!apply(&case));
        let said = again.out + &again.err;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let nobody = said.contains("no client of the policy appears in the logs");
        assert_eq!(nobody, code == 3, "{said}");
    }
    // Where a file keeps such clients, names that do not match are a mistake.
    let case = Case::of(routes, "clients:\n  quiet: [a]\n", &log);
    assert_eq!(case.analyze(&[]).code, Some(2));
}

#[test]
fn a_client_whose_requests_passed_without_a_grant_is_active() {
    let routes = "version: 1\nroutes:\n  GET /a: a\n  GET /b: b\n";
    let log = daily(100, "app", "GET /a", 200) + &daily(100, "other", "GET /a", 403);
    let case = Case::of(routes, "clients:\n  app: [b]\n  other: [a]\n", &log);
    let found = report(&case.analyze(&["--json"]), 0);
    let status = |at: usize| found["clients"][at]["status"].clone();
    assert_eq!([status(0), status(1)], ["active", "denied_only"]);
    assert_eq!(term(&found, "app", "b")["verdict"], "remove");
}

#[test]
fn a_policy_file_that_changed_while_the_run_lasted_is_refused() {
    let routes = "version: 1\nroutes:\n  GET /a: a\n  GET /b: b\n";
    let grants = "clients:\n  app: [a, b]\n";
    let log = daily(120, "app", "GET /a", 200);
    let case = Case::of(routes, grants, &log);
    for json in [false, true] {
        case.write("grants.yaml", grants);
        let mut args = vec!["analyze", "--logs", "-", "--catalog", "routes.yaml"];
        args.extend(["--grants", "grants.yaml", "--level", "review", "-q"]);
        args.extend(json.then_some("--json"));
        let mut command = case.command(&args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut input = child.stdin.take().expect("its input");
        // More than a pipe holds: once it is written, the run has begun to read.
        for _ in 0..100 {
            input.write_all(log.as_bytes()).expect("it reads");
        }
        case.write("grants.yaml", "clients:\n  app: [a, b] # new\n");
        input.write_all(log.as_bytes()).expect("it reads");
        drop(input);
        let done = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(
            said.contains("grants.yaml: the file changed since it was read"),
            "{said}"
        );
        assert!(
            done.stdout.is_empty(),
            "no diff of a file that is another one"
        );
    }
}

const SCOPES: [&str; 6] = ["a", "b", "c", "big", "x", "y"];

/// A tenant drawn from numbers: operations with several ways in, a role, three clients.
fn tenant(dice: &[u8], csv: bool) -> (Case, &'static str) {
    let mut dice = dice
        .iter()
        .copied()
        .map(usize::from)
        .chain(std::iter::repeat(0));
    let mut roll = |sides: usize| dice.next().unwrap_or(0) % sides;
    let mut routes = "version: 1\nroutes:\n".to_owned();
    let operations = 3 + roll(4);
    for operation in 0..operations {
        let ways: Vec<String> = (0..=roll(3))
            .map(|_| {
                let (one, two) = (SCOPES[roll(6)], SCOPES[roll(6)]);
                if one == two {
                    one.to_owned()
                } else {
                    [one, two].join(" + ")
                }
            })
            .collect();
        let method = ["GET", "POST"][roll(2)];
        routes.extend([format!("  {method} /p{operation}: [{}]\n", ways.join(", "))]);
    }
    let scopes = |roll: &mut dyn FnMut(usize) -> usize| {
        let all: std::collections::BTreeSet<&str> =
            (0..=roll(3)).map(|_| SCOPES[roll(6)]).collect();
        all.into_iter().collect::<Vec<_>>()
    };
    let bundle = scopes(&mut roll);
    let (mut yaml, mut rows) = (
        format!(
            "version: 1\nroles:\n  r: [{}]\nclients:\n",
            bundle.join(", ")
        ),
        "client,scope\n".to_owned(),
    );
    let mut log = String::new();
    for client in ["one", "two", "three"] {
        let held = scopes(&mut roll);
        let with = if roll(2) == 0 { ", roles: [r]" } else { "" };
        yaml.extend([format!(
            "  {client}: {{scopes: [{}]{with}}}\n",
            held.join(", ")
        )]);
        for scope in held {
            rows.extend([format!("{client},{scope}\n")]);
        }
        for _ in 0..=roll(3) {
            let (operation, status) = (roll(operations), [200, 200, 200, 403][roll(4)]);
            let line = routes.lines().nth(2 + operation).expect("a route");
            let call = line.trim().split(':').next().expect("a method and a path");
            log.push_str(&daily(20, client, call, status));
        }
    }
    let case = Case::of(&routes, &yaml, &log);
    case.write("grants.csv", rows);
    (case, if csv { "grants.csv" } else { "grants.yaml" })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn a_second_run_that_narrows_finds_nothing(dice in proptest::collection::vec(any::<u8>(), 20..90), csv: bool) {
        let (case, name) = tenant(&dice, csv);
        let read = || std::fs::read_to_string(case.path(name)).expect("a policy");
        let before = read();
        let run = narrow(&case, name);
        prop_assert!(matches!(run.code, Some(0 | 3)), "{}{}", before, run.err);
        apply(&case);
        let after = read();
        // Without a member a role may lose more than before: docs/safety.md, Roles.
        prop_assume!(before.matches("roles: [r]").count() == after.matches("roles: [r]").count());
        let again = narrow(&case, name);
        prop_assert!(matches!(again.code, Some(0 | 3)), "{}{}", before, again.err);
        prop_assert!(!apply(&case), "{}\n{}\n{}\n{}", std::fs::read_to_string(case.path("routes.yaml")).expect("routes"), before, after, read());
    }
}
