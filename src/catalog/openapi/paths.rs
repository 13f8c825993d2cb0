//! The `paths` of a document become operations.
//!
//! In: a document of a known version. Out: its operations in source order.
//!
//! Invariants:
//! * an operation's `security` replaces the document's, it is never merged with it;
//! * neither of them present, or not readable: unspecified, which is not public;
//! * what is left out is counted in a warning.

mod requirement;

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::document::{Document, kind};
use super::super::{At, CatalogError, LoadOptions, UNUSED_KEY, lint};
use super::label_of;
use super::layers::Layers;
use super::refs::{self, Refs, Target};
use super::repeated_warnings::Notes;
use super::schemes::Schemes;
use super::security::{self, Need};
use super::server::{self, Bases};
use crate::model::words::backticks;
use crate::model::{Catalog, Method, Operation, Requirement, Warning};

/// AWS API Gateway's operation for all methods that are not described one by one.
const AWS_ANY: &str = "x-amazon-apigateway-any-method";

/// Scopes and alternatives of all operations together. Thousands of each in a shared `security`
/// would otherwise be multiplied by every operation.
const BUDGET: usize = 8_000_000;

/// Which rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Swagger,
    OpenApi30,
    /// 3.1 and later: `paths` may be absent.
    OpenApi31,
}

/// Reads all operations.
pub(crate) fn read(
    document: &Document,
    dialect: Dialect,
    options: &LoadOptions,
) -> Result<Catalog, CatalogError> {
    let mut catalog = Catalog::default();
    let mut refs = Refs::new(document);
    let schemes = Schemes::read(document, dialect, &mut refs, &mut catalog);
    schemes.chosen(document, options)?;
    let mut reader = Reader {
        document,
        schemes,
        options,
        root: document
            .get("security")
            .map(|value| security::read(value, options)),
        base: fixed_base(document, dialect, options)?,
        servers: server::of(document.get("servers")),
        budget: BUDGET,
        refs,
        notes: Notes::default(),
        keyed: false,
        catalog,
    };
    match document.get("paths") {
        None if dialect == Dialect::OpenApi31 => {}
        paths => reader.paths(paths.unwrap_or(&Value::Null))?,
    }
    let Reader {
        mut catalog,
        notes,
        keyed,
        ..
    } = reader;
    catalog.warnings.extend(notes.into_warnings());
    if let Some(key) = options.scope_key.as_ref().filter(|_| !keyed) {
        let text = format!(
            "no operation and no path of `{}` has the key {}",
            document.file,
            backticks(key)
        );
        catalog.warnings.push(Warning::new(UNUSED_KEY, text));
    }
    Ok(catalog)
}

/// The base path that holds for the whole document; `None` when servers decide.
fn fixed_base(
    document: &Document,
    dialect: Dialect,
    options: &LoadOptions,
) -> Result<Option<String>, CatalogError> {
    if let Some(base) = &options.base_path {
        return Ok(Some(server::clean(base)));
    }
    if dialect != Dialect::Swagger {
        return Ok(None);
    }
    match document.get("basePath") {
        None | Some(Value::Null) => Ok(Some(String::new())),
        Some(Value::String(base)) => Ok(Some(server::clean(base))),
        Some(other) => Err(wrong(
            document.at(&["basePath"]),
            "`basePath`",
            other,
            "a string",
        )),
    }
}

fn wrong(at: At, what: &str, found: &Value, expected: &'static str) -> CatalogError {
    CatalogError::WrongType {
        at,
        what: what.to_owned(),
        found: kind(found),
        expected,
    }
}

struct Reader<'a> {
    document: &'a Document,
    schemes: Schemes,
    options: &'a LoadOptions,
    /// The document's own `security`.
    root: Option<Result<Need, String>>,
    base: Option<String>,
    /// The document's own `servers`.
    servers: Option<Bases>,
    budget: usize,
    refs: Refs,
    notes: Notes,
    /// Some operation or path has the key that names scopes.
    keyed: bool,
    catalog: Catalog,
}

/// An operation that was found, and what is around it.
struct FoundOperation<'v> {
    method: Method,
    /// Its key, as spelled.
    key: &'v str,
    value: &'v Value,
    from: Option<&'v Target>,
}

impl Reader<'_> {
    fn paths(&mut self, paths: &Value) -> Result<(), CatalogError> {
        let document = self.document;
        let at = document.at(&["paths"]);
        let chain = self.refs.chain(paths, None, &at)?;
        let from = chain.last();
        let paths = from.map_or(paths, Target::value);
        let Some(paths) = paths.as_object() else {
            return Err(wrong(at, "`paths`", paths, "a mapping"));
        };
        for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
            let at = document.at(&["paths", path]);
            if !item.is_object() && !item.is_null() {
                return Err(wrong(
                    at,
                    &format!("path {}", backticks(path)),
                    item,
                    "a mapping",
                ));
            }
            let chain = self.refs.chain(item, from, &at)?;
            let item = Layers {
                node: item,
                node_from: from,
                chain: &chain,
            };
            self.item(path, &item, &at)?;
        }
        Ok(())
    }

    fn item(&mut self, path: &str, item: &Layers<'_>, at: &At) -> Result<(), CatalogError> {
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        for (layer, from) in item.each() {
            for (key, value) in layer {
                let methods: Vec<(&str, &Value)> = match (key.as_str(), value) {
                    // OpenAPI 3.2: methods without a field of their own.
                    ("additionalOperations", Value::Object(more)) => more
                        .iter()
                        .map(|(key, value)| (key.as_str(), value))
                        .collect(),
                    _ => vec![(key.as_str(), value)],
                };
                for (key, value) in methods {
                    if !keys.insert(key) {
                        continue; // overridden by a nearer layer
                    }
                    if let Some(method) = self.method(key, path, at) {
                        let found = FoundOperation {
                            method,
                            key,
                            value,
                            from,
                        };
                        self.operation(path, item, &found)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn method(&mut self, key: &str, path: &str, at: &At) -> Option<Method> {
        if key == AWS_ANY {
            return Some(Method::Any);
        }
        let field = matches!(
            key,
            "$ref" | "summary" | "description" | "servers" | "parameters" | "additionalOperations"
        );
        if field || key.starts_with("x-") {
            return None;
        }
        match Method::parse(key.as_bytes()) {
            Method::Any | Method::Other => {
                self.notes.add(
                    "unknown-method",
                    "keys of path items are not HTTP methods and were left out",
                    || label_of(key, path),
                    at.place(),
                );
                None
            }
            method => Some(method),
        }
    }

    fn operation(
        &mut self,
        path: &str,
        item: &Layers<'_>,
        found: &FoundOperation<'_>,
    ) -> Result<(), CatalogError> {
        let at = self.document.at(&["paths", path, found.key]);
        if !found.value.is_object() && !found.value.is_null() {
            let what = label_of(found.key, path);
            return Err(wrong(at, &what, found.value, "a mapping"));
        }
        let chain = self.refs.chain(found.value, found.from, &at)?;
        if !chain.is_empty() {
            self.notes.add(
                "operation-reference",
                "operations are references, which OpenAPI does not allow there; they were followed",
                || {
                    format!(
                        "{} to {}",
                        label_of(found.key, path),
                        refs::shown(found.value)
                    )
                },
                at.place(),
            );
        }
        let layers = Layers {
            node: found.value,
            node_from: found.from,
            chain: &chain,
        };
        let bases = self.bases_of(&layers, item, &at);
        let mut full = String::new();
        let (template, cut) = lint::without_query(path);
        if cut {
            self.notes.add(
                "query-in-path",
                "paths contain a query or fragment, which was cut: requests are compared by path",
                || backticks(path),
                at.place(),
            );
        }
        if !template.starts_with('/') {
            full.push('/');
            self.notes.add(
                "path-without-slash",
                "paths do not start with a slash; it was added",
                || backticks(path),
                at.place(),
            );
        }
        full.push_str(template);
        let of = |base: &String| format!("{base}{full}");
        let first = bases.first().map_or_else(|| full.clone(), of);
        let mut operation = Operation::new(found.method, first, Requirement::Unspecified);
        operation.place = at.place();
        operation.operation_id = text(layers.get("operationId"));
        operation.deprecated = layers.get("deprecated") == Some(&Value::Bool(true));
        let tags = layers.get("tags").and_then(Value::as_array);
        operation.tags = tags
            .into_iter()
            .flatten()
            .filter_map(|tag| text(Some(tag)))
            .collect();
        self.require(&mut operation, &layers, item, bases.len());
        let others = bases.iter().skip(1).map(|base| Operation {
            path: of(base),
            ..operation.clone()
        });
        let others: Vec<Operation> = others.collect();
        self.catalog.operations.push(operation);
        self.catalog.operations.extend(others);
        Ok(())
    }

    /// The base paths under which an operation is read.
    fn bases_of(&mut self, operation: &Layers<'_>, item: &Layers<'_>, at: &At) -> Vec<String> {
        if let Some(base) = &self.base {
            return vec![base.clone()];
        }
        let bases =
            server::of(operation.get("servers")).or_else(|| server::of(item.get("servers")));
        let Some(bases) = bases.as_ref().or(self.servers.as_ref()) else {
            return vec![String::new()];
        };
        for mut warning in bases.warnings() {
            if self
                .catalog
                .warnings
                .iter()
                .all(|known| known.code != warning.code)
            {
                let servers = self.document.at(&["servers"]).place();
                warning.place = servers.or_else(|| at.place());
                self.catalog.warnings.push(warning);
            }
        }
        bases.paths.clone()
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}
