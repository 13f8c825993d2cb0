//! `client,audience,scope[,owner,since]`: one row per grant, as consoles export them.
//!
//! RFC 4180 quoting; the header is required and names the columns in any order.
//! A cell may hold several scopes, separated by spaces. A row whose last scope is
//! removed goes too; a client without a row is then granted nothing. A description of the user
//! names other columns.

use std::collections::HashMap;
use std::sync::Arc;

use super::csv_header::header;
use super::layout::{Home, Layout};
use super::not_editable::marker;
use super::site::Site;
use super::source::Source;
use super::table::Table;
use super::warnings::duplicate;
use super::written::Syntax;
use super::{GrantError, PolicyFormat};
use crate::document::csv::{Row, Split, rows, unquoted};
use crate::model::{ClientName, Day, Entry, Granted, Place, PolicyFile, Subject, Term};

/// The registry's entry.
pub(super) struct Csv;

pub(super) const NAME: &str = "grants-csv";

impl PolicyFormat for Csv {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let text = source.text.strip_prefix('\u{feff}').unwrap_or(source.text);
        let header = text
            .split('\n')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let cells: Vec<&str> = header
            .trim()
            .split(',')
            .map(|cell| cell.trim_matches(['"', ' ']))
            .collect();
        source.shown.to_ascii_lowercase().ends_with(".csv")
            || (cells.contains(&"client") && cells.contains(&"scope"))
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        table(source, NAME, Split::Blank, &|row, shown| {
            header(source.text, row, shown)
        })
    }
}

/// Which of our columns each cell of the header is; none for one that is not read.
type Header<'h> = &'h dyn Fn(Option<Row>, &Arc<str>) -> Result<Vec<&'static str>, GrantError>;

/// Reads a table.
pub(super) fn table(
    source: &Source<'_>,
    format: &str,
    split: Split,
    header: Header<'_>,
) -> Result<(PolicyFile, Layout), GrantError> {
    let text = source.text;
    let shown: Arc<str> = Arc::from(source.shown);
    let mut rows = rows(text, &shown)?.into_iter();
    let columns = header(rows.next(), &shown)?;
    let mut reader = Reader {
        file: PolicyFile::new(shown, format, Arc::clone(source.bytes)),
        layout: Layout::new(Syntax::Csv, Vec::new()),
        table: Table::of(split),
        seen: HashMap::new(),
    };
    for row in rows {
        reader.row(text, &columns, &row)?;
    }
    reader.layout.sites.push(Some(Site::table(reader.table)));
    Ok((reader.file, reader.layout))
}

struct Reader {
    file: PolicyFile,
    layout: Layout,
    table: Table,
    /// Lines by audience, client and scope. Names begin alike, so comparing them would be
    /// most of the work of a large file.
    seen: HashMap<(String, Subject, Granted), u32>,
}

impl Reader {
    fn row(&mut self, text: &str, columns: &[&str], row: &Row) -> Result<(), GrantError> {
        let place = Place {
            file: Arc::clone(&self.file.path),
            line: row.line,
        };
        let bad = |message: String, help: Option<&str>| GrantError::Csv {
            place: place.clone(),
            message,
            help: help.map(ToOwned::to_owned),
        };
        if row.cells.len() != columns.len() {
            let message = format!(
                "the row has {} cells, and the header has {}",
                row.cells.len(),
                columns.len()
            );
            return Err(bad(
                message,
                Some("put a cell that holds a comma in double quotes"),
            ));
        }
        let cell = |name: &str| {
            columns
                .iter()
                .position(|column| *column == name)
                .map(|index| row.cells[index])
        };
        let value = |name: &str| {
            cell(name)
                .map(|cell| unquoted(text, cell))
                .unwrap_or_default()
        };
        let client = value("client").trim().to_owned();
        let (Some(scopes), false) = (cell("scope"), client.is_empty()) else {
            return Err(bad("the row names no client".to_owned(), None));
        };
        let since = match value("since").trim() {
            "" => None,
            date => Some(Day::parse(date).ok_or_else(|| GrantError::BadDate {
                place: place.clone(),
                text: date.to_owned(),
            })?),
        };
        let owner = Some(value("owner").trim().to_owned()).filter(|owner| !owner.is_empty());
        let audience = Some(value("audience").trim().to_owned()).filter(|name| !name.is_empty());
        let frozen = marker(&text[row.span.start..row.span.end]);
        let frozen = frozen.map(|mark| format!("its line holds a template marker (`{mark}`)"));
        let words = self.table.add(text, row, scopes);
        if words
            .iter()
            .any(|(_, term)| term.chars().any(char::is_control))
            || client.chars().any(char::is_control)
        {
            return Err(bad("a name holds a control character".to_owned(), None));
        }
        self.file.clients.insert(ClientName::new(&client));
        for (span, term) in words {
            let entry = Entry {
                subject: Subject::Client(ClientName::new(&client)),
                granted: Granted::Term(Term::new(&term)),
                optional: false,
                since,
                since_line: None,
                owner: owner.as_deref().map(Arc::from),
                keep: None,
                place: place.clone(),
                span,
                audience: audience.as_deref().map(Arc::from),
                frozen: frozen.clone(),
            };
            // The same scope of another audience is another permission.
            let key = (
                value("audience"),
                entry.subject.clone(),
                entry.granted.clone(),
            );
            match self.seen.get(&key) {
                Some(first) => self.file.warnings.push(duplicate(&entry, *first)),
                None => drop(self.seen.insert(key, row.line)),
            }
            self.layout.homes.push(Home {
                site: 0,
                item: self.file.entries.len(),
                line: row.line,
            });
            self.file.entries.push(entry);
        }
        Ok(())
    }
}
