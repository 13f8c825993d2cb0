//! One field of a described format: where its value may be, and what is done with it.

use regex::bytes::Regex;

use super::values::{Buffers, Values};
use crate::format::combined::parts;
use crate::format::declared::Meaning;
use crate::format::haproxy;
use crate::format::json::list::{Step, at};
use crate::format::json::{self, Kind};
use crate::format::piece::Piece;

/// How a writer hides signs in a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::format) enum Unescape {
    /// Not at all.
    #[default]
    None,
    /// `\x22`, `\"` and `\n`: NGINX and Apache.
    Backslash,
    /// `#22`: HAProxy.
    Hash,
    /// `\"` and `\u0022`.
    Json,
    /// `%22`.
    Percent,
}

impl Unescape {
    /// The names, in the order of the documentation.
    pub(super) const NAMES: [(&'static str, Self); 6] = [
        ("none", Self::None),
        ("nginx", Self::Backslash),
        ("apache", Self::Backslash),
        ("haproxy", Self::Hash),
        ("json", Self::Json),
        ("percent", Self::Percent),
    ];

    fn sign(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Backslash | Self::Json => Some(b'\\'),
            Self::Hash => Some(b'#'),
            Self::Percent => Some(b'%'),
        }
    }

    fn decode(self, raw: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::None => out.extend_from_slice(raw),
            Self::Backslash => parts::unescape(raw, out),
            Self::Json => json::unescape(raw, out),
            Self::Hash => haproxy::decode(raw, b'#', out),
            Self::Percent => haproxy::decode(raw, b'%', out),
        }
    }
}

/// Which part of a list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Item {
    First(u8),
    Last(u8),
}

/// A place of a field's value.
#[derive(Clone, Default)]
pub(in crate::format) struct Place {
    pub(in crate::format) slot: usize,
    /// Further steps into an object or a list.
    pub(super) steps: Vec<Step>,
    /// The value is JSON as text, and this leads into it.
    pub(super) embedded: Option<Vec<Step>>,
    pub(in crate::format) unescape: Unescape,
    /// The part that counts: the group `v`, else the whole of what fits.
    pub(in crate::format) regex: Option<(Regex, usize)>,
    pub(in crate::format) item: Option<Item>,
    /// Texts that say nothing.
    pub(super) missing: Option<Vec<Box<str>>>,
    /// Also what is no text and no number: a list, an object, `true`.
    pub(super) anything: bool,
    /// A value so long was cut by the server.
    pub(in crate::format) longest: Option<usize>,
    /// The user of basic authentication, whom nobody verified where the answer is 401.
    pub(in crate::format) basic: bool,
    /// The text between the values of these places, which together are the field's.
    pub(super) joined: Option<Box<str>>,
}

/// A field: the first of its places that says something counts.
#[derive(Clone)]
pub(in crate::format) struct Field {
    pub(in crate::format) meaning: Meaning,
    pub(in crate::format) places: Vec<Place>,
}

/// A value, and what is known about it.
pub(super) struct Found<'a> {
    pub(super) piece: Piece<'a>,
    pub(super) basic: bool,
    pub(super) cut: bool,
}

impl Field {
    /// The value of a line.
    pub(super) fn read<'a>(&self, values: &Values<'a>, work: &mut Work<'_>) -> Option<Found<'a>> {
        let mut places = self.places.iter();
        let joins = |place: &&Place| place.joined.is_some();
        if self.places.first().as_ref().is_some_and(joins) {
            return join(&self.places, values, work);
        }
        places.find_map(|place| {
            let piece = place.read(values, work)?;
            let long = piece.bytes(work.decoded).map_or(0, <[u8]>::len);
            Some(Found {
                piece,
                basic: place.basic,
                cut: place.longest.is_some_and(|most| long >= most),
            })
        })
    }
}

/// The values of all places as one; without the first there is none.
fn join<'a>(places: &[Place], values: &Values<'a>, work: &mut Work<'_>) -> Option<Found<'a>> {
    let mut parts: Vec<u8> = std::mem::take(work.joined);
    parts.clear();
    for (number, place) in places.iter().enumerate() {
        let Some(piece) = place.read(values, work) else {
            if number == 0 {
                break;
            }
            continue;
        };
        if number > 0 {
            let between = place.joined.as_deref().unwrap_or_default();
            parts.extend_from_slice(between.as_bytes());
        }
        parts.extend_from_slice(piece.bytes(work.decoded).unwrap_or_default());
    }
    let whole = Piece::written(work.decoded, |out| out.extend_from_slice(&parts));
    let found = !parts.is_empty();
    *work.joined = parts;
    found.then_some(Found {
        piece: whole,
        basic: false,
        cut: false,
    })
}

/// Buffers while the fields of a line are read.
pub(super) struct Work<'b> {
    pub(super) decoded: &'b mut Vec<u8>,
    pub(super) spare: &'b mut Vec<u8>,
    pub(super) joined: &'b mut Vec<u8>,
    pub(super) groups: &'b mut [regex::bytes::CaptureLocations],
}

impl<'b> Work<'b> {
    /// Of the buffers, but for what the values are borrowed from.
    pub(super) fn new(
        decoded: &'b mut Vec<u8>,
        spare: &'b mut Vec<u8>,
        joined: &'b mut Vec<u8>,
        groups: &'b mut [regex::bytes::CaptureLocations],
    ) -> Self {
        Self {
            decoded,
            spare,
            joined,
            groups,
        }
    }
}

impl Place {
    /// The value, when it says something.
    pub(super) fn read<'a>(&self, values: &Values<'a>, work: &mut Work<'_>) -> Option<Piece<'a>> {
        let value = values.get(self.slot)?;
        let mut piece = Piece::Line(value.text);
        if self.steps.is_empty() {
            if !self.anything && !matches!(value.kind, Kind::Text | Kind::Number) {
                return None;
            }
            if value.escaped {
                piece = unescaped(piece, Unescape::Json, work);
            }
        } else {
            let place = at(value.text, 0, &self.steps)?;
            piece = self.inner(piece.part(place), work)?;
        }
        if let Some(steps) = &self.embedded {
            let text = piece.bytes(work.decoded)?;
            // Nothing is concluded from half a value.
            serde_json::from_slice::<serde::de::IgnoredAny>(text).ok()?;
            let place = at(text, 0, steps)?;
            piece = self.inner(piece.part(place), work)?;
        }
        if self.unescape != Unescape::None {
            piece = unescaped(piece, self.unescape, work);
        }
        if let Some((regex, number)) = &self.regex {
            let text = piece.bytes(work.decoded)?;
            let groups = work.groups.get_mut(*number)?;
            regex.captures_read(groups, text)?;
            let (start, end) = groups.get(usize::from(groups.len() > 1))?;
            piece = piece.part(start..end);
        }
        if let Some(item) = self.item {
            let text = piece.bytes(work.decoded)?;
            let place = match item {
                Item::First(sign) => 0..memchr::memchr(sign, text).unwrap_or(text.len()),
                Item::Last(sign) => memchr::memrchr(sign, text).map_or(0, |at| at + 1)..text.len(),
            };
            let part = &text[place.clone()];
            let start = place.start + part.len() - part.trim_ascii_start().len();
            let end = start + part.trim_ascii().len();
            piece = piece.part(start..end);
        }
        let text = piece.bytes(work.decoded)?;
        let silent = match &self.missing {
            None => matches!(text, b"" | b"-") && !(self.anything && text.is_empty()),
            Some(missing) => missing.iter().any(|own| own.as_bytes() == text),
        };
        (!silent).then_some(piece)
    }

    /// A value within JSON text: of a string what is between its quotes, decoded.
    fn inner<'a>(&self, piece: Piece<'a>, work: &mut Work<'_>) -> Option<Piece<'a>> {
        let text = piece.bytes(work.decoded)?;
        match text {
            [b'"', .., b'"'] => {
                let end = text.len() - 1;
                Some(unescaped(piece.part(1..end), Unescape::Json, work))
            }
            [b'{' | b'[' | b't' | b'f', ..] if !self.anything => None,
            _ => Some(piece),
        }
    }
}

/// The same without escapes.
fn unescaped<'a>(piece: Piece<'a>, how: Unescape, work: &mut Work<'_>) -> Piece<'a> {
    let Some(text) = piece.bytes(work.decoded) else {
        return piece;
    };
    let Some(sign) = how.sign() else { return piece };
    if memchr::memchr(sign, text).is_none() {
        return piece;
    }
    work.spare.clear();
    work.spare.extend_from_slice(text);
    let spare = &*work.spare;
    Piece::written(work.decoded, |out| how.decode(spare, out))
}

impl Buffers {
    /// Empties what belongs to the last line, and fits the buffers to a description.
    pub(super) fn begin(&mut self, number: u64, slots: usize, regexes: &[Regex]) {
        if self.number != number {
            self.number = number;
            self.groups = regexes.iter().map(Regex::capture_locations).collect();
            self.header = None;
        }
        self.decoded.clear();
        self.spans.clear();
        self.spans.resize(slots, super::span::Span::NONE);
    }
}
