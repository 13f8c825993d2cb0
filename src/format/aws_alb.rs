//! Access logs of AWS Application Load Balancers (text).
//!
//! Invariants:
//! * the first field after the type is the time of the end; `request_creation_time` can be
//!   years off;
//! * the target is the absolute URL of the request field; `- http://host:80- -` is what the load
//!   balancer writes when it got no request;
//! * further fields at the end are accepted: AWS appends new ones.
//!
//! There is no client in these lines, also not for authenticated requests.
//!
//! Who decided: a status of the target says that the service answered; `-` that the load
//! balancer did.
//!
//! Source: "Access logs for your Application Load Balancer".

use std::sync::Arc;

use super::combined::request::split;
use super::json::parse_status;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::AnsweredBy;

pub(super) struct AwsAlb;

/// Kinds of connections, the first field.
const TYPES: [&[u8]; 6] = [b"http", b"https", b"h2", b"grpcs", b"ws", b"wss"];
/// Fields up to the user agent.
const FIELDS: usize = 14;

impl LogFormat for AwsAlb {
    fn name(&self) -> &'static str {
        "aws-alb"
    }

    fn title(&self) -> &'static str {
        "AWS Application Load Balancer access logs (text)"
    }

    fn identity_help(&self) -> &'static str {
        "an Application Load Balancer never logs the caller, and no setting changes that. Read the log of the gateway \
         or service after it; its `X-Amzn-Trace-Id` header is the trace field here"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        // Fourteen fields in this order nobody else has.
        if fields(line.text).is_some() { 3 } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for AwsAlb {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let fields = fields(line).ok_or(Skip::Malformed)?;
        let time = scratch.clock.rfc3339(fields[1]).ok_or(Skip::BadTime)?;
        if fields[12].starts_with(b"- ") {
            return Err(Skip::OtherRecord);
        }
        let (method, target) = split(fields[12])?;
        let upstream_status = parse_status(fields[9]);
        Ok(RawRecord {
            time,
            method,
            target,
            status: parse_status(fields[8]),
            upstream_status,
            answered_by: match upstream_status {
                Some(_) => AnsweredBy::Upstream,
                None => AnsweredBy::Gateway,
            },
            client_ip: memchr::memrchr(b':', fields[3]).map(|colon| &fields[3][..colon]),
            user_agent: Some(fields[13]).filter(|agent| !matches!(*agent, b"" | b"-")),
            ..RawRecord::default()
        })
    }
}

/// The fields up to the user agent, without quotes, if this is such a line.
fn fields(line: &[u8]) -> Option<[&[u8]; FIELDS]> {
    let mut all = [&b""[..]; FIELDS];
    let mut rest = line;
    for field in &mut all {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            // A quote that is followed by a space or by nothing ends a field.
            let ends = |end: &usize| matches!(quoted.get(end + 1), None | Some(b' '));
            let end = memchr::memchr_iter(b'"', quoted).find(ends)?;
            *field = &quoted[..end];
            rest = &quoted[end + 1..];
        } else {
            let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            *field = &rest[..end];
            rest = &rest[end..];
        }
        if field.is_empty() {
            return None;
        }
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
    }
    let status = all[8].len() == 3 || all[8] == b"-";
    let counts = all[10..12]
        .iter()
        .all(|own| own.iter().all(u8::is_ascii_digit));
    let stamp = all[1].get(4) == Some(&b'-') && all[1].ends_with(b"Z");
    (TYPES.contains(&all[0]) && stamp && status && counts).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"https 2026-01-02T12:00:00.141234Z app/api-lb/50dc6c495c0c9188 198.51.100.23:44740 192.0.2.7:8080 0.001 0.021 0.000 200 200 512 1843 "GET https://api.example.com:443/v1/orders/42?x=1 HTTP/1.1" "okhttp/4.12.0 (a b)" ECDHE TLSv1.2 arn:aws:x "Root=1-65a0" "api.example.com" "arn:aws:acm" 1 2018-01-02T12:00:00.117000Z "authenticate,forward" "-" "-" "192.0.2.7:8080" "200" "-" "-" TID_1 "new""#;

    #[test]
    fn a_line_gives_its_request_and_who_answered() {
        read(&AwsAlb, LINE, |record| {
            let record = record.unwrap();
            assert_eq!(record.time, 1_767_355_200_141);
            assert_eq!(
                record.target,
                b"https://api.example.com:443/v1/orders/42?x=1"
            );
            assert_eq!(
                (record.status, record.answered_by),
                (Some(200), AnsweredBy::Upstream)
            );
            assert_eq!(
                (record.client, record.client_ip),
                (None, Some(&b"198.51.100.23"[..]))
            );
        });
        let own = LINE
            .replace("0.000 200 200", "0.000 403 -")
            .replace("198.51.100.23:44740", "2001:db8::1:44740");
        read(&AwsAlb, &own, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.status, record.answered_by),
                (Some(403), AnsweredBy::Gateway)
            );
            assert_eq!(record.client_ip, Some(&b"2001:db8::1"[..]));
        });
    }

    #[test]
    fn quotes_within_fields_and_requests_that_never_came_do_not_move_a_column() {
        let quoted = LINE.replace("okhttp/4.12.0 (a b)", r#"a"b\"c"#);
        read(&AwsAlb, &quoted, |record| {
            assert_eq!(record.unwrap().user_agent, Some(&br#"a"b\"c"#[..]));
        });
        let none = LINE.replace(
            "GET https://api.example.com:443/v1/orders/42?x=1 HTTP/1.1",
            "- http://api-lb:80- -",
        );
        read(&AwsAlb, &none, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        for broken in [
            &LINE[..150],
            &LINE.replace("https 2026", "https 26"),
            "https",
            "",
        ] {
            read(&AwsAlb, broken, |record| {
                assert_eq!(record.unwrap_err(), Skip::Malformed);
            });
        }
        read(&AwsAlb, &LINE.replace("-02T12", "-32T12"), |record| {
            assert_eq!(record.unwrap_err(), Skip::BadTime);
        });
    }
}
