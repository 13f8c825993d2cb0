//! JSON as an envelope: where a record ends, the members of an object, and the text of a string.

use std::ops::Range;

use crate::input::bytes::find_either;

/// Whether the text is JSON and something else than one record: a list or a part of one, or
/// records that follow each other.
pub(super) fn is_several(text: &[u8]) -> bool {
    match text.first() {
        Some(b'{') => record(text).is_some_and(|len| len < text.len()),
        Some(b'[' | b']' | b',') => matches!(text.get(between(text)), None | Some(b'{')),
        _ => false,
    }
}

/// How many bytes are between two records, or around them.
pub(super) fn between(text: &[u8]) -> usize {
    let is = |byte: &u8| matches!(byte, b'[' | b']' | b',' | b' ' | b'\t' | b'\r' | 0);
    text.iter().position(|byte| !is(byte)).unwrap_or(text.len())
}

/// The length of the record that the text begins with; `None` when it has no end, or is none.
///
/// A record that was cut off ends where the next one begins: outside of strings no JSON
/// has `}{`, and the strings of the next one would be read inside out.
pub(super) fn record(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => {
                let end = string(text, at)?;
                if is_seam(text, end) {
                    return Some(end - 1);
                }
                at = end;
            }
            b'{' => {
                if text[..at].ends_with(b"}") {
                    return Some(at);
                }
                depth += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Whether a quote that looks like the end of a string opens the first key of a record:
/// after the end of a string, neither a letter nor a digit can follow.
pub(super) fn is_seam(text: &[u8], quote: usize) -> bool {
    text[..quote].ends_with(b"}{")
        && matches!(text.get(quote + 1), Some(next) if next.is_ascii_alphanumeric() || matches!(next, b'_' | b'@'))
}

/// Offset of the quote that ends the string that begins at `open`.
fn string(text: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += find_either(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Shows the members of the object that begins at `at`: each key and the place of its value.
/// Where the object ends; `None` when it does not, or is none.
pub(super) fn members(
    text: &[u8],
    at: usize,
    see: &mut dyn FnMut(&[u8], Range<usize>),
) -> Option<usize> {
    if text.get(at)? != &b'{' {
        return None;
    }
    let mut at = at + 1 + space(&text[at + 1..]);
    if text.get(at)? == &b'}' {
        return Some(at + 1);
    }
    loop {
        at += space(text.get(at..)?);
        if text.get(at)? != &b'"' {
            return None;
        }
        let end = string(text, at)?;
        let key = &text[at + 1..end];
        at = end + 1 + space(&text[end + 1..]);
        if text.get(at)? != &b':' {
            return None;
        }
        at += 1;
        at += space(text.get(at..)?);
        let end = value(text, at)?;
        see(key, at..end);
        at = end + space(&text[end..]);
        match text.get(at)? {
            b',' => at += 1,
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Where the value that begins at `at` ends.
pub(super) fn value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => Some(string(text, at)? + 1),
        b'{' => Some(at + record(&text[at..])?),
        b'[' => {
            let (mut at, mut depth) = (at, 0_usize);
            loop {
                match text.get(at)? {
                    b'"' => at = string(text, at)?,
                    b'[' => depth += 1,
                    b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let len = text[at..]
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b' '))?;
            (len > 0).then_some(at + len)
        }
    }
}

pub(super) fn space(text: &[u8]) -> usize {
    text.iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// Decodes a string where it is; its new length, without the line end that closes it.
/// A line end inside would tear the record apart, so it becomes a space.
pub(super) fn unescape(text: &mut [u8]) -> usize {
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        if text[from] != b'\\' {
            text[to] = text[from];
            (from, to) = (from + 1, to + 1);
            continue;
        }
        let byte = match text.get(from + 1) {
            Some(b'n' | b'r') => Some(b' '),
            Some(b't') => Some(b'\t'),
            Some(b'b') => Some(8),
            Some(b'f') => Some(12),
            Some(other @ (b'"' | b'\\' | b'/')) => Some(*other),
            _ => None,
        };
        if let Some(byte) = byte {
            text[to] = byte;
            (from, to) = (from + 2, to + 1);
        } else if let Some((letter, used)) = unicode(&text[from..]) {
            let mut buffer = [0; 4];
            let letter = letter.encode_utf8(&mut buffer).as_bytes();
            text[to..to + letter.len()].copy_from_slice(letter);
            (from, to) = (from + used, to + letter.len());
        } else {
            text[to] = b'\\';
            (from, to) = (from + 1, to + 1);
        }
    }
    text[..to].trim_ascii_end().len()
}

/// The letter of `\u00e9` or of a surrogate pair, and how long it is written; half of a pair
/// is not a letter.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let half = |at: usize| {
        let digits = text.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = half(0)?;
    if let Some(letter) = char::from_u32(u32::from(first)) {
        return Some((letter, 6));
    }
    let pair = [first, half(6).unwrap_or(0)];
    match char::decode_utf16(pair).next()? {
        Ok(letter) => Some((letter, 12)),
        Err(_) => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}

/// Writes the bytes whose numbers are listed where the list is; how many there are. A list of
/// something else is left as it is.
pub(super) fn bytes(text: &mut [u8]) -> usize {
    let is_list = |text: &[u8]| {
        let mut all = text.split(|byte| *byte == b',');
        all.all(|number| number_of(number).is_some())
    };
    if !is_list(text) {
        return text.len();
    }
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        let end = memchr::memchr(b',', &text[from..]).map_or(text.len(), |len| from + len);
        let byte = number_of(&text[from..end]).unwrap_or(b'?');
        // A line end inside would tear the record apart.
        text[to] = if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            byte
        };
        (from, to) = (end + 1, to + 1);
    }
    text[..to].trim_ascii_end().len()
}

fn number_of(text: &[u8]) -> Option<u8> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}
