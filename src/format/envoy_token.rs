//! The credential of an Envoy line: claims that operators log one by one or as a
//! whole, and the client's certificate.

use super::{CERTIFICATE, FIELDS, PARTY};
use crate::format::declared::Meaning;
use crate::format::json::Fields;
use crate::format::{AuthKind, Token};

/// `claimed` is start and end of the token, where the line has its claims as a whole.
pub(super) fn read<'a>(
    fields: &Fields<'a>,
    claimed: Option<(Option<i64>, Option<i64>)>,
) -> Token<'a> {
    let declared = &*FIELDS;
    let has = |meaning| declared.text(fields, meaning).is_some();
    let whole = claimed.unwrap_or_default();
    let issued = declared.seconds(fields, Meaning::Issued).or(whole.0);
    let expires = declared.seconds(fields, Meaning::Expires).or(whole.1);
    let claims = issued.is_some() || expires.is_some() || claimed.is_some();
    let serial = declared.text(fields, Meaning::Serial);
    let kind = if claims || has(Meaning::TokenId) || has(PARTY) {
        AuthKind::Token
    } else if serial.is_some() || has(CERTIFICATE) {
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
        // A token id is in the raw record already.
        credential: serial.filter(|_| kind == AuthKind::Certificate),
    }
}
