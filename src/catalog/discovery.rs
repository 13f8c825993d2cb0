//! Google API discovery documents.
//!
//! In: a document with `kind: discovery#restDescription`. Out: its methods.
//!
//! Invariants:
//! * the scopes of a method are alternatives, and each is kept as the whole URL
//!   that a token carries;
//! * a method without scopes is unspecified;
//! * media uploads are operations of their own: they have other paths and the
//!   same scopes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Document, Syntax, kind};
use super::openapi::clean_base;
use super::{CatalogError, CatalogFormat, LoadOptions};
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, Warning};

/// Ways to upload; Google has `simple` and `resumable`.
const UPLOADS: usize = 8;

/// A discovery document.
pub(super) struct Discovery;

impl CatalogFormat for Discovery {
    fn name(&self) -> &'static str {
        "Google API discovery"
    }

    fn detect(&self, document: &Document) -> bool {
        let says = |key, text| document.get(key).and_then(Value::as_str) == Some(text);
        document.syntax != Syntax::Csv
            && (says("kind", "discovery#restDescription")
                || (document.get("discoveryVersion").is_some()
                    && document.get("resources").is_some()))
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::default();
        let declared = document.value.pointer("/auth/oauth2/scopes");
        let names = declared.and_then(Value::as_object).into_iter().flatten();
        catalog.declared = names.map(|(name, _)| Scope::new(name)).collect();
        let mut walk = Walk {
            document,
            base: match &options.base_path {
                Some(base) => clean_base(base),
                None => clean_base(text(&document.value, "servicePath").unwrap_or_default()),
            },
            silent: 0,
            catalog,
        };
        walk.node(&document.value)?;
        let Walk {
            mut catalog,
            silent,
            ..
        } = walk;
        if silent > 0 {
            catalog.warnings.push(Warning::new(
                "unspecified-security",
                format!("{silent} methods name no scope: unspecified is not public, and nothing is concluded from them"),
            ));
        }
        Ok(catalog)
    }
}

struct Walk<'a> {
    document: &'a Document,
    base: String,
    silent: usize,
    catalog: Catalog,
}

impl Walk<'_> {
    /// The methods of a resource and of the resources in it; the parser bounds the depth.
    fn node(&mut self, node: &Value) -> Result<(), CatalogError> {
        for (name, method) in self.map(node, "methods")? {
            self.method(name, method)?;
        }
        for (_, resource) in self.map(node, "resources")? {
            self.node(resource)?;
        }
        Ok(())
    }

    fn map<'v>(
        &self,
        node: &'v Value,
        key: &str,
    ) -> Result<impl Iterator<Item = (&'v String, &'v Value)> + use<'v>, CatalogError> {
        match node.get(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(other) => Err(self.wrong(&format!("`{key}`"), other, "a mapping")),
        }
        .map(|map| map.into_iter().flatten())
    }

    fn wrong(&self, what: &str, found: &Value, expected: &'static str) -> CatalogError {
        CatalogError::WrongType {
            at: self.document.at(&[]),
            what: what.to_owned(),
            found: kind(found),
            expected,
        }
    }

    fn method(&mut self, name: &str, value: &Value) -> Result<(), CatalogError> {
        let id = text(value, "id").unwrap_or(name);
        let path = text(value, "flatPath").or_else(|| text(value, "path"));
        let method = text(value, "httpMethod").map(|name| Method::parse(name.as_bytes()));
        let (Some(path), Some(method)) = (path, method) else {
            let what = format!("method `{id}`");
            return Err(self.wrong(&what, value, "a mapping with `httpMethod` and `path`"));
        };
        if matches!(method, Method::Other | Method::Any) {
            let message = format!("method `{id}` has an unknown `httpMethod` and was left out");
            self.catalog
                .warnings
                .push(Warning::new("unknown-method", message));
            return Ok(());
        }
        let requirement = match value.get("scopes") {
            None => Requirement::Unspecified,
            Some(Value::Array(names)) => alternatives(names)
                .map_err(|bad| self.wrong(&format!("a scope of `{id}`"), bad, "a string"))?,
            Some(other) => return Err(self.wrong(&format!("`scopes` of `{id}`"), other, "a list")),
        };
        if requirement == Requirement::Unspecified {
            self.silent += 1;
        }
        let mut paths = vec![format!("{}/{}", self.base, path.trim_start_matches('/'))];
        let protocols = value
            .pointer("/mediaUpload/protocols")
            .and_then(Value::as_object);
        for (_, protocol) in protocols.into_iter().flatten().take(UPLOADS) {
            // These are absolute: they are not under `servicePath`.
            let upload = text(protocol, "path").map(str::to_owned);
            paths.extend(upload.filter(|path| path.starts_with('/')));
        }
        paths.dedup();
        for path in paths {
            let mut operation = Operation::new(method, path, requirement.clone());
            operation.operation_id = Some(id.to_owned());
            operation.deprecated = value.get("deprecated") == Some(&Value::Bool(true));
            self.catalog.operations.push(operation);
        }
        Ok(())
    }
}

/// Each scope is a clause; an empty list says nothing. The error is what is not a string.
fn alternatives(names: &[Value]) -> Result<Requirement, &Value> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in names {
        let text = name.as_str().ok_or(name)?;
        if seen.insert(text) {
            clauses.push(Clause::from([Scope::new(text)]));
        }
    }
    Ok(if clauses.is_empty() {
        Requirement::Unspecified
    } else {
        Requirement::AnyOf(clauses)
    })
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}
