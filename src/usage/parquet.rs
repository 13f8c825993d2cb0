//! Any table as Parquet: columns with types and what each says.
//!
//! In: columns and rows. Out: one file in the order of the rows, compressed. A text is
//! written as it is, for an engine obeys none of it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, ListBuilder, RecordBatch,
    StringBuilder, TimestampMillisecondBuilder, UInt64Builder,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::model::rows::{Cell, Column, Kind, Part, Rows};

/// Writes the rows; returns their number.
pub fn write_parquet(columns: &[Column], rows: &impl Rows, out: &mut dyn Write) -> io::Result<u64> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let schema = Arc::new(schema(columns));
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
    let mut count = 0;
    rows.for_each_part(
        |part| batch(columns, &schema, part),
        |batch| {
            let batch = batch.map_err(io::Error::other)?;
            count += batch.num_rows() as u64;
            writer.write(&batch)?;
            // What is complete leaves the memory.
            out.write_all(writer.inner())?;
            writer.inner_mut().clear();
            Ok::<(), io::Error>(())
        },
    )?;
    out.write_all(&writer.into_inner()?)?;
    Ok(count)
}

fn schema(columns: &[Column]) -> Schema {
    let utc = |unit| DataType::Timestamp(unit, Some("UTC".into()));
    let fields = columns.iter().map(|column| {
        let kind = match column.kind {
            Kind::Text => DataType::Utf8,
            Kind::Integer(16) => DataType::UInt16,
            Kind::Integer(32) => DataType::UInt32,
            Kind::Integer(_) => DataType::UInt64,
            Kind::Float(_) => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Day => DataType::Date32,
            Kind::Instant => utc(TimeUnit::Millisecond),
            Kind::Micros => utc(TimeUnit::Microsecond),
            Kind::List(_) => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        };
        let doc = [("description".to_owned(), column.doc.to_owned())];
        Field::new(column.name, kind, column.optional).with_metadata(HashMap::from(doc))
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn batch(
    columns: &[Column],
    schema: &Arc<Schema>,
    part: &Part<'_>,
) -> Result<RecordBatch, ArrowError> {
    let mut builders: Vec<Builder> = columns
        .iter()
        .map(|column| Builder::new(column.kind))
        .collect();
    part(&mut |row| {
        for (builder, cell) in builders.iter_mut().zip(row) {
            builder.push(cell);
        }
    });
    let fields = schema.fields().iter().zip(builders);
    let arrays = fields.map(|(field, builder)| builder.finish(field.data_type()));
    RecordBatch::try_new(Arc::clone(schema), arrays.collect::<Result<_, _>>()?)
}

/// The cells of one column in the making.
enum Builder {
    Text(StringBuilder),
    Integer(UInt64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Day(Date32Builder),
    Instant(TimestampMillisecondBuilder),
    List(ListBuilder<StringBuilder>),
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer(_) => Self::Integer(UInt64Builder::new()),
            Kind::Float(_) => Self::Float(Float64Builder::new()),
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::Day => Self::Day(Date32Builder::new()),
            Kind::Instant | Kind::Micros => {
                Self::Instant(TimestampMillisecondBuilder::new().with_timezone("UTC"))
            }
            Kind::List(_) => Self::List(ListBuilder::new(StringBuilder::new())),
        }
    }

    /// Adds a cell. One of another kind becomes an empty one, which a column that is never
    /// empty then refuses.
    fn push(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Self::Integer(builder), Cell::Integer(count)) => builder.append_value(*count),
            (Self::Float(builder), Cell::Float(number)) => builder.append_value(*number),
            (Self::Bool(builder), Cell::Bool(yes)) => builder.append_value(*yes),
            (Self::Day(builder), Cell::Day(day)) => builder.append_value(day.0),
            (Self::Instant(builder), Cell::Instant(time)) => builder.append_value(*time),
            (Self::List(builder), Cell::List(items)) => {
                builder.append_value(items.iter().map(Some));
            }
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Integer(builder), _) => builder.append_null(),
            (Self::Float(builder), _) => builder.append_null(),
            (Self::Bool(builder), _) => builder.append_null(),
            (Self::Day(builder), _) => builder.append_null(),
            (Self::Instant(builder), _) => builder.append_null(),
            (Self::List(builder), _) => builder.append_null(),
        }
    }

    /// The cells, as the type of the file.
    fn finish(self, kind: &DataType) -> Result<ArrayRef, ArrowError> {
        let array: ArrayRef = match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
            Self::Float(mut builder) => Arc::new(builder.finish()),
            Self::Bool(mut builder) => Arc::new(builder.finish()),
            Self::Day(mut builder) => Arc::new(builder.finish()),
            Self::Instant(mut builder) => Arc::new(builder.finish()),
            Self::List(mut builder) => Arc::new(builder.finish()),
        };
        if array.data_type() == kind {
            return Ok(array);
        }
        // A value that has no room is an error, never an empty cell.
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        cast_with_options(&array, kind, &options)
    }
}

/// The names of the columns of a file, and its rows.
#[cfg(test)]
pub(crate) fn read_parquet(file: Vec<u8>) -> (Vec<String>, Vec<Vec<Cell<'static>>>) {
    use arrow::array::{Array, AsArray as _};
    use arrow::datatypes as types;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use crate::model::Day;

    let cell = |array: &ArrayRef, at: usize| -> Cell<'static> {
        if array.is_null(at) {
            return Cell::Null;
        }
        match array.data_type() {
            DataType::UInt16 => {
                u32::from(array.as_primitive::<types::UInt16Type>().value(at)).into()
            }
            DataType::UInt32 => array.as_primitive::<types::UInt32Type>().value(at).into(),
            DataType::UInt64 => array.as_primitive::<types::UInt64Type>().value(at).into(),
            DataType::Float64 => array.as_primitive::<types::Float64Type>().value(at).into(),
            DataType::Date32 => Day(array.as_primitive::<types::Date32Type>().value(at)).into(),
            DataType::Boolean => array.as_boolean().value(at).into(),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let micros = array.as_primitive::<types::TimestampMicrosecondType>();
                Cell::Instant(micros.value(at) / 1_000)
            }
            DataType::Timestamp(_, _) => Cell::Instant(
                array
                    .as_primitive::<types::TimestampMillisecondType>()
                    .value(at),
            ),
            DataType::List(_) => {
                let items = array.as_list::<i32>().value(at);
                let items = items.as_string::<i32>().iter();
                Cell::list(items.map(|item| item.unwrap_or("").to_owned()))
            }
            _ => array.as_string::<i32>().value(at).to_owned().into(),
        }
    };
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap();
    let names = reader
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        for at in 0..batch.num_rows() {
            rows.push(
                batch
                    .columns()
                    .iter()
                    .map(|array| cell(array, at))
                    .collect(),
            );
        }
    }
    (names, rows)
}
