//! The members of a zip archive, as its central directory lists them.
//!
//! In: a file. Out: its regular files, and the content of each, checked against the length
//! and the checksum that the directory has for it.
//!
//! Invariants:
//! * the directory is read entry by entry and never held;
//! * a member gives no more than the length that the directory has for it.

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use rawzip::{
    CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder,
    ZipLocator,
};

use super::layer::Reader;
use crate::storage::Content;

/// A file in the archive.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    /// Bytes of the packed content, and of the content.
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    /// Where its content is, or why it cannot be read.
    pub(super) member: Result<Member, String>,
}

/// Where the content of a member is, and how it is packed.
#[derive(Clone, Copy)]
pub(super) struct Member {
    place: ZipArchiveEntryWayfinder,
    is_deflated: bool,
}

/// Hands over the regular files in the order of the directory, until `each` says that it is
/// enough.
pub(super) fn list(path: &Path, mut each: impl FnMut(Entry) -> bool) -> io::Result<()> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = archive(Content::open(path)?, &mut buffer)?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| broken(&error))? {
        let mode = entry.mode();
        if entry.is_dir() || mode.is_symlink() {
            continue;
        }
        let method = entry.compression_method();
        let flags = entry.flags();
        let member = if flags.is_encrypted() || flags.has_strong_encryption() {
            Err("the member is encrypted: unpack it first, for example with `7z x`".to_owned())
        } else if [CompressionMethod::STORE, CompressionMethod::DEFLATE].contains(&method) {
            Ok(Member {
                place: entry.wayfinder(),
                is_deflated: method == CompressionMethod::DEFLATE,
            })
        } else {
            let name = method.name().unwrap_or("unknown");
            Err(format!(
                "the member is packed with method {} ({name}): unpack it first, for example with `7z x`",
                method.as_u16()
            ))
        };
        let entry = Entry {
            name: entry.file_path().as_bytes().to_vec(),
            packed: entry.compressed_size_hint(),
            unpacked: entry.uncompressed_size_hint(),
            member,
        };
        if !each(entry) {
            break;
        }
    }
    Ok(())
}

impl Member {
    /// The content, from its start.
    pub(super) fn open(self, path: &Path) -> io::Result<Reader> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let mut file = Content::open(path)?;
        let archive = archive(file.try_clone()?, &mut buffer)?;
        let entry = archive
            .get_entry(self.place)
            .map_err(|error| broken(&error))?;
        let (from, to) = entry.compressed_data_range();
        file.seek(SeekFrom::Start(from))?;
        let packed = BufReader::new(file.take(to.saturating_sub(from)));
        Ok(if self.is_deflated {
            let content = flate2::bufread::DeflateDecoder::new(packed);
            Box::new(entry.verifying_reader(content))
        } else {
            Box::new(entry.verifying_reader(packed))
        })
    }
}

fn archive(file: Content, buffer: &mut [u8]) -> io::Result<ZipArchive<Content>> {
    let size = file.size()?;
    let found = ZipLocator::new().locate_in_reader(file, buffer, size);
    found.map_err(|(_, error)| broken(&error))
}

impl ReaderAt for Content {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Content::read_at(self, buffer, offset)
    }
}

fn broken(error: &rawzip::Error) -> io::Error {
    let text = format!("the zip archive is cut off or broken: {error}");
    io::Error::new(ErrorKind::InvalidData, text)
}
