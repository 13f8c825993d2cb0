//! The header of a table of grants.

use std::sync::Arc;

use super::{GrantError, error};
use crate::document::csv::{Row, unquoted};
use crate::model::Place;

/// The columns of a table of grants.
const COLUMNS: [&str; 5] = ["client", "audience", "scope", "owner", "since"];

/// The columns in the order of the file.
pub(super) fn header(
    text: &str,
    row: Option<Row>,
    shown: &Arc<str>,
) -> Result<Vec<&'static str>, GrantError> {
    let fail = |line: u32, message: String, help: String| GrantError::Csv {
        place: Place {
            file: Arc::clone(shown),
            line,
        },
        message,
        help: Some(help),
    };
    let wanted = format!("the first line names the columns: {}", COLUMNS.join(","));
    let Some(row) = row else {
        return Err(fail(1, "the header is missing".to_owned(), wanted));
    };
    let mut columns: Vec<&'static str> = Vec::new();
    for cell in &row.cells {
        let name = unquoted(text, *cell).trim().to_ascii_lowercase();
        let Some(known) = COLUMNS.iter().find(|column| **column == name) else {
            return Err(match error::similar(&name, COLUMNS) {
                Some(column) => fail(
                    row.line,
                    format!("unknown column `{name}`"),
                    format!("did you mean `{column}`?"),
                ),
                // What is not near a column may be no table of grants at all.
                None => fail(row.line, "this line is not a header".to_owned(), wanted),
            });
        };
        if columns.contains(known) {
            return Err(fail(
                row.line,
                format!("column `{name}` is there twice"),
                wanted,
            ));
        }
        columns.push(known);
    }
    match ["client", "scope"]
        .iter()
        .find(|name| !columns.contains(name))
    {
        Some(missing) => Err(fail(
            row.line,
            format!("column `{missing}` is missing"),
            wanted,
        )),
        None => Ok(columns),
    }
}
