//! The statements over the ledger's Parquet, run by the engines they are for.
//!
//! `SCOPETRIM_ENGINES` is a Python with `duckdb` or `pyspark`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use crate::{Folder, block};

/// Client, method and template to requests and last day.
/// Client, method, path, requests and day, as the engines print them.
type Row = (Option<String>, Option<String>, Option<String>, u64, String);
type Rows = BTreeMap<[Option<String>; 3], (u64, String)>;

/// Runs the statements of a file and prints the rows of the last one as JSON.
const DUCKDB: &str = "
import duckdb, json, sys
con = duckdb.connect()
for statement in open(sys.argv[1]).read().split(';'):
    if statement.strip():
        rows = con.execute(statement).fetchall()
print(json.dumps(rows, default=str))
";
const SPARK: &str = "
import json, sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')
    .config('spark.driver.host', '127.0.0.1').config('spark.driver.bindAddress', '127.0.0.1')
    .config('spark.driver.memory', '512m').config('spark.sql.shuffle.partitions', '1').getOrCreate())
for statement in open(sys.argv[1]).read().split(';'):
    if statement.strip():
        rows = spark.sql(statement).collect()
print(json.dumps([list(row) for row in rows], default=str))
";

#[test]
fn the_statements_for_duckdb_give_what_the_logs_say() {
    run("duckdb", DUCKDB);
}

#[test]
fn the_statements_for_spark_give_what_the_logs_say() {
    run("spark", SPARK);
}

fn run(engine: &str, driver: &str) {
    let package = if engine == "spark" { "pyspark" } else { engine };
    let python = std::env::var("SCOPETRIM_ENGINES").unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .output();
    if !there.is_ok_and(|out| out.status.success()) {
        println!("scale: statements for {engine}: skipped, `{python}` has no {package}");
        return;
    }
    let folder = Folder::of_the_shop();
    let expected = ledger(&folder);
    std::fs::write(
        folder.path("statements.sql"),
        block(&format!("sql {engine}")),
    )
    .unwrap();
    std::fs::write(folder.path("driver.py"), driver).unwrap();
    let ran = Command::new(&python)
        .args(["driver.py", "statements.sql"])
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let printed = String::from_utf8(ran.stdout).unwrap();
    let rows: Vec<Row> = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let found: Rows = rows
        .into_iter()
        .map(|(client, method, template, count, day)| ([client, method, template], (count, day)))
        .collect();
    assert_eq!(found, expected);
}

/// A ledger of logs whose counts are known from how they were made.
fn ledger(folder: &Folder) -> Rows {
    let routes = r#"{"operations":[{"method":"GET","path":"/orders/{id}","any_of":[["r"]]},
        {"method":"POST","path":"/orders","any_of":[["w"]]}]}"#;
    std::fs::write(folder.path("routes.json"), routes).unwrap();
    let mut rows = Rows::new();
    // The last day before the first one that the statements ask for, and three of theirs.
    for day in ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-28"] {
        let mut log = String::new();
        for (client, method, path, template, count) in [
            ("erp", "GET", "/orders/7", "/orders/{id}", 3_u64),
            ("erp", "POST", "/orders", "/orders", 1),
            ("bi", "GET", "/orders/8", "/orders/{id}", 2),
        ] {
            for at in 0..count {
                writeln!(
                    log,
                    r#"{{"time":"{day}T10:00:0{at}Z","client_id":"{client}","method":"{method}","path":"{path}","status":200}}"#
                )
                .unwrap();
            }
            if day >= "2026" {
                let key = [client, method, template].map(|text| Some(text.to_owned()));
                let row = rows.entry(key).or_insert((0, String::new()));
                row.0 += count;
                day.clone_into(&mut row.1);
            }
        }
        std::fs::write(folder.path(&format!("{day}.log")), log).unwrap();
    }
    let days: Vec<&str> = ["2025-12-31.log", "2026-01-01.log", "2026-01-02.log"].into();
    let more = ["--catalog", "routes.json", "--ledger", "usage"];
    // In two steps, so that the last day has files of its own.
    for logs in [&days[..], &["2026-02-28.log"]] {
        let ran = folder.run(&[&["ingest"][..], logs, &more].concat());
        assert!(ran.status.success(), "{ran:?}");
    }
    rows
}
