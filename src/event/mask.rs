//! Secrets in paths, by their shape.
//!
//! In: a path. Out: the same path with each segment that looks like a secret
//! replaced by `{secret}`.
//!
//! Tokens belong in headers, but they do stand in paths: links to reset a
//! password, webhooks, signed downloads. A path that matches an operation is shown
//! as its template, and no secret is left; this is for the paths that match none.
//!
//! One set of patterns is tried on a segment at once, only on what is about to
//! leave the program. What has no known shape is not found: see `redact` in the
//! configuration for the ones of one's own house.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{RegexSet, RegexSetBuilder};

use super::secret::TOKENS;

/// What stands in a secret's place.
pub const MASK: &str = "{secret}";

/// Shapes of secrets that stand in paths, beside those of tokens.
const SHAPES: [&str; 9] = [
    // AWS access key ids, also temporary ones: beside a signature they do stand in paths.
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    // Publishable keys.
    r"pk_(?:live_|test_)?[0-9A-Za-z]{12,}",
    // Credentials with their scheme in front.
    r"(?i)(?:bearer|basic)(?:%20|\+|[ :=_-])[0-9a-z+/=._~-]{8,}",
    // A parameter that says what it is, in a matrix or in a path of its own.
    r"(?i)(?:token|secret|passw(?:or)?d|api_?key|signature|sig|code)(?:=|%3d).",
    // User and password in front of a host.
    r"[^/:@]+:[^/:@]+(?:@|%40)",
    // A person's address.
    r"(?i)[0-9a-z._+-]+(?:@|%40)[0-9a-z-]+\.[0-9a-z.-]+",
    // Long text of upper case, lower case and digits without a sense for the eye.
    r"^[0-9A-Za-z_~-]*(?:[a-z][0-9A-Z]|[0-9A-Z][a-z])[0-9A-Za-z_~=.-]{30,}$",
    // A private key's first line.
    r"(?i)BEGIN(?:%20|\+| )[A-Z%0-9+ ]*PRIVATE",
    // The secret of a bot behind its number.
    r"(?i)^bot[0-9]+(?::|%3a)[0-9a-z_-]+$",
];

static CUSTOMARY: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| set(&[&TOKENS[..], &SHAPES].concat()).ok());

/// The customary shapes, and those of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    own: Option<RegexSet>,
}

impl Mask {
    /// With further patterns over one segment of a path; the error is the library's sentence.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let own = if patterns.is_empty() {
            None
        } else {
            Some(set(patterns).map_err(|error| error.to_string())?)
        };
        Ok(Self { own })
    }

    /// The path with its secrets masked.
    pub fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        if !path.split('/').any(|segment| self.is_secret(segment)) {
            return Cow::Borrowed(path);
        }
        let segments = path.split('/').map(|segment| {
            if self.is_secret(segment) {
                MASK
            } else {
                segment
            }
        });
        Cow::Owned(segments.collect::<Vec<_>>().join("/"))
    }

    fn is_secret(&self, segment: &str) -> bool {
        let sets = [CUSTOMARY.as_ref(), self.own.as_ref()];
        // Without the customary set nothing could be told apart, so everything is masked.
        CUSTOMARY.is_none()
            || sets
                .into_iter()
                .flatten()
                .any(|set| set.is_match(segment.as_bytes()))
    }
}

/// Bytes, because a path need not be UTF-8; a pattern that grows too large is an error.
fn set<T: AsRef<str>>(patterns: &[T]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns)
        .unicode(false)
        .size_limit(4 << 20)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customary_shape_is_a_pattern_and_masks_its_own_secret() {
        assert!(CUSTOMARY.is_some());
        let mask = Mask::default();
        for secret in [
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "AKIAIOSFODNN7EXAMPLE",
            "AIzaSyA-1234567890abcdefghijklmnopqrstu",
            "ya29.a0AfH6SMBx",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "glpat-aaaaaaaaaaaaaaaaaaaa",
            "xoxb-no-digits-here",
            "sk_live_abcdefghijkl",
            "whsec_abcdefghijklmnop",
            "sk-abcdefghijklmnopqrst",
            "SG.abcdefghijklmnopqrst",
            "hf_abcdefghijklmnopqrst",
            "Bearer%20abcdefgh",
            "token=x",
            "api_key%3Dx",
            "user:password@host",
            "ada.lovelace@example.com",
            "ada%40example.com",
            "QmFzZTY0VGV4dFdpdGhvdXRBbnlEaWdpdHNBdEFsbA",
            "-----BEGIN%20RSA%20PRIVATE%20KEY-----",
        ] {
            assert_eq!(
                mask.path(&format!("/reset/{secret}/now")),
                "/reset/{secret}/now",
                "{secret}"
            );
        }
    }

    #[test]
    fn words_ids_and_verbs_stay() {
        let mask = Mask::default();
        for path in [
            "/",
            "/v1/orders/{}/items",
            "/gmail/v1/users/me/messages:batchDelete",
            "/oauth2/token",
            "/admin/api_keys/{}",
            "/deviceManagement/windowsAutopilotDeploymentProfiles",
            "/v1.0/users/microsoft.graph.delta()",
            "/repos/octo-org/hello-world/codespaces/permissions_check",
            "/status-codes/signature",
            "/basic-auth/sk_help",
        ] {
            assert!(
                matches!(mask.path(path), Cow::Borrowed(same) if same == path),
                "{path}"
            );
        }
    }

    #[test]
    fn patterns_of_ones_own_house_are_added_and_a_wrong_one_is_refused() {
        let mask = Mask::new(&["^ACME-[0-9]+$".to_owned()]).unwrap();
        assert_eq!(
            mask.path("/x/ACME-7/AKIAIOSFODNN7EXAMPLE"),
            "/x/{secret}/{secret}"
        );
        assert_eq!(mask.path("/x/NACME-7"), "/x/NACME-7");
        assert!(Mask::new(&["(".to_owned()]).is_err());
        assert!(
            Mask::new(&["(?:a{1000}){1000}".to_owned()]).is_err(),
            "a pattern that would not fit"
        );
    }
}
