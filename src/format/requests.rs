//! HTTP requests in JSON, read as a declaration says.
//!
//! In: a line and the declaration of a format. Out: its record.
//!
//! Invariants:
//! * a record without time, method or target is rejected, never guessed; only where the status
//!   says that the server could not read the request there was none;
//! * the target is what the caller sent: where a log has the request line and a path that the
//!   server made of it, the request line counts;
//! * a query string that stands apart is put after the path once.
//!
//! What no declaration can say (who answered, which lines are no requests) is in two hooks of
//! the format.

use std::sync::Arc;

use super::combined::request::{split, unreadable};
use super::declared::{Declared, Meaning};
use super::json::{self, Fields, last_status};
use super::{AuthKind, RawRecord, RecordReader, Scratch, Skip, Token, asks, clock};

/// Whether a line is a record of something else.
type Other = for<'a> fn(&Declared, &Fields<'a>) -> bool;
/// Adds to a record what no declaration says.
type Finish = for<'a> fn(&Declared, &Fields<'a>, &mut RawRecord<'a>);

/// Reads the records of one format.
pub(super) struct Requests {
    declared: Arc<Declared>,
    other: Other,
    /// A message of another kind may hold a request as it was logged.
    holds_lines: bool,
    finish: Finish,
}

/// Whether a text holds a request as servers write it: `GET /orders HTTP/1.1`.
pub(super) fn holds_request(text: &[u8]) -> bool {
    let mut all = memchr::memmem::find_iter(text, b" HTTP/");
    all.any(|at| text.get(at + 6).is_some_and(u8::is_ascii_digit))
}

impl Requests {
    /// What the declaration says, and no more.
    pub(super) fn new(declared: &Arc<Declared>) -> Self {
        Self {
            declared: Arc::clone(declared),
            other: |_, _| false,
            holds_lines: false,
            finish: |_, _, _| {},
        }
    }

    /// With a rule for lines that are no requests.
    pub(super) fn passing_over(self, other: Other) -> Self {
        Self { other, ..self }
    }

    /// Where a line that is none may hold one as its message: that is rejected, not passed over.
    pub(super) fn holding_lines(self) -> Self {
        Self {
            holds_lines: true,
            ..self
        }
    }

    /// With what the format adds.
    pub(super) fn and(self, finish: Finish) -> Self {
        Self { finish, ..self }
    }
}

impl RecordReader for Requests {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let (
            all,
            Scratch {
                json, clock, text, ..
            },
        ) = (scratch.claims, scratch);
        self.read(line, all, json, clock, text)
    }
}

impl Requests {
    /// Reads the line that a format repaired.
    pub(super) fn parse_repaired<'a>(
        &self,
        scratch: &'a mut Scratch,
    ) -> Result<RawRecord<'a>, Skip> {
        let all = scratch.claims;
        let Scratch {
            json,
            clock,
            text,
            repaired,
            ..
        } = scratch;
        self.read(repaired, all, json, clock, text)
    }

    fn read<'a>(
        &self,
        line: &'a [u8],
        all: bool,
        buffer: &'a mut json::Scratch,
        clock: &mut clock::Clock,
        text: &'a mut Vec<u8>,
    ) -> Result<RawRecord<'a>, Skip> {
        let declared = &*self.declared;
        let fields = json::read(line, &declared.plan, buffer)?;
        if (self.other)(declared, &fields) {
            return Err(if self.holds_lines && holds_request(line) {
                Skip::Malformed
            } else {
                Skip::OtherRecord
            });
        }
        let get = |meaning| declared.text(&fields, meaning);
        let time = get(Meaning::Time).ok_or(Skip::MissingField)?;
        let status = declared.status(&fields, Meaning::Status);
        let (method, target) = asked(declared, &fields, status)?;
        let target = match get(Meaning::Query) {
            Some(query) if !target.contains(&b'?') => {
                text.clear();
                text.extend_from_slice(target);
                // Some write the question mark themselves.
                if query.first() != Some(&b'?') {
                    text.push(b'?');
                }
                text.extend_from_slice(query);
                &*text
            }
            _ => target,
        };
        let client = get(Meaning::Client);
        let token_scopes = declared.scopes(&fields);
        let mut record = RawRecord {
            time: clock
                .any(clock::without_zone_name(time))
                .ok_or(Skip::BadTime)?,
            method,
            target,
            template: get(Meaning::Template),
            client,
            client_alt: get(Meaning::ClientAlt).filter(|alt| client.is_some_and(|own| own != *alt)),
            status,
            upstream_status: get(Meaning::UpstreamStatus).and_then(last_status),
            request_id: get(Meaning::RequestId),
            host: get(Meaning::Host),
            subject: get(Meaning::Subject),
            credential: get(Meaning::Credential),
            token_scopes,
            client_ip: get(Meaning::ClientIp),
            user_agent: get(Meaning::UserAgent),
            ..RawRecord::default()
        };
        if asks(all, status) {
            record.claims = token(declared, &fields, token_scopes.is_some()).into();
        }
        (self.finish)(declared, &fields, &mut record);
        Ok(record)
    }
}

/// Method and target.
fn asked<'a>(
    declared: &Declared,
    fields: &Fields<'a>,
    status: Option<u16>,
) -> Result<(&'a [u8], &'a [u8]), Skip> {
    let get = |meaning| declared.text(fields, meaning);
    let (method, target) = (get(Meaning::Method), get(Meaning::Target));
    if let (Some(method), Some(target)) = (method, target) {
        return Ok((method, target));
    }
    if let Some(line) = get(Meaning::RequestLine) {
        // Some write the path alone under this name, next to the method.
        if let (Some(method), Some(b'/')) = (method, line.first()) {
            return Ok((method, target.unwrap_or(line)));
        }
        let (own, asked) = split(line).map_err(|why| unreadable(why, status))?;
        return Ok((method.unwrap_or(own), target.unwrap_or(asked)));
    }
    // A server that got no request line writes an empty one.
    if declared.has(fields, Meaning::RequestLine) && method.is_none() {
        return Err(Skip::OtherRecord);
    }
    let target = target.or_else(|| get(Meaning::Path));
    // NGINX has no `$request_uri` then; where the key itself is missing, another thing is wrong.
    let empty = declared.has(fields, Meaning::Target) || declared.has(fields, Meaning::Path);
    if target.is_none() && empty {
        return Err(unreadable(Skip::MissingField, status));
    }
    Ok((
        method.ok_or(Skip::MissingField)?,
        target.ok_or(Skip::MissingField)?,
    ))
}

fn token<'a>(declared: &Declared, fields: &Fields<'a>, scopes: bool) -> Token<'a> {
    let issued = declared.seconds(fields, Meaning::Issued);
    let expires = declared.seconds(fields, Meaning::Expires);
    let jti = declared.text(fields, Meaning::TokenId);
    let serial = declared.text(fields, Meaning::Serial);
    let kind = if scopes || issued.is_some() || expires.is_some() || jti.is_some() {
        AuthKind::Token
    } else if serial.is_some() {
        AuthKind::Certificate
    } else if declared.has(fields, Meaning::KeyShown) {
        AuthKind::ApiKey
    } else {
        AuthKind::Unknown
    };
    Token {
        issued,
        expires,
        kind,
        credential: jti.or(serial),
    }
}
