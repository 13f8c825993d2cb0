//! Ory Oathkeeper's decisions (JSON of its own log): `Access request granted` and `denied`.
//!
//! A call gives several lines: only the decision counts, and the lines about its handling are
//! passed over.
//!
//! The client is the subject that the authenticator found; the anonymous one is nobody.
//!
//! Who decided: Oathkeeper, always. What the service answered is not in the line, so that a
//! granted call is an attempt.
//!
//! Source: `proxy/proxy.go` and `api/decision.go` of Oathkeeper, and `logrusx` of ory/x for
//! the error.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{Decision, LogFormat, RecordReader, SampleLine};
use crate::model::{AnsweredBy, Refusal};

pub(super) struct Oathkeeper;

const GRANTED: Meaning = Meaning::Own(0);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/time"]),
        (GRANTED, &["/granted"]),
        (Meaning::Method, &["/http_method"]),
        (Meaning::Target, &["/http_url"]),
        (Meaning::Status, &["/error/status_code", "/error/code"]),
        (Meaning::Client, &["/subject"]),
        (Meaning::Host, &["/http_host"]),
        (Meaning::UserAgent, &["/http_user_agent"]),
        (Meaning::RequestId, &["/http_request_id"]),
    ]))
});

impl LogFormat for Oathkeeper {
    fn name(&self) -> &'static str {
        "oathkeeper"
    }

    fn title(&self) -> &'static str {
        "Ory Oathkeeper decisions (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Oathkeeper logs the subject that the rule's authenticator found. For tokens of clients use \
         oauth2_introspection or jwt, whose subject is the client for the client credentials grant:\n    \
         authenticators: [{handler: oauth2_introspection}]\n    \
         and write the log as JSON: log: {level: info, format: json}"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let decision = line.keys(
            &["granted", "http_method", "http_url"],
            &["http_host", "subject"],
        );
        let handled = line.says("msg", |msg| {
            matches!(
                msg,
                "completed handling request" | "started handling request"
            )
        });
        let own = line.says("service_name", |name| name.contains("Oathkeeper"))
            || line.keys(&["http_request"], &[]) > 0;
        decision.max(u32::from(handled && own))
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            .passing_over(|declared, fields| !declared.has(fields, GRANTED))
            .and(|declared, fields, record| {
                let mut slots = declared.of(GRANTED).iter();
                let granted = slots.find_map(|slot| fields.raw(*slot)) == Some(b"true");
                record.answered_by = AnsweredBy::Gateway;
                record.decision = if granted {
                    Decision::Allowed
                } else {
                    Decision::Denied
                };
                record.claims.refusal = match record.status {
                    Some(401) if !granted => Refusal::Authentication,
                    Some(403) if !granted => Refusal::Authorisation,
                    _ => Refusal::Unsaid,
                };
                record.anonymous = matches!(record.client, Some(b"anonymous" | b"guest"));
            });
        Arc::new(reader)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const GRANTED: &str = r#"{"audience":"application","granted":true,"http_host":"api.example.com","http_method":"PUT","http_url":"https://api.example.com/v1/orders/42?x=1","http_user_agent":"okhttp/4","level":"info","msg":"Access request granted","rule_id":"orders","service_name":"ORY Oathkeeper","subject":"erp-sync","time":"2026-01-02T12:00:00.117248722Z"}"#;
    const DENIED: &str = r#"{"audience":"application","error":{"message":"denied","status":"Forbidden","status_code":403},"granted":false,"http_host":"api.example.com","http_method":"PUT","http_url":"https://api.example.com/v1/orders/42","level":"warning","msg":"Access request denied","subject":"erp-sync","time":"2026-01-02T12:00:00Z"}"#;

    fn decided(line: &str) -> (Decision, Refusal, bool) {
        read(&Oathkeeper, line, |record| {
            let record = record.unwrap();
            assert_eq!(record.answered_by, AnsweredBy::Gateway);
            (record.decision, record.claims.refusal, record.anonymous)
        })
    }

    #[test]
    fn a_granted_and_a_completed_line_of_one_call_are_one_event() {
        let completed = r#"{"http_request":{"host":"api.example.com","method":"PUT","path":"/v1/orders/42","remote":"10.0.0.1:1"},"http_response":{"status":200},"level":"info","msg":"completed handling request","service_name":"ORY Oathkeeper","time":"2026-01-02T12:00:00Z"}"#;
        read(&Oathkeeper, GRANTED, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.method, record.client),
                (&b"PUT"[..], Some(&b"erp-sync"[..]))
            );
            assert_eq!(record.target, b"https://api.example.com/v1/orders/42?x=1");
            assert_eq!(record.time, 1_767_355_200_117);
        });
        read(&Oathkeeper, completed, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
    }

    #[test]
    fn the_decision_is_kept_with_its_reason_and_the_anonymous_subject_is_nobody() {
        assert_eq!(
            decided(GRANTED),
            (Decision::Allowed, Refusal::Unsaid, false)
        );
        assert_eq!(
            decided(DENIED),
            (Decision::Denied, Refusal::Authorisation, false)
        );
        let token = DENIED.replace("403", "401");
        assert_eq!(decided(&token).1, Refusal::Authentication);
        let silent = DENIED.replace(r#""status_code":403"#, r#""x":1"#);
        assert_eq!(decided(&silent).1, Refusal::Unsaid);
        assert!(decided(&GRANTED.replace("erp-sync", "anonymous")).2);
        read(&Oathkeeper, &GRANTED.replace("erp-sync", ""), |record| {
            assert_eq!(record.unwrap().client, None);
        });
    }
}
