//! The members of a tar archive, one header after the other.
//!
//! In: a stream at the place of a header. Out: the next regular file, and how many bytes its
//! content has; the stream is then at the first of these.
//!
//! Invariants:
//! * what comes before a content (long names, PAX records) is never more than a limit;
//! * archives that were put one after the other are read to the last;
//! * an archive without its end mark is cut off: what it may have had more is unknown.
//!
//! The grammar is that of POSIX.1 pax and ustar, with the additions of GNU tar.

use std::io::{self, Cursor, ErrorKind, Read};

/// Bytes of a record of an archive.
pub(super) const BLOCK: u64 = 512;
/// Bytes of headers that one member may have: far above the longest path of any system.
const HEADERS: u64 = 1 << 20;

/// A file in the archive.
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    /// Bytes of its content.
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file with a content.
    File,
    /// A file with holes, whose content is kept in pieces.
    Sparse,
    /// A folder, a link, a device, a volume's name.
    Other,
}

/// Whether a block is a header: its checksum is the sum of its bytes, with spaces in place of
/// the checksum.
pub(super) fn is_header(block: &[u8; 512]) -> bool {
    let header = tar::Header::from_byte_slice(block);
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let spaces = 8 * u32::from(b' ');
    let found = sum(&block[..148]) + spaces + sum(&block[156..]);
    block[0] != 0 && header.cksum().is_ok_and(|named| named == found)
}

/// Reads the next header; `None` at the end of the archive.
pub(super) fn next(reader: &mut dyn Read) -> io::Result<Option<Header>> {
    let mut block = [0; 512];
    let mut marked = false;
    loop {
        match fill(reader, &mut block)? {
            0 if marked => return Ok(None),
            0 => return Err(broken("it has no end mark")),
            512 => {}
            _ if marked => return Ok(None),
            _ => return Err(broken("it ends within a header")),
        }
        if block.iter().any(|byte| *byte != 0) {
            break;
        }
        marked = true;
    }
    if marked && !is_header(&block) {
        // The rest of a tape's record, which no one cleared.
        return Ok(None);
    }
    let mut headers = tar::Archive::new(Cursor::new(block).chain(reader).take(HEADERS));
    let entry = headers.entries().and_then(|mut all| all.next().transpose());
    let mut entry = match entry {
        Ok(Some(entry)) => entry,
        Ok(None) => return Err(broken("it ends within a header")),
        Err(error) => return Err(broken(&error.to_string())),
    };
    let kind = entry.header().entry_type();
    // Of anything else the records are its content.
    let is_file = kind.is_file() || kind.is_contiguous();
    let is_sparse = kind.is_gnu_sparse() || (is_file && is_sparse(&mut entry)?);
    let name = entry.path_bytes().into_owned();
    // Of this kind the entry has the size that the file would have.
    let size = if kind.is_gnu_sparse() {
        entry.header().entry_size()?
    } else {
        entry.size()
    };
    let kind = if is_sparse {
        Kind::Sparse
    } else if is_file && !name.ends_with(b"/") {
        Kind::File
    } else {
        Kind::Other
    };
    Ok(Some(Header { name, size, kind }))
}

/// GNU tar writes sparse files of the PAX format as regular ones, and says it in records.
fn is_sparse<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<bool> {
    let Some(records) = entry.pax_extensions()? else {
        return Ok(false);
    };
    for record in records {
        if record?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn fill(reader: &mut dyn Read, block: &mut [u8; 512]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn broken(why: &str) -> io::Error {
    let text = format!("the tar archive is cut off or broken: {why}");
    io::Error::new(ErrorKind::UnexpectedEof, text)
}
