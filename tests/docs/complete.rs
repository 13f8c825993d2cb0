//! What is listed is complete: every command, every exit code of the help, every sample; and the README can be
//! finished by a stranger.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::ROOT;
use crate::page::Page;

/// More than this nobody reads before trying.
const README_LINES: usize = 200;
/// "I have an NGINX log, an `OpenAPI` file and a list of clients": so many commands until there is a diff.
const TO_A_DIFF: usize = 5;

#[test]
fn every_command_has_a_row() {
    let help = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands: BTreeSet<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 15, "{commands:?}");
    let page = Page::read("docs/commands.md");
    let rows: Vec<&str> = page
        .text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for command in commands {
        // Of `completions SHELL`, `man` both have the row.
        let names = |row: &&&str| {
            let cell = row.split(" | ").next().unwrap();
            cell.split('`')
                .any(|part| part.split(' ').next() == Some(command))
        };
        assert!(
            rows.iter().any(|row| names(&row)),
            "docs/commands.md has no row for `{command}`"
        );
    }
}

#[test]
fn the_readme_is_short_and_names_every_sample() {
    let readme = Page::read("README.md");
    let lines = readme.text.lines().count();
    assert!(lines <= README_LINES, "{lines} lines");
    for entry in fs::read_dir(Path::new(ROOT).join("samples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let told = readme.text.contains(&format!("samples/{name}"));
        // This one plants findings for people who write rules.
        assert!(
            told || name == "findings",
            "the README does not name samples/{name}"
        );
        assert!(
            Path::new(ROOT)
                .join(format!("samples/{name}/README.md"))
                .exists(),
            "samples/{name} has no README"
        );
    }
    for needed in [
        "cargo run --release -- analyze samples/shop",
        "cargo test --locked",
    ] {
        assert!(readme.text.contains(needed), "{needed}");
    }
}

#[test]
fn from_raw_files_to_a_diff_it_takes_five_commands() {
    let readme = Page::read("README.md");
    let blocks = readme.blocks();
    let first = blocks
        .iter()
        .find(|block| block.text.contains("samples/nginx"))
        .unwrap();
    let commands: Vec<&str> = first.text.lines().collect();
    assert!(commands.len() <= TO_A_DIFF, "{commands:?}");
    // The sample has nothing but the three files, and the last command uses the diff.
    assert!(
        !Path::new(ROOT)
            .join("samples/nginx/scopetrim.toml")
            .exists()
    );
    assert!(
        commands
            .last()
            .unwrap()
            .starts_with("git apply result/policy.diff"),
        "{commands:?}"
    );
}
