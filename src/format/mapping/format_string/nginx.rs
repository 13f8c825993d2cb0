//! NGINX: `log_format name escape=json '...' '...';`.
//!
//! Source: nginx.org, `ngx_http_log_module`, `ngx_http_core_module` and the modules of the
//! variables (`auth_jwt`, `ssl`, `upstream`).

use super::directive;
use super::known::Known;
use super::{Token, Tokens, Var, wrong};
use crate::format::declared::Meaning;
use crate::format::mapping::Answered;
use crate::format::mapping::field::Unescape;
use crate::format::mapping::layout::Class;
use crate::format::mapping::times::TimeForm;

/// Variables that stand together as one value.
const TOGETHER: [&str; 6] = [
    "$uri$is_args$args",
    "$document_uri$is_args$args",
    "$host$request_uri",
    "$http_host$request_uri",
    "$server_name$request_uri",
    "$host:$server_port$request_uri",
];

/// How values are escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    Default,
    Json,
    None,
}

pub(super) fn tokens(given: &str) -> Result<(String, Tokens), String> {
    let (escape, text) = directive::nginx(given)?;
    let escape = match escape.as_deref() {
        None | Some("default") => Escape::Default,
        Some("json") => Escape::Json,
        Some("none") => Escape::None,
        Some(other) => {
            return Err(format!(
                "`escape={other}`: there are default, json and none"
            ));
        }
    };
    let mut tokens = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        directive::push(&mut tokens, &rest[..at]);
        rest = &rest[at..];
        let from = text.len() - rest.len();
        let together = TOGETHER.iter().find(|own| rest.starts_with(**own));
        let longer = |own: &&str| {
            rest[own.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        };
        if let Some(own) = together.filter(|own| !longer(own)) {
            let known = if own.ends_with("$args") {
                Known::of(Meaning::Path)
            } else {
                Known::of(Meaning::Target).rank(1).part("/.*")
            };
            tokens.push(variable(own, from, known, escape));
            rest = &rest[own.len()..];
            continue;
        }
        let braced = rest.starts_with("${");
        let body = &rest[if braced { 2 } else { 1 }..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = body.find(|c: char| !is_name(c)).unwrap_or(body.len());
        let name = &body[..end];
        if name.is_empty() || braced && !body[end..].starts_with('}') {
            return Err(wrong(&text, from, "a variable is `$name` or `${name}`"));
        }
        let used = if braced { end + 3 } else { end + 1 };
        tokens.push(variable(&rest[..used], from, known(name), escape));
        rest = &rest[used..];
    }
    directive::push(&mut tokens, rest);
    let tokens = Tokens {
        all: tokens,
        quotes_escaped: escape != Escape::None,
        repaired: true,
        answered: Answered::UpstreamOrOwn,
        messages: None,
    };
    Ok((text, tokens))
}

fn variable(name: &str, at: usize, known: Known, escape: Escape) -> Token {
    // In JSON the reader of JSON decodes; see `Written`.
    let unescape = match escape {
        Escape::Default => Unescape::Backslash,
        Escape::Json => Unescape::Json,
        Escape::None => Unescape::None,
    };
    Token::Var(Var {
        name: name.to_owned(),
        at,
        known: known.unescape(unescape),
    })
}

fn known(name: &str) -> Known {
    let list = || Known::skipped().class(Class::List);
    match name {
        "remote_addr" | "realip_remote_addr" | "proxy_protocol_addr" => {
            let rank = u8::from(name != "remote_addr");
            Known::of(Meaning::ClientIp).class(Class::Word).rank(rank)
        }
        "remote_user" => Known::of(Meaning::Client).rank(9).basic(),
        "msec" => Known::time(TimeForm::Epoch, 0),
        "time_iso8601" => Known::time(TimeForm::Rfc3339, 1),
        "time_local" => Known::time(TimeForm::Clf, 2),
        "request" => Known::of(Meaning::RequestLine),
        "request_method" => Known::of(Meaning::Method).class(Class::Word),
        "request_uri" => Known {
            shape: "/.*?",
            ..Known::of(Meaning::Target)
        },
        "uri" | "document_uri" => Known::of(Meaning::Path),
        "args" | "query_string" => Known::of(Meaning::Query),
        "status" => Known::of(Meaning::Status),
        "upstream_status" => Known::of(Meaning::UpstreamStatus),
        "host" => Known::of(Meaning::Host),
        "http_host" => Known::of(Meaning::Host).rank(1),
        "server_name" => Known::of(Meaning::Host).rank(2),
        "request_id" | "req_id" => Known::of(Meaning::RequestId).class(Class::Word),
        "ssl_client_s_dn" | "ssl_client_s_dn_legacy" => Known::of(Meaning::Client).rank(5),
        "ssl_client_serial" => Known::of(Meaning::Serial).class(Class::Word),
        // Set by `auth_request_set` from the answer of the service that checks tokens.
        "azp" | "client_id" | "consumer" | "consumer_name" => Known::of(Meaning::Client).rank(3),
        "scope" | "scp" | "jti" => Known::claim(name),
        "body_bytes_sent"
        | "bytes_sent"
        | "request_length"
        | "request_time"
        | "connection"
        | "connection_requests"
        | "remote_port"
        | "server_port"
        | "pid"
        | "connection_time" => Known::number(),
        "upstream_addr"
        | "upstream_response_time"
        | "upstream_response_length"
        | "upstream_connect_time"
        | "upstream_header_time"
        | "upstream_bytes_received"
        | "upstream_bytes_sent" => list(),
        "scheme" | "server_protocol" | "pipe" | "ssl_protocol" | "ssl_cipher" | "server_addr" => {
            Known::word()
        }
        _ => {
            if let Some(claim) = name.strip_prefix("jwt_claim_") {
                return Known::claim(claim);
            }
            match name.strip_prefix("http_") {
                Some(header) => Known::header(&header.replace('_', "-")),
                None => Known::skipped(),
            }
        }
    }
}
