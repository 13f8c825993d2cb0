//! Envoy: `text_format` and `json_format` of an access log, as YAML or JSON.
//!
//! Source: Envoy documentation, "Access logging", "Command operators".

use super::directive;
use super::known::Known;
use super::{Token, Tokens, Var, wrong, yaml};
use crate::format::declared::Meaning;
use crate::format::mapping::layout::Class;
use crate::format::mapping::times::TimeForm;
use crate::format::mapping::{Answered, FIRST, SECOND, THIRD};

pub(super) fn tokens(given: &str) -> Result<(String, Tokens), String> {
    let text = yaml::format_of(given)?.trim_end_matches('\n').to_owned();
    let tokens = directive::after_percents(&text, |at, tokens| {
        let (end, known) = operator(&text, at)?;
        tokens.push(Token::Var(Var {
            name: text[at..end].to_owned(),
            at,
            known,
        }));
        Ok(end)
    })?;
    let tokens = Tokens {
        all: tokens,
        // Values are written as they are.
        quotes_escaped: false,
        repaired: false,
        answered: Answered::Envoy,
        messages: None,
    };
    Ok((text, tokens))
}

/// `%NAME(ARGUMENTS):LENGTH%`.
fn operator(text: &str, at: usize) -> Result<(usize, Known), String> {
    let rest = &text[at + 1..];
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
    let (name, mut after) = rest.split_at(end);
    let unclosed = || {
        wrong(
            text,
            at,
            "an operator is `%NAME%` or `%NAME(ARGUMENTS):LENGTH%`; a percent sign is `%%`",
        )
    };
    let mut arguments = "";
    if let Some(inside) = after.strip_prefix('(') {
        let mut depth = 1_usize;
        let close = inside.find(|c: char| {
            depth = match c {
                '(' => depth + 1,
                ')' => depth.saturating_sub(1),
                _ => depth,
            };
            depth == 0
        });
        let close = close.ok_or_else(unclosed)?;
        arguments = &inside[..close];
        after = &inside[close + 1..];
    }
    let mut longest = None;
    if let Some(inside) = after.strip_prefix(':') {
        let end = inside.find('%').ok_or_else(unclosed)?;
        longest = Some(inside[..end].parse().map_err(|_| unclosed())?);
        after = &inside[end..];
    }
    let after = after.strip_prefix('%').ok_or_else(unclosed)?;
    if name.is_empty() {
        return Err(unclosed());
    }
    let known = known(name, arguments).map_err(|why| wrong(text, at, &why))?;
    Ok((text.len() - after.len(), Known { longest, ..known }))
}

fn known(name: &str, arguments: &str) -> Result<Known, String> {
    Ok(match name {
        "START_TIME" => start(arguments)?,
        "REQ" => request(arguments),
        "PATH" => Known::of(Meaning::Target).rank(1),
        "PROTOCOL" | "UPSTREAM_PROTOCOL" => Known::word(),
        "RESPONSE_CODE" => Known::of(Meaning::Status),
        "RESPONSE_FLAGS" => Known::of(FIRST).class(Class::Word),
        "RESPONSE_CODE_DETAILS" => Known::of(SECOND),
        "UPSTREAM_HOST" => Known::of(THIRD).class(Class::Word),
        "BYTES_RECEIVED"
        | "BYTES_SENT"
        | "DURATION"
        | "RESPONSE_DURATION"
        | "RESPONSE_TX_DURATION"
        | "REQUEST_DURATION"
        | "CONNECTION_ID"
        | "UPSTREAM_REQUEST_ATTEMPT_COUNT" => Known::number(),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Known::of(Meaning::ClientIp).class(Class::Word),
        "DOWNSTREAM_REMOTE_ADDRESS" => Known::of(Meaning::ClientIp)
            .class(Class::Word)
            .rank(1)
            .part(r"^\[?(?<v>[^\]]*?)\]?:[0-9]+$"),
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" => {
            Known::of(Meaning::ClientIp).class(Class::Word).rank(2)
        }
        "STREAM_ID" | "REQUEST_ID" => Known::of(Meaning::RequestId).rank(1),
        "DOWNSTREAM_PEER_URI_SAN" => Known::of(Meaning::Client).rank(5),
        "DOWNSTREAM_PEER_SUBJECT" => Known::of(Meaning::Client).rank(6),
        "DOWNSTREAM_PEER_SERIAL" => Known::of(Meaning::Serial).class(Class::Word),
        // `envoy.filters.http.jwt_authn:payload:azp`.
        "DYNAMIC_METADATA" if arguments.contains("jwt_authn") => {
            Known::claim(arguments.rsplit(':').next().unwrap_or_default())
        }
        _ => Known::skipped(),
    })
}

fn start(arguments: &str) -> Result<Known, String> {
    if arguments.is_empty() {
        return Ok(Known::time(TimeForm::Rfc3339, 0));
    }
    if matches!(arguments, "%s" | "%s.%3f" | "%s.%6f" | "%s.%9f" | "%s%3f") {
        return Ok(Known::time(TimeForm::Epoch, 0));
    }
    TimeForm::parse(&arguments.replace("%f", "%9f")).map(|form| Known::time(form, 0))
}

/// A header, or another one where it is missing: `X-ENVOY-ORIGINAL-PATH?:PATH`.
fn request(arguments: &str) -> Known {
    let names = arguments.to_ascii_lowercase();
    let mut names = names.split('?');
    let first = names.next().unwrap_or_default();
    let last = names.next_back().unwrap_or(first);
    match (first, last) {
        (_, ":path") => Known::of(Meaning::Target),
        ("x-envoy-original-path", _) => Known::of(Meaning::Target).rank(0),
        (":method", _) => Known::of(Meaning::Method).class(Class::Word),
        (":authority" | "host", _) => Known::of(Meaning::Host),
        ("x-forwarded-for" | ":scheme" | "x-forwarded-proto", _) => Known::skipped(),
        (name, _) => Known::header(name),
    }
}
