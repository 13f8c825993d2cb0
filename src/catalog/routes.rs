//! The tool's own description of requirements: `routes.yaml`, and the same as JSON or CSV.
//!
//! In: `version: 1`, `routes` from `METHOD /path` to what they require, and
//! `implies`; or CSV with the header `method,path,scopes`. Out: a catalogue in
//! which every operation of YAML or CSV knows its line.
//!
//! Invariants:
//! * ` + ` joins scopes that are needed together; a list, or ` | ` in CSV, holds
//!   alternatives; `public` and `authenticated` stand alone and ask for no scope;
//! * whatever is not understood is an error: a misspelt key would leave routes
//!   without their requirement.

mod csv;
mod phrase;

use std::collections::BTreeSet;

use crate::model::{Catalog, Method, Operation, Requirement};

use super::document::Cursor;
use super::error::did_you_mean;
use super::{CatalogError, LoadOptions, lint, normal};
pub(super) use csv::{is_csv, read_csv};

/// The keys at the top.
const KEYS: [&str; 3] = ["version", "implies", "routes"];

/// Reads a routes file.
pub(super) fn read(root: &Cursor<'_>, options: &LoadOptions) -> Result<Catalog, CatalogError> {
    let pairs = root.map()?;
    for (key, at) in &pairs {
        if !KEYS.contains(key) {
            let help = did_you_mean(key, &KEYS)
                .unwrap_or_else(|| "known keys are `version`, `implies` and `routes`".to_owned());
            return Err(at.error_with(format!("unknown key `{key}`"), Some(help)));
        }
    }
    let Some(version) = root.get("version") else {
        return Err(root.error_with(
            "the routes file does not say its version",
            Some("write `version: 1` at its top".to_owned()),
        ));
    };
    let spelt = version.spelling()?;
    if spelt != "1" {
        return Err(CatalogError::Version {
            at: version.at(),
            kind: "routes file",
            version: spelt,
            supported: "version 1",
        });
    }
    let mut catalog = Catalog::default();
    if let Some(implies) = root.given("implies") {
        catalog.implies = normal::read_implies(&implies)?;
        for (scope, implied) in &catalog.implies {
            catalog.declared.insert(scope.clone());
            catalog.declared.extend(implied.iter().cloned());
        }
    }
    let base = options.base().unwrap_or_default();
    let mut seen = BTreeSet::new();
    if let Some(routes) = root.given("routes") {
        for (key, at) in routes.map()? {
            let fail = |problem: phrase::Problem| at.error_with(problem.message, problem.help);
            let (method, path) = phrase::route(key).map_err(fail)?;
            if !seen.insert((method, path.to_owned())) {
                return Err(at.error(format!("route `{method} {path}` stands twice")));
            }
            let requirement = requirement(&at)?;
            catalog
                .operations
                .push(operation(method, path, &base, requirement, &at));
        }
    }
    Ok(catalog)
}

fn operation(
    method: Method,
    path: &str,
    base: &str,
    requirement: Requirement,
    at: &Cursor<'_>,
) -> Operation {
    let mut operation = Operation::new(method, lint::join(base, path), requirement);
    operation.place = at.place();
    operation
}

fn requirement(at: &Cursor<'_>) -> Result<Requirement, CatalogError> {
    let fail = |problem: phrase::Problem| at.error_with(problem.message, problem.help);
    if at.is_text() {
        return phrase::any_of(&[at.text()?]).map_err(fail);
    }
    let Ok(items) = at.list() else {
        return Err(at.wrong("a scope, a list of scopes, `public` or `authenticated`"));
    };
    let texts: Vec<&str> = items.iter().map(Cursor::text).collect::<Result<_, _>>()?;
    phrase::any_of(&texts).map_err(fail)
}
