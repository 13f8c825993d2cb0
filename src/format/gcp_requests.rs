//! Google Cloud request logs: load balancers, Cloud Run, API Gateway and others whose entries have
//! an `httpRequest`, and the entries that Endpoints writes about each call (JSON lines of Cloud
//! Logging).
//!
//! There is no client in them: the `api_key` of Endpoints is the secret itself and never read.
//!
//! Who decided: `statusDetails` (or `proxyStatus` of regional load balancers) says
//! `response_sent_by_backend` where the service answered, and what the load balancer did
//! where it refused. Other details tell of broken connections and prove nothing.
//!
//! Some systems write every key in lower case.
//!
//! Source: `LogEntry` of Cloud Logging; "statusDetails HTTP success and failure messages".

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};
use crate::model::AnsweredBy;

pub(super) struct GcpRequests;

const DETAILS: Meaning = Meaning::Own(0);
const ASKED: Meaning = Meaning::Own(1);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (
            Meaning::Time,
            &["/timestamp", "/receiveTimestamp", "/receivetimestamp"],
        ),
        (
            ASKED,
            &[
                "/httpRequest/requestMethod",
                "/httpRequest/requestUrl",
                "/httprequest/requestmethod",
                "/httprequest/requesturl",
                "/jsonPayload/http_method",
                "/jsonPayload/url",
            ],
        ),
        (
            Meaning::Method,
            &[
                "/httpRequest/requestMethod",
                "/httprequest/requestmethod",
                "/jsonPayload/http_method",
            ],
        ),
        (
            Meaning::Target,
            &[
                "/httpRequest/requestUrl",
                "/httprequest/requesturl",
                "/jsonPayload/url",
            ],
        ),
        (
            Meaning::Status,
            &[
                "/httpRequest/status",
                "/httprequest/status",
                "/jsonPayload/http_status_code",
                "/jsonPayload/http_response_code",
            ],
        ),
        (
            DETAILS,
            &[
                "/jsonPayload/statusDetails",
                "/jsonPayload/proxyStatus",
                "/jsonPayload/responseDetails",
                "/jsonPayload/response_code_detail",
                "/jsonpayload/statusdetails",
                "/jsonpayload/proxystatus",
            ],
        ),
        (
            Meaning::Client,
            &["/jsonPayload/clientId", "/labels/client_id"],
        ),
        (Meaning::RequestId, &["/insertId", "/insertid"]),
        (
            Meaning::ClientIp,
            &["/httpRequest/remoteIp", "/httprequest/remoteip"],
        ),
        (
            Meaning::UserAgent,
            &["/httpRequest/userAgent", "/httprequest/useragent"],
        ),
    ]))
});

/// What the load balancer says when it answered itself.
const OWN: [&[u8]; 13] = [
    b"denied_by_security_policy",
    b"handled_by_identity_aware_proxy",
    b"denied_by_access_policy",
    b"redirected",
    b"ssl_certificate",
    b"invalid_http_",
    b"url_map_",
    b"http_request_denied",
    // API Gateway and Endpoints, which are Envoy.
    b"jwt_authn_access_denied",
    b"service_control_check_error",
    b"service_control_bad_request",
    b"route_not_found",
    b"direct_response",
];

impl LogFormat for GcpRequests {
    fn name(&self) -> &'static str {
        "gcp-requests"
    }

    fn title(&self) -> &'static str {
        "Google Cloud load balancer, Cloud Run and API Gateway request logs (JSON)"
    }

    fn identity_help(&self) -> &'static str {
        "Google's request logs never name the caller. Read the log of the gateway or service after the load balancer, \
         or let a sink add the client to each entry as `labels.client_id`. Calls of Google's own APIs are in the audit \
         logs, which name it"
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "who answered is told by the details of the status, and entries without a request are passed over",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let more = [
            "logName",
            "insertId",
            "resource",
            "jsonPayload",
            "logname",
            "insertid",
            "severity",
        ];
        let found = line.keys(&["httpRequest/requestMethod"], &more)
            + line.keys(&["httprequest/requestmethod"], &more)
            + line.keys(
                &["jsonPayload/api_method", "jsonPayload/http_method"],
                &more,
            );
        let audit = line.at("protoPayload").is_some();
        if found > 2 && !audit { found } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            .passing_over(|declared, fields| !declared.has(fields, ASKED))
            .and(|declared, fields, record| {
                record.client_ip = record.client_ip.map(without_port);
                let details = declared.text(fields, DETAILS).unwrap_or_default();
                let service = [&b"response_sent_by_backend"[..], b"via_upstream"];
                record.answered_by = if service.iter().any(|own| details.starts_with(own)) {
                    AnsweredBy::Upstream
                } else if OWN.iter().any(|own| details.starts_with(own)) {
                    AnsweredBy::Gateway
                } else {
                    AnsweredBy::Unknown
                };
            });
        Arc::new(reader)
    }
}

/// An IPv4 address without its port.
fn without_port(text: &[u8]) -> &[u8] {
    match memchr::memchr(b':', text) {
        Some(at) if memchr::memrchr(b':', text) == Some(at) => &text[..at],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"httpRequest":{"remoteIp":"198.51.100.23:4711","requestMethod":"POST","requestUrl":"https://api.example.com:443/v1/orders?x=1","status":200,"userAgent":"a"},"insertId":"abc","jsonPayload":{"statusDetails":"response_sent_by_backend"},"logName":"projects/p/logs/requests","resource":{"type":"http_load_balancer"},"severity":"INFO","timestamp":"2026-01-02T12:00:00.117Z"}"#;

    #[test]
    fn api_gateway_and_endpoints_are_read_and_their_key_is_not() {
        let gateway = r#"{"insertId":"a","httpRequest":{"requestMethod":"GET","requestUrl":"/v1/orders","status":403,"remoteIp":"198.51.100.23","latency":"0.048180s"},"jsonPayload":{"responseDetails":"jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}"},"logName":"projects/p/logs/apigateway.googleapis.com%2Frequests","resource":{"type":"apigateway.googleapis.com/Gateway"},"timestamp":"2026-01-02T12:00:00.117Z"}"#;
        read(&GcpRequests, gateway, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.status, record.answered_by),
                (Some(403), AnsweredBy::Gateway)
            );
        });
        let endpoints = r#"{"insertId":"b","jsonPayload":{"api_key":"secret","api_method":"1.orders.get","http_method":"GET","url":"/v1/orders?x=1","http_status_code":"200","response_code_detail":"via_upstream"},"logName":"projects/p/logs/endpoints_log","resource":{"type":"api"},"timestamp":"2026-01-02T12:00:00.117Z"}"#;
        read(&GcpRequests, endpoints, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.target, record.status),
                (&b"/v1/orders?x=1"[..], Some(200))
            );
            assert_eq!((record.client, record.credential), (None, None));
            assert_eq!(record.answered_by, AnsweredBy::Upstream);
        });
    }

    #[test]
    fn both_spellings_of_the_keys_are_read_and_the_details_say_who_answered() {
        for line in [
            LINE.to_owned(),
            LINE.to_lowercase()
                .replace("post", "POST")
                .replace("02t12", "02T12"),
        ] {
            read(&GcpRequests, &line, |record| {
                let record = record.unwrap();
                assert_eq!(
                    (record.time, record.method),
                    (1_767_355_200_117, &b"POST"[..])
                );
                assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
                assert_eq!(record.answered_by, AnsweredBy::Upstream);
            });
        }
        let by = |details: &str| {
            let line = LINE.replace("response_sent_by_backend", details);
            read(&GcpRequests, &line, |record| record.unwrap().answered_by)
        };
        assert_eq!(by("denied_by_security_policy"), AnsweredBy::Gateway);
        assert_eq!(
            by("client_disconnected_before_any_response"),
            AnsweredBy::Unknown
        );
        read(
            &GcpRequests,
            r#"{"insertId":"a","textPayload":"hi"}"#,
            |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord);
            },
        );
    }
}
