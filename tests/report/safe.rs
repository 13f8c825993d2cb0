//! Names, size, and what is refused.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use super::support::{ANY_SHARE, Case, daily, line};
use super::{ROUTES, case, read};

#[test]
fn under_pseudonyms_no_name_is_left_and_months_still_compare() {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    let [who, owner, role, stranger] = [
        "zebra-client",
        "walrus-team",
        "lemur-role",
        "okapi-stranger",
    ];
    let mut log = daily(273, who, "GET /a", 200);
    // Often enough that a finding names the path too.
    for day in 200..240 {
        log.push_str(&line(day, who, "GET /secret/gnu-path", 200));
        log.push_str(&line(day, who, "GET /secret/gnu-path/of-gnu", 200));
    }
    log.push_str(&line(200, stranger, "GET /a", 200));
    case.write("tapir/log.jsonl", log);
    let grants = format!(
        "roles:\n  {role}:\n    scopes: [b:read]\nclients:\n  {who}:\n    owner: {owner}\n    roles: [{role}]\n    scopes:\n      - a:read\n      - a:write # keep until=2030-01-01 reason=\"quokka words\"\n      - b:admin\n"
    );
    case.write("ibex/grants.yaml", grants);
    case.write("key.txt", "correct horse battery staple\n");
    let run = |month: &str, more: &[&str]| {
        let mut args = vec![
            "report",
            "--month",
            month,
            "--out",
            month,
            "--format",
            "html,md,json,csv,sarif,ocsf",
        ];
        args.extend([
            "--logs",
            "tapir/log.jsonl",
            "--catalog",
            "routes.yaml",
            "--grants",
            "ibex/grants.yaml",
        ]);
        args.extend(more);
        case.run(&args)
    };
    // The first month is written with names, the second one without.
    assert_eq!(run("2026-08", &[]).code, Some(0));
    let with_key = ["--previous", "2026-08", "--pseudonymise", "key.txt"];
    assert_eq!(run("2026-09", &with_key).code, Some(0));
    for entry in fs::read_dir(case.path("2026-09")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for name in [
            who,
            owner,
            role,
            stranger,
            "gnu",
            "tapir",
            "ibex",
            "quokka",
            "correct horse",
        ] {
            assert!(!text.contains(name), "{name} in {}", path.display());
        }
        assert!(
            text.contains("client-")
                || path.ends_with("findings.csv")
                || path.ends_with("backtest.csv")
        );
    }
    let report = read(&case.path("2026-09/report.json"));
    let items = report["month"]["items"].as_array().unwrap();
    let states: Vec<&Value> = items.iter().map(|item| &item["state"]).collect();
    assert!(
        !states.is_empty() && states.iter().all(|state| **state == "ignored"),
        "{states:?}"
    );
    // Names may not be compared with pseudonyms.
    let refused = run("2026-09", &["--previous", "2026-09/report.json"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("pseudonyms"), "{}", refused.err);
}

#[test]
fn two_thousand_clients_make_a_page_of_less_than_five_megabytes() {
    let mut routes = String::from("routes:\n");
    for at in 0..40 {
        writeln!(
            routes,
            "  GET /r{at}: [r{at}:read]\n  POST /r{at}: [r{at}:write]"
        )
        .unwrap();
    }
    let (mut log, mut grants) = (String::new(), String::from("clients:\n"));
    for at in 0..2_000 {
        writeln!(
            grants,
            "  service-number-{at}:\n    since: 2024-01-01\n    owner: team-{}\n    scopes:",
            at % 50
        )
        .unwrap();
        for scope in 0..10 {
            let kind = if scope % 2 == 0 { "read" } else { "write" };
            writeln!(grants, "      - r{}:{kind}", (at + scope) % 40).unwrap();
        }
        for day in [1, 50, 99, 150, 180] {
            log.push_str(&line(
                day + at % 20,
                &format!("service-number-{at}"),
                &format!("GET /r{}", at % 40),
                200,
            ));
        }
    }
    let case = Case::of(&routes, &grants, &log);
    let mut args = vec!["report", "--month", "2026-07", "--level", "review"];
    args.extend([
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.yaml",
    ]);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.len() < 5_000_000, "{} bytes", run.out.len());
    for text in [
        "further clients without a section",
        "more in grants.csv",
        "more in annex A",
    ] {
        assert!(run.out.contains(text), "what is cut says so: {text}");
    }
}

#[test]
fn what_cannot_be_done_is_said_with_advice() {
    let case = case();
    let run = |more: &[&str]| {
        let mut args = vec!["report", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
        args.extend(["--grants", "2026-07.grants.json"]);
        args.extend(more);
        let run = case.run(&args);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{more:?}");
        run.err
    };
    case.write("short.txt", "abc");
    case.write("other.json", "{}");
    for (args, says) in [
        (&["--month", "2026-13"][..], "`2026-13` is not a month"),
        (&["--month", "2025-01"], "2025-01"),
        (&["--month", "2026-07", "--format", "html,md"], "--out DIR"),
        (&["--month", "2026-07", "--format", "csv"], "--out DIR"),
        (
            &["--month", "2026-07", "--format", "pdf"],
            "`pdf` is not a kind of report",
        ),
        (&["--month", "2026-07", "--as-of", "2026-07-01"], "--as-of"),
        (
            &["--month", "2026-07", "--pseudonymise", "short.txt"],
            "fewer than 16 bytes",
        ),
        (
            &["--month", "2026-07", "--previous", "other.json"],
            "not a report of scopetrim",
        ),
        (
            &["--month", "2026-07", "--previous", "absent.json"],
            "cannot read `absent.json`",
        ),
    ] {
        let error = run(args);
        assert!(
            error.contains(says) && error.contains("help: "),
            "{args:?}: {error}"
        );
    }
}

#[test]
fn the_report_is_that_of_analyze_with_the_month_added() {
    let grants =
        "clients:\n  one:\n    since: 2024-01-01\n    scopes:\n      - a:read\n      - a:write\n";
    let case = Case::of(ROUTES, grants, &daily(200, "one", "GET /a", 200));
    let inputs = "--logs log.jsonl --catalog routes.yaml --grants grants.yaml";
    let analyze = case.analyze(&["--as-of", "2026-06-30", "--backtest", "--json"]);
    let mut args = vec!["report", "--month", "2026-06", "--format", "json"];
    args.extend(inputs.split(' ').chain(ANY_SHARE));
    let mut report: Value = serde_json::from_str(&case.run(&args).out).unwrap();
    let month = report.as_object_mut().unwrap().remove("month").unwrap();
    assert_eq!(report, serde_json::from_str::<Value>(&analyze.out).unwrap());
    assert_eq!(month["to"], "2026-06-30");
}
