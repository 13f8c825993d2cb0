//! Gravitee's metrics as its reporters write them in JSON: one record for each request, of both
//! generations of the gateway, with keys in camel case or between dashes.
//!
//! The client is the application; a second name is its subscription. `clientIdentifier` is
//! whatever the caller sent for itself, and is not looked at. A keyless plan has the application
//! `1`: nobody.
//!
//! Who decided: an endpoint is named where the request was passed on; without one the gateway
//! answered.
//!
//! Source: the templates `v4-metrics.ftl` and `request.ftl` of Gravitee API Management, and
//! the classes of its reporter API. The method may be a number: the order of
//! `io.gravitee.common.http.HttpMethod`.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{AuthKind, LogFormat, RecordReader, SampleLine};
use crate::model::{AnsweredBy, Refusal};

pub(super) struct Gravitee;

const ENDPOINT: Meaning = Meaning::Own(0);
/// How the plan knows callers.
const SECURITY: Meaning = Meaning::Own(1);
/// Why the gateway answered itself.
const ERROR: Meaning = Meaning::Own(2);
/// What only records of requests have.
const ASKED: Meaning = Meaning::Own(3);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/timestamp", "/@timestamp"]),
        (Meaning::Method, &["/httpMethod", "/http-method", "/method"]),
        (Meaning::Target, &["/uri"]),
        (ASKED, &["/uri", "/status"]),
        (Meaning::Status, &["/status"]),
        (ENDPOINT, &["/endpoint"]),
        (
            Meaning::Client,
            &["/applicationId", "/application-id", "/application"],
        ),
        (
            Meaning::ClientAlt,
            &["/subscriptionId", "/subscription-id", "/subscription"],
        ),
        (Meaning::Subject, &["/user"]),
        (SECURITY, &["/securityType", "/security-type"]),
        (ERROR, &["/errorKey", "/error-key"]),
        (
            Meaning::RequestId,
            &["/requestId", "/request-id", "/_id", "/id"],
        ),
        (Meaning::Host, &["/host"]),
        (Meaning::ClientIp, &["/remoteAddress", "/remote-address"]),
        (Meaning::UserAgent, &["/userAgent", "/user-agent"]),
    ]))
});

/// The numbers of methods.
const METHODS: [(&[u8], &[u8]); 9] = [
    (b"1", b"CONNECT"),
    (b"2", b"DELETE"),
    (b"3", b"GET"),
    (b"4", b"HEAD"),
    (b"5", b"OPTIONS"),
    (b"6", b"PATCH"),
    (b"7", b"POST"),
    (b"8", b"PUT"),
    (b"9", b"TRACE"),
];

impl LogFormat for Gravitee {
    fn name(&self) -> &'static str {
        "gravitee"
    }

    fn title(&self) -> &'static str {
        "Gravitee metrics of its file, TCP and Elasticsearch reporters (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Gravitee names the application of every request to a plan that asks for one. These plans are keyless: give \
         the API a plan of type OAuth2, JWT, API key or mTLS, and let callers subscribe to it"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let newer = line.keys(
            &["apiId", "requestId", "uri"],
            &[
                "planId",
                "applicationId",
                "transactionId",
                "httpMethod",
                "gateway",
            ],
        );
        let dashes = line.keys(
            &["api-id", "request-id", "uri"],
            &[
                "plan-id",
                "application-id",
                "transaction-id",
                "http-method",
                "gateway",
            ],
        );
        let older = line.keys(
            &["api", "transaction", "uri", "status"],
            &["plan", "application", "gateway", "local-address"],
        );
        newer.max(dashes).max(older)
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            // Health checks, messages and logs of bodies come from the same reporter.
            .passing_over(|declared, fields| !declared.has(fields, ASKED))
            .and(|declared, fields, record| {
                let number = METHODS.iter().find(|(own, _)| *own == record.method);
                record.method = number.map_or(record.method, |(_, name)| *name);
                let keyless = declared
                    .text(fields, SECURITY)
                    .is_some_and(|own| own.eq_ignore_ascii_case(b"KEY_LESS"));
                if keyless || matches!(record.client, Some(b"1" | b"unknown")) {
                    record.client = None;
                    record.client_alt = None;
                }
                record.answered_by = if declared.text(fields, ENDPOINT).is_some() {
                    AnsweredBy::Upstream
                } else {
                    AnsweredBy::Gateway
                };
                let error = declared.text(fields, ERROR).unwrap_or_default();
                record.claims.refusal = if error.starts_with(b"API_KEY_")
                    || error.starts_with(b"JWT_")
                    || error.starts_with(b"OAUTH2_INVALID")
                    || error.starts_with(b"OAUTH2_MISSING")
                    || error == b"GATEWAY_PLAN_UNRESOLVABLE"
                {
                    Refusal::Authentication
                } else if error == b"OAUTH2_INSUFFICIENT_SCOPE" || error.starts_with(b"RBAC_") {
                    Refusal::Authorisation
                } else {
                    Refusal::Unsaid
                };
                record.claims.token.kind = match declared.text(fields, SECURITY) {
                    Some(b"OAUTH2" | b"JWT") => AuthKind::Token,
                    Some(b"API_KEY") => AuthKind::ApiKey,
                    Some(b"MTLS") => AuthKind::Certificate,
                    _ => record.claims.token.kind,
                };
            });
        Arc::new(reader)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const NEWER: &str = r#"{"timestamp":1767355200117,"requestId":"r1","transactionId":"t1","apiId":"a1","apiType":"http-proxy","planId":"p1","applicationId":"app-7","subscriptionId":"s1","clientIdentifier":"spoofed","httpMethod":"GET","uri":"/orders/v1/42?expand=items","pathInfo":"/v1/42","status":200,"endpoint":"http://192.0.2.7:8080/v1/42","securityType":"OAUTH2","securityToken":"secret","remoteAddress":"198.51.100.23","host":"api.example.com","userAgent":"okhttp/4"}"#;
    const DASHES: &str = r#"{"gateway":"g1","_id":"r1","type":"v4-metrics","date":"2026.01.02","@timestamp":"2026-01-02T12:00:00.117Z","request-id":"r1","transaction-id":"t1","api-id":"a1","plan-id":"p1","application-id":"app-7","subscription-id":"s1","http-method":3,"uri":"/orders/v1/42?expand=items","status":200,"endpoint":"http://192.0.2.7:8080/v1/42","security-type":"OAUTH2","remote-address":"198.51.100.23"}"#;
    const OLDER: &str = r#"{"type":"request","date":"2026.01.02","_id":"r1","gateway":"g1","@timestamp":"2026-01-02T12:00:00.117Z","transaction":"t1","method":3,"uri":"/orders/v1/42?expand=items","status":200,"plan":"p1","api":"a1","application":"app-7","remote-address":"198.51.100.23","endpoint":"http://192.0.2.7:8080/v1/42","security-type":"OAUTH2"}"#;

    #[test]
    fn three_generations_of_one_request_are_that_request() {
        for line in [NEWER, DASHES, OLDER] {
            read(&Gravitee, line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(
                    (record.method, record.target),
                    (&b"GET"[..], &b"/orders/v1/42?expand=items"[..])
                );
                assert_eq!(record.client, Some(&b"app-7"[..]));
                assert_eq!(record.request_id, Some(&b"r1"[..]));
                assert_eq!(record.answered_by, AnsweredBy::Upstream);
                assert_eq!(record.claims.token.kind, AuthKind::Token);
            });
        }
    }

    #[test]
    fn a_keyless_plan_names_nobody_and_the_gateway_says_why_it_refused() {
        for keyless in [
            NEWER.replace("app-7", "1"),
            NEWER.replace("OAUTH2", "KEY_LESS"),
        ] {
            read(&Gravitee, &keyless, |record| {
                let record = record.unwrap();
                assert_eq!((record.client, record.client_alt), (None, None));
            });
        }
        let refused = |error: &str| {
            let line = NEWER
                .replace(
                    r#""endpoint":"http://192.0.2.7:8080/v1/42""#,
                    &format!(r#""errorKey":"{error}""#),
                )
                .replace("\"status\":200", "\"status\":401");
            read(&Gravitee, &line, |record| {
                let record = record.unwrap();
                (record.answered_by, record.claims.refusal)
            })
        };
        assert_eq!(
            refused("API_KEY_INVALID"),
            (AnsweredBy::Gateway, Refusal::Authentication)
        );
        assert_eq!(
            refused("OAUTH2_INSUFFICIENT_SCOPE"),
            (AnsweredBy::Gateway, Refusal::Authorisation)
        );
        assert_eq!(refused("OTHER"), (AnsweredBy::Gateway, Refusal::Unsaid));
    }

    #[test]
    fn health_checks_are_passed_over_and_a_request_without_a_time_is_not() {
        let health = r#"{"type":"health-check","gateway":"g1","@timestamp":"2026-01-02T12:00:00.117Z","api":"a1","endpoint":"default","available":true}"#;
        read(&Gravitee, health, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        read(&Gravitee, &NEWER.replace("timestamp", "t"), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
