//! The credential of an Envoy line: claims that operators log one by one or as a
//! whole, and the client's certificate.

use super::{CERTIFICATE, EXPIRES, ISSUED, KEYS, PARTIES, SERIAL, TOKEN_IDS};
use crate::format::json::Kind;
use crate::format::token::seconds;
use crate::format::{AuthKind, RawRecord, Token};

pub(super) fn read<'a>(raw: &RawRecord<'a>) -> Token<'a> {
    let Some(fields) = raw.fields else {
        return Token::default();
    };
    let has = |slot: usize| fields.text(slot).is_some();
    let claimed = raw.claimed.unwrap_or_default();
    let issued = seconds(&fields, &ISSUED).or(claimed.0);
    let expires = seconds(&fields, &EXPIRES).or(claimed.1);
    let claims = issued.is_some() || expires.is_some() || raw.claimed.is_some();
    let serial = fields.text(SERIAL);
    let kind = if claims || TOKEN_IDS.chain(PARTIES).any(has) {
        AuthKind::Token
    } else if serial.is_some() || { CERTIFICATE }.any(has) {
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
        // A token id is in the raw record already.
        credential: serial.filter(|_| kind == AuthKind::Certificate),
    }
}
