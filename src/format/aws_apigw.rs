//! AWS API Gateway access logs in the JSON of the console's templates, with the
//! `$context` variables that operators add.
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

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::json::{self, Fields, Plan};
use super::{LogFormat, RawRecord, SampleLine, Scratch, Skip, Token, clock};
use crate::model::{AnsweredBy, Millis, Refusal};

#[path = "aws_apigw_token.rs"]
mod claims;
#[cfg(test)]
#[path = "aws_apigw_tests.rs"]
mod tests;

pub(super) struct AwsApiGateway;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["requestId"],
        &["extendedRequestId"],
        &["ip"],
        &["requestTimeEpoch"],
        &["requestTime"],
        &["httpMethod"],
        &["resourcePath"],
        &["routeKey"],
        &["path"],
        &["stage"],
        &["basePathMatched"],
        &["status"],
        &["domainName"],
        &["clientId"],
        &["client_id"],
        &["azp"],
        &["principalId"],
        &["apiKeyId"],
        &["user"],
        &["caller"],
        &["scope"],
        &["jti"],
        &["integrationStatus"],
        &["userAgent"],
        &["errType"],
        &["errorType"],
        &["error.responseType"],
        &["errorResponseType"],
        &["responseType"],
        &["error", "responseType"],
        &["authStatus"],
        &["authorizerStatus"],
        &["authorizer.status"],
        &["iat"],
        &["exp"],
        &["serialNumber"],
        &["clientCertSerial"],
        &["clientCertSerialNumber"],
        &["userArn"],
    ])
});

const REQUEST_ID: usize = 0;
const EXTENDED_ID: usize = 1;
const IP: usize = 2;
const TIME_EPOCH: usize = 3;
const TIME: usize = 4;
const METHOD: usize = 5;
const RESOURCE: usize = 6;
const ROUTE_KEY: usize = 7;
const PATH: usize = 8;
const STAGE: usize = 9;
const BASE_PATH: usize = 10;
const STATUS: usize = 11;
const DOMAIN: usize = 12;
const CLIENT_ID: usize = 13;
const CLIENT_ID_SNAKE: usize = 14;
const AZP: usize = 15;
const PRINCIPAL: usize = 16;
const API_KEY_ID: usize = 17;
const USER: usize = 18;
const CALLER: usize = 19;
const SCOPE: usize = 20;
const JTI: usize = 21;
const INTEGRATION_STATUS: usize = 22;
const USER_AGENT: usize = 23;

const ERROR_TYPES: std::ops::Range<usize> = 24..30;
const AUTH_STATUSES: std::ops::Range<usize> = 30..33;
const ISSUED: usize = 33;
const EXPIRES: usize = 34;
const SERIALS: std::ops::Range<usize> = 35..38;
const USER_ARN: usize = 38;

impl LogFormat for AwsApiGateway {
    fn name(&self) -> &'static str {
        "aws-apigw"
    }

    fn title(&self) -> &'static str {
        "AWS API Gateway access logs, REST and HTTP APIs (JSON lines)"
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

    fn recognises(&self, line: &SampleLine<'_>) -> bool {
        let looks = |object: &Map<String, Value>| {
            let has = |key| object.contains_key(key);
            has("requestId")
                && (has("resourcePath")
                    || has("routeKey")
                    || (has("httpMethod") && (has("requestTime") || has("requestTimeEpoch"))))
        };
        line.json.as_ref().is_some_and(looks)
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            json: buffer,
            clock,
            ..
        } = scratch;
        let fields = json::read(line, &PLAN, buffer)?;
        let Asked {
            method,
            target,
            template,
            templated,
        } = asked(&fields)?;
        let time = time(&fields, clock)?;
        let status = fields.status(STATUS);
        let upstream_status = fields.status(INTEGRATION_STATUS);
        let (answered_by, unrouted) = match status {
            Some(..400) if upstream_status.is_some() => (AnsweredBy::Upstream, false),
            Some(..400) => (AnsweredBy::Unknown, false),
            _ => denial(&fields, upstream_status),
        };
        let client = [
            CLIENT_ID,
            CLIENT_ID_SNAKE,
            AZP,
            PRINCIPAL,
            API_KEY_ID,
            USER,
            CALLER,
        ]
        .into_iter()
        .find_map(|slot| fields.text(slot))
        .filter(|_| !unrouted);
        let by_token = [CLIENT_ID, CLIENT_ID_SNAKE, AZP]
            .into_iter()
            .any(|slot| fields.text(slot).is_some());
        Ok(RawRecord {
            time,
            method,
            target,
            template,
            templated,
            client,
            client_alt: fields
                .text(API_KEY_ID)
                .filter(|key| client.is_some_and(|client| client != *key)),
            status,
            upstream_status,
            answered_by,
            request_id: fields.text(EXTENDED_ID).or_else(|| fields.text(REQUEST_ID)),
            host: fields.text(DOMAIN),
            // Next to a client's own id, the principal is the user on whose behalf it calls.
            subject: fields.text(PRINCIPAL).filter(|_| by_token),
            credential: fields.text(JTI).or_else(|| fields.text(API_KEY_ID)),
            token_scopes: scopes(&fields),
            client_ip: fields.text(IP),
            user_agent: fields.text(USER_AGENT),
            anonymous: false,
            fields: Some(fields),
            claimed: None,
        })
    }

    fn token<'a>(&self, raw: &RawRecord<'a>) -> Token<'a> {
        raw.fields.as_ref().map_or(Token::default(), claims::read)
    }

    /// Source: API Gateway developer guide, gateway response types.
    fn refusal(&self, raw: &RawRecord<'_>) -> Refusal {
        let kind = raw.fields.as_ref().and_then(error_type);
        match kind {
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
}

/// Milliseconds where the line has them, otherwise the common log format's seconds.
fn time(fields: &Fields<'_>, clock: &mut clock::Clock) -> Result<Millis, Skip> {
    match (
        fields.text(TIME_EPOCH).and_then(clock::epoch),
        fields.text(TIME),
    ) {
        (Some(time), _) => Ok(time),
        (None, Some(text)) => clock.any(text).ok_or(Skip::BadTime),
        (None, None) if fields.text(TIME_EPOCH).is_some() => Err(Skip::BadTime),
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

/// Without a `path` the template stands for the target: `/{proxy+}`, `$default` and
/// `ANY /x` may be several operations.
fn asked<'a>(fields: &Fields<'a>) -> Result<Asked<'a>, Skip> {
    let route = fields.text(ROUTE_KEY);
    let (route_method, route_path) =
        match route.and_then(|key| Some(key.split_at(memchr::memchr(b' ', key)?))) {
            Some((method, path)) => (Some(method), Some(path.trim_ascii())),
            None => (None, None),
        };
    let resource = fields
        .text(RESOURCE)
        .or(route_path)
        .filter(|path| path.first() == Some(&b'/'))
        .or(route.filter(|key| *key == b"$default"));
    let template = resource.filter(|path| path.first() == Some(&b'/') && !catches_all(path));
    let path = fields.text(PATH);
    let method = fields
        .text(METHOD)
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
    let custom = fields
        .text(DOMAIN)
        .is_some_and(|host| memchr::memmem::find(host, b".execute-api.").is_none());
    let front = match (
        fields.text(STAGE).filter(|_| !custom),
        fields.text(BASE_PATH).filter(|base| *base != b"(none)"),
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
    let text = fields.raw(SCOPE).filter(|text| *text != b"-")?;
    match text {
        [b'[', inner @ .., b']'] if !inner.contains(&b'"') => Some(inner.trim_ascii()),
        _ => Some(text),
    }
}

fn error_type<'a>(fields: &Fields<'a>) -> Option<&'a [u8]> {
    ERROR_TYPES.into_iter().find_map(|slot| fields.text(slot))
}

/// Who wrote an error, and whether there was no such route.
///
/// `MISSING_AUTHENTICATION_TOKEN` is also what AWS answers (with 403) when no
/// route fits: it must never pass for a client that lacks a scope.
fn denial(fields: &Fields<'_>, upstream_status: Option<u16>) -> (AnsweredBy, bool) {
    if let Some(kind) = error_type(fields) {
        return (AnsweredBy::Gateway, kind == b"MISSING_AUTHENTICATION_TOKEN");
    }
    let refused = AUTH_STATUSES
        .into_iter()
        .any(|slot| matches!(fields.status(slot), Some(401 | 403)));
    let answered_by = match upstream_status {
        Some(_) => AnsweredBy::Upstream,
        None if refused => AnsweredBy::Gateway,
        None => AnsweredBy::Unknown,
    };
    (answered_by, false)
}
