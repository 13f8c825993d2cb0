//! Zoraxy's access log (text).
//!
//! ```text
//! [2026-01-02 12:00:00.117248] [router:host-http] [origin:api.example.com] [client: 198.51.100.23] [useragent: okhttp/4] GET /v1/orders 200
//! ```
//!
//! There is no client in it. The time has no zone.
//!
//! Invariant: the agent is the caller's own text: method, target and status are read from the
//! end of the line.
//!
//! Who decided: routers named for a list of addresses are Zoraxy's own refusals.
//!
//! Source: `logger.go` of Zoraxy. Messages of its other parts (`[system:info]`) are passed over.

use std::sync::Arc;

use memchr::memmem;

use super::json::parse_status;
use super::requests::holds_request;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::AnsweredBy;

pub(super) struct Zoraxy;

impl LogFormat for Zoraxy {
    fn name(&self) -> &'static str {
        "zoraxy"
    }

    fn title(&self) -> &'static str {
        "Zoraxy access logs (text)"
    }

    fn identity_help(&self) -> &'static str {
        "Zoraxy's log names no caller, whatever is configured. Read the log of the service after it, with the client \
         in each line"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if parts(line.text).is_some() {
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
    time: &'a [u8],
    router: &'a [u8],
    origin: &'a [u8],
    address: &'a [u8],
    agent: &'a [u8],
    method: &'a [u8],
    target: &'a [u8],
    status: &'a [u8],
}

/// The text up to the end of a bracket, and what follows.
fn label<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let inner = text.strip_prefix(b"[")?.strip_prefix(name)?;
    let end = memmem::find(inner, b"] ")?;
    Some((&inner[..end], &inner[end + 2..]))
}

fn parts(line: &[u8]) -> Option<Parts<'_>> {
    let (time, rest) = label(line, b"")?;
    let (router, rest) = label(rest, b"router:")?;
    let (origin, rest) = label(rest, b"origin:")?;
    let (address, rest) = label(rest, b"client: ")?;
    let rest = rest.strip_prefix(b"[useragent: ")?;
    let (agent, asked) = rest.split_at(memmem::rfind(rest, b"] ")?);
    let asked = &asked[2..];
    let (asked, status) = asked.split_at(memchr::memrchr(b' ', asked)?);
    let (method, target) = asked.split_at(memchr::memchr(b' ', asked)?);
    Some(Parts {
        time,
        router,
        origin,
        address,
        agent,
        method,
        target: &target[1..],
        status: &status[1..],
    })
}

/// `[time] [internal] [system:info] ...`.
fn is_message(line: &[u8]) -> bool {
    let part = label(line, b"").and_then(|(_, rest)| label(rest, b""));
    part.is_some_and(|(own, rest)| {
        let level = label(rest, b"system:").is_some() || own.starts_with(b"system:");
        level && !holds_request(rest)
    })
}

impl RecordReader for Zoraxy {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Some(parts) = parts(line) else {
            return Err(if is_message(line) {
                Skip::OtherRecord
            } else {
                Skip::Malformed
            });
        };
        let says = |text: &'a [u8]| Some(text).filter(|text| !matches!(*text, b"" | b"-"));
        let listed = matches!(parts.router, b"blacklist" | b"whitelist");
        Ok(RawRecord {
            time: scratch.clock.rfc3339(parts.time).ok_or(Skip::BadTime)?,
            method: parts.method,
            target: parts.target,
            status: parse_status(parts.status),
            answered_by: if listed {
                AnsweredBy::Gateway
            } else {
                AnsweredBy::Unknown
            },
            host: says(parts.origin),
            client_ip: says(parts.address),
            user_agent: says(parts.agent),
            ..RawRecord::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = "[2026-01-02 12:00:00.117248] [router:host-http] [origin:api.example.com] [client: 198.51.100.23] [useragent: okhttp/4] GET /v1/orders?x=1 200";

    #[test]
    fn an_agent_with_brackets_shifts_nothing() {
        for agent in ["okhttp/4", "a] GET /x 500", "[b]"] {
            read(&Zoraxy, &LINE.replace("okhttp/4", agent), |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(
                    (record.method, record.target),
                    (&b"GET"[..], &b"/v1/orders?x=1"[..])
                );
                assert_eq!(record.host, Some(&b"api.example.com"[..]));
                assert_eq!(record.user_agent, Some(agent.as_bytes()));
            });
        }
    }

    #[test]
    fn a_list_of_addresses_is_zoraxys_refusal_and_messages_are_passed_over() {
        let listed = LINE
            .replace("host-http", "blacklist")
            .replace(" 200", " 403");
        read(&Zoraxy, &listed, |record| {
            assert_eq!(record.unwrap().answered_by, AnsweredBy::Gateway);
        });
        let message = "[2026-01-02 12:00:00.117248] [internal] [system:info] Starting ACME handler";
        read(&Zoraxy, message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        for cut in [&LINE[..90], "hello"] {
            read(&Zoraxy, cut, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed, "{cut}");
            });
        }
    }
}
