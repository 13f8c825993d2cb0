//! Against the same descriptions as another converter read them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::catalog::{LoadOptions, ScopeList, load};
use crate::model::{Catalog, Clause, Method};

type Row = (Method, String, BTreeSet<Clause>);

fn rows(catalog: &Catalog) -> Vec<Row> {
    let rows = catalog.operations.iter().map(|operation| {
        let clauses = operation.requirement.clauses().iter().cloned().collect();
        (operation.method, operation.path.clone(), clauses)
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    rows
}

fn agree(description: &str, case: &str, scopes: ScopeList) {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = if data.is_dir() {
        data
    } else {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")
    };
    let description = data.join("openapi").join(description);
    let expected = data.join("cases").join(case).join("catalog.json");
    if !description.exists() || !expected.exists() {
        use std::io::Write;
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the vendors' descriptions are not here"
        );
        return;
    }
    let options = LoadOptions {
        scopes,
        base_path: None,
    };
    let read = load(&description, "description", &options).unwrap();
    let expected = load(&expected, "expected", &LoadOptions::default()).unwrap();
    assert!(!expected.operations.is_empty());
    let (read, expected) = (rows(&read), rows(&expected));
    let ours: Vec<&Row> = read.iter().filter(|row| !expected.contains(row)).collect();
    let theirs: Vec<&Row> = expected.iter().filter(|row| !read.contains(row)).collect();
    assert!(
        read == expected,
        "only here: {ours:#?}, only there: {theirs:#?}"
    );
}

#[test]
fn okta_reads_as_expected() {
    agree("okta-management.yaml", "okta-management", ScopeList::All);
}

#[test]
fn digitalocean_reads_as_expected() {
    agree("digitalocean-bundled.json", "digitalocean", ScopeList::All);
}

#[test]
fn figma_reads_as_expected() {
    agree("figma.yaml", "figma-any", ScopeList::Any);
}

#[test]
fn slack_reads_as_expected() {
    agree("slack-web-swagger2.json", "slack-any", ScopeList::Any);
}

#[test]
fn xero_reads_as_expected() {
    agree(
        "xero-accounting.yaml",
        "xero-accounting-any",
        ScopeList::Any,
    );
}
