//! `docs/architecture.md` and CONTRIBUTING.md name what is there: layers, files and registries.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::fs;
use std::path::Path;

const PAGES: [&str; 2] = ["docs/architecture.md", "CONTRIBUTING.md"];
/// Folders whose files are named from the root of the repository.
const FOLDERS: [&str; 5] = ["src/", "tests/", "docs/", "benches/", ".ci/"];

#[test]
fn the_picture_shows_every_layer_in_the_order_of_the_imports() {
    let page = read("docs/architecture.md");
    let picture = page.split("```").nth(1).unwrap();
    let drawn: Vec<&str> = picture
        .lines()
        .skip(1)
        .filter_map(|line| line.split("  ").next())
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()))
        .filter(|name| *name != "run" || exists("src/run")) // drawn before it is built
        .collect();
    assert_eq!(drawn, layers());
    for layer in &drawn {
        assert!(exists(&format!("src/{layer}")), "src/{layer}");
    }
}

#[test]
fn every_file_that_a_page_names_exists() {
    let mut named = 0;
    for page in PAGES {
        for (line, word) in words(&read(page)) {
            if !FOLDERS.iter().any(|folder| word.starts_with(folder)) {
                continue;
            }
            // Of a file that is still to be written, the folder is there.
            let path = match word.split_once('<') {
                Some((before, _)) => before.rsplit_once('/').unwrap().0,
                None => &word,
            };
            assert!(exists(path), "{page}:{line}: `{word}` does not exist");
            named += 1;
        }
    }
    assert!(named > 30, "only {named} files are named");
}

#[test]
fn every_item_that_a_page_places_in_a_file_is_declared_there() {
    let mut placed = 0;
    for page in PAGES {
        for (line, item, path) in read(page).lines().enumerate().flat_map(placements) {
            let source = read(&path);
            assert!(
                declares(&source, &item),
                "{page}:{}: {path} declares no `{item}`",
                line + 1
            );
            placed += 1;
        }
    }
    assert!(placed > 20, "only {placed} items are placed");
}

#[test]
fn every_registry_names_each_extension_in_its_folder() {
    // The trait that an extension implements, and the file with the registry.
    let registries = [
        ("LogFormat", "src/format/mod.rs"),
        ("PolicyFormat", "src/grants/mod.rs"),
        ("CatalogFormat", "src/catalog/mod.rs"),
        ("Rule", "src/finding/rules/mod.rs"),
        ("Renderer", "src/report/output/mod.rs"),
        ("Tool", "src/enforce/mod.rs"),
    ];
    let page = read("docs/architecture.md");
    for (name, registry) in registries {
        let row = |line: &&str| line.contains(&format!("`{name}`")) && line.starts_with("| a");
        let row = page.lines().find(row).unwrap();
        assert!(row.contains(&format!("`ALL` in `{registry}`")), "{row}");
        let registered = read(registry);
        let list = registered.split("static ALL").nth(1).unwrap();
        let list = list.split("];").next().unwrap();
        let mut extensions = 0;
        for (file, source) in neighbours(registry) {
            for extension in source.split(&format!("impl {name} for ")).skip(1) {
                let extension = extension.split(' ').next().unwrap();
                // In addition to the registry: what a user's file describes, and what is passed over.
                // And what is made of several of them.
                if extension == "Mapping" || ["strangers.rs", "mixed.rs"].contains(&&*file) {
                    continue;
                }
                let entry = format!("&{}::{extension}", file.trim_end_matches(".rs"));
                assert!(list.contains(&entry), "{registry} lacks {entry}");
                extensions += 1;
            }
        }
        assert!(extensions >= 3, "{registry}: {extensions}");
    }
}

#[test]
fn a_placement_and_a_declaration_are_seen() {
    let line = "| `load` in `src/grants/mod.rs` | `Args` and `run` in `tests/x.rs`, `y` in it |";
    let seen: Vec<_> = placements((0, line)).collect();
    assert_eq!(
        seen,
        [
            (0, "load".to_owned(), "src/grants/mod.rs".to_owned()),
            (0, "run".to_owned(), "tests/x.rs".to_owned())
        ]
    );
    assert!(declares("pub struct Entry {", "Entry"));
    assert!(declares("pub static ALL: &[u8]", "ALL"));
    assert!(!declares("pub struct EntryReader {", "Entry"));
    assert!(!declares("use x::Entry;", "Entry"));
}

/// The layers as the test of the imports lists them.
fn layers() -> Vec<String> {
    let source = read("tests/layers.rs");
    let list = source.split("const LAYERS").nth(1).unwrap();
    let list = list.split("];").next().unwrap();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Line and content of what is between backticks, outside of code blocks.
fn words(page: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut in_block = false;
    for (number, line) in page.lines().enumerate() {
        in_block ^= line.starts_with("```");
        if !in_block {
            let quoted = line.split('`').skip(1).step_by(2);
            words.extend(quoted.map(|word| (number + 1, word.to_owned())));
        }
    }
    words
}

/// Each "`item` in `file`" of a line.
fn placements((number, line): (usize, &str)) -> impl Iterator<Item = (usize, String, String)> {
    let parts: Vec<&str> = line.split('`').collect();
    let placed: Vec<_> = parts
        .windows(3)
        .skip(1)
        .step_by(2)
        .filter(|part| {
            part[1] == " in "
                && Path::new(part[2])
                    .extension()
                    .is_some_and(|extension| extension == "rs")
        })
        .map(|part| (number, part[0].to_owned(), part[2].to_owned()))
        .collect();
    placed.into_iter()
}

/// The source has an item of this name of its own.
fn declares(source: &str, name: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "trait", "static", "const", "type"];
    kinds.iter().any(|kind| {
        let start = format!("{kind} {name}");
        source.match_indices(&start).any(|(at, _)| {
            let rest = &source[at + start.len()..];
            !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    })
}

/// Name and text of each file in the folder of this one.
fn neighbours(path: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

fn exists(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
