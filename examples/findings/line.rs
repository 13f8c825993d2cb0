//! One request as a flat JSON line (the `native` format), which carries every field that a rule looks at.

use chrono::Days;
use serde_json::{Map, Value, json};

use super::FIRST;
use super::calls::{By, Call, Token};
use crate::rng::{Rng, mix};

/// A line with its time, which orders the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// The JSON text without line end.
    pub(crate) text: String,
}

/// The requests of one call on one day of the logs.
pub(crate) fn lines(call: &Call, number: u64, day: u32) -> Vec<Line> {
    (0..u64::from(call.times))
        .map(|index| {
            line(
                call,
                day,
                Rng::new(mix(number << 32 | u64::from(day) << 12 | index)),
            )
        })
        .collect()
}

fn line(call: &Call, day: u32, mut rng: Rng) -> Line {
    let midnight = (FIRST + Days::new(day.into()))
        .and_hms_opt(0, 0, 0)
        .unwrap()
        .and_utc()
        .timestamp();
    let within = call.minutes.map_or(3_000, |_| 50);
    let minute = call.minutes.unwrap_or(5);
    let seconds = u64::from(call.hour) * 3_600 + u64::from(minute) * 60 + rng.below(within);
    let time = midnight + i64::try_from(seconds).unwrap();
    let (method, template) = call.operation.split_once(' ').unwrap();
    let path = template.replace("{id}", &format!("{}", 10_000 + rng.below(500)));
    let mut record = Map::new();
    let mut put = |key: &str, value: Value| {
        record.insert(key.to_owned(), value);
    };
    put("time", json!(time));
    put("client_id", json!(call.client));
    put("method", json!(method));
    put("path", json!(path));
    put("status", json!(call.status));
    match call.by {
        By::Service => put("upstream_status", json!(call.status)),
        By::Gateway => put("answered_by", json!("gateway")),
    }
    put("request_id", json!(format!("r-{:06x}", rng.below(1 << 24))));
    put("ip", json!(call.ip));
    put("user_agent", json!(call.agent));
    if !call.credential.is_empty() {
        put("credential", json!(call.credential));
    }
    if !call.auth.is_empty() {
        put("auth", json!(call.auth));
    }
    if !call.scopes.is_empty() {
        put("scopes", json!(call.scopes));
    }
    match call.token {
        Token::Opaque => {}
        Token::Lives(life) => {
            put("iat", json!(time - 30));
            put("exp", json!(time - 30 + life));
        }
        Token::Endless => put("iat", json!(time - 30)),
        Token::Ended(late) => {
            put("iat", json!(time - late - 3_600));
            put("exp", json!(time - late));
        }
    }
    Line {
        time,
        text: Value::Object(record).to_string(),
    }
}
