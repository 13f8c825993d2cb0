//! A table of dates: `client,term,date`, with or without that head.

use std::path::Path;

use crate::input;
use crate::model::{ClientName, Day, Term};

/// Far above any table of the grants of one API.
const MAX_BYTES: u64 = 64 << 20;

/// Why a table of dates was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GivenError {
    /// The file cannot be read.
    #[error("cannot read `{0}`: {1}")]
    Io(String, std::io::Error),
    /// A line is not a client, a term and a date.
    #[error("{0}:{1}: {2}")]
    Line(String, u64, String),
}

/// Reads the table; `shown` is its name in messages.
pub(crate) fn read_given(
    path: &Path,
    shown: &str,
) -> Result<Vec<(ClientName, Term, Day)>, GivenError> {
    let bytes = input::read_whole(path, MAX_BYTES)
        .map_err(|error| GivenError::Io(shown.to_owned(), error))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let fail = |line: u64, why: String| GivenError::Line(shown.to_owned(), line, why);
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            fail(
                line,
                "the line is not UTF-8 text of comma-separated values".to_owned(),
            )
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let fields: Vec<&str> = record.iter().collect();
        let [client, term, date] = fields[..] else {
            let why = format!(
                "{} where client, term and date are expected",
                crate::model::words::plural(fields.len(), "field")
            );
            return Err(fail(line, why));
        };
        if index == 0 && (client, term, date) == ("client", "term", "date") {
            continue;
        }
        // What is there is not shown: the file may be anything.
        let day = Day::parse(date).ok_or_else(|| {
            let why = "the third field is not a date such as 2026-10-31";
            fail(line, why.to_owned())
        })?;
        rows.push((ClientName::new(client), Term::new(term), day));
    }
    Ok(rows)
}
