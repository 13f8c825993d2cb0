//! What became of an input: how far it was read, and what of it is in no block.

use std::sync::Arc;

use super::block_hash::BlockHasher;
use super::stream::Source;
use crate::model::ContentDigest;

/// How far an input could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceStatus {
    /// To its end.
    Complete,
    /// Its content is that of the input with this name, and counted there.
    Duplicate(Arc<str>),
    /// Only a part of it; the reason.
    Partial(String),
    /// Not at all; the reason.
    Unreadable(String),
}

impl SourceStatus {
    /// Whether nothing of the content is missing.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Complete | Self::Duplicate(_))
    }
}

/// What reading one input gave, apart from its lines.
#[derive(Clone, Debug)]
pub struct SourceReport {
    /// Unpacked bytes read.
    pub bytes: u64,
    /// Digest of the unpacked content; `None` unless it was read to its end, and asked for.
    pub digest: Option<ContentDigest>,
    /// Digest of the unpacked bytes that could be read, also of a part.
    pub read: Option<ContentDigest>,
    /// How far it could be read.
    pub status: SourceStatus,
    /// Lines over the limit.
    pub oversize: u64,
    /// Offset of the first line over the limit.
    pub oversize_at: Option<u64>,
    /// The last line, when it has no line end.
    pub open_end: Option<Vec<u8>>,
}

impl SourceReport {
    /// How many NUL bytes come last: what was to be written there before a crash is lost.
    pub fn hole_at_end(&self) -> u64 {
        let end = self.open_end.as_deref().unwrap_or_default();
        end.iter().rev().take_while(|byte| **byte == 0).count() as u64
    }

    /// A last line without its line end that cannot be read was cut off, and what came after
    /// it is unknown.
    pub fn judge_end(&mut self, is_readable: impl FnOnce(&[u8]) -> bool) {
        let cut = self.open_end.take().is_some_and(|line| !is_readable(&line));
        if cut && self.status == SourceStatus::Complete {
            let reason = "the last line has no line end and cannot be read: the log is cut off";
            self.status = SourceStatus::Partial(reason.to_owned());
            self.digest = None;
        }
    }
}

/// Bookkeeping of one input while workers are on it.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) hasher: BlockHasher,
    pub(super) oversize: u64,
    pub(super) oversize_at: Option<u64>,
    pub(super) fault: Option<SourceStatus>,
    pub(super) open_end: Option<Vec<u8>>,
}

impl Ledger {
    pub(super) fn oversize(&mut self, offset: u64) {
        self.oversize += 1;
        self.oversize_at = Some(self.oversize_at.map_or(offset, |at| at.min(offset)));
    }

    pub(super) fn report(&self, source: &Source) -> SourceReport {
        let status = match (&source.refused, &self.fault) {
            (Some(reason), _) => SourceStatus::Unreadable(reason.clone()),
            (None, Some(fault)) => fault.clone(),
            (None, None) => SourceStatus::Complete,
        };
        let read = self.hasher.finish();
        let digest = read.filter(|_| status == SourceStatus::Complete);
        SourceReport {
            bytes: self.hasher.total(),
            digest,
            read,
            status,
            oversize: self.oversize,
            oversize_at: self.oversize_at,
            open_end: self.open_end.clone(),
        }
    }
}
