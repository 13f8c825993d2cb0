//! The work loop: blocks of whole lines to parallel workers.
//!
//! Workers read the blocks of plain files for themselves. Packed files and
//! standard input are unpacked by the worker that took them; others take its
//! blocks from a short queue; when that is full it works on the block itself.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::cutter::{Cutter, Parcel};
use super::digest::{BlockHasher, hash_block};
use super::limits::Limits;
use super::stream::{Opened, Reader, Source, unpack};
use super::{BLOCK, plain};
use crate::model::ContentDigest;

/// Whole lines of one input.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Index of the input.
    pub source: usize,
    /// The lines; the last of an input may lack its newline.
    pub bytes: &'a [u8],
    /// Offset of the first byte in the unpacked content.
    pub offset: u64,
}

/// What works on the blocks. Each worker has a state of its own.
pub trait BlockSink: Sync {
    /// What one worker gathers.
    type State: Send;
    /// A fresh state.
    fn begin(&self) -> Self::State;
    /// Works on one block. Blocks come in no particular order.
    fn block(&self, state: &mut Self::State, block: Block<'_>);
}

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
}

/// Bookkeeping of one input while workers are on it.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) hasher: BlockHasher,
    pub(super) oversize: u64,
    pub(super) oversize_at: Option<u64>,
    pub(super) fault: Option<SourceStatus>,
}

impl Ledger {
    pub(super) fn oversize(&mut self, offset: u64) {
        self.oversize += 1;
        self.oversize_at = Some(self.oversize_at.map_or(offset, |at| at.min(offset)));
    }
}

enum Item {
    Plain {
        source: usize,
        index: usize,
        size: u64,
    },
    Stream {
        source: usize,
        queue: Mutex<Option<Sender<Parcel>>>,
    },
}

struct Work<'a, S> {
    sources: &'a [Source],
    items: Vec<Item>,
    next: AtomicUsize,
    ledgers: Vec<Mutex<Ledger>>,
    limits: &'a Limits,
    sink: &'a S,
    progress: &'a AtomicU64,
    spare: (Sender<Vec<u8>>, Receiver<Vec<u8>>),
}

/// Reads every source to its end and returns the workers' states, in no
/// particular order, and one report for each source, in their order.
///
/// `progress` counts bytes of the inputs as they lie on disk.
pub fn read_all<S: BlockSink>(
    sources: &[Source],
    limits: &Limits,
    sink: &S,
    progress: &AtomicU64,
) -> (Vec<S::State>, Vec<SourceReport>) {
    read_some(sources, &vec![true; sources.len()], limits, sink, progress)
}

/// Reads the sources that are `wanted`; the reports of the others mean nothing.
pub(super) fn read_some<S: BlockSink>(
    sources: &[Source],
    wanted: &[bool],
    limits: &Limits,
    sink: &S,
    progress: &AtomicU64,
) -> (Vec<S::State>, Vec<SourceReport>) {
    let threads = limits.threads.max(1);
    // With one worker nobody would empty the queue, so it has no room.
    let (sender, receiver) = bounded(if threads == 1 { 0 } else { threads });
    let items = plan(sources, wanted, &sender);
    drop(sender);
    let work = Work {
        sources,
        items,
        next: AtomicUsize::new(0),
        ledgers: sources.iter().map(|_| Mutex::default()).collect(),
        limits,
        sink,
        progress,
        spare: bounded(2 * threads + 2),
    };
    let states = match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.broadcast(|_| worker(&work, &receiver)),
        Err(_) => vec![worker(&work, &receiver)],
    };
    let reports = work
        .ledgers
        .into_iter()
        .zip(sources)
        .map(|(ledger, source)| report(&lock(&ledger), source))
        .collect();
    (states, reports)
}

fn plan(sources: &[Source], wanted: &[bool], sender: &Sender<Parcel>) -> Vec<Item> {
    let mut items = Vec::new();
    for (source, opened) in sources.iter().enumerate() {
        if opened.refused.is_some() || !wanted[source] {
            continue;
        }
        match opened.opened {
            Opened::Plain { size } => {
                let blocks = usize::try_from(size.div_ceil(BLOCK as u64)).unwrap_or(usize::MAX);
                items.extend((0..blocks).map(|index| Item::Plain {
                    source,
                    index,
                    size,
                }));
            }
            Opened::Packed | Opened::Stdin(_) => {
                items.push(Item::Stream {
                    source,
                    queue: Mutex::new(Some(sender.clone())),
                });
            }
        }
    }
    items.sort_by_key(|item| matches!(item, Item::Plain { .. }));
    items
}

fn report(ledger: &Ledger, source: &Source) -> SourceReport {
    let status = match (&source.refused, &ledger.fault) {
        (Some(reason), _) => SourceStatus::Unreadable(reason.clone()),
        (None, Some(fault)) => fault.clone(),
        (None, None) => SourceStatus::Complete,
    };
    let read = ledger.hasher.finish();
    let digest = read.filter(|_| status == SourceStatus::Complete);
    SourceReport {
        bytes: ledger.hasher.total(),
        digest,
        read,
        status,
        oversize: ledger.oversize,
        oversize_at: ledger.oversize_at,
    }
}

/// A worker that panicked leaves its ledger readable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn worker<S: BlockSink>(work: &Work<'_, S>, queue: &Receiver<Parcel>) -> S::State {
    let mut state = work.sink.begin();
    let mut own = plain::Own::default();
    loop {
        if let Ok(parcel) = queue.try_recv() {
            deliver(work, &mut state, parcel);
        } else if let Some(item) = work.items.get(work.next.fetch_add(1, Ordering::Relaxed)) {
            match item {
                Item::Plain {
                    source,
                    index,
                    size,
                } => {
                    plain_block(work, &mut state, &mut own, (*source, *index, *size));
                }
                Item::Stream { source, queue } => {
                    let sender = lock(queue).take();
                    if let Some(sender) = sender {
                        stream(work, &mut state, *source, &sender);
                    }
                }
            }
        } else if let Ok(parcel) = queue.recv() {
            deliver(work, &mut state, parcel);
        } else {
            return state;
        }
    }
}

fn plain_block<S: BlockSink>(
    work: &Work<'_, S>,
    state: &mut S::State,
    own: &mut plain::Own,
    (source, index, size): (usize, usize, u64),
) {
    let mut buffer = std::mem::take(&mut own.buffer);
    let found = own
        .file(source, work.sources[source].input.path.as_deref())
        .and_then(|file| plain::read_block(file, index, size, work.limits.line, &mut buffer));
    match found {
        Ok(found) => {
            let only = size <= BLOCK as u64;
            let own = &buffer[found.own.clone()];
            let hash = work.limits.digests.then(|| hash_block(index, own, only));
            let mut ledger = lock(&work.ledgers[source]);
            ledger.hasher.add(index, found.own.len(), hash);
            if let Some(offset) = found.oversize {
                ledger.oversize(offset);
            }
            drop(ledger);
            work.progress
                .fetch_add(found.own.len() as u64, Ordering::Relaxed);
            lines(
                work,
                state,
                source,
                &buffer[found.lines.clone()],
                found.offset,
            );
        }
        Err(error) => {
            lock(&work.ledgers[source]).fault = Some(SourceStatus::Partial(error.to_string()));
        }
    }
    own.buffer = buffer;
}

/// Hands lines over, without the byte order mark that some tools write first.
fn lines<S: BlockSink>(
    work: &Work<'_, S>,
    state: &mut S::State,
    source: usize,
    bytes: &[u8],
    offset: u64,
) {
    let bom = if offset == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    if bytes.len() > bom {
        work.sink.block(
            state,
            Block {
                source,
                bytes: &bytes[bom..],
                offset: offset + bom as u64,
            },
        );
    }
}

fn deliver<S: BlockSink>(work: &Work<'_, S>, state: &mut S::State, parcel: Parcel) {
    let own = &parcel.bytes[parcel.carry..];
    // A stream that ends at a block's border has an empty last block.
    if !own.is_empty() || parcel.only {
        let digests = work.limits.digests;
        let hash = digests.then(|| hash_block(parcel.index, own, parcel.only));
        lock(&work.ledgers[parcel.source])
            .hasher
            .add(parcel.index, own.len(), hash);
    }
    lines(
        work,
        state,
        parcel.source,
        &parcel.bytes[parcel.lines.clone()],
        parcel.offset,
    );
    let _ = work.spare.0.try_send(parcel.bytes);
}

/// The unpacked content of an input, and the count of the packed bytes that were read.
fn open(source: &Source) -> std::io::Result<(Reader, Arc<AtomicU64>)> {
    if let Opened::Stdin(reader) = &source.opened {
        return lock(reader)
            .take()
            .ok_or_else(|| std::io::Error::other("standard input was read already"));
    }
    let file = File::open(source.input.path.as_deref().unwrap_or(Path::new("")))?;
    let packed = Arc::new(AtomicU64::new(0));
    Ok((unpack(Box::new(file), Arc::clone(&packed))?, packed))
}

fn stream<S: BlockSink>(
    work: &Work<'_, S>,
    state: &mut S::State,
    source: usize,
    queue: &Sender<Parcel>,
) {
    let (mut reader, packed) = match open(&work.sources[source]) {
        Ok(opened) => opened,
        Err(error) => {
            lock(&work.ledgers[source]).fault = Some(SourceStatus::Unreadable(error.to_string()));
            return;
        }
    };
    let mut cut = Cutter {
        index: 0,
        offset: 0,
        carry: Vec::new(),
        skipping: false,
        line: work.limits.line,
    };
    let mut seen = 0;
    loop {
        let mut bytes = work.spare.1.try_recv().unwrap_or_default();
        let (end, fault) = cut.fill(reader.as_mut(), &mut bytes);
        let now = packed.load(Ordering::Relaxed);
        work.progress.fetch_add(now - seen, Ordering::Relaxed);
        seen = now;
        let last = end || fault.is_some();
        let (parcel, oversize) = cut.cut(source, bytes, last, fault.is_some());
        let unpacked = cut.offset;
        if let Some(offset) = oversize {
            lock(&work.ledgers[source]).oversize(offset);
        }
        if let Err(TrySendError::Full(parcel) | TrySendError::Disconnected(parcel)) =
            queue.try_send(parcel)
        {
            deliver(work, state, parcel);
        }
        if let Some(reason) = fault {
            lock(&work.ledgers[source]).fault = Some(SourceStatus::Partial(reason));
            return;
        }
        if last {
            return;
        }
        if let Some(reason) = work.limits.too_much(unpacked, now) {
            lock(&work.ledgers[source]).fault = Some(SourceStatus::Partial(reason));
            return;
        }
    }
}
