//! Names that say that what follows them is a secret.
//!
//! In: a segment of a path, the name of a parameter, of a cookie or of a header. Out:
//! how plainly it says so.
//!
//! This is the one list of such words, for paths, for queries and for names. Spelling
//! does not count: `api_key`, `API-Keys` and `apiKey` are one word.

/// How plainly a name says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing else can follow: `access_token`.
    Plainly,
    /// It is also the name of other things: `session`.
    Perhaps,
}

/// How longer names end that leave no doubt: `x-amz-security-token`, `newPassword`.
const ENDS: [&str; 27] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "credential",
    "signature",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "sharedkey",
    "signingkey",
    "sessionkey",
    "licensekey",
    "subscriptionkey",
    "sessionid",
    "sessid",
    "jwt",
    "authorizationcode",
    "passwordreset",
    "magiclink",
    "authorization",
];

/// Names that say it as a whole, or as the last word of several: `connect.sid`.
const LAST: [&str; 9] = [
    "session", "sid", "sig", "pwd", "otp", "totp", "hmac", "cookie", "bearer",
];

/// Names that say it as a whole only: a `sort_key` or a `country_code` is not a secret.
const WHOLE: [&str; 20] = [
    "key",
    "code",
    "auth",
    "oauth",
    "pass",
    "pin",
    "ticket",
    "invite",
    "invitation",
    "reset",
    "activate",
    "activation",
    "confirm",
    "confirmation",
    "verify",
    "unsubscribe",
    "samlresponse",
    "samlart",
    "codeverifier",
    "idtokenhint",
];

/// What a name says about the text after it; `None` when it says nothing.
pub(super) fn says(name: &[u8]) -> Option<Says> {
    /// Longer names are text.
    const LONGEST: usize = 64;
    if name.len() > LONGEST || name.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let (joined, last) = joined(name);
    let (joined, last) = (singular(&joined), singular(&last));
    if ENDS.iter().any(|end| joined.ends_with(end)) || joined.starts_with("aspsessionid") {
        Some(Says::Plainly)
    } else if LAST.contains(&last) || WHOLE.contains(&joined) {
        Some(Says::Perhaps)
    } else {
        None
    }
}

/// The words of a name in small letters: end to end, and the last one. Numbers count for nothing.
fn joined(name: &[u8]) -> (String, String) {
    let (mut all, mut last) = (String::new(), String::new());
    let mut ended = true;
    let mut before = 0_u8;
    for byte in name {
        let hump = byte.is_ascii_uppercase() && before.is_ascii_lowercase();
        ended |= hump || !byte.is_ascii_alphabetic();
        if byte.is_ascii_alphabetic() {
            if ended {
                last.clear();
            }
            ended = false;
            let small = char::from(byte.to_ascii_lowercase());
            all.push(small);
            last.push(small);
        }
        before = *byte;
    }
    (all, last)
}

/// Without the `s` of a plural.
fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(one) if !one.ends_with('s') => one,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_it_in_every_spelling() {
        for name in [
            "token",
            "Access_Token",
            "api-keys",
            "apiKey",
            "X-API-KEY",
            "client_secret",
            "secrets",
            "newPassword",
            "x-amz-security-token",
            "X-Amz-Signature",
            "Ocp-Apim-Subscription-Key",
            "JSESSIONID",
            "PHPSESSID",
            "ASP.NET_SessionId",
            "ASPSESSIONIDQADTSRQB",
            "data[token]",
            "token[0]",
            "reset-password",
            "password-reset",
            "magic-links",
        ] {
            assert_eq!(says(name.as_bytes()), Some(Says::Plainly), "{name}");
        }
        for name in [
            "session",
            "sessions",
            "connect.sid",
            "laravel_session",
            "key",
            "Keys",
            "code",
            "pass",
            "otp",
            "invite",
            "sig",
        ] {
            assert_eq!(says(name.as_bytes()), Some(Says::Perhaps), "{name}");
        }
    }

    #[test]
    fn other_names_say_nothing() {
        for name in [
            "",
            "orders",
            "sort_key",
            "countryCode",
            "monkey",
            "keynote",
            "tokenizer",
            "secretary",
            "passengers",
            "inside",
            "barcode",
            "the secret",
            "42",
            "session-notes",
        ] {
            assert_eq!(says(name.as_bytes()), None, "{name}");
        }
    }
}
