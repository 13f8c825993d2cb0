//! A path template as segments.

use super::spelling::{canonical, plain};
use super::variants::variants;

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// Exactly these bytes.
    Literal(Vec<u8>),
    /// Parameters and literals: `{id}.json`, `{a}...{b}`, `{id}:archive`.
    Mixed(Vec<Part>),
    /// One parameter: any non-empty segment.
    Parameter,
    /// One segment or more, and others after them.
    Many,
    /// The rest of the path; with `true` also an empty rest.
    Tail(bool),
}

/// A piece of a mixed segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Exactly these bytes.
    Literal(Vec<u8>),
    /// At least one byte.
    Parameter,
}

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) segments: Vec<Segment>,
}

impl Template {
    /// Parses `/v1/orders/{id}`; a query or fragment is cut (Microsoft Graph documents some).
    pub(in crate::catalog) fn parse(path: &str) -> Self {
        let path = plain(path);
        let path = path.strip_prefix('/').unwrap_or(&path);
        if path.is_empty() {
            return Self {
                segments: Vec::new(),
            };
        }
        let texts: Vec<&str> = path.split('/').collect();
        let last = texts.len() - 1;
        let mut segments: Vec<Segment> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| segment(text, index == last))
            .collect();
        // Where one ends and the next begins would be unknown.
        segments.dedup_by(|next, last| *last == Segment::Many && next == last);
        if let [.., Segment::Many, Segment::Tail(_)] = segments.as_slice() {
            segments.truncate(segments.len() - 2);
            segments.push(Segment::Tail(false));
        }
        Self { segments }
    }

    /// The template first, then as it is without what may be absent.
    pub(crate) fn all(path: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for text in variants(path) {
            let template = Self::parse(&text);
            if !all.contains(&template) {
                all.push(template);
            }
        }
        all
    }

    /// Equal for templates that match the same paths, whatever their parameters are called.
    pub(super) fn key(&self, folded: bool) -> Vec<u8> {
        let mut key = Vec::new();
        let put = |key: &mut Vec<u8>, text: &[u8]| {
            key.extend(text.iter().map(|byte| {
                if folded {
                    byte.to_ascii_lowercase()
                } else {
                    *byte
                }
            }));
        };
        for segment in &self.segments {
            key.push(b'/');
            match segment {
                Segment::Literal(text) => put(&mut key, text),
                Segment::Parameter => key.extend_from_slice(b"{}"),
                // They differ in an empty rest only, so most requests fit both.
                Segment::Tail(_) | Segment::Many => key.extend_from_slice(b"{+}"),
                Segment::Mixed(parts) => {
                    for part in parts {
                        match part {
                            Part::Literal(text) => put(&mut key, text),
                            Part::Parameter => key.extend_from_slice(b"{}"),
                        }
                    }
                }
            }
        }
        key
    }
}

/// One segment in the form of [`plain`].
fn segment(text: &str, last: bool) -> Segment {
    match text {
        "**" | "{**}" if last => return Segment::Tail(true),
        "{+}" if last => return Segment::Tail(false),
        "**" | "{+}" | "{**}" => return Segment::Many,
        "*" | "{}" => return Segment::Parameter,
        _ => {}
    }
    let literal = |text: &str| canonical(text.as_bytes()).into_owned();
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        if open > 0 {
            parts.push(Part::Literal(literal(&rest[..open])));
        }
        // Two parameters side by side cannot be told apart: they are one.
        if parts.last() != Some(&Part::Parameter) {
            parts.push(Part::Parameter);
        }
        rest = &rest[open + close + 1..];
    }
    if parts.is_empty() {
        return Segment::Literal(literal(text));
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(literal(rest)));
    }
    // `{a}{b}` is one parameter, and no more specific than one.
    if parts == [Part::Parameter] {
        return Segment::Parameter;
    }
    Segment::Mixed(parts)
}

/// Bytes of the literals: the more, the more specific.
pub(super) fn literal_len(parts: &[Part]) -> usize {
    parts
        .iter()
        .map(|part| {
            if let Part::Literal(text) = part {
                text.len()
            } else {
                0
            }
        })
        .sum()
}

/// Whether some text may fit both; only their two ends are compared.
pub(in crate::catalog) fn may_share(a: &[Part], b: &[Part]) -> bool {
    let start = match (a.first(), b.first()) {
        (Some(Part::Literal(a)), Some(Part::Literal(b))) => a.starts_with(b) || b.starts_with(a),
        _ => true,
    };
    let end = match (a.last(), b.last()) {
        (Some(Part::Literal(a)), Some(Part::Literal(b))) => a.ends_with(b) || b.ends_with(a),
        _ => true,
    };
    start && end
}

/// Whether a mixed segment fits. Literals inside are looked for from the left.
pub(in crate::catalog) fn fits(parts: &[Part], text: &[u8]) -> bool {
    let (mut parts, mut text) = (parts, text);
    if let [Part::Literal(prefix), rest @ ..] = parts {
        let Some(after) = text.strip_prefix(prefix.as_slice()) else {
            return false;
        };
        (parts, text) = (rest, after);
    }
    if let [rest @ .., Part::Literal(suffix)] = parts {
        let Some(before) = text.strip_suffix(suffix.as_slice()) else {
            return false;
        };
        (parts, text) = (rest, before);
    }
    // Parameter, then literal and parameter in turn.
    let mut inner = parts.iter();
    if inner.next().is_none() {
        return text.is_empty();
    }
    for part in inner {
        if let Part::Literal(literal) = part {
            let Some(found) = text
                .get(1..)
                .and_then(|rest| memchr::memmem::find(rest, literal))
            else {
                return false;
            };
            text = &text[1 + found + literal.len()..];
        }
    }
    !text.is_empty()
}
