//! F18: refused although granted.

use crate::finding::rule::{nist, soc2};
use crate::finding::shared::{ByToken, REPEATED, Tally, needs_status};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::words::{either, plural};
use crate::usage::DayUse;

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
    thresholds: &REPEATED,
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
                let sum = Tally::of(days.iter(), DayUse::denied, DayUse::refused);
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
                let told = tokens.days(&client.id, route, true);
                let lacked: u64 = told.values().map(|own| own.lacked).sum();
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
                let finding = Finding::new(&DOC, settings, client.id.as_str(), label, message);
                findings.push(sum.on(finding, route, true));
            }
        }
        findings
    }
}
