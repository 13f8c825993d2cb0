//! Elastic Common Schema: HTTP requests as shippers and ingest pipelines write them (JSON
//! lines), with nested keys, keys with dots, or both; and OpenSearch's schema for observability,
//! which has `http.url` and `communication.source`.
//!
//! The client is the first of: the fields that operators add for it, `user.name`, `user.id`.
//!
//! Who decided is not in it. `event.outcome` repeats the status.
//!
//! Source: the ECS field reference (`http`, `url`, `user`, `source`, `event`).

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};

pub(super) struct Ecs;

/// What only records of requests have.
const ASKED: Meaning = Meaning::Own(0);

const METHOD: [&str; 3] = [
    "/http/request/method",
    "/http.request.method",
    "/http/request.method",
];
const STATUS: [&str; 3] = [
    "/http/response/status_code",
    "/http.response.status_code",
    "/http/response.status_code",
];

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/@timestamp"]),
        (Meaning::Method, &METHOD),
        (Meaning::Target, &["/url/original", "/url.original"]),
        (
            Meaning::Path,
            &[
                "/url/path",
                "/url.path",
                "/url/full",
                "/url.full",
                "/http/url",
            ],
        ),
        (
            ASKED,
            &[
                METHOD[0],
                METHOD[1],
                METHOD[2],
                STATUS[0],
                STATUS[1],
                STATUS[2],
                "/url/original",
                "/url/path",
                "/url.original",
                "/url.path",
                "/http/url",
            ],
        ),
        (Meaning::Query, &["/url/query", "/url.query"]),
        (Meaning::Status, &STATUS),
        (
            Meaning::Client,
            &[
                "/client/id",
                "/client.id",
                "/labels/client_id",
                "/labels.client_id",
                "/client/user/name",
                "/client.user.name",
                "/user/name",
                "/user.name",
                "/user/id",
                "/user.id",
            ],
        ),
        (
            Meaning::RequestId,
            &[
                "/http/request/id",
                "/http.request.id",
                "/event/id",
                "/event.id",
            ],
        ),
        (Meaning::Host, &["/url/domain", "/url.domain"]),
        (
            Meaning::ClientIp,
            &[
                "/source/ip",
                "/source.ip",
                "/client/ip",
                "/client.ip",
                "/source/address",
                "/source.address",
                "/communication/source/ip",
                "/communication/source/address",
            ],
        ),
        (
            Meaning::UserAgent,
            &["/user_agent/original", "/user_agent.original"],
        ),
    ]))
});

impl LogFormat for Ecs {
    fn name(&self) -> &'static str {
        "ecs"
    }

    fn title(&self) -> &'static str {
        "HTTP requests in the Elastic Common Schema (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "ECS names a caller in `user.name`, which a pipeline fills from the log it reads: let it write the OAuth \
         client to `client.id`, from the field of the gateway's log that has it:\n    \
         { \"set\": { \"field\": \"client.id\", \"copy_from\": \"<field of the gateway's log>\" } }"
    }

    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "keys may be nested, dotted or mixed, and messages without a request are passed over",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let any = |paths: &[&str]| paths.iter().any(|path| line.at(&path[1..]).is_some());
        let asked = any(&METHOD) && any(&STATUS);
        let named = line.keys(&["ecs.version"], &[]) + line.keys(&["ecs/version"], &[]);
        if asked && line.keys(&["@timestamp"], &[]) > 0 {
            3 + named
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            // Messages of applications.
            .passing_over(|declared, fields| !declared.has(fields, ASKED))
            .holding_lines();
        Arc::new(reader)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    #[test]
    fn the_schema_of_opensearch_is_read() {
        let line = r#"{"@timestamp":"2026-01-02T12:00:00.117Z","http":{"request":{"method":"GET"},"response":{"status_code":200},"url":"/v1/orders"},"communication":{"source":{"ip":"198.51.100.23"}},"body":"198.51.100.23 - - [x] 'GET / HTTP/1.1' 403 45"}"#;
        read(&Ecs, line, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.target, record.status),
                (&b"/v1/orders"[..], Some(200))
            );
            assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
        });
    }

    #[test]
    fn nested_dotted_and_mixed_keys_are_one_request() {
        let nested = r#"{"@timestamp":"2026-01-02T12:00:00.117Z","ecs":{"version":"8.0"},"http":{"request":{"method":"GET","id":"r1"},"response":{"status_code":200}},"url":{"path":"/v1/orders","query":"x=1","domain":"api.example.com"},"user":{"name":"erp"},"source":{"ip":"198.51.100.23"}}"#;
        let dotted = r#"{"@timestamp":"2026-01-02T12:00:00.117Z","ecs.version":"8.0","http.request.method":"GET","http.request.id":"r1","http.response.status_code":200,"url.original":"/v1/orders?x=1","url.query":"x=1","url.domain":"api.example.com","user.name":"erp","source.ip":"198.51.100.23"}"#;
        let mixed = r#"{"@timestamp":"2026-01-02T12:00:00.117Z","http":{"request.method":"GET","response":{"status_code":200}},"http.request.id":"r1","url":{"original":"/v1/orders?x=1"},"url.domain":"api.example.com","user":{"name":"erp"},"source.ip":"198.51.100.23"}"#;
        for line in [nested, dotted, mixed] {
            read(&Ecs, line, |record| {
                let record = record.unwrap();
                assert_eq!(
                    (record.time, record.target),
                    (1_767_355_200_117, &b"/v1/orders?x=1"[..]),
                    "{line}"
                );
                assert_eq!(
                    (record.client, record.status),
                    (Some(&b"erp"[..]), Some(200))
                );
                assert_eq!(
                    (record.request_id, record.host),
                    (Some(&b"r1"[..]), Some(&b"api.example.com"[..]))
                );
            });
        }
        let message = r#"{"@timestamp":"2026-01-02T12:00:00Z","log.level":"info","message":"hi","ecs.version":"1.6.0"}"#;
        read(&Ecs, message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        let raw = message.replace(
            "hi",
            r#"192.0.2.1 - erp [x] \"GET /orders HTTP/1.1\" 200 1"#,
        );
        read(&Ecs, &raw, |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
        read(&Ecs, &nested.replace("\"method\"", "\"m\""), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
