//! A path template as a gateway has to compare it with the path on the wire.
//!
//! In: a template of the catalogue. Out: the paths that it takes, one spelling of each; whether
//! two templates share a path; which of two is more specific.
//!
//! Invariants: [`Pattern::fits`] and [`Pattern::regex`] say the same; [`Pattern::may_share`] is
//! wrong in one direction only: it may say yes of two that share none.

use std::fmt::Write as _;

use super::alphabet::{Alphabet, code, is_raw};
use crate::catalog::matcher::{Part, Segment as Described, Template};

/// One segment, with literals as they are on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// This text; empty for a slash at the end.
    Literal(String),
    /// Literals and parameters in turn.
    Mixed(Vec<Piece>),
    /// One parameter.
    Parameter,
    /// One parameter or more, and others after them.
    Many,
    /// All that is left; with `true` also nothing.
    Rest(bool),
}

/// A piece of a mixed segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// This text.
    Literal(String),
    /// A parameter.
    Parameter,
}

/// Whether the case of letters matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// A literal is spelt as in the catalogue.
    Exact,
    /// A literal is spelt in any case.
    Any,
}

/// A path template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    pub(crate) segments: Vec<Segment>,
}

impl Pattern {
    /// Why a path of the template cannot be let through, where that is so.
    pub(crate) fn new(template: &Template) -> Result<Self, &'static str> {
        let segments = template.segments.iter().map(segment);
        let segments = segments.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { segments })
    }

    /// The literals, for the alphabet of parameters.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().flat_map(|segment| match segment {
            Segment::Literal(text) => vec![text.as_str()],
            Segment::Mixed(pieces) => pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Literal(text) => Some(text.as_str()),
                    Piece::Parameter => None,
                })
                .collect(),
            Segment::Parameter | Segment::Many | Segment::Rest(_) => Vec::new(),
        })
    }

    /// Whether another case of its letters is another text.
    pub(crate) fn has_letters(&self) -> bool {
        let mut literals = self.literals();
        literals.any(|text| text.bytes().any(|byte| byte.is_ascii_alphabetic()))
    }

    /// Whether it takes this path, which has no query.
    pub(crate) fn fits(&self, path: &str, alphabet: &Alphabet, case: Case) -> bool {
        let Some(path) = path.strip_prefix('/') else {
            return false;
        };
        let texts: Vec<&str> = match path {
            "" => Vec::new(),
            path => path.split('/').collect(),
        };
        fit(&self.segments, &texts, alphabet, case)
    }

    /// The same as a regular expression of the whole path, without anchors, captures and
    /// backslashes.
    pub(crate) fn regex(&self, alphabet: &Alphabet) -> String {
        let parameter = alphabet.regex();
        self.regex_with(&parameter, (&parameter, &alphabet.regex_inside()))
    }

    /// A shorter regular expression, for paths that [`Alphabet::path_regex`] takes.
    pub(crate) fn short_regex(&self) -> String {
        const ESCAPE: &str = "%[0-9a-fA-F][0-9a-fA-F]";
        // Beside a literal an escape must not be cut in two.
        let first = format!("(?:[^/%.]|{ESCAPE})(?:[^/%]|{ESCAPE})*");
        let inside = format!("(?:[^/%]|{ESCAPE})+");
        self.regex_with("[^/.][^/]*", (&first, &inside))
    }

    /// The whole path, without parameters.
    pub(crate) fn literal(&self) -> Option<String> {
        let plain = |segment: &Segment| matches!(segment, Segment::Literal(_));
        self.segments.iter().all(plain).then(|| self.sample(""))
    }

    /// With the expression of a parameter that is a whole segment, of one that begins a segment,
    /// and of one inside.
    fn regex_with(&self, parameter: &str, (first, inside): (&str, &str)) -> String {
        let mut text = String::new();
        for (at, segment) in self.segments.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = match segment {
                Segment::Literal(literal) => write!(text, "/{}", quoted(literal)),
                Segment::Parameter => write!(text, "/{parameter}"),
                Segment::Many | Segment::Rest(false) => write!(text, "(?:/{parameter})+"),
                // The root is a slash, and nothing in front of it.
                Segment::Rest(true) if at == 0 => write!(text, "(?:/|(?:/{parameter})+)"),
                Segment::Rest(true) => write!(text, "(?:/{parameter})*"),
                Segment::Mixed(pieces) => {
                    text.push('/');
                    let mut start = true;
                    for piece in pieces {
                        match piece {
                            Piece::Literal(literal) => text.push_str(&quoted(literal)),
                            Piece::Parameter if start => text.push_str(first),
                            Piece::Parameter => text.push_str(inside),
                        }
                        start &= is_dots(piece);
                    }
                    Ok(())
                }
            };
        }
        if text.is_empty() {
            "/".to_owned()
        } else {
            text
        }
    }

    /// A path that it takes, with this text for each parameter.
    pub(crate) fn sample(&self, parameter: &str) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            text.push('/');
            match segment {
                Segment::Literal(literal) => text.push_str(literal),
                Segment::Parameter | Segment::Many | Segment::Rest(_) => text.push_str(parameter),
                Segment::Mixed(pieces) => text.extend(pieces.iter().map(|piece| match piece {
                    Piece::Literal(literal) => literal.as_str(),
                    Piece::Parameter => parameter,
                })),
            }
        }
        if text.is_empty() {
            "/".to_owned()
        } else {
            text
        }
    }

    /// For an order in which, of two that take a path, the one that the catalogue means comes
    /// first: segment by segment, a literal, a mixed segment (the more letters the sooner), a
    /// parameter, several segments, the rest.
    pub(crate) fn rank(&self) -> Vec<(u8, usize)> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => (0, 0),
            Segment::Mixed(pieces) => (1, usize::MAX - letters(pieces)),
            Segment::Parameter => (2, 0),
            Segment::Many => (3, 0),
            Segment::Rest(_) => (4, 0),
        };
        self.segments.iter().map(rank).collect()
    }

    /// Equal for those that differ in case alone.
    pub(crate) fn folded(&self) -> Self {
        let fold = |segment: &Segment| match segment {
            Segment::Literal(text) => Segment::Literal(text.to_ascii_lowercase()),
            Segment::Mixed(pieces) => {
                let fold = |piece: &Piece| match piece {
                    Piece::Literal(text) => Piece::Literal(text.to_ascii_lowercase()),
                    Piece::Parameter => Piece::Parameter,
                };
                Segment::Mixed(pieces.iter().map(fold).collect())
            }
            other => other.clone(),
        };
        Self {
            segments: self.segments.iter().map(fold).collect(),
        }
    }

    /// Equal for those that some servers do not tell apart: without a slash at the end, and
    /// whether or not a rest may be empty.
    pub(crate) fn shape(&self) -> Self {
        let mut segments = self.segments.clone();
        match segments.last_mut() {
            Some(Segment::Literal(text)) if text.is_empty() => drop(segments.pop()),
            Some(Segment::Rest(empty)) => *empty = true,
            _ => {}
        }
        Self { segments }
    }

    /// What is in front of a rest that may be empty.
    pub(crate) fn without_rest(&self) -> Option<Self> {
        let (last, segments) = self.segments.split_last()?;
        let segments = segments.to_vec();
        (*last == Segment::Rest(true)).then_some(Self { segments })
    }

    /// What servers may take for a rest besides what it takes here: paths with a slash at the
    /// end, with nothing or something in front of it.
    pub(crate) fn with_slash_after_rest(&self) -> Vec<Self> {
        let Some((Segment::Rest(_), front)) = self.segments.split_last() else {
            return Vec::new();
        };
        let end = Segment::Literal(String::new());
        let followed = |more: &[Segment]| Self {
            segments: [front, more, std::slice::from_ref(&end)].concat(),
        };
        let mut found = vec![followed(&[Segment::Many])];
        // The root has a slash at its end anyway.
        if !front.is_empty() {
            found.push(followed(&[]));
        }
        found
    }

    /// Whether its segments are words and single parameters alone.
    pub(crate) fn is_plain(&self) -> bool {
        self.segments.iter().all(|segment| match segment {
            Segment::Literal(text) => !text.is_empty(),
            Segment::Parameter => true,
            Segment::Mixed(_) | Segment::Many | Segment::Rest(_) => false,
        })
    }

    /// Whether it has several segments at an unknown place.
    pub(crate) fn has_many(&self) -> bool {
        self.segments.contains(&Segment::Many)
    }

    /// Whether what decides between the two is not clear from the left: two mixed segments, or
    /// several segments at an unknown place.
    pub(crate) fn is_unclear_beside(&self, other: &Self) -> bool {
        let mut pairs = self.segments.iter().zip(&other.segments);
        let first = pairs.find(|(a, b)| a != b);
        matches!(first, Some((Segment::Mixed(_), Segment::Mixed(_))))
            || (self.has_many() && other.has_many())
    }
}

fn segment(described: &Described) -> Result<Segment, &'static str> {
    Ok(match described {
        Described::Parameter => Segment::Parameter,
        Described::Many => Segment::Many,
        Described::Tail(empty) => Segment::Rest(*empty),
        Described::Literal(bytes) => {
            let text = wire(bytes)?;
            if matches!(text.as_str(), "." | "..") {
                return Err("its path has a step to another folder");
            }
            Segment::Literal(text)
        }
        Described::Mixed(parts) => {
            let piece = |part: &Part| match part {
                Part::Literal(bytes) => wire(bytes).map(Piece::Literal),
                Part::Parameter => Ok(Piece::Parameter),
            };
            Segment::Mixed(parts.iter().map(piece).collect::<Result<_, _>>()?)
        }
    })
}

/// A literal as clients send it.
fn wire(bytes: &[u8]) -> Result<String, &'static str> {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some(byte) = rest.first() {
        match code(rest) {
            Some(code) if code >= 0x80 => {
                let _ = write!(text, "%{code:02X}");
                rest = &rest[3..];
                continue;
            }
            Some(_) => return Err("its path holds an escape that servers read differently"),
            None if is_raw(*byte) => text.push(char::from(*byte)),
            None if byte.is_ascii_graphic() || *byte == b' ' => {
                if b"/\\;%?#".contains(byte) {
                    return Err("its path holds a character that servers read differently");
                }
                let _ = write!(text, "%{byte:02X}");
            }
            None => return Err("its path holds a byte that is no text"),
        }
        rest = &rest[1..];
    }
    Ok(text)
}

/// A literal inside a regular expression: what could mean something stands in brackets.
fn quoted(literal: &str) -> String {
    let mut text = String::new();
    for letter in literal.chars() {
        if "!$&'()*+,.=".contains(letter) {
            let _ = write!(text, "[{letter}]");
        } else {
            text.push(letter);
        }
    }
    text
}

fn letters(pieces: &[Piece]) -> usize {
    let length = |piece: &Piece| match piece {
        Piece::Literal(text) => text.len(),
        Piece::Parameter => 0,
    };
    pieces.iter().map(length).sum()
}

fn same(a: &str, b: &str, case: Case) -> bool {
    match case {
        Case::Exact => a == b,
        Case::Any => a.eq_ignore_ascii_case(b),
    }
}

fn fit(segments: &[Segment], texts: &[&str], alphabet: &Alphabet, case: Case) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        return texts.is_empty();
    };
    let parameter = |text: &&str| alphabet.fits(text.as_bytes());
    match first {
        Segment::Rest(empty) => (*empty || !texts.is_empty()) && texts.iter().all(parameter),
        Segment::Many => (1..=texts.len())
            .take_while(|end| parameter(&texts[end - 1]))
            .any(|end| fit(rest, &texts[end..], alphabet, case)),
        single => texts.split_first().is_some_and(|(text, texts)| {
            let fits = match single {
                Segment::Literal(literal) => same(literal, text, case),
                Segment::Mixed(pieces) => mixed(pieces, text, (alphabet, case), true),
                _ => parameter(text),
            };
            fits && fit(rest, texts, alphabet, case)
        }),
    }
}

/// `start`: nothing but dots stands in front, so that one more could make a step.
fn mixed(pieces: &[Piece], text: &str, how: (&Alphabet, Case), start: bool) -> bool {
    let Some((piece, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    let (alphabet, case) = how;
    let after = start && is_dots(piece);
    match piece {
        Piece::Literal(literal) => text
            .split_at_checked(literal.len())
            .is_some_and(|(own, text)| same(literal, own, case) && mixed(rest, text, how, after)),
        Piece::Parameter => (1..=text.len())
            .filter_map(|end| text.split_at_checked(end))
            .any(|(own, text)| {
                let fits = if start {
                    alphabet.fits(own.as_bytes())
                } else {
                    alphabet.fits_inside(own.as_bytes())
                };
                fits && mixed(rest, text, how, after)
            }),
    }
}

/// Whether a piece is dots alone.
pub(crate) fn is_dots(piece: &Piece) -> bool {
    matches!(piece, Piece::Literal(text) if text.bytes().all(|byte| byte == b'.'))
}
