//! The levels against another implementation of the method.
//!
//! The histories and the reference lie next to this repository; without them, or without a
//! Python that has numpy (`PYTHON` names one), the test says so and passes.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only test functions"
)]

#[expect(dead_code, reason = "the example prints more than is compared here")]
#[path = "../examples/levels/real.rs"]
mod real;
#[expect(dead_code, reason = "the example prints more than is compared here")]
#[path = "../examples/levels/table.rs"]
mod table;
#[path = "../examples/levels/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use scopetrim::model::Day;
use world::{Key, Tenant};

/// Prints client, scope, p, bound, level, cases, uses, clients and effective cases of each
/// grant idle for 30 days, with all digits.
const ASK: &str = r#"
import csv, sys
sys.path.insert(0, sys.argv[1])
import levels_reference as L
history = {}
for r in csv.DictReader(open(sys.argv[2])):
    history.setdefault((r["client"], r["resource"]), set()).add(int(r["day"]))
grants = [(r["client"], r["resource"], int(r["since"]), None) for r in csv.DictReader(open(sys.argv[3]))]
rows, log = L.build(history, grants, int(sys.argv[4]), int(sys.argv[5]))
r = L.assess(log, log.hi)
for k in range(len(r["i"])):
    print(*rows[r["i"][k]][:2], repr(float(r["p"][k])), repr(float(r["bound"][k])), ("review", "likely", "safe")[r["level"][k]],
          r["cases"][k], r["again"][k], r["clients"][k], repr(float(r["effective"][k])), sep="\t")
"#;

/// A Python with numpy, if there is one.
fn python() -> Option<String> {
    let named = std::env::var("PYTHON").ok();
    let mut candidates = named.into_iter().chain(["python3".to_owned()]);
    candidates.find(|name| {
        let asked = Command::new(name).args(["-c", "import numpy"]).output();
        asked.is_ok_and(|done| done.status.success())
    })
}

/// What the reference says, by client and scope.
fn reference(
    python: &str,
    shared: &Path,
    tenant: &Tenant,
    (from, at): (Day, Day),
) -> BTreeMap<Key, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let mut history = "day,client,resource\n".to_owned();
    let mut grants = "client,resource,since\n".to_owned();
    for ((client, scope), days) in &tenant.uses {
        for day in days.iter().filter(|day| **day <= at) {
            writeln!(history, "{},{client},{scope}", day.0).unwrap();
        }
    }
    for ((client, scope), since) in &tenant.grants {
        writeln!(grants, "{client},{scope},{}", since.0).unwrap();
    }
    let [one, two] = ["history.csv", "grants.csv"].map(|name| folder.path().join(name));
    fs::write(&one, history).unwrap();
    fs::write(&two, grants).unwrap();
    let done = Command::new(python)
        .args(["-c", ASK])
        .arg(shared.join("tools"))
        .args([&one, &two])
        .args([from.0.to_string(), at.0.to_string()])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let text = String::from_utf8(done.stdout).unwrap();
    text.lines()
        .map(|line| {
            let mut parts = line.split('\t').map(str::to_owned);
            let key = (parts.next().unwrap(), parts.next().unwrap());
            (key, parts.collect())
        })
        .collect()
}

#[test]
fn probability_bound_counts_and_level_are_those_of_the_reference() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let history = shared.join("data/real-history/golang-tools-person-x-label-dir.csv.gz");
    let script = shared.join("tools/levels_reference.py");
    let Some(python) = python().filter(|_| history.is_file() && script.is_file()) else {
        println!("not compared: no reference next to the repository, or no Python with numpy");
        return;
    };
    let uses = real::read(&history).unwrap();
    let from = *uses.values().filter_map(|days| days.first()).min().unwrap();
    let dates = real::dates(&uses);
    let (mut compared, mut wrong) = (0, Vec::new());
    for date in [dates[0], dates[2], dates[4]] {
        // The last day with records: days after it are not days of the log.
        let days = uses.values().flatten().filter(|day| **day <= date);
        let at = *days.max().unwrap();
        let tenant = real::tenant(&uses, at);
        let expected = reference(&python, &shared, &tenant, (from, at));
        let said = tenant.said(from, at);
        for (key, row) in &said {
            let (Some(evidence), Some(other)) = (row.evidence, expected.get(key)) else {
                continue;
            };
            let number = |place: usize| other[place].parse::<f64>().unwrap();
            let odds = evidence.odds;
            let near = [(odds.p, 0), (odds.upper, 1), (odds.effective, 6)]
                .iter()
                .all(|(value, place)| (value - number(*place)).abs() < 1e-9);
            let counts = [odds.similar, odds.reused, odds.clients];
            let same = counts
                .iter()
                .zip(3..)
                .all(|(value, place)| value.to_string() == other[place]);
            if !(near && same && row.method.name() == other[2]) {
                wrong.push(format!(
                    "{at} {key:?}: {odds:?} {:?}, not {other:?}",
                    row.method
                ));
            }
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared} grants");
    assert!(
        wrong.is_empty(),
        "{} of {compared}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
}
