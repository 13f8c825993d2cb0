//! `usage` and `events` in every form they can be written in.
use std::fs::File;

use crate::support::{Case, Run, daily, line};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: orders:read\n";

fn case() -> Case {
    let log = daily(30, "app", "GET /orders?token=secret", 200)
        + &line(3, "app", "GET /orders", 403)
        + &line(4, "ev\u{9b}il", "GET /hooks/sk_live_abcdefghijkl", 200);
    Case::of(ROUTES, "version: 1\nclients: {}\n", &log)
}

fn run(case: &Case, command: &str, more: &[&str]) -> Run {
    let args = [command, "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    let run = case.run(&[&args[..], more].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    // CSV is bytes for a spreadsheet; everything else may end on a terminal.
    let csv = run.out.starts_with("day,");
    let unseen = if csv { "sk_live" } else { "\u{9b}" };
    for secret in ["secret", "sk_live_abcdefghijkl", unseen] {
        assert!(
            !run.out.replace("{secret}", "").contains(secret),
            "{}",
            run.out
        );
    }
    run
}

fn rows(case: &Case, name: &str) -> i64 {
    let file = File::open(case.path(name)).expect("the file");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    reader.metadata().file_metadata().num_rows()
}

#[test]
fn usage_says_the_same_as_csv_json_and_parquet() {
    let case = case();
    let csv = run(&case, "usage", &[]).out;
    let json: Vec<Value> =
        serde_json::from_str(&run(&case, "usage", &["--json"]).out).expect("JSON");
    assert_eq!(json.len() + 1, csv.lines().count());
    for (row, text) in json.iter().zip(csv.lines().skip(1)) {
        let cells: Vec<String> = [
            "day",
            "client",
            "method",
            "template",
            "count",
            "used",
            "attempted",
            "denied",
        ]
        .map(|key| match &row[key] {
            Value::Null => String::new(),
            // What nobody sees is made visible in the table; JSON keeps it, escaped.
            Value::String(text) => text.replace('\u{9b}', "\\u{9b}"),
            other => other.to_string(),
        })
        .to_vec();
        assert!(text.starts_with(&cells.join(",")), "{text} is not {row}");
    }
    let said = run(&case, "usage", &["--parquet", "usage.parquet"]).out;
    // The refused request has a row of its own there.
    assert_eq!(rows(&case, "usage.parquet"), 32);
    assert!(said.starts_with("32 rows in usage.parquet"), "{said}");
}

#[test]
fn events_are_a_table_of_the_first_ones_or_one_json_object_a_line() {
    let case = case();
    let table = run(&case, "events", &[]);
    assert_eq!(table.out.lines().count(), 21, "{}", table.out);
    assert!(table.err.contains("the first 20 events"), "{}", table.err);
    let all = run(&case, "events", &["--limit", "100"]);
    assert_eq!((all.out.lines().count(), all.err.as_str()), (33, ""));
    assert!(
        all.out.contains("GET /hooks/{secret} (no operation)"),
        "{}",
        all.out
    );
    let ndjson = run(&case, "events", &["--ndjson"]).out;
    let events: Vec<Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    assert_eq!(events.len(), 32);
    assert_eq!(events[30]["outcome"], "denied_unknown");
    assert_eq!(events[0]["path"], "/orders");
    assert_eq!(
        run(&case, "events", &["--json", "--limit", "2"])
            .out
            .lines()
            .count(),
        2
    );
    run(&case, "events", &["--parquet", "events.parquet"]);
    assert_eq!(rows(&case, "events.parquet"), 32);
}
