//! Keys and values of a damaged line of JSON.
//!
//! In: any bytes. Out: each `"key": value` in them, with its place as far as it is known.
//!
//! Invariants:
//! * one pass, whatever the bytes are;
//! * after the first byte that JSON does not allow, no place is certain any more;
//! * `\x5C`, which NGINX writes and JSON does not know, is an escape like others.

use std::borrow::Cow;

/// Where a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the record itself, or in an object of it that describes the request.
    Own,
    /// In an object that describes something else: a service, a route.
    Foreign,
    /// After damage.
    Unknown,
}

/// What follows a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    /// A string between its quotes, still escaped.
    Text(&'a [u8]),
    /// The beginning of a string that the end of the line cut.
    Cut(&'a [u8]),
    /// A number or a word, as written.
    Bare(&'a [u8]),
    /// An object, an array, or nothing that can be trusted.
    Other,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    /// In lower case, without `-`, `_`, `.` and `:`.
    pub(super) key: Vec<u8>,
    /// The key of the object that it is in, written likewise.
    pub(super) within: Vec<u8>,
    pub(super) value: Value<'a>,
    pub(super) place: Place,
}

/// All pairs of a line.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    pub(super) found: Vec<Pair<'a>>,
    /// A second record begins in the line.
    pub(super) plural: bool,
    /// An object in the record.
    pub(super) nested: bool,
    /// Offset of the first key.
    pub(super) first: Option<usize>,
}

/// Objects whose values describe the request itself.
const OWN: [&[u8]; 17] = [
    b"",
    b"request",
    b"req",
    b"http",
    b"httprequest",
    b"requestcontext",
    b"response",
    b"resp",
    b"res",
    b"httpresponse",
    b"url",
    b"event",
    b"log",
    b"message",
    b"data",
    b"record",
    b"jsonpayload",
];

/// Deeper than this no object of a gateway describes the request.
const DEEPEST: usize = 16;

/// Reads the pairs of a line.
pub(super) fn read(line: &[u8]) -> Pairs<'_> {
    let mut out = Pairs::default();
    let mut stack: Vec<Vec<u8>> = Vec::new();
    let (mut at, mut broken, mut begun, mut headless) = (0, false, false, false);
    while let Some(byte) = line.get(at) {
        match byte {
            b' ' | b'\t' | b',' => at += 1,
            b'{' | b'[' => {
                if begun {
                    let element = stack.last().is_some_and(|key| key.starts_with(b"["));
                    out.plural |= *byte == b'{' && (!element || stack.len() == 1);
                    broken |= !element;
                }
                begun |= *byte == b'{';
                let key = if *byte == b'[' {
                    b"[".to_vec()
                } else {
                    Vec::new()
                };
                stack.push(key);
                at += 1;
            }
            b'}' | b']' => {
                headless |= stack.pop().is_none();
                broken |= headless;
                at += 1;
            }
            b'"' => {
                let Some(end) = closing(line, at + 1) else {
                    break;
                };
                let colon = blank(line, end + 1);
                if line.get(colon) != Some(&b':') {
                    if stack.last().is_some_and(|key| key.starts_with(b"[")) {
                        at = end + 1;
                    } else {
                        // Its closing quote may open the next one.
                        broken = true;
                        at = end;
                    }
                    continue;
                }
                out.first.get_or_insert(at);
                headless |= stack.is_empty();
                broken |= headless;
                begun = true;
                let place = place(&stack, broken);
                let key = plain(&line[at + 1..end]);
                let within = stack.last().cloned().unwrap_or_default();
                let from = blank(line, colon + 1);
                let value;
                (value, at) = self::value(line, from);
                match line.get(from) {
                    Some(b'{') => {
                        out.nested = true;
                        stack.push(key.clone());
                    }
                    Some(b'[') => stack.push([b"[", key.as_slice()].concat()),
                    _ => broken |= matches!(value, Value::Other),
                }
                out.found.push(Pair {
                    key,
                    within,
                    value,
                    place,
                });
            }
            _ => {
                broken |= begun;
                // An escaped quote opens nothing.
                at += if *byte == b'\\' { 2 } else { 1 };
            }
        }
    }
    if headless {
        // The object that the line begins with was not the record, but one inside it.
        for pair in &mut out.found {
            if pair.place == Place::Own {
                pair.place = Place::Unknown;
                out.nested = true;
            }
        }
    }
    out
}

fn place(stack: &[Vec<u8>], broken: bool) -> Place {
    let is_ours = |key: &Vec<u8>| OWN.contains(&key.as_slice());
    // A batch is an array of records.
    let inner = match stack {
        [array, rest @ ..] if array == b"[" => rest,
        _ => stack,
    };
    if inner.len() > DEEPEST || !inner.iter().all(is_ours) {
        Place::Foreign
    } else if broken {
        Place::Unknown
    } else {
        Place::Own
    }
}

/// The value at `from`, and where reading goes on.
fn value(line: &[u8], from: usize) -> (Value<'_>, usize) {
    match line.get(from) {
        Some(b'"') => match closing(line, from + 1) {
            None => (Value::Cut(&line[from + 1..]), line.len()),
            Some(end) if ends(line, end + 1, true) => (Value::Text(&line[from + 1..end]), end + 1),
            Some(end) => (Value::Other, end),
        },
        Some(b'{' | b'[') => (Value::Other, from + 1),
        _ => {
            let rest = line.get(from..).unwrap_or_default();
            let len = rest
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
                .count();
            // A number that the end of the line follows may have been longer.
            if len > 0 && ends(line, from + len, false) {
                (Value::Bare(&rest[..len]), from + len)
            } else {
                (Value::Other, from + len)
            }
        }
    }
}

/// Whether a value can end here.
fn ends(line: &[u8], at: usize, at_end: bool) -> bool {
    match line.get(blank(line, at)) {
        Some(byte) => b",}]".contains(byte),
        None => at_end,
    }
}

/// The offset of the first byte that is not whitespace.
fn blank(line: &[u8], from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// The quote that ends a string.
fn closing(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// A key as it is compared.
fn plain(key: &[u8]) -> Vec<u8> {
    key.iter()
        .filter(|byte| !b"-_.:".contains(byte))
        .map(u8::to_ascii_lowercase)
        .collect()
}

/// Decodes the escapes of JSON, and those of NGINX and Apache; what is none stays.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(first) = rest.first() {
        let code = |range: std::ops::Range<usize>| {
            let digits = rest.get(range)?;
            let hex = digits.iter().all(u8::is_ascii_hexdigit);
            let text = std::str::from_utf8(digits).ok().filter(|_| hex)?;
            u32::from_str_radix(text, 16).ok()
        };
        let unit = |at: usize| {
            let escaped = rest.get(at..at + 2) == Some(&b"\\u"[..]);
            escaped.then(|| code(at + 2..at + 6)).flatten()
        };
        let (character, used) = match rest {
            [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => (Some(u32::from(*byte)), 2),
            [b'\\', b'n', ..] => (Some(0x0a), 2),
            [b'\\', b'r', ..] => (Some(0x0d), 2),
            [b'\\', b't', ..] => (Some(0x09), 2),
            [b'\\', b'b', ..] => (Some(0x08), 2),
            [b'\\', b'f', ..] => (Some(0x0c), 2),
            [b'\\', b'x', ..] => match code(2..4).and_then(|code| u8::try_from(code).ok()) {
                Some(byte) => {
                    out.push(byte);
                    rest = &rest[4..];
                    continue;
                }
                None => (None, 1),
            },
            [b'\\', b'u', ..] => match (unit(0), unit(6)) {
                (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => (
                    Some(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)),
                    12,
                ),
                (Some(unit), _) => (Some(unit), 6),
                (None, _) => (None, 1),
            },
            _ => (None, 1),
        };
        if let Some(character) = character.and_then(char::from_u32) {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[used..];
        } else {
            out.push(*first);
            rest = &rest[1..];
        }
    }
    Cow::Owned(out)
}
