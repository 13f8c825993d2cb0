//! The record that the values of a line make.
//!
//! In: the values, by what they mean. Out: the record without its time.

use super::field::{Found, Work};
use super::values::Values;
use super::{Answered, Compiled, FIRST, SECOND, THIRD};
use crate::format::combined::request::{split, unreadable};
use crate::format::declared::{MEANINGS, Meaning};
use crate::format::envoy::Decided;
use crate::format::json::{last_status, parse_status};
use crate::format::piece::Piece;
use crate::format::{AuthKind, Claims, RawRecord, Skip, Token, clock, envoy, haproxy};
use crate::model::AnsweredBy;

/// The values of the fields of one line.
pub(super) struct Pieces<'a> {
    of: [Piece<'a>; MEANINGS],
    basic: bool,
}

impl<'a> Pieces<'a> {
    pub(super) fn read(
        compiled: &Compiled,
        values: &Values<'a>,
        work: &mut Work<'_>,
    ) -> Result<Self, Skip> {
        let mut pieces = Self {
            of: std::array::from_fn(|_| Piece::Missing),
            basic: false,
        };
        for field in &compiled.fields {
            let Some(Found { piece, basic, cut }) = field.read(values, work) else {
                continue;
            };
            if cut
                && matches!(
                    field.meaning,
                    Meaning::Target | Meaning::Path | Meaning::RequestLine
                )
            {
                return Err(Skip::Malformed);
            }
            pieces.basic |= basic && field.meaning == Meaning::Client;
            pieces.of[field.meaning.index()] = piece;
        }
        pieces.add_query(work.decoded);
        pieces.split_scopes(&compiled.split, work);
        Ok(pieces)
    }

    pub(super) fn bytes<'t>(&self, meaning: Meaning, text: &'t [u8]) -> Option<&'t [u8]>
    where
        'a: 't,
    {
        self.of[meaning.index()].bytes(text)
    }

    /// A query that stands apart comes after the path once.
    fn add_query(&mut self, decoded: &mut Vec<u8>) {
        let target = if self.bytes(Meaning::Target, decoded).is_some() {
            Meaning::Target
        } else {
            Meaning::Path
        };
        let Some(query) = self.bytes(Meaning::Query, decoded) else {
            return;
        };
        let Some(path) = self.bytes(target, decoded) else {
            return;
        };
        if query.is_empty() || path.contains(&b'?') {
            return;
        }
        // Some write the question mark themselves.
        let marked = query.first() == Some(&b'?');
        let (path, query) = (&self.of[target.index()], &self.of[Meaning::Query.index()]);
        let whole = Piece::written(decoded, |out| {
            path.append(out);
            if !marked {
                out.push(b'?');
            }
            query.append(out);
        });
        self.of[target.index()] = whole;
    }

    /// Scopes between other signs than blanks and commas.
    fn split_scopes(&mut self, signs: &[u8], work: &mut Work<'_>) {
        let Some(scopes) = self.bytes(Meaning::Scopes, work.decoded) else {
            return;
        };
        if !scopes.iter().any(|byte| signs.contains(byte)) || scopes.first() == Some(&b'[') {
            return;
        }
        work.spare.clear();
        let separated = scopes
            .iter()
            .map(|byte| if signs.contains(byte) { b' ' } else { *byte });
        work.spare.extend(separated);
        let spare = &*work.spare;
        let piece = Piece::written(work.decoded, |out| out.extend_from_slice(spare));
        self.of[Meaning::Scopes.index()] = piece;
    }

    pub(super) fn record(self, compiled: &Compiled, text: &'a [u8]) -> Result<RawRecord<'a>, Skip> {
        let basic = self.basic;
        let values = self.of.map(|piece| piece.of(text));
        let get = |meaning: Meaning| values[meaning.index()];
        let status = get(Meaning::Status).and_then(parse_status);
        let (method, target) = asked(&get, compiled, status)?;
        let client = get(Meaning::Client);
        let upstream_status = get(Meaning::UpstreamStatus).and_then(last_status);
        Ok(RawRecord {
            method,
            target,
            template: get(Meaning::Template),
            client,
            client_alt: get(Meaning::ClientAlt).filter(|alt| client.is_some_and(|own| own != *alt)),
            // The name of a refused authentication was not verified.
            anonymous: basic && status == Some(401),
            status,
            upstream_status,
            answered_by: answered_by(compiled, &get, status, upstream_status),
            request_id: get(Meaning::RequestId),
            host: get(Meaning::Host),
            subject: get(Meaning::Subject),
            credential: get(Meaning::Credential),
            token_scopes: get(Meaning::Scopes).filter(|scopes| are_whole(scopes)),
            client_ip: get(Meaning::ClientIp),
            user_agent: get(Meaning::UserAgent),
            claims: claims(&get),
            ..RawRecord::default()
        })
    }
}

type Get<'g, 'a> = &'g dyn Fn(Meaning) -> Option<&'a [u8]>;

/// Method and target.
fn asked<'a>(
    get: Get<'_, 'a>,
    compiled: &Compiled,
    status: Option<u16>,
) -> Result<(&'a [u8], &'a [u8]), Skip> {
    let (method, target) = (get(Meaning::Method), get(Meaning::Target));
    if let (Some(method), Some(target)) = (method, target) {
        return Ok((method, target));
    }
    if let Some(line) = get(Meaning::RequestLine) {
        let (own, asked) = match compiled.answered {
            // It has its own word for what it could not read, and may have served what it cut off.
            Answered::Haproxy => haproxy::asked(line)?,
            _ => split(line).map_err(|why| unreadable(why, status))?,
        };
        return Ok((method.unwrap_or(own), target.unwrap_or(asked)));
    }
    let mut fields = compiled.fields.iter();
    // A server that got no request line writes none.
    if method.is_none() && fields.any(|field| field.meaning == Meaning::RequestLine) {
        return Err(Skip::OtherRecord);
    }
    let target = target.or_else(|| get(Meaning::Path));
    if target.is_none() {
        // Every description names where the target is; here the server had none to write.
        return Err(unreadable(Skip::MissingField, status));
    }
    Ok((
        method.ok_or(Skip::MissingField)?,
        target.ok_or(Skip::MissingField)?,
    ))
}

fn answered_by(
    compiled: &Compiled,
    get: Get<'_, '_>,
    status: Option<u16>,
    upstream: Option<u16>,
) -> AnsweredBy {
    match compiled.answered {
        Answered::Envoy => {
            let has_host = compiled.fields.iter().any(|field| field.meaning == THIRD);
            envoy::answered_by(&Decided {
                flags: get(FIRST),
                details: get(SECOND),
                no_host: has_host && get(THIRD).is_none(),
            })
        }
        Answered::Haproxy => match get(FIRST) {
            Some(state) => haproxy::answered_by(state, get(SECOND).unwrap_or(b"?")),
            None => AnsweredBy::Unknown,
        },
        _ if upstream.is_some() => AnsweredBy::Upstream,
        Answered::UpstreamOrOwn if matches!(status, Some(401 | 403)) => AnsweredBy::Gateway,
        _ => AnsweredBy::Unknown,
    }
}

/// A list that was cut off is none: its last name would be half a name.
fn are_whole(scopes: &[u8]) -> bool {
    match scopes.first() {
        Some(b'[') => serde_json::from_slice::<Vec<String>>(scopes).is_ok(),
        Some(b'{' | b'"') => false,
        _ => scopes != b"-",
    }
}

fn claims<'a>(get: Get<'_, 'a>) -> Claims<'a> {
    let seconds = |meaning| {
        let text = get(meaning)?;
        let time = clock::epoch(text).or_else(|| clock::claim(text))?;
        Some(time.div_euclid(1_000))
    };
    let (issued, expires) = (seconds(Meaning::Issued), seconds(Meaning::Expires));
    let (jti, serial) = (get(Meaning::TokenId), get(Meaning::Serial));
    let token = issued.is_some() || expires.is_some() || jti.is_some();
    let kind = if token || get(Meaning::Scopes).is_some() {
        AuthKind::Token
    } else if serial.is_some() {
        AuthKind::Certificate
    } else if get(Meaning::KeyShown).is_some() {
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
    .into()
}
