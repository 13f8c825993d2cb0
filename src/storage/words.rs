//! What went wrong with an object, as a sentence without secrets.
//!
//! A store answers a wrong signature with the key's id and the text that was to be signed, and a
//! client names the URL that it asked for: of an answer only its status and the provider's code
//! are taken, and of other errors the last cause.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use object_store::Error;

/// Ends of names of environment variables whose values are secrets.
const SECRETS: [&str; 7] = [
    "_KEY",
    "_TOKEN",
    "_SECRET",
    "_PASSWORD",
    "_SIGNATURE",
    "_ACCOUNT",
    "_SAS",
];

/// The error of a store as one of input or output.
pub(super) fn io(error: &Error) -> io::Error {
    let (kind, text) = match error {
        Error::NotFound { .. } => (ErrorKind::NotFound, "there is no such object".to_owned()),
        Error::Precondition { .. } => (
            ErrorKind::Other,
            "it was replaced while it was read".to_owned(),
        ),
        Error::AlreadyExists { .. } => (ErrorKind::AlreadyExists, "it exists".to_owned()),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            (ErrorKind::PermissionDenied, denied(&chain(error)))
        }
        _ => {
            let text = chain(error);
            match answer(&text) {
                Some((status, code)) => (ErrorKind::Other, answered(status, code)),
                None => (ErrorKind::Other, last_cause(error)),
            }
        }
    };
    io::Error::new(kind, text)
}

/// Whether another try may go better: the store did not answer with a refusal.
pub(super) fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Generic { .. }) && answer(&chain(error)).is_none()
}

fn denied(text: &str) -> String {
    let code = answer(text).and_then(|(_, code)| code);
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    format!(
        "access is denied{code}: check the credentials in the environment, and what they may do"
    )
}

fn answered(status: &str, code: Option<&str>) -> String {
    match code {
        Some(code) => format!("the store answers {status} ({code})"),
        None => format!("the store answers {status}"),
    }
}

/// Status and the provider's own code of an answer that an error holds.
fn answer(text: &str) -> Option<(&str, Option<&str>)> {
    let after = text.split_once("status code: ")?.1;
    let status = after.get(..3)?;
    status
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    let code = after
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    let plain =
        |code: &&str| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Some((status, code.map(|(code, _)| code).filter(plain)))
}

/// The error and its causes, for looking something up in it; never shown.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push(' ');
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

fn last_cause(error: &Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    let text = last.to_string();
    let text: String = text
        .chars()
        .take(300)
        .filter(|char| !char.is_control())
        .collect();
    without(
        text,
        std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            SECRETS
                .iter()
                .any(|end| name.ends_with(end))
                .then_some(value)
        }),
    )
}

/// A text without these values, and without what follows a `?` in a URL.
fn without(text: String, secrets: impl Iterator<Item = String>) -> String {
    let mut text = text;
    for secret in secrets.filter(|secret| secret.len() >= 6) {
        text = text.replace(&secret, "***");
    }
    let mut words = Vec::new();
    for word in text.split(' ') {
        words.push(match word.split_once('?') {
            Some((before, _)) if before.contains("://") => format!("{before}?***"),
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic {
            store: "S3",
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn of_an_answer_only_status_and_code_are_told() {
        let body = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIASECRET</AWSAccessKeyId></Error>";
        assert_eq!(
            io(&generic(body)).to_string(),
            "the store answers 403 (SignatureDoesNotMatch)"
        );
        let denied = Error::PermissionDenied {
            path: "a".to_owned(),
            source: body.to_owned().into(),
        };
        let told = io(&denied).to_string();
        assert!(
            told.contains("(SignatureDoesNotMatch)") && !told.contains("AKIA"),
            "{told}"
        );
        let told = io(&generic("status code: 503 Slow: <Code>a b</Code>"));
        assert_eq!(told.to_string(), "the store answers 503");
    }

    #[test]
    fn secrets_and_queries_are_cut_out_of_causes() {
        let text = "error for url (https://h/c/a?sig=abc&se=1) with hunter2secret".to_owned();
        let told = without(
            text,
            ["hunter2secret".to_owned(), "c".to_owned()].into_iter(),
        );
        assert_eq!(told, "error for url (https://h/c/a?*** with ***");
    }
}
