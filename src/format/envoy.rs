//! Envoy access logs as JSON: Istio's keys, Envoy Gateway's (which keep the form
//! of the headers), and what operators add to either.
//!
//! Invariants:
//! * keys are the operator's choice, so every spelling in use is tried, the most
//!   telling first; for the path that is the one before any rewrite;
//! * a missing value is `-`, `null` or no key at all, and all are the same;
//! * a code of 0 means that the client left before an answer: no status;
//! * a claim that was cut off (`%...:256%`) gives nothing rather than half a name.
//!
//! The client is the first of: a token's claims (`azp`, `client_id` and the
//! spellings below), a consumer name, the SPIFFE id or the subject of the client's
//! certificate. Envoy copies whatever a request header holds: a header such as
//! `x-jwt-azp` is only worth something when the gateway itself sets it.
//!
//! In a mesh one `x-request-id` runs through a whole chain of calls.
//!
//! Sources: Envoy's access log usage page and response code details; Istio's
//! `mesh` defaults; Envoy Gateway's default telemetry format.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::json::{self, Fields, Kind, Plan};
use super::{LogFormat, RawRecord, SampleLine, Scratch, Skip, Token};
use crate::model::{AnsweredBy, Refusal};

#[path = "envoy_caller.rs"]
mod caller;
#[path = "envoy_token.rs"]
mod claims;
#[cfg(test)]
#[path = "envoy_tests.rs"]
mod tests;

pub(super) struct Envoy;

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    Plan::new(&[
        &["start_time"],
        &["method"],
        &[":method"],
        &["x-envoy-original-path"],
        &["x_envoy_original_path"],
        &["x-envoy-origin-path"],
        &["x_envoy_origin_path"],
        &["path"],
        &[":path"],
        &["response_code"],
        &["response_flags"],
        &["response_code_details"],
        &["grpc_status"],
        &["grpc-status"],
        &["upstream_host"],
        &["authority"],
        &[":authority"],
        &["request_id"],
        &["x-request-id"],
        &["user_agent"],
        &["user-agent"],
        &["downstream_remote_address"],
        &["x_forwarded_for"],
        &["x-forwarded-for"],
        &["azp"],
        &["client_id"],
        &["clientId"],
        &["consumer"],
        &["jwt_azp"],
        &["jwt_client_id"],
        &["x-jwt-azp"],
        &["x_jwt_azp"],
        &["x-client-id"],
        &["x_client_id"],
        &["downstream_peer_uri_san"],
        &["downstream_peer_subject"],
        &["scope"],
        &["scp"],
        &["jwt_scope"],
        &["x-jwt-scope"],
        &["x_jwt_scope"],
        &["jti"],
        &["jwt_jti"],
        &["sub"],
        &["jwt_sub"],
        &["x-jwt-sub"],
        &["jwt"],
        &["jwt_payload"],
        &["iat"],
        &["jwt_iat"],
        &["exp"],
        &["jwt_exp"],
        &["downstream_peer_serial"],
        &["x-api-key"],
        &["x_api_key"],
    ])
});

const START: usize = 0;
const METHODS: [usize; 2] = [1, 2];
const PATHS: [usize; 6] = [3, 4, 5, 6, 7, 8];
const CODE: usize = 9;
const FLAGS: usize = 10;
const DETAILS: usize = 11;
const GRPC: [usize; 2] = [12, 13];
const UPSTREAM_HOST: usize = 14;
const AUTHORITIES: [usize; 2] = [15, 16];
const REQUEST_IDS: [usize; 2] = [17, 18];
const USER_AGENTS: [usize; 2] = [19, 20];
const REMOTE: usize = 21;
const FORWARDED: [usize; 2] = [22, 23];
/// The claim `azp`, which says that a token was there.
const PARTIES: [usize; 2] = [24, 28];
const CLIENTS: Range<usize> = 24..34;
/// The SPIFFE id, then the subject.
const CERTIFICATE: Range<usize> = 34..36;
const SCOPES: Range<usize> = 36..41;
const TOKEN_IDS: Range<usize> = 41..43;
const SUBJECTS: Range<usize> = 43..46;
/// The claims as a whole: an object, or its JSON text.
const PAYLOADS: Range<usize> = 46..48;
const ISSUED: [usize; 2] = [48, 49];
const EXPIRES: [usize; 2] = [50, 51];
const SERIAL: usize = 52;
const KEYS: [usize; 2] = [53, 54];

impl LogFormat for Envoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn title(&self) -> &'static str {
        "Envoy, Istio and Envoy Gateway access logs (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Envoy logs the caller only when the access log's json_format names it. With payload_in_metadata: jwt set on \
         the provider of the jwt_authn filter, add:\n    \
         azp: \"%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:jwt:azp)%\"\n    \
         scope: \"%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:jwt:scope)%\"\n    \
         jti: \"%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:jwt:jti)%\"\n    \
         response_code_details: \"%RESPONSE_CODE_DETAILS%\"\n    \
         mutual TLS: downstream_peer_uri_san: \"%DOWNSTREAM_PEER_URI_SAN%\" or \
         downstream_peer_subject: \"%DOWNSTREAM_PEER_SUBJECT%\"\n    \
         Istio: outputClaimToHeaders: [{header: x-jwt-azp, claim: azp}] in the RequestAuthentication, then \
         azp: \"%REQ(x-jwt-azp)%\""
    }

    fn recognises(&self, line: &SampleLine<'_>) -> bool {
        line.json
            .as_ref()
            .is_some_and(|object: &Map<String, Value>| {
                let has = |key| object.contains_key(key);
                (has("start_time") && (has("response_flags") || has("response_code")))
                    || object.keys().any(|key| key.starts_with(":authority"))
            })
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            json: buffer,
            clock,
            text,
        } = scratch;
        text.clear();
        let fields = json::read(line, &PLAN, buffer)?;
        let first = |slots: &[usize]| slots.iter().find_map(|slot| fields.text(*slot));

        let Some(target) = first(&PATHS) else {
            // A connection that ended before its request, or a TCP stream.
            let written = PATHS.iter().any(|slot| fields.kind(*slot) != Kind::Missing);
            return Err(if written {
                Skip::OtherRecord
            } else {
                Skip::MissingField
            });
        };
        let method = first(&METHODS).ok_or(Skip::MissingField)?;
        let time = clock
            .any(fields.text(START).ok_or(Skip::MissingField)?)
            .ok_or(Skip::BadTime)?;
        let (status, by_grpc) = status(fields.status(CODE), first(&GRPC));
        let answered_by = match answered_by(&fields) {
            AnsweredBy::Unknown if by_grpc => AnsweredBy::Upstream,
            known => known,
        };
        let caller = caller::read(&fields, text);
        let text: &'a [u8] = text;
        Ok(RawRecord {
            time,
            method,
            target,
            client: caller.client.of(text),
            client_alt: caller.client_alt,
            status,
            upstream_status: status.filter(|_| answered_by == AnsweredBy::Upstream),
            answered_by,
            request_id: first(&REQUEST_IDS),
            host: first(&AUTHORITIES),
            subject: caller.subject.of(text),
            credential: caller.credential.of(text),
            token_scopes: caller.scopes.of(text),
            client_ip: fields
                .text(REMOTE)
                .and_then(address)
                .or_else(|| address(first(&FORWARDED)?)),
            user_agent: first(&USER_AGENTS),
            fields: Some(fields),
            claimed: caller.claimed,
            ..RawRecord::default()
        })
    }

    fn token<'a>(&self, raw: &RawRecord<'a>) -> Token<'a> {
        claims::read(raw)
    }

    /// Sources: Envoy's response code details; the filters JWT authentication, RBAC, API
    /// key authentication and basic authentication.
    fn refusal(&self, raw: &RawRecord<'_>) -> Refusal {
        let details = raw.fields.as_ref().and_then(|fields| fields.text(DETAILS));
        let is = |of: &[&[u8]]| {
            details.is_some_and(|details| of.iter().any(|it| details.starts_with(it)))
        };
        if is(&[
            b"jwt_authn_access_denied",
            b"invalid_credential_for_",
            b"no_credential_for_",
        ]) {
            Refusal::Authentication
        } else if is(&[b"rbac_access_denied"]) {
            Refusal::Authorisation
        } else {
            Refusal::Unsaid
        }
    }
}

/// The status, and whether gRPC gave it: a gRPC service refuses with HTTP 200 and
/// a trailer (7 `PERMISSION_DENIED`, 16 `UNAUTHENTICATED`), which must not pass for use.
fn status(code: Option<u16>, grpc: Option<&[u8]>) -> (Option<u16>, bool) {
    match (code, grpc) {
        (Some(200), Some(b"7" | b"PermissionDenied" | b"PERMISSION_DENIED")) => (Some(403), true),
        (Some(200), Some(b"16" | b"Unauthenticated" | b"UNAUTHENTICATED")) => (Some(401), true),
        (code, _) => (code, false),
    }
}

/// What Envoy itself says before a request reaches the service. Details that tell
/// of a broken stream are left out: the service may have answered before that.
const OWN_DETAILS: [&[u8]; 16] = [
    b"rbac_access_denied",
    b"jwt_authn_access_denied",
    b"ext_authz_denied",
    b"ext_authz_error",
    b"ext_proc_error",
    b"direct_response",
    b"route_not_found",
    b"cluster_not_found",
    b"request_rate_limited",
    b"local_rate_limited",
    b"rate_limiter_error",
    b"missing_host_header",
    b"path_normalization_failed",
    b"invalid_credential_for_",
    b"no_credential_for_",
    b"lua_response",
];

/// Flags of an answer that Envoy made: external authorisation, no route, no
/// cluster, rate limits, a protocol error of the client, an injected fault.
const OWN_FLAGS: [&[u8]; 7] = [b"UAEX", b"NR", b"NC", b"RL", b"RLSE", b"DPE", b"FI"];

fn answered_by(fields: &Fields<'_>) -> AnsweredBy {
    let details = fields.text(DETAILS);
    if details.is_some_and(|details| details.starts_with(b"via_upstream")) {
        return AnsweredBy::Upstream;
    }
    let own_detail =
        details.is_some_and(|details| OWN_DETAILS.iter().any(|prefix| details.starts_with(prefix)));
    let own_flag = fields.text(FLAGS).is_some_and(|flags| {
        flags
            .split(|byte| *byte == b',')
            .any(|flag| OWN_FLAGS.contains(&flag.trim_ascii()))
    });
    // Without a chosen host the request never left Envoy. With one, a filter may
    // still have answered, so that a host alone tells nothing.
    let no_host =
        fields.kind(UPSTREAM_HOST) != Kind::Missing && fields.text(UPSTREAM_HOST).is_none();
    if own_detail || own_flag || (details.is_none() && no_host) {
        AnsweredBy::Gateway
    } else {
        AnsweredBy::Unknown
    }
}

/// The network address in `address`, `address:port`, `[v6]:port`, or first in a
/// list; pipes and internal listeners have none.
fn address(text: &[u8]) -> Option<&[u8]> {
    let text = text.split(|byte| *byte == b',').next()?.trim_ascii();
    let parses =
        |text: &[u8]| std::str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok());
    let host = match text.strip_prefix(b"[") {
        Some(rest) => &rest[..memchr::memchr(b']', rest)?],
        None if parses(text) => text,
        None => &text[..memchr::memrchr(b':', text)?],
    };
    parses(host).then_some(host)
}
