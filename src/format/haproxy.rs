//! HAProxy: `option httplog` and `option httpslog` (text, in syslog or without).
//!
//! Invariants:
//! * the request is the first quoted field: in everything before it HAProxy writes a quote as
//!   `#22`. One without a closing quote was cut off, and its path is not known; nor is it where
//!   the protocol is missing, for HAProxy keeps 1023 bytes of a request line
//!   (`tune.http.logurilen`) and closes the quote after them, unless the query had begun;
//! * `<BADREQ>`, connections without a request (`option tcplog`, `Connect from`, failed
//!   handshakes) and HAProxy's own messages are other records;
//! * the date has no zone: it is HAProxy's local time, taken as UTC, and said so;
//! * what follows the request (`httpslog`) is accepted and not looked at.
//!
//! There is no client in these lines: captured headers have no names.
//!
//! Who decided: the state at the end (`PR--`, `LR--`), or that no server was chosen, says that
//! HAProxy answered.
//!
//! Source: HAProxy configuration manual, sections 8.2.3, 8.2.4, 8.5 and 8.6.

use std::sync::Arc;

use memchr::memmem;

use super::combined::request::split;
use super::json::parse_status;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::AnsweredBy;

pub(super) struct Haproxy;

/// What messages of HAProxy itself begin with.
const MESSAGES: [&[u8]; 9] = [
    b"Connect from ",
    b"Proxy ",
    b"Server ",
    b"backend ",
    b"Backend ",
    b"frontend ",
    b"Stopping ",
    b"Health check ",
    b"[",
];

/// Whether a line is a message of HAProxy itself.
pub(super) fn is_message(line: &[u8]) -> bool {
    MESSAGES.iter().any(|own| line.starts_with(own))
}

impl LogFormat for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn title(&self) -> &'static str {
        "HAProxy httplog and httpslog (text)"
    }

    fn identity_help(&self) -> &'static str {
        "HAProxy's own formats name no caller. Take it from the token that the frontend checks, and write lines of \
         the format `native`:\n    \
         http-request set-var(txn.url) url\n    \
         http-request set-var(txn.b) http_auth_bearer\n    \
         http-request set-var(txn.azp) var(txn.b),jwt_payload_query('$.azp')\n    \
         http-response set-var(txn.service) status\n    \
         log-format '{\"time\":%Ts,\"client_id\":\"%[var(txn.azp),json(utf8s)]\",\"method\":\"%HM\",\
         \"path\":\"%[var(txn.url),json(utf8s)]\",\"status\":%ST,\"upstream_status\":\"%[var(txn.service)]\"}'\n    \
         in the section global: log stdout len 65535 format raw local0 (of a line longer than len, 1024 without it, the end is lost)"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if line.json.is_none() && head(line.text.trim_ascii_start()).is_some() {
            2
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

/// What comes before the timers.
struct Head<'a> {
    address: &'a [u8],
    date: &'a [u8],
    /// Frontend and what follows.
    rest: &'a [u8],
}

/// `198.51.100.23:33317 [02/Jan/2026:12:00:00.117] frontend ...`.
fn head(line: &[u8]) -> Option<Head<'_>> {
    let (address, rest) = line.split_at(memchr::memchr(b' ', line)?);
    let colon = memchr::memrchr(b':', address)?;
    let port = address[colon + 1..].iter().all(u8::is_ascii_digit);
    let rest = rest.strip_prefix(b" [")?;
    let (date, rest) = rest.split_at_checked(24)?;
    let day = date[2] == b'/' && date[11] == b':' && date[20] == b'.';
    (port && day).then_some(Head {
        address: &address[..colon],
        date,
        rest: rest.strip_prefix(b"] ")?,
    })
}

impl RecordReader for Haproxy {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let line = line.trim_ascii_start();
        let Some(Head {
            address,
            date,
            rest,
        }) = head(line)
        else {
            return Err(if is_message(line) {
                Skip::OtherRecord
            } else {
                Skip::Malformed
            });
        };
        let mut words = rest.split(|byte| *byte == b' ');
        let _frontend = words.next();
        let server = words.next().unwrap_or_default();
        let timers = words.next().unwrap_or_default();
        if memchr::memchr_iter(b'/', timers).count() < 4 {
            // Three timers are of a connection, and words of a failed handshake.
            return Err(Skip::OtherRecord);
        }
        let status = words.next().unwrap_or_default();
        let (_bytes, _request_cookie, _response_cookie) =
            (words.next(), words.next(), words.next());
        let state = words.next().ok_or(Skip::Malformed)?;
        let open = memchr::memchr(b'"', rest).ok_or(Skip::Malformed)? + 1;
        let request = &rest[open..];
        let ends = |end: &usize| matches!(request.get(end + 1), None | Some(b' '));
        let mut closing = memchr::memchr_iter(b'"', request);
        let request = &request[..closing.find(ends).ok_or(Skip::Malformed)?];
        let time = scratch.clock.clf(date).ok_or(Skip::BadTime)?;
        if request == b"<BADREQ>" {
            return Err(Skip::OtherRecord);
        }
        let (method, target) = asked(request)?;
        let target = if memchr::memchr(b'#', target).is_some() {
            scratch.text.clear();
            decode(target, b'#', &mut scratch.text);
            &scratch.text
        } else {
            target
        };
        Ok(RawRecord {
            time,
            method,
            target,
            status: parse_status(status),
            answered_by: answered_by(state, server),
            client_ip: Some(address),
            ..RawRecord::default()
        })
    }
}

/// Method and target of a request line; none where it was cut off in the path.
pub(super) fn asked(line: &[u8]) -> Result<(&[u8], &[u8]), Skip> {
    let (method, target) = split(line)?;
    let cut_off = memmem::find(line, b" HTTP/").is_none();
    if cut_off && memchr::memchr(b'?', target).is_none() {
        return Err(Skip::Malformed);
    }
    Ok((method, target))
}

/// Who wrote the answer: the state at the end, and whether a server was chosen, say it.
pub(super) fn answered_by(state: &[u8], server: &[u8]) -> AnsweredBy {
    let chosen = !server.ends_with(b"/<NOSRV>") && !server.ends_with(b"/");
    match state.first() {
        Some(b'P' | b'L') => AnsweredBy::Gateway,
        _ if !chosen => AnsweredBy::Gateway,
        Some(b'-') => AnsweredBy::Upstream,
        _ => AnsweredBy::Unknown,
    }
}

/// `#XX` is a byte (section 8.6), and so is what another sign begins.
pub(super) fn decode(raw: &[u8], sign: u8, out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        let digits = match after {
            [high, low, ..] if *byte == sign => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high).zip(digit(*low))
            }
            _ => None,
        };
        let value = digits.and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
        out.push(value.unwrap_or(*byte));
        rest = if value.is_some() { &after[2..] } else { after };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"198.51.100.23:33317 [02/Jan/2026:12:00:00.117] fe~ orders/srv1 0/0/1/21/24 200 1843 - - ---- 3/3/1/1/0 0/0 {erp-sync|ok #22http} {} "GET /v1/orders/42?a=#22b#23 HTTP/1.1""#;

    #[test]
    fn both_formats_give_the_request_and_its_time() {
        let https = format!("{LINE} 0/0000000000000000/0/0/0 api.example.com/TLSv1.3/TLS_AES_128");
        let padded = format!(" {LINE} -");
        for line in [LINE, &https, &padded] {
            read(&Haproxy, line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(record.target, b"/v1/orders/42?a=\"b#");
                assert_eq!(
                    (record.client, record.answered_by),
                    (None, AnsweredBy::Upstream)
                );
                assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
            });
        }
    }

    #[test]
    fn a_request_line_that_was_cut_off_in_its_query_has_its_whole_path() {
        for cut in ["?a=#22b", "?"] {
            let line = LINE.replace("?a=#22b#23 HTTP/1.1", cut);
            read(&Haproxy, &line, |record| {
                let target = record.unwrap().target.to_vec();
                assert!(target.starts_with(b"/v1/orders/42?"), "{cut}");
            });
        }
    }

    #[test]
    fn the_state_at_the_end_says_that_haproxy_answered() {
        let of = |from: &str, to: &str| {
            read(&Haproxy, &LINE.replace(from, to), |record| {
                record.unwrap().answered_by
            })
        };
        assert_eq!(of("---- 3", "PR-- 3"), AnsweredBy::Gateway);
        assert_eq!(of("orders/srv1", "fe/<NOSRV>"), AnsweredBy::Gateway);
        assert_eq!(of("orders/srv1", "orders/"), AnsweredBy::Gateway);
        assert_eq!(of("---- 3", "SD-- 3"), AnsweredBy::Unknown);
    }

    #[test]
    fn connections_and_messages_are_passed_over_and_cut_lines_are_not() {
        for other in [
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 34/56/5007 212 -- 1/3/6/8/13 15/17",
            "Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)",
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt/1: SSL handshake failure",
            "Proxy prod_http_in started.",
            r#"10.0.1.2:1 [06/Feb/2009:12:12:51.443] fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>""#,
        ] {
            read(&Haproxy, other, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{other}");
            });
        }
        for cut in [
            LINE.trim_end_matches(" HTTP/1.1\""),
            &LINE[..90],
            // What HAProxy keeps of a long request line.
            &LINE.replace("?a=#22b#23 HTTP/1.1", ""),
            &LINE.replace("?a=#22b#23 HTTP/1.1", " HTT"),
            "hello",
            "1.2.3.4:1 [x] y",
        ] {
            read(&Haproxy, cut, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed, "{cut}");
            });
        }
    }
}
