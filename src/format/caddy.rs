//! Caddy's access log (JSON lines of the logger `http.log.access`).
//!
//! The client is the first of: a field that operators add (`log_append`), the user whom Caddy
//! authenticated (`user_id`), the name in the client's certificate. A header in the record is
//! the caller's own word: Caddy logs headers as they came in.
//!
//! Who decided is not in it: the status says that a request was refused, and not by whom.
//!
//! Source: Caddy's documentation, "How logging works"; `modules/caddyhttp/marshalers.go`.
//! Headers are lists. Status 0 means that no handler answered: it proves nothing.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};

pub(super) struct Caddy;

/// Headers, each a list of values.
const AGENTS: Meaning = Meaning::Own(0);
const REQUEST_IDS: Meaning = Meaning::Own(1);
/// The name of the client's certificate.
const CERTIFICATE: Meaning = Meaning::Own(2);
/// What only records of requests have.
const ASKED: Meaning = Meaning::Own(3);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/ts", "/time", "/timestamp"]),
        (Meaning::Method, &["/request/method"]),
        (Meaning::Target, &["/request/uri"]),
        (ASKED, &["/request/method", "/request/uri", "/status"]),
        (Meaning::Status, &["/status"]),
        (Meaning::Client, &["/azp", "/client_id", "/user_id"]),
        (CERTIFICATE, &["/request/tls/client_common_name"]),
        (Meaning::Serial, &["/request/tls/client_serial"]),
        (Meaning::Scopes, &["/scope", "/scp"]),
        (Meaning::TokenId, &["/jti"]),
        (Meaning::Subject, &["/sub"]),
        (Meaning::Issued, &["/iat"]),
        (Meaning::Expires, &["/exp"]),
        (Meaning::Host, &["/request/host"]),
        (
            Meaning::ClientIp,
            &[
                "/request/client_ip",
                "/request/remote_ip",
                "/request/remote_addr",
            ],
        ),
        (AGENTS, &["/request/headers/User-Agent"]),
        (REQUEST_IDS, &["/request/headers/X-Request-Id"]),
        (Meaning::RequestId, &["/uuid", "/request_id"]),
    ]))
});

impl LogFormat for Caddy {
    fn name(&self) -> &'static str {
        "caddy"
    }

    fn title(&self) -> &'static str {
        "Caddy access logs (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Caddy logs the user whom it authenticated itself (`user_id`: basic_auth, or a plugin). For tokens, add the \
         claim or the header that names the client to the site (log_append is there since version 2.8):\n    \
         log_append client_id {http.auth.user.azp}\n    \
         forward_auth: log_append client_id {http.request.header.X-Client-Id}\n    \
         and, so that no caller can send that header, within one route { } in front of forward_auth with copy_headers X-Client-Id:\n      \
         request_header -X-Client-Id\n    \
         mutual TLS: `client_common_name` is logged by itself"
    }

    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "headers are lists under their names, status 0 is no answer, and messages of other loggers are passed over",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let logger = |of: &'static str| line.says("logger", |logger| logger.starts_with(of));
        let request = line.keys(
            &["request/uri", "request/method", "status"],
            &["resp_headers", "duration", "ts"],
        );
        if logger("http.log.access") || line.says("msg", |msg| msg == "handled request") {
            request
        } else {
            // Messages of Caddy itself, on the same output.
            u32::from(
                ["http", "admin", "tls"].into_iter().any(logger)
                    && line.keys(&["level", "ts", "msg"], &[]) > 0,
            )
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            .passing_over(|declared, fields| !declared.has(fields, ASKED))
            .and(|declared, fields, record| {
                let first = |meaning| declared.element(fields, meaning, false);
                record.user_agent = first(AGENTS);
                record.request_id = record.request_id.or_else(|| first(REQUEST_IDS));
                record.client = record.client.or_else(|| declared.text(fields, CERTIFICATE));
            });
        Arc::new(reader)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"level":"info","ts":1767355200.1178,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"198.51.100.23","remote_port":"4","client_ip":"198.51.100.23","proto":"HTTP/2.0","method":"GET","host":"api.example.com","uri":"/v1/orders/42?x=1","headers":{"User-Agent":["okhttp/4"],"Authorization":["REDACTED"],"X-Request-Id":["r1"]},"tls":{"client_common_name":"erp-sync","client_serial":"77"}},"bytes_read":0,"user_id":"","duration":0.0241,"size":1,"status":200,"resp_headers":{"Server":["Caddy"]}}"#;

    #[test]
    fn the_documented_shape_gives_every_field() {
        read(&Caddy, LINE, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.time, record.target),
                (1_767_355_200_117, &b"/v1/orders/42?x=1"[..])
            );
            assert_eq!(
                (record.client, record.status),
                (Some(&b"erp-sync"[..]), Some(200))
            );
            assert_eq!(
                (record.user_agent, record.request_id),
                (Some(&b"okhttp/4"[..]), Some(&b"r1"[..]))
            );
            assert_eq!(record.host, Some(&b"api.example.com"[..]));
        });
        let user = LINE.replace(r#""user_id":"""#, r#""user_id":"billing""#);
        read(&Caddy, &user, |record| {
            assert_eq!(record.unwrap().client, Some(&b"billing"[..]));
        });
    }

    #[test]
    fn a_header_that_the_caller_sent_names_nobody() {
        let header = r#""X-Client-Id":["admin"],"X-Jwt-Azp":["admin"],"User-Agent""#;
        let forged = LINE
            .replace("\"User-Agent\"", header)
            .replace(r#""client_common_name":"erp-sync","#, "");
        read(&Caddy, &forged, |record| {
            assert_eq!(record.unwrap().client, None);
        });
        let verified = forged.replace(r#""user_id":"""#, r#""user_id":"","client_id":"erp""#);
        read(&Caddy, &verified, |record| {
            assert_eq!(record.unwrap().client, Some(&b"erp"[..]));
        });
    }

    #[test]
    fn messages_are_passed_over_and_broken_requests_are_not() {
        let message =
            r#"{"level":"info","ts":1767355200.1,"logger":"admin","msg":"admin endpoint started"}"#;
        read(&Caddy, message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        read(&Caddy, &LINE.replace("\"uri\"", "\"u\""), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
        read(
            &Caddy,
            &LINE.replace("1767355200.1178", "\"noon\""),
            |record| {
                assert_eq!(record.unwrap_err(), Skip::BadTime);
            },
        );
        read(
            &Caddy,
            &LINE.replace("\"status\":200", "\"status\":0"),
            |record| {
                assert_eq!(record.unwrap().status, None);
            },
        );
    }
}
