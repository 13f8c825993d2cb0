//! The matrix as Parquet: one row for each client, term and period.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, RecordBatch, StringBuilder,
    TimestampMillisecondBuilder, UInt32Builder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;

use super::Matrix;

/// Holdings of one row group.
const GROUP: usize = 4096;

fn schema() -> Schema {
    let instant = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Schema::new(vec![
        Field::new("client", DataType::Utf8, false),
        Field::new("term", DataType::Utf8, false),
        Field::new("observable", DataType::Boolean, false),
        Field::new("period", DataType::Utf8, false),
        Field::new("from", DataType::Date32, false),
        Field::new("to", DataType::Date32, false),
        Field::new("days", DataType::UInt32, false),
        Field::new("covered_days", DataType::UInt32, false),
        Field::new("uses", DataType::UInt64, false),
        Field::new("proves_use", DataType::UInt64, false),
        Field::new("days_used", DataType::UInt32, false),
        Field::new("first_used", instant(), true),
        Field::new("last_used", instant(), true),
        Field::new("longest_gap_days", DataType::UInt32, true),
    ])
}

/// Writes the matrix; the columns are those of the CSV output.
pub fn write_windows(matrix: &Matrix<'_>, out: impl Write + Send) -> Result<()> {
    let schema = Arc::new(schema());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?;
    for start in (0..matrix.holdings.len()).step_by(GROUP) {
        let end = matrix.holdings.len().min(start + GROUP);
        let columns = columns(matrix, start..end);
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
    }
    writer.close()?;
    Ok(())
}

fn columns(matrix: &Matrix<'_>, rows: std::ops::Range<usize>) -> Vec<ArrayRef> {
    let [mut client, mut term, mut period] = [(); 3].map(|()| StringBuilder::new());
    let mut observable = BooleanBuilder::new();
    let [mut from, mut to] = [(); 2].map(|()| Date32Builder::new());
    let [mut days, mut covered, mut used, mut gap] = [(); 4].map(|()| UInt32Builder::new());
    let [mut requests, mut proved] = [(); 2].map(|()| UInt64Builder::new());
    let [mut first, mut last] =
        [(); 2].map(|()| TimestampMillisecondBuilder::new().with_timezone("UTC"));
    for row in rows {
        let (holding, all) = (&matrix.holdings[row], &matrix.uses[row]);
        for (own, found) in matrix.periods.iter().zip(all) {
            client.append_value(holding.client);
            term.append_value(holding.term);
            observable.append_value(holding.observable);
            period.append_value(&own.id);
            from.append_value(own.window.from.0);
            to.append_value(own.window.to.0);
            days.append_value(own.window.days());
            covered.append_value(own.covered);
            requests.append_value(found.requests);
            proved.append_value(found.proved);
            used.append_value(found.days);
            first.append_option(found.first);
            last.append_option(found.last);
            gap.append_option(found.longest_gap);
        }
    }
    vec![
        Arc::new(client.finish()),
        Arc::new(term.finish()),
        Arc::new(observable.finish()),
        Arc::new(period.finish()),
        Arc::new(from.finish()),
        Arc::new(to.finish()),
        Arc::new(days.finish()),
        Arc::new(covered.finish()),
        Arc::new(requests.finish()),
        Arc::new(proved.finish()),
        Arc::new(used.finish()),
        Arc::new(first.finish()),
        Arc::new(last.finish()),
        Arc::new(gap.finish()),
    ]
}
