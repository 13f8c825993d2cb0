//! F18: refused although granted.

use crate::finding::by_token::ByToken;
use crate::finding::context::count;
use crate::finding::rule::{nist, soc2};
use crate::finding::shared::{REPEATED, SHARE, Tally, needs_status};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold,
};
use crate::model::Outcome;
use crate::model::words::{either, percent_of, plural};
use crate::usage::DayUse;

pub(super) struct DeniedThoughGranted;

const THRESHOLDS: [Threshold; 3] = [REPEATED[0], REPEATED[1], SHARE];

static DOC: Doc = Doc {
    number: "F18",
    id: "denied-though-granted",
    title: "Requests are refused although granted",
    what: "Requests to operations that a client's scopes open were refused again and again, no matter by which layer.",
    why: "The policy file says one thing and the system does another: it is not what is enforced, the scope is not in the token, or the catalogue asks for too little. A removal based on it would be based on fiction.",
    example: "till: 44 requests to POST /v1/refunds were refused on 9 days although `refunds:write` is granted",
    guards: "At least `min_events` refusals on at least `min_days` days. Only refusals for lack of a right count: a 401, a token after its end and what the gateway calls a failed authentication say nothing about scopes. Services also refuse for reasons of business: where the gateway did not refuse again and again, and less than `min_share` of the requests were refused, the finding is a note.",
    action: "Compare token, gateway rule and policy file for one such request.",
    fields: &["client", "operation", "status"],
    severity: Severity::Medium,
    thresholds: &THRESHOLDS,
    controls: &[nist("AC-3"), soc2("CC6.1")],
};

impl Rule for DeniedThoughGranted {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_status(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let tokens = ByToken::new(context);
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            for (route, days) in context.used(client) {
                let operations = context.operations(route);
                let restricted = operations
                    .iter()
                    .any(|op| context.universe.is_restricted(*op));
                if !restricted || !context.permits(client, route) {
                    continue;
                }
                let sum = Tally::of(days.iter(), DayUse::forbidden, DayUse::refused);
                let Some(sum) = sum.filter(|sum| sum.is_repeated(&DOC, settings)) else {
                    continue;
                };
                let label = context.label(route);
                let terms: Vec<&str> = client
                    .granted
                    .iter()
                    .filter(|term| {
                        operations
                            .iter()
                            .any(|op| context.universe.serves(term, &client.granted, *op))
                    })
                    .map(crate::model::Term::as_str)
                    .collect();
                let told = tokens.days(client.id.as_str(), route, true);
                let lacked: u64 = told.values().map(|told| told.lacked).sum();
                let tokens = match lacked {
                    0 => String::new(),
                    some => format!("; the tokens of {some} of them did not carry the scope"),
                };
                let message = format!(
                    "{} to {label} {} refused on {} although granted: {}{tokens}",
                    plural(sum.events, "request"),
                    either(sum.events, "was", "were"),
                    plural(sum.days, "day"),
                    terms.join(", ")
                );
                let gateway = |day: &DayUse| count(day, Outcome::DeniedGateway);
                let gateway = Tally::of(days.iter(), gateway, DayUse::refused)
                    .is_some_and(|sum| sum.is_repeated(&DOC, settings));
                let total = days.iter().map(|day| day.need() + day.forbidden()).sum();
                let few = percent_of(sum.events, total) < settings.threshold(&DOC, "min_share");
                let severity = if few && !gateway {
                    Severity::Note
                } else {
                    DOC.severity
                };
                let finding = Finding::new(&DOC, settings, client.id.as_str(), label, message);
                let finding = finding.graded(settings, severity);
                findings.push(sum.on(finding, route, true));
            }
        }
        findings
    }
}
