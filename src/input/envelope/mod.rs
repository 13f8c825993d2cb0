//! What is around the records of a log: heads of syslog and of container runtimes, a
//! JSON object around the text, several JSON records in one line.
//!
//! In: whole lines. Out: the same bytes with everything around the records replaced by NUL
//! bytes, which every reader passes over, and a line end between two records of one line.
//!
//! Invariants:
//! * no byte moves out of its line and no line grows: a record that is rejected is named by
//!   its place in the content, whatever was around it;
//! * whether lines are looked at is decided once for a source, by its first lines: plain
//!   lines cost nothing;
//! * what is not an envelope known here is left as it is, so that its format refuses it.
//!
//! Which format the records have is not known here.

mod framing;
mod inner;
mod json;
mod likely;
mod line_head;
#[cfg(test)]
mod shipper_tests;
mod shippers;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub(super) use framing::Frames;
use inner::Inner;
pub(crate) use likely::is_record;

/// Envelopes inside each other that are taken off.
const LAYERS: usize = 4;
/// Lines looked at to find out whether there are envelopes.
const LINES: usize = 500;
/// Of several records in one line, those looked at for the same.
const FIRST: usize = 8;

/// What the first lines of a source show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Records may follow each other without a line end for as long as the content goes on,
    /// so that blocks cannot be cut at line ends.
    pub(super) streamed: bool,
    /// Objects of shippers are looked for.
    shipped: bool,
}

impl Envelope {
    /// `None` when the lines are plain.
    pub(super) fn of(sample: &[u8]) -> Option<Self> {
        let mut found: Option<Self> = None;
        let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
        for line in sample.split_inclusive(|byte| *byte == b'\n').take(LINES) {
            let text = line.trim_ascii_end();
            let text = &text[blanks(text)..];
            let several = json::is_several(text) && !inner::is_row(text);
            let head = heads(text);
            let shipped = is_shipped(&text[head..]);
            if !several && head == 0 && !shipped {
                continue;
            }
            let open = several && (text[0] != b'{' || !line.ends_with(b"\n"));
            let before = found.unwrap_or_default();
            found = Some(Self {
                streamed: open || before.streamed,
                shipped: shipped || before.shipped,
            });
        }
        found
    }

    /// Takes the envelopes off the lines; the places where a record begins right where another
    /// ends, with no byte between them for a line end.
    pub(super) fn peel(self, bytes: &mut [u8]) -> Vec<usize> {
        let mut seams = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |len| at + len);
            self.unwrap(&mut bytes[at..end], at, &mut seams, LAYERS);
            at = end + 1;
        }
        seams
    }

    /// Works on one line, or on one record of it.
    fn unwrap(self, text: &mut [u8], base: usize, seams: &mut Vec<usize>, layers: usize) {
        let (mut from, mut to) = (0, text.len());
        for _ in 0..layers {
            from += blanks(&text[from..to]);
            let rest = &mut text[from..to];
            let head = line_head::length(rest);
            if head > 0 {
                rest[..head].fill(0);
                from += head;
                continue;
            }
            if !self.shipped {
                break;
            }
            let end = rest
                .iter()
                .rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | 0));
            let end = end.map_or(0, |last| last + 1);
            let Some(inner) = inner::inner(&rest[..end]) else {
                break;
            };
            let Some(place) = opened(rest, inner) else {
                return;
            };
            (from, to) = (from + place.start, from + place.end);
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
            self.unwrap(&mut record[at..end], base + from + at, seams, layers - 1);
            at = end;
        }
    }
}

/// Leaves nothing of an object but the record within it, and says where that is; `None` when
/// there is none to look at.
fn opened(object: &mut [u8], inner: Inner) -> Option<Range<usize>> {
    let place = match inner {
        Inner::Object(place) => place,
        Inner::Text(place) => {
            let len = json::unescape(&mut object[place.clone()]);
            place.start..place.start + len
        }
        Inner::Bytes(place) => {
            let len = json::bytes(&mut object[place.clone()]);
            place.start..place.start + len
        }
        Inner::Nothing => {
            object.fill(0);
            return None;
        }
        Inner::Cut => {
            // No format reads what is left: neither JSON nor the text within it.
            object[..1].fill(0);
            return None;
        }
    };
    object[..place.start].fill(0);
    object[place.end..].fill(0);
    Some(place)
}

/// The first lines of a content without their envelopes, one record a line.
pub(crate) fn unwrapped(sample: &[u8]) -> Cow<'_, [u8]> {
    let Some(envelope) = Envelope::of(sample) else {
        return Cow::Borrowed(sample);
    };
    let mut bytes = sample.to_vec();
    let seams = envelope.peel(&mut bytes);
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

/// How many bytes of whitespace and NUL come first.
fn blanks(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | 0))
        .unwrap_or(text.len())
}

/// The length of the heads in front of a line.
fn heads(text: &[u8]) -> usize {
    let mut at = 0;
    for _ in 0..LAYERS {
        at += line_head::length(&text[at..]);
    }
    at
}

/// Whether an object of a shipper is around what the text holds, also as one of several.
fn is_shipped(text: &[u8]) -> bool {
    if inner::inner(text).is_some() {
        return true;
    }
    let mut rest = text;
    for _ in 0..FIRST {
        rest = &rest[json::between(rest)..];
        let Some(len) = json::record(rest) else {
            return false;
        };
        if inner::inner(&rest[..len]).is_some() {
            return true;
        }
        rest = &rest[len..];
    }
    false
}
