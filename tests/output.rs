//! Every subcommand that has rows writes them in every format, to standard output or a file.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use std::fs::{self, File};
use std::process::{Command, Output};

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

use support::{Case, daily, line};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const COMMANDS: [&str; 9] = [
    "usage", "windows", "backtest", "demand", "replay", "grants", "catalog", "events", "compare",
];

fn scopetrim(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    command.current_dir(ROOT).env_remove("COLUMNS").args(args);
    command.output().unwrap()
}

/// Arguments of a run on the sample; a few events are enough.
fn of(command: &str) -> Vec<&str> {
    let mut args = vec![command, "samples/shop", "--quiet"];
    if command == "events" {
        args.extend(["--limit", "300"]);
    }
    args
}

fn text(args: &[&str]) -> String {
    let run = scopetrim(args);
    let said = String::from_utf8_lossy(&run.stderr);
    // A replay may find something, and a log may be incomplete.
    assert_ne!(run.status.code(), Some(2), "{args:?}: {said}");
    assert!(!said.contains("panicked"), "{args:?}: {said}");
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn every_subcommand_writes_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for command in COMMANDS {
        let base = of(command);
        let with = |more: &[&str]| text(&[&base[..], more].concat());
        let table = with(&["--output", "table"]);
        assert!(table.lines().count() > 1, "{command}: {table}");

        let csv = with(&["--output", "csv"]);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let names: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let count = reader.records().map(Result::unwrap).count();
        assert!(count > 0, "{command}: no row in CSV");

        let ndjson = with(&["--output", "ndjson"]);
        let rows: Vec<Value> = ndjson
            .lines()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect();
        assert_eq!(rows.len(), count, "{command}");
        for row in &rows {
            let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
            assert!(keys.into_iter().eq(&names), "{command}: {row}");
        }

        let json: Value = serde_json::from_str(&with(&["--output", "json"])).unwrap();
        let items = json
            .as_array()
            .map(Vec::len)
            .or(json.as_object().map(serde_json::Map::len));
        assert!(items > Some(1), "{command}: {json}");

        let path = folder.path().join(format!("{command}.parquet"));
        let said = with(&["--output", "parquet", "--out", path.to_str().unwrap()]);
        let file = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let about = file.metadata().file_metadata();
        let total = usize::try_from(about.num_rows()).unwrap();
        if command == "usage" {
            // One row for each outcome.
            assert!(total >= count, "{total} and {count}");
        } else {
            let fields = about.schema().get_fields().iter();
            assert!(fields.map(|field| field.name()).eq(&names), "{command}");
            assert_eq!(total, count, "{command}");
        }
        assert!(said.starts_with(&total.to_string()), "{command}: {said}");
    }
}

#[test]
fn a_short_flag_is_a_spelling_of_the_format_and_a_file_has_the_bytes_of_the_output() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["grants", "catalog", "demand", "events"] {
        let base = of(command);
        for format in ["csv", "json", "ndjson"] {
            let long = text(&[&base[..], &["--output", format]].concat());
            let short = text(&[&base[..], &[&format!("--{format}")]].concat());
            if (command, format) == ("events", "json") {
                let lines = text(&[&base[..], &["--ndjson"]].concat());
                assert_eq!(short, lines, "--json has always been one event a line");
            } else {
                assert_eq!(short, long, "{command} {format}");
            }
            let path = folder.path().join(format);
            let to = ["--output", format, "--out", path.to_str().unwrap()];
            assert_eq!(text(&[&base[..], &to].concat()), "");
            assert_eq!(
                fs::read_to_string(&path).unwrap(),
                long,
                "{command} {format}"
            );
        }
    }
    let [long, short] = [&["--output", "parquet", "--out"][..], &["--parquet"]].map(|flags| {
        let path = folder.path().join("a.parquet");
        text(&[&of("grants")[..], flags, &[path.to_str().unwrap()]].concat());
        fs::read(path).unwrap()
    });
    assert!(!long.is_empty() && long == short);
}

#[test]
fn parquet_without_a_file_and_a_file_that_cannot_be_are_refused_before_the_work() {
    for command in COMMANDS {
        // With inputs that cannot be read: the output is looked at first.
        let args = [command, "--logs", "nowhere", "--catalog", "nowhere"];
        let refused = |more: &[&str], words: &str| {
            let run = scopetrim(&[&args[..], more].concat());
            let said = String::from_utf8(run.stderr).unwrap();
            assert_eq!(
                (run.status.code(), run.stdout.len()),
                (Some(2), 0),
                "{command}: {said}"
            );
            assert!(
                said.contains(words) && said.contains("help: "),
                "{command}: {said}"
            );
        };
        refused(
            &["--output", "parquet"],
            "nor to standard output unless asked",
        );
        refused(
            &["--output", "csv", "--out", "nowhere/a.csv"],
            "cannot write `nowhere/a.csv`",
        );
        refused(
            &["--parquet", "nowhere/a.parquet"],
            "cannot write `nowhere/a.parquet`",
        );
    }
    for more in [
        ["--csv", "--json"],
        ["--ndjson", "--parquet=a"],
        ["--output=csv", "--csv"],
    ] {
        let run = scopetrim(&[&["usage", "samples/shop"][..], &more].concat());
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot be used with"), "{said}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn parquet_goes_into_a_pipe_that_is_named() {
    let run = scopetrim(
        &[
            &of("grants")[..],
            &["--output", "parquet", "--out", "/dev/stdout"],
        ]
        .concat(),
    );
    assert_eq!(run.status.code(), Some(0));
    assert!(run.stdout.starts_with(b"PAR1") && run.stdout.ends_with(b"PAR1"));
}

#[test]
fn what_became_of_recommendations_is_written_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result");
    let result = result.to_str().unwrap();
    text(&["analyze", "samples/shop", "--quiet", "--out", result]);
    let base = ["backtest", "samples/shop", "--quiet", "--follow", result];
    let with = |more: &[&str]| text(&[&base[..], more].concat());
    assert!(with(&["--output", "table"]).contains("open"));
    let json: Value = serde_json::from_str(&with(&["--output", "json"])).unwrap();
    let count = |list: &str| json[list].as_array().unwrap().len();
    let count = count("recommendations") + count("suspensions");
    assert!(count > 0, "{json}");
    let csv = with(&["--output", "csv"]);
    assert!(
        csv.starts_with("became,client,term,level,since,denied,served\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1 + count);
    let ndjson = with(&["--output", "ndjson"]);
    let rows: Vec<Value> = ndjson
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    assert_eq!(rows.len(), count);
    assert!(rows.iter().all(|row| row["since"].is_string()), "{ndjson}");
    let path = folder.path().join("a.parquet");
    let said = with(&["--output", "parquet", "--out", path.to_str().unwrap()]);
    assert!(said.starts_with(&count.to_string()), "{said}");
}

#[test]
fn hostile_names_act_in_no_format_of_any_subcommand() {
    let names = [
        "=cmd|' /C calc'!A0",
        "\u{1b}[31mred",
        "\u{202e}gnp",
        "a\"b,c;d",
    ];
    let routes = "version: 1\nroutes:\n  GET /orders: orders:read\n  GET /stock: stock:read\n";
    let mut log = String::new();
    for name in names {
        log += &daily(200, name, "GET /orders", 200);
        log += &line(3, name, "GET /stock", 403);
    }
    let case = Case::of(routes, "", &log);
    let grants: serde_json::Map<String, Value> = names
        .iter()
        // A policy file with a control character in a name is refused.
        .filter(|name| !name.contains(char::is_control))
        .map(|name| ((*name).to_owned(), serde_json::json!(["orders:read"])))
        .collect();
    case.write("grants.json", serde_json::to_vec(&grants).unwrap());
    for command in COMMANDS.iter().filter(|name| **name != "catalog") {
        let mut args = vec![
            *command,
            "--quiet",
            "--logs",
            "log.jsonl",
            "--catalog",
            "routes.yaml",
        ];
        if !["usage", "events"].contains(command) {
            args.extend(["--grants", "grants.json"]);
        }
        for format in ["table", "csv", "json", "ndjson"] {
            let run = case.run(&[&args[..], &["--output", format]].concat());
            assert_ne!(run.code, Some(2), "{command} {format}: {}", run.err);
            let unseen = ['\u{1b}', '\u{202e}'];
            assert!(!run.out.contains(unseen), "{command} {format}: {}", run.out);
            if format == "csv" {
                let mut reader = csv::Reader::from_reader(run.out.as_bytes());
                for record in reader.records() {
                    let record = record.unwrap();
                    let formula = |field: &str| field.starts_with(['=', '+', '@']);
                    assert!(!record.iter().any(formula), "{command}: {record:?}");
                }
            }
        }
        case.run(&[&args[..], &["--parquet", "a.parquet"]].concat());
        assert!(case.path("a.parquet").exists(), "{command}");
    }
}
