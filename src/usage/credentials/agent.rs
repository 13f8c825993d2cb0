//! The family of a user agent: enough to tell two programs apart, too little to
//! carry a secret.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Browsers write each other's names; the first that fits tells.
const BROWSERS: [(&str, &str); 6] = [
    ("edg/", "edge"),
    ("opr/", "opera"),
    ("firefox/", "firefox"),
    ("chrome/", "chrome"),
    ("safari/", "safari"),
    ("mozilla/", "browser"),
];

/// Longest family name kept.
const LONGEST: usize = 24;

/// A family such as `okhttp`, `curl`, `firefox`; `other` for what is not a plain word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Agent(Arc<str>);

impl Agent {
    /// The family of a user agent as sent.
    pub fn of(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&raw[..raw.len().min(256)]).to_ascii_lowercase();
        if text.starts_with("mozilla/") {
            let known = BROWSERS.iter().find(|(mark, _)| text.contains(mark));
            return Self(Arc::from(known.map_or("browser", |(_, name)| name)));
        }
        let end = text.find(['/', ' ', '(']).unwrap_or(text.len());
        let word = &text[..end];
        // Digits would let an id or a key through.
        let plain = !word.is_empty()
            && word.len() <= LONGEST
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.'));
        Self(Arc::from(if plain { word } else { "other" }))
    }

    /// A family read back from storage.
    pub fn named(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Agent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_word_and_a_browser_is_told_by_its_last_claim() {
        let of = |raw: &str| Agent::of(raw.as_bytes()).as_str().to_owned();
        assert_eq!(of("okhttp/4.12.0"), "okhttp");
        assert_eq!(of("Python-Requests/2.31"), "python-requests");
        assert_eq!(of("erp-sync (nightly)"), "erp-sync");
        assert_eq!(of("Mozilla/5.0 (X11) Chrome/120.0 Safari/537.36"), "chrome");
        assert_eq!(
            of("Mozilla/5.0 (X11) Chrome/120.0 Safari/537.36 Edg/120"),
            "edge"
        );
        assert_eq!(of("sk_live_51abc9f"), "other");
        assert_eq!(of(""), "other");
    }
}
