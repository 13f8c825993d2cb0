//! Vendors' own descriptions against catalogues that were derived from them by another program.
//!
//! The files are not part of the repository: without them the tests print a note.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;
use crate::model::{Operation, Requirement};

/// Method and path to clauses.
type Table = BTreeMap<(String, String), BTreeSet<BTreeSet<String>>>;

fn shared(part: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../shared", "../../shared"]
        .iter()
        .map(|up| root.join(up).join("data").join(part))
        .find(|path| path.exists());
    if found.is_none() {
        println!("skipped: ../shared/data/{part} is not here");
    }
    found
}

fn table<'a>(operations: impl IntoIterator<Item = &'a Operation>, short: bool) -> Table {
    let name = |scope: &str| match scope.rsplit_once("/auth/") {
        Some((_, last)) if short => last.to_owned(),
        _ => scope.to_owned(),
    };
    operations
        .into_iter()
        .map(|op| {
            let clauses = match &op.requirement {
                // The other program takes silence for "no scope"; we do not.
                Requirement::Unspecified => BTreeSet::from([BTreeSet::new()]),
                Requirement::AnyOf(clauses) => clauses
                    .iter()
                    .filter(|clause| !op.optional_auth || clauses.len() == 1 || !clause.is_empty())
                    .map(|clause| clause.iter().map(|s| name(s.as_str())).collect())
                    .collect(),
            };
            ((op.method.to_string(), op.path.clone()), clauses)
        })
        .collect()
}

fn compare(source: &str, case: &str, scopes: ScopeList) {
    let (Some(source), Some(expected)) = (
        shared(source),
        shared(&format!("cases/{case}/catalog.json")),
    ) else {
        return;
    };
    let options = LoadOptions {
        scopes,
        base_path: None,
    };
    let ours = load(&source, "source", &options).unwrap_or_else(|e| panic!("{e}\n{:?}", e.help()));
    let theirs = load(&expected, "case", &options).unwrap();
    let silent = |op: &&Operation| op.requirement == Requirement::Unspecified;
    println!(
        "{case}: {} operations, {} unspecified, {} open to anonymous callers",
        ours.operations.len(),
        ours.operations.iter().filter(silent).count(),
        ours.operations.iter().filter(|op| op.optional_auth).count(),
    );
    for warning in &ours.warnings {
        println!("  {}: {}", warning.code, warning.message);
    }
    let upload = |op: &&Operation| !op.path.contains("/upload/");
    let (ours, theirs) = (
        table(ours.operations.iter().filter(upload), true),
        table(&theirs.operations, false),
    );
    for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        assert_eq!(ours.get(key), theirs.get(key), "{case}: {key:?}");
    }
    assert!(!ours.is_empty());
}

#[test]
fn okta_asks_oauth_clients_for_the_scopes_and_not_for_the_api_token() {
    compare(
        "openapi/okta-management.yaml",
        "okta-management",
        ScopeList::All,
    );
}

#[test]
fn digitalocean_names_scopes_on_a_bearer_scheme() {
    compare(
        "openapi/digitalocean-bundled.json",
        "digitalocean",
        ScopeList::All,
    );
}

#[test]
fn figma_means_any_scope_of_a_list() {
    compare("openapi/figma.yaml", "figma-any", ScopeList::Any);
}

#[test]
fn slack_is_swagger_and_means_any() {
    compare(
        "openapi/slack-web-swagger2.json",
        "slack-any",
        ScopeList::Any,
    );
}

#[test]
fn xero_means_any_under_its_base_path() {
    compare(
        "openapi/xero-accounting.yaml",
        "xero-accounting-any",
        ScopeList::Any,
    );
}

#[test]
fn google_scopes_are_alternatives_and_stay_whole_urls() {
    compare("google-discovery/drive__v3.json", "drive", ScopeList::All);
    compare("google-discovery/gmail__v1.json", "gmail", ScopeList::All);
}

#[test]
fn xero_read_by_the_book_is_warned_about() {
    let Some(source) = shared("openapi/xero-accounting.yaml") else {
        return;
    };
    let catalog = load(&source, "xero.yaml", &LoadOptions::default()).unwrap();
    assert!(catalog.warnings.iter().any(|w| w.code == "any-or-all"));
}

#[test]
fn every_prepared_catalogue_and_description_survives_a_round_trip() {
    for part in ["cases", "openapi", "google-discovery"] {
        let Some(folder) = shared(part) else { return };
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let catalog = path.join("catalog.json");
            if catalog.is_file() {
                files.push(catalog);
            } else if path
                .extension()
                .is_some_and(|end| end == "json" || end == "yaml")
            {
                files.push(path);
            }
        }
        files.sort();
        for file in files {
            let first = load(&file, "x", &LoadOptions::default()).unwrap();
            let text = to_json(&first).to_string();
            let again = load_text(&text, "x", &LoadOptions::default()).unwrap();
            assert_eq!(to_json(&again).to_string(), text, "{}", file.display());
        }
    }
}
