//! Opens inputs far enough to know what they are, and archives far enough to know their members.
//!
//! In: the inputs that were found. Out: a source for each of them, and for each file in an
//! archive, in the order of the archive.
//!
//! Invariants:
//! * what cannot be opened is a source with the reason, also what is missing of an archive;
//! * no member is held or written anywhere: it is a place in its archive, opened when needed;
//! * members whose names begin with a dot are passed over, as such files in a folder are.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use super::Input;
use super::envelope::Envelope;
use super::layer::{Layers, Reader, around};
use super::limits::Limits;
use super::place::Place;
use super::sample::{HEAD, Sample, read_what_is_there};
use super::sniff::{Archive, Sniffed, sniff_bytes};
use super::stream::{Opened, Source};
use super::tape::Tape;
use super::unpack::{LOOK, Within, peel, read_up_to, unpack};
use super::{tar, zip};
use crate::storage::Content;

/// Unpacked bytes of one input that are looked through for its first line.
const UNPACKED: u64 = 1 << 29;
/// The same for standard input, which has to be held meanwhile.
const HELD: u64 = 64 << 20;
/// Archives inside each other that are still read.
const ARCHIVES: usize = 2;

/// Opens every input far enough to know what it is.
///
/// An input that cannot be opened is kept with the reason, so that the caller
/// decides whether the run can go on without it.
pub fn head(inputs: &[Input], layers: Layers) -> Vec<Source> {
    head_within(inputs, layers, &Limits::default())
}

/// The same; an archive is opened up to these limits.
pub(crate) fn head_within(inputs: &[Input], layers: Layers, limits: &Limits) -> Vec<Source> {
    let mut opening = Opening {
        layers,
        limits,
        found: Vec::new(),
    };
    for input in inputs {
        opening.input(input.clone());
    }
    opening.found
}

/// How an input will be read, its head, and its first lines.
type Beginning = (Opened, Vec<u8>, Sample);

/// What a place holds.
enum Found {
    Content(Beginning),
    /// Whether it can be read from any place on.
    Tar {
        is_plain: bool,
    },
    Zip,
}

struct Opening<'a> {
    layers: Layers,
    limits: &'a Limits,
    found: Vec<Source>,
}

impl Opening<'_> {
    fn input(&mut self, input: Input) {
        let Some(path) = input.path.clone() else {
            match open_stdin(self.layers) {
                Ok(beginning) => self.source(input, None, beginning),
                Err(reason) => self.refuse(input, reason.to_string()),
            }
            return;
        };
        self.add(input, Place::File(path), 0);
    }

    /// Adds what is at a place, within so many archives.
    fn add(&mut self, input: Input, place: Place, archives: usize) {
        let found = match &place {
            Place::File(path) => open_file(path, self.layers),
            _ => open_packed(&place, self.layers),
        };
        match found {
            Ok(Found::Content(beginning)) => self.source(input, Some(place), beginning),
            Ok(Found::Tar { .. } | Found::Zip) if archives == ARCHIVES => {
                let text = "more than two archives inside each other: unpack the outer one first";
                self.refuse(input, text.to_owned());
            }
            Ok(Found::Tar { is_plain }) => self.tar(input, place, is_plain, archives + 1),
            Ok(Found::Zip) => self.zip(input, archives + 1),
            Err(reason) => self.refuse(input, reason.to_string()),
        }
    }

    fn source(&mut self, input: Input, place: Option<Place>, beginning: Beginning) {
        let (opened, head, sample) = beginning;
        let source = Source::of((input, place), self.layers, opened, head, sample);
        self.found.push(source);
    }

    fn refuse(&mut self, input: Input, reason: String) {
        let nothing = (Opened::Packed, Vec::new(), Sample::default());
        self.source(input, None, nothing);
        if let Some(source) = self.found.last_mut() {
            source.refused = Some(reason);
        }
    }

    fn tar(&mut self, input: Input, place: Place, is_plain: bool, archives: usize) {
        let plain = input.path.clone().filter(|_| is_plain);
        let layers = self.layers;
        let open = move |packed| match peel(place.open()?, packed, layers)? {
            Within::Tar(reader) => Ok(reader),
            Within::Text(_) => Err(io::Error::other("the archive is not what it was")),
        };
        let tape = Tape::new(Box::new(open), plain, self.limits);
        let mut members = Members::of(input);
        let (mut at, mut last) = (0, 0);
        let fault = loop {
            let (header, member) = match tape.header(at) {
                Ok(Some(next)) => next,
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            };
            match member.end() {
                Ok(end) => at = end,
                Err(error) => break Some(error.to_string()),
            }
            if header.kind == tar::Kind::Other {
                continue;
            }
            let Some(input) = members.input(&header.name, member.size) else {
                continue;
            };
            if members.count > self.limits.members {
                break Some(too_many(self.limits));
            }
            last = member.at;
            if header.kind == tar::Kind::Sparse {
                let text =
                    "the member is stored with holes: unpack it first, for example with `tar -xf`";
                self.refuse(input, text.to_owned());
            } else {
                self.add(input, Place::InTar(Arc::clone(&tape), member), archives);
            }
        };
        tape.ends(last);
        self.rest(members, fault);
    }

    fn zip(&mut self, input: Input, archives: usize) {
        let path: Arc<Path> = Arc::from(input.path.clone().unwrap_or_default());
        let size = input.size;
        let mut members = Members::of(input);
        let mut entries = Vec::new();
        let (mut packed, mut unpacked) = (0_u64, 0_u64);
        let listed = zip::list(&path, |entry| {
            packed = packed.saturating_add(entry.packed);
            unpacked = unpacked.saturating_add(entry.unpacked);
            entries.push(entry);
            entries.len() <= self.limits.members
        });
        let fault = if let Err(error) = listed {
            Some(error.to_string())
        } else if entries.len() > self.limits.members {
            Some(too_many(self.limits))
        } else if entries
            .iter()
            .any(|entry| entry.name == b"[Content_Types].xml")
        {
            Some("Office document: save the sheet as CSV".to_owned())
        } else if packed > size {
            Some(
                "the members of the zip archive overlap: it looks like a decompression bomb"
                    .to_owned(),
            )
        } else {
            self.limits.too_much(unpacked, packed)
        };
        if fault.is_some() {
            entries.clear();
        }
        for entry in entries {
            let Some(input) = members.input(&entry.name, entry.packed) else {
                continue;
            };
            match entry.member {
                Ok(member) => self.add(input, Place::InZip(Arc::clone(&path), member), archives),
                Err(reason) => self.refuse(input, reason),
            }
        }
        self.rest(members, fault);
    }

    /// What is not known of an archive is a source that cannot be read.
    fn rest(&mut self, members: Members, fault: Option<String>) {
        let none = || (members.count == 0).then(|| "the archive holds no files".to_owned());
        if let Some(reason) = fault.or_else(none) {
            self.refuse(members.archive, reason);
        }
    }
}

fn too_many(limits: &Limits) -> String {
    let limit = limits.members;
    format!("more than {limit} files in the archive: unpack it first, and name the folder")
}

/// Names for the members of an archive.
struct Members {
    /// The archive, without the bytes that are counted for its members.
    archive: Input,
    count: usize,
    names: BTreeMap<String, u32>,
}

impl Members {
    fn of(archive: Input) -> Self {
        Self {
            archive: Input { size: 0, ..archive },
            count: 0,
            names: BTreeMap::new(),
        }
    }

    /// A member of this name; `None` when it is hidden.
    fn input(&mut self, name: &[u8], size: u64) -> Option<Input> {
        let name = String::from_utf8_lossy(name);
        let name = name.trim_start_matches("./");
        let hidden = |part: &str| part.starts_with('.') && part != "..";
        if name.split(['/', '\\']).any(hidden) {
            return None;
        }
        self.count += 1;
        let times = self.names.entry(name.to_owned()).or_insert(0);
        *times += 1;
        // An archive that files were added to has several of one name.
        let again = if *times > 1 {
            format!(" ({times})")
        } else {
            String::new()
        };
        Some(Input {
            path: self.archive.path.clone(),
            shown: Arc::from(format!("{}!{name}{again}", self.archive.shown)),
            size,
        })
    }
}

fn open_file(path: &Path, layers: Layers) -> io::Result<Found> {
    let mut file = Content::open(path)?;
    let size = file.size()?;
    let head = read_up_to(&mut file, HEAD)?;
    let layer = around(layers, &head[..head.len().min(LOOK)]);
    match sniff_bytes(&head) {
        Sniffed::Refused(what) if layer.is_none() => Err(io::Error::other(what)),
        Sniffed::Archive(Archive::Tar) => Ok(Found::Tar { is_plain: true }),
        Sniffed::Archive(Archive::Zip) => Ok(Found::Zip),
        Sniffed::Text if layer.is_none() => {
            let mut rest = file.take(size.saturating_sub(head.len() as u64));
            let sample = Sample::of(&head, &mut rest, u64::MAX, None)?;
            let envelope = Envelope::of(sample.lines.as_deref().unwrap_or(&head));
            // Where lines have no ends, only who reads from the start knows where they are.
            let opened = if envelope.is_some_and(|envelope| envelope.streamed) {
                Opened::Packed
            } else {
                Opened::Plain { size }
            };
            Ok(Found::Content((opened, head, sample)))
        }
        Sniffed::Text | Sniffed::Utf16(_) | Sniffed::Packed(_) | Sniffed::Refused(_) => {
            open_packed(&Place::File(PathBuf::from(path)), layers)
        }
    }
}

fn open_packed(place: &Place, layers: Layers) -> io::Result<Found> {
    let mut reader = match peel(place.open()?, Arc::default(), layers)? {
        Within::Text(reader) => reader,
        Within::Tar(_) => return Ok(Found::Tar { is_plain: false }),
    };
    let head = read_what_is_there(&mut reader, HEAD);
    let sample = Sample::of(&head, &mut reader, UNPACKED, None)?;
    Ok(Found::Content((Opened::Packed, head, sample)))
}

fn open_stdin(layers: Layers) -> io::Result<Beginning> {
    let packed = Arc::new(AtomicU64::new(0));
    let mut reader = unpack(Box::new(io::stdin()), Arc::clone(&packed), layers)?;
    let head = read_what_is_there(&mut reader, HEAD);
    let mut read = head.clone();
    let sample = Sample::of(&head, &mut reader, HELD, Some(&mut read))?;
    let whole: Reader = Box::new(Cursor::new(read).chain(reader));
    let opened = Opened::Stdin(Mutex::new(Some((whole, packed))));
    Ok((opened, head, sample))
}
