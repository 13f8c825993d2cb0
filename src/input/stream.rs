//! Opens an input, looks at its head, and unpacks compressed layers.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::cloudwatch::{Messages, is_enveloped};
use super::{Compression, Input, Sniffed, sniff_bytes};
use crate::model::ContentDigest;

/// Bytes looked at for detection, after unpacking.
pub(super) const HEAD: usize = 64 << 10;
/// Bytes of the head that are enough to tell most files apart.
pub(super) const KEPT: usize = 512;
/// Compression inside compression that is still unpacked.
const LAYERS: usize = 3;

pub(super) type Reader = Box<dyn Read + Send>;

/// How an input will be read.
pub(super) enum Opened {
    /// A file whose bytes are the content: read in parallel at any offset.
    Plain { size: u64 },
    /// A file that has to be unpacked, or taken out of envelopes, from its start.
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
}

impl Source {
    /// Lets go of most of the head, once the format is known: of many thousand files
    /// the heads would be gigabytes.
    pub fn shorten_head(&mut self) {
        // Standard input cannot be looked at again.
        if self.head.len() > KEPT && !matches!(self.opened, Opened::Stdin(_)) {
            self.head.truncate(KEPT);
            self.head.shrink_to_fit();
            self.shortened = true;
        }
    }

    /// The whole head once more; `None` when it is not what it was.
    pub(super) fn head_again(&self) -> Option<Vec<u8>> {
        let (_, mut head, refused) = open_file(self.input.path.as_deref()?).ok()?;
        if let Opened::Plain { size } = self.opened {
            // What was appended meanwhile is not read either.
            head.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        }
        (refused.is_none() && head.starts_with(&self.head)).then_some(head)
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
        // What lies behind the prefix may be broken; that is no concern here.
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
    match &input.path {
        None => open_stdin(input),
        Some(path) => match open_file(path) {
            Ok((opened, head, refused)) => Source {
                input,
                head,
                refused,
                shortened: false,
                opened,
            },
            Err(error) => refused(input, error.to_string()),
        },
    }
}

fn refused(input: Input, reason: String) -> Source {
    Source {
        input,
        head: Vec::new(),
        refused: Some(reason),
        shortened: false,
        opened: Opened::Packed,
    }
}

fn open_file(path: &Path) -> io::Result<(Opened, Vec<u8>, Option<String>)> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut first = read_up_to(&mut file, HEAD)?;
    match sniff_bytes(&first) {
        Sniffed::Text if !is_enveloped(&first) => Ok((Opened::Plain { size }, first, None)),
        Sniffed::Refused(what) => Ok((Opened::Packed, Vec::new(), Some(what.to_owned()))),
        Sniffed::Text | Sniffed::Packed(_) => {
            let mut unpacked = unpack(Box::new(File::open(path)?), Arc::default());
            first.clear();
            let mut refused = None;
            match unpacked.as_mut() {
                Ok(reader) => first = read_what_is_there(reader, HEAD),
                Err(error) => refused = Some(error.to_string()),
            }
            Ok((Opened::Packed, first, refused))
        }
    }
}

fn open_stdin(input: Input) -> Source {
    let mut reader: Reader = Box::new(io::stdin());
    let first = match read_up_to(&mut reader, HEAD) {
        Ok(first) => first,
        Err(error) => return refused(input, error.to_string()),
    };
    if let Sniffed::Refused(what) = sniff_bytes(&first) {
        return refused(input, what.to_owned());
    }
    let packed = Arc::new(AtomicU64::new(0));
    match unpack(
        Box::new(Cursor::new(first).chain(reader)),
        Arc::clone(&packed),
    ) {
        Ok(mut reader) => {
            let head = read_what_is_there(&mut reader, HEAD);
            let whole: Reader = Box::new(Cursor::new(head.clone()).chain(reader));
            Source {
                input,
                head,
                refused: None,
                shortened: false,
                opened: Opened::Stdin(Mutex::new(Some((whole, packed)))),
            }
        }
        Err(error) => refused(input, error.to_string()),
    }
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

/// The content behind up to three compressed layers, and out of its envelopes; `packed` counts the outermost bytes.
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

/// The same, but keeps what came before an error: a truncated file still has a head.
fn read_what_is_there(reader: &mut dyn Read, limit: usize) -> Vec<u8> {
    let mut bytes = vec![0; limit];
    let mut filled = 0;
    while filled < limit {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    bytes.truncate(filled);
    bytes
}
