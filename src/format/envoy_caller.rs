//! Who called, out of an Envoy line: the claims and certificate fields that
//! operators add, under the names they commonly give them.
//!
//! Claims that are logged as a whole are decoded into the caller's buffer.

use serde_json::Value;

use super::{CERTIFICATE, FIELDS, PAYLOAD};
use crate::format::clock;
use crate::format::declared::Meaning;
use crate::format::json::{Fields, Kind};
use crate::format::piece::Piece;

/// What the line says about the caller.
pub(super) struct Caller<'a> {
    pub(super) client: Piece<'a>,
    pub(super) client_alt: Option<&'a [u8]>,
    pub(super) scopes: Piece<'a>,
    pub(super) credential: Piece<'a>,
    pub(super) subject: Piece<'a>,
    /// Start and end of the token in seconds since 1970, when its claims are there as a whole.
    pub(super) claimed: Option<(Option<i64>, Option<i64>)>,
}

pub(super) fn read<'a>(fields: &Fields<'a>, text: &mut Vec<u8>) -> Caller<'a> {
    let declared = &*FIELDS;
    let first = |meaning| declared.text(fields, meaning);
    let mut payloads = declared.of(PAYLOAD).iter();
    let payload = payloads.find_map(|slot| payload(fields, *slot));
    let claim = |names: &[&str]| claim(payload.as_ref()?, names);
    let seconds = |name: &str| whole_seconds(payload.as_ref()?.get(name)?);

    let mut token = first_said(
        first(Meaning::Client),
        // A list is not a name.
        claim(&["azp", "client_id", "appid", "cid"]).filter(|name| name.first() != Some(&b'[')),
        text,
    );
    let certificate = first(CERTIFICATE);
    let by_token = !matches!(token, Piece::Missing);
    if let (Piece::Missing, Some(certificate)) = (&token, certificate) {
        token = Piece::Line(certificate);
    }
    let logged = declared.scopes(fields);
    Caller {
        client: token,
        client_alt: certificate.filter(|_| by_token),
        scopes: first_said(logged, claim(&["scope", "scp"]), text),
        credential: first_said(first(Meaning::TokenId), claim(&["jti"]), text),
        subject: first_said(first(Meaning::Subject), claim(&["sub"]), text),
        claimed: payload.is_some().then(|| (seconds("iat"), seconds("exp"))),
    }
}

/// A JSON payload that was cut off does not parse, and so gives nothing.
fn payload(fields: &Fields<'_>, slot: usize) -> Option<Value> {
    match fields.kind(slot) {
        Kind::Text | Kind::Container => serde_json::from_slice(fields.raw(slot)?)
            .ok()
            .filter(Value::is_object),
        _ => None,
    }
}

fn claim(payload: &Value, names: &[&str]) -> Option<Vec<u8>> {
    names.iter().find_map(|name| match payload.get(name)? {
        Value::String(text) if !matches!(text.as_str(), "" | "-") => {
            Some(text.clone().into_bytes())
        }
        list @ Value::Array(_) => Some(list.to_string().into_bytes()),
        _ => None,
    })
}

fn whole_seconds(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    clock::epoch(text.as_bytes()).map(|ms| ms.div_euclid(1_000))
}

/// What the line says by itself, else what the claims say.
fn first_said<'a>(line: Option<&'a [u8]>, claim: Option<Vec<u8>>, text: &mut Vec<u8>) -> Piece<'a> {
    match (line, claim) {
        (Some(raw), _) => Piece::Line(raw),
        (None, Some(claim)) => Piece::written(text, |text| text.extend_from_slice(&claim)),
        (None, None) => Piece::Missing,
    }
}
