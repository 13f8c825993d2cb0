//! Tyk as JSON: analytics records of the pump (`stdout`, `syslog`, `logzio` and others, in
//! whatever wrapper the operator chose), and the gateway's own access log.
//!
//! Invariants:
//! * the client is the OAuth client, else the alias of the key, else the key, which is a hash
//!   where the gateway hashes keys;
//! * the path is that of the caller, before any rewrite.
//!
//! Source: `analytics.AnalyticsRecord` of tyk-pump; `accesslog` of Tyk. Analytics do not say who
//! answered; the access log names the service's address where it was asked.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{AuthKind, LogFormat, RecordReader, SampleLine, detect};
use crate::model::AnsweredBy;

pub(super) struct Json;

const OAUTH_ID: Meaning = Meaning::Own(0);
const UPSTREAM: Meaning = Meaning::Own(1);
/// What only records of requests have.
const ASKED: Meaning = Meaning::Own(2);
/// What only the gateway's access log has.
const LATENCY: Meaning = Meaning::Own(3);

const FIELDS: &[(Meaning, &[&str])] = &[
    (Meaning::Time, &["timestamp", "time"]),
    (Meaning::Method, &["method"]),
    (Meaning::Target, &["original_path", "raw_path", "path"]),
    (
        ASKED,
        &["response_code", "raw_path", "latency_total", "status"],
    ),
    (Meaning::Status, &["response_code", "status"]),
    (OAUTH_ID, &["oauth_id"]),
    (Meaning::Client, &["oauth_id", "alias", "api_key"]),
    (Meaning::ClientAlt, &["alias", "api_key"]),
    (Meaning::Credential, &["api_key"]),
    (Meaning::Host, &["host"]),
    (Meaning::UserAgent, &["user_agent"]),
    (Meaning::ClientIp, &["ip_address", "client_ip"]),
    (Meaning::RequestId, &["trace_id"]),
    (UPSTREAM, &["upstream_addr", "upstream_address"]),
    (LATENCY, &["latency_total"]),
];

/// By wrapper: none, and the pump's default.
static PLAIN: LazyLock<Arc<Declared>> = LazyLock::new(|| declared(""));
static USUAL: LazyLock<Arc<Declared>> = LazyLock::new(|| declared(USUAL_WRAPPER));
const USUAL_WRAPPER: &str = "tyk-analytics-record";

fn declared(wrapper: &str) -> Arc<Declared> {
    let front = if wrapper.is_empty() {
        String::new()
    } else {
        // RFC 6901 section 3.
        format!("/{}", wrapper.replace('~', "~0").replace('/', "~1"))
    };
    let whole: Vec<(Meaning, Vec<String>)> = FIELDS
        .iter()
        .map(|(meaning, names)| {
            let paths = names.iter().map(|name| format!("{front}/{name}"));
            (*meaning, paths.collect())
        })
        .collect();
    let whole: Vec<(Meaning, Vec<&str>)> = whole
        .iter()
        .map(|(meaning, paths)| (*meaning, paths.iter().map(String::as_str).collect()))
        .collect();
    let whole: Vec<(Meaning, &[&str])> = whole
        .iter()
        .map(|(meaning, paths)| (*meaning, paths.as_slice()))
        .collect();
    Arc::new(Declared::new(&whole))
}

/// Keys of an analytics record.
fn is_analytics(value: &Value) -> bool {
    ["raw_path", "response_code", "api_id", "org_id", "method"]
        .iter()
        .all(|key| value.get(key).is_some())
}

/// The key in which a line has its record.
fn wrapper<'a>(line: &'a SampleLine<'_>) -> Option<&'a str> {
    let object = line.json.as_ref()?;
    let mut inner = object.iter().filter(|(_, value)| is_analytics(value));
    inner.next().map(|(key, _)| key.as_str())
}

impl LogFormat for Json {
    fn name(&self) -> &'static str {
        "tyk"
    }

    fn title(&self) -> &'static str {
        "Tyk analytics records and access logs (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Tyk writes the OAuth client, the alias and the key of authenticated requests. Without them the API is \
         keyless: set `use_oauth2`, `use_jwt` with `jwt_client_base_field: azp`, or `use_standard_auth` in the API \
         definition, and give keys an alias"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let analytics = ["raw_path", "response_code", "api_id", "org_id", "method"];
        let access = ["latency_total", "method", "path", "status"];
        let own = line
            .keys(&analytics, &["oauth_id"])
            .max(line.keys(&access, &["api_id", "api_key", "org_id", "prefix"]));
        if wrapper(line).is_some() { 6 } else { own }
    }

    /// Only the access log says that the service was asked.
    fn tells_who_refused(&self) -> bool {
        false
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let chosen = detect::sample(sample).find_map(|line| wrapper(&line).map(str::to_owned));
        let fields = match chosen.as_deref() {
            None => Arc::clone(&PLAIN),
            Some(USUAL_WRAPPER) => Arc::clone(&USUAL),
            Some(other) => declared(other),
        };
        let reader = Requests::new(&fields)
            // Messages of the pump and of the gateway.
            .passing_over(|declared, fields| !declared.has(fields, ASKED))
            .and(|declared, fields, record| {
                let asked = declared.text(fields, UPSTREAM).is_some();
                record.answered_by = if asked {
                    AnsweredBy::Upstream
                } else if declared.has(fields, LATENCY) && matches!(record.status, Some(401 | 403))
                {
                    AnsweredBy::Gateway
                } else {
                    AnsweredBy::Unknown
                };
                record.claims.token.kind = if declared.text(fields, OAUTH_ID).is_some() {
                    AuthKind::Token
                } else if record.credential.is_some() {
                    AuthKind::ApiKey
                } else {
                    AuthKind::Unknown
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

    const RECORD: &str = r#"{"method":"GET","host":"api.example.com","path":"/orders/42","raw_path":"/v1/orders/42?x=1","content_length":0,"user_agent":"okhttp/4","response_code":200,"api_key":"9c0f","timestamp":"2026-01-02T12:00:00.117248Z","api_name":"orders","api_id":"a1","org_id":"o1","oauth_id":"erp-sync","request_time":24,"ip_address":"198.51.100.23","alias":"ERP"}"#;

    #[test]
    fn a_record_is_read_in_whatever_wrapper_it_is() {
        let wrapped = |name: &str| {
            format!(
                r#"{{"{name}":{RECORD},"level":"info","msg":"","time":"2026-01-02T12:00:09Z"}}"#
            )
        };
        for line in [
            RECORD.to_owned(),
            wrapped("tyk-analytics-record"),
            wrapped("my/own~name"),
        ] {
            read(&Json, &line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(record.target, b"/v1/orders/42?x=1");
                assert_eq!(
                    (record.client, record.client_alt),
                    (Some(&b"erp-sync"[..]), Some(&b"ERP"[..]))
                );
                assert_eq!(record.claims.token.kind, AuthKind::Token);
            });
        }
    }

    #[test]
    fn the_access_log_of_the_gateway_is_read_and_messages_are_passed_over() {
        let access = r#"{"api_id":"a1","api_key":"****9c0f","client_ip":"198.51.100.23","host":"api.example.com","latency_total":24,"level":"info","method":"GET","msg":"","org_id":"o1","path":"/v1/orders","prefix":"access-log","status":403,"time":"2026-01-02T12:00:00Z","upstream_addr":""}"#;
        read(&Json, access, |record| {
            let record = record.unwrap();
            assert_eq!(record.client, Some(&b"****9c0f"[..]));
            assert_eq!(record.answered_by, AnsweredBy::Gateway);
        });
        let message =
            r#"{"level":"info","msg":"API Loaded","prefix":"main","time":"2026-01-02T12:00:00Z"}"#;
        read(&Json, message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
    }
}
