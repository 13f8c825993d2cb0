//! From the bytes of a file to the text in it.
//!
//! In: bytes as they lie on disk or come through a pipe. Out: the text within up to three
//! compressed layers, in UTF-8, without the layer of text around it.
//!
//! Invariants:
//! * the first bytes decide about each layer, never a name;
//! * where a layer is cut off, what it gave before is kept, and the error comes after it;
//! * memory is that of the decompressors, whatever a header asks for.

use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::layer::{Layers, Reader, around};
use super::limits::Limits;
use super::lz4::Lz4Frames;
use super::sniff::{Archive, Compression, Sniffed, sniff_bytes};
use super::utf16::Utf16;

/// First bytes of a content by which its layers are known.
pub(super) const LOOK: usize = 4 << 10;
/// Compression inside compression that is still unpacked.
const LAYERS: usize = 3;
/// KiB that an xz stream may ask for: four times what `xz -9` needs.
const XZ_MEMORY: u32 = 256 << 10;

/// What is within the layers.
pub(super) enum Within {
    /// A text.
    Text(Reader),
    /// Files one after the other.
    Tar(Reader),
}

/// The text within the layers; `packed` counts the outermost bytes.
pub(super) fn unpack(raw: Reader, packed: Arc<AtomicU64>, layers: Layers) -> io::Result<Reader> {
    match peel(raw, packed, layers)? {
        Within::Text(reader) => Ok(reader),
        Within::Tar(_) => Err(io::Error::other(
            "tar archive in place of a log: name the file, or pipe what is in it, with `tar -xO`",
        )),
    }
}

/// The same, also of an archive.
pub(super) fn peel(raw: Reader, packed: Arc<AtomicU64>, layers: Layers) -> io::Result<Within> {
    let mut reader: Reader = Box::new(Counted {
        inner: raw,
        count: Arc::clone(&packed),
    });
    let mut unpacked = 0;
    loop {
        let (first, rest) = look(reader)?;
        let kind = sniff_bytes(&first);
        let layer = around(layers, &first);
        let whole = BufReader::with_capacity(128 << 10, Cursor::new(first).chain(rest));
        reader = match kind {
            Sniffed::Text => {
                return Ok(Within::Text(match layer {
                    Some(layer) => layer.open(Box::new(whole)),
                    None => Box::new(whole),
                }));
            }
            Sniffed::Utf16(order) => Box::new(Utf16::new(Box::new(whole), order)),
            Sniffed::Packed(_) if unpacked == LAYERS => {
                return Err(io::Error::other(
                    "more than three compressed layers inside each other",
                ));
            }
            Sniffed::Packed(how) => {
                unpacked += 1;
                open(how, whole)?
            }
            Sniffed::Archive(Archive::Tar) => return Ok(Within::Tar(Box::new(whole))),
            // Its directory comes last.
            Sniffed::Archive(Archive::Zip) => {
                return Err(io::Error::other(
                    "zip archive that is not a file of its own: unpack it first, for example with `unzip`",
                ));
            }
            Sniffed::Refused(what) => {
                let layer = layer.ok_or_else(|| io::Error::other(what))?;
                // A layer of bytes is read as a whole, before anybody sees how much it is.
                let bounded = Bounded {
                    inner: Box::new(whole),
                    passed: 0,
                    packed,
                };
                return Ok(Within::Text(layer.open(Box::new(bounded))));
            }
        };
    }
}

fn open(how: Compression, packed: impl io::BufRead + Send + 'static) -> io::Result<Reader> {
    Ok(match how {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
        Compression::Xz => {
            let reader = lzma_rust2::XzReader::new_mem_limit(packed, true, XZ_MEMORY);
            Box::new(InSteps(reader))
        }
        Compression::Lz4 => Box::new(Lz4Frames::new(Box::new(packed))),
    })
}

/// The first bytes, and what comes after them: an error, if that is what ended them.
fn look(mut reader: Reader) -> io::Result<(Vec<u8>, Reader)> {
    let mut first = Vec::new();
    match reader.by_ref().take(LOOK as u64).read_to_end(&mut first) {
        Ok(_) => Ok((first, reader)),
        Err(error) if first.is_empty() => Err(error),
        Err(error) => Ok((first, Box::new(Fails(Some(error))))),
    }
}

/// Fails once.
struct Fails(Option<io::Error>);

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Asks for little at a time: what the decompressor had unpacked in the call that fails is lost.
struct InSteps<R>(R);

impl<R: Read> Read for InSteps<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let step = buffer.len().min(LOOK);
        let read = self.0.read(&mut buffer[..step]);
        read.map_err(|error| match error.kind() {
            ErrorKind::OutOfMemory => io::Error::other(
                "the xz stream asks for more than 256 MiB of memory: unpack it first, with `unxz`",
            ),
            _ => error,
        })
    }
}

/// Fails where more comes out than so much packed content can honestly hold.
struct Bounded {
    inner: Reader,
    passed: u64,
    packed: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.passed += read as u64;
        let packed = self.packed.load(Ordering::Relaxed);
        match Limits::default().too_much(self.passed, packed) {
            Some(reason) => Err(io::Error::other(reason)),
            None => Ok(read),
        }
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

/// Fills a buffer as far as the reader goes.
pub(super) fn read_up_to(reader: &mut dyn Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
