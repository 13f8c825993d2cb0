//! An input with its first bytes, and its content as often as it is needed.

use std::io::{self, Read};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use super::Input;
use super::envelope::Envelope;
use super::layer::{Layer, Layers, Reader};
use super::place::Place;
use super::sample::{HEAD, Sample, read_what_is_there};
use super::tape::Tape;
use super::unpack::{read_up_to, unpack};
use crate::model::ContentDigest;
use crate::storage::Content;

/// Bytes of the head that are enough to tell most files apart.
pub(super) const KEPT: usize = 512;

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
    /// Where its bytes are; `None` for standard input and for what cannot be opened.
    place: Option<Place>,
    /// Lines that show the format, where the head has none.
    lines: Option<Vec<u8>>,
    /// Offset of the first byte that says something: what is before is NUL or whitespace.
    pub(super) begins: u64,
    /// What is around the records, if anything.
    pub(super) envelope: Option<Envelope>,
    /// Layers that may be around the content.
    layers: Layers,
    /// What its format needs to tell where records end.
    framing: Option<Arc<dyn Layer>>,
}

impl Source {
    pub(super) fn of(
        (input, place): (Input, Option<Place>),
        layers: Layers,
        opened: Opened,
        head: Vec<u8>,
        sample: Sample,
    ) -> Self {
        Self {
            place,
            layers,
            framing: None,
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

    /// Reads the content through a layer that its format needs: from its start, by one worker,
    /// and without a look for envelopes.
    pub fn frame(&mut self, framing: Arc<dyn Layer>) {
        if matches!(self.opened, Opened::Plain { .. }) {
            self.opened = Opened::Packed;
        }
        // What its rows begin with may look like an envelope.
        self.envelope = None;
        self.framing = Some(framing);
    }

    /// The content of a file from its start, unpacked and without its layers, and the count of
    /// the packed bytes that were read.
    pub(super) fn content(&self) -> io::Result<(Reader, Arc<AtomicU64>)> {
        if let Opened::Stdin(reader) = &self.opened {
            let taken = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (reader, packed) =
                taken.ok_or_else(|| io::Error::other("standard input was read already"))?;
            return Ok((self.framed(reader), packed));
        }
        let packed = Arc::new(AtomicU64::new(0));
        let reader = self.unpacked(Arc::clone(&packed))?;
        Ok((self.framed(reader), packed))
    }

    fn unpacked(&self, packed: Arc<AtomicU64>) -> io::Result<Reader> {
        let place = self.place.as_ref().ok_or(io::ErrorKind::NotFound)?;
        unpack(place.open()?, packed, self.layers)
    }

    /// The packed archive that it is in. Two sources of one are best read one after the other.
    pub(super) fn tape(&self) -> Option<&Arc<Tape>> {
        self.place.as_ref().and_then(Place::tape)
    }

    /// Leaves what is around the records as it is: the format reads it.
    pub fn leave_closed(&mut self) {
        self.envelope = None;
    }

    fn framed(&self, reader: Reader) -> Reader {
        match &self.framing {
            Some(framing) => framing.open(reader),
            None => reader,
        }
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
        let head = match self.opened {
            // What was appended meanwhile is not read either.
            Opened::Plain { size } => {
                let mut file = Content::open(self.input.path.as_deref()?).ok()?.take(size);
                read_up_to(&mut file, HEAD).ok()?
            }
            Opened::Packed => {
                let mut reader = self.unpacked(Arc::default()).ok()?;
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
            (Some(path), Opened::Plain { .. }) => Box::new(Content::open(path).ok()?),
            (Some(_), Opened::Packed) => self.content().ok()?.0,
        };
        let mut hasher = blake3::Hasher::new();
        // What lies after the prefix may be broken; that does not matter here.
        hasher.update_reader(whole.take(bytes)).ok()?;
        let found = ContentDigest(*hasher.finalize().as_bytes());
        (hasher.count() == bytes).then_some(found)
    }
}
