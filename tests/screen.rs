//! The first screen: its order and width, colours, and commands that work as they are printed.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_scopetrim");

/// The samples in a git repository of their own.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &Path::new(ROOT).join("samples"),
        &folder.path().join("samples"),
    );
    for arguments in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "x"]] {
        git(folder.path(), arguments);
    }
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let ran = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=x", "-c", "user.email=x@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
}

fn run(folder: &Path, columns: &str, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(PROGRAM);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("COLUMNS", columns)
        .envs(more.iter().copied())
        .args(arguments)
        .output()
        .unwrap()
}

fn shop(columns: &str, more: &[&str]) -> String {
    let arguments = [&["analyze", "samples/shop"], more].concat();
    let ran = run(Path::new(ROOT), columns, &arguments, &[]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// What stands in front of the diff, with its first comment.
fn head(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with("--- "));
    lines.take(48).collect::<Vec<_>>().join("\n")
}

fn without_codes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}

#[test]
fn the_first_screen_at_four_widths() {
    for columns in ["60", "80", "120", "200"] {
        let plain = shop(columns, &[]);
        assert!(!plain.contains('\u{1b}'), "a pipe gets no codes");
        insta::assert_snapshot!(format!("shop_{columns}"), head(&plain));
        let coloured = shop(columns, &["--color", "always"]);
        // The proposed commands name no colour either.
        assert_eq!(without_codes(&coloured), plain);
        let shown = head(&coloured).replace('\u{1b}', "ESC");
        insta::assert_snapshot!(format!("shop_{columns}_colour"), shown);
    }
}

#[test]
fn no_line_but_those_of_the_policy_file_is_wider_than_the_screen() {
    for (columns, more) in [
        ("60", &[][..]),
        ("80", &[]),
        ("80", &["--stats"]),
        ("120", &["--level", "review"]),
        ("200", &["--stats"]),
    ] {
        let text = shop(columns, more);
        let width: usize = columns.parse().unwrap();
        let (front, rest) = text.split_once("\n--- a/").unwrap();
        let (_, end) = rest.rsplit_once("\n\n").unwrap();
        for line in front.lines().chain(end.lines()) {
            assert!(line.chars().count() <= width, "{columns}: {line}");
        }
    }
}

#[test]
fn forty_lines_hold_the_conclusion_the_clients_their_levels_and_the_next_command() {
    let text = shop("80", &[]);
    let first: Vec<&str> = text.lines().take(40).collect();
    assert!(first[0].starts_with("45 of 82 permissions can go: 34 likely"));
    let json = shop("80", &["--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    for client in report["clients"].as_array().unwrap() {
        for term in client["terms"].as_array().unwrap() {
            if term["verdict"] != "remove" {
                continue;
            }
            let level = term["level"].as_str().unwrap().to_uppercase();
            let row = format!("{level}  {} ", client["id"].as_str().unwrap());
            assert!(
                first.iter().any(|line| line.starts_with(&row)),
                "{row}\n{text}"
            );
        }
    }
    assert!(first.contains(&"Next: scopetrim explain samples/shop migration-token"));
}

#[test]
fn colour_follows_the_flag_then_the_environment_and_a_pipe_gets_none() {
    let coloured = |flag: &[&str], environment: &[(&str, &str)]| {
        let arguments = [&["analyze", "samples/gateway"], flag].concat();
        let ran = run(Path::new(ROOT), "80", &arguments, environment);
        ran.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(
        &[],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
    ));
    assert!(coloured(&["--color=always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["--color=never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--json", "--color=always"], &[]));
}

#[test]
fn what_is_printed_can_be_applied_in_every_folder_of_the_repository() {
    let repository = repository();
    let top = repository.path();
    let shop = top.join("samples/shop");
    let elsewhere = tempfile::tempdir().unwrap();
    let policy = shop.join("grants.yaml");
    let before = fs::read(&policy).unwrap();
    for (called, folder, applied) in [
        (top, "samples/shop", top),
        (&shop, ".", top),
        (&shop, ".", &*shop),
        (top, "samples/shop", &*shop),
        (elsewhere.path(), shop.to_str().unwrap(), top),
    ] {
        let ran = run(called, "80", &["analyze", folder, "--stats"], &[]);
        let text = String::from_utf8(ran.stdout).unwrap();
        assert!(
            text.contains("\n--- a/samples/shop/grants.yaml\n"),
            "{text}"
        );
        assert!(text.contains("\n# samples/shop/grants.yaml:"), "{text}");
        assert!(text.contains("\n  Apply:  "), "text after the diff");
        let patch = elsewhere.path().join("printed.diff");
        fs::write(&patch, text).unwrap();
        git(applied, &["apply", patch.to_str().unwrap()]);
        assert_ne!(fs::read(&policy).unwrap(), before);
        git(applied, &["apply", "-R", patch.to_str().unwrap()]);
        assert_eq!(fs::read(&policy).unwrap(), before);
    }
}

/// The commands that a screen proposes; lines that end as a shell wants it are joined.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace(" \\\n", " ");
    let labels = [
        "Next: ",
        "  Review: ",
        "  Apply:  ",
        "          scope",
        "See all:  ",
    ];
    let lines = joined.lines().filter_map(|line| {
        let label = labels.iter().find(|label| line.starts_with(**label))?;
        Some(line[label.len().min(10)..].trim_start().to_owned())
    });
    lines.collect()
}

#[test]
fn the_proposed_commands_work_as_they_are_printed() {
    let binary = Path::new(PROGRAM).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", binary.display());
    for (columns, call) in [
        ("80", "analyze samples/shop"),
        (
            "60",
            "analyze --catalog samples/shop/openapi.yaml --grants samples/shop/grants.yaml --config samples/shop/scopetrim.toml --logs samples/shop/logs --level review",
        ),
    ] {
        let repository = repository();
        let top = repository.path();
        let policy = top.join("samples/shop/grants.yaml");
        let before = fs::read(&policy).unwrap();
        let arguments: Vec<&str> = call.split(' ').collect();
        let ran = run(top, columns, &arguments, &[]);
        let text = String::from_utf8(ran.stdout).unwrap();
        let commands = commands(&text);
        assert_eq!(commands.len(), 5, "{commands:#?}\n{text}");
        for line in &commands {
            let ran = Command::new("sh")
                .args(["-c", line])
                .current_dir(top)
                .env("PATH", &path)
                .output()
                .unwrap();
            assert!(ran.status.success(), "{line}: {ran:?}");
        }
        assert_ne!(fs::read(&policy).unwrap(), before, "{commands:#?}");
    }
}

#[test]
fn explain_takes_its_names_as_people_type_them() {
    let shop = Path::new(ROOT).join("samples/shop");
    let title = |folder: &Path, arguments: &[&str]| {
        let arguments = [&["explain"], arguments].concat();
        let ran = run(folder, "80", &arguments, &[]);
        assert_eq!(ran.status.code(), Some(0), "{arguments:?}: {ran:?}");
        // Places are named from where the program was called; the scopes are the same.
        let text = String::from_utf8(ran.stdout).unwrap();
        let titles = text
            .lines()
            .filter(|line| line.starts_with(char::is_alphabetic));
        titles.map(str::to_owned).collect::<Vec<_>>()
    };
    let root = Path::new(ROOT);
    let whole = title(&shop, &["storefront-web"]);
    assert_eq!(whole[0], "storefront-web");
    assert_eq!(title(root, &["samples/shop", "storefront-web"]), whole);
    let one = title(&shop, &["storefront-web", "orders:read"]);
    assert!(one.len() < whole.len(), "{one:?} {whole:?}");
    for same in [
        &["samples/shop", "storefront-web", "orders:read"][..],
        &["--dir", "samples/shop", "storefront-web", "orders:read"],
    ] {
        assert_eq!(title(root, same), one, "{same:?}");
    }
}

#[test]
fn a_client_with_the_name_of_a_folder_is_reached_with_dir() {
    let repository = repository();
    let shop = repository.path().join("samples/shop");
    fs::create_dir(shop.join("storefront-web")).unwrap();
    let code = |arguments: &[&str]| {
        let ran = run(&shop, "80", &[&["explain"], arguments].concat(), &[]);
        ran.status.code()
    };
    assert_eq!(code(&["storefront-web"]), Some(0), "alone it is a client");
    assert_eq!(code(&["storefront-web", "orders:read"]), Some(2));
    assert_eq!(
        code(&["--dir", ".", "storefront-web", "orders:read"]),
        Some(0)
    );
}

#[test]
fn an_unknown_client_and_an_unknown_scope_end_with_2_and_a_suggestion() {
    for (arguments, error, help) in [
        (
            &["samples/shop", "storefront-wb"][..],
            "no policy file names a client `storefront-wb`",
            "did you mean `storefront-web`?",
        ),
        (
            &["samples/shop", "storefront-web", "order:read"],
            "`storefront-web` does not hold `order:read`",
            "did you mean `orders:read`?",
        ),
        (
            &["samples/shop", "quarter-close", "xyz"],
            "`quarter-close` does not hold `xyz`",
            "it holds customers:read, invoices:read, reports:run",
        ),
        (
            &["samples/shop"],
            "`samples/shop` is a folder, and no client is named",
            "write scopetrim explain DIR CLIENT;",
        ),
        (
            &["samples/nowhere", "storefront-web", "orders:read"],
            "there is no folder `samples/nowhere`",
            "write scopetrim explain DIR CLIENT SCOPE",
        ),
    ] {
        let arguments = [&["explain"], arguments].concat();
        let ran = run(Path::new(ROOT), "80", &arguments, &[]);
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        assert!(ran.stdout.is_empty());
        assert!(said.contains(error), "{said}");
        assert!(said.contains(help), "{said}");
    }
}

#[test]
fn a_manual_page_is_written_for_every_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), "80", &["man", "--out", "man1"], &[]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    for name in ["scopetrim", "scopetrim-analyze", "scopetrim-ledger-prune"] {
        let page = fs::read_to_string(folder.path().join(format!("man1/{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
}

#[test]
fn old_spellings_of_flags_still_work() {
    for arguments in [
        &["usage", "samples/shop", "--format", "kong"][..],
        &[
            "report",
            "samples/shop",
            "--month",
            "2026-10",
            "--format",
            "md",
        ],
    ] {
        let ran = run(Path::new(ROOT), "80", arguments, &[]);
        assert!(matches!(ran.status.code(), Some(0 | 3)), "{ran:?}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
