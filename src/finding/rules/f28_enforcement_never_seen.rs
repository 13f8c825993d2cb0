//! F28: protected operations on which nobody was ever refused.

use std::collections::BTreeSet;

use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::served::served;
use crate::finding::shared::{named, needs_requirements};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::{either, plural};
use crate::usage::DayUse;

pub(super) struct EnforcementNeverSeen;

static DOC: Doc = Doc {
    number: "F28",
    id: "enforcement-never-seen",
    title: "Protected operations on which nobody was ever refused",
    what: "Operations that ask for a scope served requests, and the whole log holds no refusal of anybody on them.",
    why: "A check that never said no may be one that is not there. The log cannot tell whether the scopes are enforced or whether all callers held them.",
    example: "12 of 40 protected operations that were used have never refused anybody (52310 requests, 100 days of log): GET /v1/orders, POST /v1/orders, GET /v1/quotes and 9 more; `scopetrim boundary-tests` writes requests that must be refused",
    guards: "A note: it says what is not known. Only with enough log: `min_requests` requests and `min_days` days with records. Any refusal for lack of rights counts, no matter by which layer, at any time of the log, also before the window; an answer to an expired or missing token (401) does not count.",
    action: "Send a request with a token that lacks the scope. `scopetrim boundary-tests` writes such requests for the rights that are taken away.",
    fields: &[
        "status of the answers",
        "scopes required by the operations",
        "30 days and 1,000 requests of log",
    ],
    severity: Severity::Note,
    thresholds: &[
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 1_000,
            text: "requests to operations that the log must hold",
        },
        Threshold {
            key: "min_days",
            unit: Unit::Days,
            default: 30,
            text: "days with records that the log must hold",
        },
    ],
    controls: &[nist("AC-3"), owasp("API5"), soc2("CC6.1")],
};

impl Rule for EnforcementNeverSeen {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        needs_requirements(context)?;
        let days = context.covered_days();
        let least = settings.threshold(&DOC, "min_days");
        if u64::from(days) < least {
            return Err(MissingField::new(format!(
                "{least} days of log ({days} covered)"
            )));
        }
        let requests: u64 = days_of(context)
            .map(|(_, day)| day.counts.iter().sum::<u64>())
            .sum();
        let least = settings.threshold(&DOC, "min_requests");
        if requests < least {
            return Err(MissingField::new(format!(
                "{} to operations ({requests} in the log)",
                plural(least, "request")
            )));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        /// Lines of the description that are given.
        const PLACES: usize = 5;
        let served = served(context, |index| context.universe.is_restricted(index));
        let refusing: BTreeSet<usize> = days_of(context)
            .filter(|(_, day)| day.forbidden() > 0)
            .flat_map(|(route, _)| context.operations(route))
            .copied()
            .collect();
        let never: Vec<_> = served
            .iter()
            .filter(|entry| !refusing.contains(entry.0))
            .collect();
        let Some(((_, first), rest)) = never.split_first() else {
            return Vec::new();
        };
        let sum = rest
            .iter()
            .fold(first.tally, |sum, (_, served)| match (sum, served.tally) {
                (Some(sum), Some(tally)) => Some(sum.and(&tally)),
                (sum, tally) => sum.or(tally),
            });
        let Some(sum) = sum else {
            return Vec::new();
        };
        let operations = &context.catalog.operations;
        let labels = never.iter().map(|(index, _)| operations[**index].label());
        let labels: Vec<String> = labels.collect();
        let message = format!(
            "{} of {} that {} used {} never refused anybody ({}, {} of log): {}; `scopetrim boundary-tests` writes requests that must be refused",
            never.len(),
            plural(served.len(), "protected operation"),
            either(served.len(), "was", "were"),
            either(never.len(), "has", "have"),
            plural(sum.events, "request"),
            plural(context.covered_days(), "day"),
            named(&labels)
        );
        let places = never
            .iter()
            .filter_map(|(index, _)| operations[**index].place.clone());
        let finding = Finding::new(&DOC, settings, "", "operations", message)
            .extent(never.len())
            .seen(sum.events, sum.first, sum.last)
            .at(places.take(PLACES));
        vec![finding]
    }
}

/// Every day of every caller and route, of the whole log.
fn days_of(context: &Context<'_>) -> impl Iterator<Item = (u32, DayUse)> {
    let all = context.usage.values().chain(context.others.values());
    let routes = all
        .chain([context.nobody])
        .flat_map(|client_use| &client_use.routes);
    routes
        .filter(|route_use| !context.operations(route_use.route).is_empty())
        .flat_map(|route_use| route_use.days.iter().map(|day| (route_use.route, day)))
}
