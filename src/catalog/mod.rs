//! API descriptions become operations, and a path matcher.
//!
//! In: an OpenAPI 3.0 or 3.1 or Swagger 2.0 description, a routes file (YAML,
//! JSON or CSV), or the normal form, in YAML or JSON. Out: one [`Catalog`].
//!
//! Invariants:
//! * the kind is told by the content, never by the file's name;
//! * operations keep the order of their source;
//! * an operation whose description does not say what it requires is
//!   `Unspecified`, never public;
//! * a key given twice is an error: a lost operation would look like an unused
//!   permission.
//!
//! Which operation a request meets is [`matcher`]'s affair; what a scope opens
//! beyond its name is not decided here.

mod document;
mod error;
mod lint;
pub mod matcher;
mod normal;
mod openapi;
mod paths;
mod refs;
mod routes;
mod security;
mod servers;
mod swagger;

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::model::Catalog;

use document::{Cursor, Document};
pub use error::CatalogError;
pub use normal::to_json;

/// What several scopes in one OpenAPI requirement entry mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeList {
    /// All of them are needed (OpenAPI 3.1.0, Security Requirement Object).
    #[default]
    All,
    /// Any one of them is enough, as several vendors write it.
    Any,
}

/// How a description is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// What several scopes in one OpenAPI requirement entry mean.
    pub scopes: ScopeList,
    /// Path in front of every operation. It replaces what an OpenAPI description
    /// says about its servers; other kinds have no base path of their own.
    pub base_path: Option<String>,
}

impl LoadOptions {
    /// The base path with a leading and without a trailing slash; `None` when not given.
    fn base(&self) -> Option<String> {
        let text = self.base_path.as_deref()?.trim_matches('/');
        Some(if text.is_empty() {
            String::new()
        } else {
            format!("/{text}")
        })
    }
}

/// Reads one description and tells its kind by itself.
///
/// `shown` is the file's name in messages. References to other files are
/// resolved against the folder of the file that holds them.
pub fn load(path: &Path, shown: &str, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let text = document::read_text(path, shown)?;
    if routes::is_csv(&text) {
        let mut catalog = routes::read_csv(&text, shown, options)?;
        catalog.source = Arc::from(shown);
        return Ok(lint::finish(catalog));
    }
    let document = Rc::new(Document::parse(&text, path, shown)?);
    let mut catalog = read(&document, options)?;
    catalog.source = Arc::from(shown);
    Ok(lint::finish(catalog))
}

fn read(document: &Rc<Document>, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let root = Cursor::root(document);
    if root.has("openapi") {
        return openapi::read(&root, options);
    }
    if root.has("swagger") {
        return swagger::read(&root, options);
    }
    if root.has("routes") {
        return routes::read(&root, options);
    }
    if root.has("operations") {
        return normal::read(&root, options);
    }
    Err(CatalogError::UnknownKind {
        file: document.shown().clone(),
        seen: root.keys(),
    })
}

/// All operations of several catalogues, in the order given.
pub fn unite(catalogs: Vec<Catalog>) -> Catalog {
    let sources: Vec<&str> = catalogs.iter().map(|one| &*one.source).collect();
    let mut all = Catalog {
        source: Arc::from(sources.join(", ")),
        ..Catalog::default()
    };
    for one in catalogs {
        all.operations.extend(one.operations);
        all.declared.extend(one.declared);
        for (scope, implied) in one.implies {
            all.implies.entry(scope).or_default().extend(implied);
        }
        all.warnings.extend(one.warnings);
    }
    all
}

#[cfg(test)]
mod tests;
