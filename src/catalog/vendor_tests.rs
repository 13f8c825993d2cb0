//! Vendors' own descriptions against catalogues that were derived from them by another program.
//!
//! The files are not part of the repository: without them the tests print a note.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;
use crate::model::{Operation, Requirement, Scope};

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
    let options = LoadOptions {
        scopes,
        ..LoadOptions::default()
    };
    compare_with(source, case, &options);
}

fn compare_with(source: &str, case: &str, options: &LoadOptions) {
    let (Some(source), Some(expected)) = (
        shared(source),
        shared(&format!("cases/{case}/catalog.json")),
    ) else {
        return;
    };
    let ours = load(&source, "source", options).unwrap_or_else(|e| panic!("{e}\n{:?}", e.help()));
    let theirs = load(&expected, "case", options).unwrap();
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
    // The vendor's mark is a hint, and is resolved as the other program does it.
    let least = |catalog: &Catalog| -> BTreeMap<String, BTreeSet<Scope>> {
        let marked = catalog.operations.iter().filter(|op| !op.least.is_empty());
        marked
            .map(|op| (op.label(), op.least.iter().cloned().collect()))
            .collect()
    };
    let (marked, others) = (least(&ours), least(&theirs));
    let differ = marked
        .iter()
        .filter(|(label, names)| others.get(*label) != Some(*names));
    let differ = differ.count()
        + others
            .keys()
            .filter(|label| !marked.contains_key(*label))
            .count();
    let twice = options.scheme.is_some();
    println!("  {differ} of {} hints differ", others.len());
    assert!(
        differ <= if twice { 40 } else { 0 },
        "{case}: {differ} hints differ"
    );
    // The other program does not know uploads, and cuts a pattern of GitHub's short.
    let upload = |op: &&Operation| !op.path.contains("/upload/") && !op.path.contains("/readme");
    let (ours, theirs) = (
        table(ours.operations.iter().filter(upload), true),
        table(theirs.operations.iter().filter(upload), false),
    );
    // Of what is said twice of a permission the other program keeps the last.
    let mut more = 0;
    for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (Some(ours), Some(theirs)) = (ours.get(key), theirs.get(key)) else {
            panic!("{case}: {key:?} is missing");
        };
        assert!(
            theirs.is_subset(ours),
            "{case}: {key:?}: {ours:?} {theirs:?}"
        );
        more += usize::from(ours != theirs);
    }
    assert!(more <= if twice { 40 } else { 0 }, "{case}: {more} differ");
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
fn graph_has_a_catalogue_for_each_scheme() {
    for (scheme, case) in [
        ("Application", "graph-least-Application"),
        ("Application", "sample-report-Application"),
        ("DelegatedWork", "graph-least-DelegatedWork"),
        ("DelegatedWork", "sample-report-Delegated"),
    ] {
        let options = LoadOptions {
            scheme: Some(scheme.to_owned()),
            ..LoadOptions::default()
        };
        compare_with("msgraph/permissions.json", case, &options);
    }
}

#[test]
fn github_asks_for_a_level_or_one_above_it() {
    compare("github/app-permissions.json", "github-app", ScopeList::All);
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
