//! Microsoft Graph activity logs, category `MicrosoftGraphActivityLogs` (JSON: diagnostic
//! settings, and the table of Log Analytics, also as CSV).
//!
//! The client is the application (`appId`); a second name is its service principal. The token's
//! permissions are in the line: `roles` of an application, `scopes` of a user's consent.
//!
//! Invariants:
//! * an id is compared without its case (RFC 9562): the client is in small letters, and the second
//!   name is as the line spells it where that is different;
//! * the requests in a `$batch` are logged one by one, so that the batch itself is no request;
//! * neither roles nor scopes is not the same as a token without permissions: a directory role
//!   (`wids`) may have allowed the call;
//! * exports that escape twice (`\\u0026`) are read as what they must mean.
//!
//! Who decided: Graph is the service.
//!
//! Source: Azure's reference of the table `MicrosoftGraphActivityLogs`.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use memchr::memmem;

use super::azure::{self, CATEGORY};
use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{AuthKind, LogFormat, RecordReader, SampleLine, token};
use crate::model::AnsweredBy;

pub(super) struct Graph;

const ROLES: Meaning = Meaning::Own(1);
const SCOPES: Meaning = Meaning::Own(2);
const PRINCIPAL: Meaning = Meaning::Own(3);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (CATEGORY, azure::CATEGORIES),
        (
            Meaning::Time,
            &["/time", "/TimeGenerated", "/properties/timeGenerated"],
        ),
        (
            Meaning::Method,
            &["/properties/requestMethod", "/RequestMethod"],
        ),
        (Meaning::Target, &["/properties/requestUri", "/RequestUri"]),
        (
            Meaning::Status,
            &["/properties/responseStatusCode", "/ResponseStatusCode"],
        ),
        (Meaning::Client, &["/properties/appId", "/AppId"]),
        (Meaning::ClientAlt, &[AS_LOGGED]),
        (
            PRINCIPAL,
            &["/properties/servicePrincipalId", "/ServicePrincipalId"],
        ),
        (Meaning::Subject, &["/properties/userId", "/UserId"]),
        (ROLES, &["/properties/roles", "/Roles"]),
        (SCOPES, &["/properties/scopes", "/Scopes"]),
        (
            Meaning::Credential,
            &["/properties/signInActivityId", "/SignInActivityId"],
        ),
        (
            Meaning::Issued,
            &["/properties/tokenIssuedAt", "/TokenIssuedAt"],
        ),
        (Meaning::RequestId, &["/properties/requestId", "/RequestId"]),
        (
            Meaning::ClientIp,
            &["/properties/ipAddress", "/IPAddress", "/callerIpAddress"],
        ),
        (Meaning::UserAgent, &["/properties/userAgent", "/UserAgent"]),
    ]))
});

/// The key under which the reader keeps an id that it spelt otherwise.
const AS_LOGGED: &str = "/appId as logged";

/// Columns of the table that no other has together.
const COLUMNS: [&str; 5] = [
    "TimeGenerated",
    "RequestMethod",
    "RequestUri",
    "ResponseStatusCode",
    "AppId",
];

impl LogFormat for Graph {
    fn name(&self) -> &'static str {
        "ms-graph"
    }

    fn title(&self) -> &'static str {
        "Microsoft Graph activity logs (JSON, and CSV of Log Analytics)"
    }

    fn identity_help(&self) -> &'static str {
        "Graph's activity logs name the application of every call. Lines without `appId` are from another category: \
         export MicrosoftGraphActivityLogs in the diagnostic settings of Microsoft Entra ID"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let asked = ["properties/requestUri", "properties/appId"];
        if azure::is_of(line, &azure::GRAPH) {
            4 + line.keys(&[], &asked)
        } else {
            line.keys(&COLUMNS, &["Scopes", "Roles"])
        }
    }

    fn has_header(&self, sample: &[u8]) -> bool {
        azure::is_table(sample, &COLUMNS)
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            .passing_over(|declared, fields| {
                let target = declared.text(fields, Meaning::Target).unwrap_or_default();
                let path = target.split(|byte| *byte == b'?').next();
                let batch = path.is_some_and(|path| {
                    let path = path.strip_suffix(b"/").unwrap_or(path);
                    path.ends_with(b"/$batch")
                });
                batch || azure::is_other(declared, fields, &azure::GRAPH)
            })
            .and(|declared, fields, record| {
                record.answered_by = AnsweredBy::Upstream;
                let of = |meaning| {
                    let mut slots = declared.of(meaning).iter();
                    let own = slots.find_map(|slot| token::scopes(fields, *slot));
                    own.filter(|own: &&[u8]| !matches!(own.trim_ascii(), b"" | b"[]"))
                };
                record.token_scopes = of(ROLES).or_else(|| of(SCOPES));
                record.client_alt = record.client_alt.or_else(|| {
                    let principal = declared.text(fields, PRINCIPAL);
                    principal.filter(|_| record.client.is_some())
                });
                record.credential = record.credential.map(|id| {
                    let end = id.iter().rposition(|byte| *byte != b'=');
                    &id[..end.map_or(0, |at| at + 1)]
                });
                if record.client.is_some() {
                    record.claims.token.kind = AuthKind::Token;
                }
            });
        azure::open(reader, sample, &COLUMNS, repair)
    }
}

/// A line with the client in small letters and with what was escaped twice; `None` where it is
/// as it should be.
fn repair(line: &[u8]) -> Option<Vec<u8>> {
    let id = application(line).map(|place| &line[place]);
    let id = id.filter(|id| id.iter().any(u8::is_ascii_uppercase));
    if id.is_none() && memmem::find(line, TWICE).is_none() {
        return None;
    }
    let mut rest = line.strip_prefix(b"{")?;
    let mut out = Vec::with_capacity(line.len() + 80);
    while let Some(at) = memmem::find(rest, TWICE) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + TWICE.len()..];
        // One backslash less, where what follows is a character.
        let hex = rest.get(..2);
        let escape = hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        out.extend_from_slice(if escape { &TWICE[1..] } else { TWICE });
    }
    out.extend_from_slice(rest);
    let mut whole = vec![b'{'];
    if let Some(id) = id
        && let Some(place) = application(&out)
    {
        out[place].make_ascii_lowercase();
        azure::quote(&[&AS_LOGGED.as_bytes()[1..]], &mut whole);
        whole.push(b':');
        azure::quote(&[id], &mut whole);
        whole.push(b',');
    }
    whole.append(&mut out);
    Some(whole)
}

/// What an escape looks like that was escaped again.
const TWICE: &[u8] = br"\\u00";

/// Where the application is.
fn application(line: &[u8]) -> Option<Range<usize>> {
    let keys = [&b"\"appId\""[..], b"\"AppId\""];
    let after = keys
        .iter()
        .find_map(|key| Some(memmem::find(line, key)? + key.len()))?;
    let value = line[after..].trim_ascii_start().strip_prefix(b":")?;
    let value = value.trim_ascii_start().strip_prefix(b"\"")?;
    let start = line.len() - value.len();
    let len = memchr::memchr(b'"', value)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    (len > 0 && value[..len].iter().all(plain)).then_some(start..start + len)
}

#[cfg(test)]
#[path = "ms_graph_tests.rs"]
mod tests;
