//! One scalar: its type by the core schema, and where it ends.

use super::Value;

/// Types a plain scalar by the core schema (YAML 1.2.2, section 10.3.2).
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    // Most scalars are words: settle those by one byte.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Value::String(text.to_owned());
    }
    number(text).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn number(text: &str) -> Option<Value> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Value::Int);
    let only =
        |digits: &str, ok: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|b| ok(&b));
    if let Some(digits) = text.strip_prefix("0o") {
        return only(digits, |b| (b'0'..=b'7').contains(b)).then(|| radix(digits, 8))?;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return only(digits, u8::is_ascii_hexdigit).then(|| radix(digits, 16))?;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if only(unsigned, u8::is_ascii_digit) {
        let whole = text.parse().map(Value::Int);
        return whole.ok().or_else(|| text.parse().ok().map(Value::Float));
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Some(Value::Float(sign * f64::INFINITY));
    }
    // `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let good = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent
            .is_none_or(|e| only(e.strip_prefix(['+', '-']).unwrap_or(e), u8::is_ascii_digit));
    good.then(|| text.parse().ok().map(Value::Float))?
}

/// Skips anchor, tag, whitespace and comments in front of a node's text.
///
/// Only called for nodes that have an anchor or a tag, because the parser's
/// position is that of the first of them.
pub(super) fn behind_properties(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut fresh = true; // a `#` opens a comment only after whitespace
    loop {
        match bytes.get(at) {
            Some(b'&' | b'!') if fresh => {
                let word = |b: &u8| {
                    !b.is_ascii_whitespace() && !matches!(b, b',' | b'[' | b']' | b'{' | b'}')
                };
                while bytes.get(at).is_some_and(word) {
                    at += 1;
                }
                fresh = false;
            }
            Some(b' ' | b'\t' | b'\r' | b'\n') => {
                at += 1;
                fresh = true;
            }
            Some(b'#') if fresh => {
                while bytes.get(at).is_some_and(|b| *b != b'\n') {
                    at += 1;
                }
            }
            _ => return at,
        }
    }
}

/// Where the quoted scalar that starts at `start` ends.
///
/// Found here because the parser's own end of a quoted scalar can lie after a
/// trailing comment. In single quotes only `''` is special (YAML 1.2.2, section
/// 7.3.2), in double quotes a backslash protects the next character (7.3.1).
pub(super) fn quoted_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote => {
                if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
                    at += 2;
                } else {
                    return Some(at + 1);
                }
            }
            _ => at += 1,
        }
    }
}

/// Where the sign of a block scalar is (`|` or `>`), from where its text begins.
///
/// The parser's own position is that of the text. Between the two stand blank lines at most
/// (YAML 1.2.2, section 8.1).
pub(super) fn block_sign(text: &str, begin: usize) -> Option<usize> {
    let mut line = text[..begin].rfind('\n')? + 1;
    loop {
        let end = line.checked_sub(1)?;
        line = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        let header = &text[line..end];
        if header.trim().is_empty() {
            continue;
        }
        let mut signs = header.match_indices(['|', '>']).map(|(at, _)| at);
        let sign = signs.find(|at| {
            let rest = header[at + 1..].trim_start_matches(|c| "+-0123456789".contains(c));
            let after = rest.trim_start();
            let ends = after.is_empty() || (after.len() < rest.len() && after.starts_with('#'));
            ends && (*at == 0 || header[..*at].ends_with([' ', '\t']))
        });
        return sign.map(|at| line + at);
    }
}

/// After the bracket that closes a flow collection, from the end of what is last in it: only
/// whitespace, commas and comments may stand between.
pub(super) fn closing_bracket(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b']' | b'}' => return Some(at + 1),
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
            b'#' if bytes[at - 1].is_ascii_whitespace() => {
                at += memchr::memchr(b'\n', &bytes[at..])?;
            }
            _ => return None,
        }
    }
}
