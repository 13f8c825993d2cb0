//! The normalised catalogue: what `scopetrim catalog --json` prints, and reads back.
//!
//! In: `{"operations":[{"method","path","any_of":[["a","b"],["c"]],"operation_id","least","weight","tags"}]}`.
//! Out: the catalogue, or this form of it.
//!
//! Invariants:
//! * reading what [`to_json`] wrote gives an equal catalogue (places and
//!   warnings apart);
//! * `any_of: [[]]` asks for no scope; `null`, nothing and `[]` are unspecified,
//!   which is not public;
//! * further keys are ignored, so that other tools can add their own.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::{Document, Syntax, kind};
use super::{CatalogError, CatalogFormat, LoadOptions, lint, native};
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, ScopeMatch, Warning};

/// The normalised catalogue.
pub(super) struct Normal;

impl CatalogFormat for Normal {
    fn name(&self) -> &'static str {
        "normalised catalogue"
    }

    fn detect(&self, document: &Document) -> bool {
        document.syntax != Syntax::Csv
            && matches!(document.get("operations"), Some(Value::Array(_)))
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let mut reader = Reader {
            document,
            index: String::new(),
            counts: Counts::default(),
            catalog: Catalog::default(),
        };
        lint::base_is_ignored(document, options, &mut reader.catalog);
        for (index, value) in document
            .get("operations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            reader.index = index.to_string();
            reader.operation(value)?;
        }
        if let Some(implies) = document.get("implies") {
            reader.catalog.implies = native::implies(document, implies)?;
        }
        reader.index.clear();
        let declared = document.get("declared");
        reader.catalog.declared = reader.names("`declared`", declared)?.into_iter().collect();
        if let Some(text) = document.get("match") {
            let matching = text.as_str().and_then(ScopeMatch::parse);
            reader.catalog.matching = Some(matching.ok_or_else(|| {
                reader.wrong(
                    "`match`",
                    text,
                    "`exact`, `glob`, `wildcard:` or `hierarchy:`",
                )
            })?);
        }
        let Reader {
            mut catalog,
            counts,
            ..
        } = reader;
        catalog.warnings.extend(counts.warnings());
        Ok(catalog)
    }
}

/// What is said once, with its number.
#[derive(Default)]
struct Counts {
    cut: usize,
    silent: usize,
    empty: usize,
    methods: usize,
}

impl Counts {
    fn warnings(&self) -> impl Iterator<Item = Warning> + use<> {
        [
            ("query-in-path", self.cut, "paths contain a query or fragment, which was cut: requests are compared by path"),
            ("unspecified-security", self.silent, "operations have no `any_of`: unspecified is not public, and nothing is concluded from them"),
            ("empty-alternatives", self.empty, "operations have an empty `any_of`: that is read as unspecified; write `[[]]` where no scope is needed"),
            ("unknown-method", self.methods, "operations have an unknown method and were left out"),
        ]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(code, count, text)| Warning::new(code, format!("{count} {text}")))
    }
}

struct Reader<'a> {
    document: &'a Document,
    index: String,
    counts: Counts,
    catalog: Catalog,
}

impl Reader<'_> {
    fn operation(&mut self, value: &Value) -> Result<(), CatalogError> {
        if !value.is_object() {
            return Err(self.wrong("an operation", value, "a mapping"));
        }
        let text = |key: &str| value.get(key).unwrap_or(&Value::Null);
        let (Some(method), Some(path)) = (text("method").as_str(), text("path").as_str()) else {
            return Err(self.wrong(
                "an operation",
                value,
                "a mapping with the strings `method` and `path`",
            ));
        };
        let method = Method::parse(method.as_bytes());
        if method == Method::Other {
            self.counts.methods += 1;
            return Ok(());
        }
        let (path, cut) = lint::without_query(path);
        if !path.starts_with('/') {
            return Err(self.wrong("`path`", text("path"), "a string that starts with a slash"));
        }
        self.counts.cut += usize::from(cut);
        let requirement = self.any_of(text("any_of"))?;
        let mut operation = Operation::new(method, path, requirement);
        operation.operation_id = match text("operation_id") {
            Value::Null => None,
            Value::String(id) => Some(id.clone()),
            other => return Err(self.wrong("`operation_id`", other, "a string")),
        };
        operation.least = self.names("`least`", value.get("least"))?;
        operation.tags = self.tags(text("tags"))?;
        operation.weight =
            match text("weight") {
                Value::Null => None,
                other => {
                    let weight = other.as_u64().and_then(|weight| u32::try_from(weight).ok());
                    Some(weight.ok_or_else(|| {
                        self.wrong("`weight`", other, "a whole number below 2^32")
                    })?)
                }
            };
        operation.optional_auth = self.flag("`optional_auth`", text("optional_auth"))?;
        operation.deprecated = self.flag("`deprecated`", text("deprecated"))?;
        operation.place = self.document.at(&["operations", &self.index]).place();
        self.catalog.operations.push(operation);
        Ok(())
    }

    fn any_of(&mut self, value: &Value) -> Result<Requirement, CatalogError> {
        match value {
            Value::Null => {
                self.counts.silent += 1;
                Ok(Requirement::Unspecified)
            }
            Value::Array(clauses) if clauses.is_empty() => {
                self.counts.empty += 1;
                Ok(Requirement::Unspecified)
            }
            Value::Array(clauses) => clauses
                .iter()
                .map(|clause| {
                    let names = self.names("an alternative of `any_of`", Some(clause))?;
                    Ok(Clause::from_iter(names))
                })
                .collect::<Result<_, _>>()
                .map(Requirement::AnyOf),
            other => Err(self.wrong("`any_of`", other, "a list of lists of scopes")),
        }
    }

    fn names(&self, what: &str, value: Option<&Value>) -> Result<Vec<Scope>, CatalogError> {
        let Some(value) = value else {
            return Ok(Vec::new());
        };
        let Some(items) = value.as_array() else {
            return Err(self.wrong(what, value, "a list of strings"));
        };
        let name = |item: &Value| match item.as_str() {
            Some(name) if !name.is_empty() => Ok(Scope::new(name)),
            Some(_) => Err(self.wrong(what, value, "a list of strings that are not empty")),
            None => Err(self.wrong(what, value, "a list of strings")),
        };
        items.iter().map(name).collect()
    }

    fn tags(&self, value: &Value) -> Result<Vec<String>, CatalogError> {
        let items = match value {
            Value::Null => Some(Vec::new()),
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        items.ok_or_else(|| self.wrong("`tags`", value, "a list of strings"))
    }

    fn flag(&self, what: &str, value: &Value) -> Result<bool, CatalogError> {
        match value {
            Value::Null => Ok(false),
            Value::Bool(flag) => Ok(*flag),
            other => Err(self.wrong(what, other, "true or false")),
        }
    }

    fn wrong(&self, what: &str, found: &Value, expected: &'static str) -> CatalogError {
        let names: &[&str] = if self.index.is_empty() {
            &[]
        } else {
            &["operations", &self.index]
        };
        CatalogError::WrongType {
            at: self.document.at(names),
            what: what.to_owned(),
            found: kind(found),
            expected,
        }
    }
}

/// The normal form of a catalogue, in the order of its source.
///
/// Unspecified requirements are `null`. Keys that say nothing are left away;
/// warnings and places are not part of it.
pub(crate) fn to_json(catalog: &Catalog) -> Value {
    let mut out = Map::new();
    out.insert("source".to_owned(), json!(&*catalog.source));
    if let Some(matching) = catalog.matching {
        out.insert("match".to_owned(), json!(spelt(matching)));
    }
    if !catalog.implies.is_empty() {
        let list =
            |(scope, implied): (&Scope, &BTreeSet<Scope>)| (scope.to_string(), json!(implied));
        let implies = catalog.implies.iter().map(list).collect();
        out.insert("implies".to_owned(), Value::Object(implies));
    }
    if !catalog.declared.is_empty() {
        out.insert("declared".to_owned(), json!(catalog.declared));
    }
    let operations = catalog.operations.iter().map(operation_json).collect();
    out.insert("operations".to_owned(), Value::Array(operations));
    Value::Object(out)
}

fn operation_json(operation: &Operation) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("method", json!(operation.method));
    put("path", json!(operation.path));
    put(
        "any_of",
        match &operation.requirement {
            Requirement::Unspecified => Value::Null,
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
        put("optional_auth", Value::Bool(true));
    }
    if operation.deprecated {
        put("deprecated", Value::Bool(true));
    }
    Value::Object(out)
}

fn spelt(matching: ScopeMatch) -> String {
    match matching {
        ScopeMatch::Exact => "exact".to_owned(),
        ScopeMatch::Wildcard(delimiter) => format!("wildcard:{delimiter}"),
        ScopeMatch::Hierarchy(delimiter) => format!("hierarchy:{delimiter}"),
        ScopeMatch::Glob => "glob".to_owned(),
        ScopeMatch::GlobAnyCase => "glob-any-case".to_owned(),
    }
}
