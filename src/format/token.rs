//! What a line says about the token or key that was presented, beyond the raw record.
//!
//! In: the values that the reading of the line found. Out: lifetime and kind of the credential.
//!
//! Invariants:
//! * evaluated only where credentials are collected, so that the other readers pay
//!   nothing but the places of the values;
//! * the secret itself is never read: ids, times and the presence of a field are enough.

use serde::Serialize;

use super::json::{Fields, Kind};
use crate::input::bytes::{find, find_either};
use crate::model::Refusal;

/// How the caller authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthKind {
    /// The log does not say.
    #[default]
    Unknown,
    /// A bearer token with claims.
    Token,
    /// An API key in a header.
    ApiKey,
    /// A key or token in the query string, where it ends up in logs and caches.
    QueryKey,
    /// A client certificate.
    Certificate,
    /// User name and password (RFC 7617).
    Basic,
    /// A request signature of a cloud provider.
    Signature,
}

impl AuthKind {
    /// Every kind, in order.
    pub const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Token,
        Self::ApiKey,
        Self::QueryKey,
        Self::Certificate,
        Self::Basic,
        Self::Signature,
    ];

    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Token => "token",
            Self::ApiKey => "api-key",
            Self::QueryKey => "query-key",
            Self::Certificate => "certificate",
            Self::Basic => "basic",
            Self::Signature => "signature",
        }
    }

    /// Reads the name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// The credential of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token<'a> {
    /// When it was issued, in seconds since 1970 (claim `iat`).
    pub issued: Option<i64>,
    /// When it ends, in seconds since 1970 (claim `exp`).
    pub expires: Option<i64>,
    /// How the caller authenticated.
    pub kind: AuthKind,
    /// An id that the raw record does not have (a token id in a nested field, a certificate's serial).
    pub credential: Option<&'a [u8]>,
}

/// What a line says about the credential, and why it was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims<'a> {
    /// Lifetime and kind of the credential.
    pub token: Token<'a>,
    /// Why the request was refused, if it was.
    pub refusal: Refusal,
}

impl<'a> From<Token<'a>> for Claims<'a> {
    fn from(token: Token<'a>) -> Self {
        Self {
            token,
            refusal: Refusal::Unsaid,
        }
    }
}

/// The scopes at one key: text, a JSON array, or the JSON text of an array. One
/// that was cut off is none, because its last name would be half a name.
pub(super) fn scopes<'a>(fields: &Fields<'a>, slot: usize) -> Option<&'a [u8]> {
    match fields.kind(slot) {
        Kind::Text => {}
        Kind::Container => return fields.raw(slot).filter(|raw| raw.first() == Some(&b'[')),
        _ => return None,
    }
    // An empty text is a token without scopes, which is something else than `-`.
    let text = fields.raw(slot).filter(|text| *text != b"-")?;
    let whole = match text.first() {
        Some(b'[') => serde_json::from_slice::<Vec<String>>(text).is_ok(),
        Some(b'{' | b'"') => false,
        _ => true,
    };
    whole.then_some(text)
}

/// Names of query parameters that carry a credential and nothing else.
const QUERY_KEYS: [&[u8]; 6] = [
    b"api_key",
    b"apikey",
    b"api-key",
    b"access_token",
    b"subscription-key",
    b"x-api-key",
];

/// Whether the query string of a target carries a credential, under a well-known name or one
/// of those that the API description declares. Its value is not read.
pub(crate) fn key_in_query(target: &[u8], declared: &[Box<str>]) -> bool {
    let Some(at) = find(b'?', target) else {
        return false;
    };
    let mut rest = &target[at + 1..];
    while let Some(end) = find_either(b'=', b'&', rest) {
        let mut next = end;
        if rest[end] == b'=' {
            let known = |known: &&[u8]| rest[..end].eq_ignore_ascii_case(known);
            // Only well-known names are compared without regard to case: RFC 3986 knows none.
            let mut stated = declared.iter().map(|key| key.as_bytes());
            if QUERY_KEYS.iter().any(known) || stated.any(|key| key == &rest[..end]) {
                return true;
            }
            let Some(border) = find(b'&', &rest[end..]) else {
                return false;
            };
            next += border;
        }
        rest = &rest[next + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_in_the_query_is_seen_and_a_page_token_is_none() {
        assert!(key_in_query(b"/v1/orders?limit=5&API_KEY=abc", &[]));
        assert!(key_in_query(b"/v1/orders?access_token=x", &[]));
        assert!(!key_in_query(b"/v1/orders?page_token=abc", &[]));
        assert!(!key_in_query(b"/v1/api_key=1", &[]));
        assert!(!key_in_query(b"/v1/orders?api_key", &[]));
    }

    #[test]
    fn a_declared_name_counts_byte_for_byte() {
        let declared: [Box<str>; 1] = ["key".into()];
        assert!(key_in_query(b"/v1/feed?limit=5&key=abc", &declared));
        assert!(!key_in_query(b"/v1/feed?Key=abc", &declared));
        assert!(!key_in_query(b"/v1/feed?keys=abc&monkey=1", &declared));
        assert!(!key_in_query(b"/v1/feed?key=abc", &[]));
    }

    proptest! {
        #[test]
        fn a_query_is_searched_as_its_pairs_are(target in "(/x)?[?]?([&=?]|api_key|API-KEY|access_token|page|x){0,9}") {
            let target = target.as_bytes();
            let query = target.splitn(2, |byte| *byte == b'?').nth(1).unwrap_or_default();
            let has = query.split(|byte| *byte == b'&').any(|pair| {
                let name = pair.iter().position(|byte| *byte == b'=').map(|end| &pair[..end]);
                name.is_some_and(|name| QUERY_KEYS.iter().any(|known| name.eq_ignore_ascii_case(known)))
            });
            prop_assert_eq!(key_in_query(target, &[]), has);
        }
    }

    #[test]
    fn a_kind_comes_back_by_its_name() {
        for kind in AuthKind::ALL {
            assert_eq!(AuthKind::parse(kind.name()), Some(kind));
        }
    }
}
