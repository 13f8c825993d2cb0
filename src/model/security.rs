//! How callers prove who they are, as an API description declares it.
//!
//! In: the `security` of operations and the schemes that it names. What a caller really
//! presents is in the log; what scopes an operation asks for is in its requirement.

use std::collections::BTreeSet;
use std::sync::Arc;

/// One way to prove who one is (OpenAPI 3.1.1, Security Scheme Object).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// A user name and password with every request (RFC 7617).
    Basic,
    /// A key in the query string, under this name.
    QueryKey(Box<str>),
    /// A key in a header or cookie.
    Key,
    /// A bearer token (RFC 6750).
    Bearer,
    /// OAuth 2, by any flow.
    OAuth,
    /// `OpenID` Connect.
    OpenId,
    /// A client certificate.
    Certificate,
    /// Another one, or one that the description does not declare.
    Other,
}

/// Schemes that are all needed together; empty for a caller that proves nothing.
pub type Together = BTreeSet<Scheme>;

/// What the description says about an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// It says nothing that could be read, or it is of a kind that knows no schemes.
    #[default]
    Unknown,
    /// It could, and says nothing, neither here nor for the whole API.
    Unstated,
    /// Any one of these is enough; none of them means `security: []`.
    Stated(Arc<BTreeSet<Together>>),
}

impl Security {
    /// Whether callers that prove nothing are accepted: `[]`, or `{}` among others.
    pub fn is_public(&self) -> bool {
        let Self::Stated(any) = self else {
            return false;
        };
        any.is_empty() || any.iter().any(BTreeSet::is_empty)
    }

    /// The ways to prove who one is; none where the description states none.
    pub fn ways(&self) -> impl Iterator<Item = &Together> {
        let any = match self {
            Self::Stated(any) => Some(any),
            Self::Unknown | Self::Unstated => None,
        };
        any.into_iter()
            .flat_map(|any| any.iter())
            .filter(|way| !way.is_empty())
    }
}
