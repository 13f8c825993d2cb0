//! The request line of a combined line, and its status.
//!
//! In: what follows the date. Out: the request line, the status, and what follows it.
//!
//! The usual line has both side by side and is read at once. Everything else is for lines to
//! which an operator added fields: in front of the request (`"$host" "$request" $status`) or
//! between request and status (`"$request" $scheme $status`).

use memchr::memmem;

use super::parts::closing_quote;
use crate::format::Skip;
use crate::format::json::parse_status;
use crate::input::bytes::find;

/// Fields looked at for a request or a status.
const FIELDS: usize = 12;

/// No server answers with 443: in place of a status it is the port.
const HTTPS: u16 = 443;

/// What follows the date.
pub(super) struct RequestAndStatus<'a> {
    /// The request line, still escaped.
    pub(super) line: &'a [u8],
    /// It may hold escapes.
    pub(super) escaped: bool,
    /// `-` and 000 are not a status.
    pub(super) status: Option<u16>,
    /// What follows the status.
    pub(super) rest: &'a [u8],
}

/// Finds the request and its status; `None` when that is not certain.
#[inline]
pub(super) fn find_both(text: &[u8]) -> Option<RequestAndStatus<'_>> {
    let Some((end, escaped)) = closing_quote(text, 0) else {
        return lone_backslash(text);
    };
    let line = &text[..end];
    match status(&text[end + 1..]) {
        // A request, or what a server logs when none came.
        Some((status @ Some(code), rest))
            if code != HTTPS && (ends_with_version(line) || !is_followed_by_request(rest)) =>
        {
            Some(RequestAndStatus {
                line,
                escaped,
                status,
                rest,
            })
        }
        _ => further(text).or_else(|| lone_backslash(text)),
    }
}

/// Method and target, still escaped; another record when it is not a request (a timeout's `-`, a
/// TLS handshake on a plain port, a scanner's garbage).
///
/// The target is everything up to the protocol, also where a server let whitespace through.
/// HTTP/0.9 has no protocol; then the target has to look like one, and a second word after it
/// is somebody else's.
#[inline]
pub(in crate::format) fn split(line: &[u8]) -> Result<(&[u8], &[u8]), Skip> {
    let (method, rest) = line.split_at(find(b' ', line).ok_or(Skip::OtherRecord)?);
    if method.is_empty() || !method.iter().copied().all(is_token_byte) {
        return Err(Skip::OtherRecord);
    }
    let rest = &rest[1..];
    match find(b' ', rest) {
        Some(at) if at > 0 && is_version(&rest[at + 1..]) => Ok((method, &rest[..at])),
        _ => Ok((method, unusual(rest.trim_ascii())?)),
    }
}

/// The target where whitespace is inside it or around it, or words after the protocol.
fn unusual(rest: &[u8]) -> Result<&[u8], Skip> {
    let mut protocols = memmem::find_iter(rest, b" HTTP/");
    let exact = |at: &usize| {
        let end = find(b' ', &rest[at + 1..]).map_or(rest.len(), |len| at + 1 + len);
        is_version(&rest[at + 1..end])
    };
    let first = protocols.clone().find(exact);
    // A version that is none: servers log it with 400 or 505.
    if let Some(at) = first.or_else(|| protocols.next()) {
        return Some(rest[..at].trim_ascii_end())
            .filter(|target| !target.is_empty())
            .ok_or(Skip::OtherRecord);
    }
    if rest.first() != Some(&b'/') && memmem::find(rest, b"://").is_none() {
        return Err(Skip::OtherRecord);
    }
    if find(b' ', rest).is_some() {
        return Err(Skip::Malformed);
    }
    Ok(rest)
}

/// Whether a server answers so to what it could not read as a request: 400, 408 (it did not come
/// in time), 414 and 431 (it is too long), 505. Nothing can have been served.
pub(in crate::format) fn was_never_read(status: Option<u16>) -> bool {
    matches!(status, Some(400 | 408 | 414 | 431 | 505))
}

/// Why a line without a readable request gives no record, by its status.
pub(in crate::format) fn unreadable(why: Skip, status: Option<u16>) -> Skip {
    if was_never_read(status) {
        Skip::OtherRecord
    } else {
        why
    }
}

/// RFC 9110, 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `HTTP/1.1` or `HTTP/2`.
#[inline]
fn is_version(text: &[u8]) -> bool {
    let digit = u8::is_ascii_digit;
    match text.strip_prefix(b"HTTP/") {
        Some([major, b'.', minor]) => digit(major) && digit(minor),
        Some([major]) => digit(major),
        _ => false,
    }
}

/// Of a request in the usual form; what it says no to is looked at closely.
#[inline]
fn ends_with_version(line: &[u8]) -> bool {
    let at = |len: usize| line.len().checked_sub(len).map(|from| &line[from..]);
    at(9).is_some_and(|end| end.starts_with(b" HTTP/"))
        || at(7).is_some_and(|end| end.starts_with(b" HTTP/"))
}

/// Method, target and protocol.
fn is_request(line: &[u8]) -> bool {
    split(line).is_ok() && memmem::find(line, b" HTTP/").is_some()
}

/// Whether the next field is a request, so that the number before it was not a status, but a port.
fn is_followed_by_request(rest: &[u8]) -> bool {
    let field = rest.strip_prefix(b" \"");
    field.is_some_and(|field| {
        closing_quote(field, 0).is_some_and(|(end, _)| is_request(&field[..end]))
    })
}

/// The request among other quoted fields, and the status among other fields after it.
///
/// The quote that ends a field is followed by a space or by nothing: another one is part of
/// the request, as some servers write it.
fn further(text: &[u8]) -> Option<RequestAndStatus<'_>> {
    let mut open = 0;
    for _ in 0..FIELDS {
        let (mut end, mut escaped) = closing_quote(text, open)?;
        while !matches!(text.get(end + 1), None | Some(b' ')) {
            let (next, also) = closing_quote(text, end + 1)?;
            (end, escaped) = (next, escaped | also);
        }
        let (line, rest) = (&text[open..end], &text[end + 1..]);
        let found = |(status, rest)| RequestAndStatus {
            line,
            escaped,
            status,
            rest,
        };
        if is_request(line) {
            return status_behind(rest).map(found);
        }
        if open == 0
            && let Some(at_once) = status(rest)
            && !is_followed_by_request(at_once.1)
        {
            return Some(found(at_once));
        }
        open = end + 1 + memmem::find(rest, b" \"")? + 2;
    }
    None
}

/// The request, when a backslash that stands for itself comes before its closing quote.
fn lone_backslash(text: &[u8]) -> Option<RequestAndStatus<'_>> {
    let ends = |end: &usize| matches!(text.get(end + 1), None | Some(b' '));
    let end = memchr::memchr_iter(b'"', text).find(ends)?;
    if !text[..end].ends_with(b"\\") {
        return None;
    }
    let (status, rest) = status(&text[end + 1..])?;
    Some(RequestAndStatus {
        line: &text[..end],
        escaped: true,
        status,
        rest,
    })
}

/// The status right after the request (`-` is not a status), and what follows it.
#[inline]
fn status(text: &[u8]) -> Option<(Option<u16>, &[u8])> {
    let (code, rest) = match text {
        [b' ', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', rest @ ..] => {
            (parse_status(&text[1..4]), rest)
        }
        [b' ', b'-', rest @ ..] => (None, rest),
        _ => return None,
    };
    matches!(rest.first(), None | Some(b' ')).then_some((code, rest))
}

/// The status after other fields: the first number that can be one, unless the second can be
/// one as well and a third follows: then the first may be a port, or the second the bytes.
fn status_behind(text: &[u8]) -> Option<(Option<u16>, &[u8])> {
    let mut rest = text.trim_ascii_start();
    for _ in 0..FIELDS {
        if rest.first() == Some(&b'"') {
            let (end, _) = closing_quote(rest, 1)?;
            // Which of two requests was served?
            if is_request(&rest[1..end]) {
                return None;
            }
            rest = rest[end + 1..].trim_ascii_start();
            continue;
        }
        let (first, more) = word(rest);
        let (second, third) = word(more.trim_ascii_start());
        let is_port = parse_status(first) == Some(HTTPS) && can_be_status(second);
        if !is_port && (first == b"-" || can_be_status(first)) {
            let (third, _) = word(third.trim_ascii_start());
            let number =
                third == b"-" || (!third.is_empty() && third.iter().all(u8::is_ascii_digit));
            let certain = !(can_be_status(second) && number);
            return certain.then(|| (parse_status(first), more));
        }
        rest = more.trim_ascii_start();
    }
    None
}

fn can_be_status(word: &[u8]) -> bool {
    matches!(word, [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] | b"000")
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(find(b' ', text).unwrap_or(text.len()))
}
