//! The common log format and its many descendants: NGINX `combined`, the docker
//! image's `main`, ingress-nginx `upstreaminfo`, Traefik's `common`, Apache `common`, `combined` and
//! `vhost_combined`.
//!
//! Invariants:
//! * the record starts at the first `[date] "`: NGINX and Apache escape the quote
//!   in every value before it, so a user name cannot fake it;
//! * the request is the quoted field whose last word is a version (RFC 9112 section 3), or
//!   the one that a status code follows: what an operator put between it and the status, or
//!   in front of it, is a field of its own and never a part of the path;
//! * where a server says that it could not read the request, and neither can we, there was none;
//! * the status is the first number that can be one; where a second could be it as well, the
//!   line is malformed;
//! * a client is named only when it is known where the fields begin: what a shipper wrote
//!   in front of the address is left out, and a line that stays unclear is malformed;
//! * fields after the ones named here are accepted and not looked at;
//! * without a backslash in a field nothing is copied.
//!
//! Escapes: `ngx_http_log_module` writes `\xHH` for quotes, backslashes, control
//! bytes and all bytes from 0x7f on; Apache (`ap_escape_logitem`) writes `\"`,
//! `\\`, `\n` and the like, and `\xhh`.

use std::ops::Range;
use std::sync::Arc;

use super::json::last_status;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::input::bytes::find;
use crate::model::AnsweredBy;

#[cfg(test)]
#[path = "combined_further_tests.rs"]
mod further_tests;
#[path = "combined_parts.rs"]
pub(super) mod parts;
#[path = "combined_request.rs"]
pub(super) mod request;
#[cfg(test)]
#[path = "combined_tests.rs"]
mod tests;

pub(super) struct Combined;

impl LogFormat for Combined {
    fn name(&self) -> &'static str {
        "combined"
    }

    fn title(&self) -> &'static str {
        "NGINX and Apache common, combined, vhost_combined, and ingress-nginx (text)"
    }

    fn identity_help(&self) -> &'static str {
        "these lines name a caller only for basic authentication. To log who calls, write the caller where the user \
         stands:\n    \
         NGINX (auth_request): auth_request_set $azp $upstream_http_x_client_id;\n    \
         NGINX Plus (auth_jwt): use $jwt_claim_azp for $azp; mutual TLS: $ssl_client_s_dn\n      \
         log_format who '$remote_addr - $azp [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
         \"$http_user_agent\"';\n      \
         access_log /var/log/nginx/access.log who;\n    \
         Apache (mod_auth_openidc): LogFormat \"%h %l %{OIDC_CLAIM_azp}e %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \
         \\\"%{User-Agent}i\\\"\" who\n      \
         mutual TLS: %{SSL_CLIENT_S_DN}x in place of %{OIDC_CLAIM_azp}e\n      \
         CustomLog logs/access_log who"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        u32::from(line.json.is_none() && parts::find_date(line.text).is_some())
    }

    /// Only ingress-nginx adds who answered.
    fn tells_who_refused(&self) -> bool {
        false
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for Combined {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Some(date) = parts::find_date(line) else {
            return Err(if parts::is_error_log(line) {
                Skip::OtherRecord
            } else {
                Skip::Malformed
            });
        };
        let Scratch { clock, text, .. } = scratch;
        text.clear();
        // `] "` is between the date and the request.
        let request::RequestAndStatus {
            line: asked,
            escaped,
            status,
            rest,
        } = request::find_both(&line[date.end + 3..]).ok_or(Skip::Malformed)?;
        let time = clock.clf(&line[date.clone()]).ok_or(Skip::BadTime)?;
        let (method, target) =
            request::split(asked).map_err(|why| request::unreadable(why, status))?;
        let prefix = parts::prefix(&line[..date.start - 1]).ok_or(Skip::Malformed)?;

        let user_agent = parts::user_agent(rest);
        let after = user_agent.as_ref().map_or(&b""[..], |agent| agent.after);
        let tail = ingress_tail(after).unwrap_or_default();
        let answered_by = traefik_tail(after).unwrap_or_else(|| tail.answered_by(status));
        let target = Piece::new(target, escaped, text);
        let client = prefix.user.map(|user| Piece::new(user, true, text));
        let user_agent = user_agent.map(|agent| Piece::new(agent.text, agent.escaped, text));

        let text: &'a [u8] = text;
        let client = client.map(|piece| piece.of(text));
        Ok(RawRecord {
            time,
            method,
            target: target.of(text),
            client,
            // Apache documents that the user of a 401 was not verified.
            anonymous: status == Some(401) && client.is_some(),
            status,
            upstream_status: tail.upstream_status,
            answered_by,
            request_id: tail.request_id.or(prefix.request_id),
            host: prefix.host,
            client_ip: prefix.address,
            user_agent: user_agent
                .map(|piece| piece.of(text))
                .filter(|agent| !matches!(*agent, b"" | b"-")),
            ..RawRecord::default()
        })
    }
}

/// A field as it is in the line, or decoded in the scratch buffer.
enum Piece<'a> {
    Line(&'a [u8]),
    Text(Range<usize>),
}

impl<'a> Piece<'a> {
    #[inline]
    fn new(raw: &'a [u8], may_be_escaped: bool, text: &mut Vec<u8>) -> Self {
        if !may_be_escaped || find(b'\\', raw).is_none() {
            return Self::Line(raw);
        }
        let start = text.len();
        parts::unescape(raw, text);
        Self::Text(start..text.len())
    }

    #[inline]
    fn of(self, text: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Line(raw) => raw,
            Self::Text(range) => &text[range],
        }
    }
}

/// What ingress-nginx adds after the user agent.
#[derive(Default)]
struct Tail<'a> {
    present: bool,
    proxied: bool,
    upstream_status: Option<u16>,
    request_id: Option<&'a [u8]>,
}

impl Tail<'_> {
    fn answered_by(&self, status: Option<u16>) -> AnsweredBy {
        if !self.present {
            AnsweredBy::Unknown
        } else if self.upstream_status.is_some() {
            AnsweredBy::Upstream
        } else if !self.proxied || matches!(status, Some(401 | 403)) {
            AnsweredBy::Gateway
        } else {
            AnsweredBy::Unknown
        }
    }
}

/// `$request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name]
/// $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`;
/// versions before 0.23 have neither the alternative name nor the id.
fn ingress_tail(tail: &[u8]) -> Option<Tail<'_>> {
    let mut rest = tail;
    if !next_list(&mut rest)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    next_list(&mut rest)?;
    let bracketed = |part: &[u8]| part.first() == Some(&b'[') && part.last() == Some(&b']');
    if !bracketed(next_list(&mut rest)?) {
        return None;
    }
    let mut address = next_list(&mut rest)?;
    // An upstream address in brackets has a port after them.
    if bracketed(address) {
        address = next_list(&mut rest)?;
    }
    next_list(&mut rest)?;
    next_list(&mut rest)?;
    let status = next_list(&mut rest)?;
    Some(Tail {
        present: true,
        proxied: address != b"-",
        upstream_status: last_status(status),
        request_id: next_list(&mut rest).filter(|id| *id != b"-"),
    })
}

/// `count "router" "service URL" 24ms`: the URL is there once the request was on its way to
/// the service, and no middleware had answered it.
fn traefik_tail(tail: &[u8]) -> Option<AnsweredBy> {
    let tail = tail.trim_ascii().strip_suffix(b"ms")?;
    let (rest, duration) = tail.split_at(memchr::memrchr(b'"', tail)?);
    let number = duration.strip_prefix(b"\" ")?;
    let (rest, url) = rest.split_at(memchr::memrchr(b'"', rest)?);
    let count = rest.split(|byte| *byte == b' ').next()?;
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    (digits(number) && digits(count)).then_some(match url {
        b"\"-" => AnsweredBy::Gateway,
        _ => AnsweredBy::Upstream,
    })
}

/// The next value; after retries it is a list, `a, b : c`, with whitespace inside.
fn next_list<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let text = rest.trim_ascii_start();
    let mut end = 0;
    loop {
        end += find(b' ', &text[end..]).unwrap_or(text.len() - end);
        let goes_on = text[..end].ends_with(b",")
            || text[..end].ends_with(b" :")
            || text[end..].starts_with(b" : ");
        if end == text.len() || !goes_on {
            break;
        }
        end += 1;
    }
    *rest = &text[end..];
    (end > 0).then(|| &text[..end])
}
