//! Where the bytes of a source are: in a file, or in a file within one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::layer::Reader;
use super::tape::{self, Tape};
use super::zip;
use crate::storage::Content;

/// Where the bytes of a source are, as they are packed.
#[derive(Clone)]
pub(super) enum Place {
    /// A file of its own.
    File(PathBuf),
    /// A member of a tar archive.
    InTar(Arc<Tape>, tape::Member),
    /// A member of a zip archive.
    InZip(Arc<Path>, zip::Member),
}

impl Place {
    /// The bytes from their start.
    pub(super) fn open(&self) -> io::Result<Reader> {
        match self {
            Self::File(path) => Ok(Box::new(Content::open(path)?)),
            Self::InTar(tape, member) => member.open(tape),
            Self::InZip(path, member) => member.open(path),
        }
    }

    /// The packed archive that it is in. Two sources of one are best read one after the other.
    pub(super) fn tape(&self) -> Option<&Arc<Tape>> {
        match self {
            Self::InTar(tape, _) if tape.is_packed() => Some(tape),
            _ => None,
        }
    }
}
