//! Ids of credentials, made unreadable.

use std::fmt;

use serde::{Serialize, Serializer};

/// Separates this use of a key from every other (BLAKE3's key derivation).
const CONTEXT: &str = "scopetrim 2026-11 ids of credentials";

/// The key under which ids are hashed.
///
/// The default key is the same everywhere, so that results can be compared without
/// any setting. It keeps ids from being read, not from being guessed: who has a list
/// of candidates can hash them. A secret of one's own prevents that.
#[derive(Clone)]
pub struct HashKey([u8; 32]);

impl HashKey {
    /// A key made of a secret of any length.
    pub fn of(secret: &[u8]) -> Self {
        Self(blake3::derive_key(CONTEXT, secret))
    }

    /// The hash of an id.
    pub fn hash(&self, id: &[u8]) -> CredentialHash {
        let mut short = [0; 16];
        short.copy_from_slice(&blake3::keyed_hash(&self.0, id).as_bytes()[..16]);
        CredentialHash(short)
    }
}

impl Default for HashKey {
    fn default() -> Self {
        Self::of(b"")
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(..)")
    }
}

/// The keyed hash of a credential's id: the first 16 bytes of BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialHash(pub [u8; 16]);

impl fmt::Display for CredentialHash {
    /// `cred:` and 32 hex digits; with an alternate flag (`{:#}`) only twelve.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cred:")?;
        let shown = if f.alternate() { 6 } else { 16 };
        self.0
            .iter()
            .take(shown)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CredentialHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CredentialHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
