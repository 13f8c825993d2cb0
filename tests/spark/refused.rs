//! What goes wrong before a cluster does anything, and what a `spark-submit` does that fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::case::Case;

const INGEST: [&str; 6] = [
    "ingest",
    "--catalog",
    "routes.json",
    "--ledger",
    "usage",
    "--engine",
];

/// Runs `ingest` with these arguments, without a Spark on the path: the code, and what is said.
fn ingest(case: &Case, args: &[&str]) -> (Option<i32>, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .args(INGEST)
        .args(args)
        .env_remove("SPARK_HOME")
        .env("PATH", case.path("bin"))
        .current_dir(case.path(""))
        .output()
        .unwrap();
    assert!(!case.path("usage").exists());
    (run.status.code(), String::from_utf8(run.stderr).unwrap())
}

/// A `spark-submit` that does this.
fn submit(case: &Case, script: &str) {
    fs::create_dir_all(case.path("bin")).unwrap();
    let path = case.path("bin/spark-submit");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn without_a_spark_it_is_said_what_to_do() {
    let case = Case::new();
    let (code, said) = ingest(&case, &["spark", "logs"]);
    assert_eq!(code, Some(2));
    for word in ["no Spark is found", "--spark-submit PATH", "--shard"] {
        assert!(said.contains(word), "{said}");
    }
    let (code, said) = ingest(&case, &["spark", "logs", "--spark-submit", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("`nowhere` cannot be started"), "{said}");
}

#[test]
fn what_a_cluster_cannot_read_is_refused_before_it_is_asked() {
    let case = Case::new();
    submit(&case, "echo started >&2; exit 9");
    for (args, word) in [
        (vec!["flink", "logs"], "spark://HOST:PORT"),
        (vec!["spark", "-"], "standard input"),
        (vec!["spark", "nothing.log"], "no such file"),
        (vec!["spark", "logs", "--catalog", "none.yaml"], "none.yaml"),
        (vec!["spark", "logs", "--rejects", "r"], "--rejects"),
        (
            vec!["spark", "logs", "--grants-at", "2026-01-01"],
            "--grants-at",
        ),
        (vec!["spark", "logs", "--tasks", "0"], "--tasks"),
    ] {
        let (code, said) = ingest(&case, &args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(word) && !said.contains("started"), "{said}");
    }
}

#[test]
fn a_driver_that_ends_without_a_result_leaves_no_ledger_and_its_last_words() {
    let case = Case::new();
    for (script, words) in [
        (
            "echo 'Error: no \u{1b}[31mmaster' >&2; exit 1",
            ["no \\u{1b}[31mmaster", "exit status: 1"],
        ),
        ("echo so; kill -9 $$", ["so", "signal: 9"]),
        // It says that it is done, and there is nothing.
        (
            "echo 'scopetrim-event:{\"done\":4}'",
            ["partial", "No such file"],
        ),
        (
            "echo 'scopetrim-event:{\"failed\":\"share 1 of 1 ended with 2\",\"help\":\"look there\"}'; exit 1",
            ["Spark: share 1 of 1 ended with 2", "help: look there"],
        ),
    ] {
        submit(&case, script);
        let (code, said) = ingest(&case, &["spark", "logs"]);
        assert_eq!(code, Some(2), "{said}");
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
}

#[test]
fn a_result_that_lacks_a_share_is_not_committed() {
    let case = Case::new();
    // The driver's place is taken by a share of its own, the first of two.
    let script = format!(
        "for out; do :; done\n'{}' ingest logs --catalog routes.json --shard 1/2 --partial \"$out/0\" >&2\n\
         echo 'scopetrim-event:{{\"done\":2}}'",
        env!("CARGO_BIN_EXE_scopetrim")
    );
    submit(&case, &script);
    let (code, said) = ingest(&case, &["spark", "logs"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("shard 2 of 2 missing"), "{said}");
}

#[test]
fn a_job_for_others_is_written_without_a_spark_and_never_over_another() {
    let case = Case::new();
    let args = ["spark://10.0.0.1:7077", "logs", "--job", "a job", "--quiet"];
    let write = || {
        let all = [&INGEST[..], &args].concat();
        case.run(&all)
    };
    let written = write();
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let said = "The job in `a job` adds the logs to `usage`. It is submitted by:\n\n  spark-submit --master spark://10.0.0.1:7077 --files 'a job/f0,";
    assert!(written.stdout.starts_with(said), "{}", written.stdout);
    assert!(
        written.stdout.ends_with(" 'a job/spark_job.py'\n"),
        "{}",
        written.stdout
    );
    let entries = fs::read_dir(case.path("a job")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "f0",
            "inputs.ndjson",
            "job.json",
            "scopetrim",
            "spark_job.py"
        ]
    );
    let again = write();
    assert_eq!(again.code, Some(2));
    assert!(
        again.stderr.contains("`a job` exists already") && again.stderr.contains("--job DIR"),
        "{}",
        again.stderr
    );
    assert!(!case.path("usage").exists());
}

#[test]
fn the_driver_is_printed_and_python_reads_it() {
    let case = Case::new();
    let printed = case.run(&["engine", "spark-job"]);
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    assert!(printed.stdout.contains("mapInArrow"));
    fs::write(case.path("job.py"), printed.stdout).unwrap();
    let read = Command::new("python3")
        .args(["-c", "import ast; ast.parse(open('job.py').read())"])
        .current_dir(case.path(""))
        .output();
    match read {
        Ok(read) => assert!(read.status.success(), "{read:?}"),
        Err(error) => println!("spark: the driver is not compiled: python3: {error}"),
    }
}
