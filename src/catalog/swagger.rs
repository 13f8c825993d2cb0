//! Swagger 2.0, the elder OpenAPI: the same rules with other key names.

use super::document::{Document, Syntax};
use super::openapi::{Dialect, read, version};
use super::{CatalogError, CatalogFormat, LoadOptions};
use crate::model::Catalog;

/// Swagger 2.0.
pub(super) struct Swagger;

impl CatalogFormat for Swagger {
    fn name(&self) -> &'static str {
        "Swagger 2.0"
    }

    fn detect(&self, document: &Document) -> bool {
        let claims = |key| document.get(key).is_some();
        document.syntax != Syntax::Csv && (claims("swagger") || claims("swaggerVersion"))
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let version = match version(document, "swagger") {
            version if version.is_empty() => self::version(document, "swaggerVersion"),
            version => version,
        };
        if !matches!(version.as_str(), "2.0" | "2") {
            return Err(CatalogError::Version {
                file: document.file.clone(),
                kind: "Swagger",
                version,
                supported: "Swagger 2.0 and OpenAPI 3.0, 3.1, 3.2",
            });
        }
        read(document, Dialect::Swagger, options)
    }
}
