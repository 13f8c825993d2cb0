//! OpenAPI 3.0 to 3.2; what it shares with Swagger 2.0 is in the modules below.
//!
//! In: a document with `openapi` at its root. Out: its operations.
//!
//! Webhooks and callbacks are requests of the API to its clients: not read.

mod layers;
mod paths;
mod refs;
mod repeated_warnings;
mod schemes;
mod security;
mod server;

use serde_json::Value;

use super::document::{Document, Syntax};
use super::{CatalogError, CatalogFormat, LoadOptions};
use crate::model::Catalog;
use crate::model::words::backticks;

pub(super) use paths::{Dialect, read};
pub(super) use server::clean as clean_base;

/// OpenAPI 3.
pub(super) struct OpenApi;

impl CatalogFormat for OpenApi {
    fn name(&self) -> &'static str {
        "OpenAPI 3"
    }

    fn detect(&self, document: &Document) -> bool {
        document.syntax != Syntax::Csv && document.get("openapi").is_some()
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let version = version(document, "openapi");
        let minor = version
            .strip_prefix("3.")
            .and_then(|rest| rest.split('.').next());
        // 3.2 only adds: `query`, `additionalOperations`.
        let Some("0" | "1" | "2") = minor else {
            return Err(CatalogError::Version {
                file: document.file.clone(),
                kind: "OpenAPI",
                version,
                supported: "Swagger 2.0 and OpenAPI 3.0, 3.1, 3.2",
            });
        };
        let dialect = if minor == Some("0") {
            Dialect::OpenApi30
        } else {
            Dialect::OpenApi31
        };
        read(document, dialect, options)
    }
}

/// The version as spelled; YAML authors often leave the quotes away, so it may be a number.
pub(super) fn version(document: &Document, key: &str) -> String {
    match document.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
    .chars()
    .take(40)
    .collect()
}

/// An operation in backticks, for messages: method and path as spelled.
fn label_of(key: &str, path: &str) -> String {
    backticks(&format!("{} {path}", key.to_ascii_uppercase()))
}

#[cfg(test)]
#[path = "../openapi_tests.rs"]
mod tests;
