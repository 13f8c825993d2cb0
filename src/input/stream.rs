//! Opens an input, looks at its head, and unpacks compressed layers.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::cloudwatch::{Messages, is_enveloped};
use super::envelope::Envelope;
use super::sample::{HEAD, Sample, read_what_is_there};
use super::{Compression, Input, Sniffed, sniff_bytes};
use crate::model::ContentDigest;

/// Bytes of the head that are enough to tell most files apart.
pub(super) const KEPT: usize = 512;
/// Unpacked bytes of one input that are looked through for its first line.
const UNPACKED: u64 = 1 << 29;
/// The same for standard input, which has to be held meanwhile.
const HELD: u64 = 64 << 20;
/// Compression inside compression that is still unpacked.
const LAYERS: usize = 3;

pub(super) type Reader = Box<dyn Read + Send>;

/// How an input will be read.
pub(super) enum Opened {
    /// A file whose bytes are the content: read in parallel at any offset.
    Plain { size: u64 },
    /// A file that has to be unpacked, or freed of envelopes, from its start.
    Packed,
    /// Standard input, unpacked, with its head put back in front, and the count of its packed bytes.
    Stdin(Mutex<Option<(Reader, Arc<AtomicU64>)>>),
}

/// An input with its first bytes.
pub struct Source {
    /// What the user named.
    pub input: Input,
    /// The first bytes of the content, unpacked; empty when nothing could be read.
    pub head: Vec<u8>,
    /// Why nothing can be read from it, if so.
    pub refused: Option<String>,
    /// Only a part of the head was kept.
    pub(super) shortened: bool,
    pub(super) opened: Opened,
    /// Lines to tell the format by, where the head has none.
    lines: Option<Vec<u8>>,
    /// Offset of the first byte that says something: what is before is NUL or whitespace.
    pub(super) begins: u64,
    /// What is around the records, if anything.
    pub(super) envelope: Option<Envelope>,
}

impl Source {
    fn of(input: Input, opened: Opened, head: Vec<u8>, sample: Sample) -> Self {
        Self {
            input,
            envelope: Envelope::of(sample.lines.as_deref().unwrap_or(&head)),
            head,
            refused: None,
            shortened: false,
            opened,
            lines: sample.lines,
            begins: sample.begins,
        }
    }

    /// The first lines, by which the format is known.
    pub fn sample(&self) -> &[u8] {
        self.lines.as_deref().unwrap_or(&self.head)
    }

    /// How many NUL bytes come first: the hole that is left where lines were taken away, or
    /// were not written before a crash.
    pub fn hole(&self) -> u64 {
        if self.head.first() == Some(&0) {
            self.begins
        } else {
            0
        }
    }

    /// Lets go of most of the head, once the format is known: of many thousand files
    /// the heads would be gigabytes.
    pub fn shorten_head(&mut self) {
        self.lines = None;
        // Standard input cannot be looked at again.
        if self.head.len() > KEPT && !matches!(self.opened, Opened::Stdin(_)) {
            self.head.truncate(KEPT);
            self.head.shrink_to_fit();
            self.shortened = true;
        }
    }

    /// The whole head once more; `None` when it is not what it was.
    pub(super) fn head_again(&self) -> Option<Vec<u8>> {
        let path = self.input.path.as_deref()?;
        let head = match self.opened {
            // What was appended meanwhile is not read either.
            Opened::Plain { size } => {
                let mut file = File::open(path).ok()?.take(size);
                read_up_to(&mut file, HEAD).ok()?
            }
            Opened::Packed => {
                let mut reader = unpack(Box::new(File::open(path).ok()?), Arc::default()).ok()?;
                read_what_is_there(&mut reader, HEAD)
            }
            Opened::Stdin(_) => return None,
        };
        head.starts_with(&self.head).then_some(head)
    }

    /// BLAKE3 of the first `bytes` of the unpacked content; `None` when there are
    /// fewer, or when the input can be read only once.
    pub fn prefix_digest(&self, bytes: u64) -> Option<ContentDigest> {
        let whole: Reader = match (&self.input.path, &self.opened) {
            (None, _) | (_, Opened::Stdin(_)) => return None,
            (Some(path), Opened::Plain { .. }) => Box::new(File::open(path).ok()?),
            (Some(path), Opened::Packed) => {
                unpack(Box::new(File::open(path).ok()?), Arc::default()).ok()?
            }
        };
        let mut hasher = blake3::Hasher::new();
        // What lies after the prefix may be broken; that does not matter here.
        hasher.update_reader(whole.take(bytes)).ok()?;
        let found = ContentDigest(*hasher.finalize().as_bytes());
        (hasher.count() == bytes).then_some(found)
    }
}

/// Opens every input far enough to know what it is.
///
/// An input that cannot be opened is kept with the reason, so that the caller
/// decides whether the run can go on without it.
pub fn head(inputs: &[Input]) -> Vec<Source> {
    inputs.iter().map(|input| open(input.clone())).collect()
}

fn open(input: Input) -> Source {
    let opened = match &input.path {
        None => open_stdin(),
        Some(path) => open_file(path),
    };
    match opened {
        Ok((opened, head, sample)) => Source::of(input, opened, head, sample),
        Err(reason) => Source {
            refused: Some(reason.to_string()),
            ..Source::of(input, Opened::Packed, Vec::new(), Sample::default())
        },
    }
}

/// How an input will be read, its head, and its first lines.
type Beginning = (Opened, Vec<u8>, Sample);

fn open_file(path: &Path) -> io::Result<Beginning> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let head = read_up_to(&mut file, HEAD)?;
    match sniff_bytes(&head) {
        Sniffed::Refused(what) => return Err(io::Error::other(what)),
        Sniffed::Text if !is_enveloped(&head) => {
            let mut rest = file.take(size.saturating_sub(head.len() as u64));
            let sample = Sample::of(&head, &mut rest, u64::MAX, None)?;
            let envelope = Envelope::of(sample.lines.as_deref().unwrap_or(&head));
            // Where lines have no ends, only who reads from the start knows where they are.
            let opened = if envelope.is_some_and(|envelope| envelope.streamed) {
                Opened::Packed
            } else {
                Opened::Plain { size }
            };
            return Ok((opened, head, sample));
        }
        Sniffed::Text | Sniffed::Packed(_) => {}
    }
    let mut reader = unpack(Box::new(File::open(path)?), Arc::default())?;
    let head = read_what_is_there(&mut reader, HEAD);
    let sample = Sample::of(&head, &mut reader, UNPACKED, None)?;
    Ok((Opened::Packed, head, sample))
}

fn open_stdin() -> io::Result<Beginning> {
    let mut reader: Reader = Box::new(io::stdin());
    let first = read_up_to(&mut reader, HEAD)?;
    if let Sniffed::Refused(what) = sniff_bytes(&first) {
        return Err(io::Error::other(what));
    }
    let packed = Arc::new(AtomicU64::new(0));
    let first = Box::new(Cursor::new(first).chain(reader));
    let mut reader = unpack(first, Arc::clone(&packed))?;
    let head = read_what_is_there(&mut reader, HEAD);
    let mut read = head.clone();
    let sample = Sample::of(&head, &mut reader, HELD, Some(&mut read))?;
    let whole: Reader = Box::new(Cursor::new(read).chain(reader));
    let opened = Opened::Stdin(Mutex::new(Some((whole, packed))));
    Ok((opened, head, sample))
}

/// Counts the bytes that pass, for progress and for the ratio guard.
struct Counted {
    inner: Reader,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// The content within up to three compressed layers, without its envelopes; `packed` counts the outermost bytes.
pub(super) fn unpack(raw: Reader, packed: Arc<AtomicU64>) -> io::Result<Reader> {
    let mut reader: Reader = Box::new(Counted {
        inner: raw,
        count: packed,
    });
    for _ in 0..=LAYERS {
        let first = read_up_to(&mut reader, 512)?;
        let kind = sniff_bytes(&first);
        let enveloped = is_enveloped(&first);
        let whole = BufReader::with_capacity(128 << 10, Cursor::new(first).chain(reader));
        reader = match kind {
            Sniffed::Text if enveloped => return Ok(Box::new(Messages::of(Box::new(whole)))),
            Sniffed::Text => return Ok(Box::new(whole)),
            Sniffed::Packed(Compression::Gzip) => {
                Box::new(flate2::bufread::MultiGzDecoder::new(whole))
            }
            Sniffed::Packed(Compression::Zstd) => {
                Box::new(zstd::stream::read::Decoder::with_buffer(whole)?)
            }
            Sniffed::Refused(what) => return Err(io::Error::other(what)),
        };
    }
    Err(io::Error::other(
        "more than three compressed layers inside each other",
    ))
}

/// Fills a buffer as far as the reader goes.
pub(super) fn read_up_to(reader: &mut dyn Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
