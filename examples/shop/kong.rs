//! One request as a line of Kong's file-log plugin.
//!
//! In: what happened. Out: one JSON line in the shape of Kong's log serializer (`kong/pdk/log.lua`).
//!
//! As in a real log: `/` is written `\/`; `authorization` is REDACTED, but API keys in the query and
//! cookies are not; a request without route has neither `route` nor `service`; a request that the gateway
//! answered has an empty `upstream_status` and `latencies.proxy` -1.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::hash;
use super::stories::{Answer, Call, Caller, Identity};
use crate::rng::{Rng, mix};

/// A line with its time, which orders the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// Milliseconds since 1970.
    pub(crate) started_at: i64,
    /// The JSON text without line end.
    pub(crate) text: String,
}

/// What Kong and the service answered.
struct Answered {
    status: u16,
    by_service: bool,
    /// Kong lists every attempt: `502, 200`.
    upstream_status: String,
}

/// One request of this caller on this day.
pub(crate) fn line(caller: &Caller, call: &Call, date: NaiveDate, rng: &mut Rng) -> Line {
    let (method, template) = call.operation.split_once(' ').unwrap();
    let path = fill(template, rng);
    let uri = if call.query.is_empty() {
        path.clone()
    } else {
        format!("{path}?{}", call.query)
    };
    let answered = answer(call.answer, method, rng);
    let started_at = time(caller, date, rng);
    let service_ms = 4 + rng.below(60);
    let resource = template.trim_start_matches("/v1/").trim_start_matches('/');
    let resource = resource.split(['/', '?', ':']).next().unwrap_or(resource);
    let routed = call.answer != Answer::NoRoute;

    let mut record = Map::new();
    record.insert("request".into(), request(caller, call, method, &uri, rng));
    if routed {
        record.insert(
            "upstream_uri".into(),
            json!(uri.strip_prefix("/v1").unwrap_or(&uri)),
        );
    }
    record.insert("upstream_status".into(), json!(answered.upstream_status));
    record.insert(
        "response".into(),
        json!({"status": answered.status, "headers": {"content-type": "application/json", "via": "1.1 kong/3.9.0"}, "size": 120 + 8 * service_ms}),
    );
    let proxy_ms = if answered.by_service {
        i64::try_from(service_ms).unwrap()
    } else {
        -1
    };
    record.insert(
        "latencies".into(),
        json!({"kong": 2, "proxy": proxy_ms, "request": 2 + proxy_ms.max(0), "receive": 0}),
    );
    if routed {
        // Lua writes an empty table as an object.
        let tries = if answered.by_service {
            json!([{"ip": format!("192.0.2.{}", 1 + hash(resource) % 40), "port": 8080, "balancer_start": started_at + 1, "balancer_latency": 0}])
        } else {
            json!({})
        };
        record.insert("tries".into(), tries);
        route(&mut record, template, resource);
    }
    identity(&mut record, caller);
    record.insert("client_ip".into(), json!(address(caller.name)));
    record.insert("started_at".into(), json!(started_at));
    let source = if answered.by_service {
        "upstream"
    } else {
        "kong"
    };
    record.insert("source".into(), json!(source));
    record.insert("workspace".into(), json!(uuid("workspace")));
    record.insert("workspace_name".into(), json!("default"));
    // A slash is only inside strings, so escaping all of them is what Kong's encoder does.
    let text = Value::Object(record).to_string().replace('/', "\\/");
    Line { started_at, text }
}

fn request(caller: &Caller, call: &Call, method: &str, uri: &str, rng: &mut Rng) -> Value {
    let mut query = Map::new();
    for pair in call.query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        query.insert(key.into(), json!(value.replace("%20", " ")));
    }
    let mut headers = Map::new();
    headers.insert("host".into(), json!("api.shop.example"));
    match caller.identity {
        Identity::CustomId | Identity::UserName => {
            headers.insert("authorization".into(), json!("REDACTED"));
            headers.insert("x-consumer-id".into(), json!(uuid(caller.name)));
            headers.insert("x-consumer-username".into(), json!(user_name(caller)));
        }
        Identity::AnonymousConsumer => {
            headers.insert("x-anonymous-consumer".into(), json!("true"));
        }
        Identity::Nobody => {}
    }
    if caller.name == "storefront-web" {
        headers.insert("cookie".into(), json!("session=NOT-A-REAL-SESSION-77ab"));
    }
    headers.insert("user-agent".into(), json!(caller.agent));
    json!({
        "id": format!("{:016x}{:016x}", rng.next(), mix(hash(caller.name))),
        "uri": uri,
        "url": format!("https://api.shop.example:443{uri}"),
        "querystring": query,
        "method": method,
        "headers": headers,
        "size": 300 + uri.len(),
        "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "client_verify": "NONE"},
    })
}

fn route(record: &mut Map<String, Value>, template: &str, resource: &str) {
    let name = resource.trim_start_matches('.');
    let service = uuid(&format!("service {name}"));
    let prefix = if template.starts_with("/v1/") {
        format!("/v1/{name}")
    } else {
        format!("/{name}")
    };
    record.insert(
        "route".into(),
        json!({"id": uuid(&format!("route {name}")), "name": name, "paths": [prefix], "protocols": ["https"], "strip_path": true, "service": {"id": service}}),
    );
    record.insert(
        "service".into(),
        json!({"id": service, "name": format!("{name}-svc"), "host": format!("{name}.internal"), "port": 8080, "protocol": "http", "path": format!("/{name}")}),
    );
}

fn identity(record: &mut Map<String, Value>, caller: &Caller) {
    let id = uuid(caller.name);
    match caller.identity {
        Identity::CustomId | Identity::UserName => {
            record.insert(
                "authenticated_entity".into(),
                json!({"id": uuid(&format!("credential {}", caller.name)), "consumer_id": id}),
            );
            let mut consumer = Map::new();
            consumer.insert("id".into(), json!(id));
            consumer.insert("username".into(), json!(user_name(caller)));
            if caller.identity == Identity::CustomId {
                consumer.insert("custom_id".into(), json!(caller.name));
            }
            record.insert("consumer".into(), Value::Object(consumer));
        }
        Identity::AnonymousConsumer => {
            record.insert(
                "consumer".into(),
                json!({"id": id, "username": "anonymous"}),
            );
        }
        Identity::Nobody => {}
    }
}

/// Where a `custom_id` carries the client id, the user name is a label for people.
fn user_name(caller: &Caller) -> String {
    match caller.identity {
        Identity::CustomId => format!("{} (production)", caller.name),
        Identity::UserName | Identity::AnonymousConsumer | Identity::Nobody => caller.name.into(),
    }
}

fn answer(plan: Answer, method: &str, rng: &mut Rng) -> Answered {
    let service = |status: u16| Answered {
        status,
        by_service: true,
        upstream_status: status.to_string(),
    };
    let gateway = |status: u16| Answered {
        status,
        by_service: false,
        upstream_status: String::new(),
    };
    let success = match method {
        "POST" => 201,
        "DELETE" | "OPTIONS" => 204,
        _ => 200,
    };
    match plan {
        Answer::Success => service(success),
        Answer::NotAuthenticated => gateway(401),
        Answer::RefusedByGateway => gateway(403),
        Answer::RefusedByService => service(403),
        Answer::NoRoute => gateway(404),
        Answer::NeverServed if rng.below(2) == 0 => gateway(429),
        Answer::NeverServed => service(503),
        Answer::Usual => match rng.below(200) {
            0..4 => service(404),
            4 => gateway(429),
            5 => service(503),
            6 => service(499),
            7 => service(500),
            8 => Answered {
                upstream_status: format!("502, {success}"),
                ..service(success)
            },
            9 if method == "GET" => service(304),
            _ => service(success),
        },
    }
}

/// Somewhere in the eight hours (at most to midnight) after the caller's day begins.
fn time(caller: &Caller, date: NaiveDate, rng: &mut Rng) -> i64 {
    let start = date.and_hms_opt(caller.hour, 0, 0).unwrap().and_utc();
    let hours = u64::from((24 - caller.hour).min(8));
    start.timestamp_millis() + i64::try_from(rng.below(hours * 3_600_000)).unwrap()
}

/// Replaces the parameters of a template by values of the kind that their names suggest.
fn fill(template: &str, rng: &mut Rng) -> String {
    const COLOURS: [&str; 5] = ["red", "blue", "green", "black", "sand"];
    const THINGS: [&str; 6] = ["shoe", "scarf", "coat", "belt", "bag", "hat"];
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (name, tail) = after.split_once('}').unwrap();
        let pick = |list: &[&'static str], at: u64| list[usize::try_from(at).unwrap() % list.len()];
        let value = match name {
            "sku" => format!(
                "{}-{}-{}",
                pick(&COLOURS, rng.below(5)),
                pick(&THINGS, rng.below(6)),
                36 + rng.below(12)
            ),
            "exportId" => uuid(&format!("export {}", rng.below(4_000))),
            _ => (10_000 + rng.below(4_000)).to_string(),
        };
        path.push_str(&value);
        rest = tail;
    }
    path.push_str(rest);
    path
}

/// A stable identifier in the form of a random UUID (RFC 9562 version 4).
fn uuid(of: &str) -> String {
    let (a, b) = (hash(of), mix(hash(of) ^ 0x5C07));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | (b >> 50),
        b & 0xffff_ffff_ffff
    )
}

/// An address of the documentation ranges (RFC 5737).
fn address(of: &str) -> String {
    let hash = hash(of);
    let net = ["198.51.100", "203.0.113"][usize::try_from(hash % 2).unwrap()];
    format!("{net}.{}", 1 + (hash >> 8) % 250)
}
