//! `client,audience,scope[,owner,since]`: one row per grant, as consoles export them.
//!
//! RFC 4180 quoting; the header is required and names the columns in any order.
//! A cell may hold several scopes, separated by spaces. A row whose last scope is
//! removed goes too; a client without a row is then granted nothing. Where several scopes
//! come in the place of one that has a row of its own, each gets a row.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::csv_rows::{Cell, Row, header, rows, unquoted, words};
use super::list::with_scalar;
use super::not_editable::{UNWRITABLE, marker, unwritable};
use super::warnings::duplicate;
use super::{Change, CommentEffect, Edit, GrantError, PolicyFormat, Refusal, policy_text};
use crate::model::{ClientName, Day, Entry, Granted, Place, PolicyFile, Span, Subject, Term};

/// The registry's entry.
pub(super) struct Csv;

const NAME: &str = "grants-csv";

impl PolicyFormat for Csv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, bytes: &[u8], path: &str) -> bool {
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let line = start
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let header = String::from_utf8_lossy(line).to_ascii_lowercase();
        let cells: Vec<&str> = header
            .trim()
            .split(',')
            .map(|cell| cell.trim_matches(['"', ' ']))
            .collect();
        path.to_ascii_lowercase().ends_with(".csv")
            || (cells.contains(&"client") && cells.contains(&"scope"))
    }

    fn read(&self, bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError> {
        read(bytes, shown)
    }

    fn edits(
        &self,
        file: &PolicyFile,
        changes: &BTreeMap<usize, Change>,
    ) -> Result<Vec<Edit>, Refusal> {
        let refuse = |reason: String| Refusal {
            place: Place {
                file: Arc::clone(&file.path),
                line: 1,
            },
            reason,
        };
        let table = Table::of(file).map_err(|error| refuse(error.to_string()))?;
        table.edits(changes)
    }

    fn comments(&self, _: &PolicyFile) -> BTreeMap<usize, CommentEffect> {
        BTreeMap::new() // the format has no comments
    }
}

fn read(bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError> {
    let owned = Arc::clone(&bytes);
    let text = policy_text::utf8(&owned, shown)?;
    let shown: Arc<str> = Arc::from(shown);
    let mut rows = rows(text, &shown)?.into_iter();
    let columns = header(text, rows.next(), &shown)?;
    let mut reader = Reader {
        file: PolicyFile::new(Arc::clone(&shown), NAME, bytes),
        seen: HashMap::new(),
    };
    for row in rows {
        reader.row(text, &columns, &row)?;
    }
    Ok(reader.file)
}

struct Reader {
    file: PolicyFile,
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
        let words = words(text, scopes);
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
            self.file.entries.push(entry);
        }
        Ok(())
    }
}

/// A file that was read, and where its entries stand.
struct Table<'a> {
    file: &'a PolicyFile,
    text: &'a str,
    /// One for each entry.
    homes: Vec<Home>,
}

/// An entry's row, its cell, and the entries of that cell.
#[derive(Clone)]
struct Home {
    row: Span,
    cell: Cell,
    entries: std::ops::Range<usize>,
}

impl<'a> Table<'a> {
    fn of(file: &'a PolicyFile) -> Result<Self, GrantError> {
        let text = policy_text::utf8(&file.bytes, &file.path)?;
        let mut rows = rows(text, &file.path)?.into_iter();
        let columns = header(text, rows.next(), &file.path)?;
        let scope = columns.iter().position(|column| *column == "scope");
        let mut homes: Vec<Home> = Vec::with_capacity(file.entries.len());
        for row in rows {
            let Some(cell) = scope.and_then(|at| row.cells.get(at)) else {
                continue;
            };
            let from = homes.len();
            let entries = from..from + words(text, *cell).len();
            let home = Home {
                row: row.span,
                cell: *cell,
                entries: entries.clone(),
            };
            homes.extend(entries.map(|_| home.clone()));
        }
        Ok(Self { file, text, homes })
    }

    fn edits(&self, changes: &BTreeMap<usize, Change>) -> Result<Vec<Edit>, Refusal> {
        let mut edits: Vec<Edit> = Vec::new();
        let mut done = 0;
        for &index in changes.keys() {
            let refuse = |reason: &str| {
                let whole = Place {
                    file: Arc::clone(&self.file.path),
                    line: 1,
                };
                let place = self
                    .file
                    .entries
                    .get(index)
                    .map_or(whole, |entry| entry.place.clone());
                Refusal {
                    place,
                    reason: reason.to_owned(),
                }
            };
            let Some(home) = self.homes.get(index) else {
                return Err(refuse("the file has no such entry"));
            };
            if let Some(reason) = self
                .file
                .entries
                .get(index)
                .and_then(|entry| entry.frozen.as_deref())
            {
                return Err(refuse(reason));
            }
            if index < done {
                continue; // its cell was written together with an earlier word
            }
            done = home.entries.end;
            let gone = |entry: usize| changes.get(&entry) == Some(&Change::Remove);
            if home.entries.clone().all(gone) {
                let above = edits
                    .pop_if(|edit| edit.replacement.is_empty() && edit.span.end == home.row.start);
                let start = above.map_or(home.row.start, |edit| edit.span.start);
                edits.push(Edit::delete(start, home.row.end));
            } else {
                self.cell(home, changes, &mut edits).map_err(refuse)?;
            }
        }
        Ok(edits)
    }

    /// Edits a cell that keeps at least one word.
    fn cell(
        &self,
        home: &Home,
        changes: &BTreeMap<usize, Change>,
        edits: &mut Vec<Edit>,
    ) -> Result<(), &'static str> {
        let span = |entry: usize| self.file.entries[entry].span;
        let mut kept_before = false;
        for entry in home.entries.clone() {
            match changes.get(&entry) {
                None => kept_before = true,
                Some(Change::Replace(terms)) => {
                    kept_before = true;
                    if terms.iter().any(|term| unwritable(term.as_str())) {
                        return Err(UNWRITABLE);
                    }
                    let texts = terms
                        .iter()
                        .map(|term| Self::spelt(home, span(entry), term));
                    let texts = texts.collect::<Result<Vec<_>, _>>()?;
                    let (first, more) = texts.split_first().ok_or("nothing replaces it")?;
                    if home.entries.len() > 1 {
                        // The cell holds several scopes as it is.
                        edits.push(Edit::replace(span(entry), texts.join(" ")));
                        continue;
                    }
                    edits.push(self.rows(home, span(entry), first, more));
                }
                // One neighbouring blank run goes along: the left one, or for the first words the right one.
                Some(Change::Remove) if kept_before => {
                    let start = span(entry - 1).end;
                    edits.push(Edit::delete(start, span(entry).end));
                }
                Some(Change::Remove) => {
                    let end = span(entry + 1).start;
                    edits.push(Edit::delete(span(entry).start, end));
                }
            }
        }
        Ok(())
    }

    /// A term as it is written in place of a word of a cell.
    fn spelt(home: &Home, word: Span, term: &Term) -> Result<String, &'static str> {
        let plain = term.as_str();
        let doubled = plain.replace('"', "\"\"");
        let special = plain.contains([',', '"']);
        match (special, home.cell.quoted, word == home.cell.span) {
            (_, true, false) => Ok(doubled),
            (_, true, true) | (true, false, true) => Ok(format!("\"{doubled}\"")),
            (false, false, _) => Ok(plain.to_owned()),
            (true, false, false) => Err("the new term needs quotes that its cell does not have"),
        }
    }

    /// A row for each scope, equal to the one they come in the place of in everything else.
    fn rows(&self, home: &Home, word: Span, first: &str, more: &[String]) -> Edit {
        let row = &self.text[home.row.start..home.row.end];
        let bare = row.strip_suffix('\n').unwrap_or(row);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        let eol = match &row[bare.len()..] {
            "" if self.text.contains("\r\n") => "\r\n",
            "" => "\n",
            eol => eol,
        };
        let whole = Span {
            start: home.row.start,
            end: home.row.start + bare.len(),
        };
        let mut new = with_scalar(self.text, whole, word, first);
        for more in more {
            new.extend([eol, with_scalar(self.text, whole, word, more).as_str()]);
        }
        Edit::replace(whole, new)
    }
}
