//! Whether a damaged line can be a request that was let through.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::json_pairs::unescape;
use super::plain_text;
use super::request::{Asked, Form};
use super::{Kind, Remains};

/// What the line can be.
pub(super) fn of(
    line: &[u8],
    asked: &Asked<'_>,
    remains: &Remains<'_>,
    inner: Option<Kind>,
) -> Kind {
    let none = match asked.form {
        Form::Text => is_no_request_of_text(line, asked, remains),
        _ if asked.plural => false,
        Form::Message => is_message(line, remains, inner),
        Form::Record => false,
        Form::Empty => remains.target.is_none() && is_unread(remains.status),
    };
    if none { Kind::NoRequest } else { Kind::Request }
}

/// An empty request, or bytes of another protocol in place of one.
pub(super) fn is_nothing(request: &[u8]) -> bool {
    matches!(request, b"" | b"-" | b"<BADREQ>") || is_binary(request)
}

/// Codes of a gateway that could not read a request, or did not get one in time.
fn is_unread(status: Option<u16>) -> bool {
    matches!(status, Some(400 | 408))
}

/// A message of something else, rather than the remains of a record.
fn is_message(line: &[u8], remains: &Remains<'_>, inner: Option<Kind>) -> bool {
    if plain_text::is_error_log(line) {
        return true;
    }
    // Nothing of a whole object was lost.
    let object = memchr::memchr(b'{', line).map_or(line, |at| &line[at..]);
    let whole = serde_json::from_slice::<Map<String, Value>>(object).is_ok();
    let empty = match inner {
        Some(inner) => inner == Kind::NoRequest,
        None => !says_something(remains),
    };
    whole && empty
}

fn is_no_request_of_text(line: &[u8], asked: &Asked<'_>, remains: &Remains<'_>) -> bool {
    let quoted: Vec<usize> = plain_text::dates(line)
        .filter_map(|at| request_field(line, at))
        .collect();
    match quoted.as_slice() {
        [] => {}
        [from] => return asks_nothing(&line[*from..]) && remains.target.is_none(),
        _ => return false,
    }
    if plain_text::is_error_log(line) {
        return true;
    }
    if memchr::memmem::find(line, b"\"<BADREQ>\"").is_some() {
        return remains.target.is_none();
    }
    !asked.plural && !says_something(remains) && !looks_like_a_record(line)
}

fn says_something(remains: &Remains<'_>) -> bool {
    !remains.clients.is_empty() || !remains.mentioned.is_empty() || remains.target.is_some()
}

/// Where the quoted request after the date begins.
fn request_field(line: &[u8], date: usize) -> Option<usize> {
    let end = date + memchr::memchr(b']', line[date..].get(..48).unwrap_or(&line[date..]))?;
    line[end + 1..].starts_with(b" \"").then_some(end + 3)
}

/// A request field that asks for nothing, from its first byte on.
fn asks_nothing(text: &[u8]) -> bool {
    let end = memchr::memchr_iter(b'"', text)
        .find_map(|end| Some((end, plain_text::code(&text[end + 1..])?)));
    match end {
        Some((end, code)) => {
            let request = &text[..end];
            is_nothing(request) && (is_unread(Some(code)) || (is_handshake(request) && code >= 400))
        }
        None => is_handshake(text),
    }
}

/// The first bytes of a TLS connection (RFC 8446 section 5.1), raw or escaped.
fn is_handshake(text: &[u8]) -> bool {
    unescape(text).starts_with(b"\x16\x03")
}

/// Bytes that begin no request, and no request among them.
fn is_binary(text: &[u8]) -> bool {
    let plain = unescape(text);
    let finds = |what: &[u8]| memchr::memmem::find(&plain, what).is_some();
    let begins = plain
        .first()
        .is_some_and(|byte| !matches!(byte, b' '..=b'~'));
    begins && (is_handshake(text) || !(finds(b" /") || finds(b"HTTP/") || finds(b"://")))
}

/// Marks of an access record that was damaged beyond reading.
fn looks_like_a_record(line: &[u8]) -> bool {
    let finds = |what: &[u8]| memchr::memmem::find(line, what).is_some();
    let begins = line.trim_ascii_start();
    let word = begins
        .split(|byte| *byte == b' ')
        .next()
        .unwrap_or_default();
    let address = std::str::from_utf8(word).is_ok_and(|word| word.parse::<IpAddr>().is_ok());
    let object = begins.starts_with(b"{") || begins.starts_with(b"[{") || finds(b"{\"");
    let status =
        memchr::memchr_iter(b'"', line).any(|at| plain_text::code(&line[at + 1..]).is_some());
    let key = memchr::memchr_iter(b'"', line)
        .any(|at| line[at + 1..].trim_ascii_start().first() == Some(&b':'));
    object
        || address
        || status
        || key
        || finds(b" - - [")
        || finds(b"- - [")
        || plain_text::dates(line).next().is_some()
}
