//! AWS API Gateway access logs in the JSON of the console's templates, with the
//! `$context` variables that operators add. The templates as text are in `aws_apigw_text.rs`.
//!
//! Every value is a string and a missing one is `-`. There is no query string.
//!
//! Invariants:
//! * the client is the first of `clientId`, `client_id`, `azp` (claims of the
//!   token), `principalId` (what a Lambda authorizer returned), `apiKeyId`, `user`,
//!   `caller` (IAM); a key id next to one of the others is its second name;
//! * `apiKey` (`$context.identity.apiKey`) is the secret itself and never read;
//! * a caller may choose `requestId` on REST APIs, so `extendedRequestId` is
//!   preferred: otherwise its requests would be taken for copies of one another.
//!
//! Values are not escaped by AWS: a quote in one makes the line invalid JSON, and
//! such a line is malformed here, never repaired.
//!
//! Source: Amazon API Gateway developer guide, logging and `$context` variables.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json::{self, Fields};
use super::{
    Claims, LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, asks, clock, narrow,
};
use crate::model::{AnsweredBy, Millis, Refusal};

#[path = "aws_apigw_token.rs"]
mod claims;
#[cfg(test)]
#[path = "aws_apigw_tests.rs"]
mod tests;
#[path = "aws_apigw_text.rs"]
mod text;

pub(super) struct AwsApiGateway;

/// The token's own name of its client.
const BY_TOKEN: Meaning = Meaning::Own(0);
const CLIENT_ID: Meaning = Meaning::Own(1);
const API_KEY_ID: Meaning = Meaning::Own(2);
const TIME_EPOCH: Meaning = Meaning::Own(3);
const ROUTE_KEY: Meaning = Meaning::Own(4);
const STAGE: Meaning = Meaning::Own(5);
const BASE_PATH: Meaning = Meaning::Own(6);
const ERROR_TYPE: Meaning = Meaning::Own(7);
const AUTH_STATUS: Meaning = Meaning::Own(8);
const CALLER: Meaning = Meaning::Own(9);
const USER_ARN: Meaning = Meaning::Own(10);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (Meaning::RequestId, &["/extendedRequestId", "/requestId"]),
        (Meaning::ClientIp, &["/ip"]),
        (TIME_EPOCH, &["/requestTimeEpoch"]),
        (Meaning::Time, &["/requestTime"]),
        (Meaning::Method, &["/httpMethod"]),
        (Meaning::Template, &["/resourcePath"]),
        (ROUTE_KEY, &["/routeKey"]),
        (Meaning::Target, &["/path"]),
        (STAGE, &["/stage"]),
        (BASE_PATH, &["/basePathMatched"]),
        (Meaning::Status, &["/status"]),
        (Meaning::Host, &["/domainName"]),
        (CLIENT_ID, &["/clientId"]),
        (BY_TOKEN, &["/clientId", "/client_id", "/azp"]),
        (
            Meaning::Client,
            &[
                "/clientId",
                "/client_id",
                "/azp",
                "/principalId",
                "/apiKeyId",
                "/user",
                "/caller",
            ],
        ),
        (Meaning::Subject, &["/principalId"]),
        (API_KEY_ID, &["/apiKeyId"]),
        (CALLER, &["/caller"]),
        (Meaning::Scopes, &["/scope"]),
        (Meaning::TokenId, &["/jti"]),
        (Meaning::UpstreamStatus, &["/integrationStatus"]),
        (Meaning::UserAgent, &["/userAgent"]),
        (
            ERROR_TYPE,
            &[
                "/errType",
                "/errorType",
                "/error.responseType",
                "/errorResponseType",
                "/responseType",
                "/error/responseType",
            ],
        ),
        (
            AUTH_STATUS,
            &["/authStatus", "/authorizerStatus", "/authorizer.status"],
        ),
        (Meaning::Issued, &["/iat"]),
        (Meaning::Expires, &["/exp"]),
        (
            Meaning::Serial,
            &[
                "/serialNumber",
                "/clientCertSerial",
                "/clientCertSerialNumber",
            ],
        ),
        (USER_ARN, &["/userArn"]),
    ])
});

impl LogFormat for AwsApiGateway {
    fn name(&self) -> &'static str {
        "aws-apigw"
    }

    fn title(&self) -> &'static str {
        "AWS API Gateway access logs, REST and HTTP APIs (JSON lines, CLF, CSV and XML)"
    }

    fn identity_help(&self) -> &'static str {
        "AWS logs the caller only when the stage's access log format names it. Add to the format of the stage:\n    \
         Cognito or JWT authorizer: \"clientId\":\"$context.authorizer.claims.client_id\", \
         \"azp\":\"$context.authorizer.claims.azp\", \"scope\":\"$context.authorizer.claims.scope\", \
         \"jti\":\"$context.authorizer.claims.jti\"\n    \
         Lambda authorizer: \"principalId\":\"$context.authorizer.principalId\"\n    \
         API keys: \"apiKeyId\":\"$context.identity.apiKeyId\" (not $context.identity.apiKey, which is the secret)\n    \
         IAM: \"user\":\"$context.identity.user\"\n    \
         who refused, and which path: \"errType\":\"$context.error.responseType\", \
         \"integrationStatus\":\"$context.integration.status\", \"authStatus\":\"$context.authorizer.status\", \
         \"path\":\"$context.path\", \"stage\":\"$context.stage\", \"domainName\":\"$context.domainName\""
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "claims, keys and certificates are tried in an order of their own, a route is a template, the format of one line of text is read as well, and who refused is told by the error and the status of the integration",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let Some(object) = &line.json else {
            return if text::is_text(line.text) { 3 } else { 0 };
        };
        let has = |key: &&str| object.contains_key(*key);
        let paths = ["resourcePath", "routeKey"]
            .iter()
            .filter(|key| has(key))
            .count();
        let times = ["requestTime", "requestTimeEpoch"];
        let times = times.iter().filter(|key| has(key)).count();
        if has(&"requestId") && (paths > 0 || has(&"httpMethod") && times > 0) {
            1 + narrow(paths + times) + u32::from(has(&"httpMethod"))
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for AwsApiGateway {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        if line.first() != Some(&b'{') {
            return text::read(line, scratch);
        }
        let all = scratch.claims;
        let Scratch {
            json: buffer,
            clock,
            ..
        } = scratch;
        let declared = &*FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let text = |meaning| declared.text(&fields, meaning);
        let Asked {
            method,
            target,
            template,
            templated,
        } = asked(&fields)?;
        let time = time(&fields, clock)?;
        let status = declared.status(&fields, Meaning::Status);
        let upstream_status = declared.status(&fields, Meaning::UpstreamStatus);
        let (answered_by, unrouted) = match status {
            Some(..400) if upstream_status.is_some() => (AnsweredBy::Upstream, false),
            Some(..400) => (AnsweredBy::Unknown, false),
            _ => denial(&fields, upstream_status),
        };
        let client = text(Meaning::Client).filter(|_| !unrouted);
        let by_token = text(BY_TOKEN).is_some();
        let claims = if asks(all, status) {
            Claims {
                token: claims::read(&fields),
                refusal: refusal(&fields),
            }
        } else {
            Claims::default()
        };
        Ok(RawRecord {
            time,
            method,
            target,
            template,
            templated,
            client,
            client_alt: text(API_KEY_ID).filter(|key| client.is_some_and(|client| client != *key)),
            status,
            upstream_status,
            answered_by,
            request_id: text(Meaning::RequestId),
            host: text(Meaning::Host),
            // Next to a client's own id, the principal is the user on whose behalf it calls.
            subject: text(Meaning::Subject).filter(|_| by_token),
            credential: text(Meaning::TokenId).or_else(|| text(API_KEY_ID)),
            token_scopes: scopes(&fields),
            client_ip: text(Meaning::ClientIp),
            user_agent: text(Meaning::UserAgent),
            claims,
            ..RawRecord::default()
        })
    }
}

/// Source: API Gateway developer guide, gateway response types.
fn refusal(fields: &Fields<'_>) -> Refusal {
    match error_type(fields) {
        Some(
            b"UNAUTHORIZED"
            | b"EXPIRED_TOKEN"
            | b"INVALID_API_KEY"
            | b"INVALID_SIGNATURE"
            | b"MISSING_AUTHENTICATION_TOKEN",
        ) => Refusal::Authentication,
        Some(b"ACCESS_DENIED") => Refusal::Authorisation,
        _ => Refusal::Unsaid,
    }
}

/// Milliseconds where the line has them, otherwise the common log format's seconds.
fn time(fields: &Fields<'_>, clock: &mut clock::Clock) -> Result<Millis, Skip> {
    match (
        FIELDS.text(fields, TIME_EPOCH).and_then(clock::epoch),
        FIELDS.text(fields, Meaning::Time),
    ) {
        (Some(time), _) => Ok(time),
        (None, Some(text)) => clock.any(text).ok_or(Skip::BadTime),
        (None, None) if FIELDS.text(fields, TIME_EPOCH).is_some() => Err(Skip::BadTime),
        (None, None) => Err(Skip::MissingField),
    }
}

/// What was asked for.
struct Asked<'a> {
    method: &'a [u8],
    target: &'a [u8],
    template: Option<&'a [u8]>,
    templated: bool,
}

/// Without a `path` the template takes the place of the target: `/{proxy+}`, `$default` and
/// `ANY /x` may be several operations.
fn asked<'a>(fields: &Fields<'a>) -> Result<Asked<'a>, Skip> {
    let route = FIELDS.text(fields, ROUTE_KEY);
    let (route_method, route_path) =
        match route.and_then(|key| Some(key.split_at(memchr::memchr(b' ', key)?))) {
            Some((method, path)) => (Some(method), Some(path.trim_ascii())),
            None => (None, None),
        };
    let resource = FIELDS
        .text(fields, Meaning::Template)
        .or(route_path)
        .filter(|path| path.first() == Some(&b'/'))
        .or(route.filter(|key| *key == b"$default"));
    let template = resource.filter(|path| path.first() == Some(&b'/') && !catches_all(path));
    let path = FIELDS.text(fields, Meaning::Target);
    let method = FIELDS
        .text(fields, Meaning::Method)
        .or(route_method.filter(|method| *method != b"ANY" || path.is_none()));
    let (Some(method), Some(target)) = (method, path.or(resource)) else {
        // A WebSocket message has a route (`$connect`, `sendMessage`), but no method and no path.
        let message = method.is_none() && path.is_none() && route.is_some() && route_path.is_none();
        return Err(if message {
            Skip::OtherRecord
        } else {
            Skip::MissingField
        });
    };
    let target = if path.is_some() {
        without_stage(target, template, fields)
    } else {
        target
    };
    Ok(Asked {
        method,
        target,
        template,
        templated: path.is_none(),
    })
}

/// `{proxy+}`, under whatever name.
fn catches_all(template: &[u8]) -> bool {
    memchr::memmem::find(template, b"+}").is_some()
}

/// The path as the API's own description has it: without the stage (default
/// domain) or the base path (custom domain) in front.
fn without_stage<'a>(path: &'a [u8], template: Option<&[u8]>, fields: &Fields<'_>) -> &'a [u8] {
    let segments = |path: &[u8]| memchr::memchr_iter(b'/', path).count();
    if template.is_some_and(|template| segments(template) == segments(path)) {
        return path;
    }
    // On a custom domain the path begins with the base path; the stage is not part of it.
    let custom = FIELDS
        .text(fields, Meaning::Host)
        .is_some_and(|host| memchr::memmem::find(host, b".execute-api.").is_none());
    let front = match (
        FIELDS.text(fields, STAGE).filter(|_| !custom),
        FIELDS
            .text(fields, BASE_PATH)
            .filter(|base| *base != b"(none)"),
    ) {
        (Some(stage), _) if strip(path, stage).is_some() => Some(stage),
        (_, base) => base,
    };
    front.and_then(|front| strip(path, front)).unwrap_or(path)
}

/// Takes `/front` off; the rest begins with a slash.
fn strip<'a>(path: &'a [u8], front: &[u8]) -> Option<&'a [u8]> {
    let front = front.strip_prefix(b"/").unwrap_or(front);
    let rest = path.strip_prefix(b"/")?.strip_prefix(front)?;
    match rest.first() {
        None => Some(b"/"),
        Some(b'/') => Some(rest),
        Some(_) => None,
    }
}

/// A claim that is a list is logged as `[a b]`, without quotes.
fn scopes<'a>(fields: &Fields<'a>) -> Option<&'a [u8]> {
    let mut slots = FIELDS.of(Meaning::Scopes).iter();
    let text = slots.find_map(|slot| fields.raw(*slot));
    let text = text.filter(|text| *text != b"-")?;
    match text {
        [b'[', inner @ .., b']'] if !inner.contains(&b'"') => Some(inner.trim_ascii()),
        _ => Some(text),
    }
}

fn error_type<'a>(fields: &Fields<'a>) -> Option<&'a [u8]> {
    FIELDS.text(fields, ERROR_TYPE)
}

/// Who wrote an error, and whether there was no such route.
///
/// `MISSING_AUTHENTICATION_TOKEN` is also what AWS answers (with 403) when no
/// route fits: it must never pass for a client that lacks a scope.
fn denial(fields: &Fields<'_>, upstream_status: Option<u16>) -> (AnsweredBy, bool) {
    if let Some(kind) = error_type(fields) {
        return (AnsweredBy::Gateway, kind == b"MISSING_AUTHENTICATION_TOKEN");
    }
    let mut statuses = FIELDS.of(AUTH_STATUS).iter();
    let refused = statuses.any(|slot| matches!(fields.status(*slot), Some(401 | 403)));
    let answered_by = match upstream_status {
        Some(_) => AnsweredBy::Upstream,
        None if refused => AnsweredBy::Gateway,
        None => AnsweredBy::Unknown,
    };
    (answered_by, false)
}
