//! What starts the shares.

use std::process::Command;

use serde_json::Value;

use crate::{Folder, block, bytes, yaml};

const MERGE: &[&str] = &["ledger", "merge", "parts", "--into", "usage"];

#[test]
fn the_shares_that_xargs_starts_give_the_ledger_of_one_machine() {
    let folder = Folder::of_the_shop();
    let ran = folder.shell(&block("sh xargs"), &[]);
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(bytes(&folder.path("usage")), folder.by_one_machine());
}

#[test]
fn the_shares_that_gnu_parallel_starts_give_the_ledger_of_one_machine() {
    let version = Command::new("parallel").arg("--version").output();
    // Another program of this name takes other arguments.
    if !version.is_ok_and(|out| out.stdout.starts_with(b"GNU parallel")) {
        println!("scale: GNU parallel: skipped, it is not on this machine");
        return;
    }
    let folder = Folder::of_the_shop();
    let ran = folder.shell(&block("sh parallel"), &[]);
    assert!(ran.status.success(), "{ran:?}");
    let log = std::fs::read_to_string(folder.path("shares.txt")).unwrap();
    assert_eq!(log.lines().count(), 1 + 8, "{log}");
    assert_eq!(bytes(&folder.path("usage")), folder.by_one_machine());
}

#[test]
fn each_pod_of_the_indexed_job_reads_its_share() {
    let job = yaml::read(&block("yaml"));
    assert_eq!(job["apiVersion"], "batch/v1");
    assert_eq!(job["kind"], "Job");
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    let pod = &spec["template"]["spec"];
    // A Job takes no other policy than this one and `OnFailure`.
    assert_eq!(pod["restartPolicy"], "Never");
    let container = &pod["containers"][0];
    assert_eq!(
        container["volumeMounts"][0]["mountPath"],
        container["workingDir"]
    );
    assert_eq!(
        container["volumeMounts"][0]["name"],
        pod["volumes"][0]["name"]
    );
    let shares = spec["completions"].as_u64().unwrap();
    each_share(&container["command"], shares, "JOB_COMPLETION_INDEX", &[]);
}

#[test]
fn each_child_of_the_array_job_reads_its_share() {
    let job: Value = serde_json::from_str(&block("json")).unwrap();
    assert_eq!(job["type"], "container");
    let container = &job["containerProperties"];
    let mount = &container["mountPoints"][0];
    assert_eq!(mount["sourceVolume"], container["volumes"][0]["name"]);
    let environment = &container["environment"][0];
    assert_eq!(environment["name"], "DATA");
    assert_eq!(environment["value"], mount["containerPath"]);
    let here = [("DATA", ".")];
    let command = &container["command"];
    each_share(command, 8, "AWS_BATCH_JOB_ARRAY_INDEX", &here);
}

/// Runs the command with each index from 0, the last one first; one log is cut off.
fn each_share(command: &Value, shares: u64, index: &str, more: &[(&str, &str)]) {
    let folder = Folder::of_the_shop();
    let cut = folder.path("logs/kong-2025-12.log.gz");
    let whole = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &whole[..whole.len() - 9]).unwrap();
    assert_eq!(command[0], "/bin/sh");
    assert_eq!(command[1], "-c");
    let script = command[2].as_str().unwrap();
    assert!(script.contains(&format!("/{shares}")), "{script}");
    // What an attempt that was killed has left: a manifest that lists nothing, and half a file.
    let body = r#"{"format":"scopetrim.ledger/2","pruned_before":null,"parts":[]}"#;
    let digest = blake3::hash(body.as_bytes()).to_hex();
    let manifest = format!("{body}\n{{\"checksum\":\"blake3:{digest}\"}}\n");
    let killed = folder.path("parts/1");
    std::fs::create_dir_all(killed.join("usage/day=2026-01-01")).unwrap();
    std::fs::write(killed.join("manifest.json"), manifest).unwrap();
    std::fs::write(killed.join("usage/day=2026-01-01/half"), "PAR1").unwrap();
    for at in (0..shares).rev() {
        let at = at.to_string();
        let vars = [&[(index, at.as_str())][..], more].concat();
        let ran = folder.shell(script, &vars);
        assert!(ran.status.success(), "{at}: {ran:?}");
    }
    // Started again, a share that is there is not read again.
    let vars = [&[(index, "0")][..], more].concat();
    let again = folder.shell(script, &vars);
    assert!(
        again.status.success()
            && again.stdout.split(|byte| *byte == b'\n').all(|line| {
                line.is_empty() || line.windows(15).any(|words| words == b": known already")
            }),
        "{again:?}"
    );
    // And an error is none that is let pass.
    std::fs::remove_dir_all(folder.path("parts/1")).unwrap();
    std::fs::rename(folder.path("openapi.yaml"), folder.path("elsewhere.yaml")).unwrap();
    let failed = folder.shell(script, &vars);
    assert!(!failed.status.success(), "{failed:?}");
    std::fs::rename(folder.path("elsewhere.yaml"), folder.path("openapi.yaml")).unwrap();
    assert!(folder.shell(script, &vars).status.success());
    let merged = folder.run(MERGE);
    assert!(merged.status.success(), "{merged:?}");
    let local = folder.run(&[
        "ingest",
        "logs",
        "--catalog",
        "openapi.yaml",
        "--ledger",
        "local",
    ]);
    assert_eq!(local.status.code(), Some(3), "{local:?}");
    assert!(folder.run(&["ledger", "compact", "local"]).status.success());
    assert_eq!(bytes(&folder.path("usage")), bytes(&folder.path("local")));
}
