//! The parts of a combined line: where the date is, the quoted fields, the
//! fields before the date, and the escapes.

use std::net::IpAddr;
use std::ops::Range;

use memchr::memmem;

use crate::input::bytes::{find, find_either};

/// Bytes from `[` within which the date has to end.
const LONGEST_DATE: usize = 48;

/// Where the date is: the first `[dd/...] "`, without the brackets.
#[inline]
pub(in crate::format) fn find_date(line: &[u8]) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let start = from + find(b'[', &line[from..])? + 1;
        let text = &line[start..];
        if let [b'0'..=b'3', b'0'..=b'9', b'/', ..] = text {
            // The usual form has one length.
            if text.get(26..29) == Some(b"] \"") {
                return Some(start..start + 26);
            }
            let window = &text[..text.len().min(LONGEST_DATE)];
            if let Some(len) = find(b']', window)
                && text[len..].starts_with(b"] \"")
                && find(b':', &text[..len]).is_some()
                && find(b'[', &text[..len]).is_none()
            {
                return Some(start..start + len);
            }
        }
        from = start;
    }
}

/// Whether the line is from the same server's error log.
pub(in crate::format) fn is_error_log(line: &[u8]) -> bool {
    match line {
        // NGINX: `2026/01/02 12:00:00 [error] ...`
        [y, _, _, _, b'/', _, _, b'/', _, _, b' ', ..] => y.is_ascii_digit(),
        // Apache: `[Fri Jan 02 12:00:00.880562 2026] [auth_basic:error] ...`
        [b'[', a, b, c, b' ', ..] => [a, b, c].iter().all(|byte| byte.is_ascii_alphabetic()),
        // LiteSpeed mixes them in: `2026-01-02 12:00:00.117 [NOTICE] [123] ...`, also without
        // the time, which passes for that of a shipper.
        _ => is_of_litespeed(line),
    }
}

fn is_of_litespeed(line: &[u8]) -> bool {
    let dated = line.get(4) == Some(&b'-') && line.get(10) == Some(&b' ');
    let rest = match memmem::find(line, b" [") {
        Some(at) if dated && at < 28 => &line[at + 1..],
        _ => line,
    };
    let levels = [
        &b"[NOTICE] "[..],
        b"[INFO] ",
        b"[WARN] ",
        b"[ERROR] ",
        b"[DEBUG] ",
        b"[CRIT] ",
    ];
    levels.iter().any(|level| rest.starts_with(level)) && memmem::find(rest, b" HTTP/").is_none()
}

/// Offset of the first quote that no backslash escapes, and whether there was a backslash.
#[inline]
pub(in crate::format) fn closing_quote(text: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (from, false);
    loop {
        at += find_either(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// A quoted field.
pub(super) struct Quoted<'a> {
    pub(super) text: &'a [u8],
    pub(super) escaped: bool,
    /// What follows the closing quote.
    pub(super) after: &'a [u8],
}

/// The second quoted field. Unquoted fields may come before the first: operators
/// add times there.
#[inline]
pub(super) fn user_agent(rest: &[u8]) -> Option<Quoted<'_>> {
    let open = find(b'"', rest)? + 1;
    let (close, _) = closing_quote(rest, open)?;
    let open = close + 1 + find(b'"', &rest[close + 1..])? + 1;
    if let Some((close, escaped)) = closing_quote(rest, open) {
        return Some(Quoted {
            text: &rest[open..close],
            escaped,
            after: &rest[close + 1..],
        });
    }
    // A lone backslash before the closing quote, or a line that was cut.
    let close = memchr::memrchr(b'"', &rest[open..]).map_or(rest.len(), |at| open + at);
    Some(Quoted {
        text: &rest[open..close],
        escaped: true,
        after: &[],
    })
}

/// What is before the date.
#[derive(Default)]
pub(super) struct Prefix<'a> {
    pub(super) host: Option<&'a [u8]>,
    pub(super) address: Option<&'a [u8]>,
    pub(super) user: Option<&'a [u8]>,
    pub(super) request_id: Option<&'a [u8]>,
}

/// `[host[:port] ]address ident user`. The user is the rest, because it may hold spaces.
///
/// A further address after the first, in brackets or not, is left out. Where a word too many
/// leaves open which one is the user, there is no answer.
///
/// What a shipper wrote in front (syslog, a container's runtime) is left out, when the
/// address after it can be told. `None` when it is not known where the fields begin:
/// then any client would be a guess.
#[inline]
pub(super) fn prefix(text: &[u8]) -> Option<Prefix<'_>> {
    let text = text.trim_ascii();
    let (mut first, mut rest) = split_blank(text);
    let mut host = None;
    let usual = is_address(first);
    if !usual {
        (host, first, rest) = begin(first, rest)?;
    }
    // `$http_x_forwarded_for` in place of the address: `a, b`.
    let address = first.strip_suffix(b",").unwrap_or(first);
    let address = if usual || is_address(address) {
        address
    } else {
        without_port(address)
    };
    let mut last = first;
    while last.ends_with(b",") {
        (last, rest) = split_blank(rest);
    }
    let (mut ident, mut user) = split_blank(rest);
    // Apache: `(%{X-Forwarded-For}i)`, which is a list or `-`.
    if ident.first() == Some(&b'(') {
        (ident, user) = split_blank(rest[find(b')', rest)? + 1..].trim_ascii_start());
    }
    if ident.len() > 1
        && is_address(ident)
        && let Some(name) = user.strip_prefix(b"- ")
    {
        user = name;
    }
    // ingress-nginx before 0.30: `address - [address] - user`.
    if user.first() == Some(&b'[')
        && let Some(end) = memmem::find(user, b"] - ")
    {
        user = &user[end + 4..];
    }
    let mut request_id = None;
    // BunkerWeb: `host address - id - `; an id of 32 hexadecimal digits, then the user.
    if let Some((id, after)) = user.split_at_checked(32)
        && after.first() == Some(&b' ')
        && id.iter().all(u8::is_ascii_hexdigit)
    {
        request_id = Some(id);
        user = after.trim_ascii();
    }
    if user.len() > 1 && find(b' ', user).is_some() {
        user = only_a_user(user)?;
    }
    Some(Prefix {
        host: host.filter(|host| !matches!(*host, b"-" | b"_" | b"")),
        address: Some(address).filter(|address| {
            !address.is_empty() && *address != b"-" && !address.starts_with(b"unix:")
        }),
        // Apache writes `""` for an empty name.
        user: Some(user).filter(|user| !matches!(*user, b"" | b"-" | b"\"\"")),
        request_id,
    })
}

/// A user of several words; `None` when one of them looks like another field.
fn only_a_user(user: &[u8]) -> Option<&[u8]> {
    let mut words = user
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    if words.clone().all(|word| word == b"-") {
        return Some(b"-");
    }
    let field = |word: &[u8]| {
        let inner = match word {
            [b'(', inner @ .., b')'] | [b'[', inner @ .., b']'] => inner,
            _ => word,
        };
        inner == b"-" || is_address(inner)
    };
    let edge = words.clone().next().is_some_and(field) || words.next_back().is_some_and(field);
    (!edge).then_some(user)
}

/// The host in front of the address, the address, and what follows.
type Begin<'a> = (Option<&'a [u8]>, &'a [u8], &'a [u8]);

/// Where the fields begin on a line that does not begin with a plain address.
fn begin<'a>(first: &'a [u8], rest: &'a [u8]) -> Option<Begin<'a>> {
    let (second, after) = split_blank(rest);
    let (third, _) = split_blank(after);
    // `$http_x_forwarded_for`, or a name in place of the address.
    if second == b"-" || first.ends_with(b",") || third.is_empty() {
        return Some((None, first, rest));
    }
    // An address can have a port too, and then `-` or a name follows.
    let named = third == b"-" && has_port(first) && !is_address(without_port(first));
    if is_address(second) || named {
        return Some((Some(without_port(first)), second, after));
    }
    let mut rest = after;
    let mut found = None;
    while let (word, more @ [_, ..]) = split_blank(rest) {
        let (_ident, user) = split_blank(more);
        // Reactor Netty, after what the logging library writes: the address has a port.
        let ported = || has_port(word) && is_address(without_port(word));
        if !user.is_empty() && (is_address(word) || ported()) {
            found = Some((None, word, more));
        }
        rest = more;
    }
    found
}

/// The text up to the first space, and what follows the whitespace.
#[inline]
fn split_blank(text: &[u8]) -> (&[u8], &[u8]) {
    match find(b' ', text) {
        Some(at) => (&text[..at], text[at..].trim_ascii_start()),
        None => (text, &[]),
    }
}

/// A network address, possibly one of a list.
fn is_address(text: &[u8]) -> bool {
    let text = text.strip_suffix(b",").unwrap_or(text);
    let (digits, dots) = text.iter().fold((true, 0), |(digits, dots), byte| {
        let digit = matches!(*byte, b'0'..=b'9' | b'.');
        (digits & digit, dots + u32::from(*byte == b'.'))
    });
    if digits && text.len() <= 15 {
        // A number alone is a day or a process.
        return dots == 3;
    }
    text == b"unix:"
        || (text.contains(&b':')
            && std::str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok()))
}

fn has_port(text: &[u8]) -> bool {
    without_port(text).len() < text.len()
}

fn without_port(text: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', text) {
        Some(at)
            if at > 0 && at + 1 < text.len() && text[at + 1..].iter().all(u8::is_ascii_digit) =>
        {
            &text[..at]
        }
        _ => text,
    }
}

/// Decodes what NGINX or Apache escaped; what is not an escape of theirs stays as it is.
pub(in crate::format) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = find(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (byte, used) = match &rest[at..] {
            [_, b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            [_, b'"', ..] => (b'"', 2),
            [_, b'\\', ..] => (b'\\', 2),
            [_, b'n', ..] => (b'\n', 2),
            [_, b'r', ..] => (b'\r', 2),
            [_, b't', ..] => (b'\t', 2),
            [_, b'b', ..] => (0x08, 2),
            [_, b'v', ..] => (0x0b, 2),
            _ => (b'\\', 1),
        };
        out.push(byte);
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
