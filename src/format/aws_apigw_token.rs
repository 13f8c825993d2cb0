//! The credential of an AWS API Gateway line: claims of the token, id of the key,
//! serial of the certificate. `apiKey` is the secret itself and is never read.

use std::sync::LazyLock;

use crate::format::json::{self, Plan};
use crate::format::token::{mentions, seconds};
use crate::format::{AuthKind, Token};

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["iat"],
        &["exp"],
        &["jti"],
        &["serialNumber"],
        &["clientCertSerial"],
        &["clientCertSerialNumber"],
        &["apiKeyId"],
        &["caller"],
        &["userArn"],
        &["clientId"],
        &["scope"],
    ])
});

pub(super) fn read<'a>(line: &'a [u8], scratch: &'a mut json::Scratch) -> Token<'a> {
    let named = [
        "\"iat\"",
        "\"exp\"",
        "\"jti\"",
        "erial",
        "\"apiKeyId\"",
        "\"caller\"",
        "\"userArn\"",
    ];
    if !mentions(line, &named) {
        return Token::default();
    }
    let Ok(fields) = json::read(line, &PLAN, scratch) else {
        return Token::default();
    };
    let has = |slots: &[usize]| slots.iter().any(|slot| fields.text(*slot).is_some());
    let serial = [3, 4, 5].iter().find_map(|slot| fields.text(*slot));
    let kind = if has(&[0, 1, 2]) || (has(&[9]) && has(&[10])) {
        AuthKind::Token
    } else if serial.is_some() {
        AuthKind::Certificate
    } else if has(&[6]) {
        AuthKind::ApiKey
    } else if has(&[7, 8]) {
        AuthKind::Signature
    } else {
        AuthKind::Unknown
    };
    Token {
        issued: seconds(&fields, &[0]),
        expires: seconds(&fields, &[1]),
        kind,
        // A token or key id is in the raw record already.
        credential: serial.filter(|_| !has(&[2, 6])),
    }
}
