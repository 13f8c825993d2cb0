//! The architecture as a test: who may import whom, and how large a file may be.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[path = "layers/circles.rs"]
mod circles;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A module imports only from modules before it.
const LAYERS: [&str; 17] = [
    "model", "storage", "input", "format", "event", "document", "catalog", "grants", "usage",
    "analysis", "finding", "patch", "enforce", "report", "engine", "run", "cli",
];
/// A reader can hold this many lines in mind.
const MAX_LINES: usize = 400;
/// Crates of columnar data, and the one module that knows them.
const COLUMNAR: [&str; 3] = ["polars", "arrow", "parquet"];

#[test]
fn a_module_imports_only_from_modules_above_it() {
    let mut wrong = Vec::new();
    for (name, text) in sources(&["src"]) {
        // `src/lib.rs` names every module, and `src/main.rs` is none.
        let Some(importer) = module(&name) else {
            continue;
        };
        for (line, known) in imports(&text) {
            if layer(&known).is_none_or(|known| known > importer) {
                let below = LAYERS[importer];
                wrong.push(format!("{name}:{line}: {below} must not know {known}"));
            }
        }
    }
    report(&wrong);
}

#[test]
fn the_scan_sees_every_spelling_of_an_import() {
    let text = "use crate::report;\nuse crate::{\n    model::Day, // crate::cli is talk\n    usage::{self, Cell},\n};\nlet x = crate::patch::y();\n//! [`crate::cli`] is talk\nuse crate::{cli, grants as g};\nuse scopetrim::cli;\nlet u = \"http://x\"; crate::finding::z();\n";
    let seen: Vec<String> = imports(text)
        .into_iter()
        .map(|(line, name)| format!("{line} {name}"))
        .collect();
    let expected = [
        "1 report",
        "2 model",
        "2 usage",
        "6 patch",
        "8 cli",
        "8 grants",
        "10 finding",
    ];
    assert_eq!(seen, expected);
    assert!(layer("report") > layer("model") && layer("nothing").is_none());
    assert_eq!(module("src/usage.rs"), module("src/usage/cell.rs"));
}

#[test]
fn no_source_file_is_longer_than_a_reader_can_hold() {
    let long = sources(&["src", "tests", "examples", "benches"])
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(name, lines)| format!("{name}: {lines} lines, at most {MAX_LINES}"));
    report(&long.collect::<Vec<_>>());
}

#[test]
fn columnar_crates_are_named_only_in_usage() {
    let mut wrong = Vec::new();
    for (name, text) in sources(&["src"]) {
        if name.starts_with("src/usage/") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = code(line);
            for found in COLUMNAR.iter().filter(|found| uses(code, found)) {
                wrong.push(format!("{name}:{}: only usage knows {found}", number + 1));
            }
        }
    }
    report(&wrong);
}

#[test]
fn no_tracked_file_names_a_machine_or_a_package_registry() {
    // In pieces, so that this file does not name them either.
    let traces = [
        ["/ho", "me/"].concat(),
        ["/Us", "ers/"].concat(),
        ["/ro", "ot/"].concat(),
        ["C:", "\\Users"].concat(),
        ["/work", "/"].concat(),
        ["crates", ".io"].concat(),
        ["index.", "crates"].concat(),
        ["pypi", ".org"].concat(),
        ["npmjs", ".org"].concat(),
        ["npmjs", ".com"].concat(),
    ];
    let mut wrong = Vec::new();
    for path in tracked().into_iter().filter(|path| path != "Cargo.lock") {
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue; // not text, or deleted and not yet committed
        };
        for (number, line) in text.lines().enumerate() {
            for trace in traces.iter().filter(|trace| names(line, trace)) {
                wrong.push(format!("{path}:{}: names `{trace}`", number + 1));
            }
        }
    }
    report(&wrong);
}

/// An absolute path begins where no word ends: `/v1/home/` is a path of an API.
fn names(line: &str, trace: &str) -> bool {
    line.match_indices(trace).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !trace.starts_with('/')
            || before.is_none_or(|c| !c.is_alphanumeric() && !"}*_-.".contains(c))
    })
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == name)
}

/// The layer of a file below `src`.
fn module(name: &str) -> Option<usize> {
    let first = name.strip_prefix("src/")?.split('/').next()?;
    layer(first.strip_suffix(".rs").unwrap_or(first))
}

/// Name with `/` and text of each Rust file below these folders, sorted.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    assert!(!files.is_empty(), "nothing was scanned");
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).expect("below the root");
            let name = name.to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&path).expect("a readable source"))
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The line without its comment; `://` in a string is not a comment.
fn code(line: &str) -> &str {
    let comment = line
        .match_indices("//")
        .find(|(at, _)| !line[..*at].ends_with(':'));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// The crate is used or imported: a word, and not part of a longer one.
fn uses(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let rest = &code[at + name.len()..];
        !code[..at].ends_with(word)
            && (rest.starts_with("::") || (code[..at].ends_with("use ") && !rest.starts_with(word)))
    })
}

/// Line and first name after each `crate::`, also within braces.
fn imports(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().map(code).collect();
    let text = lines.join("\n");
    let mut found = Vec::new();
    for (at, path) in text.match_indices("crate::") {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = text[..at].matches('\n').count() + 1;
        let rest = &text[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads(group).into_iter().map(|name| (line, name))),
            None => found.extend(head(rest).map(|name| (line, name))),
        }
    }
    found
}

/// The first name of each item of a brace group.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut fresh) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                names.extend(head(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// The name at the start, when it is one of a module: items of the root are in none.
fn head(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// Files that git knows; none where there is no repository.
fn tracked() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        // A source archive without a repository: nothing is tracked there.
        _ => Vec::new(),
    }
}
