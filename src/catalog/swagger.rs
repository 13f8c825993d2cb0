//! Swagger 2.0, also known as OpenAPI 2.0.
//!
//! In: the root of a description. Out: its operations with `basePath` in front,
//! and the scopes that its security definitions declare.

use crate::model::{Catalog, Scope};

use super::document::Cursor;
use super::paths::{Reader, read_paths};
use super::refs::Files;
use super::servers;
use super::{CatalogError, LoadOptions};

/// Reads a Swagger 2.0 description.
pub(super) fn read(root: &Cursor<'_>, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let version_at = root.get("swagger").unwrap_or_else(|| root.clone());
    let version = version_at.spelling()?;
    // `swagger: 2` is a common slip for the text "2.0".
    if !matches!(version.as_str(), "2.0" | "2") {
        return Err(CatalogError::Version {
            at: version_at.at(),
            kind: "Swagger",
            version,
            supported: "OpenAPI 3.0 and 3.1, and Swagger 2.0",
        });
    }
    let base = match (options.base(), root.given("basePath")) {
        (Some(base), _) => base,
        (None, Some(base)) => servers::url_path(base.text()?),
        (None, None) => String::new(),
    };
    let reader = Reader {
        files: Files::default(),
        scopes: options.scopes,
        security: root.get("security"),
        base,
        servers: false,
    };
    let mut catalog = Catalog::default();
    let paths = root
        .given("paths")
        .ok_or_else(|| root.error("a Swagger 2.0 description needs `paths`"))?;
    read_paths(&reader, &paths, &mut catalog)?;
    if let Some(definitions) = root.given("securityDefinitions") {
        for (_, scheme) in definitions.map()? {
            if let Some(scopes) = scheme.given("scopes") {
                let names = scopes.map()?.into_iter();
                let names = names.filter(|(name, _)| !name.starts_with("x-"));
                catalog
                    .declared
                    .extend(names.map(|(name, _)| Scope::new(name)));
            }
        }
    }
    Ok(catalog)
}
