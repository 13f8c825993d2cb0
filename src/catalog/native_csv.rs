//! The CSV twin of `routes.yaml`: `method,path,scopes`.
//!
//! In: a table whose header names these three columns, in any order, split at
//! commas, semicolons or tabs. Out: its operations.
//!
//! In a `scopes` cell ` + ` joins scopes that are all needed, and `|` separates
//! alternatives: `a + b | c`. `public` and `authenticated` are reserved, and an
//! empty cell is an error: missing is not public. A scope whose name holds `|`, `,`, `;`,
//! `&` or `+` needs `routes.yaml`: in a cell these are mistakes for a separator, and read as a
//! part of one name they would be a scope that nobody holds. Lines that start with `#` are comments.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::document::{Document, Lines, Syntax};
use super::native::{self, Problem};
use super::{At, CatalogError, CatalogFormat, LoadOptions, lint};
use crate::model::words::backticks;
use crate::model::{Catalog, Operation};

const COLUMNS: [&str; 3] = ["method", "path", "scopes"];

/// One of two readings would be wrong, and which is meant only the author knows.
const OTHER_SEPARATOR: Problem = Problem(
    "has a `,`, `;`, `&` or `+` between or within its scopes, which separates nothing here",
    "write `a + b` when both are needed, and `a | b` when one is enough; a scope with such a character in its name needs a routes.yaml",
);

/// `method,path,scopes`.
pub(super) struct RoutesCsv;

impl CatalogFormat for RoutesCsv {
    fn name(&self) -> &'static str {
        "CSV with the columns method, path, scopes"
    }

    fn detect(&self, document: &Document) -> bool {
        document.syntax == Syntax::Csv
    }

    fn read(&self, document: &Document, options: &LoadOptions) -> Result<Catalog, CatalogError> {
        let mut catalog = Catalog::default();
        lint::base_is_ignored(document, options, &mut catalog);
        for (row, number) in document
            .value
            .as_array()
            .into_iter()
            .flatten()
            .zip(0_usize..)
        {
            let at = document.at(&[&number.to_string()]);
            let cell = |name| {
                row.get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .trim()
            };
            let (method, path) = native::method_and_path(&at, cell("method"), cell("path"))?;
            let what = || format!("route {}", backticks(&format!("{method} {path}")));
            let scopes = cell("scopes");
            if scopes.is_empty() {
                return Err(Problem::EMPTY.at(&at, what()));
            }
            if scopes.replace(" + ", "").contains([',', ';', '&', '+']) {
                return Err(OTHER_SEPARATOR.at(&at, what()));
            }
            let texts: Vec<&str> = scopes.split('|').map(str::trim).collect();
            let (requirement, optional) =
                native::requirement(&texts).map_err(|problem| problem.at(&at, what()))?;
            let mut operation = Operation::new(method, path, requirement);
            operation.optional_auth = optional;
            operation.place = at.place();
            catalog.operations.push(operation);
        }
        native::refuse_ties(document, &catalog.operations)?;
        Ok(catalog)
    }
}

/// The delimiter, when the first line is a header with the three columns.
pub(super) fn delimiter(text: &str) -> Option<u8> {
    let blank = |line: &&str| line.trim().is_empty() || line.starts_with('#');
    let header = text.lines().find(|line| !blank(line))?;
    if header.len() > 4096 {
        return None;
    }
    [b',', b';', b'\t'].into_iter().find(|delimiter| {
        let cells: Vec<String> = header.split(char::from(*delimiter)).map(column).collect();
        COLUMNS
            .iter()
            .all(|name| cells.iter().any(|cell| cell == name))
    })
}

/// A list of rows, each an object from column to cell.
pub(super) fn table(
    text: &str,
    delimiter: u8,
    file: &Arc<str>,
) -> Result<(Value, Lines), CatalogError> {
    let at = |line: Option<u64>| At {
        file: file.clone(),
        line: line.map(|line| u32::try_from(line).unwrap_or(u32::MAX)),
    };
    let broken = |error: &csv::Error| CatalogError::Csv {
        at: at(error.position().map(csv::Position::line)),
        message: match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => format!("{len} cells under {expected_len} columns"),
            _ => "the text cannot be read".to_owned(),
        },
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| broken(&error))?.clone();
    let header_at = at(headers.position().map(csv::Position::line));
    let mut columns: Vec<String> = Vec::new();
    for name in headers.iter().map(column) {
        if columns.contains(&name) {
            return Err(CatalogError::DuplicateKey { at: header_at });
        }
        if !COLUMNS.contains(&name.as_str()) {
            return Err(CatalogError::Unknown {
                at: header_at,
                what: "column",
                name,
                known: COLUMNS.to_vec(),
            });
        }
        columns.push(name);
    }
    let mut lines = Lines::default();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        let line = at(record.position().map(csv::Position::line)).line;
        lines.note(&[rows.len().to_string()], line.unwrap_or(1));
        let cells = columns.iter().cloned().zip(record.iter().map(Value::from));
        rows.push(Value::Object(cells.collect::<Map<_, _>>()));
    }
    Ok((Value::Array(rows), lines))
}

fn column(text: &str) -> String {
    text.trim().trim_matches('"').to_ascii_lowercase()
}
