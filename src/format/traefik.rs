//! Traefik's access log as JSON, of versions 2 and 3.
//!
//! The client is the first of: a header that operators have kept (they are dropped by
//! default), the subject of the client's certificate, the user of basic authentication.
//!
//! Who decided: `OriginStatus` is there when the service answered, and not, or 0, when Traefik
//! did (Traefik's documentation of access log fields). Middlewares such as `forwardAuth` answer as
//! Traefik. The middleware `buffering` leaves 0 there for whatever the service answered; then
//! `OriginDuration` says that it was asked, and who answered is not known.
//!
//! The text form is one of `combined`.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::{Requests, holds_request};
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip};
use crate::model::AnsweredBy;

pub(super) struct Traefik;

/// User of basic authentication; of a 401 nobody verified it.
const USERNAME: Meaning = Meaning::Own(0);
/// What only records of requests have.
const ASKED: Meaning = Meaning::Own(1);
/// How long the service took; 0 where it was not asked.
const DURATION: Meaning = Meaning::Own(2);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/StartUTC", "/StartLocal", "/time"]),
        (Meaning::Method, &["/RequestMethod"]),
        (Meaning::Target, &["/RequestPath"]),
        (
            ASKED,
            &[
                "/RequestMethod",
                "/RequestPath",
                "/DownstreamStatus",
                "/RouterName",
            ],
        ),
        (Meaning::Status, &["/DownstreamStatus"]),
        (Meaning::UpstreamStatus, &["/OriginStatus"]),
        (DURATION, &["/OriginDuration"]),
        (
            Meaning::Client,
            &[
                "/request_X-Client-Id",
                "/request_X-Jwt-Azp",
                "/request_X-Auth-Request-Client",
                "/request_X-Consumer-Username",
                "/TLSClientSubject",
                "/ClientUsername",
            ],
        ),
        (USERNAME, &["/ClientUsername"]),
        (
            Meaning::Scopes,
            &[
                "/request_X-Scope",
                "/request_X-Jwt-Scope",
                "/request_X-Authenticated-Scope",
            ],
        ),
        (
            Meaning::Subject,
            &["/request_X-Forwarded-User", "/request_X-Auth-Request-User"],
        ),
        (Meaning::RequestId, &["/request_X-Request-Id"]),
        (Meaning::Host, &["/RequestHost", "/RequestAddr"]),
        (Meaning::ClientIp, &["/ClientHost"]),
        (Meaning::UserAgent, &["/request_User-Agent"]),
    ]))
});

impl LogFormat for Traefik {
    fn name(&self) -> &'static str {
        "traefik"
    }

    fn title(&self) -> &'static str {
        "Traefik access logs, versions 2 and 3 (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Traefik drops request headers from its log. With a forwardAuth middleware that sets one (authResponseHeaders: \
         [X-Client-Id]), keep it:\n    \
         accessLog:\n      format: json\n      fields:\n        headers:\n          names:\n            \
         X-Client-Id: keep\n    \
         and, so that no caller can send that header, in front of forwardAuth a middleware that removes it:\n      \
         headers: {customRequestHeaders: {X-Client-Id: \"\"}}\n    \
         a buffering middleware stands behind forwardAuth, not in front of it: it hides the header from the log"
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "a user of basic authentication is not verified when the answer is 401, messages are passed over, and who answered is told by OriginStatus",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        line.keys(
            &["DownstreamStatus", "RequestMethod"],
            &[
                "RequestPath",
                "RouterName",
                "StartUTC",
                "ClientHost",
                "entryPointName",
            ],
        )
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            // Messages of Traefik itself, on the same output.
            .passing_over(|declared, fields| !declared.has(fields, ASKED))
            .and(|declared, fields, record| {
                let duration = declared.text(fields, DURATION);
                record.answered_by = match record.upstream_status {
                    Some(_) => AnsweredBy::Upstream,
                    None if duration.is_some_and(|text| text != b"0") => AnsweredBy::Unknown,
                    None => AnsweredBy::Gateway,
                };
                // Of a list the last one is what Traefik itself saw.
                let last = |list: &[u8]| memchr::memrchr(b',', list).map_or(0, |at| at + 1);
                record.client_ip = record.client_ip.map(|list| list[last(list)..].trim_ascii());
                let basic = record.client == declared.text(fields, USERNAME);
                record.anonymous = basic && record.status == Some(401) && record.client.is_some();
            });
        Arc::new(Reader(reader))
    }
}

struct Reader(Requests);

impl RecordReader for Reader {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        // What Traefik and its plugins write next to the lines of the log.
        let message = MESSAGES.iter().any(|own| line.starts_with(own)) || is_console(line);
        if message && !holds_request(line) {
            return Err(Skip::OtherRecord);
        }
        self.0.parse(line, scratch)
    }
}

/// What messages in text begin with.
const MESSAGES: [&[u8]; 6] = [
    b"DEBUG: ",
    b"INFO: ",
    b"WARN: ",
    b"ERROR: ",
    b"time=\"",
    b"Traefik ",
];

/// `2026-01-02T12:00:00Z INF message`: the console form of version 3.
fn is_console(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let dated = words.next().is_some_and(|time| time.get(4) == Some(&b'-'));
    let level = words.next().unwrap_or_default();
    dated
        && matches!(
            level,
            b"TRC" | b"DBG" | b"INF" | b"WRN" | b"ERR" | b"FTL" | b"PNC"
        )
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"ClientHost":"198.51.100.23","ClientUsername":"-","DownstreamStatus":200,"Duration":24000000,"OriginStatus":200,"RequestHost":"api.example.com","RequestMethod":"GET","RequestPath":"/v1/orders/42?expand=items","RouterName":"a@file -> b@file","ServiceURL":{"Scheme":"http","Host":"192.0.2.7:80"},"StartUTC":"2026-01-02T12:00:00.117782192Z","entryPointName":"web","level":"info","msg":"","request_User-Agent":"okhttp/4","request_X-Client-Id":"erp-sync","time":"2026-01-02T12:00:01Z"}"#;

    #[test]
    fn both_generations_give_every_field() {
        let newer = LINE.replace(
            r#"{"Scheme":"http","Host":"192.0.2.7:80"}"#,
            r#""http://192.0.2.7:80""#,
        );
        for line in [LINE, &newer] {
            read(&Traefik, line, |record| {
                let record = record.unwrap();
                assert_eq!(record.time, 1_767_355_200_117);
                assert_eq!(record.target, b"/v1/orders/42?expand=items");
                assert_eq!(
                    (record.client, record.status),
                    (Some(&b"erp-sync"[..]), Some(200))
                );
                assert_eq!(record.answered_by, AnsweredBy::Upstream);
                assert_eq!(record.user_agent, Some(&b"okhttp/4"[..]));
            });
        }
    }

    #[test]
    fn traefik_answered_where_no_origin_did_and_a_user_of_a_401_is_not_verified() {
        let own = LINE
            .replace(r#""OriginStatus":200,"#, "")
            .replace(r#""DownstreamStatus":200"#, r#""DownstreamStatus":401"#)
            .replace(r#""ClientUsername":"-""#, r#""ClientUsername":"erp""#)
            .replace(r#""request_X-Client-Id":"erp-sync","#, "");
        read(&Traefik, &own, |record| {
            let record = record.unwrap();
            assert_eq!(record.answered_by, AnsweredBy::Gateway);
            assert!(record.anonymous && record.client == Some(b"erp"));
        });
        let several = own.replace("198.51.100.23", "203.0.113.9, 198.51.100.23");
        read(&Traefik, &several, |record| {
            assert_eq!(record.unwrap().client_ip, Some(&b"198.51.100.23"[..]));
        });
        let named = own.replace("\"level\"", "\"request_X-Client-Id\":\"x\",\"level\"");
        read(&Traefik, &named, |record| {
            assert!(!record.unwrap().anonymous);
        });
    }

    #[test]
    fn where_buffering_hides_the_status_of_the_service_nobody_is_said_to_have_refused() {
        let by = |origin: &str| {
            let line = LINE
                .replace(r#""OriginStatus":200"#, origin)
                .replace(r#""DownstreamStatus":200"#, r#""DownstreamStatus":403"#);
            read(&Traefik, &line, |record| record.unwrap().answered_by)
        };
        let asked = r#""OriginStatus":0,"OriginDuration":4425366"#;
        assert_eq!(by(asked), AnsweredBy::Unknown);
        let not_asked = r#""OriginStatus":0,"OriginDuration":0"#;
        assert_eq!(by(not_asked), AnsweredBy::Gateway);
        let answered = r#""OriginStatus":403,"OriginDuration":4425366"#;
        assert_eq!(by(answered), AnsweredBy::Upstream);
    }

    #[test]
    fn messages_of_traefik_are_passed_over_and_requests_without_a_path_are_not() {
        let message =
            r#"{"level":"info","msg":"Configuration loaded","time":"2026-01-02T12:00:00Z"}"#;
        read(&Traefik, message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        for message in [
            "DEBUG: BouncerPlugin: 2026/01/02 12:00:00 cache updated",
            "2026-01-02T12:00:00Z INF Traefik version 3.1.0 built on 2024",
            "time=\"2026-01-02T12:00:00Z\" level=info msg=\"Configuration loaded\"",
        ] {
            read(&Traefik, message, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{message}");
            });
        }
        read(&Traefik, "DEBUG: GET /a HTTP/1.1", |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
        let cut = LINE.replace("RequestPath", "Path");
        read(&Traefik, &cut, |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
