//! OpenTelemetry log records about HTTP requests (OTLP as JSON: `resourceLogs`).
//!
//! Each record of an export is read as a line of its own; what is said of its resource plays
//! no part. Records without a method are of something else.
//!
//! The client is in an attribute that operators add: the semantic conventions know an end
//! user, and no client.
//!
//! Who decided is not in it.
//!
//! Source: OTLP (numbers of 64 bits are strings), and the conventions for HTTP, the older
//! names among them.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json::list::{member, objects};
use super::json::{self, parse_status};
use super::requests::holds_request;
use super::{LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, clock};

pub(super) struct Otlp;

const ATTRIBUTES: Meaning = Meaning::Own(0);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (Meaning::Time, &["/timeUnixNano", "/observedTimeUnixNano"]),
        (ATTRIBUTES, &["/attributes"]),
    ])
});

/// Attributes by meaning, the most telling first.
const NAMES: [(Meaning, &str); 27] = [
    (Meaning::Method, "http.request.method"),
    (Meaning::Method, "http.method"),
    (Meaning::Target, "http.target"),
    (Meaning::Target, "url.path"),
    (Meaning::Target, "url.full"),
    (Meaning::Target, "http.url"),
    (Meaning::Query, "url.query"),
    (Meaning::Status, "http.response.status_code"),
    (Meaning::Status, "http.status_code"),
    (Meaning::Client, "client_id"),
    (Meaning::Client, "client.id"),
    (Meaning::Client, "oauth.client_id"),
    (Meaning::Client, "azp"),
    (Meaning::Client, "enduser.id"),
    (Meaning::Client, "user.name"),
    (Meaning::Client, "user.id"),
    (Meaning::Scopes, "enduser.scope"),
    (Meaning::Scopes, "scope"),
    (Meaning::RequestId, "http.request.id"),
    (Meaning::RequestId, "request_id"),
    (Meaning::Host, "server.address"),
    (Meaning::Host, "http.host"),
    (Meaning::ClientIp, "client.address"),
    (Meaning::ClientIp, "http.client_ip"),
    (Meaning::ClientIp, "net.peer.ip"),
    (Meaning::UserAgent, "user_agent.original"),
    (Meaning::UserAgent, "http.user_agent"),
];

impl LogFormat for Otlp {
    fn name(&self) -> &'static str {
        "otlp"
    }

    fn title(&self) -> &'static str {
        "OpenTelemetry log records of HTTP requests (OTLP JSON)"
    }

    fn identity_help(&self) -> &'static str {
        "OpenTelemetry has no attribute for the client: add one where the record is made, or in the collector:\n    \
         processors: { transform: { log_statements: [\
         'set(attributes[\"client_id\"], attributes[\"http.request.header.x-client-id\"][0])'] } }"
    }

    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "attributes are lists of keys and values, and each record of an export is taken out of it",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let named = |name: &str| matches!(name, "http.request.method" | "http.method");
        let attributes = line.at("attributes").and_then(serde_json::Value::as_array);
        let keys = attributes
            .into_iter()
            .flatten()
            .filter_map(|own| own.get("key")?.as_str());
        let asked = keys.into_iter().any(named);
        if asked && line.keys(&[], &["timeUnixNano", "observedTimeUnixNano"]) > 0 {
            3
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for Otlp {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            json: buffer, text, ..
        } = scratch;
        let fields = json::read(line, &FIELDS.plan, buffer)?;
        let mut slots = FIELDS.of(ATTRIBUTES).iter();
        let list = slots.find_map(|slot| fields.raw(*slot)).unwrap_or_default();
        let mut found = [None; NAMES.len()];
        for attribute in objects(list) {
            let name = member(attribute, "key");
            let place = NAMES
                .iter()
                .position(|(_, own)| name == Some(own.as_bytes()));
            if let Some(place) = place {
                found[place] = member(attribute, "value").and_then(scalar);
            }
        }
        let get = |meaning| -> Option<&'a [u8]> {
            let mut all = NAMES.iter().zip(found);
            all.find_map(|((own, _), value)| value.filter(|_| *own == meaning))
        };
        let Some(method) = get(Meaning::Method) else {
            return Err(if holds_request(line) {
                Skip::Malformed
            } else {
                Skip::OtherRecord
            });
        };
        let time = FIELDS
            .text(&fields, Meaning::Time)
            .filter(|time| *time != b"0");
        let time = clock::epoch(time.ok_or(Skip::MissingField)?).ok_or(Skip::BadTime)?;
        text.clear();
        json::unescape(get(Meaning::Target).ok_or(Skip::MissingField)?, text);
        if let Some(query) = get(Meaning::Query).filter(|_| !text.contains(&b'?')) {
            text.push(b'?');
            json::unescape(query, text);
        }
        let target = text.len();
        if let Some(client) = get(Meaning::Client) {
            json::unescape(client, text);
        }
        let (target, client) = text.split_at(target);
        Ok(RawRecord {
            time,
            method,
            target,
            client: Some(client).filter(|client| !matches!(*client, b"" | b"-")),
            status: get(Meaning::Status).and_then(parse_status),
            token_scopes: get(Meaning::Scopes),
            request_id: get(Meaning::RequestId),
            host: get(Meaning::Host),
            client_ip: get(Meaning::ClientIp),
            user_agent: get(Meaning::UserAgent),
            ..RawRecord::default()
        })
    }
}

/// `{"stringValue":"GET"}`, `{"intValue":"200"}`.
fn scalar(value: &[u8]) -> Option<&[u8]> {
    let kinds = ["stringValue", "intValue", "doubleValue"];
    let found = kinds.iter().find_map(|kind| member(value, kind))?;
    Some(found).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"timeUnixNano":"1767355200117000000","attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.path","value":{"stringValue":"\/v1\/orders"}},{"key":"url.query","value":{"stringValue":"x=1"}},{"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"client_id","value":{"stringValue":"erp"}},{"key":"a","value":{"kvlistValue":{"values":[]}}}]}"#;

    #[test]
    fn new_and_old_names_are_read() {
        let old = LINE
            .replace("http.request.method", "http.method")
            .replace(
                r#""url.path","value":{"stringValue":"\/v1\/orders""#,
                r#""http.target","value":{"stringValue":"/v1/orders?x=1""#,
            )
            .replace("http.response.status_code", "http.status_code")
            .replace("\"200\"", "200")
            .replace("client_id", "enduser.id");
        for line in [LINE, &old] {
            read(&Otlp, line, |record| {
                let record = record.unwrap();
                assert_eq!(
                    (record.time, record.target),
                    (1_767_355_200_117, &b"/v1/orders?x=1"[..])
                );
                assert_eq!(
                    (record.client, record.status),
                    (Some(&b"erp"[..]), Some(200))
                );
            });
        }
    }

    #[test]
    fn records_of_something_else_are_passed_over_and_broken_ones_are_not() {
        let message = r#"{"timeUnixNano":"1","body":{"stringValue":"hi"}}"#;
        read(&Otlp, message, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        let raw = message.replace(
            "hi",
            r#"192.0.2.1 - erp [x] \"GET /orders HTTP/1.1\" 200 1"#,
        );
        read(&Otlp, &raw, |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
        for (from, to, why) in [
            ("url.path", "p", Skip::MissingField),
            ("timeUnixNano", "t", Skip::MissingField),
            ("1767355200117000000", "soon", Skip::BadTime),
        ] {
            read(&Otlp, &LINE.replace(from, to), |record| {
                assert_eq!(record.unwrap_err(), why);
            });
        }
    }
}
