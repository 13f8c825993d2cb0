//! `roles mine`: from a policy file alone, and on the matrices of the literature.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only test functions"
)]

#[path = "roles/diff.rs"]
mod diff;
#[expect(dead_code, reason = "the bench reads more of them")]
#[path = "support/role_data.rs"]
mod role_data;
#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use std::collections::BTreeSet;

use role_data::{PLANTED, check, folder, matrix, planted};
use scopetrim::analysis::role_mining::{Aim, Meanings, Needs, Proposal, RoleOptions, propose};
use support::{Case, line};

fn proposed(needs: &Needs, aim: Aim) -> Proposal {
    let options = RoleOptions {
        aim,
        ..RoleOptions::default()
    };
    let found = propose(needs, &[], &Meanings::default(), &options);
    check(needs, &found);
    found
}

#[test]
fn roles_are_proposed_from_a_policy_file_alone_and_give_what_it_grants() {
    let case = Case::new();
    case.write(
        "grants.json",
        r#"{"a": ["orders:read", "orders:write"], "b": ["orders:read", "orders:write"], "c": ["orders:read"]}"#,
    );
    let run = case.run(&["roles", "mine", "--grants", "grants.json", "--json"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let mut given = BTreeSet::new();
    for role in value["roles"].as_array().unwrap() {
        assert!(role["name"].as_str().is_some_and(|name| !name.is_empty()));
        for member in role["members"].as_array().unwrap() {
            for term in role["terms"].as_array().unwrap() {
                given.insert(format!(
                    "{} {}",
                    member.as_str().unwrap(),
                    term.as_str().unwrap()
                ));
            }
        }
    }
    let expected = [
        "a orders:read",
        "a orders:write",
        "b orders:read",
        "b orders:write",
        "c orders:read",
    ];
    assert_eq!(given, expected.map(str::to_owned).into());
    assert_eq!(value["proven_fewest"], true);
    // The order of the file says nothing.
    case.write(
        "grants.json",
        r#"{"c": ["orders:read"], "b": ["orders:write", "orders:read"], "a": ["orders:read", "orders:write"]}"#,
    );
    let again = case.run(&["roles", "mine", "--grants", "grants.json", "--json"]);
    assert_eq!(again.out, run.out);
}

#[test]
fn markdown_shows_what_a_role_looks_like_and_escapes_what_files_say() {
    let case = Case::new();
    case.write(
        "grants.yaml",
        "roles:\n  reader: {scopes: [\"x|y:read\"]}\nclients:\n  app: {roles: [reader]}\n",
    );
    let run = case.run(&["roles", "mine", "--grants", "grants.yaml", "--markdown"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out.starts_with("# Roles\n") && run.out.contains("fits"),
        "{}",
        run.out
    );
    assert!(run.out.contains("x\\|y:read"), "{}", run.out);
}

#[test]
fn a_role_that_is_used_at_month_ends_alone_is_named_after_them() {
    let case = Case::new();
    case.write(
        "routes.yaml",
        "routes:\n  GET /orders: orders:read\n  GET /reports: reports:read\n",
    );
    case.write(
        "grants.json",
        r#"{"books": ["reports:read"], "shop": ["orders:read"]}"#,
    );
    // The last days of January to June 2026.
    let ends = [30, 58, 89, 119, 150, 180];
    let names = |others: &[u32]| {
        let mut log = String::new();
        for day in 0..=200 {
            log.push_str(&line(day, "shop", "GET /orders", 200));
            if ends.contains(&day) || others.contains(&day) {
                log.push_str(&line(day, "books", "GET /reports", 200));
            }
        }
        case.write("log.jsonl", log);
        let args = "roles mine --grants grants.json --catalog routes.yaml --logs log.jsonl --json";
        let run = case.run(&args.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, Some(0), "{}", run.err);
        let value: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let roles = value["roles"].as_array().unwrap().iter();
        let mut names: Vec<String> = roles
            .map(|role| role["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&[]), ["month-end-reports-read", "orders-read"]);
    assert_eq!(
        names(&[105]),
        ["orders-read", "reports-read"],
        "and once in April"
    );
}

/// The larger ones are in the bench (`cargo bench --bench roles`).
#[test]
fn real_matrices_are_covered_exactly_by_the_fewest_roles_and_with_less_complexity_than_known() {
    let Some(folder) = folder() else {
        println!("skipped: ../shared/data/role-mining is absent");
        return;
    };
    let bars = [("hc", 14, 264), ("domino", 20, 745), ("fire2", 10, 1_120)];
    for (name, fewest, complexity) in bars {
        let needs = matrix(&folder.join("hp").join(format!("{name}.txt.gz")));
        let found = proposed(&needs, Aim::Roles);
        assert_eq!(
            (found.roles.len(), found.is_fewest()),
            (fewest, true),
            "{name}"
        );
        let found = proposed(&needs, Aim::Complexity);
        assert!(
            found.complexity <= complexity,
            "{name}: {}",
            found.complexity
        );
    }
}

#[test]
fn every_role_that_was_planted_is_found_in_the_smallest_matrix() {
    let Some(folder) = folder() else {
        println!("skipped: ../shared/data/role-mining is absent");
        return;
    };
    let (needs, roles) = planted(&folder, PLANTED[0]);
    let found = proposed(&needs, Aim::Roles);
    let same = |own: &&BTreeSet<_>| found.roles.iter().any(|role| role.terms == **own);
    assert_eq!(roles.iter().filter(same).count(), roles.len());
}
