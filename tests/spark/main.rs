//! `ingest --engine spark` on a real cluster: a standalone master and two workers on loopback,
//! which the test starts. Where Spark is not on this machine, the reason is printed.
//!
//! `SCOPETRIM_ENGINES` is a Python with `pyspark`, `pyarrow` and `pandas`.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod case;
mod cluster;
mod refused;
mod rows;

use std::time::Instant;

use case::{Case, INPUTS};
use cluster::{Cluster, Python, wait};

#[test]
fn a_cluster_gives_the_ledger_of_one_machine() {
    let python = match Python::with_spark() {
        Ok(python) => python,
        Err(reason) => {
            println!("spark: skipped, {reason}");
            return;
        }
    };
    let begun = Instant::now();
    let mut cluster = Cluster::start(python);
    let step = |name: &str| println!("spark: {name}, {:.0} s", begun.elapsed().as_secs_f32());
    step("the cluster is there");
    more_shares_than_cores(&cluster);
    step("more shares than cores: equal, each log read once");
    one_share(&cluster);
    step("one share: equal");
    submitted_by_other_means(&cluster);
    step("a job that others submit: equal");
    rows::of_a_table(&cluster);
    step("rows of a table: equal, one record each, however they are stored");
    a_child_that_fails(&cluster);
    step("a child that fails: said, and the ledger is as it was");
    a_lost_driver(&cluster);
    step("a lost driver: no ledger");
    a_lost_worker(&mut cluster);
    step("a lost worker: equal");
}

/// With an empty log, one with bad lines, and one that is cut off: exit code 3, as by one machine. So
/// many that the cluster merges results before it hands them over; most have no log.
fn more_shares_than_cores(cluster: &Cluster) {
    let case = Case::new();
    let local = case.by_one_machine();
    let run = case.on(cluster, &["--tasks", "40"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_eq!((run.stdout, run.code), (local.stdout, local.code));
    assert_eq!(case.bytes("usage"), case.bytes("local"));
    for said in [
        "Spark: 40 of 40 shares are read",
        "note: incomplete: `logs/5.log.gz`",
    ] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    let mut read = case.read();
    read.sort();
    let inputs = INPUTS.map(|name| format!("logs/{name}"));
    assert_eq!(read, inputs, "each log is read once");
    assert_eq!(case.lines("start ").len(), 40);
}

fn one_share(cluster: &Cluster) {
    let case = Case::new();
    case.by_one_machine();
    // Into a ledger that has one of the logs already, and what the clients hold.
    let args = ["ingest", "logs/0.log", "--catalog", "routes.json"];
    let more = ["--grants", "grants.json", "--ledger", "usage"];
    assert_eq!(case.run(&[args, more].concat()).code, Some(0));
    let run = case.on(cluster, &["--tasks", "1", "--quiet"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_eq!(run.stderr, "");
    assert!(
        run.stdout.contains("logs/0.log: known already"),
        "{}",
        run.stdout
    );
    for ledger in ["usage", "local"] {
        assert_eq!(case.run(&["ledger", "compact", ledger]).code, Some(0));
    }
    assert_eq!(case.bytes("usage"), case.bytes("local"));
}

/// With its files, as the program says, and from a folder that all machines see.
fn submitted_by_other_means(cluster: &Cluster) {
    let case = Case::new();
    let args = [
        "ingest",
        "logs",
        "--catalog",
        "routes.json",
        "--ledger",
        "local",
    ];
    assert_eq!(case.run(&args).code, Some(3));
    let submit = cluster.submit();
    let submit = submit.to_str().unwrap();
    let job = ["--job", "job", "--spark-submit", submit, "--tasks", "2"];
    let written = case.on(cluster, &job);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    assert!(
        written.stderr.contains("what is held is not recorded"),
        "{}",
        written.stderr
    );
    assert!(!case.path("usage").exists(), "nothing was started");
    let with_files = written.stdout.lines().last().unwrap();
    let folder = format!(
        "{submit} --master {} job/spark_job.py --job job",
        cluster.master
    );
    for command in [with_files, &folder] {
        let run = case.shell(cluster, command);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(case.bytes("usage"), case.bytes("local"), "{command}");
        std::fs::remove_dir_all(case.path("usage")).unwrap();
    }
}

fn a_child_that_fails(cluster: &Cluster) {
    let case = Case::new();
    let args = [
        "ingest",
        "logs/0.log",
        "--catalog",
        "routes.json",
        "--ledger",
        "usage",
    ];
    assert_eq!(case.run(&args).code, Some(0));
    let before = case.bytes("usage");
    case.program("echo 'error: no space left' >&2; exit 1");
    let run = case.on(cluster, &["--tasks", "1"]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    let said = "error: Spark: share 1 of 1 ended with 1: error: no space left\n";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert!(
        run.stderr.contains("WARN TaskSetManager: Lost task"),
        "{}",
        run.stderr
    );
    assert_eq!(case.bytes("usage"), before);
}

fn a_lost_driver(cluster: &Cluster) {
    let case = Case::new();
    // Until its driver is gone: no share ends before that.
    case.program("sleep 60");
    let mut running = case.begin(cluster, &["--tasks", "2"], true);
    wait("a share that has begun", || !case.lines("start").is_empty());
    case.kill_submit();
    let status = running.wait().unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(!case.path("usage").exists());
}

fn a_lost_worker(cluster: &mut Cluster) {
    let case = Case::new();
    let local = case.by_one_machine();
    // Long enough that a worker can be caught at it.
    case.program("sleep 2; \"$REAL\" \"$@\"");
    let mut running = case.begin(cluster, &["--tasks", "7"], false);
    let begun = |worker: &str| case.lines(&format!("start {worker} "));
    let ended = |worker: &str| case.lines(&format!("end {worker} "));
    wait("a second share on the first worker", || {
        begun("worker-1").len() > ended("worker-1").len() && !ended("worker-1").is_empty()
    });
    cluster.kill_worker(1);
    let (started, finished) = (begun("worker-1"), ended("worker-1"));
    let lost: Vec<&String> = started
        .iter()
        .filter(|share| !finished.contains(share))
        .collect();
    assert_eq!(lost.len(), 1, "{started:?}, {finished:?}");
    let status = running.wait().unwrap();
    assert_eq!(status.code(), local.code);
    // What it had not finished was done by the other one, and so was what it had finished and took along.
    let redone = ended("worker-2");
    for share in &started {
        assert!(redone.contains(share), "{share}: {redone:?}");
    }
    assert_eq!(case.bytes("usage"), case.bytes("local"));
    cluster.worker("worker-3");
}
