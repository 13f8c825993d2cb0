//! The sample shop: what its README says must come out, comes out.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "../examples/support/rng.rs"]
mod rng;
#[path = "../examples/shop/mod.rs"]
mod shop;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output};

use chrono::Datelike as _;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use rng::{Rng, mix};
use shop::kong::Line;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What the invented clients send and no output may show: an API key in the query, and a session.
const SECRETS: [&str; 2] = ["NOT-A-REAL-KEY-4f1d9c", "NOT-A-REAL-SESSION-77ab"];

/// Verdict, kind and level, and the reasons: all that are given, or one that must be.
type Fate = (String, BTreeSet<String>);

#[test]
fn every_row_of_the_table_comes_out_and_nothing_else_does() {
    let (table, report) = (table(), reported());
    let mut wrong = Vec::new();
    for (key, (fate, reason)) in &table {
        match report.get(key) {
            None => wrong.push(format!("{key:?} is not in the report")),
            Some(found) => wrong.extend(
                found
                    .iter()
                    .filter(|(verdict, reasons)| verdict != fate || !reasons.is_superset(reason))
                    .map(|fact| format!("{key:?} is {fact:?}, not {fate} {reason:?}")),
            ),
        }
    }
    let unexpected = report.keys().filter(|key| !table.contains_key(*key));
    wrong.extend(unexpected.map(|key| format!("{key:?} is not in the table")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.len() > 80, "{} rows", table.len());
}

#[test]
fn a_client_that_no_policy_names_is_reported_and_gets_no_grant() {
    let report = json(&scopetrim(ROOT, &["analyze", "samples/shop", "--json"]));
    let only: Vec<&Value> = report["only_in_log"].as_array().unwrap().iter().collect();
    assert!(only.iter().any(|value| value["name"] == "partner-sandbox"));
    let ids = report["clients"].as_array().unwrap();
    assert!(ids.iter().all(|client| client["id"] != "partner-sandbox"));
}

#[test]
fn the_committed_logs_are_what_the_generator_writes() {
    let mut written: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    let days = shop::calendar::FIRST.iter_days();
    for date in days.take_while(|date| *date <= shop::calendar::LAST) {
        let name = format!("kong-{}-{:02}.log.gz", date.year(), date.month());
        written.entry(name).or_default().extend(requests(date));
    }
    let logs = Path::new(ROOT).join("samples/shop/logs");
    let committed: BTreeSet<String> = fs::read_dir(&logs)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(committed.iter().eq(written.keys()), "{committed:?}");
    for (name, mut lines) in written {
        lines.sort();
        let text: String = lines.iter().flat_map(|line| [&line.text, "\n"]).collect();
        // No diff of two megabytes on failure.
        assert!(plain(&logs.join(&name)) == text, "{name} differs");
    }
}

#[test]
fn no_output_shows_a_secret_of_the_logs() {
    let month = plain(&Path::new(ROOT).join("samples/shop/logs/kong-2026-10.log.gz"));
    for secret in SECRETS {
        assert!(month.contains(secret), "the logs have no `{secret}`");
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let logs = [
        "--logs",
        "samples/shop/logs",
        "--catalog",
        "samples/shop/openapi.yaml",
    ];
    let mut texts = Vec::new();
    for arguments in [
        &["analyze", "samples/shop", "--level", "review", "--out", out][..],
        &["analyze", "samples/shop", "--json"],
        &[&["usage"], &logs[..]].concat(),
    ] {
        let ran = scopetrim(ROOT, arguments);
        texts.extend([ran.stdout, ran.stderr]);
    }
    for entry in fs::read_dir(folder.path()).unwrap() {
        texts.push(fs::read(entry.unwrap().path()).unwrap());
    }
    for text in texts.iter().map(|text| String::from_utf8_lossy(text)) {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[test]
fn the_diff_applies_leaves_nothing_to_do_and_the_undo_restores_every_byte() {
    for level in ["likely", "review"] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        copy(
            &Path::new(ROOT).join("samples/shop"),
            &folder.path().join("samples/shop"),
        );
        let policy = folder.path().join("samples/shop/grants.yaml");
        let before = fs::read(&policy).unwrap();
        let analyze = ["analyze", "samples/shop", "--level", level, "--out", "out"];
        scopetrim(root, &analyze);
        git(root, &["apply", "--check", "out/policy.diff"]);
        git(root, &["apply", "out/policy.diff"]);
        assert_ne!(fs::read(&policy).unwrap(), before);
        let again = scopetrim(root, &["analyze", "samples/shop", "--level", level]);
        let again = String::from_utf8(again.stdout).unwrap();
        let nothing = format!("no removals at level {level} or safer");
        assert!(again.contains(&nothing), "{again}");
        git(root, &["apply", "--check", "out/undo.diff"]);
        git(root, &["apply", "out/undo.diff"]);
        assert_eq!(fs::read(&policy).unwrap(), before);
    }
}

/// The table of the sample's README.
fn table() -> BTreeMap<(String, String), Fate> {
    let text = fs::read_to_string(Path::new(ROOT).join("samples/shop/README.md")).unwrap();
    let rows = text.split_once("|---|---|---|---|---|---|\n").unwrap().1;
    let mut table = BTreeMap::new();
    for row in rows.lines().take_while(|row| row.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [client, term, verdict, kind, level, reason] = cells[..] else {
            unreachable!("{row}")
        };
        let fate = format!("{verdict} {kind} {level}");
        let reason = BTreeSet::from([reason.to_owned()]);
        let known = table.insert((client.to_owned(), term.to_owned()), (fate, reason));
        assert_eq!(known, None, "twice: {row}");
    }
    table
}

/// The same from the report; a term that is held twice has two fates.
fn reported() -> BTreeMap<(String, String), Vec<Fate>> {
    let report = json(&scopetrim(ROOT, &["analyze", "samples/shop", "--json"]));
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut found: BTreeMap<_, Vec<Fate>> = BTreeMap::new();
    for client in report["clients"].as_array().unwrap() {
        for term in client["terms"].as_array().unwrap() {
            let [verdict, kind, level] = ["verdict", "kind", "level"].map(|key| text(&term[key]));
            let reasons = term["reasons"].as_array().unwrap().iter().map(text);
            let key = (text(&client["id"]), text(&term["term"]));
            let fate = (format!("{verdict} {kind} {level}"), reasons.collect());
            found.entry(key).or_default().push(fate);
        }
    }
    found
}

/// All requests of one day, as `examples/make_shop.rs` writes them with scale 1 and seed 1.
fn requests(date: chrono::NaiveDate) -> Vec<Line> {
    let mut lines = Vec::new();
    for caller in shop::stories::CALLERS {
        for (index, call) in (0_u64..).zip(caller.calls) {
            if date < call.from || date > call.to || !call.rhythm.falls_on(date) {
                continue;
            }
            let day = u64::try_from(date.num_days_from_ce()).unwrap();
            let mut rng = Rng::new(1 ^ mix(shop::hash(caller.name) ^ (index << 32) ^ day));
            let one = || shop::kong::line(caller, call, date, &mut rng);
            lines.extend(std::iter::repeat_with(one).take(call.times as usize));
        }
    }
    lines
}

fn plain(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn scopetrim(folder: &str, arguments: &[&str]) -> Output {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    ran
}

fn json(ran: &Output) -> Value {
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn git(folder: &str, arguments: &[&str]) {
    let ran = Command::new("git")
        .current_dir(folder)
        // Another repository around the folder would make `apply` skip the paths.
        .env(
            "GIT_CEILING_DIRECTORIES",
            Path::new(folder).parent().unwrap(),
        )
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
