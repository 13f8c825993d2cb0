//! Routes as CSV (RFC 4180): `method,path,scopes`, alternatives joined by ` | `.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::error::snippet;
use crate::catalog::{CatalogError, LoadOptions, lint};
use crate::model::{Catalog, Operation, Place};

use super::phrase;

/// The header.
const HEADER: [&str; 3] = ["method", "path", "scopes"];

/// Whether the first line that is no comment is a CSV header that names a method and a path.
pub(in crate::catalog) fn is_csv(text: &str) -> bool {
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let names: Vec<String> = line.split(',').map(plain).collect();
        ["method", "path"]
            .iter()
            .all(|wanted| names.iter().any(|name| name == wanted))
    })
}

fn plain(field: &str) -> String {
    field.trim().trim_matches('"').to_ascii_lowercase()
}

/// Reads the table.
pub(in crate::catalog) fn read_csv(
    text: &str,
    shown: &str,
    options: &LoadOptions,
) -> Result<Catalog, CatalogError> {
    let base = options.base().unwrap_or_default();
    let file: Arc<str> = Arc::from(shown);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut catalog = Catalog::default();
    let mut seen = BTreeSet::new();
    let mut header = true;
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, ::csv::Position::line);
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            CatalogError::Syntax {
                file: file.clone(),
                line,
                column: 1,
                message: error.to_string(),
                snippet: snippet(text, line, 1),
            }
        })?;
        let line = record
            .position()
            .map_or(1, |position| line_at(text, position));
        let place = Place {
            file: file.clone(),
            line,
        };
        let fail = |problem: phrase::Problem| CatalogError::Value {
            at: place.to_string(),
            message: problem.message,
            help: problem.help,
        };
        let fields: Vec<&str> = record.iter().collect();
        let [method, path, scopes] = fields[..] else {
            return Err(wrong_shape(&place, fields.len()));
        };
        if std::mem::take(&mut header) {
            if fields.iter().map(|field| plain(field)).ne(HEADER) {
                return Err(CatalogError::Value {
                    at: place.to_string(),
                    message: format!("the header is `{}`", fields.join(",")),
                    help: Some("it must be `method,path,scopes`".to_owned()),
                });
            }
            continue;
        }
        let method = phrase::method(method).map_err(fail)?;
        let path = phrase::path(path).map_err(fail)?;
        if !seen.insert((method, path.to_owned())) {
            return Err(CatalogError::Value {
                at: place.to_string(),
                message: format!("route `{method} {path}` stands twice"),
                help: None,
            });
        }
        let alternatives: Vec<&str> = if scopes.is_empty() {
            Vec::new()
        } else {
            split_alternatives(scopes)
        };
        let requirement = phrase::any_of(&alternatives).map_err(fail)?;
        let mut operation = Operation::new(method, lint::join(&base, path), requirement);
        operation.place = Some(place);
        catalog.operations.push(operation);
    }
    Ok(catalog)
}

/// A `|` with white space on both sides separates; without it belongs to a name.
fn split_alternatives(text: &str) -> Vec<&str> {
    text.split(" | ").map(str::trim).collect()
}

/// Line of a record. Blank lines and comments before it are skipped, because the reader
/// reports where its search for the record began.
fn line_at(text: &str, position: &::csv::Position) -> u32 {
    let at = usize::try_from(position.byte()).unwrap_or(text.len());
    let before = text
        .get(at..)
        .unwrap_or_default()
        .split('\n')
        .take_while(|row| row.trim().is_empty() || row.starts_with('#'))
        .count();
    let line = u32::try_from(position.line()).unwrap_or(u32::MAX);
    line.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
}

fn wrong_shape(place: &Place, fields: usize) -> CatalogError {
    CatalogError::Value {
        at: place.to_string(),
        message: format!("the row has {fields} fields, not 3"),
        help: Some(
            "a row is `method,path,scopes`; alternatives are joined by ` | `, scopes that are all \
             needed by ` + `"
                .to_owned(),
        ),
    }
}
