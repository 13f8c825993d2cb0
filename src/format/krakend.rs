//! KrakenD's access log, which is that of the framework Gin (text, with colours or without).
//!
//! ```text
//! [GIN] 2026/01/02 - 12:00:00 | 200 |    4.529µs |   198.51.100.23 | GET      "/v1/orders/42"
//! ```
//!
//! There is no client in it, and nothing of who decided. The time has no zone. Messages of
//! KrakenD itself on the same output are passed over.
//!
//! Source: `logger.go` of Gin; KrakenD's documentation of `telemetry/logging`. What the Enterprise
//! edition writes with `httpdCombined` is read as `combined`.

use std::sync::Arc;

use memchr::memmem;

use super::combined::parts::unescape;
use super::json::parse_status;
use super::requests::holds_request;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};

pub(super) struct KrakenD;

impl LogFormat for KrakenD {
    fn name(&self) -> &'static str {
        "krakend"
    }

    fn title(&self) -> &'static str {
        "KrakenD and other servers built with Gin (text)"
    }

    fn identity_help(&self) -> &'static str {
        "KrakenD's own access log names no caller, and the Community edition cannot change it: log at what stands in \
         front of it, or at the services, with the header into which propagate_claims copies the claim:\n    \
         \"auth/validator\": {\"propagate_claims\": [[\"azp\", \"x-client-id\"]]}\n    \
         The Enterprise edition writes JSON lines of the format `native` with \"access_log_format\": \"custom\", where \
         its version has a variable for a request header"
    }

    fn tells_who_refused(&self) -> bool {
        false
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if line.text.starts_with(b"[GIN] ") && parts(line.text).is_some() {
            3
        } else {
            u32::from(is_message(line.text))
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

struct Parts<'a> {
    date: &'a [u8],
    status: &'a [u8],
    address: &'a [u8],
    method: &'a [u8],
    /// In quotes, with what stands after the closing one.
    target: &'a [u8],
}

fn parts(line: &[u8]) -> Option<Parts<'_>> {
    let mut cells = line
        .strip_prefix(b"[GIN] ")?
        .splitn(5, |byte| *byte == b'|');
    let mut next = || cells.next();
    let (date, status, _duration, address, asked) = (next()?, next()?, next()?, next()?, next()?);
    let (method, target) = asked.split_at(memchr::memchr(b'"', asked)?);
    Some(Parts {
        date: date.trim_ascii(),
        status: plain(status),
        address: plain(address),
        method: plain(method),
        target: &target[1..],
    })
}

/// A message of KrakenD itself or of Gin, in text or JSON, that holds no request.
fn is_message(line: &[u8]) -> bool {
    let has = |word| memmem::find(&line[..line.len().min(200)], word).is_some();
    let own = line.starts_with(b"[GIN-debug]")
        || has(b" KRAKEND ")
        || has(b"[KRAKEND]")
        || has(b"\"module\": \"KRAKEND\"")
        || has(b"\"module\":\"KRAKEND\"");
    own && !holds_request(line)
}

/// A cell without the colours around it (`ESC [ 97;42 m`) and its padding.
fn plain(cell: &[u8]) -> &[u8] {
    let mut cell = cell.trim_ascii();
    while let Some(rest) = cell.strip_prefix(b"\x1b[") {
        let end = memchr::memchr(b'm', rest).map_or(rest.len(), |at| at + 1);
        cell = rest[end..].trim_ascii();
    }
    match memchr::memchr(0x1b, cell) {
        Some(end) => cell[..end].trim_ascii(),
        None => cell,
    }
}

/// `2026/01/02 - 12:00:00` as others write it.
fn rfc3339(date: &[u8]) -> Option<[u8; 19]> {
    let mut text = [0; 19];
    if date.len() != 21 || &date[10..13] != b" - " {
        return None;
    }
    text[..10].copy_from_slice(&date[..10]);
    text[10] = b'T';
    text[11..].copy_from_slice(&date[13..]);
    if text[4] != b'/' || text[7] != b'/' {
        return None;
    }
    (text[4], text[7]) = (b'-', b'-');
    Some(text)
}

impl RecordReader for KrakenD {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        if !line.starts_with(b"[GIN] ") {
            return Err(if is_message(line) {
                Skip::OtherRecord
            } else {
                Skip::Malformed
            });
        }
        let parts = parts(line).ok_or(Skip::Malformed)?;
        let end = memchr::memrchr(b'"', parts.target).ok_or(Skip::Malformed)?;
        let target = &parts.target[..end];
        let Scratch { clock, text, .. } = scratch;
        let date = rfc3339(parts.date).ok_or(Skip::BadTime)?;
        let time = clock.rfc3339(&date).ok_or(Skip::BadTime)?;
        let target = if memchr::memchr(b'\\', target).is_some() {
            text.clear();
            unescape(target, text);
            text.as_slice()
        } else {
            target
        };
        if parts.method.is_empty() || target.is_empty() {
            return Err(Skip::MissingField);
        }
        Ok(RawRecord {
            time,
            method: parts.method,
            target,
            status: parse_status(parts.status),
            client_ip: Some(parts.address).filter(|address| !address.is_empty()),
            ..RawRecord::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = "[GIN] 2026/01/02 - 12:00:00 | 200 |       4.529µs |   198.51.100.23 | GET      \"/v1/orders/42?a=b|c\"";

    #[test]
    fn a_line_is_read_with_colours_and_without_whatever_unit_its_duration_has() {
        let coloured = LINE
            .replace("| 200 |", "|\u{1b}[97;42m 200 \u{1b}[0m|")
            .replace("| GET      ", "|\u{1b}[97;44m GET     \u{1b}[0m ");
        let lines = [
            LINE.to_owned(),
            coloured,
            LINE.replace("4.529µs", "1m2s"),
            LINE.replace("4.529µs", "1.5ms"),
        ];
        for line in lines {
            read(&KrakenD, &line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_000, Some(200)));
                assert_eq!(
                    (record.method, record.target),
                    (&b"GET"[..], &b"/v1/orders/42?a=b|c"[..])
                );
                assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
            });
        }
    }

    #[test]
    fn messages_are_passed_over_and_cut_lines_are_not() {
        for message in [
            "[GIN-debug] Listening and serving HTTP on :8080",
            "2026/01/02 12:00:00 KRAKEND INFO: [SERVICE: Gin] Listening on port: 8080",
        ] {
            read(&KrakenD, message, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{message}");
            });
        }
        for cut in [&LINE[..50], &LINE[..LINE.len() - 30], "hello"] {
            read(&KrakenD, cut, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed, "{cut}");
            });
        }
        read(&KrakenD, &LINE.replace("2026/01", "2026/13"), |record| {
            assert_eq!(record.unwrap_err(), Skip::BadTime);
        });
    }
}
