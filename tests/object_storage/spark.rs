//! `--engine spark` where nothing lies on this machine: logs, description, policy and ledger are in
//! a bucket. Where Spark cannot be had, the reason is printed.
//!
//! `SCOPETRIM_ENGINES` is a Python with `pyspark`, `pyarrow` and `pandas`.

use std::fs;
use std::process::Command;

use crate::{World, files, log, text};

/// The Python of the tests, and the folder of its Spark.
fn spark() -> Result<(String, String), String> {
    let python = std::env::var("SCOPETRIM_ENGINES")
        .map_err(|_| "SCOPETRIM_ENGINES names no Python".to_owned())?;
    let look = "import pandas, pyarrow, pyspark; print(pyspark.__path__[0])";
    let found = Command::new(&python).args(["-c", look]).output();
    let found = found.map_err(|error| error.to_string())?;
    if !found.status.success() {
        return Err(format!("`{python}` has no pyspark, pyarrow and pandas"));
    }
    let java = Command::new("java").arg("-version").output();
    if !java.is_ok_and(|out| out.status.success()) {
        return Err("no java".to_owned());
    }
    Ok((python, text(&found.stdout).trim().to_owned()))
}

#[test]
fn a_cluster_reads_and_writes_a_bucket_as_one_machine_does() {
    let (python, home) = match spark() {
        Ok(found) => found,
        Err(reason) => {
            println!("object storage: Spark is skipped, {reason}");
            return;
        }
    };
    let world = World::new();
    world.add("logs/a.log", &log("billing", 1..6, 20));
    world.add("logs/b.log", &log("storefront-web", 4..9, 20));
    world.add("logs/c.log", &log("partner-export", 8..12, 20));
    fs::create_dir(world.path("conf")).unwrap();
    fs::write(
        world.path("conf/spark-defaults.conf"),
        "spark.master local[2]\nspark.driver.memory 512m\nspark.ui.enabled false\n\
         spark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n",
    )
    .unwrap();
    let inputs = "ingest s3://b/logs --catalog s3://b/openapi.yaml --grants s3://b/grants.yaml";
    let run = |args: &str| {
        let mut command = world.command(args);
        command
            .env("SPARK_HOME", &home)
            .env("SPARK_CONF_DIR", world.path("conf"))
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            .env("PYSPARK_PYTHON", &python);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let local = run(&format!("{inputs} --ledger local"));
    let remote = run(&format!(
        "{inputs} --ledger s3://b/ledger --engine spark --tasks 2"
    ));
    assert_eq!(remote, local);
    assert_eq!(world.server.below("b/ledger/"), files(&world.path("local")));
    // The same named by a configuration, and with a description here.
    fs::write(
        world.path("scopetrim.toml"),
        "logs = [\"s3://b/logs\"]\ncatalog = [\"openapi.yaml\"]\ngrants = [\"s3://b/grants.yaml\"]\nledger = \"s3://b/again\"\n",
    )
    .unwrap();
    run("ingest --engine spark --tasks 3");
    assert_eq!(world.server.below("b/again/"), files(&world.path("local")));
    println!("object storage: Spark was used");
}
