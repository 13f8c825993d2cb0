//! What a client asks for, what its tokens carried, and how much of it the log has shown.

use serde::Serialize;

use super::instant;
use crate::analysis::demand::{Refused, Tokens, Way};
use crate::analysis::{ClientAnalysis, Completeness};
use crate::catalog::matcher::Route;
use crate::model::{Scope, Term};
use crate::report::View;

/// One refused operation.
#[derive(Serialize)]
pub(in crate::report) struct DeniedJson<'a> {
    operation: String,
    requests: u64,
    granted: bool,
    #[serde(flatten)]
    more: Option<MoreJson<'a>>,
}

#[derive(Serialize)]
struct MoreJson<'a> {
    cause: &'static str,
    by_gateway: u64,
    by_service_or_unknown: u64,
    days: u32,
    first: String,
    last: String,
    sample_request_id: Option<&'a str>,
    permitted_by: &'a [Term],
    in_token: Option<bool>,
    ways: Vec<WayJson<'a>>,
    more_ways: usize,
}

#[derive(Serialize)]
struct WayJson<'a> {
    scopes: &'a [Scope],
    opens: usize,
    opens_writes: usize,
    adds_exposure: f64,
    in_token: &'a [Scope],
}

impl<'a> DeniedJson<'a> {
    pub(in crate::report) fn of(
        view: &View<'_>,
        client: &'a ClientAnalysis,
        (route, requests, granted): &(u32, u64, bool),
    ) -> Self {
        let own = |own: &&Refused| own.route == *route;
        Self {
            operation: view
                .routes
                .get(*route as usize)
                .map_or_else(|| "(no operation)".to_owned(), Route::label),
            requests: *requests,
            granted: *granted,
            more: client.demand.refused.iter().find(own).map(more),
        }
    }
}

fn more(own: &Refused) -> MoreJson<'_> {
    MoreJson {
        cause: own.cause.name(),
        by_gateway: own.seen.gateway,
        by_service_or_unknown: own.seen.service,
        days: own.seen.days,
        first: instant(own.seen.first),
        last: instant(own.seen.last),
        sample_request_id: own.seen.sample.as_deref(),
        permitted_by: &own.terms,
        in_token: own.in_token,
        ways: own.ways.iter().map(way).collect(),
        more_ways: own.more_ways,
    }
}

fn way(own: &Way) -> WayJson<'_> {
    WayJson {
        scopes: &own.scopes,
        opens: own.operations,
        opens_writes: own.writes,
        adds_exposure: own.exposure,
        in_token: &own.carried,
    }
}

/// The scopes of a client's tokens.
#[derive(Serialize)]
pub(in crate::report) struct TokensJson<'a> {
    requests: u64,
    days: usize,
    scopes: Vec<IssuedJson<'a>>,
    never_issued: Option<&'a [Term]>,
    not_evaluable: Option<&'static str>,
}

#[derive(Serialize)]
struct IssuedJson<'a> {
    scope: &'a str,
    standing: &'static str,
    requests: u64,
    first: String,
    last: String,
}

impl<'a> TokensJson<'a> {
    pub(in crate::report) fn of(tokens: &'a Tokens) -> Self {
        let scopes = tokens.scopes.iter().map(|own| IssuedJson {
            scope: &own.scope,
            standing: own.standing.name(),
            requests: own.requests,
            first: instant(own.first),
            last: instant(own.last),
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

/// Operations seen in all data, and an estimate of those not yet seen.
#[derive(Serialize)]
pub(in crate::report) struct CompletenessJson {
    operations: usize,
    on_one_day: usize,
    on_two_days: usize,
    days: usize,
    unseen: Option<f64>,
}

impl CompletenessJson {
    pub(in crate::report) fn of(seen: &Completeness) -> Self {
        let up = |value: f64| ((value * 1e3 - 1e-6).ceil().max(0.0) + 0.0) / 1e3;
        Self {
            operations: seen.operations,
            on_one_day: seen.once,
            on_two_days: seen.twice,
            days: seen.days,
            unseen: seen.unseen().map(up),
        }
    }
}
