//! A table (CSV) as a description reads it: `clients` is `[]`, and paths are names of columns.
//!
//! In: the description. Out: the grants, a row for one or several of them.
//!
//! Invariants: a row goes with its last grant; columns that the description does not name are
//! left alone.

use std::sync::Arc;

use super::GrantError;
use super::csv::table;
use super::described::Description;
use super::layout::Layout;
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::TreePath;
use crate::document::csv::{Row, Split, unquoted};
use crate::model::{Place, PolicyFile};

impl Description {
    /// Reads a table.
    pub(super) fn open_table(
        &self,
        source: &Source<'_>,
    ) -> Result<(PolicyFile, Layout), GrantError> {
        let shown: Arc<str> = Arc::from(source.shown);
        let bad = |message: String| GrantError::Csv {
            place: Place {
                file: Arc::clone(&shown),
                line: 1,
            },
            message,
            help: Some(format!("see `{}` under [[policies]]", self.name)),
        };
        let split = match self.shape {
            Shape::List => Split::Never,
            Shape::Delimited(' ') => Split::Blank,
            Shape::Delimited(own) => Split::At(own),
            _ => {
                let what = "the cells of a table have the shape `list` (one grant) or `delimited`";
                return Err(bad(what.to_owned()));
            }
        };
        if self.empty_means != EmptyMeans::None {
            let what =
                "a row of a table goes with its last grant: `empty_means` is \"none\" for it";
            return Err(bad(what.to_owned()));
        }
        let more = !self.optional.is_empty() || !self.aliases.is_empty() || self.roles.is_some();
        let ([id], [terms], false) = (self.id.as_slice(), self.terms.as_slice(), more) else {
            let what = "a table has one column for `id` and one for `terms`, and no `optional`, `aliases` or `roles`";
            return Err(bad(what.to_owned()));
        };
        let column = |path: &TreePath| path.last_key().unwrap_or_default().to_owned();
        let wanted = [
            ("client", Some(column(id))),
            ("scope", Some(column(terms))),
            ("audience", self.audience.as_ref().map(column)),
        ];
        let header = |row: Option<Row>, _: &Arc<str>| {
            let row = row.ok_or_else(|| bad("the header is missing".to_owned()))?;
            let cells = row.cells.iter();
            let names: Vec<String> = cells
                .map(|cell| unquoted(source.text, *cell).trim().to_owned())
                .collect();
            let mut columns = vec![""; names.len()];
            for (own, name) in &wanted {
                let Some(name) = name else { continue };
                let mut fits = names.iter().enumerate().filter(|(_, found)| *found == name);
                match (fits.next(), fits.next()) {
                    (Some((at, _)), None) => columns[at] = own,
                    (Some(_), Some(_)) => {
                        return Err(bad(format!("column `{name}` is there twice")));
                    }
                    (None, _) => return Err(bad(format!("column `{name}` is missing"))),
                }
            }
            Ok(columns)
        };
        table(source, &self.name, split, &header)
    }
}
