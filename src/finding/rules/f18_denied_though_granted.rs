//! F18: refused although granted.

use crate::finding::rule::{nist, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::Day;

pub(super) struct DeniedThoughGranted;

static DOC: Doc = Doc {
    number: "F18",
    id: "denied-though-granted",
    title: "Requests are refused although granted",
    what: "Requests to operations that a client's scopes open were refused again and again, whoever refused them.",
    why: "The policy file says one thing and the system does another: it is not what is enforced, the scope is not in the token, or the catalogue asks for too little. A removal based on it would be based on fiction.",
    example: "till: 44 requests to POST /v1/refunds were refused on 9 days although `refunds:write` is granted",
    guards: "At least `min_events` refusals on at least `min_days` days. Services also refuse for reasons of business, and expired tokens are refused with 401.",
    action: "Compare token, gateway rule and policy file for one such request.",
    fields: &["client", "operation", "status"],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "min_events",
            unit: Unit::Count,
            default: 5,
            text: "refusals before it is reported",
        },
        Threshold {
            key: "min_days",
            unit: Unit::Count,
            default: 2,
            text: "days with refusals before it is reported",
        },
    ],
    controls: &[nist("AC-3"), soc2("CC6.1")],
};

impl Rule for DeniedThoughGranted {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let status = context.analysis.clients.iter().any(|client| {
            let used = context.used(client);
            used.iter()
                .flat_map(|(_, days)| days)
                .any(|day| day.counts[0] + day.denied() > 0)
        });
        if status {
            return Ok(());
        }
        Err(MissingField::new(
            "status of the answers (no request of a known client has one)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
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
                let refused: Vec<_> = days.iter().filter(|day| day.denied() > 0).collect();
                let events: u64 = refused.iter().map(|day| day.denied()).sum();
                let (Some(first), Some(last)) = (refused.first(), refused.last()) else {
                    continue;
                };
                if events < settings.threshold(&DOC, "min_events")
                    || (refused.len() as u64) < settings.threshold(&DOC, "min_days")
                {
                    continue;
                }
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
                let message = format!(
                    "{events} requests to {label} were refused on {} days although granted: {}",
                    refused.len(),
                    terms.join(", ")
                );
                findings.push(
                    Finding::new(&DOC, settings, client.id.as_str(), label, message)
                        .seen(events, first.first, last.last)
                        .traced(Day(first.day), route, true)
                        .traced(Day(last.day), route, true),
                );
            }
        }
        findings
    }
}
