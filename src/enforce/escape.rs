//! Hostile names made harmless inside test files.

use std::fmt::Write as _;

/// Text for a comment or a title: one line, and nothing that a tool would expand.
///
/// `{{` starts a variable in every tool, a back-tick or `${` a script's template, and `%}`
/// ends a script in a `.http` file.
pub(super) fn comment(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        let plain = letter.is_alphanumeric()
            || (letter.is_ascii_graphic() && !matches!(letter, '`' | '\\' | '"' | '$'))
            || letter == ' ';
        if plain {
            // Braces of a path template are single; only pairs mean anything.
            let pair = match letter {
                '{' | '%' => safe.ends_with('{'),
                // `##vso[` would be a command of Azure Pipelines.
                '#' => safe.ends_with('#'),
                '}' => safe.ends_with(['}', '%']),
                _ => false,
            };
            if pair {
                safe.push(' ');
            }
            safe.push(letter);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "<U+{:04X}>", u32::from(letter));
        }
    }
    safe
}

/// A path in which only unreserved characters, sub-delimiters, escapes and `/` are left
/// as they are (RFC 3986 section 3.3); everything else is percent-encoded.
pub(super) fn path(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let escape = || {
            let digits = text.as_bytes().get(at + 1..at + 3);
            digits.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
        };
        if byte.is_ascii_alphanumeric()
            || b"/-._~!&'()*+,;=:@".contains(&byte)
            || byte == b'%' && escape()
        {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

/// A client's name as a part of a variable's name: lower-case letters, digits, `_`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('_') {
            slug.push('_');
        }
        if slug.len() == 48 {
            break;
        }
    }
    slug.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_one_line_without_variables_or_escapes() {
        let hostile = "evil\nDELETE {{base}}/x\u{1b}[2J`${y}`\u{202e}\\";
        let safe = comment(hostile);
        assert!(!safe.contains(['\n', '\u{1b}', '`', '$', '\u{202e}', '\\']));
        assert!(!safe.contains("{{") && !safe.contains("}}"), "{safe}");
        assert_eq!(comment("GET /v1/orders/{id}"), "GET /v1/orders/{id}");
        assert!(!comment("{{{{x}}}}").contains("{{"));
        for hostile in ["x%}", "{%x%}", "%%}}", "{{%%}%}", "{%%%}"] {
            let safe = comment(hostile);
            let pairs = ["{{", "}}", "{%", "%}"];
            assert!(!pairs.iter().any(|pair| safe.contains(pair)), "{safe}");
        }
    }

    #[test]
    fn a_path_holds_no_braces_spaces_or_queries() {
        assert_eq!(path("/a b/{x}?q#f"), "/a%20b/%7Bx%7D%3Fq%23f");
        assert_eq!(path("/v1/o:cancel"), "/v1/o:cancel");
        assert_eq!(path("/a%2Fb%}%"), "/a%2Fb%25%7D%25");
        assert_eq!(slug("Billing Sync (EU)"), "billing_sync_eu");
        assert_eq!(slug("日本"), "");
    }
}
