//! Names that must never be mixed up: scopes, terms, clients, roles.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is spelled in its file; nothing is folded or trimmed.
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The spelling.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The name of one permission that an operation can require.
    ///
    /// OAuth makes these names case-sensitive (RFC 6749 section 3.3), so they are
    /// compared byte for byte: folding case could merge two permissions and
    /// remove the wrong one.
    Scope
}
name! {
    /// What a policy file lists for a client: a scope or, under the catalogue's
    /// scope semantics, a pattern that opens several.
    Term
}
name! {
    /// The application, consumer or service identity that calls the API.
    ClientName
}
name! {
    /// A named bundle of terms shared by clients.
    RoleName
}
