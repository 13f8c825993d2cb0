//! Kong's own log serializer: file-log, http-log, tcp-log, udp-log, syslog, loggly.
//!
//! Shape and traps: `kong/pdk/log.lua` of Kong. `/` is written as `\/`; the
//! consumer is missing when authentication failed; `source` exists since 3.6.

use std::sync::LazyLock;

use super::json::{self, Kind, Plan};
use super::{AuthKind, LogFormat, RawRecord, SampleLine, Scratch, Skip, Token, clock, token};
use crate::model::AnsweredBy;

pub(super) struct Kong;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["started_at"],
        &["request", "method"],
        &["request", "uri"],
        &["response", "status"],
        &["consumer", "custom_id"],
        &["consumer", "username"],
        &["consumer", "id"],
        &["request", "id"],
        &["source"],
        &["upstream_status"],
        &["latencies", "proxy"],
        &["authenticated_entity", "id"],
        &["authenticated_entity", "consumer_id"],
        &["request", "headers", "x-anonymous-consumer"],
        &["request", "headers", "x-authenticated-scope"],
        &["request", "headers", "user-agent"],
        &["request", "headers", "host"],
        &["client_ip"],
        &["session"],
        &["request", "headers", "x-authenticated-userid"],
        &["oauth", "iat"],
        &["jwt", "iat"],
        &["oauth", "exp"],
        &["jwt", "exp"],
        &["oauth", "jti"],
        &["jwt", "jti"],
        &["request", "headers", "apikey"],
        &["request", "headers", "x-api-key"],
        &["request", "tls", "client_verify"],
    ])
});

const STARTED: usize = 0;
const METHOD: usize = 1;
const URI: usize = 2;
const STATUS: usize = 3;
const CUSTOM_ID: usize = 4;
const USERNAME: usize = 5;
const CONSUMER_ID: usize = 6;
const REQUEST_ID: usize = 7;
const SOURCE: usize = 8;
const UPSTREAM_STATUS: usize = 9;
const PROXY_LATENCY: usize = 10;
const ENTITY_ID: usize = 11;
const ENTITY_CONSUMER: usize = 12;
const ANONYMOUS: usize = 13;
const TOKEN_SCOPES: usize = 14;
const USER_AGENT: usize = 15;
const HOST: usize = 16;
const CLIENT_IP: usize = 17;
const SESSION: usize = 18;
const USER: usize = 19;
/// Claims as operators add them with `custom_fields_by_lua`: a dot in its keys makes an object.
const ISSUED: [usize; 2] = [20, 21];
const EXPIRES: [usize; 2] = [22, 23];
const TOKEN_IDS: [usize; 2] = [24, 25];
/// The usual key headers. Kong redacts `authorization` and shows others; their values are not looked at.
const KEYS: [usize; 2] = [26, 27];
/// Mutual TLS.
const CLIENT_VERIFY: usize = 28;

impl LogFormat for Kong {
    fn name(&self) -> &'static str {
        "kong"
    }

    fn title(&self) -> &'static str {
        "Kong file-log, http-log, tcp-log, udp-log, syslog and loggly (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Kong logs `consumer` when an authentication plugin (key-auth, oauth2, jwt, mtls-auth, openid-connect, ...) \
         identified one. Enable such a plugin on the route, or for tokens checked elsewhere add to the log plugin:\n    \
         custom_fields_by_lua:\n      consumer.custom_id: \"return kong.request.get_header('x-client-id')\""
    }

    fn recognises(&self, line: &SampleLine<'_>) -> bool {
        line.json.as_ref().is_some_and(|object| {
            let known = ["route", "service", "consumer", "started_at"]
                .iter()
                .any(|key| object.contains_key(*key));
            (object.contains_key("request") && object.contains_key("latencies") && known)
                || (object.contains_key("session") && object.contains_key("latencies"))
        })
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let fields = json::read(line, &PLAN, &mut scratch.json)?;
        let Some(target) = fields.text(URI) else {
            // Records of TCP streams have a `session` instead of a `request`.
            let stream = fields.kind(SESSION) != Kind::Missing;
            return Err(if stream {
                Skip::OtherRecord
            } else {
                Skip::MissingField
            });
        };
        let method = fields.text(METHOD).ok_or(Skip::MissingField)?;
        let time =
            clock::epoch(fields.text(STARTED).ok_or(Skip::MissingField)?).ok_or(Skip::BadTime)?;
        let upstream_status = fields.text(UPSTREAM_STATUS).and_then(last_status);
        let (client, client_alt) = match (fields.text(CUSTOM_ID), fields.text(USERNAME)) {
            (Some(custom), name) => (Some(custom), name.filter(|name| *name != custom)),
            (None, Some(name)) => (Some(name), None),
            (None, None) => (
                fields
                    .text(CONSUMER_ID)
                    .or_else(|| entity_consumer(fields.raw(ENTITY_CONSUMER)?)),
                None,
            ),
        };
        let authenticated = fields.kind(ENTITY_ID) != Kind::Missing
            || fields.kind(ENTITY_CONSUMER) != Kind::Missing;
        Ok(RawRecord {
            time,
            method,
            target,
            client,
            client_alt,
            anonymous: !authenticated && is_anonymous(fields.raw(ANONYMOUS), client, client_alt),
            status: fields.status(STATUS),
            upstream_status,
            answered_by: answered_by(
                fields.text(SOURCE),
                upstream_status,
                fields.text(PROXY_LATENCY),
            ),
            request_id: fields.text(REQUEST_ID),
            host: fields.text(HOST),
            subject: fields.text(USER).filter(|_| authenticated),
            credential: fields.text(ENTITY_ID),
            // Without authentication the client itself may have sent the header.
            token_scopes: token::scopes(&fields, TOKEN_SCOPES).filter(|_| authenticated),
            client_ip: fields.text(CLIENT_IP),
            user_agent: fields.text(USER_AGENT),
            fields: Some(fields),
            template: None,
            templated: false,
            claimed: None,
        })
    }

    fn token<'a>(&self, raw: &RawRecord<'a>) -> Token<'a> {
        let claims = raw.token_scopes.is_some();
        let Some(fields) = raw.fields else {
            return Token::default();
        };
        let (issued, expires) = (
            token::seconds(&fields, &ISSUED),
            token::seconds(&fields, &EXPIRES),
        );
        let jti = TOKEN_IDS.iter().find_map(|slot| fields.text(*slot));
        let kind = if claims || issued.is_some() || expires.is_some() || jti.is_some() {
            AuthKind::Token
        } else if fields.text(CLIENT_VERIFY) == Some(b"SUCCESS") {
            AuthKind::Certificate
        } else if KEYS.iter().any(|slot| fields.kind(*slot) != Kind::Missing) {
            AuthKind::ApiKey
        } else {
            AuthKind::Unknown
        };
        Token {
            issued,
            expires,
            kind,
            credential: jti,
        }
    }
}

/// After retries Kong writes every attempt: `502, 200`.
fn last_status(text: &[u8]) -> Option<u16> {
    let last = text
        .rsplit(|byte| matches!(byte, b',' | b' ' | b':'))
        .find(|part| !part.is_empty())?;
    json::parse_status(last)
}

/// Old versions (1.x) wrote `{"uuid": "..."}` where a plain id stands today.
fn entity_consumer(raw: &[u8]) -> Option<&[u8]> {
    if raw.first() != Some(&b'{') {
        return Some(raw).filter(|id| !id.is_empty());
    }
    let key = b"\"uuid\"";
    let after = &raw[memchr::memmem::find(raw, key)? + key.len()..];
    let open = memchr::memchr(b'"', after)? + 1;
    let close = memchr::memchr(b'"', &after[open..])?;
    Some(&after[open..open + close]).filter(|id| !id.is_empty())
}

/// The fallback consumer of an authentication plugin looks like a real one. Kong
/// marks it by a request header; without the header only the usual name tells.
fn is_anonymous(header: Option<&[u8]>, client: Option<&[u8]>, alt: Option<&[u8]>) -> bool {
    if header.is_some_and(|value| value.eq_ignore_ascii_case(b"true")) {
        return true;
    }
    let customary = |name: &[u8]| {
        [
            &b"anonymous"[..],
            b"anonymous_users",
            b"anonymous-consumer",
            b"anonymous_consumer",
        ]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
    };
    client.is_some_and(customary) || alt.is_some_and(customary)
}

fn answered_by(
    source: Option<&[u8]>,
    upstream_status: Option<u16>,
    proxy_latency: Option<&[u8]>,
) -> AnsweredBy {
    match source {
        Some(b"upstream") => AnsweredBy::Upstream,
        Some(b"kong" | b"exit" | b"error") => AnsweredBy::Gateway,
        _ if upstream_status.is_some() => AnsweredBy::Upstream,
        // -1 means that the request was never proxied.
        _ if proxy_latency == Some(b"-1") => AnsweredBy::Gateway,
        _ => AnsweredBy::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
        check(Kong.parse(line.as_bytes(), &mut Scratch::default()))
    }

    fn line(extra: &str) -> String {
        format!(
            r#"{{"request":{{"id":"r1","uri":"\/v1\/orders\/42?expand=items","method":"GET","querystring":{{"expand":"items"}},"headers":{{"host":"api.example.com","user-agent":"a\/1"}}}},"response":{{"status":200}},"latencies":{{"kong":3,"proxy":21,"request":24.5}},"route":{{"name":"orders"}},"started_at":1767355200117{extra}}}"#
        )
    }

    #[test]
    fn the_documented_shape_gives_every_field() {
        let text = line(
            r#","consumer":{"id":"1f","username":"erp-sync","custom_id":"app-0042"},"authenticated_entity":{"id":"8d"},"source":"upstream","upstream_status":"502, 200","client_ip":"198.51.100.23""#,
        );
        with(&text, |record| {
            let record = record.unwrap();
            assert_eq!(record.time, 1_767_355_200_117);
            assert_eq!(record.target, b"/v1/orders/42?expand=items");
            assert_eq!(
                (record.client, record.client_alt),
                (Some(&b"app-0042"[..]), Some(&b"erp-sync"[..]))
            );
            assert_eq!(
                (record.status, record.upstream_status),
                (Some(200), Some(200))
            );
            assert_eq!(record.answered_by, AnsweredBy::Upstream);
            assert_eq!(record.request_id, Some(&b"r1"[..]));
            assert!(!record.anonymous);
        });
    }

    #[test]
    fn every_shape_of_the_query_string_is_accepted() {
        for shape in ["[]", "{}", r#"{"a":true}"#, r#"{"a":["x","y"]}"#] {
            let text = line("").replace(r#"{"expand":"items"}"#, shape);
            with(&text, |record| assert!(record.is_ok(), "{shape}"));
        }
    }

    #[test]
    fn who_refused_is_kept_and_inferred_for_old_versions() {
        let by = |extra: &str| {
            with(
                &line(extra).replace(r#""status":200"#, r#""status":403"#),
                |r| r.unwrap().answered_by,
            )
        };
        assert_eq!(by(r#","source":"kong""#), AnsweredBy::Gateway);
        assert_eq!(by(r#","source":"upstream""#), AnsweredBy::Upstream);
        assert_eq!(by(""), AnsweredBy::Unknown);
        let never_proxied = line("").replace(r#""proxy":21"#, r#""proxy":-1"#);
        with(&never_proxied, |record| {
            assert_eq!(record.unwrap().answered_by, AnsweredBy::Gateway);
        });
    }

    #[test]
    fn an_old_consumer_id_object_is_read() {
        let text = line(r#","authenticated_entity":{"id":"8d","consumer_id":{"uuid":"c-77"}}"#);
        with(&text, |record| {
            assert_eq!(record.unwrap().client, Some(&b"c-77"[..]));
        });
    }

    #[test]
    fn the_fallback_consumer_is_anonymous_and_a_consumer_without_entity_is_not() {
        with(&line(r#","consumer":{"username":"anonymous"}"#), |r| {
            assert!(r.unwrap().anonymous);
        });
        with(&line(r#","consumer":{"username":"erp"}"#), |r| {
            assert!(!r.unwrap().anonymous);
        });
        let marked = line(r#","consumer":{"username":"guest"}"#).replace(
            r#""headers":{"#,
            r#""headers":{"x-anonymous-consumer":"true","#,
        );
        with(&marked, |r| assert!(r.unwrap().anonymous));
    }

    #[test]
    fn a_scope_header_counts_only_behind_authentication() {
        let header = r#""headers":{"x-authenticated-scope":"orders:read","#;
        let spoofed = line("").replace(r#""headers":{"#, header);
        with(&spoofed, |record| {
            assert_eq!(record.unwrap().token_scopes, None);
        });
        let real = line(r#","authenticated_entity":{"id":"8d"}"#).replace(r#""headers":{"#, header);
        with(&real, |record| {
            assert_eq!(record.unwrap().token_scopes, Some(&b"orders:read"[..]));
        });
    }

    #[test]
    fn a_stream_record_is_passed_over_and_a_broken_one_is_not() {
        let stream = r#"{"session":{"tls":{}},"latencies":{"kong":1},"started_at":1767355200117}"#;
        with(stream, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        with(r#"{"latencies":{},"request":{}}"#, |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
        with(&line("")[..90], |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
    }
}
