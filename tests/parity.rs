//! The levels against another implementation of the method, through the product's own
//! ledger: log lines, a policy file and a catalogue are written, ingested and read back.
//!
//! The histories come from the reference beside this repository; without it, or without a
//! Python that has numpy (`PYTHON` names one), the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print, and clippy exempts only test functions"
)]

#[expect(dead_code, reason = "the example prints more than is compared here")]
#[path = "../examples/safety/history.rs"]
mod history;
#[path = "../examples/safety/ledger.rs"]
mod ledger;
#[path = "../examples/safety/world.rs"]
mod world;

use std::path::Path;
use std::process::Command;

use scopetrim::model::Level;
use world::World;

/// What is asked of the generator.
const HISTORIES: [&[&str]; 3] = [
    &["--seed=0", "--clients=60"],
    &[
        "--seed=1",
        "--clients=60",
        "--population=hard",
        "--missing=0.1",
    ],
    &["--seed=2", "--clients=80", "--history=450"],
];

/// A Python with numpy, if there is one.
fn python() -> Option<String> {
    let named = std::env::var("PYTHON").ok();
    let mut candidates = named.into_iter().chain(["python3".to_owned()]);
    candidates.find(|name| {
        let asked = Command::new(name).args(["-c", "import numpy"]).output();
        asked.is_ok_and(|done| done.status.success())
    })
}

/// Writes one history; `None` says why there is none.
fn export(to: &Path, more: &[&str]) -> Option<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tools/safety_export.py");
    let Some(python) = python().filter(|_| script.is_file()) else {
        println!("not compared: no reference beside the repository, or no Python with numpy");
        return None;
    };
    let done = Command::new(python)
        .arg(&script)
        .arg(to)
        .args(more)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    Some(())
}

#[test]
fn the_ledger_gives_the_same_probability_bound_stratum_and_level_as_the_reference() {
    let mut compared = 0;
    for more in HISTORIES {
        let folder = tempfile::tempdir().unwrap();
        let tables = folder.path().join("tables");
        if export(&tables, more).is_none() {
            return;
        }
        let world = ledger::world(&tables, folder.path(), 2).unwrap();
        let read = history::read(&tables, &world).unwrap();
        for case in &read.cases {
            let (p, upper, level) = &case.expected;
            assert_eq!(case.odds.is_some(), !level.is_empty(), "{}", case.client);
            let Some(own) = case.odds else { continue };
            assert!((own.0 - p).abs() < 1e-9 && (own.1 - upper).abs() < 1e-9);
            assert_eq!(case.stratum.0, Some(case.stratum.1));
            assert_eq!(case.core.map(Level::name), Some(level.as_str()));
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared} grants");
}

#[test]
fn what_it_says_of_its_own_past_is_no_better_than_what_then_comes() {
    let (mut past, mut safe, mut likely) = ([0; 4], [0; 2], [0; 2]);
    for seed in ["0", "1", "2"] {
        let folder = tempfile::tempdir().unwrap();
        if export(folder.path(), &["--seed", seed]).is_none() {
            return;
        }
        let world = World::direct(folder.path()).unwrap();
        let read = history::read(folder.path(), &world).unwrap();
        for (sum, own) in past.iter_mut().zip(read.past.unwrap_or_default()) {
            *sum += own;
        }
        for case in &read.cases {
            for (sum, worst) in [(&mut safe, Level::Safe), (&mut likely, Level::Likely)] {
                if case.core.is_some_and(|level| level <= worst) {
                    sum[0] += 1;
                    sum[1] += u32::from(case.later.0 > 0);
                }
            }
        }
    }
    let rate = |all: u32, used: u32| f64::from(used) / f64::from(all);
    let said = [rate(past[0], past[1]), rate(past[2], past[3])];
    let came = [safe, likely].map(|[all, used]| rate(all, used));
    assert!(past[0] > 3000, "{past:?}");
    // 0.9 is the bar.
    assert!(
        said[0] >= 0.9 * came[0] && said[1] >= 0.9 * came[1],
        "{said:?}, {came:?}"
    );
}
