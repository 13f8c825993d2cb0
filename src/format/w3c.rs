//! The W3C extended log file format: IIS, and others in its form.
//!
//! A line `#Fields:` names the columns of the rows after it, and may come again with others.
//!
//! Invariants:
//! * a row with another number of cells than its header has columns is malformed: nobody can
//!   tell which is which;
//! * rows of CloudFront are known without a header too, by their shape alone: AWS documents
//!   the order of the 33 columns;
//! * dates and times are UTC (section "Date" of the working draft); those of columns whose
//!   names end with `-local` have no zone;
//! * records of FTP, whose method is a session and a command, are other records.
//!
//! Source: W3C working draft WD-logfile-960323; IIS replaces spaces in values by `+`.

use std::ops::Range;
use std::sync::Arc;

use super::declared::Meaning;
use super::json::parse_status;
use super::layer::lines::Directives;
use super::table::{Columns, Layout, Row};
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::input::Layer;
use crate::model::Millis;

pub(super) struct W3c;

pub(super) const FIELDS: &[u8] = b"#Fields:";
/// The columns of CloudFront's standard logs ("Standard log file fields").
const CLOUDFRONT: &[u8] = b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status \
    cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol \
    cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version \
    fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type \
    sc-content-len sc-range-start sc-range-end";
const DATE: Meaning = Meaning::Own(0);
const DATE_LOCAL: Meaning = Meaning::Own(2);
const TIME_LOCAL: Meaning = Meaning::Own(3);

const DECLARED: &[(Meaning, &[&str])] = &[
    (DATE, &["date"]),
    (Meaning::Time, &["time"]),
    (DATE_LOCAL, &["date-local"]),
    (TIME_LOCAL, &["time-local"]),
    (Meaning::Method, &["cs-method"]),
    (Meaning::Target, &["cs-uri-stem", "cs-uri"]),
    (Meaning::Query, &["cs-uri-query"]),
    (Meaning::Client, &["cs-username", "c-auth-id"]),
    (Meaning::Status, &["sc-status"]),
    (Meaning::Host, &["cs(Host)", "cs-host", "x-host-header"]),
    (Meaning::ClientIp, &["c-ip"]),
    (Meaning::UserAgent, &["cs(User-Agent)"]),
    (Meaning::RequestId, &["x-edge-request-id"]),
];

impl LogFormat for W3c {
    fn name(&self) -> &'static str {
        "w3c"
    }

    fn title(&self) -> &'static str {
        "W3C extended log files: IIS (text with a #Fields line), CloudFront"
    }

    fn identity_help(&self) -> &'static str {
        "these lines name a caller only in `cs-username`. IIS fills it for Windows, basic and certificate \
         authentication; select the field in the site's logging settings. An application that checks tokens itself \
         has to set the user of the request (HttpContext.User), or log callers elsewhere"
    }

    /// Who refused is not in it.
    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::columns(
            self,
            "w3c",
            DECLARED,
            "rows of CloudFront are known without their header, date and time are in two columns, and records of FTP are passed over",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if is_cloudfront(line.text) { 3 } else { 0 }
    }

    fn has_header(&self, sample: &[u8]) -> bool {
        let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let mut directives = lines
            .filter(|line| !line.is_empty())
            .take_while(|line| line.first() == Some(&b'#'));
        directives.any(|line| line.starts_with(FIELDS))
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let mut lines = sample.split(|byte| *byte == b'\n');
        let assumed = !self.has_header(sample) && lines.any(is_cloudfront);
        Arc::new(Reader {
            directives: Directives::new(FIELDS, sample),
            assumed: assumed.then(|| layout(Arc::from(CLOUDFRONT))),
        })
    }
}

struct Reader {
    directives: Directives,
    /// How rows before the first header are read.
    assumed: Option<Layout>,
}

/// A row of CloudFront: 33 cells between tabs, with a day, a time, a path and a status in their
/// places.
fn is_cloudfront(line: &[u8]) -> bool {
    let mut cells = [&b""[..]; 33];
    let mut all = line.trim_ascii().split(|byte| *byte == b'\t');
    for cell in &mut cells {
        let Some(own) = all.next() else { return false };
        *cell = own;
    }
    let digits = |text: &[u8], len: usize| {
        text.len() == len && text.iter().filter(|byte| byte.is_ascii_digit()).count() >= len - 2
    };
    let (day, time) = (cells[0], cells[1]);
    all.next().is_none()
        && (digits(day, 10) && day[4] == b'-' && day[7] == b'-')
        && (digits(time, 8) && time[2] == b':' && time[5] == b':')
        && cells[5].iter().all(u8::is_ascii_uppercase)
        && cells[7].first() == Some(&b'/')
        && cells[8].len() == 3
        && cells[16].starts_with(b"http")
}

impl RecordReader for Reader {
    fn framing(&self) -> Option<Arc<dyn Layer>> {
        Some(Arc::new(self.directives.shared()))
    }

    fn begin(&self, offset: u64, scratch: &mut Scratch) {
        let Some(header) = self.directives.before(offset) else {
            scratch.layout.clone_from(&self.assumed);
            return;
        };
        if scratch
            .layout
            .as_ref()
            .is_none_or(|layout| layout.header != header)
        {
            scratch.layout = Some(layout(header));
        }
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        if line.first() == Some(&b'#') {
            if line.starts_with(FIELDS) {
                scratch.layout = Some(layout(Arc::from(line)));
            }
            return Err(Skip::OtherRecord);
        }
        let Scratch {
            text,
            cells,
            clock,
            layout: Some(layout),
            ..
        } = scratch
        else {
            return Err(Skip::Malformed);
        };
        let columns = &*layout.columns;
        split(line, text, cells).ok_or(Skip::Malformed)?;
        if cells.len() != columns.count {
            return Err(Skip::Malformed);
        }
        let stamp = {
            let row = Row {
                columns,
                text,
                ends: cells,
            };
            if row
                .text(Meaning::Method)
                .is_some_and(|method| method.first() == Some(&b'['))
            {
                return Err(Skip::OtherRecord);
            }
            time(&row, clock)?
        };
        let target = target(columns, text, cells).ok_or(Skip::MissingField)?;
        let text: &'a [u8] = text;
        let row = Row {
            columns,
            text,
            ends: cells,
        };
        let method = row.text(Meaning::Method).ok_or(Skip::MissingField)?;
        if !columns.has(Meaning::Status) {
            return Err(Skip::MissingField);
        }
        let status = row.text(Meaning::Status).and_then(parse_status);
        let client = row.text(Meaning::Client);
        Ok(RawRecord {
            time: stamp,
            method,
            target: &text[target],
            client,
            // Without a success nobody has checked the name.
            anonymous: status == Some(401) && client.is_some(),
            status,
            host: row.text(Meaning::Host),
            client_ip: row.text(Meaning::ClientIp),
            user_agent: row.text(Meaning::UserAgent),
            request_id: row.text(Meaning::RequestId),
            ..RawRecord::default()
        })
    }
}

fn layout(header: Arc<[u8]>) -> Layout {
    let names = header.get(FIELDS.len()..).unwrap_or_default();
    let names: Vec<&[u8]> = names
        .split(u8::is_ascii_whitespace)
        .filter(|name| !name.is_empty())
        .collect();
    let columns = Arc::new(Columns::new(&names, DECLARED));
    Layout { header, columns }
}

/// The cells of a row: between tabs where there are any, else between runs of blanks. A cell
/// in quotes may hold blanks, and two quotes for one.
pub(super) fn split(line: &[u8], text: &mut Vec<u8>, ends: &mut Vec<usize>) -> Option<()> {
    text.clear();
    ends.clear();
    if memchr::memchr(b'\t', line).is_some() {
        for cell in line.split(|byte| *byte == b'\t') {
            text.extend_from_slice(cell);
            ends.push(text.len());
        }
        return Some(());
    }
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = quoted;
            loop {
                let end = memchr::memchr(b'"', rest)?;
                text.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                let Some(more) = rest.strip_prefix(b"\"") else {
                    break;
                };
                text.push(b'"');
                rest = more;
            }
            if !matches!(rest.first(), None | Some(b' ')) {
                return None;
            }
        } else {
            let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            text.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        ends.push(text.len());
        rest = rest.trim_ascii_start();
    }
    Some(())
}

/// Date and time, which are in two columns.
fn time(row: &Row<'_, '_>, clock: &mut super::clock::Clock) -> Result<Millis, Skip> {
    let columns = [
        (DATE, Meaning::Time, &b"Z"[..]),
        (DATE_LOCAL, TIME_LOCAL, b""),
    ];
    for (date, time, zone) in columns {
        if let (Some(date), Some(time)) = (row.text(date), row.text(time)) {
            let mut stamp = [0; 40];
            let len = date.len() + 1 + time.len() + zone.len();
            let all = stamp.get_mut(..len).ok_or(Skip::BadTime)?;
            all[..date.len()].copy_from_slice(date);
            all[date.len()] = b'T';
            all[date.len() + 1..][..time.len()].copy_from_slice(time);
            all[date.len() + 1 + time.len()..].copy_from_slice(zone);
            return clock.rfc3339(all).ok_or(Skip::BadTime);
        }
    }
    // The day of a time alone is not known.
    Err(Skip::BadTime)
}

/// Stem and query as one, after the cells.
fn target(columns: &Columns, text: &mut Vec<u8>, ends: &[usize]) -> Option<Range<usize>> {
    let row = Row {
        columns,
        text,
        ends,
    };
    let (stem, query) = (row.place(Meaning::Target)?, row.place(Meaning::Query));
    let start = text.len();
    text.extend_from_within(stem);
    if let Some(query) = query {
        // Some write the question mark themselves.
        if text.get(query.start) != Some(&b'?') {
            text.push(b'?');
        }
        text.extend_from_within(query);
    }
    Some(start..text.len())
}

#[cfg(test)]
#[path = "w3c_tests.rs"]
mod tests;
