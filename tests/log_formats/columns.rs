//! Parquet as a log.

use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt16Array};
use parquet::arrow::ArrowWriter;

use super::support::Case;
use super::{GRANTS, ROUTES};

fn usage(log: &str) -> Vec<u8> {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["usage", "--logs", log])
        .args(["--catalog", "samples/shop/openapi.yaml"])
        .output()
        .expect("a run");
    assert!(ran.stderr.is_empty(), "{ran:?}");
    ran.stdout
}

#[test]
fn events_written_as_parquet_count_as_the_log_they_came_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let events = folder.path().join("events.parquet");
    let events = events.to_str().expect("a path");
    let log = "samples/shop/logs/kong-2026-10.log.gz";
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["events", "--logs", log, "--parquet", events])
        .args(["--catalog", "samples/shop/openapi.yaml"])
        .status();
    assert!(ran.expect("a run").success());
    let read = usage(events);
    assert!(read.len() > 10_000);
    assert_eq!(read, usage(log));
}

#[test]
fn columns_of_other_names_are_read_as_a_mapping_says() {
    let texts = |all: &[&str]| Arc::new(StringArray::from(all.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        (
            "ts",
            texts(&["2026-01-02T12:00:00Z", "2026-01-02T12:00:01Z"]),
        ),
        ("app", texts(&["erp", "erp"])),
        ("verb", texts(&["GET", "POST"])),
        ("requestUri", texts(&["/orders?a=1", "/orders"])),
        (
            "code",
            Arc::new(UInt16Array::from(vec![200, 403])) as ArrayRef,
        ),
    ]);
    let batch = batch.expect("a table");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    let case = Case::new();
    case.write("edge.parquet", writer.into_inner().expect("a file"));
    case.write("routes.yaml", ROUTES);
    case.write("grants.yaml", GRANTS);
    case.write(
        "edge.toml",
        "format = 'edge'\nextends = 'json'\n[field]\ntime = '/ts'\nclient = '/app'\nmethod = '/verb'\ntarget = '/requestUri'\nstatus = '/code'\n",
    );
    let args = [
        "events",
        "--logs",
        "edge.parquet",
        "--catalog",
        "routes.yaml",
    ];
    let run = case.run(&[&args[..], &["--format", "edge.toml", "--ndjson"]].concat());
    let rows: Vec<serde_json::Value> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    assert_eq!(rows.len(), 2, "{} {}", run.out, run.err);
    assert_eq!(rows[0]["client_id"], "erp");
    assert_eq!(rows[0]["path"], "/orders");
    assert_eq!(rows[1]["status"], 403);
}
