//! The bytes of a file or of an object, from any place on.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::address::{Address, is_remote};
use super::backend::Object;
use super::segment::Segment;

/// A file that is open, or an object as it was when it was first opened.
#[derive(Debug)]
pub(crate) enum Content {
    Local(File),
    Remote(Remote),
}

/// An object, read from some place on.
#[derive(Debug)]
pub(crate) struct Remote {
    object: Arc<Object>,
    at: u64,
    current: Option<Segment>,
}

impl Content {
    /// Opens what is at a path, or at an address.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if !is_remote(path) {
            return File::open(path).map(Self::Local);
        }
        let object = Object::open(&Address::of(path)?)?;
        Ok(Self::Remote(Remote {
            object,
            at: 0,
            current: None,
        }))
    }

    /// How many bytes there are.
    pub(crate) fn size(&self) -> io::Result<u64> {
        match self {
            Self::Local(file) => Ok(file.metadata()?.len()),
            Self::Remote(remote) => Ok(remote.object.size()),
        }
    }

    /// Another handle for the same bytes.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Local(file) => file.try_clone().map(Self::Local),
            Self::Remote(remote) => Ok(Self::Remote(remote.from(remote.at))),
        }
    }

    /// Reads some bytes from an offset on.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Local(file) => at(file, buffer, offset),
            Self::Remote(remote) => remote.from(offset).read(buffer),
        }
    }

    /// Fills the buffer with the bytes from an offset on.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => {
                    let text = "it is shorter than it was";
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Remote {
    /// The same object from another place on.
    fn from(&self, at: u64) -> Self {
        Self {
            object: Arc::clone(&self.object),
            at,
            current: None,
        }
    }
}

#[cfg(unix)]
fn at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut file = file;
    file.seek(SeekFrom::Start(offset))?;
    file.read(buffer)
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.read(buffer),
            Self::Remote(remote) => remote.read(buffer),
        }
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Local(file) => file.seek(to),
            Self::Remote(remote) => {
                let end = remote.object.size();
                let at = match to {
                    SeekFrom::Start(at) => Some(at),
                    SeekFrom::End(by) => end.checked_add_signed(by),
                    SeekFrom::Current(by) => remote.at.checked_add_signed(by),
                };
                remote.at = at.ok_or(ErrorKind::InvalidInput)?;
                Ok(remote.at)
            }
        }
    }
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at >= self.object.size() {
            return Ok(0);
        }
        if self
            .current
            .as_ref()
            .and_then(|now| now.from(self.at))
            .is_none()
        {
            self.current = Some(self.object.segment(self.at)?);
        }
        let rest = self.current.as_ref().and_then(|now| now.from(self.at));
        let rest = rest.ok_or(ErrorKind::UnexpectedEof)?;
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}
