//! A directory of Terraform as git had it: what files that are not named say about names.

use super::{commit, git, git_is_there};
use crate::support::{self, Case, daily};

const ROUTES: &str = "version: 1\nroutes:\n  GET /a: [a]\n  POST /b: [b]\n";
const GRANT: &str = "resource \"auth0_client_grant\" \"ci\" {\n  client_id = auth0_client.ci.id\n  audience  = \"api\"\n  scopes    = [\"a\", \"b\"]\n}\n";

fn client(id: &str) -> String {
    format!(
        "resource \"auth0_client\" \"ci\" {{\n  name      = \"ci\"\n  client_id = \"{id}\"\n}}\n"
    )
}

/// Who holds something, as `grants --json` lists it.
fn clients(case: &Case, grants: &[&str], day: &str) -> Vec<String> {
    let mut args = vec![
        "analyze",
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--json",
    ];
    for name in grants {
        args.extend(["--grants", name]);
    }
    args.extend(["--grants-at", day, "--quiet"]);
    args.extend(support::ANY_SHARE);
    let run = case.run(&args);
    let report: serde_json::Value = serde_json::from_str(&run.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err));
    let all = report["clients"].as_array().unwrap();
    all.iter()
        .map(|client| client["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_stood_next_to_a_terraform_file_on_the_day_says_what_its_names_meant() {
    if !git_is_there() {
        return;
    }
    let case = Case::new();
    let mut log = daily(200, "first-id", "GET /a", 200);
    log += &daily(200, "second-id", "GET /a", 200);
    log += &daily(200, "auth0_client.ci", "GET /a", 200);
    case.write("log.jsonl", log);
    case.write("routes.yaml", ROUTES);
    std::fs::create_dir_all(case.path("infra/deep")).unwrap();
    case.write("infra/grants.tf", GRANT);
    case.write("infra/notes.txt", "no part of it");
    git(&case, "2026-01-01", &["init", "-q", "-b", "main"]);
    commit(&case, "2026-01-01");
    // The grants are never touched again: only the files next to them change.
    case.write("infra/clients.tf", client("first-id"));
    commit(&case, "2026-02-01");
    case.write("infra/clients.tf", client("second-id"));
    case.write("infra/deep/clients.tf", client("of-another-directory"));
    commit(&case, "2026-03-01");
    std::fs::remove_file(case.path("infra/clients.tf")).unwrap();
    commit(&case, "2026-04-01");
    // What is on disk and in no commit says nothing about that time.
    case.write("infra/clients.tf", client("of-today"));
    let at = |day: &str| clients(&case, &["infra/grants.tf"], day);
    assert_eq!(at("2026-01-15"), ["auth0_client.ci"]);
    assert_eq!(at("2026-02-01"), ["first-id"]);
    assert_eq!(at("2026-02-28"), ["first-id"]);
    assert_eq!(at("2026-03-15"), ["second-id"]);
    assert_eq!(at("2026-04-02"), ["auth0_client.ci"]);
}

#[test]
fn a_file_of_the_past_that_is_named_is_not_its_own_neighbour() {
    if !git_is_there() {
        return;
    }
    let case = Case::new();
    case.write("log.jsonl", daily(200, "an-id", "GET /a", 200));
    case.write("routes.yaml", ROUTES);
    case.write("grants.tf", GRANT);
    case.write(
        "more.tf",
        client("an-id") + &GRANT.replace("\"ci\"", "\"twice\""),
    );
    git(&case, "2026-01-01", &["init", "-q", "-b", "main"]);
    commit(&case, "2026-01-01");
    let found = clients(&case, &["grants.tf", "more.tf"], "2026-02-01");
    assert_eq!(found, ["an-id"]);
}

#[test]
fn files_that_were_in_two_directories_have_the_neighbours_of_both() {
    if !git_is_there() {
        return;
    }
    let case = Case::new();
    case.write("log.jsonl", daily(200, "an-id", "GET /a", 200));
    case.write("routes.yaml", ROUTES);
    let twice = GRANT.replace("ci", "other");
    for (folder, grant, id) in [("one", GRANT, "an-id"), ("two", &twice, "another-id")] {
        std::fs::create_dir_all(case.path(folder)).unwrap();
        let name = if folder == "one" { "ci" } else { "other" };
        case.write(&format!("{folder}/grants-{name}.tf"), grant);
        let own = client(id).replace("\"ci\"", &format!("\"{name}\""));
        case.write(&format!("{folder}/clients.tf"), own);
    }
    git(&case, "2026-01-01", &["init", "-q", "-b", "main"]);
    commit(&case, "2026-01-01");
    let moved = ["one/grants-ci.tf", "two/grants-other.tf"];
    for path in moved {
        let name = path.rsplit('/').next().unwrap();
        std::fs::rename(case.path(path), case.path(name)).unwrap();
    }
    commit(&case, "2026-03-01");
    let found = clients(&case, &["grants-ci.tf", "grants-other.tf"], "2026-02-01");
    assert_eq!(found, ["an-id", "another-id"]);
}
