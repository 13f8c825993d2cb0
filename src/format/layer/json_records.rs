//! JSON records that are not lines: in a list within an object (`EventList`, `Records`), in
//! lists deeper within it (OpenTelemetry's `logRecords`, the hits of a search), over several
//! lines, or after record separators (RFC 7464).
//!
//! In: JSON text. Out: the same bytes, where each record is a line: what is around the records
//! is NUL, a comma between two of them is a line end, and line ends within one are spaces.
//!
//! Invariants:
//! * no byte moves, so a record is named by its place in the content;
//! * an object without such a list is a record itself, and what is no JSON stays as it is:
//!   nothing is left out in silence;
//! * a list that is written at once and breaks off is an error after what came before;
//! * a line end within a string ends the record: it was cut off, and does not take the next
//!   ones with it.

use std::io;

use super::through::{Filter, Through};
use crate::input::{Layer, Reader};

/// Keys of an object under which its records are: Kubernetes; CloudTrail, Azure; events of
/// CloudWatch (`aws logs filter-log-events`, subscriptions) and of CloudTrail
/// (`lookup-events`); Google's `entries.list`; Splunk, Logs Insights; Datadog's searches.
const LISTS: [&[u8]; 10] = [
    b"items",
    b"Records",
    b"records",
    b"events",
    b"logEvents",
    b"Events",
    b"entries",
    b"results",
    b"logs",
    b"data",
];
/// How many of them may be in a file that still grows.
const GROWING: usize = 3;
/// The same at any depth, and as often as it comes: `ExportLogsServiceRequest` of OpenTelemetry.
const NESTED: &[u8] = b"logRecords";
/// The same in the streams of Loki, where each record is a list itself.
const STREAMED: &[u8] = b"values";
/// The hits within the hits of a search.
const HITS: &[u8] = b"hits";
/// Within an object that begins like this, the events are none of the log (Amazon CloudWatch
/// Logs user guide, "Real-time processing of log data with subscriptions").
const CONTROL: &[u8] = b"\"CONTROL_MESSAGE\"";
/// Bytes of an object within which its list begins; without one it is a record.
const PRELUDE: usize = 64 << 10;

/// The layer's entry in the registry.
pub(super) struct JsonRecords;

impl Layer for JsonRecords {
    fn is_around(&self, head: &[u8]) -> bool {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let text = text.trim_ascii_start();
        text.first() == Some(&0x1e)
            || is_broken_over_lines(text)
            || is_list(text)
            // Also after a line that was cut off: these lists are in no other kind of log.
            || memchr::memmem::find(text, b"\n{\"resourceLogs\":").is_some()
    }

    fn open(&self, inner: Reader) -> Reader {
        Box::new(Through::new(inner, Records::default()))
    }
}

/// Whether the first object goes on after its line.
fn is_broken_over_lines(text: &[u8]) -> bool {
    let object = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
    let Some(rest) = object.strip_prefix(b"{") else {
        return false;
    };
    let key = rest.trim_ascii_start();
    let between = &rest[..rest.len() - key.len()];
    between.contains(&b'\n') && key.first() == Some(&b'"')
}

/// Whether the first object is an envelope: one of the kinds whose words come before the list,
/// or an object of which the list is the first value.
fn is_list(text: &[u8]) -> bool {
    let (mut records, mut out) = (Records::default(), Vec::new());
    if text.first() != Some(&b'{') {
        return false;
    }
    records.filter(text, &mut out);
    let Some(found) = records.first_list else {
        return false;
    };
    let before = &text[..found];
    let says = |what: &[u8]| memchr::memmem::find(before, what).is_some();
    if says(b"\"items\"") {
        return says(b"List\"");
    }
    memchr::memchr_iter(b':', before).count() == 1
        || says(b"\"resourceLogs\"")
        || says(b"\"messageType\"")
        || says(b"\"preview\"")
        || records.deep
}

/// Whether the value after a key is an object.
fn has_object(text: &[u8], key: &[u8]) -> bool {
    memchr::memmem::find_iter(text, key).any(|at| {
        let value = text[at + key.len()..].trim_ascii_start();
        let value = value.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        value.is_some_and(|value| value.starts_with(b"{"))
    })
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Between records that are in no list.
    #[default]
    Outside,
    /// In an object that may have a list of records.
    Prelude,
    /// Between the records of a list.
    List,
    /// In a record.
    Record,
}

/// Follows the JSON of a content.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about the text so far"
)]
struct Records {
    place: Place,
    /// Open braces and brackets, of the object around a list or of a record.
    depth: usize,
    /// Those of the object around the list.
    around: usize,
    /// The object has a list: what is around it is nothing.
    found: bool,
    in_list: bool,
    /// Records of the list may be lists.
    pairs: bool,
    /// The list is one of those that are deep within an object.
    deep: bool,
    /// The list is written at once, so that one without an end is not still growing.
    whole: bool,
    /// What is in the list is not of the log.
    dropped: bool,
    in_string: bool,
    escaped: bool,
    /// The object so far, while nobody knows whether it has a list.
    pending: Vec<u8>,
    /// The last string at the top of that object, and whether a colon came after it.
    key: Vec<u8>,
    colon: bool,
    read: usize,
    /// Where the first list began.
    first_list: Option<usize>,
}

impl Records {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.read += 1;
        match self.place {
            Place::Outside | Place::List => self.between(byte, out),
            Place::Prelude => self.prelude(byte, out),
            Place::Record => self.record(byte, out),
        }
    }

    /// Counts what is open, outside of strings.
    fn nest(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn between(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'{' if self.place == Place::Outside => {
                (self.place, self.depth, self.found) = (Place::Prelude, 1, false);
                self.pending.push(byte);
            }
            b'{' => self.begin(byte, out),
            b'[' if self.in_list && self.pairs => self.begin(byte, out),
            b']' if self.in_list => {
                (self.place, self.in_list, self.depth) = (Place::Prelude, false, self.around);
                // Further lists may follow, in this object or in the next one.
                out.push(b'\n');
            }
            b',' | 0x1e => out.push(b'\n'),
            b'[' | b']' => out.push(0),
            other => out.push(other),
        }
    }

    fn begin(&mut self, byte: u8, out: &mut Vec<u8>) {
        (self.place, self.depth) = (Place::Record, 1);
        out.push(if self.dropped { 0 } else { byte });
    }

    /// Whether the value after the last key is a list of records.
    fn begins_list(&mut self) -> bool {
        let said = |what: &[u8]| memchr::memmem::find(&self.pending, what).is_some();
        let streams = self.key == STREAMED
            && if self.found {
                self.pairs && self.depth == self.around
            } else {
                has_object(&self.pending, b"\"stream\"")
            };
        let hits = self.key == HITS && self.depth == 2 && !self.found;
        let place = LISTS.iter().position(|key| *key == self.key);
        let listed = self.depth == 1
            && !self.found
            && place.is_some_and(|place| {
                // Keys that are common in records count only in objects that hold nothing else.
                let first = || memchr::memchr_iter(b':', &self.pending).count() == 1;
                place < GROWING || first() || said(b"\"messageType\"") || said(b"\"preview\"")
            });
        if !(listed || streams || hits || self.key == NESTED) {
            return false;
        }
        self.dropped = said(CONTROL);
        self.pairs = streams || self.key == b"results";
        self.deep = streams || hits;
        self.whole = streams || hits || place.is_some_and(|place| place >= GROWING);
        true
    }

    fn prelude(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.found {
            out.push(0);
        } else {
            self.pending.push(byte);
        }
        let was_string = self.in_string;
        if !was_string && byte == b'[' && self.colon && self.begins_list() {
            self.first_list.get_or_insert(self.read);
            out.resize(out.len() + self.pending.len(), 0);
            self.pending.clear();
            (self.around, self.found) = (self.depth, true);
            (self.place, self.in_list, self.colon) = (Place::List, true, false);
            self.key.clear();
            return;
        }
        self.nest(byte);
        match byte {
            b'"' if !was_string => {
                self.colon = false;
                self.key.clear();
            }
            _ if was_string && self.in_string && self.key.len() < 16 => self.key.push(byte),
            b':' if !was_string => self.colon = true,
            b',' | b'{' | b'}' | b'[' | b']' if !was_string => self.colon = false,
            _ => {}
        }
        if self.found {
            if self.depth == 0 {
                self.place = Place::Outside;
            }
            return;
        }
        let torn = self.in_string && matches!(byte, b'\n');
        if self.depth == 0 || torn || self.pending.len() > PRELUDE {
            let whole = self.depth == 0;
            for byte in std::mem::take(&mut self.pending) {
                out.push(if matches!(byte, b'\n' | b'\r') {
                    b' '
                } else {
                    byte
                });
            }
            self.place = if whole { Place::Outside } else { Place::Record };
            self.colon = false;
            self.key.clear();
            if torn {
                self.tear(out);
            }
        }
    }

    fn record(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.in_string && byte == b'\n' {
            out.push(b'\n');
            self.tear(out);
            return;
        }
        self.nest(byte);
        out.push(match byte {
            _ if self.dropped => 0,
            b'\n' | b'\r' => b' ',
            byte => byte,
        });
        if self.depth == 0 {
            self.leave();
        }
    }

    /// The record was cut off: the next one begins after this line.
    fn tear(&mut self, out: &mut [u8]) {
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
        (self.in_string, self.escaped, self.depth) = (false, false, 0);
        self.leave();
    }

    fn leave(&mut self) {
        self.place = if self.in_list {
            Place::List
        } else {
            Place::Outside
        };
    }
}

impl Filter for Records {
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len() + self.pending.len());
        for byte in bytes {
            self.byte(*byte, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        out.append(&mut self.pending);
        if self.in_list && self.whole {
            return Err(io::Error::other("the list of records breaks off"));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "json_records_tests.rs"]
mod tests;
