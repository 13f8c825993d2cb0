//! A request path as tokens, and how a template's segments are laid on them.

use crate::catalog::matcher::canonical;
use crate::catalog::matcher::template::{Part, Segment, fits};
use crate::event::mask::MASK;

use super::base::version;

/// Tokens of one path; what comes after them counts as unknown. A position is a bit.
const MOST: usize = 63;

/// After one of these a word goes on: `orders.json`, `p:cancel`, `orders(7)`, `orders;v=1`.
const MARKS: &[u8] = b".:(;,@";

/// File types in which a resource is offered.
const FORMATS: [&[u8]; 14] = [
    b"json", b"xml", b"csv", b"html", b"htm", b"yaml", b"yml", b"txt", b"pdf", b"atom", b"rss",
    b"ics", b"xlsx", b"zip",
];

/// One segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// These bytes, in lower case.
    Word(Vec<u8>),
    /// What looked like an id.
    Id,
    /// Any segment: it is hidden, or a parameter of another template.
    Any,
    /// The path was cut within this segment.
    Start(Vec<u8>),
    /// Nothing more is known; last.
    Rest,
}

impl Token {
    pub(super) fn word(&self) -> Option<&[u8]> {
        match self {
            Self::Word(text) => Some(text),
            _ => None,
        }
    }
}

/// A path as it is, and as it is after all its escapes are decoded, where that differs.
pub(super) fn readings(path: &str, cut: bool) -> Vec<Vec<Token>> {
    let mut all = vec![tokens(path.as_bytes(), cut)];
    if path.contains(['%', '\\']) {
        let decoded = tokens(&unescaped(path), cut);
        if !all.contains(&decoded) {
            all.push(decoded);
        }
    }
    all
}

fn tokens(path: &[u8], cut: bool) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut segments = path.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        if tokens.len() == MOST - 1 {
            tokens.push(Token::Rest);
            return tokens;
        }
        let last = segments.peek().is_none();
        let matrix = memchr::memchr(b';', segment).unwrap_or(segment.len());
        match &segment[..matrix] {
            b"" | b"." => {}
            b".." => {
                tokens.pop();
            }
            b"{}" => tokens.push(Token::Id),
            text if text == MASK.as_bytes() => tokens.push(Token::Any),
            b"**" if last => {
                tokens.push(Token::Rest);
                return tokens;
            }
            text => {
                let text = canonical(text).to_ascii_lowercase();
                tokens.push(if cut && last {
                    Token::Start(text)
                } else {
                    Token::Word(text)
                });
            }
        }
    }
    if cut {
        tokens.push(Token::Rest);
    }
    tokens
}

/// Decoded until nothing changes, as a chain of proxies may do; `\` is a separator, and a
/// query ends the path.
fn unescaped(path: &str) -> Vec<u8> {
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..3 {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let digits = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
            let code = digits
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .filter(|digits| !digits.starts_with('+'))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            out.push(code.unwrap_or(*byte));
            at += if code.is_some() { 3 } else { 1 };
        }
        if out == bytes {
            break;
        }
        bytes = out;
    }
    let end = bytes.iter().position(|byte| matches!(byte, b'?' | b'#'));
    bytes.truncate(end.unwrap_or(bytes.len()));
    for byte in &mut bytes {
        if *byte == b'\\' {
            *byte = b'/';
        }
    }
    bytes
}

/// The beginnings of a word at which it may end for a template, and the word itself.
pub(super) fn stems(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = (1..word.len()).filter(|at| MARKS.contains(&word[*at]));
    ends.chain([word.len()]).map(|end| &word[..end])
}

/// The verbs in a word: `:cancel` of `7:cancel.json`.
pub(super) fn verbs(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = (1..word.len()).filter(|at| word[*at] == b':');
    starts.map(|start| {
        let end = (start + 1..word.len()).find(|at| MARKS.contains(&word[*at]));
        &word[start..end.unwrap_or(word.len())]
    })
}

/// The verb of a mixed segment: `:cancel` of `{id}:cancel`.
pub(super) fn verb(parts: &[Part]) -> Option<&[u8]> {
    match parts.last()? {
        Part::Literal(text) if text.starts_with(b":") => {
            let plain = !text[1..].iter().any(|byte| MARKS.contains(byte));
            plain.then_some(text)
        }
        _ => None,
    }
}

/// A word of a template without its format: `update` of `update.json`.
pub(super) fn without_format(text: &[u8]) -> Option<&[u8]> {
    let dot = memchr::memrchr(b'.', text).filter(|dot| *dot > 0)?;
    FORMATS.contains(&&text[dot + 1..]).then(|| &text[..dot])
}

/// Whether the literals of a mixed segment say something: `:cancel` does, `.json` does not.
pub(super) fn speaks(parts: &[Part]) -> bool {
    !only_format(parts)
        && parts.iter().any(|part| match part {
            Part::Literal(text) => {
                text.iter()
                    .filter(|byte| byte.is_ascii_alphabetic())
                    .count()
                    > 2
            }
            Part::Parameter => false,
        })
}

fn only_format(parts: &[Part]) -> bool {
    matches!(parts, [Part::Parameter, Part::Literal(text)]
        if text.strip_prefix(b".").is_some_and(|end| FORMATS.contains(&end)))
}

/// Whether a segment of a template fits a token, and then whether a word agrees.
fn agrees(segment: &Segment, token: &Token, last: bool) -> Option<bool> {
    let goes_on = |word: &[u8], stem: &[u8]| {
        !stem.is_empty()
            && word.starts_with(stem)
            && word.get(stem.len()).is_none_or(|byte| MARKS.contains(byte))
    };
    match (segment, token) {
        (_, Token::Rest) | (Segment::Many | Segment::Tail(_), _) => None,
        (Segment::Parameter, _)
        | (Segment::Literal(_), Token::Any)
        | (Segment::Mixed(_), Token::Id | Token::Any | Token::Start(_)) => Some(false),
        (Segment::Literal(literal), Token::Word(word)) => {
            let bare = without_format(literal).filter(|_| last);
            let same = goes_on(word, literal) || bare.is_some_and(|bare| goes_on(word, bare));
            same.then_some(true)
        }
        (Segment::Literal(literal), Token::Id) => is_id(literal).then_some(false),
        (Segment::Literal(literal), Token::Start(start)) => {
            // Of one or two letters nothing is said.
            (literal.starts_with(start) || goes_on(start, literal)).then_some(start.len() > 2)
        }
        (Segment::Mixed(parts), Token::Word(word)) => {
            if stems(word).any(|stem| fits(parts, stem)) {
                Some(speaks(parts))
            } else {
                (last && only_format(parts)).then_some(false)
            }
        }
    }
}

/// Where a template ends on a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Laid {
    /// At the end of the path, or where it becomes unknown.
    pub(super) whole: bool,
    /// The same, and a word of the template was in the path.
    pub(super) whole_word: bool,
    /// Somewhere in the path, and a word of the template was in it.
    pub(super) part_word: bool,
}

/// Lays a template on a path from each position of `starts` on (bit n: before token n).
/// A version in the path may be passed over; a tail may be empty.
pub(super) fn lay(template: &[Segment], path: &[Token], starts: u64) -> Laid {
    let versions = path.iter().enumerate();
    let versions = versions.filter(|(_, token)| token.word().is_some_and(version));
    walk(
        template,
        path,
        starts,
        versions.fold(0, |all, (at, _)| all | 1 << at),
    )
}

/// Whether a path that begins with `path` may fit the template as it is.
pub(super) fn begins(template: &[Segment], path: &[Token]) -> bool {
    walk(template, path, 1, 0).whole
}

/// `skipped` are the tokens that may be passed over.
fn walk(template: &[Segment], path: &[Token], starts: u64, skipped: u64) -> Laid {
    let past = |mut at: u64| {
        let mut left = skipped;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            if at & bit != 0 {
                at |= bit << 1;
            }
            left ^= bit;
        }
        at
    };
    let end = if path.last() == Some(&Token::Rest) {
        1_u64 << (path.len() - 1)
    } else {
        0
    };
    let all = u64::MAX >> (MOST - path.len());
    let mut found = Laid::default();
    let (mut at, mut worded) = (past(starts), 0_u64);
    for (index, segment) in template.iter().enumerate() {
        // What is left of the template may lie in the part that is not known.
        found.whole |= at & end != 0;
        found.whole_word |= worded & end != 0;
        let (mut next, mut next_worded) = (0_u64, 0_u64);
        if matches!(segment, Segment::Many | Segment::Tail(_)) {
            let from = |at: u64| {
                if at == 0 {
                    0
                } else {
                    all & (u64::MAX << at.trailing_zeros())
                }
            };
            (next, next_worded) = (from(at), from(worded));
        } else {
            for (place, token) in path.iter().enumerate() {
                if at >> place & 1 == 0 {
                    continue;
                }
                if let Some(word) = agrees(segment, token, index + 1 == template.len()) {
                    next |= 1 << (place + 1);
                    next_worded |= (u64::from(word) | worded >> place & 1) << (place + 1);
                }
            }
        }
        (at, worded) = (past(next), past(next_worded));
        if at == 0 {
            return found;
        }
    }
    let end = end | 1 << path.len();
    found.whole |= at & end != 0;
    found.whole_word |= worded & end != 0;
    found.part_word = found.whole_word || worded != 0;
    found
}

/// Whether a segment of an unmatched path is shown as `{}`.
pub fn is_id(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|byte| byte.is_ascii_digit()).count();
    let hex = segment
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let version = segment.first() == Some(&b'v') && segment.len() <= 3;
    if version || segment.is_empty() {
        return false;
    }
    digits == segment.len()
        || (hex && digits > 0 && segment.len() >= 8)
        || segment.len() > 40
        || digits >= 4
}
