//! GitHub's table of what the permissions of an app open.
//!
//! In: a document with `paths: {"/repos/{owner}": {"GET": {"access": "read", "permission": "metadata"}}}`
//! and `permissions` alongside. Out: its operations, whose scopes are `metadata:read`.
//!
//! Invariants:
//! * levels are a ladder, `read` below `write` below `admin`: each level from the one that is
//!   needed upwards is an alternative;
//! * a level or a permission that cannot be read is unspecified, never public.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Document, Syntax, kind};
use super::openapi::clean_base;
use super::{CatalogError, CatalogFormat, LoadOptions, lint};
use crate::model::words::{backticks, plural};
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, Warning};

/// Levels, the lowest first.
const LEVELS: [&str; 3] = ["read", "write", "admin"];

/// The table of an app's permissions.
pub(super) struct GitHubApp;

impl CatalogFormat for GitHubApp {
    fn name(&self) -> &'static str {
        "GitHub app permissions"
    }

    fn detect(&self, document: &Document) -> bool {
        let map = |key| document.get(key).and_then(Value::as_object);
        let (Some(paths), Some(_)) = (map("paths"), map("permissions")) else {
            return false;
        };
        let mut needs = paths.values().filter_map(Value::as_object).flatten();
        document.syntax != Syntax::Csv
            && needs
                .any(|(_, need)| need.get("access").is_some() && need.get("permission").is_some())
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::default();
        let wrong = |names: &[&str], what: &str, found: &Value| CatalogError::WrongType {
            at: document.at(names),
            what: what.to_owned(),
            found: kind(found),
            expected: "a mapping",
        };
        let base = options.base_path.as_deref().map(clean_base);
        let base = base.unwrap_or_default();
        let nothing = Value::Null;
        let paths = document.get("paths").unwrap_or(&nothing);
        let paths = paths
            .as_object()
            .ok_or_else(|| wrong(&["paths"], "`paths`", paths))?;
        let (mut silent, mut unknown) = (0_usize, 0_usize);
        let ladders = ladders(document);
        for (path, item) in paths {
            let methods = item.as_object().ok_or_else(|| {
                wrong(&["paths", path], &format!("path {}", backticks(path)), item)
            })?;
            for (name, need) in methods {
                let method = Method::parse(name.as_bytes());
                if matches!(method, Method::Other | Method::Any | Method::Named) {
                    unknown += 1;
                    continue;
                }
                let requirement = requirement(need, &ladders);
                silent += usize::from(requirement == Requirement::Unspecified);
                for template in templates(path) {
                    let full = format!("{base}/{}", template.trim_start_matches('/'));
                    let mut operation = Operation::new(method, full, requirement.clone());
                    operation.place = document.at(&["paths", path, name]).place();
                    catalog.operations.push(operation);
                }
            }
        }
        for (code, count, text) in [
            (
                "unspecified-security",
                silent,
                "with no permission or level that is known: nothing is concluded from them",
            ),
            (
                "unknown-method",
                unknown,
                "of an unknown method, which were left out",
            ),
        ] {
            if count > 0 {
                let text = format!("{} {text}", plural(count, "operation"));
                catalog.warnings.push(Warning::new(code, text));
            }
        }
        catalog.declared = catalog.required_scopes();
        catalog.declared.extend(ladders);
        Ok(catalog)
    }
}

/// The path as templates: the table writes what may follow, or not, as a pattern. Requests that
/// were made from the table have that pattern in their path, up to its `?`.
fn templates(path: &str) -> Vec<String> {
    let followed = path.strip_suffix("(?:/(.*))?");
    let followed = followed.map(|start| format!("{start}/**"));
    let spelt = lint::without_query(path).0.to_owned();
    followed.into_iter().chain([spelt]).collect()
}

/// `contents:write`, for each permission and level that the document lists under `permissions`.
fn ladders(document: &Document) -> BTreeSet<Scope> {
    let listed = document.get("permissions").and_then(Value::as_object);
    listed
        .into_iter()
        .flatten()
        .flat_map(|(name, levels)| {
            let levels = LEVELS
                .iter()
                .filter(move |level| levels.get(**level).is_some());
            levels.map(move |level| Scope::new(&format!("{name}:{level}")))
        })
        .collect()
}

/// The level that is needed, and those above it that the permission has; `write` counts as above
/// `read` whether or not it is listed.
fn requirement(need: &Value, listed: &BTreeSet<Scope>) -> Requirement {
    let text = |key| need.get(key).and_then(Value::as_str);
    let (Some(access), Some(permission)) = (text("access"), text("permission")) else {
        return Requirement::Unspecified;
    };
    // Several permissions in one field: whether all or any are needed is not said.
    let odd = |c: char| c.is_whitespace() || matches!(c, ',' | '/' | ':');
    let from = LEVELS.iter().position(|level| *level == access);
    let Some(from) = from.filter(|_| !permission.is_empty() && !permission.contains(odd)) else {
        return Requirement::Unspecified;
    };
    let levels = LEVELS[from..].iter().enumerate();
    let scopes = levels.filter_map(|(above, level)| {
        let scope = Scope::new(&format!("{permission}:{level}"));
        let usual = above == 0 || *level == "write";
        (usual || listed.contains(&scope)).then_some(scope)
    });
    Requirement::AnyOf(scopes.map(|scope| Clause::from([scope])).collect())
}

#[cfg(test)]
mod tests {
    use super::super::load_text;
    use super::*;

    fn demands(text: &str) -> Vec<String> {
        let catalog = load_text(text, "app.json", &LoadOptions::default()).unwrap();
        let of = |op: &Operation| format!("{}: {}", op.label(), op.demands());
        catalog.operations.iter().map(of).collect()
    }

    #[test]
    fn higher_levels_do_as_well() {
        let text = r#"{"paths": {"/a/{b}": {"GET": {"access": "read", "permission": "contents"},
            "PUT": {"access": "write", "permission": "contents"}, "DELETE": {"access": "admin", "permission": "x"}}},
            "permissions": {"contents": {"read": [], "admin": [], "url": ""}}}"#;
        assert_eq!(
            demands(text),
            [
                "GET /a/{b}: contents:read | contents:write | contents:admin",
                "PUT /a/{b}: contents:write | contents:admin",
                "DELETE /a/{b}: x:admin",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_public() {
        let text = r#"{"paths": {"a": {"GET": {"access": "read", "permission": "m"}, "FETCH": {},
            "PUT": {"access": "none", "permission": "m"}, "POST": {"access": 1, "permission": "m"}, "DELETE": null,
            "PATCH": {"access": "write", "permission": "a/b"}}}, "permissions": {}}"#;
        let demands = demands(text);
        assert_eq!(demands[0], "GET /a: m:read | m:write");
        assert_eq!(demands.len(), 5);
        assert_eq!(
            templates("/a/readme(?:/(.*))?"),
            ["/a/readme/**", "/a/readme("]
        );
        assert!(
            demands[1..]
                .iter()
                .all(|text| text.ends_with("(not stated)")),
            "{demands:?}"
        );
        let bad = r#"{"paths": {"/a": {"GET": {"access": "read", "permission": "m"}}, "/b": []}, "permissions": {}}"#;
        assert!(load_text(bad, "app.json", &LoadOptions::default()).is_err());
    }
}
