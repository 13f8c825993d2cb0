//! The workflows, the action and the template are YAML that says what it is meant to say: steps that exist, files
//! that exist, actions pinned by commit, and flags that the program has.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use crate::{BINARY, ROOT, read};

#[test]
fn the_release_builds_for_three_systems_and_proves_what_it_publishes() {
    let release = yaml("release.yml");
    let targets: Vec<&str> = strings(
        &release["jobs"]["build"]["strategy"]["matrix"]["include"],
        "target",
    );
    for system in ["linux-musl", "apple-darwin", "pc-windows"] {
        assert!(
            targets.iter().any(|target| target.contains(system)),
            "{targets:?}"
        );
    }
    let text = read(".github/workflows/release.yml");
    for needed in [
        "SHA256SUMS",
        "cyclonedx",
        "attest-build-provenance",
        "--locked",
        "packaging/make.sh",
        "packaging/deb.sh",
    ] {
        assert!(text.contains(needed), "{needed}");
    }
    // Only the job that publishes may write, and each job says what it may.
    assert_eq!(release["permissions"], Value::Object(Map::new()));
    assert_eq!(release["jobs"]["build"]["permissions"]["contents"], "read");
    assert_eq!(
        release["jobs"]["publish"]["permissions"]["contents"],
        "write"
    );
    // Every target that is packed is asked for by name in the descriptions.
    let make = read("packaging/make.sh");
    for target in targets.iter().filter(|target| !target.contains("windows")) {
        assert!(make.contains(target), "{target}");
    }
}

#[test]
fn the_gate_of_ci_needs_every_job() {
    let ci = yaml("ci.yml");
    let jobs: BTreeSet<&str> = ci["jobs"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut needed: BTreeSet<&str> = ci["jobs"]["passed"]["needs"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    needed.insert("passed");
    assert_eq!(jobs, needed);
    assert!(read(".github/workflows/ci.yml").contains("run: .ci/run"));
}

#[test]
fn actions_are_pinned_by_commit_and_scripts_exist() {
    let mut pins = 0;
    for name in [
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
        "action.yml",
        "packaging/gitlab.yml",
    ] {
        let text = read(name);
        for line in text.lines() {
            if let Some((_, action)) = line.split_once("uses: ") {
                let (_, commit) = action.split_once('@').unwrap();
                let commit = commit.split(' ').next().unwrap();
                assert!(
                    commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()),
                    "{name}: {line}"
                );
                pins += 1;
            }
            for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || "._/-".contains(c))) {
                if let Some(script) = word.find("packaging/").map(|at| &word[at..])
                    && Path::new(script).extension().is_some_and(|end| end == "sh")
                {
                    assert!(Path::new(ROOT).join(script).exists(), "{name}: {script}");
                }
            }
        }
    }
    assert!(pins > 4, "only {pins} actions");
}

#[test]
fn what_the_action_takes_it_uses_and_the_page_lists_it() {
    let action = &documents(&read("action.yml"))[0];
    let page = read("docs/ci.md");
    let text = read("action.yml");
    let inputs = action["inputs"].as_object().unwrap();
    assert!(inputs.len() > 4);
    for (name, input) in inputs {
        assert!(
            input["description"]
                .as_str()
                .is_some_and(|said| said.len() > 10),
            "{name}"
        );
        assert!(
            text.contains(&format!("inputs.{name}")),
            "{name} is not used"
        );
        assert!(
            page.contains(&format!("| `{name}` |")),
            "docs/ci.md does not list {name}"
        );
    }
    assert_eq!(action["runs"]["using"], "composite");
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(step["shell"], "bash", "{step}");
        // What comes from outside reaches a shell through its environment, never through its text.
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step}");
    }
}

#[test]
fn what_the_template_takes_it_uses() {
    let text = read("packaging/gitlab.yml");
    let documents = documents(&text);
    let inputs = documents[0]["spec"]["inputs"].as_object().unwrap();
    for name in inputs.keys() {
        assert!(
            text.contains(&format!("$[[ inputs.{name} ]]")),
            "{name} is not used"
        );
    }
    let job = &documents[1]["scopetrim"];
    assert_eq!(job["artifacts"]["reports"]["junit"], "scopetrim.xml");
    assert!(
        job["script"]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_string),
        "{job}"
    );
}

#[test]
fn the_flags_of_the_pipelines_exist() {
    let mut seen = BTreeSet::new();
    for name in [
        "action.yml",
        "packaging/gitlab.yml",
        "packaging/pipeline.sh",
    ] {
        for line in read(name)
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            let command = ["check", "report"].into_iter().find(|command| {
                line.contains(&format!("scopetrim {command} "))
                    || line.contains(&format!("\" {command} "))
                    || line.contains(&format!("-- {command} "))
            });
            let command = command.or_else(|| line.contains("set -- \"$@\"").then_some("check"));
            let Some(command) = command else { continue };
            let help = Command::new(BINARY)
                .args([command, "--help"])
                .output()
                .unwrap();
            let help = String::from_utf8(help.stdout).unwrap();
            for flag in line
                .split_whitespace()
                .filter(|word| word.starts_with("--") && word.len() > 2)
            {
                let flag = flag.trim_end_matches([';', '`']);
                assert!(help.contains(flag), "{name}: `{command}` has no {flag}");
                seen.insert(flag.to_owned());
            }
        }
    }
    for flag in ["--fail-on", "--baseline", "--output", "--month"] {
        assert!(seen.contains(flag), "{flag} was not looked at: {seen:?}");
    }
}

#[test]
fn the_container_is_made_of_files_that_are_there() {
    let file = read("Containerfile");
    let version = read("Cargo.toml");
    let (_, version) = version.split_once("rust-version = \"").unwrap();
    let (version, _) = version.split_once('"').unwrap();
    assert!(
        file.contains(&format!("FROM rust:{version}")),
        "the toolchain is that of Cargo.toml"
    );
    // git dates grants; jobs of `docs/scale.md` need a shell, which the last stage has.
    for needed in [
        "--locked",
        "FROM alpine",
        "git",
        "USER 65534",
        "ENTRYPOINT [\"scopetrim\"]",
    ] {
        assert!(file.contains(needed), "{needed}");
    }
    // What is left out of the build is nothing that the build reads.
    for line in read(".dockerignore").lines() {
        assert!(
            ["target", ".git", "tests/browser/node_modules"].contains(&line),
            "{line}"
        );
    }
}

fn yaml(workflow: &str) -> Value {
    documents(&read(&format!(".github/workflows/{workflow}"))).remove(0)
}

/// The values under a key of each item of a list.
fn strings<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item[key].as_str().unwrap())
        .collect()
}

/// The documents of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    text.split("\n---\n").map(crate::yaml::read).collect()
}
