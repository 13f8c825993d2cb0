//! Tests of `init`.

use std::fs;

use super::*;

const KONG: &str = concat!(
    r#"{"request":{"method":"GET","uri":"/v1/orders","headers":{}},"response":{"status":200},"#,
    r#""consumer":{"username":"erp"},"started_at":1767225600000,"latencies":{"request":1}}"#,
    "\n"
);
const OPENAPI: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /orders:\n    get:\n      responses: {}\n";
const GRANTS: &str = "version: 1\nclients:\n  erp:\n    scopes: [orders:read]\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn start(dir: &Path, force: bool, stdout: bool) -> anyhow::Result<String> {
    let mut out = Vec::new();
    run(
        &Args {
            dir: dir.to_owned(),
            force,
            stdout,
        },
        &mut out,
    )?;
    Ok(String::from_utf8(out)?)
}

#[test]
fn what_lies_in_the_folder_is_found_by_content_and_loads() {
    let dir = folder(&[
        ("logs/a.log", KONG),
        ("logs/b.log", KONG),
        ("more/c.txt", KONG),
        ("more/notes.txt", "remember the milk\n"),
        ("events.json", KONG),
        ("api/shop.yml", OPENAPI),
        ("access.yaml", GRANTS),
        (
            "infra/main.tf",
            "resource \"auth0_client_grant\" \"a\" {\n  client_id = \"a\"\n  scopes = [\"x\"]\n}\n",
        ),
        ("infra/net.tf", "resource \"aws_vpc\" \"v\" {}\n"),
        ("team.json", r#"{"erp": ["orders:read"]}"#),
        ("package.json", r#"{"name": "x", "version": "1.0.0"}"#),
        ("node_modules/x/openapi.yaml", OPENAPI),
    ]);
    let said = start(dir.path(), false, false).unwrap();
    let config = config::load(&dir.path().join(FILE_NAME), FILE_NAME).unwrap();
    assert_eq!(config.logs, ["events.json", "logs/*.log*", "more/c.txt"]);
    assert_eq!(config.catalog, ["api/shop.yml"]);
    assert_eq!(config.grants, ["access.yaml", "infra/main.tf", "team.json"]);
    assert!(said.contains("access logs: 4 (kong 4)\n"), "{said}");
    assert!(
        said.contains("left out: node_modules/: a folder of tools\n"),
        "{said}"
    );
}

#[test]
fn rotated_files_are_one_glob_which_catches_tomorrows_and_what_is_left_out_is_said() {
    let logs = [
        "logs/access.log",
        "logs/access.log.1",
        "logs/access.log-20261029",
        "logs/kong-2026-10.log",
        "logs/kong-2026-11.log",
        "s3/2026/10/29/05/gw.log",
        "s3/2026/10/30/06/gw.log",
    ];
    let mut files: Vec<(&str, &str)> = logs.iter().map(|name| (*name, KONG)).collect();
    files.extend([
        ("logs/README.md", "ask ops\n"),
        (
            "logs/error.log",
            "2026/01/02 12:00:00 [error] 7#7: *1 open() failed\n",
        ),
        ("notes/todo.txt", "nothing here\n"),
    ]);
    let dir = folder(&files);
    let said = start(dir.path(), false, false).unwrap();
    let config = config::load(&dir.path().join(FILE_NAME), FILE_NAME).unwrap();
    let globs = ["logs/access.log*", "logs/kong-*.log*", "s3/*/*/*/*/gw.log*"];
    assert_eq!(config.logs, globs);
    for tomorrow in [
        "logs/access.log.2.gz",
        "logs/kong-2026-12.log",
        "s3/2026/11/01/00/gw.log",
    ] {
        let path = dir.path().join(tomorrow);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, KONG).unwrap();
    }
    let caught = crate::input::discover(&config.logs, dir.path()).unwrap();
    assert_eq!(caught.len(), logs.len() + 3, "{caught:?}");
    assert!(
        said.contains("left out: logs/README.md: it is no log"),
        "{said}"
    );
    assert!(
        said.contains("left out: logs/error.log: it looks like an error log"),
        "{said}"
    );
    assert!(said.contains("not used: notes/todo.txt"), "{said}");
}

#[test]
fn an_empty_folder_gives_a_file_that_loads_and_says_that_nothing_was_found() {
    let dir = folder(&[]);
    let said = start(dir.path(), false, false).unwrap();
    for what in ["access logs", "API descriptions", "policy files"] {
        assert!(said.contains(&format!("{what}: none found; ")), "{said}");
    }
    let config = config::load(&dir.path().join(FILE_NAME), FILE_NAME).unwrap();
    assert!(config.logs.is_empty() && config.catalog.is_empty() && config.grants.is_empty());
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let dir = folder(&[(FILE_NAME, "threads = 7\n")]);
    let path = dir.path().join(FILE_NAME);
    assert!(
        start(dir.path(), false, false)
            .unwrap_err()
            .to_string()
            .ends_with("exists already")
    );
    assert!(
        start(dir.path(), false, true)
            .unwrap()
            .starts_with("# Configuration")
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "threads = 7\n");
    start(dir.path(), true, false).unwrap();
    assert_eq!(config::load(&path, FILE_NAME).unwrap().threads, None);
}

#[test]
fn a_description_that_cannot_be_read_is_listed_as_left_out() {
    let dir = folder(&[("openapi.yaml", "openapi: 9.9\n"), ("grants.json", "{")]);
    let said = start(dir.path(), false, false).unwrap();
    assert!(
        said.contains("API descriptions: none found") && said.contains("policy files: none found")
    );
    assert_eq!(said.matches("left out: ").count(), 2, "{said}");
}

#[test]
fn every_line_that_is_commented_out_is_one_that_the_reader_knows() {
    let text = init::text(&FolderContents::default());
    let shown: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.starts_with('[') || line.contains(" = "))
        .collect();
    let shown = shown.join("\n");
    let config = config::parse(&shown, FILE_NAME).unwrap();
    assert_eq!(
        (
            config.exceptions.len(),
            config.granted.len(),
            config.weights.len(),
            config.aliases.len()
        ),
        (1, 1, 1, 1)
    );
    for key in config::KEYS.iter().filter(|key| **key != "since") {
        assert!(
            shown.contains(&format!("{key} = ")) || shown.contains(&format!("[{key}")),
            "{key} is not shown"
        );
    }
}

#[test]
fn a_file_of_an_unknown_form_with_clients_gets_a_proposal_that_reads_it() {
    let list = "owner: x\nservices:\n- {client_id: erp, scopes: [orders:read]}\n- {client_id: crm, scopes: [orders:write]}\n";
    let dir = folder(&[
        ("team/access.yaml", list),
        ("team/more.yaml", list),
        (
            "export.csv",
            "Client ID,Permissions\nerp,\"orders:read;orders:write\"\n",
        ),
        ("apps.toml", "[access]\nerp = [\"orders:read\"]\n"),
        (
            "mixed.yaml",
            "clients:\n- {id: a, scopes: [x], permissions: [y]}\n",
        ),
        (
            "compose.yaml",
            "services:\n  web: {image: x, ports: ['80:80']}\n",
        ),
        ("report.csv", "month,amount\n2026-01,7\n"),
    ]);
    let said = start(dir.path(), false, false).unwrap();
    assert!(
        said.contains("proposed: [[policies]] `access` for team/access.yaml, team/more.yaml (2 clients, 2 grants): check it in scopetrim.toml\n"),
        "{said}"
    );
    assert!(
        said.contains("not clear: mixed.yaml may hold grants"),
        "{said}"
    );
    let path = dir.path().join(FILE_NAME);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\n[[policies]]\n").count(), 3, "{text}");
    assert!(
        text.contains("# PROPOSAL for team/access.yaml, team/more.yaml"),
        "{text}"
    );
    let config = config::load(&path, FILE_NAME).unwrap();
    let files = [
        "apps.toml",
        "export.csv",
        "team/access.yaml",
        "team/more.yaml",
    ];
    assert_eq!(config.grants, files);
    let formats = crate::grants::Formats::with(config.policies.clone());
    for file in files {
        let all = [(dir.path().join(file), file.to_owned())];
        let policy = formats.load(&all).unwrap();
        assert!(!policy.files[0].entries.is_empty(), "{file}");
        let bytes = std::sync::Arc::from(fs::read(dir.path().join(file)).unwrap());
        let Proposed::One(own) = crate::grants::propose(&bytes, file) else {
            panic!("{file}");
        };
        let mut known = config.policies.iter();
        // What is written is what was meant.
        assert!(
            known.any(|known| crate::grants::Description {
                name: own.description.name.clone(),
                ..known.clone()
            } == own.description),
            "{file}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn any_file_name_survives_the_configuration(name in "[^/\\x00]{1,12}") {
        // `look` leaves empty names out.
        proptest::prop_assume!(!name.trim().is_empty());
        let mut found = FolderContents::default();
        found.logs.insert(name.clone(), "kong");
        found.all.push(name.clone());
        let config = config::parse(&init::text(&found), FILE_NAME).unwrap();
        // Of a file that rotation made, what it makes tomorrow is meant as well.
        let rotated = |own: &str| {
            own.ends_with('*') && glob::Pattern::new(own).is_ok_and(|glob| glob.matches(&name))
        };
        let own = config.logs.as_slice();
        proptest::prop_assert!(own.len() == 1 && (own[0] == name || rotated(&own[0])), "{:?}", own);
    }
}
