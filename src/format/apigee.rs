//! Apigee: what a `MessageLogging` policy writes as JSON, and what analytics exports.
//!
//! Names of keys are those of Apigee's flow variables (`request.verb`, or with `_` for the dot) and
//! of the dimensions of its analytics.
//!
//! The client is the OAuth client (`client_id`: the key of the developer's app); a second name
//! is the app.
//!
//! Who decided: a status of the target says that the service answered.
//!
//! Source: Apigee's reference of flow variables, and of analytics dimensions.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};
use crate::model::{AnsweredBy, Refusal};

pub(super) struct Apigee;

/// The name of the policy's fault.
const FAULT: Meaning = Meaning::Own(0);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (
            Meaning::Time,
            &[
                "/client_received_start_timestamp",
                "/client.received.start.timestamp",
                "/system.timestamp",
                "/system_timestamp",
                "/timestamp",
                "/time",
            ],
        ),
        (
            Meaning::Method,
            &["/request_verb", "/request.verb", "/verb"],
        ),
        (
            Meaning::Target,
            &[
                "/request_uri",
                "/request.uri",
                "/request_path",
                "/request.path",
                "/uri",
            ],
        ),
        (
            Meaning::Status,
            &[
                "/response_status_code",
                "/response.status.code",
                "/message.status.code",
                "/status",
            ],
        ),
        (
            Meaning::UpstreamStatus,
            &["/target_response_code", "/target.response.status.code"],
        ),
        (
            FAULT,
            &[
                "/ax_edge_execution_fault_code",
                "/fault.name",
                "/fault_name",
            ],
        ),
        (
            Meaning::Client,
            &["/client_id", "/apigee.client_id", "/apigee_client_id"],
        ),
        (
            Meaning::ClientAlt,
            &[
                "/developer_app",
                "/developer.app.name",
                "/developer_app_name",
                "/app",
            ],
        ),
        (Meaning::Scopes, &["/scope", "/scopes"]),
        (
            Meaning::RequestId,
            &[
                "/gateway_flow_id",
                "/messageid",
                "/message_id",
                "/x_apigee_message_id",
            ],
        ),
        (
            Meaning::Host,
            &["/virtual_host", "/request.header.host", "/host"],
        ),
        (
            Meaning::ClientIp,
            &[
                "/client_ip",
                "/client.ip",
                "/ax_resolved_client_ip",
                "/proxy.client.ip",
            ],
        ),
        (
            Meaning::UserAgent,
            &["/useragent", "/request.header.user-agent", "/user_agent"],
        ),
    ]))
});

impl LogFormat for Apigee {
    fn name(&self) -> &'static str {
        "apigee"
    }

    fn title(&self) -> &'static str {
        "Apigee MessageLogging and analytics in JSON (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Apigee logs what its MessageLogging policy says. Put one in the PostClientFlow, after a VerifyAPIKey or OAuthV2 \
         policy (here named `verify`), with the message:\n    \
         {\"timestamp\":\"{client.received.start.timestamp}\",\"apiproxy\":\"{apiproxy.name}\",\
         \"client_id\":\"{client_id}\",\"developer_app\":\"{developer.app.name}\",\
         \"scope\":\"{oauthv2accesstoken.verify.scope}\",\"request_verb\":\"{request.verb}\",\
         \"request_uri\":\"{proxy.basepath}{proxy.pathsuffix}\",\"response_status_code\":\"{response.status.code}\",\
         \"target_response_code\":\"{target.response.status.code}\",\"messageid\":\"{messageid}\"}"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let any = |keys: &[&str]| keys.iter().any(|key| line.keys(&[key], &[]) > 0);
        let proxy = any(&["apiproxy", "apiproxy.name", "apiproxy_name"]);
        let asked = any(&["request_verb", "request.verb", "verb"]);
        if proxy && asked { 4 } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS).and(|declared, fields, record| {
            let said = declared.has(fields, Meaning::UpstreamStatus);
            record.answered_by = match record.upstream_status {
                Some(_) => AnsweredBy::Upstream,
                None if said => AnsweredBy::Gateway,
                None => AnsweredBy::Unknown,
            };
            // Some write `(not set)` for what is missing.
            let set = |text: &&[u8]| !text.starts_with(b"(not set)") && **text != b"null"[..];
            record.client = record.client.filter(set);
            record.client_alt = record.client_alt.filter(set);
            let fault = declared.text(fields, FAULT).unwrap_or_default();
            let is = |name: &[u8]| fault.ends_with(name);
            record.claims.refusal =
                if is(b"InvalidAPICallAsNoApiProductMatchFound") || is(b"InsufficientScope") {
                    Refusal::Authorisation
                } else if is(b"InvalidAccessToken")
                    || is(b"access_token_expired")
                    || is(b"InvalidApiKey")
                    || is(b"FailedToResolveAPIKey")
                    || is(b"invalid_access_token")
                {
                    Refusal::Authentication
                } else {
                    Refusal::Unsaid
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

    const LINE: &str = r#"{"timestamp":"1767355200117","apiproxy":"orders","client_id":"erp-key","developer_app":"erp-sync","scope":"orders:read","request_verb":"GET","request_uri":"/v1/orders/42","response_status_code":"200","target_response_code":"200","messageid":"m1"}"#;

    #[test]
    fn the_recommended_line_gives_every_field() {
        let dotted = LINE
            .replace("\"apiproxy\"", "\"apiproxy.name\"")
            .replace("request_verb", "request.verb")
            .replace("request_uri", "request.uri")
            .replace("response_status_code", "response.status.code")
            .replace("target_response_code", "target.response.status.code")
            .replace("developer_app", "developer.app.name");
        for line in [LINE, &dotted] {
            read(&Apigee, line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(
                    (record.client, record.client_alt),
                    (Some(&b"erp-key"[..]), Some(&b"erp-sync"[..]))
                );
                assert_eq!(record.token_scopes, Some(&b"orders:read"[..]));
                assert_eq!(record.answered_by, AnsweredBy::Upstream);
            });
        }
    }

    #[test]
    fn a_refusal_without_a_target_is_of_apigee_and_what_is_not_set_is_nobody() {
        let refused = LINE
            .replace(
                r#""target_response_code":"200""#,
                r#""target_response_code":"","fault_name":"oauthv2.InsufficientScope""#,
            )
            .replace(
                r#""response_status_code":"200""#,
                r#""response_status_code":"403""#,
            );
        read(&Apigee, &refused, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.answered_by, record.claims.refusal),
                (AnsweredBy::Gateway, Refusal::Authorisation)
            );
        });
        read(&Apigee, &LINE.replace("erp-key", "(not set)"), |record| {
            assert_eq!(record.unwrap().client, None);
        });
        read(&Apigee, &LINE.replace("request_uri", "x"), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
