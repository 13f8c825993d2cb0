//! Why it is not certain what a request needed.

use schemars::JsonSchema;
use serde::Serialize;

/// Why a request that was, or may have been, let through is a *possible need*: its
/// client, its operation or its outcome is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "cause")]
#[repr(u8)]
pub enum Cause {
    /// It names no client.
    NoClient = 0,
    /// Its client is named by a token, a key or a password.
    SecretName = 1,
    /// Its client's name differs from one of the policy by case or whitespace only.
    AlikeName = 2,
    /// No policy file has its client's name.
    UnknownName = 3,
    /// It matches no operation of the catalogue.
    NoOperation = 4,
    /// It looks like a health check, a preflight or a permission probe.
    LooksAside = 5,
    /// The log has the gateway's own template only, and that one is wider than one operation.
    WideTemplate = 6,
    /// The line could not be read.
    Unreadable = 7,
    /// There were more such requests of one caller than are kept separate.
    TooMany = 8,
}

impl Cause {
    /// Every cause, in order.
    pub const ALL: [Self; 9] = [
        Self::NoClient,
        Self::SecretName,
        Self::AlikeName,
        Self::UnknownName,
        Self::NoOperation,
        Self::LooksAside,
        Self::WideTemplate,
        Self::Unreadable,
        Self::TooMany,
    ];

    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoClient => "no_client",
            Self::SecretName => "secret_name",
            Self::AlikeName => "alike_name",
            Self::UnknownName => "unknown_name",
            Self::NoOperation => "no_operation",
            Self::LooksAside => "looks_aside",
            Self::WideTemplate => "wide_template",
            Self::Unreadable => "unreadable",
            Self::TooMany => "too_many",
        }
    }

    /// The cause with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// What such requests do, after a number of them: `412 requests name no client`.
    pub fn phrase(self, one: bool) -> &'static str {
        match (self, one) {
            (Self::NoClient, true) => "names no client",
            (Self::NoClient, false) => "name no client",
            (Self::SecretName, true) => "names its client by a token or a key",
            (Self::SecretName, false) => "name their client by a token or a key",
            (Self::AlikeName, true) => {
                "names a client that the policy spells with other case or whitespace"
            }
            (Self::AlikeName, false) => {
                "name a client that the policy spells with other case or whitespace"
            }
            (Self::UnknownName, true) => "names a client that no policy file has",
            (Self::UnknownName, false) => "name clients that no policy file has",
            (Self::NoOperation, true) => "matches no operation",
            (Self::NoOperation, false) => "match no operation",
            (Self::LooksAside, true) => "looks like a health check, a preflight or a probe",
            (Self::LooksAside, false) => "look like health checks, preflights or probes",
            (Self::WideTemplate, true) => "has a template that is wider than one operation",
            (Self::WideTemplate, false) => "have templates that are wider than one operation",
            (Self::Unreadable, _) => "could not be read",
            (Self::TooMany, true) => "is on a path that was not kept, for there were too many",
            (Self::TooMany, false) => "are on paths that were not kept, for there were too many",
        }
    }
}
