//! Whether a text looks like a record of a request, of whatever format.
//!
//! Which format it has is not known here: this only keeps apart what servers log of requests
//! and the messages of applications that shippers send in the same objects.

use memchr::memmem;

/// Methods of RFC 9110 and RFC 5789.
const METHODS: [&[u8]; 9] = [
    b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"CONNECT", b"TRACE",
];
/// What is in the keys of JSON records of requests and of audited calls.
const KEYS: [&[u8]; 5] = [b"ethod", b"verb", b"eventName", b"equest", b"class_uid"];

/// Whether it is one, as it stands in a string of JSON or outside of one.
pub(crate) fn is_record(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\"").unwrap_or(text).trim_ascii_start();
    let has = |what: &[u8]| memmem::find(text, what).is_some();
    let is_json = match text {
        [b'[', rest @ ..] => rest.trim_ascii_start().starts_with(b"{"),
        _ => text.starts_with(b"{"),
    };
    METHODS.iter().any(|method| has_word(text, method))
        || if is_json {
            KEYS.iter().any(|key| has(key))
        } else {
            has_status(text)
        }
}

/// Whether a word stands by itself, also where an escape is before it.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    memmem::find_iter(text, word).any(|at| {
        let (before, after) = (&text[..at], text.get(at + word.len()));
        let starts = !matches!(before.last(), Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_')
            || before.ends_with(b"\\t")
            || before.ends_with(b"\\u0022");
        let ends = matches!(after, Some(b' ' | b'\t' | b'"' | b'\\' | b',' | b'|'));
        starts && ends
    })
}

/// Whether a status follows a quoted request: `"-" 408`, `"\x16\x03" 400`.
fn has_status(text: &[u8]) -> bool {
    memmem::find_iter(text, b"\" ").any(|at| {
        matches!(
            text.get(at + 2..at + 6),
            Some([b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' '])
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_from_messages() {
        for text in [
            r#"198.51.100.4 - - [02/Jan/2026:12:00:00 +0000] "GET /o HTTP/1.1" 200 5"#,
            r#""198.51.100.4 - - [02/Jan/2026:12:00:00 +0000] \"-\" 408 0""#,
            r"2026-01-02\t12:00:00\tGET\t/o",
            r"[GIN] 2026/01/02 - 12:00:00 | 200 | 4ms | 198.51.100.4 | GET      \u0022/o\u0022",
            r#"{\"request_method\":\"GET\"}"#,
            r#"{"kind":"Event","verb":"list"}"#,
            r#"[{"eventName":"GetObject"}]"#,
        ] {
            assert!(is_record(text.as_bytes()), "{text}");
        }
        for text in [
            "Started in 200 ms",
            "WIDGET ready",
            "budget 200",
            r#"{"level":"info","msg":"ready"}"#,
            "",
        ] {
            assert!(!is_record(text.as_bytes()), "{text}");
        }
    }
}
