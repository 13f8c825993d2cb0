//! Cloudflare Logpush, data set `http_requests` (JSON lines).
//!
//! The client is the first of: a request header that the job logs (`RequestHeaders`), the
//! certificate of API Shield.
//!
//! Who decided: a status of the origin says that it answered; 0 that Cloudflare did.
//!
//! Source: Cloudflare's list of fields of HTTP requests.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};
use crate::model::AnsweredBy;

pub(super) struct Cloudflare;

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/EdgeStartTimestamp", "/EdgeEndTimestamp"]),
        (Meaning::Method, &["/ClientRequestMethod"]),
        (Meaning::Target, &["/ClientRequestURI"]),
        (Meaning::Path, &["/ClientRequestPath"]),
        (Meaning::Status, &["/EdgeResponseStatus"]),
        (Meaning::UpstreamStatus, &["/OriginResponseStatus"]),
        (
            Meaning::Client,
            &[
                "/RequestHeaders/x-client-id",
                "/RequestHeaders/x-jwt-azp",
                "/RequestHeaders/cf-access-client-id",
                "/ClientMTLSAuthCertFingerprint",
            ],
        ),
        (Meaning::Credential, &["/ClientMTLSAuthCertFingerprint"]),
        (Meaning::RequestId, &["/RayID"]),
        (Meaning::Host, &["/ClientRequestHost"]),
        (Meaning::ClientIp, &["/ClientIP"]),
        (Meaning::UserAgent, &["/ClientRequestUserAgent"]),
    ]))
});

impl LogFormat for Cloudflare {
    fn name(&self) -> &'static str {
        "cloudflare"
    }

    fn title(&self) -> &'static str {
        "Cloudflare Logpush, HTTP requests (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Cloudflare logs no caller by default. Add the header that names it to the custom fields of the zone (rules, \
         phase http_log_custom_fields):\n    \
         \"request_fields\": [{\"name\": \"x-client-id\"}], or \"cf-access-client-id\" for Access service tokens\n    \
         API Shield with mutual TLS: select the field ClientMTLSAuthCertFingerprint"
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "who answered is told by the status of the origin, and 0 is no answer of it",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        line.keys(
            &["ClientRequestMethod", "EdgeResponseStatus"],
            &[
                "ClientRequestURI",
                "ClientRequestPath",
                "RayID",
                "EdgeStartTimestamp",
                "ClientIP",
            ],
        )
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Requests::new(&FIELDS).and(|declared, fields, record| {
            record.answered_by = if record.upstream_status.is_some() {
                AnsweredBy::Upstream
            } else if declared.has(fields, Meaning::UpstreamStatus) {
                AnsweredBy::Gateway
            } else {
                AnsweredBy::Unknown
            };
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"ClientIP":"198.51.100.23","ClientRequestHost":"api.example.com","ClientRequestMethod":"GET","ClientRequestURI":"/v1/orders?x=1","ClientRequestPath":"/v1/orders","EdgeStartTimestamp":1767355200117000000,"EdgeResponseStatus":200,"OriginResponseStatus":200,"RayID":"761f","RequestHeaders":{"x-client-id":"erp-sync"},"ClientRequestUserAgent":""}"#;

    #[test]
    fn every_form_of_the_time_and_the_origin_are_read() {
        for time in [
            "1767355200117000000",
            "1767355200",
            "\"2026-01-02T12:00:00Z\"",
        ] {
            read(
                &Cloudflare,
                &LINE.replace("1767355200117000000", time),
                |record| {
                    let record = record.unwrap();
                    assert_eq!(record.time / 1_000, 1_767_355_200);
                    assert_eq!(
                        (record.client, record.target),
                        (Some(&b"erp-sync"[..]), &b"/v1/orders?x=1"[..])
                    );
                    assert_eq!(record.answered_by, AnsweredBy::Upstream);
                },
            );
        }
        let blocked = LINE.replace(
            r#""OriginResponseStatus":200"#,
            r#""OriginResponseStatus":0"#,
        );
        read(&Cloudflare, &blocked, |record| {
            assert_eq!(record.unwrap().answered_by, AnsweredBy::Gateway);
        });
        let unsaid = LINE
            .replace(r#""OriginResponseStatus":200,"#, "")
            .replace(r#""ClientRequestURI":"/v1/orders?x=1","#, "");
        read(&Cloudflare, &unsaid, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.answered_by, record.target),
                (AnsweredBy::Unknown, &b"/v1/orders"[..])
            );
        });
        read(&Cloudflare, "{\"ClientIP\":1}", |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
