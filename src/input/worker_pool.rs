//! The work loop: blocks of whole lines to parallel workers.
//!
//! Workers read the blocks of plain files for themselves. Packed files and
//! standard input are unpacked by the worker that took them; others take its
//! blocks from a short queue; when that is full it works on the block itself.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::block_hash::hash_block;
use super::envelope::Frames;
use super::limits::Limits;
use super::line_splitter::{Cutter, Parcel, Piece};
use super::source_report::{Ledger, SourceReport, SourceStatus};
use super::stream::{Opened, Source};
use super::tape::Tape;
use super::{BLOCK, block_reader};

/// Whole lines of one input.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Index of the input.
    pub source: usize,
    /// The lines, without envelopes; the last may lack its newline.
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
    /// Looks at the first `BEGINNING` bytes of a line over the limit. It is counted in
    /// `SourceReport::oversize`, and is in no block.
    fn beginning(&self, state: &mut Self::State, beginning: Block<'_>) {
        let _ = (state, beginning);
    }
    /// The lines of one block of an input were handed over, all but one that ends in a later
    /// block of a stream; `last` says that no block follows. Calls come in no particular order.
    fn finished(&self, source: usize, index: usize, last: bool) {
        let _ = (source, index, last);
    }
}

enum Item {
    Plain {
        source: usize,
        index: usize,
        size: u64,
    },
    /// One source, or several that are best read in their order.
    Streams {
        sources: Vec<usize>,
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

/// Reads the sources that are `wanted` to their end and returns the workers' states, in no
/// particular order, and one report for each source, in their order; the reports of sources
/// that are not wanted mean nothing.
///
/// `progress` counts bytes of the inputs as they lie on disk.
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
        .map(|(ledger, source)| lock(&ledger).report(source))
        .collect();
    (states, reports)
}

fn plan(sources: &[Source], wanted: &[bool], sender: &Sender<Parcel>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut before: Option<&Arc<Tape>> = None;
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
                let tape = opened.tape();
                let is_next =
                    tape.is_some_and(|tape| before.is_some_and(|before| Arc::ptr_eq(before, tape)));
                before = tape;
                match items.last_mut() {
                    Some(Item::Streams { sources, .. }) if is_next => sources.push(source),
                    _ => items.push(Item::Streams {
                        sources: vec![source],
                        queue: Mutex::new(Some(sender.clone())),
                    }),
                }
            }
        }
    }
    items.sort_by_key(|item| matches!(item, Item::Plain { .. }));
    items
}

/// A worker that panicked leaves its ledger readable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn worker<S: BlockSink>(work: &Work<'_, S>, queue: &Receiver<Parcel>) -> S::State {
    let mut state = work.sink.begin();
    let mut reused = block_reader::Reused::default();
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
                    plain_block(work, &mut state, &mut reused, (*source, *index, *size));
                }
                Item::Streams { sources, queue } => {
                    let sender = lock(queue).take();
                    if let Some(sender) = sender {
                        for source in sources {
                            stream(work, &mut state, *source, &sender);
                        }
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
    reused: &mut block_reader::Reused,
    (source, index, size): (usize, usize, u64),
) {
    let mut buffer = std::mem::take(&mut reused.buffer);
    let content = (work.sources[source].begins, size);
    let read = reused
        .file(source, work.sources[source].input.path.as_deref())
        .and_then(|file| {
            block_reader::read_block(file, index, content, work.limits.line, &mut buffer)
        });
    match read {
        Ok(read) => {
            let only = size <= BLOCK as u64;
            let bytes = &buffer[read.block.clone()];
            let hash = work.limits.digests.then(|| hash_block(index, bytes, only));
            let mut ledger = lock(&work.ledgers[source]);
            ledger.hasher.add(index, read.block.len(), hash);
            drop(ledger);
            work.progress
                .fetch_add(read.block.len() as u64, Ordering::Relaxed);
            let end = read.offset + read.lines.len() as u64;
            if let Some(beginning) = read.oversize {
                oversize(work, state, source, &buffer[beginning], end);
            }
            let last = end == size;
            let bytes = &mut buffer[read.lines];
            lines(work, state, source, bytes, (read.offset, last));
        }
        Err(error) => {
            lock(&work.ledgers[source]).fault = Some(SourceStatus::Partial(error.to_string()));
        }
    }
    let end = (index as u64 + 1) * BLOCK as u64;
    work.sink.finished(source, index, end >= size);
    reused.buffer = buffer;
}

/// Hands lines over, without the byte order mark that some tools write first, and without
/// envelopes.
fn lines<S: BlockSink>(
    work: &Work<'_, S>,
    state: &mut S::State,
    source: usize,
    bytes: &mut [u8],
    (offset, last): (u64, bool),
) {
    let bom = if offset == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let bytes = &mut bytes[bom..];
    if bytes.is_empty() {
        return;
    }
    let mut from = 0;
    let mut hand_over = |bytes: &[u8], from: usize| {
        let offset = offset + (bom + from) as u64;
        let block = Block {
            source,
            bytes,
            offset,
        };
        work.sink.block(state, block);
    };
    if let Some(envelope) = work.sources[source].envelope {
        for seam in envelope.peel(bytes) {
            hand_over(&bytes[from..seam], from);
            from = seam;
        }
    }
    hand_over(&bytes[from..], from);
    if last && bytes.last() != Some(&b'\n') {
        let line = memchr::memrchr(b'\n', &bytes[from..]).map_or(from, |at| from + at + 1);
        lock(&work.ledgers[source]).open_end = Some(bytes[line..].to_vec());
    }
}

/// Counts a line over the limit and hands its beginning over.
fn oversize<S: BlockSink>(
    work: &Work<'_, S>,
    state: &mut S::State,
    source: usize,
    bytes: &[u8],
    offset: u64,
) {
    lock(&work.ledgers[source]).oversize(offset);
    let block = Block {
        source,
        bytes,
        offset,
    };
    work.sink.beginning(state, block);
}

fn deliver<S: BlockSink>(work: &Work<'_, S>, state: &mut S::State, mut parcel: Parcel) {
    let source = parcel.source;
    // A stream that ends at a block's border has an empty last block.
    if !parcel.bytes.is_empty() || parcel.only {
        let bytes = &parcel.bytes;
        let digests = work.limits.digests;
        let hash = digests.then(|| hash_block(parcel.index, bytes, parcel.only));
        lock(&work.ledgers[source])
            .hasher
            .add(parcel.index, bytes.len(), hash);
    }
    if let Some(line) = parcel.oversize {
        oversize(work, state, source, &line.bytes, line.offset);
    }
    let Piece {
        bytes: mut joined,
        offset,
    } = parcel.joined;
    let last = parcel.last && parcel.lines.is_empty();
    lines(work, state, source, &mut joined, (offset, last));
    let offset = parcel.offset + parcel.lines.start as u64;
    let bytes = &mut parcel.bytes[parcel.lines];
    lines(work, state, source, bytes, (offset, parcel.last));
    work.sink.finished(source, parcel.index, parcel.last);
    let _ = work.spare.0.try_send(parcel.bytes);
}

fn stream<S: BlockSink>(
    work: &Work<'_, S>,
    state: &mut S::State,
    source: usize,
    queue: &Sender<Parcel>,
) {
    let (mut reader, packed) = match work.sources[source].content() {
        Ok(opened) => opened,
        Err(error) => {
            lock(&work.ledgers[source]).fault = Some(SourceStatus::Unreadable(error.to_string()));
            return;
        }
    };
    let opened = &work.sources[source];
    let streamed = opened.envelope.is_some_and(|envelope| envelope.streamed);
    let mut cut = Cutter::new(
        work.limits.line,
        opened.begins,
        streamed.then(Frames::default),
    );
    let mut seen = 0;
    loop {
        let mut bytes = work.spare.1.try_recv().unwrap_or_default();
        let (end, fault) = Cutter::fill(reader.as_mut(), &mut bytes);
        let now = packed.load(Ordering::Relaxed);
        work.progress.fetch_add(now - seen, Ordering::Relaxed);
        seen = now;
        let last = end || fault.is_some();
        let parcel = cut.cut(source, bytes, last, fault.is_some());
        let unpacked = cut.offset;
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
