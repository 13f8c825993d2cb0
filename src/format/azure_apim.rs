//! Azure API Management, category `GatewayLogs` (JSON: diagnostic settings, and the table
//! `ApiManagementGatewayLogs` of Log Analytics, also as CSV).
//!
//! The client is the subscription (`apimSubscriptionId`); a second name is the user it belongs
//! to. It is not the OAuth client.
//!
//! Who decided: `backendResponseCode` says that the service answered; without it, or with
//! `lastError`, API Management did. Its source tells why: `validate-jwt` and the like are about
//! the token.
//!
//! Source: Azure's schema of the category.

use std::sync::{Arc, LazyLock};

use super::azure::{self, CATEGORY};
use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};
use crate::model::{AnsweredBy, Refusal};

pub(super) struct AzureApim;

/// What stopped the request at the gateway.
const ERROR_SOURCE: Meaning = Meaning::Own(1);
const ERROR_REASON: Meaning = Meaning::Own(2);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (CATEGORY, azure::CATEGORIES),
        (Meaning::Time, &["/time", "/TimeGenerated"]),
        (
            Meaning::Method,
            &["/properties/method", "/Method", "/method_s"],
        ),
        (Meaning::Target, &["/properties/url", "/Url", "/url_s"]),
        (
            Meaning::Status,
            &[
                "/properties/responseCode",
                "/ResponseCode",
                "/responseCode_d",
            ],
        ),
        (
            Meaning::UpstreamStatus,
            &[
                "/properties/backendResponseCode",
                "/BackendResponseCode",
                "/backendResponseCode_d",
            ],
        ),
        (
            Meaning::Client,
            &[
                "/properties/apimSubscriptionId",
                "/ApimSubscriptionId",
                "/apimSubscriptionId_s",
            ],
        ),
        (
            Meaning::ClientAlt,
            &["/properties/userId", "/UserId", "/userId_s"],
        ),
        (
            ERROR_SOURCE,
            &[
                "/properties/lastError/source",
                "/LastErrorSource",
                "/lastError_source_s",
            ],
        ),
        (
            ERROR_REASON,
            &[
                "/properties/lastError/reason",
                "/LastErrorReason",
                "/lastError_reason_s",
            ],
        ),
        (Meaning::RequestId, &["/correlationId", "/CorrelationId"]),
        (
            Meaning::ClientIp,
            &["/callerIpAddress", "/CallerIpAddress", "/CallerIPAddress"],
        ),
    ]))
});

/// Columns of the table that no other has together.
const COLUMNS: [&str; 4] = ["TimeGenerated", "Method", "Url", "ResponseCode"];

/// Policies that check who calls.
const AUTHENTICATION: [&[u8]; 5] = [
    b"validate-jwt",
    b"validate-azure-ad-token",
    b"validate-client-certificate",
    b"authentication",
    b"authorization",
];

impl LogFormat for AzureApim {
    fn name(&self) -> &'static str {
        "azure-apim"
    }

    fn title(&self) -> &'static str {
        "Azure API Management gateway logs (JSON, and CSV of Log Analytics)"
    }

    fn identity_help(&self) -> &'static str {
        "API Management names the subscription of a request. These APIs need none (subscriptionRequired: false): \
         require one, so that every caller has a key of its own, or let the policy write the token's client where the \
         log has it:\n    \
         <validate-jwt ... output-token-variable-name=\"jwt\" /> and\n    \
         <set-header name=\"x-client-id\"><value>@(((Jwt)context.Variables[\"jwt\"]).Claims.GetValueOrDefault(\"azp\",\"\"))\
         </value></set-header>, with x-client-id in the headers that the diagnostic logs"
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "records of other categories are passed over, and who refused is told by lastError",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let exported = line.keys(&COLUMNS, &["ApimSubscriptionId", "ApiId"]);
        if azure::is_of(line, &azure::API_MANAGEMENT) {
            4 + line.keys(&["properties/url"], &["properties/method", "correlationId"])
        } else {
            exported
        }
    }

    fn has_header(&self, sample: &[u8]) -> bool {
        azure::is_table(sample, &COLUMNS)
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            // Other categories of the same service come into the same file.
            .passing_over(|declared, fields| {
                azure::is_other(declared, fields, &azure::API_MANAGEMENT)
            })
            .and(|declared, fields, record| {
                let source = declared.text(fields, ERROR_SOURCE);
                record.answered_by = if record.upstream_status.is_some() && source.is_none() {
                    AnsweredBy::Upstream
                } else if source.is_some() || matches!(record.status, Some(401 | 403 | 429)) {
                    AnsweredBy::Gateway
                } else {
                    AnsweredBy::Unknown
                };
                let reason = declared.text(fields, ERROR_REASON).unwrap_or_default();
                let about_who = source.is_some_and(|own| AUTHENTICATION.contains(&own));
                // A token that is good and lacks a claim lacks a right.
                record.claims.refusal = match reason {
                    b"TokenClaimValueNotAllowed" | b"TokenClaimNotFound" => Refusal::Authorisation,
                    _ if about_who => Refusal::Authentication,
                    _ => Refusal::Unsaid,
                };
            });
        azure::open(reader, sample, &COLUMNS, |_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"time":"2026-01-02T12:00:00.1170000Z","resourceId":"/SUBSCRIPTIONS/0","operationName":"Microsoft.ApiManagement/GatewayLogs","category":"GatewayLogs","isRequestSuccess":true,"callerIpAddress":"198.51.100.23","correlationId":"8f3c","properties":{"method":"GET","url":"https://apim1.azure-api.net/orders/42?expand=items","responseCode":200,"backendResponseCode":200,"apimSubscriptionId":"erp-sync","userId":"42"}}"#;

    #[test]
    fn properties_in_a_string_are_read_as_the_object_that_it_holds() {
        let (head, properties) = LINE.split_once("\"properties\":").unwrap();
        let object = properties.strip_suffix('}').unwrap();
        let text = serde_json::to_string(object).unwrap();
        for (line, read_whole) in [
            (
                format!("{head}\"properties\": {text},\"x\":\"\\\"properties\\\"\"}}"),
                true,
            ),
            (format!("{head}\"properties\":{}", &text[..40]), false),
            (format!("{head}\"properties\":\"{{\"}}"), false),
            (format!("{head}\"properties\":\"GET\"}}"), false),
        ] {
            read(&AzureApim, &line, |record| {
                let told = record.map(|record| (record.client, record.target, record.status));
                let url = &b"https://apim1.azure-api.net/orders/42?expand=items"[..];
                let all = (Some(&b"erp-sync"[..]), url, Some(200));
                assert_eq!(told.is_ok(), read_whole, "{line}");
                assert!(!read_whole || told == Ok(all), "{line}");
            });
        }
    }

    #[test]
    fn both_forms_give_every_field() {
        let table = r#"{"TimeGenerated":"2026-01-02T12:00:00.117Z","Type":"ApiManagementGatewayLogs","Method":"GET","Url":"https://apim1.azure-api.net/orders/42?expand=items","ResponseCode":200,"BackendResponseCode":200,"ApimSubscriptionId":"erp-sync","UserId":"42","CorrelationId":"8f3c"}"#;
        for line in [LINE, table] {
            read(&AzureApim, line, |record| {
                let record = record.unwrap();
                assert_eq!(record.time, 1_767_355_200_117);
                assert_eq!(
                    record.target,
                    b"https://apim1.azure-api.net/orders/42?expand=items"
                );
                assert_eq!(
                    (record.client, record.client_alt),
                    (Some(&b"erp-sync"[..]), Some(&b"42"[..]))
                );
                assert_eq!(record.answered_by, AnsweredBy::Upstream);
            });
        }
    }

    #[test]
    fn the_last_error_says_that_the_gateway_refused_and_why() {
        let refused = |source: &str, reason: &str| {
            let error = format!(
                r#""responseCode":401,"lastError":{{"source":"{source}","reason":"{reason}"}}"#
            );
            let line = LINE.replace(r#""responseCode":200,"backendResponseCode":200"#, &error);
            read(&AzureApim, &line, |record| {
                let record = record.unwrap();
                (record.answered_by, record.claims.refusal)
            })
        };
        assert_eq!(
            refused("validate-jwt", "TokenExpired"),
            (AnsweredBy::Gateway, Refusal::Authentication)
        );
        assert_eq!(
            refused("validate-jwt", "TokenClaimNotFound"),
            (AnsweredBy::Gateway, Refusal::Authorisation)
        );
        assert_eq!(
            refused("ip-filter", "CallerIpNotAllowed"),
            (AnsweredBy::Gateway, Refusal::Unsaid)
        );
    }

    #[test]
    fn other_categories_are_passed_over_and_properties_as_text_are_not_read() {
        let other = LINE.replace(
            r#""category":"GatewayLogs""#,
            r#""category":"WebSocketConnectionLogs""#,
        );
        read(&AzureApim, &other, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        let text = r#"{"time":"2026-01-02T12:00:00Z","category":"GatewayLogs","properties":"{}"}"#;
        read(&AzureApim, text, |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
