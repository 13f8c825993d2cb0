//! NGINX Proxy Manager: its formats `proxy` and `standard`, and that of NPMplus (text).
//!
//! ```text
//! [time] cache upstream-status status - METHOD scheme host "uri" [Client ip] [Length n] [Gzip r] [Sent-to name] "agent" "referer"
//! [time] status - METHOD scheme host "uri" [Client ip] [Length n] [Gzip r] "agent" "referer"
//! [time] host ip seconds "METHOD uri PROTOCOL" status n n referer agent
//! ```
//!
//! Invariants:
//! * what stands before the path is read from its end: after retries the status of the service
//!   is a list with spaces;
//! * a connection without a request has no method, and is another record.
//!
//! There is no client in these lines.
//!
//! Who decided: in `proxy`, a status of the service says that it answered; `standard` does not
//! tell.
//!
//! Source: `log.conf` and `log-proxy.conf` of NGINX Proxy Manager.

use std::sync::Arc;

use memchr::memmem;

use super::combined::parts::{closing_quote, unescape};
use super::combined::request::split;
use super::json::{last_status, parse_status};
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::AnsweredBy;

pub(super) struct ProxyManager;

/// What follows the path.
const AFTER_PATH: &[u8] = b"\" [Client ";

impl LogFormat for ProxyManager {
    fn name(&self) -> &'static str {
        "nginx-proxy-manager"
    }

    fn title(&self) -> &'static str {
        "NGINX Proxy Manager (text)"
    }

    fn identity_help(&self) -> &'static str {
        "NGINX Proxy Manager names no caller. Write a log of your own with it, in /data/nginx/custom/server_proxy.conf, and the \
         log_format (see `nginx-json`) in /data/nginx/custom/http_top.conf"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        // Nobody else writes these labels in this place.
        let own = parts(line.text).is_some() || plus(line.text).is_some();
        if own { 3 } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

/// The parts of a line, as they are written.
struct Parts<'a> {
    date: &'a [u8],
    /// Of the format `proxy`: the status of the service, or of several.
    upstream: Option<&'a [u8]>,
    status: &'a [u8],
    method: &'a [u8],
    host: &'a [u8],
    target: &'a [u8],
    address: &'a [u8],
    /// What follows the address.
    rest: &'a [u8],
}

fn parts(line: &[u8]) -> Option<Parts<'_>> {
    let rest = line.strip_prefix(b"[")?;
    let (date, rest) = rest.split_at(memmem::find(rest, b"] ")?);
    let rest = &rest[2..];
    let (head, target) = rest.split_at(memmem::find(rest, b" \"")?);
    let target = &target[2..];
    let (target, after) = target.split_at(memmem::find(target, AFTER_PATH)?);
    let after = &after[AFTER_PATH.len()..];
    let (address, rest) = after.split_at(memchr::memchr(b']', after)?);
    let mut words = head.rsplitn(6, |byte| *byte == b' ');
    let (host, _scheme, method) = (words.next()?, words.next()?, words.next()?);
    let (dash, status, before) = (words.next()?, words.next()?, words.next());
    (dash == b"-").then_some(Parts {
        date,
        // The state of the cache comes first.
        upstream: before.map(|before| {
            let cache = memchr::memchr(b' ', before).map_or(before.len(), |at| at + 1);
            &before[cache..]
        }),
        status,
        method,
        host,
        target,
        address,
        rest,
    })
}

/// A line of NPMplus.
struct Plus<'a> {
    date: &'a [u8],
    host: &'a [u8],
    address: &'a [u8],
    /// The request line.
    request: &'a [u8],
    status: &'a [u8],
}

fn plus(line: &[u8]) -> Option<Plus<'_>> {
    let rest = line.strip_prefix(b"[")?;
    let (date, rest) = rest.split_at_checked(26)?;
    let rest = rest.strip_prefix(b"] ")?;
    let (head, rest) = rest.split_at(memmem::find(rest, b" \"")?);
    let mut words = head.split(|byte| *byte == b' ');
    let (host, address, seconds) = (words.next()?, words.next()?, words.next()?);
    let number = |text: &[u8]| {
        let digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        !text.is_empty() && text.iter().all(digit)
    };
    let (end, _) = closing_quote(rest, 2)?;
    let mut after = rest[end + 1..].split(|byte| *byte == b' ').skip(1);
    let (status, size) = (after.next()?, after.next()?);
    let whole = words.next().is_none() && number(seconds) && number(size) && status.len() == 3;
    whole.then_some(Plus {
        date,
        host,
        address,
        request: &rest[2..end],
        status,
    })
}

fn read_plus<'a>(line: &Plus<'a>, scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
    let time = scratch.clock.clf(line.date).ok_or(Skip::BadTime)?;
    let (method, target) = split(line.request)?;
    let target = if memchr::memchr(b'\\', target).is_some() {
        scratch.text.clear();
        unescape(target, &mut scratch.text);
        &scratch.text
    } else {
        target
    };
    Ok(RawRecord {
        time,
        method,
        target,
        status: parse_status(line.status),
        host: Some(line.host).filter(|host| *host != b"-"),
        client_ip: Some(line.address),
        ..RawRecord::default()
    })
}

impl RecordReader for ProxyManager {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Some(parts) = parts(line) else {
            return read_plus(&plus(line).ok_or(Skip::Malformed)?, scratch);
        };
        let time = scratch.clock.clf(parts.date).ok_or(Skip::BadTime)?;
        if matches!(parts.method, b"" | b"-") {
            return Err(Skip::OtherRecord);
        }
        let target = if memchr::memchr(b'\\', parts.target).is_some() {
            scratch.text.clear();
            unescape(parts.target, &mut scratch.text);
            &scratch.text
        } else {
            parts.target
        };
        let upstream_status = parts.upstream.and_then(last_status);
        let mut quoted = parts.rest.split(|byte| *byte == b'"').skip(1);
        Ok(RawRecord {
            time,
            method: parts.method,
            target,
            status: parse_status(parts.status),
            upstream_status,
            answered_by: match (parts.upstream, upstream_status) {
                (None, _) => AnsweredBy::Unknown,
                (Some(_), Some(_)) => AnsweredBy::Upstream,
                (Some(_), None) => AnsweredBy::Gateway,
            },
            host: Some(parts.host),
            client_ip: Some(parts.address),
            user_agent: quoted.next().filter(|agent| !matches!(*agent, b"" | b"-")),
            ..RawRecord::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const PROXY: &str = r#"[02/Jan/2026:12:00:00 +0000] - 200 200 - GET https api.example.com "/v1/orders/42?x=1" [Client 198.51.100.23] [Length 1843] [Gzip 2.45] [Sent-to 10.0.0.15] "okhttp/4 [x] (a)" "https://example.com/""#;
    const STANDARD: &str = r#"[02/Jan/2026:12:00:00 +0000] 403 - GET https api.example.com "/v1/orders/42?x=1" [Client 198.51.100.23] [Length 0] [Gzip -] "okhttp/4 [x] (a)" "-""#;

    #[test]
    fn both_forms_give_the_request_its_time_and_its_caller() {
        for (line, status) in [(PROXY, 200), (STANDARD, 403)] {
            read(&ProxyManager, line, |record| {
                let record = record.unwrap();
                assert_eq!(record.time, 1_767_355_200_000);
                assert_eq!((record.method, record.status), (&b"GET"[..], Some(status)));
                assert_eq!(record.target, b"/v1/orders/42?x=1");
                assert_eq!(record.host, Some(&b"api.example.com"[..]));
                assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
                assert_eq!(record.user_agent, Some(&b"okhttp/4 [x] (a)"[..]));
                assert_eq!(record.client, None);
            });
        }
    }

    #[test]
    fn a_line_of_npmplus_is_read_and_garbage_in_it_is_passed_over() {
        let line = r#"[02/Jan/2026:12:00:00 +0000] api.example.com 198.51.100.23 0.024 "GET /v1/\x22a?x=1 HTTP/2.0" 403 1843 2048 - okhttp/4"#;
        read(&ProxyManager, line, |record| {
            let record = record.unwrap();
            assert_eq!((record.time, record.status), (1_767_355_200_000, Some(403)));
            assert_eq!(record.target, b"/v1/\"a?x=1");
            assert_eq!(record.host, Some(&b"api.example.com"[..]));
            assert_eq!(record.answered_by, AnsweredBy::Unknown);
        });
        let garbage = line.replace(r"GET /v1/\x22a?x=1 HTTP/2.0", r"\x16\x03");
        read(&ProxyManager, &garbage, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
    }

    #[test]
    fn the_status_of_the_service_says_who_answered_also_after_retries() {
        let of = |from: &str, to: &str| {
            read(&ProxyManager, &PROXY.replace(from, to), |record| {
                let record = record.unwrap();
                (record.status, record.upstream_status, record.answered_by)
            })
        };
        let retried = of("- 200 200 -", "MISS 502, 200 200 -");
        assert_eq!(retried, (Some(200), Some(200), AnsweredBy::Upstream));
        let refused = of("- 200 200 -", "- - 403 -");
        assert_eq!(refused, (Some(403), None, AnsweredBy::Gateway));
        read(&ProxyManager, STANDARD, |record| {
            assert_eq!(record.unwrap().answered_by, AnsweredBy::Unknown);
        });
    }

    #[test]
    fn escapes_are_undone_and_a_label_in_the_path_moves_nothing() {
        let odd = PROXY.replace("/42?x=1", r"/\x22 [Client 9] \xD0\xBF");
        read(&ProxyManager, &odd, |record| {
            let record = record.unwrap();
            assert_eq!(record.target, "/v1/orders/\" [Client 9] п".as_bytes());
            assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
        });
    }

    #[test]
    fn connections_without_a_request_are_passed_over_and_cut_lines_are_not() {
        for none in ["  https", " - https"] {
            let line = PROXY.replace(" GET https", none);
            read(&ProxyManager, &line, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{none}");
            });
        }
        for cut in [
            &PROXY[..80],
            "[",
            "[02/Jan/2026:12:00:00 +0000] ",
            "hello",
            "",
        ] {
            read(&ProxyManager, cut, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed, "{cut}");
            });
        }
        read(&ProxyManager, &PROXY.replace("Jan", "Mai"), |record| {
            assert_eq!(record.unwrap_err(), Skip::BadTime);
        });
    }
}
