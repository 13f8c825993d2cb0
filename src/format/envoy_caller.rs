//! Who called, out of an Envoy line: the claims and certificate fields that
//! operators add, under the names they commonly give them.
//!
//! Claims that are logged as a whole are decoded into the caller's buffer.

use std::ops::Range;

use serde_json::Value;

use super::{CERTIFICATE, CLIENTS, PAYLOADS, SCOPES, SUBJECTS, TOKEN_IDS};
use crate::format::clock;
use crate::format::json::{Fields, Kind};
use crate::format::token::scopes;

/// A value of the line, or its place in the buffer.
#[derive(Default)]
pub(super) enum Piece<'a> {
    #[default]
    Missing,
    Line(&'a [u8]),
    Text(Range<usize>),
}

impl<'a> Piece<'a> {
    pub(super) fn of(self, text: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Missing => None,
            Self::Line(raw) => Some(raw),
            Self::Text(range) => text.get(range),
        }
    }

    /// What the line says by itself, else what the claims say.
    fn new(line: Option<&'a [u8]>, claim: Option<Vec<u8>>, text: &mut Vec<u8>) -> Self {
        match (line, claim) {
            (Some(raw), _) => Self::Line(raw),
            (None, Some(claim)) => {
                let start = text.len();
                text.extend_from_slice(&claim);
                Self::Text(start..text.len())
            }
            (None, None) => Self::Missing,
        }
    }
}

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
    let first = |mut slots: Range<usize>| slots.find_map(|slot| fields.text(slot));
    let payload = PAYLOADS.into_iter().find_map(|slot| payload(fields, slot));
    let claim = |names: &[&str]| claim(payload.as_ref()?, names);
    let seconds = |name: &str| whole_seconds(payload.as_ref()?.get(name)?);

    let mut token = Piece::new(
        first(CLIENTS),
        // A list is not a name.
        claim(&["azp", "client_id", "appid", "cid"]).filter(|name| name.first() != Some(&b'[')),
        text,
    );
    let certificate = first(CERTIFICATE);
    let by_token = !matches!(token, Piece::Missing);
    if let (Piece::Missing, Some(certificate)) = (&token, certificate) {
        token = Piece::Line(certificate);
    }
    let logged = SCOPES.into_iter().find_map(|slot| scopes(fields, slot));
    Caller {
        client: token,
        client_alt: certificate.filter(|_| by_token),
        scopes: Piece::new(logged, claim(&["scope", "scp"]), text),
        credential: Piece::new(first(TOKEN_IDS), claim(&["jti"]), text),
        subject: Piece::new(first(SUBJECTS), claim(&["sub"]), text),
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
