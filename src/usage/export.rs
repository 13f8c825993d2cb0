//! Normalised events as Parquet, for use in any other engine.
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
use crate::input::{Block, BlockSink, Limits, Source, SourceReport, read_all};
use crate::model::Method;

/// Why the file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the events: {0}")]
pub struct ExportError(String);

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

/// Reads every source and writes its events; returns how each source could be
/// read and how many events were written.
pub fn write_events(
    sources: &[Source],
    options: &CollectOptions<'_>,
    out: impl Write + Send,
    progress: &AtomicU64,
) -> Result<(Vec<SourceReport>, u64), ExportError> {
    let fail = |error: parquet::errors::ParquetError| ExportError(error.to_string());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let writer = ArrowWriter::try_new(out, Arc::new(schema()), Some(properties)).map_err(fail)?;
    let sink = Sink {
        options,
        sources,
        state: Mutex::new(State {
            writer,
            rows: 0,
            fault: None,
        }),
    };
    // One worker: the order of rows is then the order of lines.
    let limits = Limits {
        threads: 1,
        ..options.limits.clone()
    };
    let (_, reports) = read_all(sources, &limits, &sink, progress);
    let state = sink
        .state
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(fault) = state.fault {
        return Err(ExportError(fault));
    }
    state.writer.close().map_err(fail)?;
    Ok((reports, state.rows))
}

struct State<W: Write + Send> {
    writer: ArrowWriter<W>,
    rows: u64,
    fault: Option<String>,
}

struct Sink<'a, W: Write + Send> {
    options: &'a CollectOptions<'a>,
    sources: &'a [Source],
    state: Mutex<State<W>>,
}

#[derive(Default)]
struct Columns {
    time: TimestampMillisecondBuilder,
    offset: UInt64Builder,
    status: UInt16Builder,
    upstream: UInt16Builder,
    texts: [StringBuilder; TEXTS.len()],
}

impl<W: Write + Send> BlockSink for Sink<'_, W> {
    type State = (Scratch, Vec<u8>);

    fn begin(&self) -> Self::State {
        Self::State::default()
    }

    fn block(&self, (scratch, buffer): &mut Self::State, block: Block<'_>) {
        let Some(format) = self.options.formats.get(block.source).copied().flatten() else {
            return;
        };
        let mut columns = Columns::default();
        let mut at = 0_usize;
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = detect::trim(line.strip_suffix(b"\n").unwrap_or(line));
            if !text.is_empty()
                && text.len() <= self.options.limits.line
                && let Ok(raw) = format.parse(text, scratch)
            {
                self.row(
                    &raw,
                    format,
                    (block.source, block.offset + at as u64),
                    buffer,
                    &mut columns,
                );
            }
            at += line.len();
        }
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = columns.finish().and_then(|batch| {
            let rows = batch.num_rows() as u64;
            state
                .writer
                .write(&batch)
                .map_err(|error| error.to_string())?;
            Ok(rows)
        });
        match written {
            Ok(rows) => state.rows += rows,
            Err(fault) => state.fault = state.fault.take().or(Some(fault)),
        }
    }
}

impl<W: Write + Send> Sink<'_, W> {
    fn row(
        &self,
        raw: &RawRecord<'_>,
        format: &'static dyn LogFormat,
        (source, offset): (usize, u64),
        buffer: &mut Vec<u8>,
        columns: &mut Columns,
    ) {
        let method = Method::parse(raw.method);
        let normal = path::normalise(raw.target, &self.options.rules.paths, buffer)
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
        columns.time.append_value(raw.time);
        columns.offset.append_value(offset);
        columns.status.append_option(raw.status);
        columns.upstream.append_option(raw.upstream_status);
        let texts = [
            self.sources
                .get(source)
                .map(|source| source.input.shown.to_string()),
            Some(format.name().to_owned()),
            lossy(raw.request_id),
            lossy(client),
            Some(method.name().to_owned()),
            lossy(normal),
            route.map(|route| route.template.clone()),
            Some(outcome.to_owned()),
            credential,
        ];
        for (column, text) in columns.texts.iter_mut().zip(texts) {
            column.append_option(text);
        }
    }
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
