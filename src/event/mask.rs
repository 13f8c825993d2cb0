//! Secrets in paths, by their shape.
//!
//! In: a path. Out: the same path with each segment that looks like a secret
//! replaced by `{secret}`.
//!
//! Tokens belong in headers, but they do occur in paths: links to reset a
//! password, webhooks, signed downloads. A path that matches an operation is shown
//! as its template, and no secret is left; this is for the paths that match none.
//!
//! A segment is decoded before it is looked at, as often as it was encoded. All this is done
//! only on what is about to leave the program. What has no known shape is not found: see
//! `redact` in the configuration for the ones of one's own house.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::RegexSet;

use super::secret::shape::{decoded, holds_secret, is_announced, is_random, set};

/// What is in a secret's place.
pub(crate) const MASK: &str = "{secret}";

/// Shapes of what nobody should read in a path, in addition to secrets that can be in any text.
const SHAPES: [&str; 7] = [
    // AWS access key ids, also temporary ones: next to a signature they do occur in paths. They
    // have twenty characters; in the middle of a longer run, such as a digest, they are none.
    r"(?:^|[^A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?:[^A-Z0-9]|$)",
    // Publishable keys.
    r"(?:\b|_)pk_(?:live_|test_)?[0-9A-Za-z]{12,}",
    // A token with its scheme in front.
    r"(?i)(?:\b|_)bearer[+ :]+[0-9a-z+/=._~-]{8,}",
    // User, or user and password, in front of a host.
    r"[^/:@]+:[^/:@]+@|//[^/@]+@",
    // A person's address.
    r"(?i)[0-9a-z._+-]+@[0-9a-z-]+\.[0-9a-z.-]+",
    // A private key's first line.
    r"(?i)BEGIN[+ ][A-Z0-9+ ]*PRIVATE",
    // The secret of a bot after its number.
    r"(?i)^bot[0-9]+:[0-9a-z_-]+$",
];

/// Bytes of a segment above which nobody looks for words in it: it is masked.
const LONGEST: usize = 64 << 10;

static CUSTOMARY: LazyLock<Option<RegexSet>> = LazyLock::new(|| set(&SHAPES).ok());

/// The usual shapes, and those of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    configured: Option<RegexSet>,
}

impl Mask {
    /// With further patterns over one segment of a path; the error is the library's sentence.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let configured = if patterns.is_empty() {
            None
        } else {
            Some(set(patterns).map_err(|error| error.to_string())?)
        };
        Ok(Self { configured })
    }

    /// The path with its secrets masked.
    pub fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let mut before = Cow::Borrowed(&b""[..]);
        let mut found = false;
        let segments: Vec<&str> = path
            .split('/')
            .map(|segment| {
                if segment.len() > LONGEST {
                    found = true;
                    before = Cow::default();
                    return MASK;
                }
                let plain = decoded(segment.as_bytes());
                let hides = self.is_own(segment.as_bytes())
                    || plain
                        .as_deref()
                        .is_none_or(|plain| self.hides(&before, plain));
                found |= hides;
                before = plain.unwrap_or_default();
                if hides { MASK } else { segment }
            })
            .collect();
        if found {
            Cow::Owned(segments.join("/"))
        } else {
            Cow::Borrowed(path)
        }
    }

    /// Whether a decoded segment holds a secret. It may be a path of its own.
    fn hides(&self, before: &[u8], segment: &[u8]) -> bool {
        let mut before = last(before);
        let announced = segment.split(|byte| *byte == b'/').any(|part| {
            let announced = is_announced(before, part);
            before = part;
            announced
        });
        // Without the usual set nothing could be told apart, so everything is masked.
        announced
            || CUSTOMARY.as_ref().is_none_or(|set| set.is_match(segment))
            || holds_secret(segment)
            || is_random(segment)
            || self.is_own(segment)
    }

    fn is_own(&self, segment: &[u8]) -> bool {
        self.configured
            .as_ref()
            .is_some_and(|set| set.is_match(segment))
    }
}

/// The last part of a segment that holds encoded slashes.
fn last(segment: &[u8]) -> &[u8] {
    let mut parts = segment.rsplit(|byte| *byte == b'/');
    parts.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_of_more_than_64_kib_is_masked_unread() {
        let long = "x".repeat(LONGEST + 1);
        let mask = Mask::default();
        assert_eq!(mask.path(&format!("/a/{long}/b")), "/a/{secret}/b");
        assert_eq!(mask.path(&long[1..]), &long[1..]);
    }

    #[test]
    fn every_usual_shape_is_a_pattern_and_masks_its_own_secret() {
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
            "k3yTq9PzR4mX7cV2bN8wLs1d",
            "bot123:ABC",
            "bot12345678%3AAAF-x_y",
            "key=abc",
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
    fn what_the_segment_before_announces_is_masked() {
        let mask = Mask::default();
        assert_eq!(mask.path("/u/password/s3cret/x"), "/u/password/{secret}/x");
        assert_eq!(
            mask.path("/Reset-Password/4tzR7q"),
            "/Reset-Password/{secret}"
        );
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
            "/password/change",
            "/v1/token/introspect",
            "/tokens/42",
            "/users/getUserInfoV2ForTenant3Accounts",
            "/robots/bot:pause",
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
