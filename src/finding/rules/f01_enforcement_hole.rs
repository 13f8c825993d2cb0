//! F1: requests that passed although nothing the client holds permits them.

use std::collections::BTreeMap;

use crate::finding::context::count;
use crate::finding::rule::{nist, owasp, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::{Day, Outcome};

pub(super) struct EnforcementHole;

static DOC: Doc = Doc {
    number: "F1",
    id: "enforcement-hole",
    title: "Requests passed that no grant permits",
    what: "A client got an answer from an operation that none of the scopes it holds opens.",
    why: "Either nobody checks the scope there, or the mapping of operations to scopes is wrong. The first is an open door; the second makes every other answer about this client doubtful.",
    example: "partner-export: 214 requests to DELETE /v1/exports/{id} passed although no grant permits them",
    guards: "Only answers that prove that authorisation passed are counted; operations that are public or state no requirement are left out. When more than `map_share` of at least five clients that use an operation pass without a grant, one finding says that the requirement map is probably wrong, in place of one for each client. Grants are taken as they are in the policy files today: a grant that was removed meanwhile shows up here.",
    action: "Send one such request with a token that lacks the scope. If it passes, enforce the scope at the gateway or in the service; if it is refused, correct the catalogue or the aliases.",
    fields: &[
        "client",
        "operation",
        "status",
        "scopes required by the operation",
    ],
    severity: Severity::Critical,
    thresholds: &[
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 1,
            text: "requests before it is reported",
        },
        Threshold {
            key: "map_share",
            unit: Unit::Percent,
            default: 20,
            text: "share of an operation's clients above which the map is doubted",
        },
    ],
    controls: &[
        nist("AC-3"),
        nist("AC-6"),
        soc2("CC6.1"),
        owasp("API5"),
        owasp("API1"),
    ],
};

impl Rule for EnforcementHole {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let restricted = (0..context.catalog.operations.len())
            .any(|operation| context.universe.is_restricted(operation));
        if !restricted {
            return Err(MissingField::new(
                "scopes required by the operations (no operation of the API description asks for any)",
            ));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        // By route: how many clients use it, and those without a grant.
        let mut clients: BTreeMap<u32, usize> = BTreeMap::new();
        let mut holes: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
        for client in &context.analysis.clients {
            for (route, days) in context.used(client) {
                let passed: Vec<_> = days
                    .iter()
                    .filter(|day| count(day, Outcome::Used) > 0)
                    .collect();
                let (Some(first), Some(last)) = (passed.first(), passed.last()) else {
                    continue;
                };
                if context.operations(route).is_empty() {
                    continue;
                }
                *clients.entry(route).or_default() += 1;
                let requests: u64 = passed.iter().map(|day| count(day, Outcome::Used)).sum();
                if context.permits(client, route)
                    || requests < settings.threshold(&DOC, "min_requests")
                {
                    continue;
                }
                let label = context.label(route);
                let message = format!(
                    "{requests} requests to {label} passed although no grant permits them: the gateway does not \
                     enforce, or the aliases, the scope rule or the catalogue are wrong"
                );
                let finding = Finding::new(&DOC, settings, client.id.as_str(), label, message)
                    .seen(requests, first.first, last.last)
                    .traced(Day(first.day), route, false)
                    .traced(Day(last.day), route, false);
                holes.entry(route).or_default().push(finding);
            }
        }
        let mut findings = Vec::new();
        for (route, own) in holes {
            let all = clients.get(&route).copied().unwrap_or(0);
            let share = settings.threshold(&DOC, "map_share");
            if all >= 5 && own.len() as u64 * 100 > all as u64 * share {
                let label = context.label(route);
                let message = format!(
                    "{} of {all} clients use {label} without a grant that permits it: the requirement map is probably \
                     wrong, not the gateway",
                    own.len()
                );
                let requests = own.iter().map(|finding| finding.requests).sum();
                let first = own.iter().filter_map(|finding| finding.first_seen).min();
                let last = own.iter().filter_map(|finding| finding.last_seen).max();
                findings.push(
                    Finding::new(&DOC, settings, "", label, message)
                        .graded(settings, Severity::Medium)
                        .seen(requests, first.unwrap_or(0), last.unwrap_or(0)),
                );
            } else {
                findings.extend(own);
            }
        }
        findings
    }
}
