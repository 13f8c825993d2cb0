//! What a format gives for one line: a record, or the reason why there is none.

use serde::Serialize;

use super::Claims;
use crate::model::{AnsweredBy, Effect, Millis};

/// What one line says, as the gateway wrote it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawRecord<'a> {
    /// When the request began, or ended when the log has nothing else.
    pub time: Millis,
    /// The method as written.
    pub method: &'a [u8],
    /// Path and query, or the absolute form, as the client sent it.
    pub target: &'a [u8],
    /// The gateway's own path template, when it logs one (`/orders/{id}`).
    pub template: Option<&'a [u8]>,
    /// The log has no path: the target is the gateway's own template.
    pub templated: bool,
    /// What was done, where the log names it: then method and target only tell how.
    pub named: Option<Named<'a>>,
    /// What the log says was decided about the request, next to its status.
    pub decision: Decision,
    /// The client's best name.
    pub client: Option<&'a [u8]>,
    /// A second name of the same client that a policy may use instead.
    pub client_alt: Option<&'a [u8]>,
    /// The line names a client that was not authenticated.
    pub anonymous: bool,
    /// Status code sent to the client; `None` when missing or 0.
    pub status: Option<u16>,
    /// Status code of the service behind the gateway.
    pub upstream_status: Option<u16>,
    /// Who wrote the answer.
    pub answered_by: AnsweredBy,
    /// The gateway's id of the request.
    pub request_id: Option<&'a [u8]>,
    /// Host the client asked for.
    pub host: Option<&'a [u8]>,
    /// End user, when the log has one.
    pub subject: Option<&'a [u8]>,
    /// Id of the key, token or certificate; hashed before it is kept.
    pub credential: Option<&'a [u8]>,
    /// Scopes of the token: separated by spaces or commas, or a JSON array.
    pub token_scopes: Option<&'a [u8]>,
    /// Network address of the caller.
    pub client_ip: Option<&'a [u8]>,
    /// User agent as sent.
    pub user_agent: Option<&'a [u8]>,
    /// What the line says about the credential and a refusal; filled for every
    /// record where [`Scratch::claims`](super::Scratch::claims) says so, else where the status is no success.
    pub claims: Claims<'a>,
}

/// Further permissions that one request may need.
const ALSO: usize = 3;

/// An operation that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// The name of the permission that it needs: `deployments.apps:list`.
    pub operation: &'a [u8],
    /// Whether it reads or writes.
    pub effect: Effect,
    /// What the same request needs besides: whose permission, and its name.
    pub also: [Option<(&'a [u8], &'a [u8])>; ALSO],
    /// Further permissions that the client itself used with it, each ended by a line end.
    pub more: &'a [u8],
}

impl<'a> Named<'a> {
    /// An operation that needs one permission.
    pub(super) fn one(operation: &'a [u8], effect: Effect) -> Self {
        Self {
            operation,
            effect,
            also: [None; ALSO],
            more: &[],
        }
    }

    /// Whether it needs no further permission, of whomever.
    pub(crate) fn is_single(&self) -> bool {
        self.more.is_empty() && self.also.iter().all(Option::is_none)
    }

    /// The further permissions of the client.
    pub fn further(&self) -> impl Iterator<Item = &'a [u8]> {
        let more = self.more.split(|byte| *byte == b'\n');
        more.filter(|name| !name.is_empty())
    }
}

/// What a log says was decided about a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    #[default]
    Unsaid,
    /// The caller may do it. It may still have failed.
    Allowed,
    /// The caller may not.
    Denied,
}

/// What logs of one format show of a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Every use of it, as an operation that reads or writes.
    Use(Effect),
    /// It is a pattern: every use of what it allows, but for some of its members.
    Members {
        /// Whether some of them may write.
        effect: Effect,
        /// Those that leave no line, or not always.
        rest: Vec<String>,
    },
    /// No operation needs it.
    Nothing,
    /// It allows something that leaves no line.
    InPart,
}

/// Why a line gave no record. Each reason is counted and reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// An empty line. Not a record, so it is not counted as one.
    Blank,
    /// A record of something else in the same file: a TCP stream, an
    /// application message, a header line.
    OtherRecord,
    /// Not in the file's format.
    Malformed,
    /// A field that every record needs is missing.
    MissingField,
    /// The time cannot be read.
    BadTime,
    /// The time lies before 2000 or after 2100.
    TimeOutOfRange,
    /// Longer than the line limit.
    Oversize,
}

impl Skip {
    /// Every reason, in order.
    pub const ALL: [Self; 7] = [
        Self::Blank,
        Self::OtherRecord,
        Self::Malformed,
        Self::MissingField,
        Self::BadTime,
        Self::TimeOutOfRange,
        Self::Oversize,
    ];

    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::OtherRecord => "other_record",
            Self::Malformed => "malformed",
            Self::MissingField => "missing_field",
            Self::BadTime => "bad_time",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::Oversize => "oversize",
        }
    }

    /// Whether a request may have been lost, as opposed to a line that never was one.
    pub fn is_reject(self) -> bool {
        !matches!(self, Self::Blank | Self::OtherRecord)
    }
}
