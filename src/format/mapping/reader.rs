//! Reads records as a described format says.
//!
//! In: a line. Out: its record, or why there is none.
//!
//! Invariants:
//! * a record without time, method or target is rejected, never guessed;
//! * what a condition rules out is another record, and counted as such;
//! * a path that the server cut is no path: the record is malformed.

use std::sync::Arc;

use super::Compiled;
use super::field::Work;
use super::record::Pieces;
use super::span::Span;
use super::unwrap::Unwrap;
use super::values::{Buffers, Header, Shape, Values, logfmt};
use crate::format::declared::Meaning;
use crate::format::json;
use crate::format::layer::lines::Directives;
use crate::format::layer::quoted_rows::QuotedRows;
use crate::format::table::cells_of;
use crate::format::{RawRecord, RecordReader, Scratch, Skip, nginx_json, w3c};
use crate::input::Layer;

pub(super) struct Reader {
    compiled: Arc<Compiled>,
    header: Option<Header>,
    directives: Option<Directives>,
}

impl Reader {
    /// For a source that begins with the sample.
    pub(super) fn new(compiled: &Arc<Compiled>, sample: &[u8]) -> Self {
        let header = match &compiled.shape {
            Shape::Rows { separator, columns } if columns.is_empty() => {
                let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
                let mut lines = sample.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
                let names = crate::format::table::header(sample, *separator);
                let names = names.iter().map(Vec::as_slice);
                Some(Header::new(line, names, &compiled.places))
            }
            Shape::Rows { columns, .. } => {
                let names = columns.iter().map(String::as_bytes);
                Some(Header::new(b"", names, &compiled.places))
            }
            _ => None,
        };
        let w3c = matches!(compiled.shape, Shape::W3c);
        Self {
            compiled: Arc::clone(compiled),
            header,
            directives: w3c.then(|| Directives::new(w3c::FIELDS, sample)),
        }
    }

    fn w3c_header(&self, line: &[u8]) -> Header {
        let names = line.get(w3c::FIELDS.len()..).unwrap_or_default();
        let names = names
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty());
        Header::new(line, names, &self.compiled.places)
    }
}

impl RecordReader for Reader {
    fn framing(&self) -> Option<Arc<dyn Layer>> {
        let compiled = &self.compiled;
        if !compiled.unwrap.is_empty() {
            return Some(Arc::new(Unwrap(compiled.unwrap.clone())));
        }
        match &compiled.shape {
            Shape::Rows { separator, .. } => Some(Arc::new(QuotedRows(*separator))),
            _ => Some(Arc::new(self.directives.as_ref()?.shared())),
        }
    }

    fn begin(&self, offset: u64, scratch: &mut Scratch) {
        let Some(directives) = &self.directives else {
            return;
        };
        let line = directives.before(offset);
        let mapped = &mut scratch.mapped;
        mapped.begin(
            self.compiled.number,
            self.compiled.places.len(),
            &self.compiled.regexes,
        );
        let known = mapped.header.as_ref().map(|header| &header.line);
        if known != line.as_ref() {
            mapped.header = line.map(|line| self.w3c_header(&line));
        }
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let compiled = &*self.compiled;
        let Scratch {
            json: json_scratch,
            text,
            repaired,
            clock,
            cells,
            mapped,
            ..
        } = scratch;
        mapped.begin(compiled.number, compiled.places.len(), &compiled.regexes);
        let line = compiled.prefix.iter().fold(line, |line, prefix| {
            let cut = prefix.find(line).filter(|found| found.start() == 0);
            &line[cut.map_or(0, |found| found.end())..]
        });
        let values = match &compiled.shape {
            Shape::Json {
                plan,
                repaired: repairs,
            } => {
                let line = if *repairs && nginx_json::is_odd(line) {
                    nginx_json::repair(line, repaired);
                    repaired.as_slice()
                } else {
                    line
                };
                Values::Json(json::read(line, plan, json_scratch)?)
            }
            shape => {
                if matches!(shape, Shape::W3c) && line.starts_with(w3c::FIELDS) {
                    mapped.header = Some(self.w3c_header(line));
                }
                let base = self.spans(line, text, cells, mapped)?;
                let base = if base { &**text } else { line };
                Values::Spans {
                    base,
                    spans: &mapped.spans,
                }
            }
        };
        let Buffers {
            decoded,
            spare,
            joined,
            groups,
            ..
        } = mapped;
        let mut work = Work::new(decoded, spare, joined, groups);
        let mut conditions = compiled.when.iter();
        if !conditions.all(|own| own.holds(&values, &mut work)) {
            return Err(Skip::OtherRecord);
        }
        let mut verdicts = compiled.outcome.iter();
        let verdict = verdicts.find(|(_, rule)| rule.holds(&values, &mut work));
        let verdict = verdict.map(|(verdict, _)| *verdict);
        let pieces = Pieces::read(compiled, &values, &mut work)?;
        let time = pieces
            .bytes(Meaning::Time, work.decoded)
            .ok_or(Skip::MissingField)?;
        let time = compiled.times.read(clock, time).ok_or(Skip::BadTime)?;
        let decoded: &'a [u8] = decoded;
        let mut record = pieces.record(compiled, decoded)?;
        record.time = time;
        if let Some(verdict) = verdict {
            verdict.apply(&mut record).ok_or(Skip::OtherRecord)?;
        }
        Ok(record)
    }
}

impl Reader {
    /// Fills the spans of a line that is no JSON; whether they are places in `text`.
    fn spans(
        &self,
        line: &[u8],
        text: &mut Vec<u8>,
        cells: &mut Vec<usize>,
        mapped: &mut Buffers,
    ) -> Result<bool, Skip> {
        let compiled = &*self.compiled;
        let Buffers {
            spans,
            other,
            groups,
            header,
            ..
        } = mapped;
        match &compiled.shape {
            Shape::Json { .. } => Err(Skip::Malformed),
            Shape::Logfmt => logfmt(line, &compiled.places, spans).map(|()| false),
            Shape::Layout(layout) => layout.read(line, spans, other).map(|()| false),
            Shape::Regex(patterns) => {
                let first = groups.len() - patterns.len();
                let mut all = patterns.iter().zip(&mut groups[first..]);
                let fits = all.any(|(pattern, groups)| pattern.read(line, groups, spans));
                if fits {
                    Ok(false)
                } else {
                    Err(Skip::Malformed)
                }
            }
            Shape::Rows { separator, .. } => {
                cells_of(line, *separator, text, cells).ok_or(Skip::Malformed)?;
                let header = self.header.as_ref().ok_or(Skip::Malformed)?;
                if *header.line == *line {
                    // The header again, as where files were joined.
                    return Err(Skip::OtherRecord);
                }
                place(header, cells, spans).map(|()| true)
            }
            Shape::W3c => {
                if line.first() == Some(&b'#') {
                    return Err(Skip::OtherRecord);
                }
                let header = header.as_ref().ok_or(Skip::Malformed)?;
                w3c::split(line, text, cells).ok_or(Skip::Malformed)?;
                place(header, cells, spans).map(|()| true)
            }
        }
    }
}

/// The cells of a row as the spans of their places.
fn place(header: &Header, ends: &[usize], spans: &mut [Span]) -> Result<(), Skip> {
    if ends.len() != header.count {
        return Err(Skip::Malformed);
    }
    for (span, column) in spans.iter_mut().zip(&*header.columns) {
        if let Some(column) = column {
            let start = column.checked_sub(1).map_or(0, |before| ends[before]);
            *span = Span::new(start, ends[*column], false);
        }
    }
    Ok(())
}
