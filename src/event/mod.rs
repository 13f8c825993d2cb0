//! A raw record becomes an event: path, client, outcome.
//!
//! In: what a log format read from a line. Out: who called what, and what the
//! answer proves.
//!
//! Invariants:
//! * nothing here depends on which gateway wrote the line;
//! * no credential and no query value leaves this module unmasked.
//!
//! Which operation a path belongs to is up to the catalogue.

pub(crate) mod base_path;
pub(crate) mod damaged_line;
pub(crate) mod hash;
pub(crate) mod identity;
pub(crate) mod mask;
pub(crate) mod path;
mod path_scan;
pub(crate) mod readings;
pub(crate) mod redact;
pub(crate) mod secret;

use serde::Serialize;

use crate::format::{Decision, RawRecord};
use crate::model::{AnsweredBy, Method, Outcome, OutcomeTable, Refusal};

/// Why a request says nothing about permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// CORS preflight: a browser asks without credentials (Fetch standard, section 3.2).
    Preflight,
    /// A health or readiness check.
    Health,
    /// A client asks which permissions it has; that exercises none of them.
    Probe,
    /// No request target: a proxy or protocol probe, or garbage.
    Garbage,
    /// The configuration states that it is noise.
    Noise,
    /// The same request was delivered before.
    Repeated,
}

impl Ignored {
    /// Every reason, in order.
    pub const ALL: [Self; 6] = [
        Self::Preflight,
        Self::Health,
        Self::Probe,
        Self::Garbage,
        Self::Noise,
        Self::Repeated,
    ];

    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Health => "health",
            Self::Probe => "probe",
            Self::Garbage => "garbage",
            Self::Noise => "noise",
            Self::Repeated => "repeated",
        }
    }
}

/// The rules that turn records into events.
#[derive(Clone, Debug, Default)]
pub struct EventRules {
    /// Status codes to outcomes.
    pub outcomes: OutcomeTable,
    /// How paths are normalised.
    pub paths: path::PathRules,
    /// Further paths that are health checks, in addition to the usual ones.
    pub health: Vec<String>,
    /// Secrets in paths that leave the program.
    pub mask: mask::Mask,
    /// The zone of times that are written without one, in minutes east of UTC, where it is stated.
    pub zone: Option<i32>,
}

/// Last segments that load balancers and orchestrators ask for.
const HEALTH: [&[u8]; 12] = [
    b"healthz",
    b"livez",
    b"readyz",
    b"health",
    b"healthcheck",
    b"health-check",
    b"ping",
    b"liveness",
    b"readiness",
    b"_health",
    b"_status",
    b"status",
];

impl EventRules {
    /// What the answer proves, before the catalogue is asked.
    ///
    /// Without an authenticated client nothing is proved for anybody; a refusal
    /// keeps who refused.
    #[inline]
    pub fn outcome(&self, raw: &RawRecord<'_>) -> Outcome {
        let outcome = self.judged(raw);
        if outcome.is_denied() {
            refused(raw, outcome)
        } else {
            outcome
        }
    }

    /// The same, except for why a request was refused.
    fn judged(&self, raw: &RawRecord<'_>) -> Outcome {
        let outcome = match raw.decision {
            Decision::Unsaid => self.outcomes.judge(raw.status, raw.answered_by),
            // Whatever the status: what was refused is no use.
            Decision::Denied => self.outcomes.judge(Some(403), AnsweredBy::Gateway),
            // What comes after the decision refuses for its own reasons.
            Decision::Allowed => self.outcomes.judge(raw.status, AnsweredBy::Upstream),
        };
        if !outcome.is_denied() && (raw.client.is_none() || raw.anonymous) {
            Outcome::Unauthenticated
        } else {
            outcome
        }
    }

    /// What a request that matches no operation counts as: a path among the unmatched
    /// ones, or nothing.
    ///
    /// A target that is not a path (`v1/orders`, or one that climbs above its root) is garbage,
    /// unless an authenticated client was let through with it: then it used something.
    pub fn unmatched<'a>(
        &self,
        raw: &RawRecord<'a>,
        method: Method,
        path: Option<&'a [u8]>,
    ) -> Result<&'a [u8], Ignored> {
        let Some(ignored) = self.ignored(method, path) else {
            return Ok(path.unwrap_or_default());
        };
        let aside = matches!(method, Method::Options | Method::Connect | Method::Trace)
            || matches!(raw.target, b"*" | b"-");
        if path.is_some() || aside || !self.judged(raw).is_need() {
            return Err(ignored);
        }
        let end = raw.target.iter().position(|byte| b"?#".contains(byte));
        Ok(&raw.target[..end.unwrap_or(raw.target.len())])
    }

    /// Why a request that matches no operation is not worth a mention, if so.
    ///
    /// Only asked for requests outside the catalogue: a health operation that
    /// the catalogue lists is an operation like any other.
    pub fn ignored(&self, method: Method, path: Option<&[u8]>) -> Option<Ignored> {
        let Some(path) = path else {
            return Some(Ignored::Garbage);
        };
        if method == Method::Options {
            return Some(Ignored::Preflight);
        }
        if matches!(method, Method::Connect | Method::Trace) {
            return Some(Ignored::Garbage);
        }
        let trimmed = path.strip_suffix(b"/").unwrap_or(path);
        let last = trimmed
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default();
        // Only short paths: `/v1/jobs/42/status` is somebody's operation.
        let short = memchr::memchr_iter(b'/', trimmed).count() <= 2;
        let usual = short && HEALTH.contains(&last) && matches!(method, Method::Get | Method::Head);
        if usual || self.health.iter().any(|known| path == known.as_bytes()) {
            return Some(Ignored::Health);
        }
        let probe = [
            &b":testIamPermissions"[..],
            b"/selfsubjectaccessreviews",
            b"/selfsubjectrulesreviews",
        ];
        probe
            .iter()
            .any(|suffix| trimmed.ends_with(suffix))
            .then_some(Ignored::Probe)
    }
}

/// Seconds by which the clocks of issuer and gateway may differ.
const SKEW: i64 = 300;

/// Why a request was refused: what the line says, else an end of the token before the
/// request, else what its status is for.
#[cold]
fn refused(raw: &RawRecord<'_>, judged: Outcome) -> Outcome {
    let over = || {
        let end = raw.claims.token.expires;
        end.is_some_and(|end| raw.time.div_euclid(1_000) > end.saturating_add(SKEW))
    };
    match raw.claims.refusal {
        Refusal::Unsaid if judged.is_forbidden() && over() => Outcome::DeniedAuthentication,
        Refusal::Unsaid => judged,
        said => OutcomeTable::because(said, raw.answered_by),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preflight_health_and_probe_requests_are_not_a_use() {
        let rules = EventRules {
            health: vec!["/lb".to_owned()],
            ..EventRules::default()
        };
        let why = |method, path: &str| rules.ignored(method, Some(path.as_bytes()));
        assert_eq!(why(Method::Options, "/v1/orders"), Some(Ignored::Preflight));
        assert_eq!(why(Method::Get, "/healthz"), Some(Ignored::Health));
        assert_eq!(why(Method::Head, "/api/health/"), Some(Ignored::Health));
        assert_eq!(why(Method::Get, "/lb"), Some(Ignored::Health));
        assert_eq!(
            why(Method::Post, "/v1/projects/p:testIamPermissions"),
            Some(Ignored::Probe)
        );
        assert_eq!(why(Method::Get, "/v1/jobs/42/status"), None);
        assert_eq!(why(Method::Delete, "/v1/status"), None);
        assert_eq!(rules.ignored(Method::Get, None), Some(Ignored::Garbage));
    }

    #[test]
    fn a_client_that_was_let_through_used_something_even_if_its_target_is_not_a_path() {
        let rules = EventRules::default();
        let of = |target: &'static str, client: Option<&'static [u8]>, status| {
            let raw = RawRecord {
                target: target.as_bytes(),
                client,
                status: Some(status),
                ..RawRecord::default()
            };
            rules.unmatched(&raw, Method::Get, None)
        };
        let erp = Some(&b"erp"[..]);
        assert_eq!(of("v1/orders?key=x", erp, 200), Ok(&b"v1/orders"[..]));
        assert_eq!(of("/../v1", erp, 429), Ok(&b"/../v1"[..]));
        for nothing in [
            of("v1/orders", erp, 403),
            of("v1/orders", None, 200),
            of("*", erp, 200),
        ] {
            assert_eq!(nothing, Err(Ignored::Garbage));
        }
    }

    #[test]
    fn without_a_client_nothing_is_proved_and_a_refusal_keeps_who_refused() {
        let rules = EventRules::default();
        let raw = RawRecord {
            status: Some(200),
            ..RawRecord::default()
        };
        assert_eq!(rules.outcome(&raw), Outcome::Unauthenticated);
        let named = RawRecord {
            client: Some(b"erp"),
            ..raw
        };
        assert_eq!(rules.outcome(&named), Outcome::Used);
        assert_eq!(
            rules.outcome(&RawRecord {
                anonymous: true,
                ..named
            }),
            Outcome::Unauthenticated
        );
        let refused = RawRecord {
            status: Some(403),
            answered_by: AnsweredBy::Gateway,
            ..raw
        };
        assert_eq!(rules.outcome(&refused), Outcome::DeniedGateway);
    }

    #[test]
    fn a_refusal_is_about_authentication_where_the_line_proves_it_and_about_rights_else() {
        let outcome = |format: &str, line: &str| {
            let format = crate::format::by_name(format).unwrap();
            let mut scratch = crate::format::Scratch::default();
            let reader = format.open(b"");
            let raw = reader.parse(line.as_bytes(), &mut scratch).unwrap();
            EventRules::default().outcome(&raw)
        };
        let native = |rest: &str| {
            let line = format!(
                r#"{{"time":"2026-07-01T12:00:00Z","client_id":"c","method":"GET","path":"/a",{rest}}}"#
            );
            outcome("native", &line)
        };
        let end = |offset: i64| 1_782_907_200 + offset;
        assert_eq!(native(r#""status":401"#), Outcome::DeniedAuthentication);
        assert_eq!(native(r#""status":403"#), Outcome::DeniedUnknown);
        let expired = format!(r#""status":403,"exp":{}"#, end(-301));
        assert_eq!(native(&expired), Outcome::DeniedAuthentication);
        let valid = format!(
            r#""status":403,"answered_by":"upstream","exp":{}"#,
            end(-299)
        );
        assert_eq!(native(&valid), Outcome::DeniedService);
        let aws = |kind: &str, status: u16| {
            let line = format!(
                r#"{{"requestId":"1","requestTimeEpoch":"1782907200000","httpMethod":"GET","resourcePath":"/a","path":"/a","status":"{status}","errType":"{kind}","clientId":"c"}}"#
            );
            outcome("aws-apigw", &line)
        };
        for kind in [
            "UNAUTHORIZED",
            "EXPIRED_TOKEN",
            "INVALID_API_KEY",
            "INVALID_SIGNATURE",
        ] {
            assert_eq!(aws(kind, 403), Outcome::DeniedAuthentication, "{kind}");
        }
        assert_eq!(aws("ACCESS_DENIED", 401), Outcome::DeniedGateway);
        let envoy = |details: &str, status: u16| {
            let line = format!(
                r#"{{"start_time":"2026-07-01T12:00:00.000Z","method":"GET","path":"/a","response_code":{status},"response_flags":"UAEX","response_code_details":"{details}","upstream_host":"-","consumer":"c"}}"#
            );
            outcome("envoy", &line)
        };
        let expired = "jwt_authn_access_denied{Jwt_is_expired}";
        assert_eq!(envoy(expired, 403), Outcome::DeniedAuthentication);
        let rbac = "rbac_access_denied_matched_policy[none]";
        assert_eq!(envoy(rbac, 401), Outcome::DeniedGateway);
        assert_eq!(
            envoy("ext_authz_denied", 401),
            Outcome::DeniedAuthentication
        );
        assert_eq!(envoy("ext_authz_denied", 403), Outcome::DeniedGateway);
    }

    #[test]
    fn what_a_log_says_was_decided_counts_more_than_the_status() {
        let outcome = |decision, status| {
            EventRules::default().outcome(&RawRecord {
                decision,
                status,
                client: Some(b"shop"),
                ..RawRecord::default()
            })
        };
        assert_eq!(outcome(Decision::Denied, Some(200)), Outcome::DeniedGateway);
        assert_eq!(
            outcome(Decision::Allowed, Some(403)),
            Outcome::DeniedService
        );
        assert_eq!(outcome(Decision::Allowed, Some(200)), Outcome::Used);
        let begun = outcome(Decision::Allowed, None);
        assert!(begun.is_need() && begun != Outcome::Used, "{begun:?}");
    }
}
