//! Records that a container runtime wrote in several parts.
//!
//! In: lines of the container runtime interface of Kubernetes (`TIME STREAM P|F TEXT`), of which
//! those with `P` go on in the next line of the same stream; or lines of Docker's json-file
//! driver, which splits after 16 KiB and closes only the last part with a line end. Out: the
//! same lines, where the parts of a record are one line.
//!
//! Invariants:
//! * the content does not change its length: a record is named by the place of its first part,
//!   and what came between the parts by a place next to its own;
//! * stderr never joins stdout;
//! * parts without an end are a line that no format reads, as is an end without its parts:
//!   nobody reads the half of a record.
//!
//! Source: `kubernetes/cri-api`, log format; `daemon/logger/copier.go` of Docker.

use std::io;

use super::through::{Filter, Through};
use crate::input::{Layer, Reader};

/// Docker's driver reads this many bytes at most into one part.
const SPLIT: usize = 16 << 10;
/// Bytes that are held while parts are missing.
const HELD: usize = 4 << 20;
/// What the lines of Docker's driver begin with.
const DOCKER: &[u8] = b"{\"log\":\"";

/// The layer's entry in the registry.
pub(super) struct Parts;

impl Layer for Parts {
    fn is_around(&self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let mut lines = head.split(|byte| *byte == b'\n');
        lines.any(|line| line.starts_with(DOCKER) || interface(line).is_some())
    }

    fn open(&self, inner: Reader) -> Reader {
        Box::new(Through::new(inner, Joiner::default()))
    }
}

/// A line as the runtime wrote it.
struct Part {
    /// stdout or stderr.
    stream: usize,
    /// Where its text begins and ends.
    text: (usize, usize),
    /// The record goes on in another line.
    more: bool,
}

/// `2026-01-02T12:00:00.117Z stdout F TEXT`.
fn interface(line: &[u8]) -> Option<Part> {
    let stamp = memchr::memchr(b' ', line.get(..40).unwrap_or(line))?;
    if stamp < 20 || line[10] != b'T' || !line[0].is_ascii_digit() {
        return None;
    }
    let rest = &line[stamp + 1..];
    let stream = match rest.get(..7)? {
        b"stdout " => 0,
        b"stderr " => 1,
        _ => return None,
    };
    let more = match rest.get(7)? {
        b'P' => true,
        b'F' => false,
        _ => return None,
    };
    let tag = stamp + 8;
    let text = tag + memchr::memchr(b' ', &line[tag..])? + 1;
    Some(Part {
        stream,
        text: (text, line.trim_ascii_end().len().max(text)),
        more,
    })
}

/// `{"log":"TEXT\n","stream":"stdout","time":".."}`.
fn docker(line: &[u8]) -> Option<Part> {
    let text = line.strip_prefix(DOCKER)?;
    let (mut at, mut bytes, mut ended) = (0, 0, false);
    loop {
        let len = memchr::memchr2(b'"', b'\\', &text[at..])?;
        (at, bytes) = (at + len, bytes + len);
        if text[at] == b'"' {
            break;
        }
        ended = text.get(at + 1) == Some(&b'n') && text.get(at + 2) == Some(&b'"');
        at += if text.get(at + 1) == Some(&b'u') {
            6
        } else {
            2
        };
        bytes += 1;
        if at > text.len() {
            return None;
        }
    }
    let rest = &text[at..];
    let says = |what: &[u8]| memchr::memmem::find(rest, what).is_some();
    let stream = match (
        says(b"\"stream\":\"stdout\""),
        says(b"\"stream\":\"stderr\""),
    ) {
        (true, _) => 0,
        (_, true) => 1,
        _ => return None,
    };
    Some(Part {
        stream,
        text: (DOCKER.len(), DOCKER.len() + at),
        more: !ended && bytes >= SPLIT,
    })
}

/// A line that waits for the end of a record.
struct Held {
    bytes: Vec<u8>,
    /// Where its text ends: further parts go there.
    end: usize,
    /// Bytes of the lines that were joined to it.
    spare: usize,
}

/// Joins the parts.
#[derive(Default)]
struct Joiner {
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    held: Vec<Held>,
    size: usize,
    /// For each stream, the line in `held` whose record goes on.
    open: [Option<usize>; 2],
    /// Within a line that is longer than what is held.
    passing: bool,
    /// For each stream, whether the parts of its record so far were given up.
    lost: [bool; 2],
}

impl Joiner {
    /// Takes a line with its end.
    fn take(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let docker_line = line.starts_with(DOCKER);
        let waits = self.open.iter().any(Option::is_some) || self.lost.contains(&true);
        // Of Docker's lines only long ones are parts, unless something waits.
        if !waits && docker_line && line.len() < SPLIT {
            out.extend_from_slice(line);
            return;
        }
        let part = if docker_line {
            docker(line)
        } else {
            interface(line)
        };
        let Some(part) = part.filter(|part| waits || part.more) else {
            self.pass(line, out);
            return;
        };
        let stream = part.stream;
        if self.lost[stream] {
            self.lost[stream] = part.more;
            let start = self.hold(line, part.text.1);
            self.spoil(start);
        } else if let Some(first) = self.open[stream] {
            let own = &mut self.held[first];
            let text = &line[part.text.0..part.text.1];
            own.bytes.splice(own.end..own.end, text.iter().copied());
            own.end += text.len();
            own.spare += line.len() - text.len();
            self.size += line.len();
            if !part.more {
                self.open[stream] = None;
                self.complete(first);
            }
        } else {
            let first = self.hold(line, part.text.1);
            if part.more {
                self.open[stream] = Some(first);
            }
        }
        if self.size > HELD {
            self.give_up();
        }
        if self.open == [None; 2] {
            self.flush(out);
        }
    }

    /// The beginning of a line that is too long to be held: it is handed on as it is.
    fn long(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.give_up();
        self.flush(out);
        if let Some(part) = interface(line).filter(|part| part.more) {
            self.lost[part.stream] = true;
        }
        out.extend_from_slice(line);
    }

    /// A line that is no part of a record.
    fn pass(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if self.open == [None; 2] {
            out.extend_from_slice(line);
            return;
        }
        self.hold(line, line.len());
        if self.size > HELD {
            self.give_up();
            self.flush(out);
        }
    }

    fn hold(&mut self, line: &[u8], end: usize) -> usize {
        self.size += line.len();
        self.held.push(Held {
            bytes: line.to_vec(),
            end,
            spare: 0,
        });
        self.held.len() - 1
    }

    /// The record has all its parts: its line says so.
    fn complete(&mut self, index: usize) {
        let bytes = &mut self.held[index].bytes;
        if let Some(tag) = tag(bytes) {
            bytes[tag] = b'F';
        }
    }

    /// The record is not whole: no format reads its line.
    fn spoil(&mut self, index: usize) {
        let bytes = &mut self.held[index].bytes;
        match tag(bytes) {
            Some(tag) => bytes[tag] = b'P',
            None => bytes[0] = 0,
        }
    }

    fn give_up(&mut self) {
        for stream in 0..2 {
            if let Some(first) = self.open[stream].take() {
                self.spoil(first);
                self.lost[stream] = true;
            }
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        for held in self.held.drain(..) {
            let line = held.bytes.strip_suffix(b"\n").unwrap_or(&held.bytes);
            out.extend_from_slice(line);
            out.resize(out.len() + held.spare, 0);
            out.extend_from_slice(&held.bytes[line.len()..]);
        }
        self.size = 0;
    }
}

/// Where the tag of a line of the runtime interface is.
fn tag(line: &[u8]) -> Option<usize> {
    interface(line)?;
    Some(memchr::memchr(b' ', line)? + 8)
}

impl Filter for Joiner {
    fn filter(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, more) = rest.split_at(end + 1);
            rest = more;
            if std::mem::take(&mut self.passing) {
                out.extend_from_slice(line);
                continue;
            }
            let mut whole = std::mem::take(&mut self.line);
            let line = if whole.is_empty() {
                line
            } else {
                whole.extend_from_slice(line);
                &whole
            };
            if line.len() > HELD {
                self.long(line, out);
            } else {
                self.take(line, out);
            }
        }
        if self.passing {
            out.extend_from_slice(rest);
            return;
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > HELD {
            let line = std::mem::take(&mut self.line);
            self.long(&line, out);
            self.passing = true;
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take(&line, out);
        }
        self.give_up();
        self.flush(out);
        Ok(())
    }
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
