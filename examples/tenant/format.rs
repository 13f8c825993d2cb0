//! One request as a line of each log format, with as much as operators usually have it carry.

use serde_json::{Map, Value, json};

use super::call::{By, Event, Proof};
use crate::rng::mix;

/// The formats that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    Aws,
    Envoy,
    Kong,
    Combined,
}

impl Format {
    pub(crate) const ALL: [Self; 4] = [Self::Aws, Self::Envoy, Self::Kong, Self::Combined];

    /// The folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Envoy => "envoy",
            Self::Kong => "kong",
            Self::Combined => "combined",
        }
    }

    /// The line of a request, without its end; the number makes the request's id.
    pub(crate) fn line(self, event: &Event, number: u64) -> String {
        match self {
            Self::Aws => aws(event, number),
            Self::Envoy => envoy(event, number),
            Self::Kong => kong(event, number),
            Self::Combined => combined(event),
        }
    }
}

/// A time in a pattern of `chrono`.
fn stamp(event: &Event, pattern: &str) -> String {
    let time = chrono::DateTime::from_timestamp(event.time, 0).unwrap_or_default();
    time.format(pattern).to_string()
}

fn id(number: u64) -> String {
    format!("{:016x}", mix(number))
}

fn target(event: &Event) -> String {
    match event.query {
        "" => event.path.clone(),
        query => format!("{}?{query}", event.path),
    }
}

/// Adds keys to a line.
fn put<const N: usize>(record: &mut Map<String, Value>, pairs: [(&str, Value); N]) {
    for (key, value) in pairs {
        record.insert(key.to_owned(), value);
    }
}

fn seconds(time: Option<i64>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}

/// `$context` variables; every value is a string, and there is no query string. A path that the API does not
/// have reaches the service through `/{proxy+}`.
fn aws(event: &Event, number: u64) -> String {
    let by_service = event.by == By::Service;
    let error = match (event.by, event.status) {
        (By::Service, _) => "-",
        (By::Gateway, 401) => "UNAUTHORIZED",
        (By::Gateway, _) => "ACCESS_DENIED",
    };
    let template = match event.template {
        "" => "/{proxy+}",
        value => value,
    };
    let status = event.status.to_string();
    let mut record = Map::new();
    put(
        &mut record,
        [
            ("requestId", json!(id(number))),
            ("ip", json!(event.address)),
            (
                "requestTime",
                json!(stamp(event, "%d/%b/%Y:%H:%M:%S +0000")),
            ),
            ("requestTimeEpoch", json!((event.time * 1_000).to_string())),
            ("httpMethod", json!(event.method)),
            ("resourcePath", json!(template)),
            ("path", json!(format!("/prod{}", event.path))),
            ("stage", json!("prod")),
            (
                "domainName",
                json!("a1.execute-api.eu-west-1.amazonaws.com"),
            ),
            ("status", json!(status)),
            ("protocol", json!("HTTP/1.1")),
            ("userAgent", json!(event.agent)),
            (
                "integrationStatus",
                json!(if by_service { &status } else { "-" }),
            ),
            ("errType", json!(error)),
        ],
    );
    if event.client.is_empty() {
        return Value::Object(record).to_string();
    }
    match &event.proof {
        Proof::Token(claims) => put(
            &mut record,
            [
                ("clientId", json!(event.client)),
                ("scope", json!(claims.scopes.as_deref().unwrap_or("-"))),
                ("jti", json!(claims.id)),
                ("iat", json!(claims.issued.to_string())),
                ("exp", json!(seconds(claims.expires))),
            ],
        ),
        Proof::Key(id) => put(
            &mut record,
            [
                ("principalId", json!(event.client)),
                ("apiKeyId", json!(id)),
            ],
        ),
        Proof::Certificate(id) => put(
            &mut record,
            [
                ("principalId", json!(event.client)),
                ("clientCertSerial", json!(id)),
            ],
        ),
        Proof::Unsaid | Proof::Basic => put(&mut record, [("principalId", json!(event.client))]),
    }
    Value::Object(record).to_string()
}

/// The claims as one object. A key's id is not to be had: the header holds the secret, and is redacted.
fn envoy(event: &Event, number: u64) -> String {
    let by_service = event.by == By::Service;
    let details = match (event.by, event.status) {
        (By::Service, _) => "via_upstream",
        (By::Gateway, 401) => "jwt_authn_access_denied{Jwt_is_expired}",
        (By::Gateway, _) => "rbac_access_denied_matched_policy[none]",
    };
    let mut record = Map::new();
    put(
        &mut record,
        [
            ("start_time", json!(stamp(event, "%Y-%m-%dT%H:%M:%S.000Z"))),
            ("method", json!(event.method)),
            ("path", json!(target(event))),
            ("protocol", json!("HTTP/2")),
            ("response_code", json!(event.status)),
            ("response_flags", json!("-")),
            ("response_code_details", json!(details)),
            ("user_agent", json!(event.agent)),
            ("request_id", json!(id(number))),
            ("authority", json!("api.example.com")),
            (
                "upstream_host",
                json!(if by_service { "10.0.0.7:8080" } else { "-" }),
            ),
            (
                "downstream_remote_address",
                json!(format!("{}:54321", event.address)),
            ),
        ],
    );
    if event.client.is_empty() {
        return Value::Object(record).to_string();
    }
    match &event.proof {
        Proof::Token(claims) => {
            let mut payload = Map::new();
            put(
                &mut payload,
                [
                    ("iss", json!("https://idp.example.com")),
                    ("azp", json!(event.client)),
                    ("jti", json!(claims.id)),
                    ("iat", json!(claims.issued)),
                ],
            );
            if let Some(scopes) = &claims.scopes {
                put(&mut payload, [("scope", json!(scopes))]);
            }
            if let Some(expires) = claims.expires {
                put(&mut payload, [("exp", json!(expires))]);
            }
            put(&mut record, [("jwt_payload", Value::Object(payload))]);
        }
        Proof::Key(_) => put(
            &mut record,
            [
                ("consumer", json!(event.client)),
                ("x-api-key", json!("redacted")),
            ],
        ),
        Proof::Certificate(id) => put(
            &mut record,
            [
                ("x-client-id", json!(event.client)),
                ("downstream_peer_serial", json!(id)),
            ],
        ),
        Proof::Unsaid | Proof::Basic => put(&mut record, [("consumer", json!(event.client))]),
    }
    Value::Object(record).to_string()
}

/// The log serializer, with the claims as `custom_fields_by_lua` adds them. The entity is the key or
/// certificate; of a token it is the client's registration, which the claims are more telling than.
fn kong(event: &Event, number: u64) -> String {
    let by_service = event.by == By::Service;
    let mut headers = Map::new();
    put(
        &mut headers,
        [
            ("host", json!("api.example.com")),
            ("user-agent", json!(event.agent)),
        ],
    );
    let mut request = Map::new();
    put(
        &mut request,
        [
            ("id", json!(id(number))),
            ("uri", json!(target(event))),
            ("method", json!(event.method)),
        ],
    );
    let mut record = Map::new();
    let mut entity = None;
    match &event.proof {
        _ if event.client.is_empty() => {}
        Proof::Token(claims) => {
            entity = Some(format!("oauth-{}", event.client));
            if let Some(scopes) = &claims.scopes {
                put(&mut headers, [("x-authenticated-scope", json!(scopes))]);
            }
            let mut oauth = Map::new();
            put(
                &mut oauth,
                [("iat", json!(claims.issued)), ("jti", json!(claims.id))],
            );
            if let Some(expires) = claims.expires {
                put(&mut oauth, [("exp", json!(expires))]);
            }
            put(&mut record, [("oauth", Value::Object(oauth))]);
        }
        Proof::Key(id) => {
            entity = Some(id.clone());
            put(&mut headers, [("apikey", json!("REDACTED"))]);
        }
        Proof::Certificate(id) => {
            entity = Some(id.clone());
            put(&mut request, [("tls", json!({"client_verify": "SUCCESS"}))]);
        }
        Proof::Basic => put(&mut headers, [("authorization", json!("REDACTED"))]),
        Proof::Unsaid => {}
    }
    put(&mut request, [("headers", Value::Object(headers))]);
    put(
        &mut record,
        [
            ("request", Value::Object(request)),
            ("response", json!({"status": event.status})),
            (
                "latencies",
                json!({"kong": 3, "proxy": if by_service { 21 } else { -1 }, "request": 24}),
            ),
            ("route", json!({"name": "api"})),
            ("started_at", json!(event.time * 1_000)),
            ("client_ip", json!(event.address)),
            (
                "source",
                json!(if by_service { "upstream" } else { "kong" }),
            ),
        ],
    );
    if by_service {
        put(
            &mut record,
            [("upstream_status", json!(event.status.to_string()))],
        );
    }
    if !event.client.is_empty() {
        put(
            &mut record,
            [("consumer", json!({"username": event.client}))],
        );
    }
    if let Some(entity) = entity {
        put(
            &mut record,
            [("authenticated_entity", json!({"id": entity}))],
        );
    }
    Value::Object(record).to_string()
}

/// A caller and a status; nothing about who refused, and nothing about the credential.
fn combined(event: &Event) -> String {
    let client = match event.client.as_str() {
        "" => "-",
        value => value,
    };
    format!(
        "{} - {client} [{}] \"{} {} HTTP/1.1\" {} 512 \"-\" \"{}\"",
        event.address,
        stamp(event, "%d/%b/%Y:%H:%M:%S +0000"),
        event.method,
        target(event),
        event.status,
        event.agent
    )
}
