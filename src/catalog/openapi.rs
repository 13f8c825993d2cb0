//! OpenAPI 3.0 and 3.1 (`OpenAPI Specification` 3.0.4 and 3.1.1).
//!
//! In: the root of a description. Out: its operations, with the path of the first
//! server in front, and the scopes that its security schemes declare.
//!
//! Webhooks and callbacks are calls by the API, not to it; they are not read.

use std::collections::BTreeSet;

use crate::model::{Catalog, Scope};

use super::document::Cursor;
use super::paths::{Reader, read_paths};
use super::refs::Files;
use super::servers;
use super::{CatalogError, LoadOptions};

/// Reads an OpenAPI 3 description.
pub(super) fn read(root: &Cursor<'_>, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let version_at = root.get("openapi").unwrap_or_else(|| root.clone());
    let version = version_at.spelling()?;
    let minor = ["3.0", "3.1"].into_iter().find(|minor| {
        version
            .strip_prefix(minor)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    let Some(minor) = minor else {
        return Err(CatalogError::Version {
            at: version_at.at(),
            kind: "OpenAPI",
            version,
            supported: "OpenAPI 3.0 and 3.1, and Swagger 2.0",
        });
    };
    let mut catalog = Catalog::default();
    let base = match options.base() {
        Some(base) => base,
        None => servers::base(root, &mut catalog.warnings)?.unwrap_or_default(),
    };
    let reader = Reader {
        files: Files::default(),
        scopes: options.scopes,
        security: root.get("security"),
        base,
        servers: options.base_path.is_none(),
    };
    // Since 3.1 a description may consist of webhooks or components alone.
    match root.given("paths") {
        Some(paths) => read_paths(&reader, &paths, &mut catalog)?,
        None if minor == "3.1" => {}
        None => return Err(root.error("an OpenAPI 3.0 description needs `paths`")),
    }
    if let Some(components) = root.given("components")
        && let Some(schemes) = components.given("securitySchemes")
    {
        for (_, scheme) in schemes.map()? {
            declared(&reader.files, &scheme, &mut catalog.declared)?;
        }
    }
    Ok(catalog)
}

fn declared(
    files: &Files,
    scheme: &Cursor<'_>,
    declared: &mut BTreeSet<Scope>,
) -> Result<(), CatalogError> {
    if let Some(reference) = scheme.given("$ref") {
        let target = files.target(&reference, &[])?;
        // A reference to a reference only costs the list of declared names.
        return match target.cursor()?.given("flows") {
            Some(flows) => flow_scopes(&flows, declared),
            None => Ok(()),
        };
    }
    match scheme.given("flows") {
        Some(flows) => flow_scopes(&flows, declared),
        None => Ok(()),
    }
}

fn flow_scopes(flows: &Cursor<'_>, declared: &mut BTreeSet<Scope>) -> Result<(), CatalogError> {
    for (name, flow) in flows.map()? {
        if !name.starts_with("x-")
            && let Some(scopes) = flow.given("scopes")
        {
            declared.extend(scopes.map()?.into_iter().map(|(name, _)| Scope::new(name)));
        }
    }
    Ok(())
}
