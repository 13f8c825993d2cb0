//! `roles mine --diff`: on the samples and as a user calls it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::{Case, Run};

/// A case with a copy of a sample's folder.
fn sample(name: &str) -> Case {
    let case = Case::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name);
    let mut open = vec![from.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let within = path.strip_prefix(&from).expect("a path below the sample");
                let bytes = fs::read(&path).expect("a file");
                case.write(&within.display().to_string(), bytes);
            }
        }
    }
    case
}

#[track_caller]
fn ran(case: &Case, args: &[&str]) -> Run {
    let run = case.run(args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    run
}

#[track_caller]
fn tool(case: &Case, program: &str, args: &[&str]) {
    let folder = case.path("");
    let ran = Command::new(program)
        .args(args)
        .current_dir(&folder)
        // Another repository around the folder would make `apply` skip the paths.
        .env(
            "GIT_CEILING_DIRECTORIES",
            folder.parent().expect("a parent"),
        )
        .output()
        .expect("the program is there");
    assert!(ran.status.success(), "{ran:?}");
}

/// What each client holds by the policy file, as `grants` reads it.
fn holdings(case: &Case) -> BTreeMap<String, Vec<String>> {
    let run = ran(
        case,
        &["grants", "--grants", "grants.yaml", "--output", "ndjson"],
    );
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in run.out.lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        all.entry(text("client")).or_default().push(text("term"));
    }
    for terms in all.values_mut() {
        terms.sort();
        terms.dedup();
    }
    all
}

/// What each client gets by a proposal.
fn proposed(run: &Run) -> BTreeMap<String, Vec<String>> {
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for role in value["roles"].as_array().into_iter().flatten() {
        for member in texts(&role["members"]) {
            all.entry(member).or_default().extend(texts(&role["terms"]));
        }
    }
    for terms in all.values_mut() {
        terms.sort();
        terms.dedup();
    }
    all
}

#[test]
fn after_the_diff_each_client_has_what_is_proposed_and_the_same_asked_again_changes_nothing() {
    let inputs: [(&str, &[&str]); 3] = [
        ("shop", &["."]),
        ("shop", &["--grants", "grants.yaml"]),
        ("findings", &["--grants", "grants.yaml"]),
    ];
    for (name, input) in inputs {
        let case = sample(name);
        if input.len() > 1 {
            // Without logs, which the file may name.
            fs::remove_file(case.path("scopetrim.toml")).expect("the file");
        }
        let with = |more: &[&'static str]| [&["roles", "mine"], input, more].concat();
        let first = fs::read(case.path("grants.yaml")).expect("the file");
        let before = holdings(&case);
        let wanted = proposed(&ran(&case, &with(&["--json"])));
        ran(
            &case,
            &with(&["--diff", "--out", "roles.diff", "--undo", "undo.diff"]),
        );
        tool(&case, "git", &["apply", "roles.diff"]);
        assert_ne!(
            fs::read(case.path("grants.yaml")).expect("the file"),
            first,
            "{name}"
        );
        let after = holdings(&case);
        assert_eq!(after, wanted, "{name}");
        for (client, terms) in &after {
            assert!(
                terms.iter().all(|term| before[client].contains(term)),
                "{client}"
            );
        }
        let again = ran(&case, &with(&["--diff"]));
        assert!(
            again.out.starts_with("# nothing to change"),
            "{name}: {}",
            again.out
        );
        assert!(!again.out.contains("--- "), "{name}: {}", again.out);
        tool(&case, "git", &["apply", "undo.diff"]);
        assert_eq!(
            fs::read(case.path("grants.yaml")).expect("the file"),
            first,
            "{name}"
        );
    }
}

#[test]
fn the_diff_keeps_every_comment_and_touches_no_line_that_it_need_not() {
    let case = sample("shop");
    fs::remove_file(case.path("scopetrim.toml")).expect("the file");
    let run = ran(
        &case,
        &["roles", "mine", "--grants", "grants.yaml", "--diff"],
    );
    let gone = run
        .out
        .lines()
        .filter(|line| line.starts_with('-') && !line.starts_with("---"));
    for line in gone {
        assert!(!line.contains('#'), "{line}");
    }
}

#[test]
fn a_diff_that_makes_the_policy_larger_says_so_on_standard_error() {
    let case = Case::new();
    case.write("grants.yaml", "clients:\n  a: [x, y]\n  b: [x, y]\n");
    let run = ran(
        &case,
        &["roles", "mine", "--grants", "grants.yaml", "--diff"],
    );
    assert!(run.out.contains("  a: {roles: ["), "{}", run.out);
    assert!(
        run.err.contains("the diff makes the policy larger"),
        "{}",
        run.err
    );
    let run = ran(&case, &["roles", "mine", "--grants", "grants.yaml"]);
    assert!(
        run.out.contains("the policy is smaller as it is"),
        "{}",
        run.out
    );
}

#[test]
fn a_format_without_a_place_for_roles_is_refused_with_the_reason() {
    let case = Case::new();
    case.write("grants.csv", "client,scope\na,x\na,y\nb,x\nb,y\n");
    let run = case.run(&["roles", "mine", "--grants", "grants.csv", "--diff"]);
    assert_eq!(run.code, Some(2));
    assert!(run.out.is_empty(), "{}", run.out);
    assert!(
        run.err
            .contains("no diff brings these roles into the policy"),
        "{}",
        run.err
    );
}

#[test]
fn the_diff_is_not_mixed_with_another_form_and_undo_needs_it() {
    let case = Case::new();
    case.write("grants.yaml", "clients:\n  a: [x, y]\n");
    for more in [
        &["--diff", "--json"][..],
        &["--diff", "--markdown"],
        &["--undo", "u.diff"],
    ] {
        let run = case.run(&[&["roles", "mine", "--grants", "grants.yaml"], more].concat());
        assert_eq!(run.code, Some(2), "{more:?}");
    }
}
