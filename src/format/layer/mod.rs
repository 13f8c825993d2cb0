//! Layers around and between the records of a log: what a delivery service wraps them in, and
//! records that are longer than a line.
//!
//! In: a content. Out: the content with each record on a line of its own.
//!
//! A new layer is one file and its line in [`ALL`], or belongs to a format that opens it.

mod csv_text;
#[cfg(test)]
mod fuzz_tests;
mod json_records;
pub(super) mod lines;
mod parts;
pub(super) mod quoted_rows;
pub(super) mod through;

use crate::input::Layers;

/// Every layer that is known by its content, in the order in which they are looked for.
pub(crate) static ALL: Layers = &[
    &json_records::JsonRecords,
    &parts::Parts,
    &csv_text::CsvText,
];
