//! Azure Application Gateway, category `ApplicationGatewayAccessLog` (JSON: diagnostic settings
//! of both generations, and the table `AGWAccessLogs` of Log Analytics, also as CSV).
//!
//! The target is what the caller sent: `originalRequestUriWithArgs`. `requestUri` may be
//! rewritten, and counts where nothing better is there (the first generation).
//!
//! There is no client in it but the certificate of mutual TLS.
//!
//! Who decided: `serverStatus` is the status of the service; where the key is there and empty, the
//! gateway answered.
//!
//! Source: Azure's reference of the access log, and of the table.

use std::sync::{Arc, LazyLock};

use super::azure::{self, CATEGORY};
use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{AuthKind, LogFormat, RecordReader, SampleLine};
use crate::model::AnsweredBy;

pub(super) struct ApplicationGateway;

/// Whether the client's certificate was good.
const VERIFIED: Meaning = Meaning::Own(1);
const CERTIFICATE: Meaning = Meaning::Own(2);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (CATEGORY, azure::CATEGORIES),
        (Meaning::Time, &["/timeStamp", "/time", "/TimeGenerated"]),
        (
            Meaning::Method,
            &["/properties/httpMethod", "/HttpMethod", "/httpMethod_s"],
        ),
        (
            Meaning::Target,
            &[
                "/properties/originalRequestUriWithArgs",
                "/OriginalRequestUriWithArgs",
                "/originalRequestUriWithArgs_s",
                "/properties/requestUri",
                "/RequestUri",
                "/requestUri_s",
            ],
        ),
        (
            Meaning::Status,
            &["/properties/httpStatus", "/HttpStatus", "/httpStatus_d"],
        ),
        (
            Meaning::UpstreamStatus,
            &[
                "/properties/serverStatus",
                "/ServerStatus",
                "/serverStatus_s",
            ],
        ),
        (
            VERIFIED,
            &["/properties/sslClientVerify", "/SslClientVerify"],
        ),
        (
            CERTIFICATE,
            &[
                "/properties/sslClientCertificateFingerprint",
                "/SslClientCertificateFingerprint",
            ],
        ),
        (
            Meaning::RequestId,
            &[
                "/properties/transactionId",
                "/TransactionId",
                "/transactionId_g",
            ],
        ),
        (
            Meaning::Host,
            &[
                "/properties/originalHost",
                "/OriginalHost",
                "/originalHost_s",
                "/properties/host",
                "/Host",
                "/host_s",
            ],
        ),
        (
            Meaning::ClientIp,
            &[
                "/properties/clientIP",
                "/properties/clientIp",
                "/ClientIp",
                "/clientIP_s",
            ],
        ),
        (
            Meaning::UserAgent,
            &["/properties/userAgent", "/UserAgent", "/userAgent_s"],
        ),
    ]))
});

/// Columns of the table that no other has together.
const COLUMNS: [&str; 4] = ["TimeGenerated", "HttpMethod", "HttpStatus", "RequestUri"];

impl LogFormat for ApplicationGateway {
    fn name(&self) -> &'static str {
        "azure-app-gateway"
    }

    fn title(&self) -> &'static str {
        "Azure Application Gateway access logs (JSON, and CSV of Log Analytics)"
    }

    fn identity_help(&self) -> &'static str {
        "Application Gateway names no caller but the certificate of mutual TLS (an SSL profile with client \
         authentication, set on the listener). For tokens read the log of what stands after it: API Management, \
         or the service itself with the client in each line"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if azure::is_of(line, &azure::APPLICATION_GATEWAY) {
            4 + line.keys(&["properties/requestUri"], &["properties/httpMethod"])
        } else {
            line.keys(&COLUMNS, &["ServerStatus", "OriginalRequestUriWithArgs"])
        }
    }

    fn has_header(&self, sample: &[u8]) -> bool {
        azure::is_table(sample, &COLUMNS)
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            // Of the firewall, and counters.
            .passing_over(|declared, fields| {
                azure::is_other(declared, fields, &azure::APPLICATION_GATEWAY)
            })
            .and(|declared, fields, record| {
                record.answered_by = if record.upstream_status.is_some() {
                    AnsweredBy::Upstream
                } else if declared.has(fields, Meaning::UpstreamStatus) {
                    AnsweredBy::Gateway
                } else {
                    AnsweredBy::Unknown
                };
                let verified = declared.text(fields, VERIFIED) == Some(b"SUCCESS");
                record.client = declared.text(fields, CERTIFICATE).filter(|_| verified);
                if record.client.is_some() {
                    record.claims.token.kind = AuthKind::Certificate;
                }
            });
        azure::open(reader, sample, &COLUMNS, |_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const FIRST: &str = r#"{"resourceId":"/SUBSCRIPTIONS/0/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW","operationName":"ApplicationGatewayAccess","time":"2026-01-02T12:00:00Z","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"ApplicationGatewayRole_IN_0","clientIP":"198.51.100.23","clientPort":46886,"httpMethod":"GET","requestUri":"/v1/orders/42","requestQuery":"X-AzureApplicationGateway-CACHE-HIT=0","userAgent":"okhttp/4","httpStatus":404,"httpVersion":"HTTP/1.0","sslEnabled":"off"}}"#;
    const SECOND: &str = r#"{"timeStamp":"2026-01-02T12:00:00+00:00","resourceId":"/SUBSCRIPTIONS/0","listenerName":"https","operationName":"ApplicationGatewayAccess","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"198.51.100.23","httpMethod":"GET","originalRequestUriWithArgs":"\/v1\/orders\/42?expand=items","requestUri":"\/rewritten","requestQuery":"","userAgent":"okhttp/4","httpStatus":200,"transactionId":"592d","sslClientVerify":"NONE","sslClientCertificateFingerprint":"","serverRouted":"192.0.2.7:443","serverStatus":"200","originalHost":"api.example.com","host":"10.0.0.4"}}"#;

    #[test]
    fn both_generations_give_what_the_caller_asked_for() {
        read(&ApplicationGateway, FIRST, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.method, record.target),
                (&b"GET"[..], &b"/v1/orders/42"[..])
            );
            assert_eq!((record.time, record.status), (1_767_355_200_000, Some(404)));
            assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
            assert_eq!(record.answered_by, AnsweredBy::Unknown);
        });
        read(&ApplicationGateway, SECOND, |record| {
            let record = record.unwrap();
            assert_eq!(record.target, b"/v1/orders/42?expand=items");
            assert_eq!(record.host, Some(&b"api.example.com"[..]));
            assert_eq!(
                (record.client, record.answered_by),
                (None, AnsweredBy::Upstream)
            );
        });
    }

    #[test]
    fn a_verified_certificate_names_the_client_and_an_empty_status_of_the_service_the_gateway() {
        let mutual = SECOND
            .replace(r#""NONE""#, r#""SUCCESS""#)
            .replace(r#"Fingerprint":"""#, r#"Fingerprint":"ab12""#);
        read(&ApplicationGateway, &mutual, |record| {
            let record = record.unwrap();
            assert_eq!(record.client, Some(&b"ab12"[..]));
            assert_eq!(record.claims.token.kind, AuthKind::Certificate);
        });
        let failed = mutual.replace("SUCCESS", "FAILED");
        read(&ApplicationGateway, &failed, |record| {
            assert_eq!(record.unwrap().client, None);
        });
        let own = SECOND
            .replace(r#""serverStatus":"200""#, r#""serverStatus":"""#)
            .replace(r#""httpStatus":200"#, r#""httpStatus":"403""#);
        read(&ApplicationGateway, &own, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.status, record.answered_by),
                (Some(403), AnsweredBy::Gateway)
            );
        });
    }

    #[test]
    fn firewall_and_counters_are_passed_over_and_requests_of_other_formats_are_not() {
        let of = |category: &str| SECOND.replace("ApplicationGatewayAccessLog", category);
        for other in [
            "ApplicationGatewayFirewallLog",
            "ApplicationGatewayPerformanceLog",
        ] {
            read(&ApplicationGateway, &of(other), |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{other}");
            });
        }
        read(
            &ApplicationGateway,
            &of("applicationgatewayaccesslog"),
            |record| {
                assert!(record.is_ok());
            },
        );
        let graph = of("MicrosoftGraphActivityLogs").replace("equestUri", "equest");
        read(&ApplicationGateway, &graph, |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }

    #[test]
    fn rows_that_log_analytics_exported_are_read_month_first() {
        let header = "\"TimeGenerated [UTC]\",HttpMethod,HttpStatus,RequestUri,OriginalRequestUriWithArgs,ServerStatus,ClientIp";
        assert!(ApplicationGateway.has_header(format!("\u{feff}{header}\n").as_bytes()));
        let reader = ApplicationGateway.open(header.as_bytes());
        let row =
            "\"1/2/2026, 12:00:00.117 PM\",GET,403,/x,\"/v1/orders?a=\"\"b\"\"\",,198.51.100.23";
        let mut scratch = super::super::Scratch::default();
        let record = reader.parse(row.as_bytes(), &mut scratch).unwrap();
        assert_eq!((record.time, record.status), (1_767_355_200_117, Some(403)));
        assert_eq!(record.target, br#"/v1/orders?a="b""#);
        assert_eq!(record.answered_by, AnsweredBy::Gateway);
        assert_eq!(scratch.clock.take_zoneless(), 0);
        for (odd, skip) in [
            (header.replace('"', ""), Skip::OtherRecord),
            ("a,b".to_owned(), Skip::Malformed),
            (row.replace("1/2/2026", "13/2/2026"), Skip::BadTime),
        ] {
            let read = reader.parse(odd.as_bytes(), &mut scratch);
            assert_eq!(read.unwrap_err(), skip, "{odd}");
        }
    }
}
