//! Tables (RFC 4180) in which one column holds the lines of a log: what consoles of log stores
//! export.
//!
//! In: the text of the table. Out: the same bytes with nothing but the cells of that column,
//! each on a line, without its quotes.
//!
//! Invariants:
//! * no row changes its length or its place: a record is named by the place of its row;
//! * a table that has columns of requests is a log itself.

use std::io;

use super::through::{Filter, Through};
use crate::input::{Layer, Reader, is_record};

/// Columns with the text, and one that comes with each, in lower case: Splunk, CloudWatch Logs
/// Insights, Kibana, Grafana, Google Cloud Logging, Datadog.
const COLUMNS: [(&str, &str); 8] = [
    ("_raw", "_time"),
    ("_raw", "source"),
    ("@message", "@timestamp"),
    ("event.original", "@timestamp"),
    ("message", "@timestamp"),
    ("line", "time"),
    ("textpayload", "timestamp"),
    ("message", "date"),
];
/// Parts of the names of columns that only logs of requests have.
const REQUESTS: [&str; 3] = ["method", "uri", "url"];

/// The layer's entry in the registry.
pub(super) struct CsvText;

impl Layer for CsvText {
    fn is_around(&self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        // Most logs have no such word in their first line.
        let Some(end) = memchr::memchr(b'\n', head).filter(|_| column(head).is_some()) else {
            return false;
        };
        let mut cells = Cells::default();
        let mut out = Vec::new();
        cells.filter(head, &mut out);
        is_record(&out[end..])
    }

    fn open(&self, inner: Reader) -> Reader {
        Box::new(Through::new(inner, Cells::default()))
    }
}

/// The number of the column with the text, by the header in the first line.
fn column(head: &[u8]) -> Option<usize> {
    let line = &head[..memchr::memchr(b'\n', head)?];
    let line = std::str::from_utf8(line).ok()?.trim().to_ascii_lowercase();
    let names: Vec<&str> = line
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .collect();
    if names
        .iter()
        .any(|name| REQUESTS.iter().any(|own| name.contains(own)))
    {
        return None;
    }
    let place = |wanted: &str| names.iter().position(|name| *name == wanted);
    let found = COLUMNS
        .iter()
        .find_map(|(text, with)| place(with).and(place(text)));
    found.or_else(|| (names == ["_raw"] || names == ["@message"]).then_some(0))
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Where a cell begins.
    #[default]
    Start,
    Plain,
    Quoted,
    /// After a quote within a quoted cell: its end, or the first of two that stand for one.
    Quote,
}

#[derive(Default)]
struct Cells {
    /// The header, as long as it has no end.
    header: Vec<u8>,
    /// The column with the text, once the header is read.
    column: Option<usize>,
    read: bool,
    place: Place,
    cell: usize,
    /// Quotes of the cell that were left out, for which nothing was put yet.
    owed: usize,
}

impl Cells {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        let own = Some(self.cell) == self.column;
        let before = self.place;
        self.place = match (before, byte) {
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) | (Place::Quote | Place::Start, b'"') => Place::Quoted,
            (_, b'\n' | b',') => Place::Start,
            _ => Place::Plain,
        };
        match (before, byte) {
            // A line end within a cell would tear the record apart.
            (Place::Quoted, b'\n' | b'\r') => out.push(if own { b' ' } else { 0 }),
            (Place::Quoted, b'"') => self.owed += 1,
            (Place::Quote, b'"') if own => out.push(byte),
            (_, b'\n' | b',') if before != Place::Quoted => {
                out.resize(out.len() + self.owed, 0);
                self.owed = 0;
                self.cell = if byte == b'\n' { 0 } else { self.cell + 1 };
                out.push(if byte == b'\n' { b'\n' } else { 0 });
            }
            (Place::Start, b'"') => out.push(0),
            (_, byte) => out.push(if own { byte } else { 0 }),
        }
    }
}

impl Filter for Cells {
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        if !self.read {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                self.header.extend_from_slice(rest);
                return;
            };
            self.header.extend_from_slice(&rest[..=end]);
            rest = &rest[end + 1..];
            self.read = true;
            let text = self.header.strip_prefix(b"\xef\xbb\xbf");
            self.column = column(text.unwrap_or(&self.header));
            out.resize(out.len() + self.header.len() - 1, 0);
            out.push(b'\n');
            self.header = Vec::new();
        }
        out.reserve(rest.len());
        for byte in rest {
            self.byte(*byte, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        out.append(&mut self.header);
        out.resize(out.len() + self.owed, 0);
        self.owed = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::through::filtered;
    use super::*;

    fn read(text: &str) -> Vec<String> {
        assert!(CsvText.is_around(text.as_bytes()), "{text}");
        let read = filtered(text.as_bytes(), Cells::default);
        let lines = read.lines().map(|line| line.trim_matches(['~', '\r']));
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_cells_of_the_text_are_lines_and_nothing_else_is() {
        let line =
            r#"198.51.100.4 - - [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 5 "-" "a, b""#;
        let cell = line.replace('"', "\"\"");
        for (header, before, after) in [
            (
                "\"_serial\",\"_time\",source,\"_raw\"",
                "0,\"2026-01-02T12:00:00.000+0000\",\"/var/log/a\",",
                "",
            ),
            (
                "@timestamp,@message,@logStream",
                "2026-01-02 12:00:00.117,",
                ",\"a\nb\"",
            ),
            (
                "\u{feff}\"@timestamp\",message,\"host.name\"",
                "\"Jan 2, 2026 @ 12:00:00.117\",",
                ",gw1",
            ),
            (
                "Date,Host,Service,Message",
                "2026-01-02T12:00:00.117Z,gw1,\"say \"\"hi\"\"\",",
                "",
            ),
        ] {
            let text =
                format!("{header}\r\n{before}\"{cell}\"{after}\r\n{before}\"GET\nx\"{after}\n");
            assert_eq!(read(&text), [line, "GET x"], "{text}");
        }
        assert_eq!(read("_raw\n\"GET /\"\nGET /b"), ["GET /", "GET /b"]);
    }

    #[test]
    fn tables_of_requests_and_of_something_else_stay() {
        for text in [
            "@timestamp,message\n1,Started\n",
            "Date,Method,URL,Message\n1,GET,/,\"GET / HTTP/1.1\"\n",
            "Method,Host,Path,RawPath\nGET,a,/,/\n",
            "message\nGET /\n",
            "a,b",
            "",
        ] {
            assert!(!CsvText.is_around(text.as_bytes()), "{text}");
        }
    }
}
