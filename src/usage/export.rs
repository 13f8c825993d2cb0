//! Normalised events, one by one or as Parquet, for use in any other engine.
//!
//! In: the sources, read by one worker so that rows keep the order of the
//! lines. Out: one Parquet file, a row group for each few blocks. Paths lose
//! their query, credentials are hashed, and nothing else of a line is kept.

use std::io::Write;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use arrow::array::{
    ArrayRef, RecordBatch, StringBuilder, TimestampMillisecondBuilder, UInt16Builder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::collect::CollectOptions;
use crate::event::path;
use crate::format::{LogFormat, RawRecord, Scratch, detect};
use crate::input::{Block, BlockSink, Limits, Source, SourceReport, read_once};
use crate::model::{Method, Millis};

/// Why the file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the events: {0}")]
pub struct ExportError(String);

impl ExportError {
    /// With the sentence of a writer.
    pub fn new(reason: &impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// Names of the columns; times are UTC milliseconds.
const TEXTS: [&str; 9] = [
    "source_file",
    "format",
    "request_id",
    "client_id",
    "method",
    "path",
    "path_template",
    "outcome",
    "credential_id",
];

fn schema() -> Schema {
    let mut fields = vec![
        Field::new(
            "time",
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            false,
        ),
        Field::new("source_offset", DataType::UInt64, false),
        Field::new("status", DataType::UInt16, true),
        Field::new("upstream_status", DataType::UInt16, true),
    ];
    fields.extend(TEXTS.map(|name| Field::new(name, DataType::Utf8, true)));
    Schema::new(fields)
}

/// One normalised event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// UTC.
    pub time: Millis,
    /// Offset of its line in the unpacked content.
    pub offset: u64,
    /// Status code sent to the client.
    pub status: Option<u16>,
    /// Status code of the service behind the gateway.
    pub upstream_status: Option<u16>,
    texts: [Option<String>; TEXTS.len()],
}

impl EventRow {
    /// Names and values of the text columns, in their order.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        TEXTS
            .into_iter()
            .zip(self.texts.iter().map(Option::as_deref))
    }

    /// The value of one text column.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.texts()
            .find_map(|(name, text)| text.filter(|_| name == column))
    }
}

/// Reads every source and writes its events; returns how each source could be
/// read and how many events were written.
pub fn write_events(
    sources: &[Source],
    options: &CollectOptions<'_>,
    out: impl Write + Send,
    progress: &AtomicU64,
) -> Result<(Vec<SourceReport>, u64), ExportError> {
    let fail = |error: parquet::errors::ParquetError| ExportError::new(&error);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer =
        ArrowWriter::try_new(out, Arc::new(schema()), Some(properties)).map_err(fail)?;
    let (reports, rows) = read_events(sources, options, progress, |rows| {
        writer.write(&batch(rows)?).map_err(fail)?;
        Ok(true)
    })?;
    writer.close().map_err(fail)?;
    Ok((reports, rows))
}

/// Reads every source and hands its events over in the order of the lines, some at a
/// time, until `take` says that it is enough (`false`); returns how each source could be
/// read and how many events were handed over.
pub fn read_events(
    sources: &[Source],
    options: &CollectOptions<'_>,
    progress: &AtomicU64,
    take: impl FnMut(Vec<EventRow>) -> Result<bool, ExportError> + Send,
) -> Result<(Vec<SourceReport>, u64), ExportError> {
    let sink = Sink {
        options,
        sources,
        state: Mutex::new(State {
            take,
            rows: 0,
            more: Ok(true),
        }),
    };
    // One worker: the order of rows is then the order of lines.
    let limits = Limits {
        threads: 1,
        ..options.limits.clone()
    };
    let (_, reports) = read_once(sources, &limits, &sink, progress);
    let state = sink
        .state
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    state.more?;
    Ok((reports, state.rows))
}

struct State<F> {
    take: F,
    rows: u64,
    more: Result<bool, ExportError>,
}

struct Sink<'a, F> {
    options: &'a CollectOptions<'a>,
    sources: &'a [Source],
    state: Mutex<State<F>>,
}

impl<F: FnMut(Vec<EventRow>) -> Result<bool, ExportError> + Send> BlockSink for Sink<'_, F> {
    type State = (Scratch, Vec<u8>);

    fn begin(&self) -> Self::State {
        Self::State::default()
    }

    fn block(&self, (scratch, buffer): &mut Self::State, block: Block<'_>) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(format) = self.options.formats.get(block.source).copied().flatten() else {
            return;
        };
        if !matches!(state.more, Ok(true)) {
            return;
        }
        let mut rows = Vec::new();
        let mut at = 0_usize;
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = detect::trim(line.strip_suffix(b"\n").unwrap_or(line));
            if !text.is_empty()
                && text.len() <= self.options.limits.line
                && let Ok(raw) = format.parse(text, scratch)
            {
                let place = (block.source, block.offset + at as u64);
                rows.push(self.row(&raw, format, place, buffer));
            }
            at += line.len();
        }
        state.rows += rows.len() as u64;
        state.more = (state.take)(rows);
    }
}

impl<F> Sink<'_, F> {
    fn row(
        &self,
        raw: &RawRecord<'_>,
        format: &'static dyn LogFormat,
        (source, offset): (usize, u64),
        buffer: &mut Vec<u8>,
    ) -> EventRow {
        let method = Method::parse(raw.method);
        let normal = path::normalise(raw.target, raw.host, &self.options.rules.paths, buffer)
            .map(|normal| normal.path);
        let found = normal
            .and_then(|path| self.options.matcher.find(method, path))
            .or_else(|| self.options.matcher.find_template(method, raw.template?));
        let route = found.and_then(|found| self.options.matcher.routes().get(found.route as usize));
        let ignored = route.is_none() && self.options.rules.ignored(method, normal).is_some();
        let outcome = if ignored {
            "ignored"
        } else {
            self.options.rules.outcome(raw).name()
        };
        let client = raw.client.filter(|_| !raw.anonymous);
        let client = client.map(|name| self.options.identities.resolve(name, raw.client_alt));
        let credential = raw
            .credential
            .map(|id| blake3::hash(id).to_hex()[..16].to_owned());
        let lossy =
            |text: Option<&[u8]>| text.map(|text| String::from_utf8_lossy(text).into_owned());
        let texts = [
            self.sources
                .get(source)
                .map(|source| source.input.shown.to_string()),
            Some(format.name().to_owned()),
            lossy(raw.request_id),
            lossy(client),
            Some(method.name().to_owned()),
            lossy(normal).map(|path| self.options.rules.mask.path(&path).into_owned()),
            route.map(|route| route.template.clone()),
            Some(outcome.to_owned()),
            credential,
        ];
        EventRow {
            time: raw.time,
            offset,
            status: raw.status,
            upstream_status: raw.upstream_status,
            texts,
        }
    }
}

fn batch(rows: Vec<EventRow>) -> Result<RecordBatch, ExportError> {
    let mut columns = Columns::default();
    for row in rows {
        columns.time.append_value(row.time);
        columns.offset.append_value(row.offset);
        columns.status.append_option(row.status);
        columns.upstream.append_option(row.upstream_status);
        for (column, text) in columns.texts.iter_mut().zip(row.texts) {
            column.append_option(text);
        }
    }
    columns.finish().map_err(ExportError)
}

#[derive(Default)]
struct Columns {
    time: TimestampMillisecondBuilder,
    offset: UInt64Builder,
    status: UInt16Builder,
    upstream: UInt16Builder,
    texts: [StringBuilder; TEXTS.len()],
}

impl Columns {
    fn finish(mut self) -> Result<RecordBatch, String> {
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.time.finish().with_timezone("UTC")),
            Arc::new(self.offset.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.upstream.finish()),
        ];
        arrays.extend(
            self.texts
                .iter_mut()
                .map(|column| Arc::new(column.finish()) as ArrayRef),
        );
        RecordBatch::try_new(Arc::new(schema()), arrays).map_err(|error| error.to_string())
    }
}
