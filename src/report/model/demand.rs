//! What a client asks for, what its tokens carried, and how much of it the log has shown.

use std::borrow::Cow;
use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::Serialize;

use super::Instant;
use crate::analysis::demand::{self, Refused, Way};
use crate::analysis::{self, ClientAnalysis};
use crate::catalog::matcher::Route;
use crate::model::{Scope, Term};
use crate::report::View;

/// One refused operation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "denied")]
pub struct Denied<'a> {
    /// Method and path template, or `(no operation)`.
    pub operation: Cow<'static, str>,
    /// How many in the window.
    pub requests: u64,
    /// Whether its grants permit the operation: then the refusal has another cause.
    pub granted: bool,
    /// What else is known of the refusals.
    #[serde(flatten)]
    pub refusal: Option<Refusal<'a>>,
}

impl<'a> Denied<'a> {
    pub(in crate::report) fn of(
        view: &View<'_>,
        client: &'a ClientAnalysis,
        (route, requests, granted): &(u32, u64, bool),
    ) -> Self {
        let name = view.routes.get(*route as usize).map(Route::label);
        let mut refused = client.demand.refused.iter();
        Self {
            operation: name.map_or("(no operation)".into(), Cow::Owned),
            requests: *requests,
            granted: *granted,
            refusal: refused
                .find(|refused| refused.route == *route)
                .map(Refusal::of),
        }
    }
}

/// Why an operation was refused, and what would open it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "refusal")]
pub struct Refusal<'a> {
    /// granted: the mapping, the token or the enforcement is at fault. `not_granted`: the client
    /// asks for it. `asks_nothing`: the operation needs no scope. unknown: the catalogue does not
    /// say what it needs, or does not know it.
    #[schemars(extend("enum" = ["granted", "not_granted", "asks_nothing", "unknown"]))]
    pub cause: &'static str,
    /// Refused by the gateway, where the log says so.
    pub by_gateway: u64,
    /// Refused by the service, or the log does not say by whom.
    pub by_service_or_unknown: u64,
    /// Days with a refusal.
    #[schemars(range(min = 1))]
    pub days: u32,
    /// The first one.
    pub first: Instant,
    /// The last one.
    pub last: Instant,
    /// Id of the earliest refused request for which the log has an id.
    pub sample_request_id: Option<&'a str>,
    /// Held terms that permit it; only with the cause granted.
    pub permitted_by: &'a [Term],
    /// Whether the client's tokens carried what permits it, or all of one way; null where no token
    /// with scopes can be compared.
    pub in_token: Option<bool>,
    /// What would open it, what opens least else first. Information, not advice.
    pub ways: Vec<WayToOpen<'a>>,
    /// Further ways that are not listed.
    pub more_ways: usize,
}

impl<'a> Refusal<'a> {
    fn of(refused: &'a Refused) -> Self {
        let seen = &refused.seen;
        Self {
            cause: refused.cause.name(),
            by_gateway: seen.gateway,
            by_service_or_unknown: seen.service,
            days: seen.days,
            first: Instant(seen.first),
            last: Instant(seen.last),
            sample_request_id: seen.sample.as_deref(),
            permitted_by: &refused.terms,
            in_token: refused.in_token,
            ways: refused.ways.iter().map(WayToOpen::of).collect(),
            more_ways: refused.more_ways,
        }
    }
}

/// Scopes that together would open the operation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "way")]
pub struct WayToOpen<'a> {
    /// Scopes that the client lacks.
    #[schemars(length(min = 1))]
    pub scopes: &'a [Scope],
    /// Operations that they would open, this one included.
    #[schemars(range(min = 1))]
    pub opens: usize,
    /// Those of them that are not GET, HEAD or OPTIONS.
    pub opens_writes: usize,
    /// Exposure that they would add.
    #[schemars(range(min = 0, max = 1))]
    pub adds_exposure: f64,
    /// Those of the scopes that some token of the client carried.
    pub in_token: &'a [Scope],
}

impl<'a> WayToOpen<'a> {
    fn of(way: &'a Way) -> Self {
        Self {
            scopes: &way.scopes,
            opens: way.operations,
            opens_writes: way.writes,
            adds_exposure: way.exposure,
            in_token: &way.carried,
        }
    }
}

/// The scopes of a client's tokens.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "tokens")]
pub struct Tokens<'a> {
    /// Requests whose token carried a list of scopes.
    pub requests: u64,
    /// Days with such requests.
    pub days: usize,
    /// Each scope of the tokens.
    pub scopes: Vec<IssuedScope<'a>>,
    /// Granted terms that no token carried on 30 days or more since the grant; null when it cannot
    /// be told.
    pub never_issued: Option<&'a [Term]>,
    /// Why it cannot be told.
    #[schemars(extend("enum" = ["no_token_scopes", "too_few_days", "other_names", "list_too_long", "too_many_scopes", null]))]
    pub not_evaluable: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    pub(in crate::report) fn of(tokens: &'a demand::Tokens) -> Self {
        let scopes = tokens.scopes.iter().map(|issued| IssuedScope {
            scope: &issued.scope,
            standing: issued.standing.name(),
            requests: issued.requests,
            first: Instant(issued.first),
            last: Instant(issued.last),
        });
        Self {
            requests: tokens.requests,
            days: tokens.days.len(),
            scopes: scopes.collect(),
            never_issued: tokens.never_issued.as_deref().ok(),
            not_evaluable: tokens.never_issued.as_ref().err().map(|why| why.name()),
        }
    }
}

/// One scope of the tokens.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "issued_scope")]
pub struct IssuedScope<'a> {
    /// As the token spells it.
    pub scope: &'a str,
    /// granted: a held term covers it. protocol: a scope such as openid. `not_granted`: nothing
    /// held covers it. unknown: the tokens use other names than the policy.
    #[schemars(extend("enum" = ["granted", "protocol", "not_granted", "unknown"]))]
    pub standing: &'static str,
    /// Requests with it.
    #[schemars(with = "NonZeroU64")]
    pub requests: u64,
    /// The first of them.
    pub first: Instant,
    /// The last of them.
    pub last: Instant,
}

/// Operations seen in all data, and an estimate of those not yet seen.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "completeness")]
pub struct Completeness {
    /// Operations needed at any time.
    pub operations: usize,
    /// Those of them seen on one day only.
    pub on_one_day: usize,
    /// Those of them seen on two days.
    pub on_two_days: usize,
    /// Days on which anything was needed.
    pub days: usize,
    /// Estimate of operations not yet seen; null without a use.
    #[schemars(range(min = 0))]
    pub unseen: Option<f64>,
}

impl Completeness {
    pub(super) fn of(seen: &analysis::Completeness) -> Self {
        Self {
            operations: seen.operations,
            on_one_day: seen.once,
            on_two_days: seen.twice,
            days: seen.days,
            unseen: seen
                .unseen()
                .map(|share| crate::model::words::rounded_up(share, 3)),
        }
    }
}
