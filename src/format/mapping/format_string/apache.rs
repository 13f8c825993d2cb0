//! Apache httpd: `LogFormat "%h %l %u %t \"%r\" %>s %b" common`.
//!
//! Source: Apache documentation, `mod_log_config`, `mod_logio`, `mod_ssl`; `mod_auth_openidc`
//! for the claims in the environment.

use super::directive;
use super::known::Known;
use super::{Token, Tokens, Var, wrong};
use crate::format::declared::Meaning;
use crate::format::mapping::Answered;
use crate::format::mapping::field::Unescape;
use crate::format::mapping::layout::Class;
use crate::format::mapping::times::TimeForm;

pub(super) fn tokens(given: &str) -> Result<(String, Tokens), String> {
    let text = directive::apache(given)?;
    let tokens = directive::after_percents(&text, |at, tokens| {
        if let Some(rest) = text[at..].strip_prefix("%U%q") {
            let end = text.len() - rest.len();
            tokens.push(variable(&text[at..end], at, Known::of(Meaning::Path)));
            return Ok(end);
        }
        let (end, name, kind) = directive_at(&text, at)?;
        if kind == "t" {
            let (end, known) = time(&text, at, end, name)?;
            // Its brackets are fixed text, which no name of a user can hold unseen.
            let (open, closed) = if name.is_none() { ("[", "]") } else { ("", "") };
            directive::push(tokens, open);
            tokens.push(variable(&text[at..end], at, known));
            directive::push(tokens, closed);
            return Ok(end);
        }
        tokens.push(variable(&text[at..end], at, known(name, kind)));
        Ok(end)
    })?;
    let tokens = Tokens {
        all: tokens,
        quotes_escaped: true,
        repaired: true,
        answered: Answered::Upstream,
        messages: None,
    };
    Ok((text, tokens))
}

fn variable(name: &str, at: usize, known: Known) -> Token {
    Token::Var(Var {
        name: name.to_owned(),
        at,
        known: known.unescape(Unescape::Backslash),
    })
}

/// `%!200,304>{name}i`: where it ends, its name and its letters.
fn directive_at(text: &str, at: usize) -> Result<(usize, Option<&str>, &str), String> {
    let rest = &text[at + 1..];
    let modifier = |c: char| c.is_ascii_digit() || matches!(c, '!' | ',' | '<' | '>');
    let mut body = rest.trim_start_matches(modifier);
    let mut name = None;
    if let Some(inside) = body.strip_prefix('{') {
        let end = inside
            .find('}')
            .ok_or_else(|| wrong(text, at, "the name in `{` is not closed"))?;
        name = Some(&inside[..end]);
        body = inside[end + 1..].trim_start_matches(modifier);
    }
    let long = ["^FU", "^FB", "^ti", "^to"]
        .into_iter()
        .find(|own| body.starts_with(own));
    let len = match (long, body.chars().next()) {
        (Some(own), _) => own.len(),
        (None, Some(letter)) if letter.is_ascii_alphabetic() => 1,
        _ => {
            return Err(wrong(
                text,
                at,
                "a directive is `%h`, `%>s` or `%{name}i`; a percent sign is `%%`",
            ));
        }
    };
    let end = text.len() - body.len() + len;
    Ok((end, name, &body[..len]))
}

/// A time, with everything of it that follows: `%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t`.
fn time(
    text: &str,
    at: usize,
    mut end: usize,
    name: Option<&str>,
) -> Result<(usize, Known), String> {
    let Some(first) = name else {
        return Ok((end, Known::time(TimeForm::Clf, 2)));
    };
    let form = |name: &str| {
        let name = name
            .strip_prefix("begin:")
            .or_else(|| name.strip_prefix("end:"));
        name.map(str::to_owned)
    };
    let own = |name: &str| form(name).unwrap_or_else(|| name.to_owned());
    let mut pattern = sign(&own(first)).to_owned();
    loop {
        let rest = &text[end..];
        let len = rest.find('%').unwrap_or(rest.len());
        // Between the parts of one time is a point, a blank or nothing.
        if !matches!(&rest[..len], "" | "." | " " | "," | ":" | "T") {
            break;
        }
        let Ok((after, Some(name), "t")) = directive_at(text, end + len) else {
            break;
        };
        pattern.push_str(&rest[..len]);
        pattern.push_str(sign(&own(name)));
        end = after;
    }
    let known = match pattern.as_str() {
        "sec" => Known::time(TimeForm::Since(1), 3),
        "msec" => Known::time(TimeForm::Since(1_000), 0),
        "usec" => Known::time(TimeForm::Since(1_000_000), 0),
        "sec.%3f" | "sec.%6f" => Known::time(TimeForm::Epoch, 0),
        pattern => {
            let form = TimeForm::parse(pattern).map_err(|why| wrong(text, at, &why))?;
            Known::time(form, 1)
        }
    };
    Ok((end, known))
}

/// A part of a second has no sign of `strftime` in Apache.
fn sign(name: &str) -> &str {
    match name {
        "msec_frac" => "%3f",
        "usec_frac" => "%6f",
        name => name,
    }
}

fn known(name: Option<&str>, kind: &str) -> Known {
    match (kind, name) {
        ("h", _) => Known::of(Meaning::ClientIp).class(Class::Word).rank(1),
        ("a", None) => Known::of(Meaning::ClientIp).class(Class::Word),
        ("u", _) => Known::of(Meaning::Client).rank(9).basic(),
        ("r", _) => Known::of(Meaning::RequestLine),
        ("m", _) => Known::of(Meaning::Method).class(Class::Word),
        ("U", _) => Known::of(Meaning::Path),
        ("q", _) => Known::of(Meaning::Query),
        ("s", _) => Known::of(Meaning::Status),
        ("v" | "V", _) => Known::of(Meaning::Host).rank(u8::from(kind == "V")),
        ("L", _) => Known::of(Meaning::RequestId).rank(1),
        ("b" | "B" | "D" | "T" | "I" | "O" | "S" | "k" | "P" | "p" | "^FU" | "^FB", _) => {
            Known::number()
        }
        ("l" | "H" | "X" | "A" | "R", _) => Known::word(),
        ("i", Some(name)) => Known::header(&name.to_ascii_lowercase()),
        ("e", Some("UNIQUE_ID")) => Known::of(Meaning::RequestId),
        ("e", Some("REMOTE_USER")) => Known::of(Meaning::Client).rank(8).basic(),
        ("e", Some(name)) => {
            let claim = name
                .strip_prefix("OIDC_CLAIM_")
                .or_else(|| name.strip_prefix("OIDC_ACCESS_TOKEN_CLAIM_"));
            claim.map_or_else(Known::skipped, Known::claim)
        }
        ("x", Some("SSL_CLIENT_S_DN" | "SSL_CLIENT_S_DN_CN")) => Known::of(Meaning::Client).rank(5),
        ("x", Some("SSL_CLIENT_M_SERIAL")) => Known::of(Meaning::Serial),
        _ => Known::skipped(),
    }
}
