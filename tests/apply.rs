//! `apply`, as a user runs it: the edits of a plan, and everything that it refuses.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod support;

use std::fs;
use std::process::Command;

use support::{Case, Run, daily};

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n  DELETE /orders: orders:delete\n";
const GRANTS: &str = "version: 1 # ours\nclients:\n  app:\n    owner: shop\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write # since May\n      - orders:delete\n  web:\n    owner: \"@team/<b>\"\n    since: 2024-01-01\n    scopes: [orders:read, orders:write]\n  ops:\n    since: 2024-01-01\n    roles: [admin]\n  bot:\n    since: 2024-01-01\n    roles: [admin]\nroles:\n  admin:\n    scopes: [orders:read, orders:delete]\n";

/// A case whose plan is in `out`.
fn planned(grants: &str, more: &[&str]) -> Case {
    let clients = ["app", "web", "ops", "bot"];
    let log: String = clients
        .iter()
        .map(|client| daily(300, client, "GET /orders", 200))
        .collect();
    let case = Case::of(ROUTES, grants, &log);
    let run = case.analyze(&[&["--level", "review", "--quiet", "--out", "out"], more].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
    case
}

fn apply(case: &Case, more: &[&str]) -> Run {
    case.run(&[&["apply", "out", "--level", "review"], more].concat())
}

fn policy(case: &Case) -> String {
    fs::read_to_string(case.path("grants.yaml")).expect("the policy")
}

#[track_caller]
fn refused(case: &Case, more: &[&str], expected: &str) {
    let before = policy(case);
    let run = apply(case, more);
    assert_eq!(run.code, Some(2), "{}{}", run.out, run.err);
    assert!(run.err.contains(expected), "{}", run.err);
    assert_eq!(policy(case), before, "{}", run.err);
}

fn git(case: &Case, args: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(case.path("")).args(args);
    command
        .env("GIT_AUTHOR_NAME", "t")
        .env("GIT_AUTHOR_EMAIL", "t@example.org")
        .env("GIT_COMMITTER_NAME", "t")
        .env("GIT_COMMITTER_EMAIL", "t@example.org");
    command.output().expect("git runs").status.success()
}

#[test]
fn the_plan_is_applied_and_its_undo_gives_the_bytes_back() {
    for grants in [GRANTS.to_owned(), GRANTS.replace('\n', "\r\n")] {
        let case = planned(&grants, &[]);
        let shown = apply(&case, &["--dry-run"]);
        assert!(
            shown.out.contains("-      - orders:write # since May"),
            "{}",
            shown.out
        );
        assert_eq!(policy(&case), grants);
        let run = apply(&case, &[]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.out.contains("grants.yaml: 4 edits"), "{}", run.out);
        let edited = policy(&case);
        assert!(
            !edited.contains("orders:write") && !edited.contains("orders:delete"),
            "{edited}"
        );
        assert_eq!(edited.contains("\r\n"), grants.contains("\r\n"));
        assert_eq!(
            edited.replace("\r\n", "\n").lines().count(),
            edited.lines().count()
        );
        assert!(
            run.out.contains("git apply out/applied-undo.diff"),
            "{}",
            run.out
        );
        assert!(git(&case, &["apply", "out/applied-undo.diff"]));
        assert_eq!(policy(&case), grants);
        // As if it had never been applied.
        assert_eq!(apply(&case, &[]).code, Some(0));
        assert_eq!(policy(&case), edited);
    }
}

#[test]
fn a_second_time_is_refused_and_says_so() {
    let case = planned(GRANTS, &[]);
    assert_eq!(apply(&case, &["--client", "web"]).code, Some(0));
    refused(
        &case,
        &[],
        "the plan was applied already: `grants.yaml` has its edits",
    );
    let run = apply(&case, &[]);
    assert!(
        run.err
            .contains("`git apply out/applied-undo.diff` takes them back"),
        "{}",
        run.err
    );
}

#[test]
fn a_changed_file_and_a_changed_plan_are_refused() {
    let case = planned(GRANTS, &[]);
    case.write("grants.yaml", format!("{GRANTS}# more\n"));
    refused(&case, &[], "`grants.yaml` changed since the plan was made");
    case.write("grants.yaml", GRANTS);
    let plan = fs::read_to_string(case.path("out/plan.json")).expect("the plan");
    case.write("out/plan.json", plan.replace("\"review\"", "\"safe\""));
    refused(&case, &[], "its content is not what its hash says");
    case.write("out/plan.json", "{}");
    refused(&case, &[], "it is not a plan");
    fs::remove_file(case.path("out/plan.json")).expect("it was there");
    refused(&case, &[], "plan.json");
    case.write("out/plan.json", &plan);
    fs::rename(case.path("grants.yaml"), case.path("moved.yaml")).expect("moved");
    let run = apply(&case, &[]);
    assert!(
        run.err.contains("its path starts at the folder"),
        "{}",
        run.err
    );
}

#[test]
fn a_file_with_changes_that_are_not_committed_is_refused() {
    let case = planned(GRANTS, &[]);
    if !git(&case, &["init", "-q"]) {
        eprintln!("skipped: git is not there");
        return;
    }
    refused(&case, &[], "`grants.yaml` is not committed");
    assert!(git(&case, &["add", "grants.yaml"]));
    refused(&case, &[], "`grants.yaml` is not committed");
    assert!(git(&case, &["commit", "-qm", "x"]));
    case.write("other.txt", "other files may be dirty");
    assert_eq!(apply(&case, &["--client", "app"]).code, Some(0));
    assert!(git(&case, &["apply", "out/applied-undo.diff"]));
    case.write("grants.yaml", GRANTS.replace("# ours", "# mine"));
    assert!(git(&case, &["commit", "-qam", "y"]));
    case.write("grants.yaml", GRANTS);
    refused(&case, &[], "`grants.yaml` has uncommitted changes");
    let run = apply(&case, &["--allow-dirty"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
#[cfg(unix)]
fn mode_stays_and_links_and_read_only_files_are_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let case = planned(GRANTS, &[]);
    let path = case.path("grants.yaml");
    let mode = |mode: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode(0o444);
    refused(
        &case,
        &[],
        "`grants.yaml` is read-only: nothing was changed",
    );
    mode(0o640);
    fs::hard_link(&path, case.path("second.yaml")).expect("a link");
    refused(&case, &[], "several names (hard links)");
    fs::remove_file(case.path("second.yaml")).expect("it was there");
    fs::rename(&path, case.path("real.yaml")).expect("moved");
    symlink("real.yaml", &path).expect("a link");
    refused(&case, &[], "is a symbolic link to");
    fs::remove_file(&path).expect("it was there");
    fs::rename(case.path("real.yaml"), &path).expect("moved");
    assert_eq!(apply(&case, &[]).code, Some(0));
    let found = fs::metadata(&path).expect("the policy");
    assert_eq!(found.permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_part_of_the_plan_is_taken_by_client_term_and_level() {
    let case = planned(GRANTS, &[]);
    let diff = |more: &[&str]| {
        let run = apply(&case, &[&["--dry-run"], more].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        let gone = run
            .out
            .lines()
            .filter(|line| line.starts_with('-') && !line.starts_with("---"));
        let gone: Vec<String> = gone
            .map(|line| line.trim_start_matches(['-', ' ']).to_owned())
            .collect();
        (gone, run.err)
    };
    let (gone, _) = diff(&["--client", "app", "--term", "orders:write"]);
    assert_eq!(gone, ["orders:write # since May"]);
    let (gone, _) = diff(&["--term", "orders:write"]);
    assert_eq!(
        gone,
        [
            "orders:write # since May",
            "scopes: [orders:read, orders:write]"
        ]
    );
    let (gone, said) = diff(&["--client", "ops"]);
    assert!(
        gone.is_empty() && said.contains("1 edit left out: of a role"),
        "{gone:?} {said}"
    );
    let (gone, _) = diff(&["--client", "ops", "--client", "bot"]);
    assert_eq!(gone, ["scopes: [orders:read, orders:delete]"]);
    let run = case.run(&["apply", "out"]);
    assert!(
        run.out.contains("nothing to apply at level safe"),
        "{}",
        run.out
    );
    assert!(run.err.contains("left out; --level"), "{}", run.err);
    refused(&case, &["--client", "wep"], "did you mean `web`?");
    refused(
        &case,
        &["--term", "none"],
        "nobody is granted a term `none`",
    );
    let run = apply(&case, &["--term", "orders:write"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(policy(&case).contains("- orders:delete"));
}

#[test]
fn an_interrupted_run_is_told_file_by_file() {
    let one =
        |name: &str| format!("clients:\n  {name}:\n    scopes: [orders:read, orders:write]\n");
    let log = daily(300, "app", "GET /orders", 200) + &daily(300, "web", "GET /orders", 200);
    let case = Case::of(ROUTES, &one("app"), &log);
    case.write("web.yaml", one("web"));
    let run = case.analyze(&[
        "--grants", "web.yaml", "--level", "review", "--quiet", "--out", "out",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(apply(&case, &[]).code, Some(0));
    case.write("web.yaml", one("web"));
    let run = apply(&case, &[]);
    assert_eq!(run.code, Some(2));
    let text = "an earlier run was interrupted: `grants.yaml` has its edits, `web.yaml` has not";
    assert!(run.err.contains(text), "{}", run.err);
    assert!(git(
        &case,
        &["apply", "--include=grants.yaml", "out/applied-undo.diff"]
    ));
    assert_eq!(policy(&case), one("app"));
    assert_eq!(apply(&case, &[]).code, Some(0));
}

#[test]
fn patches_of_clients_and_owners_come_with_a_text_and_change_nothing() {
    let case = planned(GRANTS, &[]);
    let read = |name: &str| fs::read_to_string(case.path(name)).expect("a patch");
    let run = apply(&case, &["--split", "client", "--out", "patches"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(policy(&case), GRANTS);
    for name in ["client-app", "client-web", "role-admin"] {
        assert!(
            git(&case, &["apply", &format!("patches/{name}.diff")]),
            "{name}"
        );
        assert_ne!(policy(&case), GRANTS);
        assert!(
            git(&case, &["apply", &format!("patches/{name}.undo.diff")]),
            "{name}"
        );
        assert_eq!(policy(&case), GRANTS);
    }
    let text = read("patches/role-admin.md");
    assert!(text.starts_with("# Remove 1 grant of bot, ops\n"), "{text}");
    assert!(
        text.contains("| orders:delete | role admin (bot, ops) | grants.yaml:22 | review |"),
        "{text}"
    );
    let run = apply(&case, &["--split", "owner", "--out", "owners"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    for name in ["owner-shop", "owner--team--b-", "without-owner"] {
        assert!(
            read(&format!("owners/{name}.diff")).contains("--- a/grants.yaml"),
            "{name}"
        );
    }
    assert_eq!(apply(&case, &["--split", "client"]).code, Some(2));
    assert_eq!(policy(&case), GRANTS);
}

#[test]
fn narrower_terms_come_all_together_or_not_at_all() {
    let grants = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes: [orders:all, orders:spare]\n";
    let routes = "version: 1\nroutes:\n  GET /orders: [orders:all, orders:read]\n  POST /orders: orders:all\n  GET /spare: orders:spare\n";
    let case = Case::of(routes, grants, &daily(300, "app", "GET /orders", 200));
    let run = case.analyze(&["--narrow", "--level", "review", "--quiet", "--out", "out"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let run = apply(&case, &["--term", "orders:spare", "--dry-run"]);
    assert!(
        run.out.contains("+    scopes: [orders:all]"),
        "{}{}",
        run.out,
        run.err
    );
    let run = apply(&case, &[]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        policy(&case).contains("scopes: [orders:read]"),
        "{}",
        policy(&case)
    );
}

/// Analyses one policy file of a client that needs `orders:read` alone.
fn analyzed(file: &str, grants: &str) -> Case {
    let case = Case::new();
    case.write("routes.yaml", ROUTES);
    case.write("log.jsonl", daily(300, "app", "GET /orders", 200));
    case.write(file, grants);
    let mut args = vec!["analyze", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    args.extend(["--grants", file, "--level", "review", "--quiet"]);
    args.extend(["--out", "out"]);
    args.extend(support::ANY_SHARE);
    let run = case.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    case
}

#[test]
fn json_patches_are_written_for_objects_and_the_policy_stays() {
    let grant = "client_id: app\naudience: api\nscope:\n- orders:read\n- orders:write\n";
    let case = analyzed("grant.yaml", grant);
    assert_eq!(
        apply(&case, &["--json-patch"]).code,
        Some(2),
        "a folder is needed"
    );
    let run = apply(&case, &["--json-patch", "--out", "patches"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let text = fs::read_to_string(case.path("patches/app-api.json")).expect("a patch");
    let operations: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let expected = serde_json::json!([
        {"op": "test", "path": "/scope/1", "value": "orders:write"},
        {"op": "remove", "path": "/scope/1"},
    ]);
    assert_eq!(operations, expected);
    let now = fs::read_to_string(case.path("grant.yaml")).expect("the policy");
    assert_eq!(now, grant);
}

#[test]
fn the_revoke_list_of_an_export_is_written_and_the_policy_stays() {
    let consents = r#"{"oauth2PermissionGrants": [
  {"id": "g1", "clientId": "app", "resourceId": "api", "scope": "orders:read orders:write"}
]}
"#;
    let case = analyzed("entra.json", consents);
    let run = apply(&case, &["--json-patch", "--out", "patches"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("entra.json: 1 command"), "{}", run.out);
    let text = fs::read_to_string(case.path("patches/commands.txt")).expect("commands");
    let url = "https://graph.microsoft.com/v1.0/oauth2PermissionGrants/g1";
    let line =
        format!("az rest --method patch --url {url} --body '{{\"scope\":\"orders:read\"}}'\n");
    assert_eq!(text, line);
    let names = fs::read_dir(case.path("patches")).expect("a folder");
    assert_eq!(names.count(), 1, "Graph takes no JSON Patch");
    let now = fs::read_to_string(case.path("entra.json")).expect("the policy");
    assert_eq!(now, consents);
}
