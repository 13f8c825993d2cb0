//! A tar archive as a tape: its members are read one after the other, in one pass.
//!
//! In: where the archive is. Out: the content of a member, as a reader of its own.
//!
//! Invariants:
//! * nothing of the archive is held and nothing is written: a member is what comes next in the
//!   stream of the archive, up to its length;
//! * who asks for the members in their order unpacks the archive once: where one reader
//!   stopped, the next one goes on. An archive that is not packed is read at any place;
//! * what an archive may unpack to is limited as a whole, whatever its members are.

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::layer::Reader;
use super::limits::Limits;
use super::tar::{self, BLOCK, Header};
use crate::storage;

/// How the archive is opened anew; the count is of its packed bytes.
type Open = Box<dyn Fn(Arc<AtomicU64>) -> io::Result<Reader> + Send + Sync>;

/// A tar archive.
pub(super) struct Tape {
    open: Open,
    /// The file, when it is not packed.
    plain: Option<PathBuf>,
    limits: Limits,
    /// Streams that no one reads, each at a place of its own.
    idle: Mutex<Vec<Cursor>>,
    /// Where the last member begins: a stream that is further has nothing more to give.
    last: AtomicU64,
}

/// Where a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Offset of its first byte in the archive.
    pub(super) at: u64,
    pub(super) size: u64,
}

/// The archive from some place on.
struct Cursor {
    reader: Reader,
    at: u64,
    packed: Arc<AtomicU64>,
}

impl Tape {
    /// An archive that is read from its start each time it is opened.
    pub(super) fn new(open: Open, plain: Option<PathBuf>, limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            open,
            plain,
            limits: limits.clone(),
            idle: Mutex::default(),
            last: AtomicU64::new(u64::MAX),
        })
    }

    /// The header at a place, or the next one after it, and its member; `None` at the end.
    pub(super) fn header(&self, at: u64) -> io::Result<Option<(Header, Member)>> {
        let mut cursor = self.cursor(at)?;
        let mut guarded = Guarded {
            cursor: &mut cursor,
            limits: &self.limits,
        };
        let Some(header) = tar::next(&mut guarded)? else {
            return Ok(None);
        };
        let (at, size) = (cursor.at, header.size);
        self.keep(cursor);
        Ok(Some((header, Member { at, size })))
    }

    /// No member begins after this place.
    pub(super) fn ends(&self, last: u64) {
        self.last.store(last, Ordering::Relaxed);
        self.idle().retain(|cursor| cursor.at <= last);
    }

    /// The members can be read only one after the other.
    pub(super) fn is_packed(&self) -> bool {
        self.plain.is_none()
    }

    /// A stream at a place: the one that is nearest before it, or a new one.
    fn cursor(&self, at: u64) -> io::Result<Cursor> {
        if let Some(path) = &self.plain {
            let mut file = storage::Content::open(path)?;
            file.seek(SeekFrom::Start(at))?;
            return Ok(Cursor {
                reader: Box::new(BufReader::new(file)),
                at,
                // What is not packed has no limit.
                packed: Arc::new(AtomicU64::new(u64::MAX)),
            });
        }
        let mut idle = self.idle();
        let before = (0..idle.len()).filter(|index| idle[*index].at <= at);
        let nearest = before.max_by_key(|index| idle[*index].at);
        let found = nearest.map(|index| idle.swap_remove(index));
        drop(idle);
        let mut cursor = if let Some(cursor) = found {
            cursor
        } else {
            let packed = Arc::new(AtomicU64::new(0));
            Cursor {
                reader: (self.open)(Arc::clone(&packed))?,
                at: 0,
                packed,
            }
        };
        let between = at - cursor.at;
        let mut guarded = Guarded {
            cursor: &mut cursor,
            limits: &self.limits,
        };
        let passed = io::copy(&mut guarded.by_ref().take(between), &mut io::sink())?;
        if passed < between {
            return Err(cut_off());
        }
        Ok(cursor)
    }

    fn keep(&self, cursor: Cursor) {
        if self.is_packed() && cursor.at <= self.last.load(Ordering::Relaxed) {
            self.idle().push(cursor);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Cursor>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    /// Where the next header is.
    pub(super) fn end(self) -> io::Result<u64> {
        let end = self.at.checked_add(self.size);
        end.and_then(|end| end.checked_next_multiple_of(BLOCK))
            .ok_or_else(cut_off)
    }

    /// The content, from its start.
    pub(super) fn open(self, tape: &Arc<Tape>) -> io::Result<Reader> {
        Ok(Box::new(Content {
            cursor: Some(tape.cursor(self.at)?),
            left: self.size,
            tape: Arc::clone(tape),
        }))
    }
}

/// A member's content. Dropped, it leaves the stream to the next one.
struct Content {
    tape: Arc<Tape>,
    /// `None` after an error.
    cursor: Option<Cursor>,
    left: u64,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let Some(cursor) = self.cursor.as_mut().filter(|_| most > 0) else {
            return Ok(0);
        };
        let limits = &self.tape.limits;
        let read = Guarded { cursor, limits }.read(&mut buffer[..most]);
        match &read {
            Ok(0) => {
                self.cursor = None;
                return Err(cut_off());
            }
            Ok(count) => self.left -= *count as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.cursor = None,
        }
        read
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        if let Some(cursor) = self.cursor.take() {
            self.tape.keep(cursor);
        }
    }
}

/// A stream within the limits of its archive.
struct Guarded<'a> {
    cursor: &'a mut Cursor,
    limits: &'a Limits,
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.cursor.reader.read(buffer)?;
        self.cursor.at += count as u64;
        let packed = self.cursor.packed.load(Ordering::Relaxed);
        match self.limits.too_much(self.cursor.at, packed) {
            Some(reason) => Err(io::Error::other(reason)),
            None => Ok(count),
        }
    }
}

fn cut_off() -> io::Error {
    let text = "the tar archive ends within a member";
    io::Error::new(ErrorKind::UnexpectedEof, text)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn members_in_their_order_unpack_the_archive_once() {
        let mut builder = ::tar::Builder::new(Vec::new());
        for name in ["a", "b", "c"] {
            let content = name.repeat(10_000);
            let mut header = ::tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder
                .append_data(&mut header, name, content.as_bytes())
                .unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let opened = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&opened);
        let open = move |_| -> io::Result<Reader> {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(io::Cursor::new(bytes.clone())))
        };
        let limits = Limits {
            unpacked: u64::MAX,
            ..Limits::default()
        };
        let tape = Tape::new(Box::new(open), None, &limits);
        let (mut at, mut members) = (0, Vec::new());
        while let Some((header, member)) = tape.header(at).unwrap() {
            let mut first = [0; 1];
            member.open(&tape).unwrap().read_exact(&mut first).unwrap();
            assert_eq!(header.name, first);
            at = member.end().unwrap();
            members.push(member);
        }
        tape.ends(members[2].at);
        assert_eq!(opened.load(Ordering::Relaxed), 1);
        for member in &members {
            let mut content = Vec::new();
            member
                .open(&tape)
                .unwrap()
                .read_to_end(&mut content)
                .unwrap();
            assert_eq!(content.len(), 10_000);
        }
        assert_eq!(opened.load(Ordering::Relaxed), 2);
        assert!(tape.idle().is_empty(), "a stream that no one needs is kept");
    }
}
