//! HAProxy: `log-format "%ci:%cp [%tr] %ft %b/%s ... %ST ... %{+Q}r"`.
//!
//! Source: HAProxy configuration manual, sections 8.2.6 (custom log format) and 8.6 (escapes).

use super::directive;
use super::known::Known;
use super::{Token, Tokens, Var, wrong};
use crate::format::declared::Meaning;
use crate::format::mapping::field::Unescape;
use crate::format::mapping::layout::Class;
use crate::format::mapping::times::TimeForm;
use crate::format::mapping::{Answered, FIRST, SECOND};

pub(super) fn tokens(given: &str) -> Result<(String, Tokens), String> {
    let text = directive::haproxy(given)?;
    let mut tokens = Vec::new();
    let (mut at, mut quoted_all) = (0, false);
    while let Some(len) = text[at..].find('%') {
        directive::push(&mut tokens, &text[at..at + len]);
        at += len;
        if text[at..].starts_with("%%") {
            directive::push(&mut tokens, "%");
            at += 2;
            continue;
        }
        let mut rest = &text[at + 1..];
        let mut quoted = quoted_all;
        if let Some(inside) = rest.strip_prefix('{') {
            let end = inside
                .find('}')
                .ok_or_else(|| wrong(&text, at, "the flags in `{` are not closed"))?;
            for flag in inside[..end].split(',') {
                quoted = match flag.trim() {
                    "+Q" => true,
                    "-Q" => false,
                    _ => quoted,
                };
            }
            rest = &inside[end + 1..];
        }
        let known = if let Some(inside) = rest.strip_prefix('[') {
            let end = close(inside)
                .ok_or_else(|| wrong(&text, at, "the expression in `[` is not closed"))?;
            rest = &inside[end + 1..];
            expression(&inside[..end]).unescape(Unescape::None)
        } else {
            let together = rest
                .strip_prefix("HP%HQ")
                .map(|rest| (Known::of(Meaning::Target), rest));
            let is_name = |c: char| c.is_ascii_alphabetic();
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(wrong(
                    &text,
                    at,
                    "a variable is `%ST`, `%{+Q}r` or `%[expression]`; a percent sign is `%%`",
                ));
            }
            let (known, after) = together.unwrap_or_else(|| (variable(name), after));
            let known = known.unescape(Unescape::Hash);
            rest = after;
            if name == "o" {
                // Flags of everything that follows.
                quoted_all = quoted;
                at = text.len() - rest.len();
                continue;
            }
            known
        };
        let end = text.len() - rest.len();
        let name = text[at..end].to_owned();
        if quoted {
            directive::push(&mut tokens, "\"");
        }
        tokens.push(Token::Var(Var { name, at, known }));
        if quoted {
            directive::push(&mut tokens, "\"");
        }
        at = end;
    }
    directive::push(&mut tokens, &text[at..]);
    let tokens = Tokens {
        all: tokens,
        // A quote in a value is `#22`.
        quotes_escaped: true,
        repaired: false,
        answered: Answered::Haproxy,
        messages: Some(crate::format::haproxy::is_message),
    };
    Ok((text, tokens))
}

/// Where the bracket is that closes an expression.
fn close(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    text.find(|c: char| {
        depth = match c {
            '[' => depth + 1,
            ']' => depth.saturating_sub(1),
            _ => depth,
        };
        depth == 0
    })
}

fn variable(name: &str) -> Known {
    match name {
        "ci" => Known::of(Meaning::ClientIp).class(Class::Word),
        "Ts" => Known::time(TimeForm::Since(1), 4),
        "tr" | "trg" | "trl" | "t" => Known::time(TimeForm::Clf, u8::from(name != "trg")),
        "T" | "Tl" => Known::time(TimeForm::Clf, 2),
        "HM" => Known::of(Meaning::Method).class(Class::Word),
        "HU" => Known::of(Meaning::Target),
        "HP" | "HPO" => Known::of(Meaning::Target).rank(if name == "HP" { 2 } else { 3 }),
        "HQ" => Known::of(Meaning::Query),
        "r" => Known::of(Meaning::RequestLine),
        "ST" => Known::of(Meaning::Status),
        "ts" | "tsc" => Known::of(FIRST).class(Class::Word),
        "s" => Known::of(SECOND).class(Class::Word),
        "ID" => Known::of(Meaning::RequestId),
        "f" | "ft" | "b" | "H" | "HV" | "sslc" | "sslv" | "cp" | "B" | "U" | "ac" | "fc" | "bc"
        | "sc" | "rc" | "sq" | "bq" | "fp" | "bp" | "sp" | "si" | "bi" | "fi" | "lc" | "ms"
        | "pid" | "rt" | "Ta" | "Tc" | "Td" | "Th" | "Ti" | "Tq" | "TR" | "Tr" | "Tt" | "Tu"
        | "Tw" => Known::word(),
        _ => Known::skipped(),
    }
}

/// A sample expression: `var(txn.azp),json(utf8s)`.
fn expression(text: &str) -> Known {
    let first = text.split(',').next().unwrap_or_default().trim();
    match first {
        "capture.req.method" | "method" => Known::of(Meaning::Method).class(Class::Word),
        "capture.req.uri" => Known::of(Meaning::Target).rank(1),
        "url" | "pathq" => Known::of(Meaning::Target).rank(2),
        "path" => Known::of(Meaning::Target).rank(4),
        "query" => Known::of(Meaning::Query),
        "status" | "txn.status" => Known::of(Meaning::Status),
        "src" => Known::of(Meaning::ClientIp).class(Class::Word),
        "unique-id" => Known::of(Meaning::RequestId),
        "ssl_c_s_dn" | "ssl_c_s_dn(cn)" | "ssl_c_s_dn(CN)" => Known::of(Meaning::Client).rank(5),
        "ssl_c_serial" => Known::of(Meaning::Serial),
        "date" => Known::time(TimeForm::Epoch, 3),
        _ => {
            let inside = |function: &str| {
                let inner = first.strip_prefix(function)?.strip_prefix('(')?;
                inner.strip_suffix(')')
            };
            if let Some(variable) = inside("var") {
                return Known::claim(variable.rsplit(['.', '_']).next().unwrap_or_default());
            }
            let header = ["req.hdr", "req.fhdr", "hdr", "capture.req.hdr"];
            if let Some(name) = header.iter().find_map(|function| inside(function)) {
                return Known::header(&name.to_ascii_lowercase());
            }
            if inside("date").is_some() && text.contains("ms") {
                return Known::time(TimeForm::Epoch, 3);
            }
            Known::skipped()
        }
    }
}
