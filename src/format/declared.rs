//! The fields of a format, declared: what each means, and under which keys it may be.
//!
//! In: meanings with paths, the most telling first. Out: the plan of the JSON scanner, and for
//! each meaning the places of its values.
//!
//! Paths are JSON pointers (RFC 6901): `/request/headers/user-agent`. A format of the program
//! declares them in its file; one that a user described is the same thing read from disk.

use super::json::{Fields, Kind, Plan};
use super::{clock, token};
use crate::model::Millis;

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// When the request began, or ended.
    Time,
    /// The method.
    Method,
    /// Path and query, or an absolute URL.
    Target,
    /// The request line: `GET /a HTTP/1.1`.
    RequestLine,
    /// The path as the server left it, where nothing better is there.
    Path,
    /// The query string, where it stands apart.
    Query,
    /// The gateway's own template of the path.
    Template,
    /// Who called.
    Client,
    /// A second name of the same caller.
    ClientAlt,
    /// Status code sent to the caller.
    Status,
    /// Status code of the service.
    UpstreamStatus,
    /// Who wrote the answer.
    AnsweredBy,
    /// Id of the request.
    RequestId,
    /// Host that was asked for.
    Host,
    /// End user.
    Subject,
    /// Id of the key, token or certificate.
    Credential,
    /// Scopes of the token.
    Scopes,
    /// Network address of the caller.
    ClientIp,
    /// User agent.
    UserAgent,
    /// Claim `iat`.
    Issued,
    /// Claim `exp`.
    Expires,
    /// Claim `jti`.
    TokenId,
    /// Serial of the client's certificate.
    Serial,
    /// It is there when the caller showed an API key. Its value is not read.
    KeyShown,
    /// What only the format itself knows to read.
    Own(u8),
}

/// Meanings that a format has for itself.
const OWN: usize = 12;
/// All of them.
pub(super) const MEANINGS: usize = 24 + OWN;

impl Meaning {
    /// Those of every format, in order.
    const ALL: [Self; MEANINGS - OWN] = [
        Self::Time,
        Self::Method,
        Self::Target,
        Self::RequestLine,
        Self::Path,
        Self::Query,
        Self::Template,
        Self::Client,
        Self::ClientAlt,
        Self::Status,
        Self::UpstreamStatus,
        Self::AnsweredBy,
        Self::RequestId,
        Self::Host,
        Self::Subject,
        Self::Credential,
        Self::Scopes,
        Self::ClientIp,
        Self::UserAgent,
        Self::Issued,
        Self::Expires,
        Self::TokenId,
        Self::Serial,
        Self::KeyShown,
    ];

    pub(super) fn index(self) -> usize {
        match self {
            Self::Own(number) => MEANINGS - OWN + usize::from(number),
            known => Self::ALL.iter().position(|own| *own == known).unwrap_or(0),
        }
    }
}

/// A declaration, compiled.
pub(super) struct Declared {
    /// What the scanner takes from a line.
    pub(super) plan: Plan,
    /// As they were declared, by slot.
    paths: Box<[Box<str>]>,
    /// By meaning: the slots of its paths.
    slots: [Box<[usize]>; MEANINGS],
}

impl Declared {
    /// Compiles a declaration. A path may stand under several meanings.
    pub(super) fn new(fields: &[(Meaning, &[&str])]) -> Self {
        let mut paths: Vec<&str> = Vec::new();
        let mut slots: [Vec<usize>; MEANINGS] = std::array::from_fn(|_| Vec::new());
        for (meaning, declared) in fields {
            for path in *declared {
                let known = paths.iter().position(|own| own == path);
                let slot = known.unwrap_or_else(|| {
                    paths.push(path);
                    paths.len() - 1
                });
                slots[meaning.index()].push(slot);
            }
        }
        debug_assert_eq!(entangled(&paths), None, "only one of them is read");
        let keys: Vec<Vec<String>> = paths.iter().map(|path| pointer(path)).collect();
        let keys: Vec<Vec<&str>> = keys
            .iter()
            .map(|path| path.iter().map(String::as_str).collect())
            .collect();
        let keys: Vec<&[&str]> = keys.iter().map(Vec::as_slice).collect();
        Self {
            plan: Plan::new(&keys),
            paths: paths.iter().map(|path| (*path).into()).collect(),
            slots: slots.map(Vec::into_boxed_slice),
        }
    }

    /// The paths of a meaning, the most telling first.
    pub(super) fn paths_of(&self, meaning: Meaning) -> Vec<&str> {
        let slots = self.of(meaning).iter();
        slots.map(|slot| &*self.paths[*slot]).collect()
    }

    /// The slots of a meaning.
    #[inline]
    pub(super) fn of(&self, meaning: Meaning) -> &[usize] {
        &self.slots[meaning.index()]
    }

    /// The first value of a meaning that says something.
    #[inline]
    pub(super) fn text<'a>(&self, fields: &Fields<'a>, meaning: Meaning) -> Option<&'a [u8]> {
        self.of(meaning).iter().find_map(|slot| fields.text(*slot))
    }

    /// The first value of a meaning that is a status code.
    pub(super) fn status(&self, fields: &Fields<'_>, meaning: Meaning) -> Option<u16> {
        self.of(meaning)
            .iter()
            .find_map(|slot| fields.status(*slot))
    }

    /// The first or last string of the first list of a meaning.
    pub(super) fn element<'a>(
        &self,
        fields: &Fields<'a>,
        meaning: Meaning,
        last: bool,
    ) -> Option<&'a [u8]> {
        let mut slots = self.of(meaning).iter();
        let strings = slots.find_map(|slot| fields.raw(*slot))?;
        let mut strings = strings.split(|byte| *byte == b'"').skip(1).step_by(2);
        let found = if last { strings.last() } else { strings.next() };
        found.filter(|text| !text.is_empty() && !text.contains(&b'\\'))
    }

    /// Whether some path of a meaning exists, whatever is there.
    pub(super) fn has(&self, fields: &Fields<'_>, meaning: Meaning) -> bool {
        let mut slots = self.of(meaning).iter();
        slots.any(|slot| fields.kind(*slot) != Kind::Missing)
    }

    /// The first list of scopes.
    pub(super) fn scopes<'a>(&self, fields: &Fields<'a>) -> Option<&'a [u8]> {
        let mut slots = self.of(Meaning::Scopes).iter();
        slots.find_map(|slot| token::scopes(fields, *slot))
    }

    /// The first value that is a time, in seconds since 1970.
    pub(super) fn seconds(&self, fields: &Fields<'_>, meaning: Meaning) -> Option<i64> {
        let text = |slot: &usize| {
            let text = fields.text(*slot)?;
            let date = || clock::Clock::default().rfc3339(text);
            clock::epoch(text)
                .or_else(|| clock::claim(text))
                .or_else(date)
        };
        let time: Option<Millis> = self.of(meaning).iter().find_map(text);
        time.map(|time| time.div_euclid(1_000))
    }
}

/// Two paths of which one is inside the other, or that are one path spelt in two ways: of such
/// a pair the scanner takes one.
pub(super) fn entangled<'a>(paths: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let mut all: Vec<(Vec<String>, &str)> =
        paths.iter().map(|path| (pointer(path), *path)).collect();
    all.sort();
    all.dedup();
    // In this order whatever is inside a path comes next after it.
    let mut pairs = all.windows(2);
    pairs.find_map(|pair| match pair {
        [outer, inner] if inner.0.starts_with(&outer.0) => Some((outer.1, inner.1)),
        _ => None,
    })
}

/// The keys of a JSON pointer (RFC 6901 section 4).
pub(super) fn pointer(path: &str) -> Vec<String> {
    let keys = path.strip_prefix('/').unwrap_or(path).split('/');
    keys.map(|key| key.replace("~1", "/").replace("~0", "~"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::json::{Scratch, read};
    use super::*;

    #[test]
    fn the_first_path_that_says_something_counts_and_a_path_may_have_two_meanings() {
        let declared = Declared::new(&[
            (Meaning::Client, &["/a", "/b/c~1d"]),
            (Meaning::Own(0), &["/b/c~1d"]),
            (Meaning::Status, &["/s", "/t"]),
        ]);
        let mut scratch = Scratch::default();
        let line = br#"{"a":"-","b":{"c/d":"me"},"s":"none","t":204}"#;
        let fields = read(line, &declared.plan, &mut scratch).unwrap();
        assert_eq!(declared.text(&fields, Meaning::Client), Some(&b"me"[..]));
        assert_eq!(declared.text(&fields, Meaning::Own(0)), Some(&b"me"[..]));
        assert_eq!(declared.status(&fields, Meaning::Status), Some(204));
        assert!(declared.has(&fields, Meaning::Client) && !declared.has(&fields, Meaning::Time));
    }

    #[test]
    fn every_meaning_has_a_place_of_its_own() {
        let own = (0..12).map(Meaning::Own);
        let places: std::collections::BTreeSet<usize> = Meaning::ALL
            .into_iter()
            .chain(own)
            .map(Meaning::index)
            .collect();
        assert_eq!(places.len(), MEANINGS);
        assert_eq!(places.last(), Some(&(MEANINGS - 1)));
    }
}
