//! What is around the records of a log: heads of syslog and of container runtimes, a
//! JSON object around the text, several JSON records in one line.
//!
//! In: whole lines. Out: the same bytes with everything around the records replaced by NUL
//! bytes, which every reader passes over, and a line end between two records of one line.
//!
//! Invariants:
//! * no byte moves out of its line and no line grows: a record that is rejected is named by
//!   its place in the content, whatever stood around it;
//! * whether lines are looked at is decided once for a source, by its first lines: plain
//!   lines cost nothing;
//! * what is not an envelope known here is left as it is, so that its format refuses it.
//!
//! Which format the records have is not known here.

mod framing;
mod json;
mod line_head;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(super) use framing::Frames;

/// Envelopes inside each other that are taken off.
const LAYERS: usize = 4;
/// Lines looked at to find out whether there are envelopes.
const LINES: usize = 500;

/// What the first lines of a source show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Records may follow each other without a line end for as long as the content goes on,
    /// so that blocks cannot be cut at line ends.
    pub(super) streamed: bool,
}

impl Envelope {
    /// `None` when the lines are plain.
    pub(super) fn of(sample: &[u8]) -> Option<Self> {
        let mut found = None;
        let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        for line in sample.split_inclusive(|byte| *byte == b'\n').take(LINES) {
            let text = line.trim_ascii_end();
            let text = &text[blanks(text)..];
            let several = json::is_several(text);
            if !several && line_head::length(text) == 0 && json::embedded(text).is_none() {
                continue;
            }
            let open = several && (text[0] != b'{' || !line.ends_with(b"\n"));
            found = Some(Self {
                streamed: open || found.is_some_and(|envelope: Self| envelope.streamed),
            });
        }
        found
    }
}

/// Takes the envelopes off the lines; the places where a record begins right where another
/// ends, with no byte between them for a line end.
pub(super) fn peel(bytes: &mut [u8]) -> Vec<usize> {
    let mut seams = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |len| at + len);
        unwrap(&mut bytes[at..end], at, &mut seams, LAYERS);
        at = end + 1;
    }
    seams
}

/// The first lines of a content without their envelopes, one record a line.
pub fn unwrapped(sample: &[u8]) -> Cow<'_, [u8]> {
    if Envelope::of(sample).is_none() {
        return Cow::Borrowed(sample);
    }
    let mut bytes = sample.to_vec();
    let seams = peel(&mut bytes);
    let mut lines = Vec::with_capacity(bytes.len() + seams.len());
    let mut from = 0;
    for seam in seams {
        lines.extend_from_slice(&bytes[from..seam]);
        lines.push(b'\n');
        from = seam;
    }
    lines.extend_from_slice(&bytes[from..]);
    Cow::Owned(lines)
}

/// Works on one line, or on one record of it.
fn unwrap(text: &mut [u8], base: usize, seams: &mut Vec<usize>, layers: usize) {
    let (mut from, mut to) = (0, text.len());
    for _ in 0..layers {
        from += blanks(&text[from..to]);
        let rest = &mut text[from..to];
        let head = line_head::length(rest);
        if head > 0 {
            rest[..head].fill(0);
            from += head;
        } else if let Some(value) = json::embedded(rest) {
            let len = json::unescape(&mut rest[value.clone()]);
            rest[..value.start].fill(0);
            rest[value.start + len..].fill(0);
            to = from + value.start + len;
            from += value.start;
        } else {
            break;
        }
    }
    let record = &mut text[from..to];
    if layers == 0 || !json::is_several(record) {
        return;
    }
    let (mut at, mut first) = (0, true);
    loop {
        let gap = at;
        at += json::between(&record[at..]);
        record[gap..at].fill(0);
        if at == record.len() {
            return;
        }
        if !first && at > gap {
            record[gap] = b'\n';
        } else if !first {
            seams.push(base + from + at);
        }
        first = false;
        let end = json::record(&record[at..]).map_or(record.len(), |len| at + len);
        unwrap(&mut record[at..end], base + from + at, seams, layers - 1);
        at = end;
    }
}

/// How many bytes of whitespace and NUL come first.
fn blanks(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | 0))
        .unwrap_or(text.len())
}
