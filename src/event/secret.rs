//! Client names that are secrets: a token, a key or a password that a gateway
//! logs where the name of the client belongs.
//!
//! In: a name as logged. Out: the same name, or `cred:` and the keyed hash of the
//! secret in it, the form in which ids of credentials are shown.
//!
//! Invariants:
//! * only shapes that vendors or standards give to secrets count. Ids that are meant
//!   to be public stay readable: access key ids of AWS (`AKIA…`, `ASIA…`: the secret is
//!   another text), publishable keys (`pk_…`), UUIDs, ids of OAuth clients;
//! * nothing is read out of a token: its claims are not verified here, so two tokens
//!   are two names, whoever they were issued to;
//! * a token is one name with and without its scheme in front.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

use super::hash::HashKey;

/// Shapes of tokens and keys that let in whoever holds them.
pub(super) const TOKENS: [&str; 14] = [
    // JSON Web Token (RFC 7519): the first part is the Base64 of `{"`.
    r"eyJ[A-Za-z0-9_-]{8,}",
    // PASETO, and the opaque tokens of Ory.
    r"v[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{16,}",
    r"ory_(?:at|rt|ac)_[0-9A-Za-z_.-]{16,}",
    // Google API keys, OAuth tokens and client secrets.
    r"AIza[0-9A-Za-z_-]{35}",
    r"ya29\.[0-9A-Za-z_-]{10,}",
    r"GOCSPX-[0-9A-Za-z_-]{16,}",
    // GitHub and GitLab tokens.
    r"(?:gh[pousr]_|github_pat_|gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|soat|imt|agent|ffct)-)[0-9A-Za-z_-]{16,}",
    // Slack tokens.
    r"(?:xox[a-z](?:\.xox[a-z])?|xapp)-[0-9A-Za-z-]{8,}",
    // Secret and restricted keys of Stripe and the many that copied the form.
    r"(?:sk|rk|whsec)_(?:live_|test_)?[0-9A-Za-z]{12,}",
    // OpenAI, SendGrid, npm, PyPI, DigitalOcean, Hugging Face, Shopify.
    r"sk-[0-9A-Za-z_-]{16,}",
    r"SG\.[0-9A-Za-z_-]{16,}",
    r"(?:npm_|pypi-|do[opr]_v1_|hf_|shp[a-z]{2}_)[0-9A-Za-z_-]{16,}",
    // Vault, Databricks, Docker, Figma, Grafana, Linear, New Relic, Postman, Square, Supabase, Brevo, Atlassian.
    r"(?:hv[sbr]\.|dapi|dckr_[op]at_|fig[duor]_|gl(?:sa|c)_|lin_(?:api|oauth)_|NRAK-|PMAK-|sq0(?:atp|csp)-|sbp_|xkeysib-|ATATT3)[0-9A-Za-z_=-]{20,}",
    // Bots of Telegram.
    r"[0-9]{8,12}:[0-9A-Za-z_-]{30,}",
];

/// A scheme of the Authorization header (RFC 9110 section 11.4) and what follows it.
const SCHEMES: [&str; 3] = [
    r"(?i)bearer(?: |%20|\+)+[!-~]{8,}$",
    r"(?i)(?:token|api-?key|key|jwt|dpop|oauth|ssws|negotiate|ntlm|splunk) +[0-9a-z+/=._~-]{16,}$",
    r"(?i)(?:digest|hawk|oauth|aws4-hmac-sha256|sharedaccesssignature) +[0-9a-z_.-]+=.",
];

/// A parameter whose name says that its value is a secret.
const PARAMETER: &str = r"(?i)(?:access_?token|id_?token|refresh_?token|token|secret|client_?secret|passw(?:or)?d|api_?key)=.";

static SHAPES: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let shapes = TOKENS.iter().chain(&SCHEMES).chain([&PARAMETER]);
    let whole: Vec<String> = shapes.map(|shape| format!("^(?:{shape})")).collect();
    RegexSetBuilder::new(whole)
        .unicode(false)
        .size_limit(4 << 20)
        .build()
        .ok()
});

/// `Basic`, or another scheme that says nothing about who is meant.
static FRONT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let front = r"(?i-u)^(?:bearer|basic|token|api-?key|key|jwt|dpop|oauth)(?: |%20|\+)+";
    Regex::new(front).ok()
});

/// The name that is kept: the one as logged, or the hash of the secret that it is.
pub fn conceal<'a>(name: &'a [u8], key: &HashKey) -> Cow<'a, [u8]> {
    if is_secret(name) {
        Cow::Owned(key.hash(bare(name)).to_string().into_bytes())
    } else {
        Cow::Borrowed(name)
    }
}

/// Whether a name is one that [`conceal`] gave.
pub fn is_concealed(name: &str) -> bool {
    let hex = name.strip_prefix("cred:").unwrap_or_default();
    hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a name has the shape of a secret.
pub fn is_secret(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    // Without the shapes nothing could be told apart, so every name counts as one.
    let Some(shapes) = SHAPES.as_ref() else {
        return true;
    };
    shapes.is_match(name) || is_basic(bare(name))
}

/// Without blanks and without the scheme in front.
fn bare(name: &[u8]) -> &[u8] {
    let name = name.trim_ascii();
    let front = FRONT.as_ref().and_then(|front| front.find(name));
    front.map_or(name, |front| &name[front.end()..])
}

/// `user:password` in Base64 (RFC 7617).
fn is_basic(text: &[u8]) -> bool {
    /// More than any user and password.
    const LONGEST: usize = 512;
    let text = match text {
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        _ => text,
    };
    if !(6..=LONGEST).contains(&text.len())
        || !text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte))
    {
        return false;
    }
    let decoded = [STANDARD_NO_PAD, URL_SAFE_NO_PAD];
    decoded.iter().any(|alphabet| {
        alphabet.decode(text).is_ok_and(|plain| {
            let colon = plain.iter().position(|byte| *byte == b':');
            let printable = |byte: &u8| (0x20..0x7f).contains(byte);
            colon.is_some_and(|at| at > 0 && at + 1 < plain.len()) && plain.iter().all(printable)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJlcnAtc3luYyIsImF6cCI6ImVycCJ9.c2lnbmF0dXJl";

    fn shown(name: &str) -> String {
        let shown = conceal(name.as_bytes(), &HashKey::default()).into_owned();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn tokens_keys_and_passwords_are_shown_as_the_hash_of_a_credential() {
        let all = [
            JWT.to_owned(),
            format!("Bearer {JWT}"),
            format!("bearer%20{JWT}"),
            "Bearer 2YotnFZFEjr1zCsicMWpAA".to_owned(),
            "Token 9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b".to_owned(),
            "Basic ZXJwLXN5bmM6UzNjcmV0IQ==".to_owned(),
            "ZXJwLXN5bmM6UzNjcmV0IQ==".to_owned(),
            "ZXJwOng".to_owned(),
            "Digest username=\"erp\", response=\"6629fae49393a053\"".to_owned(),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102".to_owned(),
            "api_key=4f".to_owned(),
            "v4.local.PEFYdmFsdWVzPmZvb2Jhcg_x".to_owned(),
            "ory_at_kqqbXbWKn7VtxD1hIKDIoJZ8".to_owned(),
            "GOCSPX-abcdefghijklmnopqrst".to_owned(),
            "gloas-0123456789abcdef01".to_owned(),
            "xapp-1-A0123-456-abcdef".to_owned(),
            "rk_live_abcdefghijkl".to_owned(),
            "hvs.CAESIJ0123456789abcdef".to_owned(),
            "12345678:AAExampleExampleExampleExample01".to_owned(),
            ["ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"].concat(),
            ["xoxb", "-123456789012-abcdef"].concat(),
            ["sk", "_live_4eC39HqLyjWDarjtT1zdp7dc"].concat(),
        ];
        for secret in &all {
            let own = shown(secret);
            assert!(is_concealed(&own), "{secret}: {own}");
            assert_eq!(shown(&own), own, "a hash is no secret");
        }
    }

    #[test]
    fn names_of_clients_stay_also_those_that_are_ids_of_keys() {
        for name in [
            "",
            "-",
            "erp-sync",
            "billing job 7",
            "Bearer of news",
            "Basic customer",
            "token service",
            "tokens",
            "team:erp",
            "sk_help",
            "basic-auth",
            "eyJohn",
            "app-0042",
            "AKIAIOSFODNN7EXAMPLE",
            "ASIAIOSFODNN7EXAMPLE",
            "pk_live_TYooMQauvdEDq54NiTphI7jx",
            "3n4b5urk1ft4fl3mg5e62d9ado",
            "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
            "123-abc.apps.googleusercontent.com",
            "Iv1.8a61f9b3a7aba766",
            "spiffe://cluster.local/ns/shop/sa/cart",
            "arn:aws:iam::111122223333:user/erp",
            "CN=erp-sync,O=Example",
            "ada@example.com",
            "d41d8cd98f00b204e9800998ecf8427e",
            "storefront",
            "storefrontweb",
            "cred:00112233445566778899aabbccddeeff",
        ] {
            assert_eq!(shown(name), name);
        }
    }

    #[test]
    fn one_token_is_one_name_and_two_tokens_are_two() {
        assert_eq!(shown(JWT), shown(&format!("  Bearer  {JWT}")));
        assert_ne!(shown(JWT), shown(&JWT.replace("c2ln", "c2lm")));
        assert_eq!(shown("Basic ZXJwOng="), shown("ZXJwOng="));
    }

    #[test]
    fn a_secret_of_ones_own_hashes_otherwise() {
        let own = conceal(JWT.as_bytes(), &HashKey::of(b"house")).into_owned();
        assert_ne!(own, shown(JWT).into_bytes());
    }
}
