//! Squid's native access log (text).
//!
//! ```text
//! 1767355200.117     21 198.51.100.23 TCP_MISS/200 1843 GET http://api.example.com/v1/orders - HIER_DIRECT/192.0.2.7 application/json
//! ```
//!
//! The client is the user whom Squid authenticated. The time is that of the end.
//!
//! Who decided: `TCP_DENIED` is Squid's own; where a peer is named it answered.
//!
//! Source: Squid's wiki, "Squid Log Files", and `logformat squid` of its configuration. With
//! `logformat common` or `combined` the lines are those of `combined`.

use std::sync::Arc;

use super::json::parse_status;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, clock};
use crate::model::AnsweredBy;

pub(super) struct Squid;

impl LogFormat for Squid {
    fn name(&self) -> &'static str {
        "squid"
    }

    fn title(&self) -> &'static str {
        "Squid's native access log (text)"
    }

    fn identity_help(&self) -> &'static str {
        "Squid names the user whom it authenticated. Let it authenticate (auth_param, and acl ... proxy_auth REQUIRED), \
         or take the name from a header with `logformat squid %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru \
         %{X-Client-Id}>h %Sh/%<a %mt`"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if line.json.is_none() && parts(line.text).is_some() {
            3
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

struct Parts<'a> {
    time: &'a [u8],
    address: &'a [u8],
    /// What Squid did.
    result: &'a [u8],
    status: &'a [u8],
    method: &'a [u8],
    target: &'a [u8],
    user: &'a [u8],
    /// How it went on, and where.
    peer: &'a [u8],
}

/// The address of the caller is between the duration and the result; a target has no blanks.
fn parts(line: &[u8]) -> Option<Parts<'_>> {
    let mut words = line
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let mut next = || words.next();
    let (time, duration, address, result, size) = (next()?, next()?, next()?, next()?, next()?);
    let (method, target, user, peer) = (next()?, next()?, next()?, next()?);
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let (result, status) = result.split_at(memchr::memchr(b'/', result)?);
    let epoch = time.len() > 10
        && time
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let duration = duration.strip_prefix(b"-").unwrap_or(duration);
    let named = result
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let whole = epoch && digits(duration) && digits(size) && named && peer.contains(&b'/');
    whole.then_some(Parts {
        time,
        address,
        result,
        status: &status[1..],
        method,
        target,
        user,
        peer,
    })
}

impl RecordReader for Squid {
    fn parse<'a>(&self, line: &'a [u8], _: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Some(parts) = parts(line) else {
            // Messages: `2026/01/02 12:00:00 kid1| ...`.
            let message = line.get(4) == Some(&b'/') && line.get(13) == Some(&b':');
            return Err(if message && memchr::memchr(b'|', line).is_some() {
                Skip::OtherRecord
            } else {
                Skip::Malformed
            });
        };
        // A connection that asked for nothing.
        if matches!(parts.method, b"NONE" | b"-") || parts.target.starts_with(b"error:") {
            return Err(Skip::OtherRecord);
        }
        let status = parse_status(parts.status);
        let client = Some(parts.user).filter(|user| *user != b"-");
        Ok(RawRecord {
            time: clock::epoch(parts.time).ok_or(Skip::BadTime)?,
            method: parts.method,
            target: parts.target,
            client,
            // Nobody has checked the name of one who was asked for it.
            anonymous: client.is_some() && matches!(status, Some(401 | 407)),
            status,
            answered_by: if parts.result.ends_with(b"_DENIED") {
                AnsweredBy::Gateway
            } else if parts.peer.ends_with(b"/-") {
                AnsweredBy::Unknown
            } else {
                AnsweredBy::Upstream
            },
            client_ip: Some(parts.address),
            ..RawRecord::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = "1767355200.117     21 198.51.100.23 TCP_MISS/200 1843 GET http://api.example.com/v1/orders?x=1 erp-sync HIER_DIRECT/192.0.2.7 application/json";

    #[test]
    fn a_line_gives_its_request_and_the_user() {
        read(&Squid, LINE, |record| {
            let record = record.unwrap();
            assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
            assert_eq!(record.target, b"http://api.example.com/v1/orders?x=1");
            assert_eq!(
                (record.client, record.answered_by),
                (Some(&b"erp-sync"[..]), AnsweredBy::Upstream)
            );
        });
        let denied = LINE
            .replace("TCP_MISS/200", "TCP_DENIED/403")
            .replace("HIER_DIRECT/192.0.2.7", "HIER_NONE/-")
            .replace("erp-sync", "-");
        read(&Squid, &denied, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.client, record.answered_by),
                (None, AnsweredBy::Gateway)
            );
        });
    }

    #[test]
    fn messages_and_connections_without_a_request_are_passed_over() {
        for other in [
            "2026/01/02 12:00:00 kid1| Logfile: opening log daemon:/var/log/squid/access.log",
            "1767355200.117 0 198.51.100.23 NONE_NONE/400 0 NONE error:invalid-request - HIER_NONE/- -",
        ] {
            read(&Squid, other, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{other}");
            });
        }
        for cut in [&LINE[..60], "hello"] {
            read(&Squid, cut, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed, "{cut}");
            });
        }
        // The client left: no answer.
        read(
            &Squid,
            &LINE.replace("TCP_MISS/200", "TCP_MISS_ABORTED/000"),
            |record| {
                assert_eq!(record.unwrap().status, None);
            },
        );
    }
}
