//! What the formats of Azure's resource logs share: diagnostic settings, and the tables of Log
//! Analytics as JSON and as CSV.
//!
//! In: a line, or a row. Out: a line of JSON that a declaration reads.
//!
//! Invariants:
//! * `properties` as a string that holds JSON, as some shippers write it, is the object;
//! * a row is read as the object with the names of its columns. `[UTC]` after a name is the zone
//!   of its cells, and in none of them is the day before the month;
//! * a category that may tell of requests and is read as another format is no other record.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use memchr::memmem;

use super::declared::{Declared, Meaning};
use super::json::Fields;
use super::layer::quoted_rows::QuotedRows;
use super::requests::Requests;
use super::table::{cells_of, header};
use super::{RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::input::Layer;

/// The category of a record, or the table it is from.
pub(super) const CATEGORY: Meaning = Meaning::Own(0);
/// Where it stands.
pub(super) const CATEGORIES: &[&str] = &["/category", "/Category", "/Type"];

/// Categories and tables that tell of requests, by format. Their case varies.
pub(super) const API_MANAGEMENT: [&str; 2] = ["GatewayLogs", "ApiManagementGatewayLogs"];
pub(super) const APPLICATION_GATEWAY: [&str; 2] = ["ApplicationGatewayAccessLog", "AGWAccessLogs"];
pub(super) const FRONT_DOOR: [&str; 3] = [
    "FrontDoorAccessLog",
    "FrontdoorAccessLog",
    "AzureCdnAccessLog",
];
pub(super) const GRAPH: [&str; 1] = ["MicrosoftGraphActivityLogs"];

/// Whether a line is of one of these categories.
pub(super) fn is_of(line: &SampleLine<'_>, categories: &[&str]) -> bool {
    let mut keys = CATEGORIES.iter().map(|key| &key[1..]);
    keys.any(|key| {
        line.says(key, |own| {
            categories.iter().any(|of| of.eq_ignore_ascii_case(own))
        })
    })
}

/// Whether a record is of none of these categories, and of none that tells of requests.
pub(super) fn is_other(declared: &Declared, fields: &Fields<'_>, categories: &[&str]) -> bool {
    let requests = [
        &API_MANAGEMENT[..],
        &APPLICATION_GATEWAY,
        &FRONT_DOOR,
        &GRAPH,
    ];
    let among = |own: &[u8], all: &[&str]| {
        let mut all = all.iter().map(|of| of.as_bytes());
        all.any(|of| of.eq_ignore_ascii_case(own))
    };
    let category = declared.text(fields, CATEGORY);
    category
        .is_some_and(|own| !among(own, categories) && !requests.iter().any(|all| among(own, all)))
}

/// Whether a table's header has all of these columns.
pub(super) fn is_table(sample: &[u8], columns: &[&str]) -> bool {
    let names = header(sample, b',');
    let names: Vec<&[u8]> = names.iter().map(|name| named(name).0).collect();
    columns.iter().all(|column| {
        names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(column.as_bytes()))
    })
}

/// A reader for a source: of rows if it begins with a header that has these columns, where the
/// format has any.
pub(super) fn open(
    requests: Requests,
    sample: &[u8],
    columns: &[&str],
    repair: Repair,
) -> Arc<dyn RecordReader> {
    if columns.is_empty() || !is_table(sample, columns) {
        return Arc::new(Reader { requests, repair });
    }
    Arc::new(Rows {
        names: header(sample, b','),
        requests,
        repair,
    })
}

/// What a format changes in a line before it is read; `None` where nothing is to be changed.
pub(super) type Repair = fn(&[u8]) -> Option<Vec<u8>>;

struct Reader {
    requests: Requests,
    repair: Repair,
}

impl RecordReader for Reader {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let object = embedded(line);
        let repaired = &mut scratch.repaired;
        repaired.clear();
        if let Some((place, object)) = object {
            repaired.extend_from_slice(&line[..place.start]);
            repaired.extend_from_slice(object.as_bytes());
            repaired.extend_from_slice(&line[place.end..]);
        }
        let whole = if repaired.is_empty() {
            line
        } else {
            &**repaired
        };
        if let Some(changed) = (self.repair)(whole) {
            *repaired = changed;
        }
        if scratch.repaired.is_empty() {
            return self.requests.parse(line, scratch);
        }
        self.requests.parse_repaired(scratch)
    }
}

/// The properties that a shipper wrote as a string that holds JSON: where the string is, and
/// what it holds.
fn embedded(line: &[u8]) -> Option<(Range<usize>, String)> {
    const KEY: &[u8] = b"\"properties\"";
    let after = memmem::find(line, KEY)? + KEY.len();
    let value = line[after..].trim_ascii_start().strip_prefix(b":")?;
    let value = value.trim_ascii_start();
    let start = line.len() - value.len();
    if value.first() != Some(&b'"') {
        return None;
    }
    let mut end = start + 1;
    while *line.get(end)? != b'"' {
        end += 1 + usize::from(line[end] == b'\\');
    }
    let place = start..end + 1;
    let object: String = serde_json::from_slice(&line[place.clone()]).ok()?;
    let whole = object.trim_start().starts_with('{')
        && serde_json::from_str::<serde::de::IgnoredAny>(&object).is_ok();
    whole.then_some((place, object))
}

/// Rows of a table that Log Analytics exported.
struct Rows {
    names: Vec<Vec<u8>>,
    requests: Requests,
    repair: Repair,
}

static QUOTED: LazyLock<Arc<QuotedRows>> = LazyLock::new(|| Arc::new(QuotedRows(b',')));

/// The name of a column, and the zone of its cells if it names one.
fn named(name: &[u8]) -> (&[u8], &[u8]) {
    match name.strip_suffix(b" [UTC]") {
        Some(name) => (name, &b"Z"[..]),
        None => (name, &b""[..]),
    }
}

impl RecordReader for Rows {
    fn framing(&self) -> Option<Arc<dyn Layer>> {
        Some(Arc::clone(&*QUOTED) as Arc<dyn Layer>)
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            text,
            cells,
            repaired,
            ..
        } = scratch;
        cells_of(line, b',', text, cells).ok_or(Skip::Malformed)?;
        if cells.len() != self.names.len() {
            return Err(Skip::Malformed);
        }
        repaired.clear();
        let (mut start, mut is_header) = (0, true);
        for (name, end) in self.names.iter().zip(&**cells) {
            let cell = &text[start..*end];
            start = *end;
            is_header &= cell == name.as_slice();
            let (name, zone) = named(name);
            repaired.push(if repaired.is_empty() { b'{' } else { b',' });
            quote(&[name], repaired);
            repaired.push(b':');
            let zone = if cell.is_empty() { &b""[..] } else { zone };
            quote(&[cell, zone], repaired);
        }
        // The header again, as where files were joined.
        if is_header {
            return Err(Skip::OtherRecord);
        }
        repaired.push(b'}');
        if let Some(changed) = (self.repair)(repaired) {
            *repaired = changed;
        }
        self.requests.parse_repaired(scratch)
    }
}

/// A JSON string (RFC 8259 section 7).
pub(super) fn quote(parts: &[&[u8]], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in parts.iter().copied().flatten().copied() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            // In the cells of a table a control character stands for white space.
            0..0x20 => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
