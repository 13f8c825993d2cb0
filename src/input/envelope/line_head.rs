//! Heads in front of a line: RFC 5424 and RFC 3164 with and without a priority, the
//! timestamps of container runtimes, the name of a service or a pod.

use std::net::IpAddr;

/// Words between a timestamp and the text: host, tag and process.
const WORDS: usize = 4;

/// Begins the colours of a terminal.
const ESCAPE: u8 = 0x1b;

/// The length of the head; 0 when there is none, or nothing but a head.
pub(super) fn length(text: &[u8]) -> usize {
    // Most lines begin with an address or with JSON.
    let begins = |first: &u8| first.is_ascii_alphanumeric() || [b'<', b'[', ESCAPE].contains(first);
    if !text.first().is_some_and(begins) {
        return 0;
    }
    find(text)
        .map(<[u8]>::trim_ascii_start)
        .filter(|rest| !rest.is_empty())
        .map_or(0, |rest| text.len() - rest.len())
}

/// What follows the head.
fn find(text: &[u8]) -> Option<&[u8]> {
    if let Some(after) = priority(text) {
        return version_1(after)
            .or_else(|| stamped(after))
            .or_else(|| tagged(after))
            .or(Some(after));
    }
    version_1(text)
        .or_else(|| stamped(text))
        .or_else(|| service(text))
        .or_else(|| pod(text))
        .or_else(|| seconds(text))
        .or_else(|| named(text))
}

/// What follows `<14>`, also after the count of octets that RFC 6587 puts in front of it.
fn priority(text: &[u8]) -> Option<&[u8]> {
    let text = match word(text) {
        (count, rest) if !count.is_empty() && count.iter().all(u8::is_ascii_digit) => rest,
        _ => text,
    };
    let digits = text.strip_prefix(b"<")?;
    let len = digits.iter().take(4).position(|byte| *byte == b'>')?;
    let (number, rest) = digits.split_at(len);
    (len > 0 && number.iter().all(u8::is_ascii_digit)).then(|| rest[1..].trim_ascii_start())
}

/// What follows a head of RFC 5424: `1 TIME HOST APP PROCESS MESSAGE [data] `.
fn version_1(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"1 ")?;
    let (time, mut rest) = word(rest);
    if time != b"-" && !iso(time)?.is_empty() {
        return None;
    }
    for _ in 0..4 {
        let (field, more) = word(rest);
        if field.is_empty() {
            return None;
        }
        rest = more;
    }
    if let Some(rest) = rest.strip_prefix(b"-") {
        return Some(without_mark(rest.trim_ascii_start()));
    }
    while rest.first() == Some(&b'[') {
        let (mut at, mut quoted) = (1, false);
        loop {
            match rest.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        rest = &rest[at + 1..];
        // Elements follow each other without a space.
        if rest.first() != Some(&b'[') {
            return Some(without_mark(rest.trim_ascii_start()));
        }
    }
    None
}

/// RFC 5424 puts a byte order mark in front of UTF-8.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// What follows a timestamp, and the words that go with it.
fn stamped(text: &[u8]) -> Option<&[u8]> {
    let rest = iso(text).or_else(|| month(text))?;
    if !matches!(rest.first(), Some(b' ' | b'\t')) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    // Kubernetes' container runtime interface: `TIME stdout F TEXT`. A part (`P`) is no record.
    if let (b"stdout" | b"stderr", more) = word(rest) {
        match word(more) {
            ([b'F', ..], more) => return Some(more),
            ([b'P', ..], _) => return None,
            _ => {}
        }
    }
    Some(
        labels(rest)
            .or_else(|| stream(rest))
            .or_else(|| tagged(rest))
            .unwrap_or(rest),
    )
}

/// What follows `{app="shop",pod="shop-7"} `, as logcli writes it after the time.
fn labels(text: &[u8]) -> Option<&[u8]> {
    let inside = text.strip_prefix(b"{")?;
    if let Some(rest) = inside.strip_prefix(b"} ") {
        return Some(rest);
    }
    let name = inside
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
    if name == 0 || !inside[name..].starts_with(b"=\"") {
        return None;
    }
    let (mut at, mut quoted) = (name, false);
    loop {
        match inside.get(at)? {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return inside[at + 1..].strip_prefix(b" "),
            _ => {}
        }
        at += 1;
    }
}

/// What follows the name of a stream, `shop/nginx/0f1e2d `, as `aws logs tail` writes it: what
/// has an address or JSON after it.
fn stream(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = word(text);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./#$[]".contains(byte);
    let starts = matches!(name.first(), Some(first) if first.is_ascii_alphanumeric());
    let fits = starts && name.contains(&b'/') && name.iter().all(plain);
    (fits && (is_json(rest) || begins_with_address(rest))).then_some(rest)
}

/// What follows `1767355200.117 HOST TAG[PROCESS]: ` (`journalctl -o short-unix`).
fn seconds(text: &[u8]) -> Option<&[u8]> {
    let (stamp, rest) = word(text);
    let dot = stamp.iter().position(|byte| *byte == b'.')?;
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if dot != 10 || !digits(&stamp[..dot]) || !digits(&stamp[dot + 1..]) || is_json(rest) {
        return None;
    }
    tagged(rest)
}

/// What follows `HOST TAG: ` or `TAG: ` alone, where an address or JSON comes next.
fn named(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    for _ in 0..2 {
        let (name, more) = word(rest);
        let (name, ends) = match name {
            [name @ .., b':'] => (name, true),
            _ => (name, false),
        };
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.[]".contains(byte);
        let starts = matches!(name.first(), Some(first) if first.is_ascii_alphabetic());
        if !starts || !name.iter().all(plain) {
            return None;
        }
        if ends {
            return (is_json(more) || begins_with_address(more)).then_some(more);
        }
        rest = more;
    }
    None
}

fn begins_with_address(text: &[u8]) -> bool {
    std::str::from_utf8(word(text).0).is_ok_and(|first| first.parse::<IpAddr>().is_ok())
}

/// What follows `HOST TAG[PROCESS]: `, or words in front of JSON. Of a line that has neither
/// nobody knows where the text begins; an address or a dash is part of it.
fn tagged(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    for number in 0..=WORDS {
        if is_json(rest) {
            return Some(rest);
        }
        let (first, more) = word(rest);
        let address =
            || std::str::from_utf8(first).is_ok_and(|first| first.parse::<IpAddr>().is_ok());
        // In place of the host, and nowhere else, a dash is part of the head.
        let dash = first == b"-";
        if matches!(first, b"" | [b'"' | b'[' | b'(', ..])
            || (dash && number > 0)
            || ((dash || address()) && !goes_on(more))
        {
            return None;
        }
        rest = more;
        if first.ends_with(b":") {
            return Some(
                rest.strip_prefix(b"@cee:")
                    .unwrap_or(rest)
                    .trim_ascii_start(),
            );
        }
    }
    None
}

/// After the address of a host, or a dash for it, a tag or JSON follows at once; after a
/// client's address not.
fn goes_on(rest: &[u8]) -> bool {
    is_json(rest) || word(rest).0.ends_with(b":")
}

fn is_json(text: &[u8]) -> bool {
    match text {
        [b'[', rest @ ..] => rest.trim_ascii_start().first() == Some(&b'{'),
        _ => text.first() == Some(&b'{'),
    }
}

/// What follows `2026-01-02T12:00:00.117+01:00`; fraction and zone may be missing.
fn iso(text: &[u8]) -> Option<&[u8]> {
    let mut rest = fits(text, b"0000-00-00T00:00:00")?;
    if let [b'.' | b',', more @ ..] = rest {
        rest = after_digits(more);
    }
    Some(match rest {
        [b'Z' | b'z', more @ ..] => more,
        [b'+' | b'-', a, b, b':', c, d, more @ ..] | [b'+' | b'-', a, b, c, d, more @ ..]
            if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) =>
        {
            more
        }
        _ => rest,
    })
}

/// What follows `Jan  2 12:00:00`, with a year or a fraction that some add.
fn month(text: &[u8]) -> Option<&[u8]> {
    let (name, mut rest) = word(text);
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    if !months.iter().any(|month| month.as_bytes() == name) {
        return None;
    }
    let digits = |text: &[u8], most: usize| {
        (1..=most).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
    };
    let (day, more) = word(rest);
    if !digits(day, 2) {
        return None;
    }
    rest = more;
    let (year, more) = word(rest);
    if year.len() == 4 && digits(year, 4) {
        rest = more;
    }
    let rest = fits(rest, b"00:00:00")?;
    Some(rest.strip_prefix(b".").map_or(rest, after_digits))
}

/// What follows a string of this form: `0` is a digit, `T` is itself or a space.
fn fits<'a>(text: &'a [u8], form: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(form.len())?;
    let fits = start.iter().zip(form).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        _ => byte == form,
    });
    fits.then_some(rest)
}

/// What follows `gateway-1  | `, as Docker Compose writes it.
fn service(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = word(without_colour(text));
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(byte);
    let rest = rest.strip_prefix(b"|")?;
    let rest = without_colour(rest.strip_prefix(b" ").unwrap_or(rest));
    let text = rest.strip_prefix(b" ").unwrap_or(rest);
    (!name.is_empty() && name.iter().all(plain)).then_some(text)
}

/// The text without the colour of a terminal that comes first: `ESC [ 36 m`.
fn without_colour(text: &[u8]) -> &[u8] {
    let Some(codes) = text.strip_prefix(&[ESCAPE, b'[']) else {
        return text;
    };
    let len = codes
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
        .count();
    codes[len..].strip_prefix(b"m").unwrap_or(text)
}

/// What follows `[pod/NAME/CONTAINER] `, as `kubectl logs --prefix` writes it.
fn pod(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = word(text.strip_prefix(b"[pod/")?);
    name.ends_with(b"]").then_some(rest)
}

fn after_digits(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    &text[len..]
}

/// The text up to the first space, and what follows the whitespace.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| matches!(byte, b' ' | b'\t')) {
        Some(at) => (&text[..at], text[at..].trim_ascii_start()),
        None => (text, &[]),
    }
}
