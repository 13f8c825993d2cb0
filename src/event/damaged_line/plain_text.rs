//! Parts of a damaged line of text: the request, the date, the status.

use crate::model::Method;

/// A method and a target in the middle of a line.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Offset of the method.
    pub(super) at: usize,
    /// `None` where the method may have lost its beginning.
    pub(super) method: Option<Method>,
    pub(super) target: Target<'a>,
    /// What follows the quote that ends the request.
    after: Option<&'a [u8]>,
}

/// A target, or the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) text: &'a [u8],
    pub(super) cut: bool,
}

impl<'a> Target<'a> {
    /// The target without the last segment, whose end is unknown.
    pub(super) fn cut(text: &'a [u8]) -> Option<Self> {
        let path = text.iter().position(|byte| b"?#".contains(byte));
        let path = &text[..path.unwrap_or(text.len())];
        let end = memchr::memrchr(b'/', path)? + 1;
        // The slashes of `https://` end no segment.
        let begins = match memchr::memmem::find(path, b"://") {
            Some(scheme) => end > scheme + 3,
            None => path.first() == Some(&b'/'),
        };
        begins.then_some(Self {
            text: &path[..end],
            cut: true,
        })
    }

    /// A target that the end of the line cut: its path is whole where a query has begun.
    pub(super) fn at_end(text: &'a [u8]) -> Option<Self> {
        match text.iter().position(|byte| b"?#".contains(byte)) {
            Some(end) => Self::whole(&text[..end]),
            None => Self::cut(text),
        }
    }

    /// A target between its borders; up to the first byte that none can hold.
    pub(super) fn whole(text: &'a [u8]) -> Option<Self> {
        let legal = legal(text);
        if legal < text.len() {
            return Self::cut(&text[..legal]);
        }
        is_target(text).then_some(Self { text, cut: false })
    }
}

/// RFC 9112 section 3: a target holds no space and no quote; nor other bytes that are
/// not printable ASCII.
fn legal(text: &[u8]) -> usize {
    text.iter()
        .take_while(|byte| byte.is_ascii_graphic() && **byte != b'"')
        .count()
}

fn is_target(text: &[u8]) -> bool {
    text.starts_with(b"/") || text.starts_with(b"http://") || text.starts_with(b"https://")
}

/// The first request in the text: a method, a space, and what looks like a target.
pub(super) fn request(line: &[u8]) -> Option<Request<'_>> {
    memchr::memchr_iter(b' ', line).find_map(|blank| {
        let target = line[blank..].trim_ascii_start();
        if !is_target(target) || line.get(blank + 1) == Some(&b' ') {
            return None;
        }
        let front = line[..blank].trim_ascii_end();
        let name = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b'-';
        let len = front.iter().rev().take_while(name).count();
        let (before, method) = front.split_at(front.len() - len);
        let bordered = before
            .last()
            .is_none_or(|byte| b" \t\"'`[({=:,|>;".contains(byte));
        let method = Some(Method::parse(method))
            .filter(|method| bordered && !matches!(method, Method::Other | Method::Any))?;
        let (target, after) = rest(target)?;
        Some(Request {
            at: before.len(),
            // `LOCK` may be the end of `UNLOCK`.
            method: (!before.is_empty()).then_some(method),
            target,
            after,
        })
    })
}

/// The target that the text begins with, and what follows the quote after the version.
fn rest(text: &[u8]) -> Option<(Target<'_>, Option<&[u8]>)> {
    let (target, rest) = text.split_at(legal(text));
    let version = rest.trim_ascii_start();
    if rest.is_empty() {
        return Some((Target::at_end(target)?, None));
    }
    if version.len() < rest.len() {
        if let Some(number) = version.strip_prefix(b"HTTP/") {
            let digits = number
                .iter()
                .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
                .count();
            return Some((Target::whole(target)?, number[digits..].strip_prefix(b"\"")));
        }
        if b"HTTP/".starts_with(version) {
            return Some((Target::whole(target)?, None));
        }
    }
    // HTTP/0.9 has no version.
    if let Some(after) = rest.strip_prefix(b"\"")
        && !target.ends_with(b"\\")
        && (after.is_empty() || code(after).is_some())
    {
        return Some((Target::whole(target)?, Some(after)));
    }
    Some((Target::cut(target)?, None))
}

impl Request<'_> {
    /// The status, when it is where it always is and nothing else can be meant.
    pub(super) fn status(&self) -> Option<u16> {
        let after = self.after?;
        // A quote that was written unescaped makes a second end of the request.
        let other = memchr::memmem::find_iter(after, b"HTTP/").any(|at| {
            let quote = memchr::memchr(b'"', &after[at..]);
            quote.is_some_and(|quote| code(&after[at + quote + 1..]).is_some())
        });
        if other { None } else { code(after) }
    }
}

/// The status after the quote that ends a request.
pub(super) fn code(after: &[u8]) -> Option<u16> {
    let [b' ', digits @ ..] = after else {
        return None;
    };
    let (digits, rest) = digits.split_at_checked(3)?;
    let ends = matches!(rest.first(), None | Some(b' '));
    let text = std::str::from_utf8(digits).ok().filter(|_| ends)?;
    let digits = digits.iter().all(u8::is_ascii_digit);
    let code: u16 = text.parse().ok().filter(|_| digits)?;
    (100..=599).contains(&code).then_some(code)
}

/// Offsets of the brackets that open a date: `[12/Oct/2026:`, `[2026-10-12`.
pub(super) fn dates(line: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'[', line).filter(|at| {
        let shape: Vec<u8> = line[at + 1..]
            .iter()
            .take(11)
            .map(|byte| match byte {
                b'0'..=b'9' => b'9',
                byte if byte.is_ascii_alphabetic() => b'a',
                other => *other,
            })
            .collect();
        shape.starts_with(b"99/aaa/9999") || shape.starts_with(b"9999-99-99")
    })
}

/// A line of NGINX's or Apache's error log, possibly after what a shipper wrote.
pub(super) fn is_error_log(line: &[u8]) -> bool {
    let head = memchr::memchr2(b'"', b'{', line).unwrap_or(line.len());
    let head = &line[..head];
    let shape: Vec<u8> = head
        .iter()
        .map(|byte| if byte.is_ascii_digit() { b'9' } else { *byte })
        .collect();
    // NGINX: `2026/01/02 03:04:05 [error] 12#0: ...`
    let nginx = memchr::memmem::find(&shape, b"9999/99/99 99:99:99 [")
        .is_some_and(|at| is_level(&head[at + 21..], b']'));
    // Apache: `[Fri Jan 02 12:00:00.880562 2026] [auth_basic:error] ...`
    let apache = memchr::memchr_iter(b'[', head).any(|at| {
        let stamp = &head[at + 1..];
        let end = memchr::memchr(b']', stamp).unwrap_or(0);
        let day = stamp.len() > 4 && stamp[..3].iter().all(u8::is_ascii_alphabetic);
        let year = shape[at + 1..at + 1 + end].ends_with(b" 9999");
        let module = stamp.get(end..).and_then(|rest| rest.strip_prefix(b"] ["));
        day && stamp[3] == b' '
            && year
            && module.is_some_and(|module| {
                let level = memchr::memchr(b':', module).map_or(0, |colon| colon + 1);
                is_level(module, b']') || is_level(&module[level..], b']')
            })
    });
    nginx || apache
}

/// A level of a log and what ends it; the end of the line may cut it.
fn is_level(text: &[u8], end: u8) -> bool {
    const LEVELS: [&[u8]; 9] = [
        b"debug", b"info", b"notice", b"warn", b"error", b"crit", b"alert", b"emerg", b"trace",
    ];
    LEVELS.iter().any(|level| match text.strip_prefix(*level) {
        // Apache numbers its traces.
        Some(rest) => {
            matches!(rest.first(), None | Some(b'0'..=b'9')) || rest.first() == Some(&end)
        }
        None => !text.is_empty() && level.starts_with(text),
    })
}
