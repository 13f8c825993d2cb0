//! Masks what may be secret before text from a log is kept or shown.
//!
//! Invariants: query values never survive; values of keys that name secrets
//! never survive; what remains is printable ASCII or an escape.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Keys whose values are masked in a rejected line, as JSON, header or query.
static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)((?:authorization|cookie|set-cookie|x-api-key|api[-_]?key|apikey|access[-_]?token|refresh[-_]?token|id[-_]?token|token|secret|password|passwd|signature|sig|session|bearer|basic)"?\s*[:= ]\s*"?)([^"&\s,}]+(?: [^"&\s,}]+)?)"#,
    )
    .ok()
});

/// Everything from `?` to the end of a request target.
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"\?[^\s"]*"#).ok());

/// Up to `limit` bytes of a line, fit to be shown: masked and escaped.
pub fn excerpt(line: &[u8], limit: usize) -> String {
    // A little more than what is kept, so that a secret cut by the limit is still recognised.
    let head = &line[..line.len().min(limit * 2)];
    let mut text = std::borrow::Cow::Borrowed(head);
    if let Some(regex) = QUERY.as_ref() {
        text = std::borrow::Cow::Owned(regex.replace_all(&text, &b"?***"[..]).into_owned());
    }
    if let Some(regex) = SECRET.as_ref() {
        text = std::borrow::Cow::Owned(regex.replace_all(&text, &b"${1}***"[..]).into_owned());
    }
    let kept = &text[..text.len().min(limit)];
    kept.escape_ascii()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_and_no_query_value_survives() {
        let line = br#"{"uri":"/a?apikey=S3CRET&x=1","headers":{"authorization":"Bearer S3CRET.jwt","x-api-key":"S3CRET","cookie":"sid=S3CRET"}"#;
        let shown = excerpt(line, 400);
        assert!(!shown.contains("S3CRET"), "{shown}");
        assert!(shown.contains("/a?***"), "{shown}");
        let text = excerpt(b"GET /x HTTP/1.1 Authorization: Basic S3CRET", 200);
        assert!(!text.contains("S3CRET"), "{text}");
    }

    #[test]
    fn control_bytes_are_escaped_and_the_length_is_bounded() {
        assert_eq!(excerpt(b"a\x1b[31mb\xff", 200), "a\\x1b[31mb\\xff");
        assert!(excerpt(&[b'a'; 10_000], 200).len() <= 200);
    }
}
