//! Log formats: a line of one gateway's log becomes a raw record.
//!
//! In: one line. Out: what it says about one request, borrowed from the line,
//! or the reason why it says nothing.
//!
//! Invariants:
//! * a format knows one gateway and never guesses; a line it cannot read is
//!   skipped with a reason, because a lost line would look like an unused
//!   permission;
//! * the format of a file is decided by its content, never by its name.
//!
//! A new format is one file and its line in [`ALL`].

pub mod clock;
pub mod detect;
pub mod json;
pub mod token;

mod aws_apigw;
mod combined;
mod envoy;
mod kong;
mod native;

use serde::Serialize;

use crate::model::{AnsweredBy, Millis, Refusal};
pub use token::{AuthKind, Token};

/// Every format, in the order in which detection tries them.
pub static ALL: &[&dyn LogFormat] = &[
    &kong::Kong,
    &aws_apigw::AwsApiGateway,
    &envoy::Envoy,
    &native::Native,
    &combined::Combined,
];

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
    /// All values that were found, for [`LogFormat::token`].
    pub fields: Option<json::Fields<'a>>,
    /// Start and end of the token in seconds since 1970, when the line has its claims as a whole.
    pub claimed: Option<(Option<i64>, Option<i64>)>,
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

/// Buffers that are used again for every line of one worker.
#[derive(Default)]
pub struct Scratch {
    /// For JSON lines.
    pub json: json::Scratch,
    /// For decoded text of other formats.
    pub text: Vec<u8>,
    /// Remembers the last date, so that most times cost a comparison.
    pub clock: clock::Clock,
}

/// A line of the sample that detection looks at.
pub struct SampleLine<'a> {
    /// The line without its end.
    pub text: &'a [u8],
    /// The same, when it is a JSON object.
    pub json: Option<serde_json::Map<String, serde_json::Value>>,
}

/// One gateway's log.
pub trait LogFormat: Sync {
    /// The name used on the command line.
    fn name(&self) -> &'static str;

    /// What it is, in one line.
    fn title(&self) -> &'static str;

    /// How the gateway is told to log who calls, in lines to copy.
    fn identity_help(&self) -> &'static str;

    /// Whether the line looks like this format.
    fn recognises(&self, line: &SampleLine<'_>) -> bool;

    /// Reads one line (without its line end).
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip>;

    /// Lifetime and kind of the credential, out of what [`Self::parse`] found; asked
    /// only where credentials are collected.
    fn token<'a>(&self, raw: &RawRecord<'a>) -> Token<'a> {
        let _ = raw;
        Token::default()
    }

    /// Whether its lines can say who refused a request, gateway or service.
    fn tells_who_refused(&self) -> bool {
        true
    }

    /// Why a request was refused, out of what [`Self::parse`] found; asked only of those
    /// that were.
    fn refusal(&self, raw: &RawRecord<'_>) -> Refusal {
        let _ = raw;
        Refusal::Unsaid
    }
}

/// Whether a line is a record, or none of the kind that is rejected.
pub fn is_readable(format: &dyn LogFormat, line: &[u8]) -> bool {
    let line = detect::trim(line);
    let mut scratch = Scratch::default();
    let read = format.parse(line, &mut scratch);
    line.is_empty() || !read.is_err_and(Skip::is_reject)
}

/// The format with this name.
pub fn by_name(name: &str) -> Option<&'static dyn LogFormat> {
    ALL.iter().copied().find(|format| format.name() == name)
}
