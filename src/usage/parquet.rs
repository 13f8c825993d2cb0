//! The usage table as Parquet: one row for each day, client, route and outcome.
//!
//! A row group holds whole days, so that memory is a few days' rows.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Builder, RecordBatch, StringBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::export::ExportError;
use super::table::{DayRows, UsageTable, for_each_day};

fn schema() -> Schema {
    let instant = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Schema::new(vec![
        Field::new("day", DataType::Date32, false),
        Field::new("client", DataType::Utf8, true),
        Field::new("method", DataType::Utf8, true),
        Field::new("template", DataType::Utf8, true),
        Field::new("outcome", DataType::Utf8, false),
        Field::new("count", DataType::UInt64, false),
        Field::new("first", instant(), false),
        Field::new("last", instant(), false),
        Field::new("sample_request_id", DataType::Utf8, true),
    ])
}

/// Writes the table; returns the number of rows.
pub fn write_usage(table: &UsageTable, out: impl Write + Send) -> Result<u64, ExportError> {
    let fail = |error: parquet::errors::ParquetError| ExportError::new(&error);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let schema = Arc::new(schema());
    let mut writer =
        ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(fail)?;
    let mut rows = 0;
    for_each_day(
        table,
        |day| batch(&day, table, Arc::clone(&schema)),
        |batch| {
            let batch = batch.map_err(|error| ExportError::new(&error))?;
            rows += batch.num_rows() as u64;
            writer.write(&batch).map_err(fail)
        },
    )?;
    writer.close().map_err(fail)?;
    Ok(rows)
}

fn batch(
    rows: &DayRows,
    table: &UsageTable,
    schema: Arc<Schema>,
) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut days = Date32Builder::new();
    let mut count = UInt64Builder::new();
    let (mut first, mut last) = (
        TimestampMillisecondBuilder::new(),
        TimestampMillisecondBuilder::new(),
    );
    let [
        mut client,
        mut method,
        mut template,
        mut outcome,
        mut sample,
    ] = [(); 5].map(|()| StringBuilder::new());
    rows.for_each(|row| {
        let name = table.clients.get(row.client as usize).map(String::as_str);
        let route = table.routes.get(row.route as usize);
        days.append_value(rows.day().0);
        client.append_option(name.filter(|name| !name.is_empty()));
        method.append_option(route.map(|route| route.method.name()));
        template.append_option(route.map(|route| route.template.as_str()));
        outcome.append_value(row.outcome.name());
        count.append_value(row.count);
        first.append_value(row.first);
        last.append_value(row.last);
        sample.append_option(row.sample.map(String::from_utf8_lossy));
    });
    let columns: Vec<ArrayRef> = vec![
        Arc::new(days.finish()),
        Arc::new(client.finish()),
        Arc::new(method.finish()),
        Arc::new(template.finish()),
        Arc::new(outcome.finish()),
        Arc::new(count.finish()),
        Arc::new(first.finish().with_timezone("UTC")),
        Arc::new(last.finish().with_timezone("UTC")),
        Arc::new(sample.finish()),
    ];
    RecordBatch::try_new(schema, columns)
}
