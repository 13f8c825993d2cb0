//! The grants of past month ends, as `ingest --grants` recorded them.

use std::fmt::Write as _;

use chrono::NaiveDate;
use serde_json::Value;

use crate::common::{Folder, Run};

const ROUTES: &str = r#"{"operations":[
  {"method":"GET","path":"/a","any_of":[["a"]]},
  {"method":"POST","path":"/b","any_of":[["b"]]},
  {"method":"GET","path":"/c","any_of":[["c"]]}]}"#;
const MONTHS: [(&str, u32); 10] = [
    ("01", 31),
    ("02", 28),
    ("03", 31),
    ("04", 30),
    ("05", 31),
    ("06", 30),
    ("07", 31),
    ("08", 31),
    ("09", 30),
    ("10", 31),
];

/// `app` reads `/a` each day and needs `b` on 10 June; it loses `b` at the end of June
/// and gets `c` in August. `gone` calls until February and is in no policy file from June on.
fn year() -> Folder {
    let folder = Folder::new();
    folder.put("routes.json", ROUTES);
    for (month, days) in MONTHS {
        let mut text = String::new();
        for day in 1..=days {
            let date = NaiveDate::from_ymd_opt(2026, month.parse().unwrap(), day).unwrap();
            let mut call = |client: &str, method: &str, path: &str| {
                writeln!(text, r#"{{"time":"{date}T12:00:00Z","client_id":"{client}","method":"{method}","path":"{path}","status":200}}"#).unwrap();
            };
            call("app", "GET", "/a");
            if (month, day) == ("06", 10) {
                call("app", "POST", "/b");
            }
            if month < "03" {
                call("gone", "GET", "/c");
            }
        }
        folder.put(&format!("{month}.log"), text);
        let held = match month {
            "01" | "02" | "03" | "04" | "05" => r#"{"app":["a","b"],"gone":["b","c"]}"#,
            "06" | "07" => r#"{"app":["a"]}"#,
            _ => r#"{"app":["a","c"]}"#,
        };
        folder.put(&format!("{month}.json"), held);
    }
    folder
}

/// Adds one month; of April and May nobody records what was held.
fn ingest(folder: &Folder, month: &str, into: [&str; 2]) {
    let (log, grants) = (format!("{month}.log"), format!("{month}.json"));
    let mut args = vec!["ingest", &log, "--catalog", "routes.json"];
    args.extend(into);
    if !["04", "05"].contains(&month) {
        args.extend(["--grants", &grants]);
    }
    let run = folder.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

fn backtest(folder: &Folder, more: &[&str]) -> Run {
    let mut args = vec!["backtest", "--catalog", "routes.json"];
    args.extend(["--grants", "10.json"]);
    args.extend(more);
    folder.run(&args)
}

/// As-of, removals at any level, and those that were missed.
fn proposals(found: &Value) -> Vec<(String, u64, u64)> {
    let origins = found["origins"].as_array().unwrap().iter();
    let summary = |origin: &Value| {
        let of = |key: &str| origin["levels"][2][key].as_u64().unwrap();
        let day = origin["as_of"].as_str().unwrap().to_owned();
        (day, of("removals"), of("wrong"))
    };
    origins.map(summary).collect()
}

fn keeps_the_contract(found: &Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let whole: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let backtest_schema = serde_json::json!({"$ref": "#/$defs/backtest", "$defs": whole["$defs"]});
    let schema = jsonschema::draft202012::new(&backtest_schema).unwrap();
    let wrong: Vec<String> = schema
        .iter_errors(found)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_backtest_takes_the_grants_that_the_ledger_recorded_month_by_month() {
    let folder = year();
    for (month, _) in MONTHS {
        ingest(&folder, month, ["--ledger", "usage"]);
    }
    let ledger = ["--ledger", "usage", "--grants-history", "ledger"];
    let run = backtest(&folder, &[&ledger[..], &["--json"]].concat());
    let found = run.report(0);
    keeps_the_contract(&found);
    assert_eq!(found["grants"], "ledger");
    // `b` of `app` and of `gone`, which no file names today; `c` of `app` from August on.
    let expected = [
        ("2026-03-31", 2, 1),
        ("2026-04-30", 2, 1),
        ("2026-06-30", 0, 0),
        ("2026-07-31", 0, 0),
        ("2026-08-31", 1, 0),
        ("2026-09-30", 1, 0),
    ];
    let expected = expected.map(|(day, removals, wrong)| (day.to_owned(), removals, wrong));
    assert_eq!(proposals(&found), expected);
    let left_out = (
        found["left_out"].as_u64(),
        found["left_out_origins"][0].as_str(),
        found["left_out_because"].as_str(),
    );
    let because = "without a record of the grants in the 31 days before";
    assert_eq!(left_out, (Some(1), Some("2026-05-31"), Some(because)));
    let said = |run: &Run| {
        let text = run.stdout.clone() + &run.stderr;
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = said(&backtest(&folder, &ledger));
    for line in [
        "the grants as the ledger recorded them last, at most 31 days before each month end",
        "left out 1 month end without a record of the grants in the 31 days before: 2026-05-31",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let csv = said(&backtest(&folder, &[&ledger[..], &["--csv"]].concat()));
    assert!(csv.contains("left out: 1 month end without"), "{csv}");
    // Today's grants are the default still, and said to be.
    let today = backtest(&folder, &["--ledger", "usage", "--json"]).report(0);
    keeps_the_contract(&today);
    assert_eq!(today["grants"], "today");
    assert_eq!(proposals(&today)[0], ("2026-03-31".to_owned(), 1, 0));
    let text = said(&backtest(&folder, &["--ledger", "usage"]));
    assert!(
        text.contains("assumes today's configuration; today's grants"),
        "{text}"
    );
}

#[test]
fn the_order_in_which_records_came_into_the_ledger_plays_no_part() {
    let folder = year();
    for (month, _) in MONTHS {
        ingest(&folder, month, ["--partial", &format!("part-{month}")]);
    }
    let merged = |name: &str, order: &mut dyn Iterator<Item = &str>| {
        let parts: Vec<String> = order.map(|month| format!("part-{month}")).collect();
        let mut args = vec!["ledger", "merge", "--into", name];
        args.extend(parts.iter().map(String::as_str));
        let run = folder.run(&args);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let args = ["--ledger", name, "--grants-history", "ledger", "--json"];
        backtest(&folder, &args).report(0)
    };
    let forth = merged("forth", &mut MONTHS.iter().map(|pair| pair.0));
    let back = merged("back", &mut MONTHS.iter().rev().map(|pair| pair.0));
    assert_eq!(forth, back);
    assert_eq!(forth["left_out"], 1);
    assert_eq!(proposals(&forth)[0], ("2026-03-31".to_owned(), 2, 1));
}

#[test]
fn without_a_ledger_or_a_record_of_the_time_the_error_says_what_writes_one() {
    let folder = year();
    let refused = |more: &[&str], error: &str, help: &str| {
        let run = backtest(&folder, &[&["--grants-history", "ledger"], more].concat());
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(2), ""),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains(error) && run.stderr.contains(help),
            "{}",
            run.stderr
        );
    };
    refused(
        &["--logs", "01.log"],
        "--grants-history ledger needs a ledger, and none is given",
        "--ledger DIR",
    );
    for month in ["01", "02", "03", "04", "05"] {
        let log = format!("{month}.log");
        let args = [
            "ingest",
            &log,
            "--ledger",
            "bare",
            "--catalog",
            "routes.json",
        ];
        assert_eq!(folder.run(&args).code, Some(0));
    }
    refused(
        &["--ledger", "bare"],
        "the ledger `bare` has no record of what was held",
        "`scopetrim ingest LOGS --ledger DIR --grants FILE` writes one",
    );
    let args = [
        "ingest",
        "05.log",
        "--ledger",
        "bare",
        "--catalog",
        "routes.json",
    ];
    assert_eq!(
        folder
            .run(&[&args[..], &["--grants", "05.json"]].concat())
            .code,
        Some(0)
    );
    refused(
        &["--ledger", "bare"],
        "no month end that can be replayed (2026-03-31 to 2026-04-30) has a record of what was held in the 31 days before it: those of the ledger are of 2026-05-31 to 2026-05-31",
        "at least once a month",
    );
}

/// Since when `app` holds each scope, as far as the ledger says.
fn since(folder: &Folder, ledger: &str) -> Vec<(String, String)> {
    folder.put("bare.json", r#"{"app":["a","b","c"]}"#);
    let args = ["analyze", "--ledger", ledger, "--catalog", "routes.json"];
    let report = folder
        .run(&[&args[..], &["--grants", "bare.json", "--json"]].concat())
        .report(0);
    let terms = report["clients"][0]["terms"].as_array().unwrap().clone();
    let dated = terms.iter().filter_map(|term| {
        let since = term["granted_since"].as_str()?;
        Some((term["term"].as_str().unwrap().to_owned(), since.to_owned()))
    });
    dated.collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(term, day): &(&str, &str)| ((*term).to_owned(), (*day).to_owned());
    list.iter().map(owned).collect()
}

#[test]
fn old_logs_that_come_in_later_do_not_date_the_grants_of_today_back() {
    let folder = year();
    let add = |month: &str, into: &[&str], more: &[&str]| {
        let log = format!("{month}.log");
        let run = folder.run(
            &[
                &["ingest", log.as_str(), "--catalog", "routes.json"],
                into,
                more,
            ]
            .concat(),
        );
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run
    };
    let into = ["--ledger", "usage"];
    let said = add("10", &into, &["--grants", "10.json"]).stdout;
    assert!(
        said.ends_with("2 grants recorded as of 2026-10-31\n"),
        "{said}"
    );
    // The record of the last day stays; the other files are not of that day.
    let run = add("06", &into, &["--grants", "06.json"]);
    assert!(!run.stdout.contains("grants"), "{}", run.stdout);
    for text in ["these logs end on 2026-06-30", "--grants-as-of DATE"] {
        assert!(run.stderr.contains(text), "{}", run.stderr);
    }
    assert_eq!(
        since(&folder, "usage"),
        pairs(&[("a", "2026-10-31"), ("c", "2026-10-31")])
    );
    // With their day they are recorded alongside it.
    let run = add(
        "06",
        &into,
        &["--grants", "06.json", "--grants-as-of", "2026-06-30"],
    );
    assert!(
        run.stdout.ends_with("1 grant recorded as of 2026-06-30\n"),
        "{}",
        run.stdout
    );
    assert_eq!(
        since(&folder, "usage"),
        pairs(&[("a", "2026-06-30"), ("c", "2026-10-31")])
    );
    let run = add(
        "06",
        &into,
        &["--grants", "10.json", "--grants-as-of", "2026-10-31"],
    );
    assert!(
        run.stdout.contains("2 grants recorded already as of"),
        "{}",
        run.stdout
    );
    let run = add("10", &into, &["--grants", "06.json"]);
    assert!(
        run.stdout
            .contains("1 grant recorded, in place of what was, as of"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_partial_result_records_the_files_of_a_configuration_only_with_their_day() {
    let folder = year();
    folder.put(
        "scopetrim.toml",
        "catalog = [\"routes.json\"]\ngrants = [\"10.json\"]\n",
    );
    let mut parts: Vec<String> = Vec::new();
    for (month, days) in [("10", 31), ("06", 30), ("01", 31)] {
        let log = format!("{month}.log");
        let part = format!("part-{month}");
        let run = folder.run(&["ingest", &log, "--partial", &part, "--json"]);
        assert_eq!(run.report(0)["grants"]["result"], "not recorded");
        assert!(run.stderr.contains("--grants-as-of DATE"), "{}", run.stderr);
        let part = format!("dated-{month}");
        let day = format!("2026-{month}-{days}");
        let grants = format!("{month}.json");
        let dated = ["--grants", &grants, "--grants-as-of", &day];
        let run =
            folder.run(&[&["ingest", &log, "--partial", &part, "--json"], &dated[..]].concat());
        assert_eq!(run.report(0)["grants"]["as_of"], day);
        parts.push(part);
    }
    let merge = |name: &str, parts: &[String]| {
        let mut args = vec!["ledger", "merge", "--into", name];
        args.extend(parts.iter().map(String::as_str));
        let run = folder.run(&args);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        since(&folder, name)
    };
    let undated: Vec<String> = MONTHS
        .iter()
        .map(|pair| format!("part-{}", pair.0))
        .collect();
    let undated: Vec<String> = undated
        .into_iter()
        .filter(|name| folder.path(name).exists())
        .collect();
    assert_eq!(undated.len(), 3);
    assert_eq!(merge("undated", &undated), []);
    let expected = pairs(&[("a", "2026-01-31"), ("c", "2026-10-31")]);
    assert_eq!(merge("forth", &parts), expected);
    parts.reverse();
    assert_eq!(merge("back", &parts), expected);
}

#[test]
fn a_day_without_anything_to_record_is_refused() {
    let folder = year();
    let args = [
        "ingest",
        "01.log",
        "--ledger",
        "usage",
        "--catalog",
        "routes.json",
    ];
    let run = folder.run(&[&args[..], &["--grants-as-of", "2026-01-31"]].concat());
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("no policy file given"),
        "{}",
        run.stderr
    );
    assert!(!folder.path("usage").exists());
    let run = folder.run(
        &[
            &args[..],
            &["--grants", "01.json", "--grants-as-of", "tomorrow"],
        ]
        .concat(),
    );
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    let run = folder.run(&["ledger", "verify", "usage"]);
    assert_ne!(run.code, Some(0), "{}", run.stdout);
}
