//! Where an object is: scheme, bucket or host, key.
//!
//! A key is taken as it is written: no character of it is decoded, as the tools of the providers
//! do it. A URL is left encoded as it is.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The schemes that are known, and whether a prefix can be listed.
const SCHEMES: [(&str, Scheme); 5] = [
    ("s3://", Scheme::S3),
    ("gs://", Scheme::Google),
    ("az://", Scheme::Azure),
    ("http://", Scheme::Http),
    ("https://", Scheme::Https),
];

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    S3,
    Google,
    Azure,
    Http,
    Https,
}

/// Where an object, or everything below a prefix, is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    /// Bucket, container, or host with port.
    pub(crate) authority: String,
    /// Without a slash at its beginning.
    pub(crate) key: String,
}

/// Whether a name is an address.
pub(crate) fn is_remote(name: impl AsRef<Path>) -> bool {
    let name = name.as_ref().as_os_str().as_encoded_bytes();
    SCHEMES
        .iter()
        .any(|(scheme, _)| name.starts_with(scheme.as_bytes()))
}

/// A name as it may be shown: a user and a query of a URL may be a password.
pub(crate) fn shown(name: &str) -> String {
    let Some((scheme, rest)) = split(name) else {
        return name.to_owned();
    };
    if !scheme.1.is_web() {
        return name.to_owned();
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}{host}/{path}", scheme.0)
}

fn split(name: &str) -> Option<((&'static str, Scheme), &str)> {
    let mut known = SCHEMES.iter();
    known.find_map(|scheme| Some((*scheme, name.strip_prefix(scheme.0)?)))
}

impl Scheme {
    /// A web server says of no folder what is in it.
    pub(crate) fn is_web(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

impl Address {
    /// Reads an address.
    pub(crate) fn parse(name: &str) -> io::Result<Self> {
        let wrong = |text: &str| io::Error::new(ErrorKind::InvalidInput, text.to_owned());
        let (scheme, rest) = split(name).ok_or_else(|| wrong("it is no address of an object"))?;
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if scheme.1.is_web() && (authority.contains('@') || key.contains(['?', '#'])) {
            return Err(wrong(
                "a URL with a user or a query is not taken: it may be a credential, and names of inputs are shown",
            ));
        }
        if authority.is_empty() {
            return Err(wrong("it names no bucket"));
        }
        let segment = |text: &str| text.is_empty() || text == "." || text == "..";
        let inner = key.strip_suffix('/').unwrap_or(key);
        if !inner.is_empty() && inner.split('/').any(segment) || key.contains(char::is_control) {
            return Err(wrong(
                "a key with `//`, with `.` or `..` between slashes, or with a control character is not taken",
            ));
        }
        Ok(Self {
            scheme: scheme.1,
            authority: authority.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The same, of a path that was given in its place.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let text = path.to_str().map(Self::parse);
        text.unwrap_or_else(|| Err(io::Error::other("it is no text")))
    }

    /// The address of something further below.
    pub(crate) fn join(&self, name: &str) -> Self {
        let key = match self.key.trim_end_matches('/') {
            "" => name.to_owned(),
            key => format!("{key}/{name}"),
        };
        self.with_key(key)
    }

    /// Another object of the same bucket.
    pub(crate) fn with_key(&self, key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            ..self.clone()
        }
    }

    /// Scheme and bucket.
    pub(crate) fn root(&self) -> String {
        let mut known = SCHEMES.iter();
        let scheme = known.find(|known| known.1 == self.scheme);
        format!("{}{}", scheme.map_or("", |known| known.0), self.authority)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.root(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_bucket_and_a_key_as_it_is_written() {
        for (text, authority, key) in [
            ("s3://logs/2026/a b%20.gz", "logs", "2026/a b%20.gz"),
            ("gs://logs", "logs", ""),
            ("az://c/dir/", "c", "dir/"),
            ("https://host:8443/a/b.log", "host:8443", "a/b.log"),
        ] {
            let read = Address::parse(text).unwrap();
            assert_eq!((&*read.authority, &*read.key), (authority, key));
            assert_eq!(
                read.to_string().trim_end_matches('/'),
                text.trim_end_matches('/')
            );
            assert!(is_remote(text));
        }
        for local in ["logs/s3://x", "S3://x", "s3:/x", "c://x", "-"] {
            assert!(!is_remote(local), "{local}");
        }
        assert_eq!(
            Address::parse("s3://b/x/").unwrap().join("y/z").to_string(),
            "s3://b/x/y/z"
        );
    }

    #[test]
    fn what_may_be_a_credential_is_refused_and_never_shown() {
        for text in [
            "https://user:secret@host/a.log",
            "https://host/a.log?sig=secret",
            "http://host/a.log#secret",
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
            assert!(!shown(text).contains("secret"), "{}", shown(text));
            assert!(shown(text).ends_with("://host/a.log"));
        }
        // In a bucket these are letters of a key.
        assert_eq!(shown("s3://b/a?b#c"), "s3://b/a?b#c");
        assert!(Address::parse("s3://b/a?b#c@d").is_ok());
    }

    #[test]
    fn keys_that_no_store_client_can_name_are_refused() {
        for text in [
            "s3://",
            "s3:///a",
            "s3://b/a//b",
            "s3://b/../a",
            "s3://b/a\n",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }
}
