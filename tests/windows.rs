//! `windows`, and `analyze` with several windows.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod support;

use serde_json::Value;
use support::{Case, daily, line};

const ROUTES: &str = "\
version: 1
routes:
  GET /orders: orders:read
  POST /orders: orders:write
  GET /invoices: invoices:read
";
const GRANTS: &str = "
version: 1
clients:
  billing: {since: 2025-01-01, scopes: [orders:read, orders:write, invoices:read]}
  other: {since: 2025-01-01, scopes: [orders:read]}
";

/// Days 0 to 119 (2026-01-01 to 2026-04-30). billing reads on the last day, on the first of April, and
/// wrote once on day 40; invoices on day 80.
fn case() -> Case {
    let mut log = daily(120, "other", "GET /orders", 200);
    for (day, request) in [
        (119, "GET /orders"),
        (90, "GET /orders"),
        (89, "GET /orders"),
        (80, "GET /invoices"),
        (40, "POST /orders"),
    ] {
        log.push_str(&line(day, "billing", request, 200));
    }
    Case::of(ROUTES, GRANTS, &log)
}

fn run(case: &Case, args: &[&str]) -> support::Run {
    let files = [
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.yaml",
    ];
    let (command, rest) = args.split_first().expect("a subcommand");
    case.run(&[&[*command][..], &files, rest].concat())
}

#[test]
fn windows_and_months_are_counted_up_to_as_of() {
    let case = case();
    let found = run(
        &case,
        &["windows", "--client", "billing", "--json", "--months", "2"],
    );
    assert_eq!(found.code, Some(0), "{}", found.err);
    let json: Value = serde_json::from_str(&found.out).unwrap();
    let row = |term: &str| -> Vec<(String, u64)> {
        let rows = json["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["term"] == term).unwrap();
        let periods = row["periods"].as_array().unwrap().iter();
        periods
            .map(|period| {
                (
                    period["period"].as_str().unwrap().to_owned(),
                    period["uses"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    let expected = |counts: [u64; 8]| -> Vec<(String, u64)> {
        [
            "7d", "30d", "60d", "90d", "180d", "365d", "2026-03", "2026-04",
        ]
        .into_iter()
        .map(str::to_owned)
        .zip(counts)
        .collect()
    };
    assert_eq!(row("orders:read"), expected([1, 2, 3, 3, 3, 3, 1, 2]));
    assert_eq!(row("invoices:read"), expected([0, 0, 1, 1, 1, 1, 1, 0]));
    assert_eq!(row("orders:write"), expected([0, 0, 0, 1, 1, 1, 0, 0]));
    let earlier = run(
        &case,
        &[
            "windows",
            "--as-of",
            "2026-03-31",
            "--term",
            "orders:write",
            "--csv",
        ],
    );
    let sixty = earlier
        .out
        .lines()
        .find(|line| line.contains(",60d,"))
        .unwrap();
    assert!(
        sixty.starts_with("billing,orders:write,true,60d,2026-01-31,2026-03-31,60,60,1,1,1,"),
        "{sixty}"
    );
    assert!(!earlier.out.contains("orders:read"));
}

#[test]
fn a_name_that_nobody_has_is_refused_and_not_shown_as_no_use() {
    let found = run(&case(), &["windows", "--client", "biling"]);
    assert_eq!(found.code, Some(2));
    assert!(
        found.err.contains("did you mean `billing`?"),
        "{}",
        found.err
    );
    let found = run(&case(), &["windows", "--term", "orders:raed"]);
    assert!(
        found.err.contains("did you mean `orders:read`?"),
        "{}",
        found.err
    );
}

#[test]
fn parquet_holds_a_row_for_each_period_and_starts_as_parquet() {
    let case = case();
    let found = run(
        &case,
        &["windows", "--parquet", "w.parquet", "--months", "0"],
    );
    assert_eq!(found.out, "24 rows in w.parquet\n", "{}", found.err);
    let bytes = std::fs::read(case.path("w.parquet")).unwrap();
    assert_eq!(
        (&bytes[..4], &bytes[bytes.len() - 4..]),
        (&b"PAR1"[..], &b"PAR1"[..])
    );
}

#[test]
fn a_list_of_windows_says_what_the_longer_ones_add_and_the_longest_decides() {
    let case = case();
    let list = run(&case, &["analyze", "--window", "90d,30d,60d", "--json"]);
    let single = run(&case, &["analyze", "--window", "90d", "--json"]);
    let mut list: Value = serde_json::from_str(&list.out).unwrap();
    let single: Value = serde_json::from_str(&single.out).unwrap();
    let windows = list.as_object_mut().unwrap().remove("windows").unwrap();
    assert_eq!(list, single, "the verdicts are those of the longest window");
    let adds = |window: usize| -> String {
        let clients = windows[window]["clients"].as_array().unwrap();
        let client = clients
            .iter()
            .find(|client| client["id"] == "billing")
            .unwrap();
        client["adds"].to_string()
    };
    assert_eq!(adds(0), "[]");
    assert_eq!(
        adds(1),
        r#"[{"term":"invoices:read","operations":["GET /invoices"],"last_used":"2026-03-22T12:00:00.000Z"}]"#
    );
    assert_eq!(
        adds(2),
        r#"[{"term":"orders:write","operations":["POST /orders"],"last_used":"2026-02-10T12:00:00.000Z"}]"#
    );
    let text = run(&case, &["analyze", "--window", "30d,90d"]).out;
    assert!(
        text.contains("+ invoices:read by GET /invoices, last on 2026-03-22;"),
        "{text}"
    );
    let bad = run(&case, &["analyze", "--window", "30d,,90d"]);
    assert_eq!(bad.code, Some(2), "{}", bad.err);
}

#[test]
fn a_table_of_dates_gives_an_age_where_the_policy_file_has_none() {
    let case = case();
    case.write("grants.yaml", GRANTS.replace("since: 2025-01-01, ", ""));
    case.write("since.csv", "billing,orders:write,2025-06-01\n");
    let since = |more: &[&str]| -> Value {
        let found = run(
            &case,
            &[&["analyze", "--json", "--window", "30d"][..], more].concat(),
        );
        let json: Value = serde_json::from_str(&found.out).expect(&found.err);
        let terms = json["clients"][0]["terms"].as_array().unwrap();
        let term = terms
            .iter()
            .find(|term| term["term"] == "orders:write")
            .unwrap();
        serde_json::json!([term["granted_since"], term["granted_since_from"]])
    };
    assert_eq!(since(&[]), serde_json::json!([null, null]));
    assert_eq!(
        since(&["--granted-since", "since.csv"]),
        serde_json::json!(["2025-06-01", "granted_since_file"])
    );
    let text = case.analyze(&["--stats"]).out;
    assert!(text.contains("the age of grants without a date"), "{text}");
    let text = case.analyze(&["--no-blame", "--stats"]).out;
    assert!(!text.contains("the age of grants without a date"), "{text}");
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "five commands on the one log, compared with each other"
)]
fn what_a_wrong_clock_dated_counts_in_windows_usage_and_demand_as_in_analyze_and_replay() {
    let late =
        |request: &str, status| line(1, "billing", request, status).replace("\"2026-", "\"2099-");
    let log = daily(300, "other", "GET /orders", 200)
        + &line(20, "billing", "POST /orders", 200)
        + &line(299, "billing", "GET /orders", 200)
        + &late("POST /orders", 200)
        + &late("GET /orders", 503)
        + &late("GET /invoices", 403);
    let case = Case::of(ROUTES, GRANTS, &log);
    let json = |run: &support::Run| -> Value {
        assert_eq!(run.code, Some(0), "{}", run.err);
        serde_json::from_str(&run.out).unwrap()
    };
    let report = json(&case.analyze(&["--json"]));
    let client = &report["clients"][0];
    assert_eq!(
        (&report["as_of"], &client["id"]),
        (&"2026-10-27".into(), &"billing".into())
    );
    // The windows say of each scope what the analysis says.
    let windows = run(&case, &["windows", "--client", "billing", "--json"]);
    assert!(
        windows.err.contains("3 records are dated more than a year"),
        "{}",
        windows.err
    );
    let rows = json(&windows)["rows"].clone();
    for (term, uses, days) in [
        ("orders:read", 2, 1),
        ("orders:write", 2, 2),
        ("invoices:read", 0, 0),
    ] {
        let of = |list: &Value| -> Value {
            let mut list = list.as_array().unwrap().iter();
            list.find(|value| value["term"] == term).unwrap().clone()
        };
        let (said, shown) = (of(&client["terms"]), of(&rows));
        assert_eq!(
            (&said["uses"]["365"], &said["days_used"]),
            (&uses.into(), &days.into())
        );
        for period in shown["periods"].as_array().unwrap() {
            let id = period["period"].as_str().unwrap();
            if let Some(wanted) = id.strip_suffix('d').and_then(|days| said["uses"].get(days)) {
                assert_eq!(&period["uses"], wanted, "{term} {id}");
            }
            if id == "365d" {
                assert_eq!(
                    [
                        &period["days_used"],
                        &period["first_used"],
                        &period["last_used"],
                    ],
                    [&said["days_used"], &said["first_used"], &said["last_used"]],
                    "{term}"
                );
            }
        }
    }
    // A replay of a policy that grants nothing denies all that was needed.
    case.write("none.json", r#"{"billing": [], "other": []}"#);
    let files = ["--logs", "log.jsonl", "--catalog", "routes.yaml"];
    let replayed = case.run(&[&["replay", "--grants", "none.json", "--json"], &files[..]].concat());
    assert_eq!(replayed.code, Some(1), "{}", replayed.err);
    let replayed: Value = serde_json::from_str(&replayed.out).unwrap();
    let needed = client["needed"].as_array().unwrap();
    for needed_days in needed {
        let mut denied = replayed["denied"].as_array().unwrap().iter();
        let same = denied
            .find(|row| row["client"] == "billing" && row["operation"] == needed_days["operation"]);
        let same = same.unwrap();
        for key in ["requests", "first", "last"] {
            assert_eq!(same[key], needed_days[key], "{needed_days}");
        }
    }
    assert_eq!(needed.len(), 2);
    // What was refused has its facts as well, on the last day.
    let refused = &client["denied"][0];
    assert_eq!(
        [
            &refused["requests"],
            &refused["by_service_or_unknown"],
            &refused["days"]
        ],
        [&Value::from(1), &Value::from(1), &Value::from(1)],
        "{refused}"
    );
    assert_eq!(refused["first"], "2026-10-27T12:00:00.000Z");
    let demand = run(&case, &["demand", "--client", "billing", "--csv"]);
    assert!(
        demand.out.contains("GET,/invoices") || demand.out.contains("GET /invoices"),
        "{}",
        demand.out
    );
    assert!(demand.err.contains("3 records are dated"), "{}", demand.err);
    // The table of requests keeps the days of the log, and says so.
    let usage = case.run(&[&["usage", "--csv"], &files[..]].concat());
    let counted: u64 = usage
        .out
        .lines()
        .skip(1)
        .filter_map(|row| row.split(',').nth(4)?.parse::<u64>().ok())
        .sum();
    assert_eq!(counted, 305, "{}", usage.out);
    assert!(
        usage.err.contains("shown on the days of the log"),
        "{}",
        usage.err
    );
}
