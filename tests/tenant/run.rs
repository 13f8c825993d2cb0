//! The program, run on the tenant in each format; once for all tests.

use std::process::Command;
use std::sync::LazyLock;
use std::thread;

use serde_json::Value;

use crate::tenant::format::Format;
use crate::tenant::plants::{self, Expect, Plant};
use crate::tenant::{Size, Tenant};

/// The report of each format.
pub(crate) type Reports = Vec<(Format, Value)>;

/// Without a plant.
pub(crate) static QUIET: LazyLock<Reports> = LazyLock::new(|| reports(&[]));
/// With all of them.
pub(crate) static PLANTED: LazyLock<Reports> = LazyLock::new(|| reports(&planted()));

/// Few clients, and all the days: fast without optimisation, and long enough for every limit.
pub(crate) fn size() -> Size {
    Size {
        clients: 15,
        hours: 2,
        ..Size::default()
    }
}

/// A table of a rule that is not there would be refused, and nothing else be compared.
fn planted() -> Vec<Plant> {
    let mut plants = plants::all();
    for plant in &mut plants {
        let known = |expect: &Expect| scopetrim::finding::by_name(expect.rule).is_some();
        if !plant.expects.iter().all(known) {
            plant.config = "";
        }
    }
    plants
}

fn reports(plants: &[Plant]) -> Reports {
    let tenant = Tenant::new(&size(), plants);
    thread::scope(|scope| {
        let started = Format::ALL.map(|format| {
            let tenant = &tenant;
            (format, scope.spawn(move || report(tenant, format)))
        });
        let ended = started.map(|(format, run)| (format, run.join().unwrap()));
        ended.into_iter().collect()
    })
}

fn report(tenant: &Tenant, format: Format) -> Value {
    let folder = tempfile::tempdir().unwrap();
    tenant.write(format, folder.path()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    let ran = command
        .args(["analyze", ".", "--json", "--quiet"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let talk = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}: {talk}", format.name());
    serde_json::from_slice(&ran.stdout).unwrap()
}
