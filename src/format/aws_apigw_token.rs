//! The credential of an AWS API Gateway line: claims of the token, id of the key,
//! serial of the certificate. `apiKey` is the secret itself and is never read.

use super::{API_KEY_ID, CALLER, CLIENT_ID, FIELDS, USER_ARN};
use crate::format::declared::Meaning;
use crate::format::json::Fields;
use crate::format::{AuthKind, Token};

pub(super) fn read<'a>(fields: &Fields<'a>) -> Token<'a> {
    let has = |meaning| FIELDS.text(fields, meaning).is_some();
    let serial = FIELDS.text(fields, Meaning::Serial);
    let token = has(Meaning::Issued) || has(Meaning::Expires) || has(Meaning::TokenId);
    let kind = if token || (has(CLIENT_ID) && has(Meaning::Scopes)) {
        AuthKind::Token
    } else if serial.is_some() {
        AuthKind::Certificate
    } else if has(API_KEY_ID) {
        AuthKind::ApiKey
    } else if has(CALLER) || has(USER_ARN) {
        AuthKind::Signature
    } else {
        AuthKind::Unknown
    };
    Token {
        issued: FIELDS.seconds(fields, Meaning::Issued),
        expires: FIELDS.seconds(fields, Meaning::Expires),
        kind,
        // A token or key id is in the raw record already.
        credential: serial.filter(|_| !has(Meaning::TokenId) && !has(API_KEY_ID)),
    }
}
