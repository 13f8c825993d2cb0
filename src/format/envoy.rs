//! Envoy access logs as JSON: Istio's keys, Contour's, Envoy Gateway's (which keep the form
//! of the headers), and what operators add to either. The text formats are in `envoy_text.rs`.
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
use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::json;
use super::{Claims, LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, asks, narrow};
use crate::model::{AnsweredBy, Refusal};

#[path = "envoy_caller.rs"]
mod caller;
#[path = "envoy_token.rs"]
mod claims;
#[cfg(test)]
#[path = "envoy_tests.rs"]
mod tests;
#[path = "envoy_text.rs"]
mod text;

pub(super) struct Envoy;

const FLAGS: Meaning = Meaning::Own(0);
const DETAILS: Meaning = Meaning::Own(1);
const GRPC: Meaning = Meaning::Own(2);
const UPSTREAM_HOST: Meaning = Meaning::Own(3);
const FORWARDED: Meaning = Meaning::Own(4);
/// The claim `azp`, which says that a token was there.
const PARTY: Meaning = Meaning::Own(5);
/// The SPIFFE id, then the subject.
const CERTIFICATE: Meaning = Meaning::Own(6);
/// The claims as a whole: an object, or its JSON text.
const PAYLOAD: Meaning = Meaning::Own(7);

static FIELDS: LazyLock<Declared> = LazyLock::new(|| {
    Declared::new(&[
        (Meaning::Time, &["/start_time", "/@timestamp"]),
        (Meaning::Method, &["/method", "/:method"]),
        (
            Meaning::Target,
            &[
                "/x-envoy-original-path",
                "/x_envoy_original_path",
                "/x-envoy-origin-path",
                "/x_envoy_origin_path",
                "/path",
                "/:path",
            ],
        ),
        (Meaning::Status, &["/response_code"]),
        (FLAGS, &["/response_flags"]),
        (DETAILS, &["/response_code_details"]),
        (GRPC, &["/grpc_status", "/grpc-status"]),
        (UPSTREAM_HOST, &["/upstream_host"]),
        (Meaning::Host, &["/authority", "/:authority"]),
        (Meaning::RequestId, &["/request_id", "/x-request-id"]),
        (Meaning::UserAgent, &["/user_agent", "/user-agent"]),
        (Meaning::ClientIp, &["/downstream_remote_address"]),
        (FORWARDED, &["/x_forwarded_for", "/x-forwarded-for"]),
        (PARTY, &["/azp", "/jwt_azp"]),
        (
            Meaning::Client,
            &[
                "/azp",
                "/client_id",
                "/clientId",
                "/consumer",
                "/jwt_azp",
                "/jwt_client_id",
                "/x-jwt-azp",
                "/x_jwt_azp",
                "/x-client-id",
                "/x_client_id",
            ],
        ),
        (
            CERTIFICATE,
            &["/downstream_peer_uri_san", "/downstream_peer_subject"],
        ),
        (
            Meaning::Scopes,
            &[
                "/scope",
                "/scp",
                "/jwt_scope",
                "/x-jwt-scope",
                "/x_jwt_scope",
            ],
        ),
        (Meaning::TokenId, &["/jti", "/jwt_jti"]),
        (Meaning::Subject, &["/sub", "/jwt_sub", "/x-jwt-sub"]),
        (PAYLOAD, &["/jwt", "/jwt_payload"]),
        (Meaning::Issued, &["/iat", "/jwt_iat"]),
        (Meaning::Expires, &["/exp", "/jwt_exp"]),
        (Meaning::Serial, &["/downstream_peer_serial"]),
        (Meaning::KeyShown, &["/x-api-key", "/x_api_key"]),
    ])
});

impl LogFormat for Envoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn title(&self) -> &'static str {
        "Envoy, Istio, Envoy Gateway and Contour access logs (JSON lines, and the default text)"
    }

    fn identity_help(&self) -> &'static str {
        "Envoy's text never names the caller, and JSON only when the access log's json_format does. With payload_in_metadata: jwt set on \
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

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "the text forms, claims that are logged as a whole, the address before its port, and who answered (flags and details of the response)",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let Some(object) = &line.json else {
            return if text::is_text(line.text) { 3 } else { 0 };
        };
        let all = [
            "start_time",
            "@timestamp",
            "response_flags",
            "response_code",
        ];
        let found = all.iter().filter(|key| object.contains_key(**key)).count();
        let authority = object.keys().any(|key| key.starts_with(":authority"));
        let timed = object.contains_key("start_time") && found > 1
            // Contour.
            || object.contains_key("@timestamp") && found > 2;
        if authority || timed {
            narrow(found) + u32::from(authority)
        } else {
            0
        }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Self)
    }
}

impl RecordReader for Envoy {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        if line.first() != Some(&b'{') {
            return text::read(line, scratch);
        }
        let all = scratch.claims;
        let Scratch {
            json: buffer,
            clock,
            text,
            ..
        } = scratch;
        text.clear();
        let declared = &*FIELDS;
        let fields = json::read(line, &declared.plan, buffer)?;
        let first = |meaning| declared.text(&fields, meaning);

        let Some(target) = first(Meaning::Target) else {
            // A connection that ended before its request, or a TCP stream.
            return Err(if declared.has(&fields, Meaning::Target) {
                Skip::OtherRecord
            } else {
                Skip::MissingField
            });
        };
        let method = first(Meaning::Method).ok_or(Skip::MissingField)?;
        let time = clock
            .any(first(Meaning::Time).ok_or(Skip::MissingField)?)
            .ok_or(Skip::BadTime)?;
        let code = declared.status(&fields, Meaning::Status);
        let (status, by_grpc) = status(code, first(GRPC));
        let decided = Decided {
            details: first(DETAILS),
            flags: first(FLAGS),
            no_host: declared.has(&fields, UPSTREAM_HOST) && first(UPSTREAM_HOST).is_none(),
        };
        let answered_by = match answered_by(&decided) {
            AnsweredBy::Unknown if by_grpc => AnsweredBy::Upstream,
            known => known,
        };
        let caller = caller::read(&fields, text);
        let claims = if asks(all, status) {
            Claims {
                token: claims::read(&fields, caller.claimed),
                refusal: refusal(decided.details),
            }
        } else {
            Claims::default()
        };
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
            request_id: first(Meaning::RequestId),
            host: first(Meaning::Host),
            subject: caller.subject.of(text),
            credential: caller.credential.of(text),
            token_scopes: caller.scopes.of(text),
            client_ip: first(Meaning::ClientIp)
                .and_then(address)
                .or_else(|| address(first(FORWARDED)?)),
            user_agent: first(Meaning::UserAgent),
            claims,
            ..RawRecord::default()
        })
    }
}

/// Sources: Envoy's response code details; the filters JWT authentication, RBAC, API
/// key authentication and basic authentication.
fn refusal(details: Option<&[u8]>) -> Refusal {
    let is =
        |of: &[&[u8]]| details.is_some_and(|details| of.iter().any(|it| details.starts_with(it)));
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

/// What a line says about who answered.
pub(super) struct Decided<'a> {
    pub(super) details: Option<&'a [u8]>,
    pub(super) flags: Option<&'a [u8]>,
    /// It says that no host was chosen.
    pub(super) no_host: bool,
}

/// Who wrote the answer.
pub(super) fn answered_by(decided: &Decided<'_>) -> AnsweredBy {
    let Decided {
        details,
        flags,
        no_host,
    } = decided;
    if details.is_some_and(|details| details.starts_with(b"via_upstream")) {
        return AnsweredBy::Upstream;
    }
    let own_detail =
        details.is_some_and(|details| OWN_DETAILS.iter().any(|prefix| details.starts_with(prefix)));
    let own_flag = flags.is_some_and(|flags| {
        flags
            .split(|byte| *byte == b',')
            .any(|flag| OWN_FLAGS.contains(&flag.trim_ascii()))
    });
    // Without a chosen host the request never left Envoy. With one, a filter may
    // still have answered, so that a host alone shows nothing.
    if own_detail || own_flag || (details.is_none() && *no_host) {
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
