//! Real logs of many gateways: each is recognised, every request in it is read, and its fields
//! are those that other parsers' test suites expect.
//!
//! They lie next to the repository (`../shared`) and are not part of it: without them the test
//! says so and passes. With `--nocapture` it prints its table.

#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "conformance/expected.rs"]
mod expected;
#[path = "conformance/known.rs"]
mod known;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use expected::Expected;
use known::{DIFFERENT, FORMATS, NOT_READ, REFUSED};
use serde_json::Value;

/// Folders without request logs, or with logs of all kinds in something around them.
const NO_REQUESTS: [&str; 3] = ["azure-activity", "okta-auth0", "wrappers"];

/// Real logs, where they are at hand.
fn logs() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/data/logs", "../../shared/data/logs"];
    let mut places = places.iter().map(|place| root.join(place));
    places.find(|place| place.is_dir())
}

/// The files of all folders but those without requests, in order.
fn files(logs: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let list = |folder: &Path| {
        let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        all.sort();
        all
    };
    let folders = list(logs).into_iter().filter(|folder| {
        let name = folder.file_name().unwrap().to_str().unwrap();
        folder.is_dir() && !NO_REQUESTS.contains(&name)
    });
    let all = folders.flat_map(|folder| list(&folder));
    all.filter(|path| wanted(path)).collect()
}

fn shown(path: &Path) -> String {
    let mut parts: Vec<_> = path.iter().rev().take(2).collect();
    parts.reverse();
    parts
        .iter()
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// What a run on some logs gave.
struct Read {
    rows: Vec<Value>,
    code: Option<i32>,
    said: String,
}

impl Read {
    fn of(log: &Path) -> Self {
        let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .args(["events", "--output", "ndjson", "--logs"])
            .arg(log)
            .output()
            .unwrap();
        let rows = String::from_utf8_lossy(&ran.stdout);
        Self {
            rows: rows
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            code: ran.status.code(),
            said: String::from_utf8_lossy(&ran.stderr).into_owned(),
        }
    }

    /// How many lines were skipped for this reason.
    fn skipped(&self, reason: &str) -> usize {
        let mark = format!("{reason} ");
        let counts = self.said.split(&mark).skip(1);
        counts
            .filter_map(|rest| {
                let end = rest.find(|letter: char| !letter.is_ascii_digit());
                rest[..end.unwrap_or(rest.len())].parse::<usize>().ok()
            })
            .sum()
    }

    fn rejected(&self) -> usize {
        let reasons = [
            "malformed",
            "missing_field",
            "bad_time",
            "time_out_of_range",
        ];
        reasons.iter().map(|reason| self.skipped(reason)).sum()
    }
}

#[test]
fn every_real_log_is_recognised_and_every_request_in_it_is_read() {
    let Some(logs) = logs() else {
        println!("skipped: ../shared/data/logs is absent");
        return;
    };
    let raw = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let extension = path.extension().and_then(|own| own.to_str());
        !matches!(extension, Some("md" | "assert" | "yaml"))
            && !name.starts_with("vrl--")
            // The fields of other programs' own indices, not logs.
            && !(name.starts_with("opensearch-a")
                && (name.ends_with("--sample.json") || name.ends_with("--samples.json")))
    };
    let mut wrong = Vec::new();
    for file in files(&logs, raw) {
        let read = Read::of(&file);
        let mut formats: Vec<&str> = read
            .rows
            .iter()
            .filter_map(|row| row["format"].as_str())
            .collect();
        formats.dedup();
        let (rejected, other) = (read.rejected(), read.skipped("other_record"));
        let name = shown(&file);
        println!(
            "{name:<100} {:<20} read {:>5} rejected {rejected:>3} passed over {other:>3}",
            formats.join(","),
            read.rows.len(),
        );
        let folder = name.split('/').next().unwrap();
        let of = FORMATS.iter().find(|(own, _)| *own == folder).unwrap().1;
        let whole = !read.rows.is_empty()
            && rejected == 0
            && matches!(read.code, Some(0 | 3))
            && formats.iter().all(|format| of.contains(format));
        let known = NOT_READ.iter().find(|(own, _)| name.starts_with(own));
        match known {
            _ if whole => {}
            Some((_, reason)) => println!("    deliberate: {reason}"),
            None => wrong.push(format!("{name}: {}", read.said)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_request_log_is_refused_as_what_it_is() {
    let Some(logs) = logs() else {
        println!("skipped: ../shared/data/logs is absent");
        return;
    };
    for (file, what) in REFUSED {
        let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .args(["formats", "detect"])
            .arg(logs.join(file))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(!ran.status.success() && said.contains(what), "{said}");
    }
    // Every file of these folders is named.
    for folder in ["okta-auth0", "azure-activity"] {
        let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
            .args(["formats", "detect"])
            .arg(logs.join(folder).join("*.jsonl"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        for line in said.lines() {
            assert!(line.contains("it looks like"), "{line}");
        }
        assert!(said.lines().count() > 9, "{said}");
    }
}

#[test]
fn the_fields_are_those_that_other_parsers_expect() {
    let Some(logs) = logs() else {
        println!("skipped: ../shared/data/logs is absent");
        return;
    };
    let (mut wrong, mut used) = (Vec::new(), vec![0; DIFFERENT.len()]);
    let mut totals = (0, 0);
    for file in files(&logs, |path| expected::of(path).is_some()) {
        let name = shown(&file);
        let samples: Vec<Expected> = expected::of(&file).unwrap();
        let samples: Vec<&Expected> = samples.iter().filter(|own| own.is_request()).collect();
        let (mut fields, mut different) = (0, 0);
        for (sample, row) in samples.iter().zip(rows(&samples)) {
            let differences = match &row {
                Ok(row) => compare(sample, row),
                Err(said) => vec![format!("not read: {said}")],
            };
            fields += sample.fields.len();
            for difference in differences {
                different += 1;
                let known = DIFFERENT.iter().position(|(own, stated, _)| {
                    name.ends_with(own) && difference.contains(stated)
                });
                match known {
                    Some(at) => used[at] += 1,
                    None => wrong.push(format!("{name}: {difference}\n    {}", sample.sample)),
                }
            }
        }
        println!(
            "{name:<75} samples {:>3} fields {fields:>4} different {different:>3}",
            samples.len()
        );
        totals = (totals.0 + fields, totals.1 + different);
    }
    println!("{} fields compared, {} different", totals.0, totals.1);
    for ((file, stated, reason), used) in DIFFERENT.iter().zip(used) {
        println!("deliberate, {used} times: {file}: {stated}: {reason}");
        assert!(used > 0, "no longer different: {file}: {stated}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The record of each sample, alone in its file; or what was said instead.
fn rows(samples: &[&Expected]) -> Vec<Result<Value, String>> {
    let folder = tempfile::tempdir().unwrap();
    let place = |number: usize| folder.path().join(format!("{number:04}.log"));
    for (number, sample) in samples.iter().enumerate() {
        std::fs::write(place(number), format!("{}\n", sample.sample)).unwrap();
    }
    let whole = Read::of(folder.path());
    let mut by_file: BTreeMap<String, Value> = BTreeMap::new();
    for row in whole.rows {
        let file = Path::new(row["source_file"].as_str().unwrap_or_default());
        let file = file.file_name().unwrap_or_default();
        by_file.insert(file.to_string_lossy().into_owned(), row);
    }
    let one = |number| {
        let name = format!("{number:04}.log");
        by_file.get(&name).cloned().ok_or(()).or_else(|()| {
            let alone = Read::of(&place(number));
            alone.rows.first().cloned().ok_or(alone.said)
        })
    };
    (0..samples.len()).map(one).collect()
}

/// Which fields of a record are not as stated.
fn compare(expected: &Expected, row: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut wrong = Vec::new();
    for (name, stated) in &expected.fields {
        let (own, stated) = match *name {
            "target" => (text(&row["path"]), path(stated)),
            "time" => (seconds(&text(&row["time"])), seconds(stated)),
            "host" => (without_port(&text(&row["host"])), without_port(stated)),
            _ => (text(&row[*name]), stated.clone()),
        };
        if own != stated {
            wrong.push(format!("{name}: {own:?} is not {stated:?}"));
        }
    }
    wrong
}

/// A path as `events` shows it.
fn path(target: &str) -> String {
    let target = target.split(['?', '#']).next().unwrap_or_default();
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    path.to_owned()
}

fn without_port(host: &str) -> String {
    host.split(':').next().unwrap_or_default().to_lowercase()
}

/// Seconds since 1970, of a number of milliseconds or a date.
fn seconds(time: &str) -> String {
    if let Ok(millis) = time.parse::<f64>() {
        return format!("{:.0}", (millis / 1_000.0).floor());
    }
    chrono::DateTime::parse_from_rfc3339(time)
        .map_or_else(|_| time.to_owned(), |time| time.timestamp().to_string())
}
