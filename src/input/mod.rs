//! Files, folders, globs and standard input become newline-aligned blocks.
//!
//! In: the paths a user named. Out: blocks of whole lines, handed to workers in
//! parallel, and for every input its size, digest, status and skips.
//!
//! Invariants:
//! * each line is in exactly one block, whatever the number of threads;
//! * memory is a few blocks for each thread, whatever the size of the input;
//! * what could not be read is said in the input's status, never left out;
//! * whatever was around a record, it is named by its place in the unpacked content.
//!
//! What a line means is not known here.

#[cfg(test)]
mod archive_limit_tests;
#[cfg(test)]
mod archive_tests;
mod block_hash;
mod block_reader;
pub(crate) mod bytes;
mod discover;
mod duplicates;
mod envelope;
mod expand;
mod files;
mod layer;
mod limits;
mod line_splitter;
mod listed;
mod lz4;
mod open;
mod place;
mod read_once;
#[cfg(test)]
mod reading_tests;
mod remote;
mod sample;
mod shard;
mod sniff;
mod source_report;
mod stream;
mod tape;
mod tar;
mod unpack;
#[cfg(test)]
mod unpack_tests;
mod utf16;
mod worker_pool;
mod zip;

pub use discover::discover;
pub(crate) use discover::{DiscoverError, Input};
pub(crate) use envelope::{is_record, unwrapped};
pub(crate) use files::{is_temporary, read_regular, read_whole, regular, temporary, with_slashes};
pub(crate) use layer::{Layer, Layers, Reader};
pub use limits::Limits;
pub(crate) use listed::{read_list, write_list};
pub use open::head;
pub(crate) use open::head_within;
pub use read_once::read_once;
pub(crate) use shard::Shard;
pub(crate) use sniff::sniff_bytes;
pub(crate) use source_report::SourceReport;
pub use source_report::SourceStatus;
pub(crate) use stream::Source;
pub use worker_pool::{Block, BlockSink};

/// Bytes in one block; a power of two so that a block is a BLAKE3 subtree, and
/// half of a usual second-level cache: it is written, hashed and read there.
pub(crate) const BLOCK: usize = 1 << 19;

/// Bytes of a line over the limit that are handed on: they show whose it may be.
pub(crate) const BEGINNING: usize = 64 << 10;
