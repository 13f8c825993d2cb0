//! Kong's own log serializer: file-log, http-log, tcp-log, udp-log, syslog, loggly.
//!
//! Shape and traps: `kong/pdk/log.lua` of Kong. `/` is written as `\/`; the
//! consumer is missing when authentication failed; `source` exists since 3.6.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json::{self, Fields, last_status};
use super::{
    AuthKind, Claims, LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, Token, asks,
    clock, narrow,
};
use crate::model::AnsweredBy;

pub(super) struct Kong;

/// The name that the client gave itself at the identity provider.
const CUSTOM_ID: Meaning = Meaning::Own(0);
const USERNAME: Meaning = Meaning::Own(1);
const PROXY_LATENCY: Meaning = Meaning::Own(2);
const ENTITY_CONSUMER: Meaning = Meaning::Own(3);
const ANONYMOUS: Meaning = Meaning::Own(4);
/// A record of a TCP stream.
const SESSION: Meaning = Meaning::Own(5);
/// Mutual TLS.
const CLIENT_VERIFY: Meaning = Meaning::Own(6);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (Meaning::Time, &["/started_at"]),
        (Meaning::Method, &["/request/method"]),
        (Meaning::Target, &["/request/uri"]),
        (Meaning::Status, &["/response/status"]),
        (CUSTOM_ID, &["/consumer/custom_id"]),
        (USERNAME, &["/consumer/username"]),
        (Meaning::Client, &["/consumer/id"]),
        (Meaning::RequestId, &["/request/id"]),
        (Meaning::AnsweredBy, &["/source"]),
        (Meaning::UpstreamStatus, &["/upstream_status"]),
        (PROXY_LATENCY, &["/latencies/proxy"]),
        (Meaning::Credential, &["/authenticated_entity/id"]),
        (ENTITY_CONSUMER, &["/authenticated_entity/consumer_id"]),
        (ANONYMOUS, &["/request/headers/x-anonymous-consumer"]),
        (Meaning::Scopes, &["/request/headers/x-authenticated-scope"]),
        (Meaning::UserAgent, &["/request/headers/user-agent"]),
        (Meaning::Host, &["/request/headers/host"]),
        (Meaning::ClientIp, &["/client_ip"]),
        (SESSION, &["/session"]),
        (
            Meaning::Subject,
            &["/request/headers/x-authenticated-userid"],
        ),
        // Claims as operators add them with `custom_fields_by_lua`: a dot in its keys makes an object.
        (Meaning::Issued, &["/oauth/iat", "/jwt/iat"]),
        (Meaning::Expires, &["/oauth/exp", "/jwt/exp"]),
        (Meaning::TokenId, &["/oauth/jti", "/jwt/jti"]),
        // The usual key headers. Kong redacts `authorization` and shows others; their values
        // are not looked at.
        (
            Meaning::KeyShown,
            &["/request/headers/apikey", "/request/headers/x-api-key"],
        ),
        (CLIENT_VERIFY, &["/request/tls/client_verify"]),
    ])
});

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

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "the client is the consumer's custom id, then its user name, then its id; an anonymous consumer is nobody; `source` says who answered; records of TCP streams are passed over",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let Some(object) = &line.json else { return 0 };
        let has = |key: &str| object.contains_key(key);
        let known = ["route", "service", "consumer", "started_at"];
        let known = known.iter().filter(|key| has(key)).count();
        if has("latencies") && (has("request") && known > 0 || has("session")) {
            2 + narrow(known)
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for Kong {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let declared = &*FIELDS;
        let all = scratch.claims;
        let fields = json::read(line, &declared.plan, &mut scratch.json)?;
        let text = |meaning| declared.text(&fields, meaning);
        let Some(target) = text(Meaning::Target) else {
            // Records of TCP streams have a `session` instead of a `request`.
            return Err(if declared.has(&fields, SESSION) {
                Skip::OtherRecord
            } else {
                Skip::MissingField
            });
        };
        let method = text(Meaning::Method).ok_or(Skip::MissingField)?;
        let time =
            clock::epoch(text(Meaning::Time).ok_or(Skip::MissingField)?).ok_or(Skip::BadTime)?;
        let upstream_status = text(Meaning::UpstreamStatus).and_then(last_status);
        let entity = || {
            let mut slots = declared.of(ENTITY_CONSUMER).iter();
            entity_consumer(slots.find_map(|slot| fields.raw(*slot))?)
        };
        let (client, client_alt) = match (text(CUSTOM_ID), text(USERNAME)) {
            (Some(custom), name) => (Some(custom), name.filter(|name| *name != custom)),
            (None, Some(name)) => (Some(name), None),
            (None, None) => (text(Meaning::Client).or_else(entity), None),
        };
        let authenticated =
            declared.has(&fields, Meaning::Credential) || declared.has(&fields, ENTITY_CONSUMER);
        let mut marks = declared.of(ANONYMOUS).iter();
        let marked = marks.find_map(|slot| fields.raw(*slot));
        let status = declared.status(&fields, Meaning::Status);
        // Without authentication the client itself may have sent the header.
        let token_scopes = declared.scopes(&fields).filter(|_| authenticated);
        let claims = if asks(all, status) {
            token(&fields, token_scopes.is_some()).into()
        } else {
            Claims::default()
        };
        Ok(RawRecord {
            time,
            method,
            target,
            client,
            client_alt,
            anonymous: !authenticated && is_anonymous(marked, client, client_alt),
            status,
            upstream_status,
            answered_by: answered_by(
                text(Meaning::AnsweredBy),
                upstream_status,
                text(PROXY_LATENCY),
            ),
            request_id: text(Meaning::RequestId),
            host: text(Meaning::Host),
            subject: text(Meaning::Subject).filter(|_| authenticated),
            credential: text(Meaning::Credential),
            token_scopes,
            client_ip: text(Meaning::ClientIp),
            user_agent: text(Meaning::UserAgent),
            claims,
            ..RawRecord::default()
        })
    }
}

fn token<'a>(fields: &Fields<'a>, claims: bool) -> Token<'a> {
    let declared = &*FIELDS;
    let issued = declared.seconds(fields, Meaning::Issued);
    let expires = declared.seconds(fields, Meaning::Expires);
    let jti = declared.text(fields, Meaning::TokenId);
    let kind = if claims || issued.is_some() || expires.is_some() || jti.is_some() {
        AuthKind::Token
    } else if declared.text(fields, CLIENT_VERIFY) == Some(b"SUCCESS") {
        AuthKind::Certificate
    } else if declared.has(fields, Meaning::KeyShown) {
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

/// Old versions (1.x) wrote `{"uuid": "..."}` where a plain id is today.
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
/// marks it by a request header; without the header only the usual name shows it.
fn is_anonymous(header: Option<&[u8]>, client: Option<&[u8]>, alt: Option<&[u8]>) -> bool {
    if header.is_some_and(|value| value.eq_ignore_ascii_case(b"true")) {
        return true;
    }
    let usual = |name: &[u8]| {
        [
            &b"anonymous"[..],
            b"anonymous_users",
            b"anonymous-consumer",
            b"anonymous_consumer",
        ]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
    };
    client.is_some_and(usual) || alt.is_some_and(usual)
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
    fn a_scope_header_counts_only_after_authentication() {
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
