//! The shape of a line that could not be read, without its content.
//!
//! A line that does not parse may hold a secret anywhere: after a key that
//! nobody expects, in a cookie, in a password of three words. So no list of
//! secret keys is kept; letters and digits are masked, and only the usual
//! words of access logs stay readable.
//!
//! Invariants: no word that is not in `WORDS` survives; what remains is
//! printable ASCII.

/// Words that say where a line breaks and never are anybody's secret.
const WORDS: [&str; 44] = [
    "time",
    "timestamp",
    "ts",
    "start_time",
    "started_at",
    "requesttime",
    "method",
    "httpmethod",
    "path",
    "uri",
    "url",
    "request",
    "response",
    "status",
    "headers",
    "route",
    "service",
    "consumer",
    "latencies",
    "client_id",
    "clientid",
    "custom_id",
    "username",
    "id",
    "authorization",
    "cookie",
    "host",
    "http",
    "https",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "null",
    "true",
    "false",
    "user-agent",
    "upstream_status",
    "querystring",
    "size",
    "name",
];

/// Up to `limit` bytes of a line with its content masked.
pub(crate) fn excerpt(line: &[u8], limit: usize) -> String {
    let mut out = String::with_capacity(limit);
    let head = &line[..line.len().min(limit)];
    let mut rest = head;
    while let Some(first) = rest.first() {
        let len = rest.iter().take_while(|byte| is_word(**byte)).count();
        if len == 0 {
            out.push(if first.is_ascii_graphic() || *first == b' ' {
                char::from(*first)
            } else {
                '?'
            });
            rest = &rest[1..];
            continue;
        }
        let word = String::from_utf8_lossy(&rest[..len]);
        // A word that the limit cut short is not known to be harmless.
        let whole = len < rest.len() || head.len() == line.len();
        if whole && WORDS.contains(&word.to_ascii_lowercase().as_str()) {
            out.push_str(&word);
        } else {
            out.extend(rest[..len].iter().map(|byte| match byte {
                b'0'..=b'9' => '9',
                b'-' | b'_' => char::from(*byte),
                _ => 'x',
            }));
        }
        rest = &rest[len..];
    }
    out
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_shape_stays_and_the_content_goes() {
        let line = br#"{"uri":"/a?apikey=S3CRET","status":20"#;
        assert_eq!(
            excerpt(line, 400),
            r#"{"uri":"/x?xxxxxx=x9xxxx","status":99"#
        );
        assert_eq!(excerpt(b"a\x1b[31m GET", 200), "x?[99x GET");
    }

    proptest! {
        #[test]
        fn no_unknown_word_survives(secret in "[a-zA-Z0-9+/=.]{6,20}", before in "[ -~]{0,40}", after in "[ -~]{0,40}") {
            let shown = excerpt(format!("{before}{secret}{after}").as_bytes(), 200);
            let known = WORDS.iter().any(|word| secret.to_ascii_lowercase().contains(word));
            prop_assert!(known || !shown.contains(&secret) || secret.bytes().all(|byte| b"x9+/=.".contains(&byte)), "{shown}");
        }
    }
}
