//! The gate: what fails, what a baseline excuses, and what CI systems read.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod support;

use std::fmt::Write as _;

use serde_json::Value;
use support::{Case, Run, daily, line};

const ROUTES: &str = "routes:
  GET /orders: [orders:read]
  POST /orders: [orders:write]
  GET /reports: [reports:read]
";

/// A name that every output would act on, if it were not escaped.
const HOSTILE: &str = "x]]><b>&\"'%0A::error::,";

fn grants(scopes: &str) -> String {
    format!(
        "clients:\n  shop:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n{scopes}  '{}':\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - reports:read\n",
        HOSTILE.replace('\'', "''")
    )
}

fn case() -> Case {
    let log = [
        daily(200, "shop", "GET /orders", 200),
        daily(200, HOSTILE, "GET /orders", 200),
    ];
    Case::of(ROUTES, &grants("      - orders:write\n"), &log.concat())
}

fn check(case: &Case, more: &[&str]) -> Run {
    let mut args = vec![
        "check",
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.yaml",
    ];
    args.extend(more);
    case.run(&args)
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn a_grant_that_can_go_fails_the_gate_at_its_level_and_not_above() {
    let case = case();
    let failed = check(&case, &["--fail-on", "review"]);
    assert_eq!(failed.code, Some(1));
    let line = failed
        .out
        .lines()
        .find(|line| line.contains("shop holds orders:write"))
        .unwrap();
    assert!(
        line.starts_with("grants.yaml:6: "),
        "the line of the policy file comes first: {line}"
    );
    let diff = case.analyze(&["--level", "review"]).out;
    assert!(
        diff.contains("-      - orders:write"),
        "what fails is what the diff removes: {diff}"
    );
    let passed = check(&case, &["--fail-on", "none"]);
    assert_eq!(passed.code, Some(0));
    assert!(
        passed
            .out
            .starts_with("check passed: 0 at or above the limit"),
        "{}",
        passed.out
    );
}

#[test]
fn only_what_is_not_in_the_baseline_fails() {
    let case = case();
    let limit = ["--fail-on", "review"];
    let first = check(
        &case,
        &[&limit[..], &["--write-baseline", "base.json"]].concat(),
    );
    assert_eq!(
        first.code,
        Some(1),
        "writing a baseline does not make the run pass"
    );
    let again = check(&case, &[&limit[..], &["--baseline", "base.json"]].concat());
    assert_eq!(again.code, Some(0), "{}", again.out);
    case.write(
        "grants.yaml",
        grants("      - orders:write\n      - reports:read\n"),
    );
    let grown = check(
        &case,
        &[&limit[..], &["--baseline", "base.json", "--json"]].concat(),
    );
    assert_eq!(grown.code, Some(1));
    let fresh: Vec<Value> = json(&grown)["issues"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|issue| issue["fails"] == true)
        .cloned()
        .collect();
    assert_eq!(fresh.len(), 1, "{fresh:?}");
    assert_eq!(fresh[0]["subject"], "reports:read");
    case.write("grants.yaml", grants(""));
    let shrunk = check(
        &case,
        &[&limit[..], &["--baseline", "base.json", "--json"]].concat(),
    );
    assert_eq!(shrunk.code, Some(0));
    assert_eq!(
        json(&shrunk)["resolved"].as_array().unwrap().len(),
        1,
        "what went is said"
    );
    case.write("old.json", grown.out);
    let from_json = check(&case, &[&limit[..], &["--baseline", "old.json"]].concat());
    assert_eq!(
        from_json.code,
        Some(0),
        "an earlier result is a baseline as well"
    );
}

#[test]
fn the_id_of_an_issue_outlives_new_days_and_moved_lines() {
    let case = case();
    let ids = |run: &Run| -> Vec<String> {
        let all = json(run)["issues"].as_array().unwrap().clone();
        let mut ids: Vec<String> = all
            .iter()
            .map(|issue| issue["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let before = ids(&check(&case, &["--json"]));
    assert_eq!(before.len(), 2);
    let log = [
        daily(220, "shop", "GET /orders", 200),
        daily(220, HOSTILE, "GET /orders", 200),
    ];
    case.write("log.jsonl", log.concat());
    case.write(
        "grants.yaml",
        format!("# moved\n\n{}", grants("      - orders:write\n")),
    );
    assert_eq!(ids(&check(&case, &["--json"])), before);
}

#[test]
fn exposure_over_the_limit_fails_and_a_number_that_is_not_a_share_is_refused() {
    let case = case();
    let failed = check(&case, &["--fail-on", "none", "--max-exposure", "0.5"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.out.contains("shop can reach"), "{}", failed.out);
    assert_eq!(
        check(&case, &["--fail-on", "none", "--max-exposure", "1"]).code,
        Some(0)
    );
    let refused = check(&case, &["--max-exposure", "50"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("`50` is not a share") && refused.out.is_empty(),
        "{}",
        refused.err
    );
}

#[test]
fn a_milder_limit_catches_findings_that_a_graver_one_lets_pass() {
    let case = case();
    // `shop` may write and only reads: a finding of medium severity.
    assert_eq!(check(&case, &["--fail-on", "high"]).code, Some(0));
    let failed = check(&case, &["--fail-on", "medium"]);
    assert_eq!(failed.code, Some(1));
    assert!(
        failed.out.contains("medium [no-read-write-split] "),
        "{}",
        failed.out
    );
}

#[test]
fn the_output_never_changes_the_exit_code() {
    let case = case();
    for (limit, code) in [("review", 1), ("none", 0)] {
        for form in ["text", "github", "junit", "json"] {
            let run = check(&case, &["--fail-on", limit, "--output", form]);
            assert_eq!(run.code, Some(code), "{form} {limit}");
        }
    }
}

#[test]
fn junit_is_well_formed_and_counts_what_fails_whatever_the_names_are() {
    let run = check(&case(), &["--fail-on", "review", "--output", "junit"]);
    let document = roxmltree::Document::parse(&run.out).unwrap();
    let suite = document
        .descendants()
        .find(|node| node.has_tag_name("testsuite"))
        .unwrap();
    assert_eq!(
        (suite.attribute("tests"), suite.attribute("failures")),
        (Some("2"), Some("2"))
    );
    let cases = || {
        document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"))
    };
    assert_eq!(cases().count(), 2);
    assert!(cases().any(|node| node.attribute("name").unwrap().starts_with(HOSTILE)));
}

#[test]
fn an_annotation_stays_one_command_whatever_the_names_are() {
    let run = check(&case(), &["--fail-on", "review", "--output", "github"]);
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
    assert!(
        run.out
            .lines()
            .all(|line| line.starts_with("::error ") || line.starts_with("::notice "))
    );
    assert!(
        run.out
            .contains("::error file=grants.yaml,line=6,title=surplus-grant "),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("%250A"),
        "a percent sign of a name is data: {}",
        run.out
    );
}

#[test]
fn a_file_that_is_not_a_baseline_is_refused_before_anything_is_read() {
    let case = case();
    case.write("base.json", "{\"schema\":\"other/1\",\"issues\":[]}");
    for (name, said) in [
        ("base.json", "its `schema` is not `scopetrim.baseline/1`"),
        ("none.json", "cannot read the baseline"),
        ("log.jsonl", "is not a baseline"),
    ] {
        let run = check(&case, &["--baseline", name]);
        assert_eq!(run.code, Some(2), "{name}");
        assert!(
            run.err.contains(said) && run.err.contains("help: "),
            "{}",
            run.err
        );
        assert_eq!(run.out, "");
    }
}

#[test]
fn an_incomplete_log_passes_with_a_code_of_its_own_and_says_so_first() {
    let case = case();
    case.write(
        "log.jsonl",
        format!("{}{{broken\n", daily(20, "shop", "GET /orders", 200)),
    );
    let run = check(&case, &[]);
    assert_eq!(run.code, Some(3), "{}", run.out);
    assert!(run.out.starts_with("incomplete: "), "{}", run.out);
}

/// A client that is refused at so many operations on one day.
fn probing(operations: usize) -> Case {
    let mut routes = ROUTES.to_owned();
    let mut log = daily(200, "shop", "GET /orders", 200);
    for number in 0..operations.max(40) {
        writeln!(routes, "  GET /door-{number}: [doors:{number}]").unwrap();
        if number < operations {
            log += &line(150, "shop", &format!("GET /door-{number}"), 403);
        }
    }
    Case::of(&routes, &grants(""), &log)
}

#[test]
fn a_known_issue_that_is_about_twice_as_much_fails_again_and_one_that_grew_less_does_not() {
    let limit = ["--fail-on", "high"];
    let first = probing(11);
    let write = [&limit[..], &["--write-baseline", "base.json"]].concat();
    assert_eq!(check(&first, &write).code, Some(1));
    let base = std::fs::read(first.path("base.json")).unwrap();
    let known = [&limit[..], &["--baseline", "base.json"]].concat();
    for (operations, code) in [(11, 0), (21, 0), (22, 1)] {
        let case = probing(operations);
        case.write("base.json", &base);
        let run = check(&case, &known);
        assert_eq!(run.code, Some(code), "{operations}: {}", run.out);
        let said = run.out.contains("; worse than in the baseline: 11 -> 22");
        assert_eq!(said, code == 1, "{}", run.out);
        assert!(
            run.out.contains("0 of the baseline resolved"),
            "{}",
            run.out
        );
    }
}

#[test]
fn a_known_issue_of_a_higher_severity_fails_again_in_every_output() {
    let case = case();
    let limit = ["--fail-on", "medium"];
    let write = [&limit[..], &["--write-baseline", "base.json"]].concat();
    assert_eq!(check(&case, &write).code, Some(1));
    let base = std::fs::read_to_string(case.path("base.json")).unwrap();
    assert!(base.contains("\"weight\": \"medium\""), "{base}");
    let run = |base: String, form: &str| {
        case.write("base.json", base);
        let args = [&limit[..], &["--baseline", "base.json", "--output", form]].concat();
        check(&case, &args)
    };
    assert_eq!(run(base.clone(), "text").code, Some(0));
    let milder = base.replace("\"medium\"", "\"low\"");
    for form in ["text", "github", "junit", "json"] {
        let worse = run(milder.clone(), form);
        assert_eq!(worse.code, Some(1), "{form}: {}", worse.out);
        let arrow = if form == "junit" {
            "low -&gt; medium"
        } else {
            "low -> medium"
        };
        assert!(worse.out.contains(arrow), "{form}: {}", worse.out);
    }
    let graver = base.replace("\"medium\"", "\"high\"");
    assert_eq!(run(graver, "text").code, Some(0));
    // Older files state the id alone.
    let mut old: Value = serde_json::from_str(&base).unwrap();
    for issue in old["issues"].as_array_mut().unwrap() {
        let fields = issue.as_object_mut().unwrap();
        fields.remove("weight");
        fields.remove("extent");
    }
    assert_eq!(run(old.to_string(), "text").code, Some(0));
}

#[test]
fn a_known_removal_that_has_become_safer_is_not_worse() {
    let case = case();
    let limit = ["--fail-on", "review"];
    let write = [&limit[..], &["--write-baseline", "base.json"]].concat();
    assert_eq!(check(&case, &write).code, Some(1));
    let base = std::fs::read_to_string(case.path("base.json")).unwrap();
    assert!(base.contains("\"weight\": \"likely\""), "{base}");
    case.write("base.json", base.replace("\"likely\"", "\"manual\""));
    let again = check(&case, &[&limit[..], &["--baseline", "base.json"]].concat());
    assert_eq!(again.code, Some(0), "{}", again.out);
}
