//! Spellings of one path, and of one template, brought to one form.
//!
//! In: a request path or a template as its author spells it. Out: the form in
//! which the matcher compares the two.
//!
//! Invariants:
//! * two spellings of one path (RFC 3986 section 6.2.2) fit the same templates:
//!   `/users/%40me` is `/users/@me` and never `/users/{id}`;
//! * what could pass for a border of a segment, or for another escape, stays
//!   encoded: `%2F`, `%5C`, `%3B`, `%25`.

use std::borrow::Cow;

/// A path with its escapes in one form; borrowed when it holds none.
#[inline]
pub(in crate::catalog) fn canonical(path: &[u8]) -> Cow<'_, [u8]> {
    // Without a branch for each byte: this runs for every request.
    let odd = |odd: u8, byte: &u8| odd | u8::from(*byte == b'%') | (byte & 0x80);
    if path.iter().fold(0, odd) != 0 {
        Cow::Owned(respelt(path))
    } else {
        Cow::Borrowed(path)
    }
}

#[cold]
fn respelt(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len() + 8);
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        let code = path
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(|digits| Some(digit(digits[0])? << 4 | digit(digits[1])?));
        at += if code.is_some() { 3 } else { 1 };
        match code {
            Some(code @ b' '..=b'~') if !b"/\\;%?#".contains(&code) => out.push(code),
            Some(code) => escape(code, &mut out),
            None if byte.is_ascii() => out.push(*byte),
            None => escape(*byte, &mut out),
        }
    }
    out
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    let digit = |half: u8| DIGITS[usize::from(half & 15)];
    out.extend([b'%', digit(byte >> 4), digit(byte)]);
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Where the query or fragment of a template begins: `?` or `#` outside braces, or an
/// expansion of a query (RFC 6570: `{?page,limit}`, `{&page}`, `{#part}`).
pub(in crate::catalog) fn query_start(path: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = path[at..].find(['{', '?', '#']) {
        at += found;
        let rest = &path[at..];
        if !rest.starts_with('{') {
            return Some(at);
        }
        match closing(rest) {
            Some(_) if rest[1..].starts_with(['?', '&', '#']) => return Some(at),
            Some(close) => at += close + 1,
            None => at += 1,
        }
    }
    None
}

/// The template with every parameter as `{}`, or as `{+}` when it takes the rest of
/// the path, and as its request path would be after normalisation.
///
/// Read are a parameter with a pattern of its own, as gRPC transcoding writes it
/// (`{name=projects/*/keys/*}`) and as routers do (`{id:[0-9]+}`, `{path:.*}`, `{id:int}`).
pub(crate) fn plain(path: &str) -> String {
    let path = &path[..query_start(path).unwrap_or(path.len())];
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        let Some(close) = closing(after) else { break };
        out.push_str(before);
        parameter(&after[1..close], &mut out);
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    normal(&out)
}

/// One parameter, by what is between its braces.
fn parameter(inside: &str, out: &mut String) {
    let word = |name: &str| {
        name.chars()
            .all(|c| c.is_alphanumeric() || "_.-".contains(c))
    };
    if inside.starts_with(';') {
        return; // a matrix parameter, which is cut from requests
    }
    if let Some(names) = inside.strip_prefix('/') {
        for name in names.split(',') {
            out.push('/');
            parameter(name, out);
        }
        return;
    }
    if let Some((_, pattern)) = inside.split_once('=').filter(|(name, _)| word(name)) {
        let segments = pattern.split('/').map(|segment| match segment {
            "*" => "{}",
            "**" => "{**}",
            literal => literal,
        });
        out.push_str(&segments.collect::<Vec<_>>().join("/"));
        return;
    }
    let greedy = match inside.split_once(':').filter(|(name, _)| word(name)) {
        Some((_, pattern)) => spans(pattern),
        // `{proxy+}` (AWS), `{+name}` (RFC 6570), `{name*}` and `{*name}` (routers).
        None => inside.starts_with(['+', '*']) || inside.ends_with(['+', '*']),
    };
    out.push_str(match inside {
        "**" => "{**}",
        _ if greedy => "{+}",
        _ => "{}",
    });
}

/// Whether a router's pattern may fit a slash: `.*`, `.+`, or one that names it.
fn spans(pattern: &str) -> bool {
    let pattern = pattern.replace("[^/]", "");
    pattern == "path" || pattern.contains(".*") || pattern.contains(".+") || pattern.contains('/')
}

/// The bracket that closes the one at the start; a pattern may hold pairs of its own.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What normalisation does to a request path: matrix parameters are cut, and empty
/// segments and single dots go, except at the end.
fn normal(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    let last = path.matches('/').count();
    let mut out = String::with_capacity(path.len() + 1);
    for (index, segment) in path.split('/').enumerate() {
        let segment = segment.split(';').next().unwrap_or_default();
        if index < last && matches!(segment, "" | ".") {
            continue;
        }
        out.push('/');
        out.push_str(segment);
    }
    out
}
