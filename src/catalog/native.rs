//! `routes.yaml`: the requirement of each route, written by hand.
//!
//! In: a mapping with `routes` (YAML or JSON). Out: its operations.
//!
//! ```yaml
//! version: 1
//! match: exact                     # or wildcard::, {wildcard: ":"}, hierarchy:., glob
//! implies:
//!   orders:admin: [orders:read]
//! routes:
//!   GET /orders/{id}: orders:read                  # one scope
//!   POST /orders: [orders:update, orders:admin]    # any of
//!   POST /refunds: orders:update + payments:write  # all of
//!   GET /health: public
//!   ANY /admin/**: orders:admin
//! ```
//!
//! Invariants:
//! * the author is here to answer: what is unknown, missing or ambiguous is an
//!   error with a line, never a guess;
//! * a route without scopes has to say `public` or `authenticated`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Document, Syntax, kind};
use super::matcher::shape;
use super::{At, CatalogError, CatalogFormat, LoadOptions, lint};
use crate::model::words::backticks;
use crate::model::{Catalog, Clause, Method, Operation, Requirement, Scope, ScopeMatch};

const KEYS: [&str; 4] = ["version", "match", "implies", "routes"];
const METHODS: [&str; 11] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "ANY",
];
const WRITE_SCOPES: &str =
    "write a scope, a list of alternatives, `a + b` for both, `public` or `authenticated`";

/// `routes.yaml`.
pub(super) struct Routes;

impl CatalogFormat for Routes {
    fn name(&self) -> &'static str {
        "routes.yaml"
    }

    fn detect(&self, document: &Document) -> bool {
        // A list of routes is a gateway's own configuration.
        document.syntax != Syntax::Csv
            && matches!(document.get("routes"), Some(routes) if !routes.is_array())
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let root = mapping(document, &[], "the document", &document.value)?;
        let mut catalog = Catalog::default();
        lint::base_is_ignored(document, options, &mut catalog);
        for (key, value) in root {
            match key.as_str() {
                "version" if matches!(value.to_string().trim_matches('"'), "1") => {}
                "version" => {
                    return Err(CatalogError::Version {
                        file: document.file.clone(),
                        kind: "routes.yaml",
                        version: value.to_string().chars().take(40).collect(),
                        supported: "version 1",
                    });
                }
                "match" => catalog.matching = Some(matching(document, value)?),
                "implies" => catalog.implies = implies(document, value)?,
                "routes" => {
                    for (route, need) in mapping(document, &["routes"], "`routes`", value)? {
                        catalog.operations.push(operation(document, route, need)?);
                    }
                }
                _ => {
                    return Err(CatalogError::Unknown {
                        at: document.at(&[key]),
                        what: "key",
                        name: key.chars().take(120).collect(),
                        known: KEYS.to_vec(),
                    });
                }
            }
        }
        refuse_ties(document, &catalog.operations)?;
        Ok(catalog)
    }
}

fn operation(document: &Document, route: &str, need: &Value) -> Result<Operation, CatalogError> {
    let at = document.at(&["routes", route]);
    let trimmed = route.trim();
    let (method, path) = trimmed
        .split_once(char::is_whitespace)
        .unwrap_or((trimmed, ""));
    let (method, path) = method_and_path(&at, method, path.trim_start())?;
    let what = || format!("route {}", backticks(trimmed));
    let refuse = |problem: Problem| problem.at(&at, what());
    let texts: Vec<&str> = match need {
        Value::String(text) => vec![text],
        Value::Array(items) => {
            let texts = items.iter().map(Value::as_str).collect::<Option<_>>();
            texts.ok_or_else(|| {
                refuse(Problem(
                    "has an alternative that is not a string",
                    WRITE_SCOPES,
                ))
            })?
        }
        Value::Null => return Err(refuse(Problem::EMPTY)),
        _ => {
            return Err(refuse(Problem(
                "has a requirement that is neither a string nor a list",
                WRITE_SCOPES,
            )));
        }
    };
    let (requirement, optional) = requirement(&texts).map_err(refuse)?;
    let mut operation = Operation::new(method, path, requirement);
    operation.optional_auth = optional;
    operation.place = at.place();
    Ok(operation)
}

/// What is wrong with a route, and what to do.
pub(super) struct Problem(pub(super) &'static str, pub(super) &'static str);

impl Problem {
    /// Missing is not public.
    pub(super) const EMPTY: Self = Self("does not say what it requires", WRITE_SCOPES);

    pub(super) fn at(self, at: &At, what: String) -> CatalogError {
        CatalogError::Route {
            at: at.clone(),
            what,
            problem: self.0,
            advice: self.1,
        }
    }
}

/// Checks a method and a path template.
pub(super) fn method_and_path<'t>(
    at: &At,
    name: &str,
    path: &'t str,
) -> Result<(Method, &'t str), CatalogError> {
    let method = Method::parse(name.as_bytes());
    if method == Method::Other {
        return Err(CatalogError::Unknown {
            at: at.clone(),
            what: "method",
            name: name.chars().take(120).collect(),
            known: METHODS.to_vec(),
        });
    }
    let problem = if !path.starts_with('/') {
        Problem(
            "has no path that starts with a slash",
            "write `GET /orders/{id}`",
        )
    } else if path.contains(char::is_whitespace) {
        Problem("has whitespace in its path", "write `%20` for a space")
    } else if path.contains(['?', '#']) {
        Problem(
            "has a query or a fragment in its path",
            "leave it away: requests are compared by path",
        )
    } else if !balanced(path) {
        Problem(
            "has a brace without its partner",
            "write parameters as `{name}`",
        )
    } else if path
        .rsplit('/')
        .skip(1)
        .any(|segment| segment.contains("**"))
    {
        Problem(
            "has `**` before its end",
            "`**` stands for the rest of a path; write `{name}` for one segment",
        )
    } else {
        return Ok((method, path));
    };
    Err(problem.at(
        at,
        format!("route {}", backticks(&format!("{name} {path}"))),
    ))
}

fn balanced(path: &str) -> bool {
    let mut open = false;
    for c in path.chars() {
        match (c, open) {
            ('{', false) => open = true,
            ('}', true) => open = false,
            ('{' | '/', true) | ('}', false) => return false,
            _ => {}
        }
    }
    !open
}

/// Alternatives, each with its scopes joined by ` + `; with whether anonymous callers are
/// accepted next to others.
pub(super) fn requirement(texts: &[&str]) -> Result<(Requirement, bool), Problem> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut public = false;
    for text in texts {
        let names: Vec<&str> = text.split(" + ").map(str::trim).collect();
        let reserved = |name: &&str| matches!(*name, "public" | "authenticated");
        let clause: Clause = match names.as_slice() {
            [one] if reserved(one) => {
                public |= *one == "public";
                Clause::new()
            }
            names if names.iter().any(reserved) => {
                return Err(Problem(
                    "joins a scope with `public` or `authenticated`, which are reserved words",
                    "leave the word away: a scope can only be held by an authenticated client",
                ));
            }
            names if names.iter().any(|name| matches!(*name, "" | "+")) => {
                return Err(Problem("has an empty place for a scope", WRITE_SCOPES));
            }
            names if names.iter().any(|name| name.contains(char::is_whitespace)) => {
                return Err(Problem(
                    "has several scopes with only a space between them",
                    "write `a + b` when both are needed, and a list when one is enough",
                ));
            }
            names => names.iter().map(|name| Scope::new(name)).collect(),
        };
        if seen.insert(clause.clone()) {
            clauses.push(clause);
        }
    }
    if clauses.is_empty() {
        return Err(Problem::EMPTY);
    }
    let optional = public && clauses.len() > 1;
    Ok((Requirement::AnyOf(clauses), optional))
}

/// The most specific route wins, so two that match the same requests are a mistake.
pub(super) fn refuse_ties(
    document: &Document,
    operations: &[Operation],
) -> Result<(), CatalogError> {
    let mut first: BTreeMap<(Method, Vec<u8>), &Operation> = BTreeMap::new();
    for operation in operations {
        let key = (operation.method, shape(&operation.path));
        if let Some(first) = first.insert(key, operation) {
            let line = operation.place.as_ref().map(|place| place.line);
            return Err(CatalogError::EqualRoutes {
                at: At {
                    file: document.file.clone(),
                    line,
                },
                first: first.label(),
                second: operation.label(),
            });
        }
    }
    Ok(())
}

fn matching(document: &Document, value: &Value) -> Result<ScopeMatch, CatalogError> {
    let text = match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) if map.len() == 1 => map
            .iter()
            .find_map(|(name, delimiter)| Some(format!("{name}:{}", delimiter.as_str()?))),
        _ => None,
    };
    text.and_then(|text| ScopeMatch::parse(&text))
        .ok_or_else(|| {
            let advice =
                "write `exact`, `glob`, `wildcard:` or `hierarchy:` followed by one character";
            Problem("is not a way to compare scopes", advice).at(
                &document.at(&["match"]),
                format!(
                    "`match: {}`",
                    value.to_string().chars().take(80).collect::<String>()
                ),
            )
        })
}

/// Implications as a mapping from a scope to one scope or a list of them.
pub(super) fn implies(
    document: &Document,
    value: &Value,
) -> Result<BTreeMap<Scope, BTreeSet<Scope>>, CatalogError> {
    let mut out = BTreeMap::new();
    for (scope, implied) in mapping(document, &["implies"], "`implies`", value)? {
        let names: Option<BTreeSet<Scope>> = match implied {
            Value::String(name) => Some(BTreeSet::from([Scope::new(name)])),
            Value::Array(names) => names
                .iter()
                .map(|name| name.as_str().map(Scope::new))
                .collect(),
            _ => None,
        };
        let names = names.ok_or_else(|| {
            Problem(
                "does not name the scopes it implies",
                "write a list of scopes",
            )
            .at(&document.at(&["implies", scope]), backticks(scope))
        })?;
        out.insert(Scope::new(scope), names);
    }
    Ok(out)
}

fn mapping<'v>(
    document: &Document,
    names: &[&str],
    what: &str,
    value: &'v Value,
) -> Result<&'v Map<String, Value>, CatalogError> {
    value.as_object().ok_or_else(|| CatalogError::WrongType {
        at: document.at(names),
        what: what.to_owned(),
        found: kind(value),
        expected: "a mapping",
    })
}
