//! Client names that are secrets: a token, a key or a password that a gateway
//! logs where the name of the client belongs.
//!
//! In: a name as logged. Out: the same name, or `cred:` and the keyed hash of the
//! secret in it, the form in which ids of credentials are shown.
//!
//! Invariants:
//! * only shapes that vendors or standards give to secrets count. Ids that are meant
//!   to be public stay readable: access key ids of AWS (`AKIA…`, `ASIA…`: the secret is
//!   another text), publishable keys (`pk_…`), UUIDs, ids of OAuth clients;
//! * nothing is read out of a token: its claims are not verified here, so two tokens
//!   are two names, no matter to whom they were issued;
//! * a token is one name with and without its scheme in front.

pub(super) mod shape;
mod words;

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::bytes::{Regex, RegexSet};

use self::shape::{decoded, holds_secret, is_key, is_words};
use super::hash::HashKey;
use super::mask::MASK;

/// A scheme of the Authorization header (RFC 9110 section 11.4) and what follows it.
const SCHEMES: [&str; 3] = [
    r"bearer(?: |\+)+[!-~]{8,}$",
    r"(?:token|api-?key|key|jwt|dpop|oauth|ssws|negotiate|ntlm|splunk) +[0-9a-z+/=._~-]{16,}$",
    r"(?:digest|hawk|oauth|aws4-hmac-sha256|sharedaccesssignature) +[0-9a-z_.-]+=.",
];

/// User and password in a URL.
const IN_URL: &str = r#"(?:^|[\t "&'(,/:;<=?\[{|])/[^/@ ]*:[^/@ ]+@"#;

static SHAPES: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let front = r"(?i)^(?:(?:proxy-)?authorization *[:=] *)?";
    let whole = SCHEMES.iter().map(|shape| format!("{front}(?:{shape})"));
    let all: Vec<String> = whole.chain([IN_URL.to_owned()]).collect();
    shape::set(&all).ok()
});

/// `Basic`, or another scheme that says nothing about who is meant.
static FRONT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let front = r"(?i-u)^(?:bearer|basic|token|api-?key|key|jwt|dpop|oauth)(?: |%20|\+)+";
    Regex::new(front).ok()
});

/// What is shown of a string in which a secret was put: of an id of a request, of a scope.
pub(crate) fn masked(text: &[u8]) -> &[u8] {
    if is_secret(text) {
        MASK.as_bytes()
    } else {
        text
    }
}

/// The name that is kept: the one as logged, or the hash of the secret that it is.
pub(crate) fn conceal<'a>(name: &'a [u8], key: &HashKey) -> Cow<'a, [u8]> {
    if is_secret(name) {
        Cow::Owned(key.hash(bare(name)).to_string().into_bytes())
    } else {
        Cow::Borrowed(name)
    }
}

/// Whether a name is one that [`conceal`] gave.
pub(crate) fn is_concealed(name: &str) -> bool {
    let hex = name.strip_prefix("cred:").unwrap_or_default();
    hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a name has the shape of a secret.
pub(crate) fn is_secret(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    // Without the shapes nothing could be told apart, so every name counts as one.
    let (Some(shapes), Some(plain)) = (SHAPES.as_ref(), decoded(name)) else {
        return true;
    };
    // Each of these has one of the three signs, and few names have.
    let scheme = plain.iter().any(|byte| b" +@".contains(byte)) && shapes.is_match(&plain);
    scheme || holds_secret(&plain) || is_basic(bare(&plain))
}

/// The scopes of a token, each as it may be shown: `None` in place of a secret, also of one
/// with its scheme in front (`Bearer 2YotnFZFEjr1`), which is not a scope.
pub(crate) fn scopes<'a>(
    list: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Option<&'a [u8]>> {
    let mut before: &'a [u8] = b"";
    list.map(move |scope| {
        let secret = is_secret(scope) || follows_scheme(before, scope);
        before = scope;
        (!secret).then_some(scope)
    })
}

fn follows_scheme(scheme: &[u8], text: &[u8]) -> bool {
    let scheme = scheme.strip_suffix(b":").unwrap_or(scheme);
    let is = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| scheme.eq_ignore_ascii_case(name.as_bytes()))
    };
    // `basic` and `token` are names of scopes too.
    is(&["bearer", "dpop", "negotiate", "ntlm", "digest"]) && (is_key(text) || !is_words(text))
        || is(&["basic", "token", "apikey", "api-key", "key", "jwt", "oauth"])
            && (is_key(text) || is_basic(text))
}

/// Without whitespace and without the scheme in front.
fn bare(name: &[u8]) -> &[u8] {
    let name = name.trim_ascii();
    let front = FRONT.as_ref().and_then(|front| front.find(name));
    front.map_or(name, |front| &name[front.end()..])
}

/// `user:password` in Base64 (RFC 7617).
fn is_basic(text: &[u8]) -> bool {
    /// More than any user and password.
    const LONGEST: usize = 512;
    let text = match text {
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        _ => text,
    };
    if !(6..=LONGEST).contains(&text.len())
        || !text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte))
    {
        return false;
    }
    let decoded = [STANDARD_NO_PAD, URL_SAFE_NO_PAD];
    decoded.iter().any(|alphabet| {
        alphabet.decode(text).is_ok_and(|plain| {
            let colon = plain.iter().position(|byte| *byte == b':');
            let printable = |byte: &u8| (0x20..0x7f).contains(byte);
            colon.is_some_and(|at| at > 0 && at + 1 < plain.len()) && plain.iter().all(printable)
        })
    })
}

#[cfg(test)]
#[path = "secret/secret_tests.rs"]
mod tests;
