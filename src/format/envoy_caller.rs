//! Who called, out of an Envoy line: the claims and certificate fields that
//! operators add, under the names they commonly give them.
//!
//! The values are copied to the caller's buffer.

use std::ops::Range;
use std::sync::LazyLock;

use serde_json::Value;

use crate::format::Skip;
use crate::format::json::{self, Fields, Kind, Plan};

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["azp"],
        &["client_id"],
        &["clientId"],
        &["consumer"],
        &["jwt_azp"],
        &["jwt_client_id"],
        &["x-jwt-azp"],
        &["x_jwt_azp"],
        &["x-client-id"],
        &["x_client_id"],
        &["downstream_peer_uri_san"],
        &["downstream_peer_subject"],
        &["scope"],
        &["scp"],
        &["jwt_scope"],
        &["x-jwt-scope"],
        &["x_jwt_scope"],
        &["jti"],
        &["jwt_jti"],
        &["sub"],
        &["jwt_sub"],
        &["x-jwt-sub"],
        &["jwt"],
        &["jwt_payload"],
    ])
});

const CLIENTS: Range<usize> = 0..10;
/// The SPIFFE id, then the subject.
const CERTIFICATE: Range<usize> = 10..12;
const SCOPES: Range<usize> = 12..17;
const TOKEN_IDS: Range<usize> = 17..19;
const SUBJECTS: Range<usize> = 19..22;
/// The claims as a whole: an object, or its JSON text.
const PAYLOADS: Range<usize> = 22..24;

/// Where a value is in the buffer.
#[derive(Clone, Default)]
pub(super) struct Copied(Option<Range<usize>>);

impl Copied {
    pub(super) fn of<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        text.get(self.0.clone()?)
    }

    fn new(value: Option<&[u8]>, text: &mut Vec<u8>) -> Self {
        Self(value.map(|value| {
            let start = text.len();
            text.extend_from_slice(value);
            start..text.len()
        }))
    }
}

/// What the line says about the caller.
#[derive(Default)]
pub(super) struct Caller {
    pub(super) client: Copied,
    pub(super) client_alt: Copied,
    pub(super) scopes: Copied,
    pub(super) credential: Copied,
    pub(super) subject: Copied,
}

pub(super) fn read(
    line: &[u8],
    buffer: &mut json::Scratch,
    text: &mut Vec<u8>,
) -> Result<Caller, Skip> {
    let fields = json::read(line, &PLAN, buffer)?;
    let first = |mut slots: Range<usize>| slots.find_map(|slot| fields.text(slot));
    let payload = PAYLOADS.into_iter().find_map(|slot| payload(&fields, slot));
    let claim = |names: &[&str]| claim(payload.as_ref()?, names);

    let claimed = claim(&["azp", "client_id", "appid", "cid"]);
    let token = first(CLIENTS).or(claimed.as_deref());
    let certificate = first(CERTIFICATE);
    let credential = claim(&["jti"]);
    let subject = claim(&["sub"]);
    let logged = SCOPES.into_iter().find_map(|slot| scopes(&fields, slot));
    let claimed_scopes = claim(&["scope", "scp"]);
    Ok(Caller {
        client: Copied::new(token.or(certificate), text),
        client_alt: Copied::new(certificate.filter(|_| token.is_some()), text),
        scopes: Copied::new(logged.or(claimed_scopes.as_deref()), text),
        credential: Copied::new(first(TOKEN_IDS).or(credential.as_deref()), text),
        subject: Copied::new(first(SUBJECTS).or(subject.as_deref()), text),
    })
}

/// The scopes at one key: text, a JSON array, or the JSON text of an array. One
/// that was cut off is none, because its last name would be half a name.
fn scopes<'a>(fields: &Fields<'a>, slot: usize) -> Option<&'a [u8]> {
    match fields.kind(slot) {
        Kind::Text => {}
        Kind::Container => return fields.raw(slot).filter(|raw| raw.first() == Some(&b'[')),
        _ => return None,
    }
    // An empty text is a token without scopes, which is something else than `-`.
    let text = fields.raw(slot).filter(|text| *text != b"-")?;
    let whole = match text.first() {
        Some(b'[') => serde_json::from_slice::<Vec<String>>(text).is_ok(),
        Some(b'{' | b'"') => false,
        _ => true,
    };
    whole.then_some(text)
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
