//! The credential of an Envoy line: claims that operators log one by one or as a
//! whole, and the client's certificate.

use std::sync::LazyLock;

use serde_json::Value;

use crate::format::json::{self, Fields, Kind, Plan};
use crate::format::token::{mentions, seconds};
use crate::format::{AuthKind, Token, clock};

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["iat"],
        &["jwt_iat"],
        &["exp"],
        &["jwt_exp"],
        &["jti"],
        &["jwt_jti"],
        &["azp"],
        &["jwt_azp"],
        &["downstream_peer_serial"],
        &["downstream_peer_uri_san"],
        &["downstream_peer_subject"],
        &["jwt"],
        &["jwt_payload"],
        &["x-api-key"],
        &["x_api_key"],
    ])
});

pub(super) fn read<'a>(line: &'a [u8], scratch: &'a mut json::Scratch) -> Token<'a> {
    let named = [
        "iat",
        "exp\"",
        "jti",
        "azp",
        "jwt",
        "downstream_peer_",
        "api",
    ];
    if !mentions(line, &named) {
        return Token::default();
    }
    let Ok(fields) = json::read(line, &PLAN, scratch) else {
        return Token::default();
    };
    let has = |slots: &[usize]| slots.iter().any(|slot| fields.text(*slot).is_some());
    let payload = [11, 12].iter().find_map(|slot| payload(&fields, *slot));
    let claim = |name: &str| whole_seconds(payload.as_ref()?.get(name)?);
    let issued = seconds(&fields, &[0, 1]).or_else(|| claim("iat"));
    let expires = seconds(&fields, &[2, 3]).or_else(|| claim("exp"));
    let token = issued.is_some() || expires.is_some() || payload.is_some();
    let kind = if token || has(&[4, 5, 6, 7]) {
        AuthKind::Token
    } else if has(&[8, 9, 10]) {
        AuthKind::Certificate
    } else if [13, 14]
        .iter()
        .any(|slot| fields.kind(*slot) != Kind::Missing)
    {
        AuthKind::ApiKey
    } else {
        AuthKind::Unknown
    };
    Token {
        issued,
        expires,
        kind,
        // A token id is in the raw record already.
        credential: fields.text(8).filter(|_| kind == AuthKind::Certificate),
    }
}

fn payload(fields: &Fields<'_>, slot: usize) -> Option<Value> {
    match fields.kind(slot) {
        Kind::Text | Kind::Container => serde_json::from_slice(fields.raw(slot)?)
            .ok()
            .filter(Value::is_object),
        _ => None,
    }
}

fn whole_seconds(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    clock::epoch(text.as_bytes()).map(|ms| ms.div_euclid(1_000))
}
