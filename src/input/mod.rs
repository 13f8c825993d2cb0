//! Files, folders, globs and standard input become newline-aligned blocks.
//!
//! In: the paths a user named. Out: blocks of whole lines, handed to workers in
//! parallel, and for every input its size, digest, status and skips.
//!
//! Invariants:
//! * each line is in exactly one block, whatever the number of threads;
//! * memory is a few blocks for each thread, whatever the size of the input;
//! * what could not be read is said in the input's status, never left out;
//! * whatever stood around a record, it is named by its place in the unpacked content.
//!
//! What a line means is not known here.

mod block_hash;
mod block_reader;
pub mod bytes;
mod cloudwatch;
mod discover;
mod duplicates;
mod envelope;
mod expand;
mod files;
mod limits;
mod line_splitter;
mod read_once;
#[cfg(test)]
mod reading_tests;
mod sample;
mod sniff;
mod source_report;
mod stream;
mod worker_pool;
pub mod yaml;

pub use block_hash::BlockHasher;
pub use discover::{DiscoverError, Input, discover};
pub use envelope::unwrapped;
pub use files::{is_temporary, read_regular, read_whole, regular, temporary, with_slashes};
pub use limits::Limits;
pub use read_once::read_once;
pub use sniff::{Compression, Sniffed, sniff_bytes};
pub use source_report::{SourceReport, SourceStatus};
pub use stream::{Source, head};
pub use worker_pool::{Block, BlockSink, read_all};

/// Bytes in one block; a power of two so that a block is a BLAKE3 subtree, and
/// half of a usual second-level cache: it is written, hashed and read there.
pub const BLOCK: usize = 1 << 19;

/// Bytes of a line over the limit that are handed on: they show whose it may be.
pub const BEGINNING: usize = 64 << 10;
