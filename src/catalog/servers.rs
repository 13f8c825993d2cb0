//! The base path: what the first server of an OpenAPI description puts in front of its paths.

use crate::model::Warning;

use super::CatalogError;
use super::document::Cursor;

/// The path of the first of the `servers` of a description, path item or operation.
///
/// `None` when there are none (an empty list counts as absent). Several servers with
/// different paths are warned about.
pub(super) fn base(
    at: &Cursor<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<String>, CatalogError> {
    let Some(servers) = at.given("servers") else {
        return Ok(None);
    };
    let mut paths: Vec<String> = Vec::new();
    for server in servers.list()? {
        let path = server_path(&server)?;
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let Some(first) = paths.first().cloned() else {
        return Ok(None);
    };
    if paths.len() > 1 {
        let shown: Vec<String> = paths
            .iter()
            .map(|path| format!("`{}`", if path.is_empty() { "/" } else { path }))
            .collect();
        let mut warning = Warning::new(
            "several-base-paths",
            format!(
                "the servers have different paths ({}); the first is used, and `--base-path` \
                 chooses another",
                shown.join(", ")
            ),
        );
        warning.place = servers.place();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    Ok(Some(first))
}

/// The path of one server; variables take their defaults.
fn server_path(server: &Cursor<'_>) -> Result<String, CatalogError> {
    let url = server
        .get("url")
        .ok_or_else(|| server.error(format!("the server at `{}` has no `url`", server.pointer())))?
        .text()?;
    let variables = server.given("variables");
    let mut filled = String::with_capacity(url.len());
    let mut rest = url;
    // One pass: a default that itself holds braces is not expanded again.
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else {
            break;
        };
        let name = &rest[open + 1..open + length];
        filled.push_str(&rest[..open]);
        let default = variables
            .as_ref()
            .and_then(|all| all.given(name))
            .and_then(|variable| variable.given("default"));
        match default {
            Some(default) => filled.push_str(&default.spelling()?),
            None => filled.push_str(&rest[open..=open + length]),
        }
        rest = &rest[open + length + 1..];
    }
    filled.push_str(rest);
    Ok(url_path(&filled))
}

/// The path of a URL or of a relative reference: `/v1`, or empty for the root.
pub(super) fn url_path(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default().trim();
    let behind_host = url
        .split_once("://")
        .map(|(_, rest)| rest)
        .or_else(|| url.strip_prefix("//"))
        // A variable without default in front stands for scheme and host.
        .or_else(|| url.starts_with('{').then_some(url));
    let path = match behind_host {
        Some(rest) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url.trim_start_matches('.'),
    };
    let path = path.trim_matches('/');
    if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    }
}
