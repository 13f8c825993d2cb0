//! Envoy's default access log as text, and the four that Istio has had.
//!
//! ```text
//! [time] "METHOD path PROTOCOL" code flags <more> received sent duration upstream "forwarded" "agent" "id" "authority" "host" <tail>
//! ```
//!
//! Envoy itself has no `more` and no `tail`. Istio up to 1.2 adds the mixer's status, up to 1.8
//! the reason why the service was not reached too, from 1.9 on details of the code and of the
//! connection as well; its tail is the cluster, three addresses, the name asked for in TLS and,
//! since 1.3, the route.
//!
//! Invariants:
//! * Envoy escapes nothing: the request ends at its protocol, and the fields at the end are
//!   read from both sides, so that a quote in a header shifts nothing. Where they stay
//!   unclear they are left out;
//! * `-` for the path is a connection that sent no request, or a TCP stream: another record.
//!
//! Sources: Envoy, "Default format string"; Istio's `pilot/pkg/networking/core/accesslog.go` and
//! its earlier generations.

use memchr::memmem;

use super::{Decided, address, answered_by, refusal};
use crate::format::combined::request::split;
use crate::format::json::parse_status;
use crate::format::{Claims, RawRecord, Scratch, Skip};
use crate::model::AnsweredBy;

/// Fields of Istio between the flags and the bytes.
const BETWEEN: usize = 6;

/// Whether a line begins as one of these does: `[2026-01-02T12:00:00.117Z] "`.
pub(super) fn is_text(line: &[u8]) -> bool {
    stamp(line).is_some()
}

/// The time, and what follows its bracket and the quote. Emissary writes `ACCESS` in front.
fn stamp(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"ACCESS ").unwrap_or(line);
    let rest = line.strip_prefix(b"[")?;
    let (time, rest) = rest.split_at(memchr::memchr(b']', rest.get(..48).unwrap_or(rest))?);
    let date = time.len() > 18 && time[4] == b'-' && time[10] == b'T';
    // `%START_TIME(%s.%3f)%`: seconds since 1970.
    let epoch = time.len() > 9
        && time
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let rest = rest.strip_prefix(b"] \"")?;
    (date || epoch).then_some((time, rest))
}

pub(super) fn read<'a>(line: &'a [u8], scratch: &mut Scratch) -> Result<RawRecord<'a>, Skip> {
    let (time, rest) = stamp(line).ok_or(Skip::Malformed)?;
    let (request, code, rest) = request(rest).ok_or(Skip::Malformed)?;
    let (flags, mut rest) = word(rest);
    let mut details = None;
    for _ in 0..BETWEEN {
        let (field, after) = word(rest);
        if field.iter().all(u8::is_ascii_digit) {
            break;
        }
        if details.is_none() && field.first() != Some(&b'"') {
            details = Some(field).filter(|details| *details != b"-");
        }
        rest = after;
    }
    // Bytes received and sent, the duration, and that of the service.
    for _ in 0..4 {
        let (field, after) = word(rest);
        let number = !field.is_empty() && field.iter().all(u8::is_ascii_digit);
        if !number && field != b"-" {
            return Err(Skip::Malformed);
        }
        rest = after;
    }
    let time = scratch.clock.any(time).ok_or(Skip::BadTime)?;
    if request.starts_with(b"- ") {
        return Err(Skip::OtherRecord);
    }
    let (method, target) = split(request)?;
    let (tail, local) = quoted(rest).unwrap_or_default();
    let says = |text: &'a [u8]| Some(text).filter(|text| !matches!(*text, b"" | b"-"));
    let decided = Decided {
        details,
        flags: says(flags),
        no_host: tail.is_some_and(|tail| tail.host == b"-"),
    };
    let answered_by = answered_by(&decided);
    let status = parse_status(code);
    // Istio names the caller's address, which nobody can choose, in its tail.
    let remote = local.split(|byte| *byte == b' ').nth(3).and_then(address);
    Ok(RawRecord {
        time,
        method,
        target,
        status,
        upstream_status: status.filter(|_| answered_by == AnsweredBy::Upstream),
        answered_by,
        request_id: tail.and_then(|tail| says(tail.id)),
        host: tail.and_then(|tail| says(tail.authority)),
        client_ip: remote.or_else(|| address(tail?.forwarded)),
        user_agent: tail.and_then(|tail| says(tail.agent)),
        claims: Claims {
            refusal: refusal(details),
            ..Claims::default()
        },
        ..RawRecord::default()
    })
}

/// The request line, the code after it, and the rest. A path cannot hold blanks, so that the
/// protocol before the first closing quote is the request's own.
fn request(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut quotes = memmem::find_iter(text, b"\" ");
    quotes.find_map(|end| {
        let (code, rest) = word(&text[end + 2..]);
        let words = memchr::memchr_iter(b' ', &text[..end]).count() >= 2;
        let number = (1..=3).contains(&code.len()) && code.iter().all(u8::is_ascii_digit);
        (words && number).then_some((&text[..end], code, rest))
    })
}

/// The next field, quoted or not, and what follows the blank after it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = match text.strip_prefix(b"\"") {
        Some(inner) => memmem::find(inner, b"\" ").map(|at| at + 2),
        None => memchr::memchr(b' ', text),
    };
    match end {
        Some(end) => (&text[..end], text.get(end + 1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

/// The five quoted fields.
#[derive(Clone, Copy)]
struct Tail<'a> {
    forwarded: &'a [u8],
    agent: &'a [u8],
    id: &'a [u8],
    authority: &'a [u8],
    host: &'a [u8],
}

/// The quoted fields, if it is certain which is which, and what follows the last.
fn quoted(text: &[u8]) -> Option<(Option<Tail<'_>>, &[u8])> {
    let end = memchr::memrchr(b'"', text)?;
    let local = text[end + 1..].trim_ascii_start();
    let inner = text.get(1..end).filter(|_| text[0] == b'"')?;
    let (forwarded, rest) = before(inner)?;
    // The agent may hold quotes: what follows it is read from the end.
    let (rest, host) = after(rest)?;
    let (rest, authority) = after(rest)?;
    let (agent, id) = after(rest)?;
    let is_host = |text: &[u8]| {
        text == b"-" || text.contains(&b'/') || text.contains(&b':') && !text.contains(&b' ')
    };
    let certain = is_host(host) && !authority.contains(&b' ') && !id.contains(&b' ');
    let tail = Tail {
        forwarded,
        agent,
        id,
        authority,
        host,
    };
    Some((certain.then_some(tail), local))
}

fn before(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memmem::find(text, b"\" \"")?;
    Some((&text[..at], &text[at + 3..]))
}

fn after(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memmem::rfind(text, b"\" \"")?;
    Some((&text[..at], &text[at + 3..]))
}

#[cfg(test)]
#[path = "envoy_text_tests.rs"]
mod tests;
