//! API descriptions become operations, and a path matcher.
//!
//! In: files that say which scopes an operation requires. Out: one
//! [`Catalog`] in source order, or an error that names the line.
//!
//! Invariants:
//! * a requirement that is missing or cannot be read is unspecified, never
//!   public: nothing may be removed because of it;
//! * scopes are kept byte for byte, and no implication is inferred from names;
//! * a description that is only partly readable (a reference that leads
//!   nowhere) is refused, because a lost operation looks like an unused scope;
//! * [`to_json`] prints a form that [`load`] reads back to the same catalogue.
//!
//! A new kind of description is one file with a `CatalogFormat` and its line in
//! `ALL`. What a client holds and what it used is not known here.

mod discovery;
mod document;
mod error;
mod github_app;
mod json_lines;
mod kong;
mod lint;
pub(crate) mod matcher;
mod msgraph;
mod native;
mod native_csv;
pub(crate) mod near;
mod normal_form;
mod openapi;
mod scaffold;
mod several;
mod swagger;

use std::path::Path;
use std::sync::Arc;

use crate::model::{Catalog, Warning};
use document::Document;

pub(crate) use error::{At, CatalogError};
pub(crate) use lint::findings;
pub(crate) use normal_form::to_json;
pub(crate) use scaffold::draft;
pub use several::Listed;
pub(crate) use several::{Audiences, load_listed};

/// What several scopes inside one OpenAPI requirement mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeList {
    /// All of them are needed, as OpenAPI says (3.1.1, Security Requirement Object).
    #[default]
    All,
    /// Any one is enough, as several vendors mean it.
    Any,
}

/// How descriptions are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// What a list of scopes inside one OpenAPI requirement means.
    pub scopes: ScopeList,
    /// Stands in front of every path in place of the description's own `servers`, `basePath`
    /// or `servicePath`: `/v1`.
    pub base_path: Option<String>,
    /// The security scheme that counts, where several give scopes: `delegated`.
    pub scheme: Option<String>,
    /// A key of operations or paths that names scopes: `x-required-scopes`.
    pub scope_key: Option<String>,
}

/// Code of the warning that a description has no such key.
const UNUSED_KEY: &str = "unused-scope-key";

/// One kind of API description.
trait CatalogFormat: Sync {
    /// Name in messages: `OpenAPI 3`.
    fn name(&self) -> &'static str;
    /// Whether the document claims to be of this kind; a wrong version still does.
    fn detect(&self, document: &Document) -> bool;
    /// The operations, in source order.
    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError>;
}

/// Every kind, in the order in which detection tries them.
static ALL: &[&dyn CatalogFormat] = &[
    &openapi::OpenApi,
    &swagger::Swagger,
    &discovery::Discovery,
    &msgraph::Graph,
    &github_app::GitHubApp,
    &kong::Kong,
    &normal_form::Normal,
    &native::Routes,
    &native_csv::RoutesCsv,
];

/// The kinds of description that [`load`] reads, for help texts.
pub(crate) fn kinds() -> Vec<&'static str> {
    ALL.iter().map(|format| format.name()).collect()
}

/// Reads one description; its kind is found from its content, never from its name.
///
/// `shown` is the file's name in messages and places.
pub(crate) fn load(
    path: &Path,
    shown: &str,
    options: &LoadOptions,
) -> Result<Catalog, CatalogError> {
    load_many([(path, shown)], options)
}

/// Reads several descriptions, as (path, shown name), and puts their operations one after another.
///
/// Declared scopes and implications are united. Files that say different things under
/// `match` are refused.
pub(crate) fn load_many<'a>(
    files: impl IntoIterator<Item = (&'a Path, &'a str)>,
    options: &LoadOptions,
) -> Result<Catalog, CatalogError> {
    let documents = files
        .into_iter()
        .map(|(path, shown)| Document::open(path, shown));
    unite(documents, options)
}

/// Reads a description that is already in memory; relative references start where `shown` lies.
#[cfg(test)]
fn load_text(text: &str, shown: &str, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    unite([Document::parse(text, shown, Path::new(shown))], options)
}

fn unite(
    documents: impl IntoIterator<Item = Result<Document, CatalogError>>,
    options: &LoadOptions,
) -> Result<Catalog, CatalogError> {
    let mut united: Option<Catalog> = None;
    let mut files = 0;
    for document in documents {
        files += 1;
        let next = read(&document?, options)?;
        united = Some(match united {
            None => next,
            Some(first) => join(first, next)?,
        });
    }
    let mut catalog = united.ok_or(CatalogError::NoFiles)?;
    let unused = catalog
        .warnings
        .iter()
        .filter(|warning| warning.code == UNUSED_KEY);
    if let Some(key) = options.scope_key.as_ref()
        && unused.count() == files
    {
        return Err(CatalogError::NoScopeKey { key: key.clone() });
    }
    lint::whole(&mut catalog);
    Ok(catalog)
}

fn read(document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let format = ALL
        .iter()
        .find(|format| format.detect(document))
        .ok_or_else(|| CatalogError::NotRecognised {
            file: document.file.clone(),
            seen: document.describe(),
            kinds: kinds(),
        })?;
    let mut catalog = format.read(document, options)?;
    catalog.source = document.file.clone();
    // A routes.yaml may be there for what it says under `implies`.
    if catalog.operations.is_empty() && catalog.implies.is_empty() {
        catalog.warnings.push(Warning::new(
            "no-operations",
            format!(
                "`{}` ({}) describes no operation",
                document.file,
                format.name()
            ),
        ));
    }
    Ok(catalog)
}

/// Puts the operations of catalogues one after another.
fn join_all(all: impl IntoIterator<Item = Catalog>) -> Result<Catalog, CatalogError> {
    let mut all = all.into_iter();
    let first = all.next().ok_or(CatalogError::NoFiles)?;
    let mut catalog = all.try_fold(first, join)?;
    lint::whole(&mut catalog);
    Ok(catalog)
}

fn join(mut first: Catalog, next: Catalog) -> Result<Catalog, CatalogError> {
    first.matching = match (first.matching, next.matching) {
        (Some(a), Some(b)) if a != b => {
            return Err(CatalogError::MatchDiffers {
                first: first.source,
                second: next.source,
            });
        }
        (a, b) => a.or(b),
    };
    first.source = Arc::from(format!("{}, {}", first.source, next.source));
    first.operations.extend(next.operations);
    first.declared.extend(next.declared);
    for (scope, implied) in next.implies {
        first.implies.entry(scope).or_default().extend(implied);
    }
    first.warnings.extend(next.warnings);
    Ok(first)
}

#[cfg(test)]
mod native_tests;
#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
#[cfg(test)]
mod vendor_tests;
