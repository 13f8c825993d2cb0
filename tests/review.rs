//! `review`, as a user and as a script runs it: decisions, the plan of what was accepted, and what
//! the next analysis makes of it.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[expect(dead_code, reason = "other tests need more of it")]
mod support;
#[cfg(unix)]
#[path = "review/terminal.rs"]
mod terminal;

use std::fs;

use serde_json::Value;
use support::{Case, Run, daily};

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n  DELETE /orders: orders:delete\n";
const GRANTS: &str = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write\n      - orders:delete\n  web:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write\n  ops:\n    since: 2024-01-01\n    roles: [admin]\n  bot:\n    since: 2024-01-01\n    roles: [admin]\nroles:\n  admin:\n    scopes: [orders:read, orders:delete]\n";
const CONFIG: &str = "logs = [\"log.jsonl\"]\ncatalog = [\"routes.yaml\"]\ngrants = [\"grants.yaml\"]\nlevel = \"review\"\n\n[levels]\nlikely_p = 1\nlikely_upper = 1\n";
/// One line for each of the four removals.
const ALL: &str = "{\"client\":\"app\",\"term\":\"orders:write\",\"decision\":\"accept\"}\n{\"client\":\"app\",\"term\":\"orders:delete\",\"decision\":\"defer\",\"reason\":\"year end\",\"until\":\"2026-11-15\"}\n{\"client\":\"web\",\"term\":\"orders:write\",\"decision\":\"reject\",\"reason\":\"the \\\"new\\\" page\"}\n{\"role\":\"admin\",\"term\":\"orders:delete\",\"decision\":\"accept\"}\n";

/// Requests of every client on so many days of 2026.
fn log(days: u32) -> String {
    let clients = ["app", "web", "ops", "bot"];
    let logs = clients.map(|client| daily(days, client, "GET /orders", 200));
    logs.concat()
}

/// The data end on 2026-10-27.
fn case() -> Case {
    let case = Case::of(ROUTES, GRANTS, &log(300));
    case.write("scopetrim.toml", CONFIG);
    case
}

fn review(case: &Case, decisions: &str, more: &[&str]) -> Run {
    case.write("decisions.ndjson", decisions);
    let args = ["review", "--out", "out", "--decisions", "decisions.ndjson"];
    case.run(&[&args, more].concat())
}

fn text(case: &Case, name: &str) -> String {
    fs::read_to_string(case.path(name)).expect("a file of the case")
}

fn json(case: &Case, name: &str) -> Value {
    serde_json::from_str(&text(case, name)).expect("JSON")
}

/// What an analysis proposes: holder and what goes.
fn proposed(case: &Case) -> Vec<String> {
    let run = case.run(&["analyze", "--out", "fresh", "--quiet"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    edits(&json(case, "fresh/plan.json"))
}

fn edits(plan: &Value) -> Vec<String> {
    let name = |value: &Value| {
        let object = value.as_object().expect("an object");
        let own = object.iter().map(|(kind, name)| format!("{kind} {name}"));
        own.collect::<String>()
    };
    let edits = plan["edits"].as_array().expect("a list").iter();
    edits
        .map(|edit| format!("{} - {}", name(&edit["of"]), name(&edit["gives"])))
        .collect()
}

#[test]
fn what_was_accepted_and_nothing_else_is_applied_and_what_stays_is_held_until_its_day() {
    let case = case();
    let run = review(&case, ALL, &["--reviewer", "ann", "--now", "2026-11-02"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(
        run.out,
        "4 removals: 2 accepted, 1 deferred, 1 rejected, 0 open\n\
         apply:    scopetrim apply out\n\
         hold:     add out/exceptions.toml to the end of scopetrim.toml\n"
    );
    let accepted = [
        "role \"admin\" - term \"orders:delete\"",
        "client \"app\" - term \"orders:write\"",
    ];
    assert_eq!(edits(&json(&case, "out/plan.json")), accepted);
    assert_eq!(
        text(&case, "grants.yaml"),
        GRANTS,
        "a review changes no policy file"
    );
    // At whatever level: each was looked at.
    let done = case.run(&["apply", "out"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("grants.yaml: 2 edits"), "{}", done.out);
    let left = [
        "client \"app\" - term \"orders:delete\"",
        "client \"web\" - term \"orders:write\"",
    ];
    assert_eq!(proposed(&case), left, "nothing of what was accepted");
    // What stays goes into the configuration.
    let held = text(&case, "out/exceptions.toml");
    case.write("scopetrim.toml", format!("{CONFIG}{held}"));
    assert_eq!(proposed(&case), Vec::<String>::new());
    // The deferred one is held on its last day, 2026-11-15, and comes back the day after.
    case.write("log.jsonl", log(319));
    assert_eq!(proposed(&case), Vec::<String>::new());
    case.write("log.jsonl", log(320));
    assert_eq!(proposed(&case), left[..1]);
}

#[test]
fn equal_decisions_give_equal_bytes_and_a_second_run_keeps_them() {
    const FILES: [&str; 5] = [
        "plan.json",
        "policy.diff",
        "undo.diff",
        "exceptions.toml",
        "review.json",
    ];
    let all = |case: &Case| FILES.map(|name| text(case, &format!("out/{name}")));
    let case = case();
    assert_eq!(review(&case, ALL, &[]).code, Some(0));
    let first = all(&case);
    let again = review(&case, "", &[]);
    assert!(
        again.err.contains("4 earlier decisions kept"),
        "{}",
        again.err
    );
    assert_eq!(all(&case), first);
    let other = self::case();
    let reversed: Vec<&str> = ALL.lines().rev().collect();
    let reversed = reversed.join("\n");
    assert_eq!(review(&other, &reversed, &["--threads", "1"]).code, Some(0));
    assert_eq!(all(&other), first);
}

#[test]
fn decisions_hold_for_their_evidence_and_are_asked_again_on_other() {
    let case = case();
    assert_eq!(review(&case, ALL, &[]).code, Some(0));
    // A comment moves every line and changes no evidence.
    case.write("grants.yaml", format!("# ours\n{GRANTS}"));
    let run = review(&case, "", &[]);
    assert!(
        run.out.contains("2 accepted, 1 deferred, 1 rejected"),
        "{}",
        run.out
    );
    // More data does.
    case.write("log.jsonl", log(301));
    let run = review(&case, "", &[]);
    assert!(
        run.out
            .contains("0 accepted, 0 deferred, 0 rejected, 4 open"),
        "{}",
        run.out
    );
    assert!(
        run.err
            .contains("4 asked again, because the evidence changed"),
        "{}",
        run.err
    );
    let record = json(&case, "out/review.json");
    assert_eq!(record["outdated"].as_array().map(Vec::len), Some(4));
    assert_eq!(edits(&json(&case, "out/plan.json")), Vec::<String>::new());
    // What was to stay stays until somebody decides anew.
    let held = text(&case, "out/exceptions.toml");
    assert!(held.contains("year end") && held.contains("new"), "{held}");
}

#[test]
fn next_to_a_review_no_other_plan_is_applied() {
    let case = case();
    assert_eq!(review(&case, ALL, &[]).code, Some(0));
    let analysis = case.run(&["analyze", "--out", "out", "--quiet"]);
    assert_eq!(analysis.code, Some(0), "{}", analysis.err);
    let run = case.run(&["apply", "out", "--level", "review"]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(
        run.err
            .contains("the plan is not the one that was reviewed"),
        "{}",
        run.err
    );
    assert_eq!(text(&case, "grants.yaml"), GRANTS);
    assert_eq!(review(&case, "", &[]).code, Some(0));
    assert_eq!(case.run(&["apply", "out"]).code, Some(0));
}

#[test]
fn a_line_that_decides_nothing_is_refused_and_nothing_is_written() {
    let cases = [
        (
            "{\"client\":\"app\",\"term\":\"orders:read\",\"decision\":\"accept\"}",
            "`app` loses `orders:read` is not proposed",
        ),
        (
            "{\"client\":\"app\",\"term\":\"orders:writ\",\"decision\":\"accept\"}",
            "did you mean `orders:write`?",
        ),
        (
            "{\"client\":\"ops\",\"term\":\"orders:delete\",\"decision\":\"accept\"}",
            "it goes with `\"role\":\"admin\",\"term\":\"orders:delete\"`",
        ),
        (
            "{\"client\":\"app\",\"term\":\"orders:write\",\"decision\":\"reject\"}",
            "a reason is needed",
        ),
        (
            "{\"client\":\"app\",\"term\":\"orders:write\",\"decision\":\"defer\",\"reason\":\"x\"}",
            "a day is needed",
        ),
        (
            "{\"client\":\"app\",\"term\":\"orders:write\",\"decision\":\"defer\",\"reason\":\"x\",\"until\":\"2026-10-27\"}",
            "is not after the data",
        ),
        (
            "{\"client\":\"app\",\"term\":\"orders:write\",\"decision\":\"accept\",\"until\":\"2026-12-27\"}",
            "`accept` has no day",
        ),
        (
            "{\"client\":\"app\",\"decision\":\"accept\"}",
            "either `term` or `member_of`",
        ),
        (
            "{\"term\":\"x\",\"decision\":\"accept\"}",
            "either `client` or `role`",
        ),
        (
            "{\"client\":\"app\",\"term\":\"orders:write\",\"decision\":\"yes\"}",
            "this is not a decision",
        ),
        ("nonsense \u{1b}[2J", "this is not a decision"),
    ];
    let case = case();
    for (line, expected) in cases {
        let run = review(&case, &format!("{line}\n"), &[]);
        assert_eq!(run.code, Some(2), "{line}: {}", run.out);
        assert!(run.err.contains(expected), "{line}: {}", run.err);
        assert!(
            run.err.contains("decisions.ndjson:1: "),
            "{line}: {}",
            run.err
        );
        assert!(!run.err.contains('\u{1b}'), "{line}: {}", run.err);
        assert!(!case.path("out/review.json").exists(), "{line}");
    }
    let twice = ALL.lines().next().expect("a line");
    let run = review(&case, &format!("{twice}\n\n{twice}\n"), &[]);
    assert!(
        run.err
            .contains("decisions.ndjson:3: line 1 decides the same"),
        "{}",
        run.err
    );
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let case = case();
    let run = case.run(&["review", "--out", "out"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("a review asks on a terminal"),
        "{}",
        run.err
    );
    assert!(run.err.contains("--decisions"), "{}", run.err);
    assert!(!case.path("out").exists());
    let past = review(&case, "", &["--grants-at", "2026-01-01"]);
    assert_eq!(past.code, Some(2), "{}", past.out);
    assert!(
        past.err.contains("of 2026-01-01 cannot be reviewed"),
        "{}",
        past.err
    );
}

#[test]
fn a_broken_record_is_not_written_over() {
    let case = case();
    case.write("out/review.json", "{\"schema\":");
    let run = review(&case, ALL, &[]);
    assert_eq!(run.code, Some(2), "{}", run.out);
    assert!(
        run.err.contains("is not the record of a review"),
        "{}",
        run.err
    );
    assert_eq!(text(&case, "out/review.json"), "{\"schema\":");
}

#[test]
fn the_exceptions_may_be_the_configuration_and_lose_nothing_by_that() {
    let case = case();
    assert_eq!(review(&case, ALL, &[]).code, Some(0));
    let held = text(&case, "out/exceptions.toml");
    assert_eq!(held.matches("[[exceptions]]").count(), 2);
    let both = |config: &str| {
        let flags = [
            "--logs",
            "log.jsonl",
            "--catalog",
            "routes.yaml",
            "--grants",
            "grants.yaml",
        ];
        let flags = [
            &flags[..],
            &["--level", "review", "--config", config],
            &support::ANY_SHARE,
        ]
        .concat();
        review(&case, "", &flags)
    };
    let run = both("./out/exceptions.toml");
    assert!(
        run.out.contains("2 removals: 2 accepted"),
        "{}{}",
        run.out,
        run.err
    );
    assert_eq!(text(&case, "out/exceptions.toml"), held);
    // In the configuration of the user they are said already.
    case.write("scopetrim.toml", format!("{CONFIG}{held}"));
    assert_eq!(review(&case, "", &[]).code, Some(0));
    assert!(!text(&case, "out/exceptions.toml").contains("[[exceptions]]"));
    assert_eq!(
        json(&case, "out/review.json")["gone"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}
