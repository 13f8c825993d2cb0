//! The credential of an AWS API Gateway line: claims of the token, id of the key,
//! serial of the certificate. `apiKey` is the secret itself and is never read.

use super::{API_KEY_ID, CALLER, CLIENT_ID, EXPIRES, ISSUED, JTI, SCOPE, SERIALS, USER_ARN};
use crate::format::json::Fields;
use crate::format::token::seconds;
use crate::format::{AuthKind, Token};

pub(super) fn read<'a>(fields: &Fields<'a>) -> Token<'a> {
    let has = |slot: usize| fields.text(slot).is_some();
    let serial = SERIALS.into_iter().find_map(|slot| fields.text(slot));
    let kind = if has(ISSUED) || has(EXPIRES) || has(JTI) || (has(CLIENT_ID) && has(SCOPE)) {
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
        issued: seconds(fields, &[ISSUED]),
        expires: seconds(fields, &[EXPIRES]),
        kind,
        // A token or key id is in the raw record already.
        credential: serial.filter(|_| !has(JTI) && !has(API_KEY_ID)),
    }
}
