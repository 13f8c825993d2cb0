//! Tokens (RFC 7519) with a shared key, so that gateways can check them without anybody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};

/// Of the length that HS256 asks for (RFC 7518, section 3.2).
pub(crate) const KEY: &str = "a-key-of-thirty-two-bytes-length";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// No token.
    None,
    /// One of the client `erp`, with the right to everything.
    Erp,
    /// One of the same client, without any right.
    Powerless,
    /// One that says `erp` and was signed by somebody else.
    Forged,
}

/// The client that the good tokens name.
pub(crate) const CLIENT: &str = "erp";

impl Token {
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Erp => Some(signed("orders:all", KEY)),
            Self::Powerless => Some(signed("nothing", KEY)),
            Self::Forged => Some(signed("orders:all", "another key of about that length")),
        }
    }

    /// What `Authorization` says.
    pub(crate) fn of(authorization: &str) -> Self {
        let all = [Self::Erp, Self::Powerless];
        let token = authorization.strip_prefix("Bearer ");
        let known = all
            .into_iter()
            .find(|known| known.text().as_deref() == token);
        known.unwrap_or(if token.is_some() {
            Self::Forged
        } else {
            Self::None
        })
    }
}

/// A good token of any client.
pub(crate) fn of_client(name: &str) -> String {
    let claims = serde_json::json!({ "iss": "live", "azp": name, "exp": 4_102_444_800_u32 });
    sign(&claims.to_string(), KEY)
}

fn signed(scope: &str, key: &str) -> String {
    let claims = format!(
        r#"{{"iss":"live","sub":"{CLIENT}","azp":"{CLIENT}","scope":"{scope}","jti":"j1","iat":1767225600,"exp":4102444800}}"#
    );
    sign(&claims, key)
}

fn sign(claims: &str, key: &str) -> String {
    let head = BASE64.encode(r#"{"alg":"HS256","typ":"JWT","kid":"live"}"#);
    let signed = format!("{head}.{}", BASE64.encode(claims));
    let signature = BASE64.encode(hmac(key.as_bytes(), signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// RFC 2104; the key is shorter than a block.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block
            .iter_mut()
            .zip(key)
            .for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(padded(0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

#[test]
fn a_signature_is_the_one_of_the_standard() {
    // RFC 4231, test case 2.
    let signature = hmac(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(
        BASE64.encode(signature),
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM"
    );
}
