//! The normal form of a catalogue, read and written.
//!
//! `{"operations": [{"method", "path", "any_of": [["a", "b"], ["c"]], ...}]}`:
//! one of the inner lists is enough, of which all scopes are needed.
//!
//! Invariants:
//! * what is written is read back as the same operations, declared scopes and
//!   implications; places and warnings belong to the original source;
//! * keys stand in a fixed order.
//!
//! Keys that are not known are ignored, so that other tools may add theirs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, Warning};

use super::document::Cursor;
use super::{CatalogError, LoadOptions};

/// Reads the normal form.
pub(super) fn read(root: &Cursor<'_>, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let base = options.base().unwrap_or_default();
    let mut catalog = Catalog::default();
    let mut empty = 0;
    if let Some(operations) = root.get("operations") {
        for at in operations.list()? {
            catalog.operations.push(operation(&at, &base, &mut empty)?);
        }
    }
    if empty > 0 {
        catalog.warnings.push(Warning::new(
            "empty-any-of",
            format!(
                "an empty `any_of` is read as unspecified and not as public ({}); `[[]]` says \
                 that no scope is needed",
                super::lint::count(empty)
            ),
        ));
    }
    if let Some(declared) = root.given("declared") {
        catalog.declared.extend(declared.scopes()?);
    }
    if let Some(implies) = root.given("implies") {
        catalog.implies = read_implies(&implies)?;
    }
    Ok(catalog)
}

/// A mapping from scopes to what they imply: a list, or one scope as text.
pub(super) fn read_implies(
    at: &Cursor<'_>,
) -> Result<BTreeMap<Scope, BTreeSet<Scope>>, CatalogError> {
    at.map()?
        .into_iter()
        .map(|(scope, implied)| {
            let implied = if implied.is_text() {
                BTreeSet::from([implied.scope()?])
            } else {
                implied.scopes()?.into_iter().collect()
            };
            Ok((Scope::new(scope), implied))
        })
        .collect()
}

fn operation(at: &Cursor<'_>, base: &str, empty: &mut usize) -> Result<Operation, CatalogError> {
    at.map()?;
    let need = |key: &str| {
        at.get(key)
            .ok_or_else(|| at.error(format!("`{}` has no `{key}`", at.pointer())))
    };
    let spelt = need("method")?;
    let method = method(&spelt, spelt.text()?)?;
    let path = need("path")?.text()?.to_owned();
    let requirement = match at.given("any_of") {
        None => Requirement::Unspecified,
        Some(any_of) => {
            let clauses: Vec<Clause> = any_of
                .list()?
                .iter()
                .map(|clause| Ok(clause.scopes()?.into_iter().collect()))
                .collect::<Result<_, CatalogError>>()?;
            if clauses.is_empty() {
                *empty += 1;
                Requirement::Unspecified
            } else {
                Requirement::AnyOf(clauses)
            }
        }
    };
    let path = if base.is_empty() {
        path
    } else {
        super::lint::join(base, &path)
    };
    let mut operation = Operation::new(method, path, requirement);
    if let Some(id) = at.given("operation_id") {
        operation.operation_id = Some(id.text()?.to_owned());
    }
    if let Some(least) = at.given("least") {
        operation.least = least.scopes()?;
    }
    if let Some(weight) = at.given("weight") {
        operation.weight = Some(weight.number()?);
    }
    if let Some(tags) = at.given("tags") {
        for tag in tags.list()? {
            operation.tags.push(tag.text()?.to_owned());
        }
    }
    if let Some(deprecated) = at.given("deprecated") {
        operation.deprecated = deprecated.boolean()?;
    }
    if let Some(optional) = at.given("optional_auth") {
        operation.optional_auth = optional.boolean()?;
    }
    operation.place = at.place();
    Ok(operation)
}

/// A method by name; `at` is where it stands.
pub(super) fn method(at: &Cursor<'_>, name: &str) -> Result<Method, CatalogError> {
    match Method::parse(name.as_bytes()) {
        Method::Other => Err(at.error_with(
            format!("`{name}` is no HTTP method"),
            Some(
                "methods are those of the IANA registry (GET, POST, ...), Kubernetes verbs (LIST, WATCH, ...), and \
                 ANY for all of them"
                    .to_owned(),
            ),
        )),
        method => Ok(method),
    }
}

/// The normal form; `declared` and `implies` only when they are not empty.
pub fn to_json(catalog: &Catalog) -> Json {
    let mut root = Map::new();
    root.insert("source".to_owned(), json!(&*catalog.source));
    root.insert(
        "operations".to_owned(),
        catalog.operations.iter().map(write).collect(),
    );
    if !catalog.declared.is_empty() {
        root.insert("declared".to_owned(), json!(catalog.declared));
    }
    if !catalog.implies.is_empty() {
        root.insert("implies".to_owned(), json!(catalog.implies));
    }
    Json::Object(root)
}

fn write(operation: &Operation) -> Json {
    let mut map = Map::new();
    let mut put = |key: &str, value: Json| {
        map.insert(key.to_owned(), value);
    };
    put("method", json!(operation.method));
    put("path", json!(operation.path));
    put(
        "any_of",
        match &operation.requirement {
            Requirement::Unspecified => Json::Null,
            Requirement::AnyOf(clauses) => json!(clauses),
        },
    );
    if let Some(id) = &operation.operation_id {
        put("operation_id", json!(id));
    }
    if !operation.least.is_empty() {
        put("least", json!(operation.least));
    }
    if let Some(weight) = operation.weight {
        put("weight", json!(weight));
    }
    if !operation.tags.is_empty() {
        put("tags", json!(operation.tags));
    }
    if operation.optional_auth {
        put("optional_auth", Json::Bool(true));
    }
    if operation.deprecated {
        put("deprecated", Json::Bool(true));
    }
    Json::Object(map)
}
