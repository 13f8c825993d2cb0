//! The README tells no tales: its commands run, and its diff is what they print.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PREFIXES: [&str; 2] = ["scopetrim ", "cargo run --release -- "];

#[test]
fn every_command_of_the_readme_runs() {
    let folder = workplace();
    let mut count = 0;
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let Some(arguments) = PREFIXES.iter().find_map(|prefix| line.strip_prefix(prefix)) else {
            continue;
        };
        let ran = run(folder.path(), arguments);
        // 3 is "done, but some input was incomplete".
        assert!(matches!(ran.status.code(), Some(0 | 3)), "{line}: {ran:?}");
        count += 1;
    }
    assert!(count >= 3, "{count} commands");
}

#[test]
fn the_quoted_diff_is_real_output() {
    let folder = workplace();
    let ran = run(folder.path(), "analyze samples/shop");
    let output = String::from_utf8(ran.stdout).unwrap();
    let quoted = blocks("diff");
    assert!(!quoted.is_empty(), "no diff is quoted");
    for block in quoted {
        let mut rest = output.lines();
        for line in block.lines() {
            // Shortened is allowed, another order is not.
            assert!(rest.any(|shown| shown == line), "not in the output: {line}");
        }
        for needed in [
            "# proof: ",
            "# samples/shop/grants.yaml:",
            "@@ ",
            "-      - ",
        ] {
            let mut lines = block.lines();
            assert!(lines.any(|line| line.starts_with(needed)), "no `{needed}`");
        }
    }
}

#[test]
fn every_link_to_a_file_of_the_repository_leads_somewhere() {
    for page in [
        "README.md",
        "docs/report.md",
        "docs/safety.md",
        "docs/replay.md",
        "docs/backtest.md",
    ] {
        let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
        let folder = Path::new(ROOT).join(page);
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let file = folder.parent().unwrap().join(target);
            assert!(file.exists(), "{page}: {target}");
        }
    }
}

/// The contents of the fenced blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0.to_owned())
        .collect()
}

/// The repository's root as a command of the README sees it, to be written to freely.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(
        &Path::new(ROOT).join("samples"),
        &folder.path().join("samples"),
    );
    folder
}

/// No command of the README needs a shell: words, and a comment after two spaces.
fn run(folder: &Path, arguments: &str) -> Output {
    let arguments = arguments.split("  #").next().unwrap_or_default();
    let words = arguments
        .split_whitespace()
        .map(|word| word.trim_matches('\''));
    Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(folder)
        .env("COLUMNS", "100")
        .args(words)
        .output()
        .unwrap()
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
