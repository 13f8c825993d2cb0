//! F13: clients that try doors.

use std::collections::BTreeMap;

use crate::finding::rule::{nist, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::{Day, Millis};

pub(super) struct Probing;

static DOC: Doc = Doc {
    number: "F13",
    id: "probing",
    title: "A client tries many operations and is refused",
    what: "On one day a client was refused at more distinct operations than the limit, none of which its grants permit.",
    why: "A person or a program that looks for what it may do looks like this. So does a stolen key.",
    example: "partner-export: refused at 17 different operations on 2026-10-03, 140 requests",
    guards: "Operations that the grants permit are left out: a refusal there is F2 or F18. A rollout that went wrong, or a removal of your own, looks the same: look for a change of the policy on that day first.",
    action: "Ask the owner. If nobody knows, revoke the credential.",
    fields: &["client", "operation", "status"],
    severity: Severity::High,
    thresholds: &[Threshold {
        key: "operations",
        unit: Unit::Count,
        default: 10,
        text: "distinct refused operations on one day that are still tolerated",
    }],
    controls: &[nist("AU-6"), nist("AC-6(9)"), soc2("CC7.2")],
};

#[derive(Default)]
struct Burst {
    routes: Vec<u32>,
    requests: u64,
    first: Millis,
    last: Millis,
}

impl Rule for Probing {
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
        let limit = settings.threshold(&DOC, "operations");
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            let mut days: BTreeMap<Day, Burst> = BTreeMap::new();
            for (route, used) in context.used(client) {
                if context.operations(route).is_empty() || context.permits(client, route) {
                    continue;
                }
                for day in used.iter().filter(|day| day.denied() > 0) {
                    let own = days.entry(Day(day.day)).or_insert_with(|| Burst {
                        first: day.first,
                        last: day.last,
                        ..Burst::default()
                    });
                    own.routes.push(route);
                    own.requests += day.denied();
                    own.first = own.first.min(day.first);
                    own.last = own.last.max(day.last);
                }
            }
            let bursts: Vec<(Day, Burst)> = days
                .into_iter()
                .filter(|(_, own)| own.routes.len() as u64 > limit)
                .collect();
            let worst = bursts
                .iter()
                .max_by_key(|(day, own)| (own.routes.len(), std::cmp::Reverse(*day)));
            let Some((day, own)) = worst else { continue };
            let more = match bursts.len() {
                1 => String::new(),
                days => format!("; {days} such days"),
            };
            let message = format!(
                "refused at {} different operations on {day}, {} requests{more}",
                own.routes.len(),
                own.requests
            );
            let requests = bursts.iter().map(|(_, own)| own.requests).sum();
            let first = bursts
                .iter()
                .map(|(_, own)| own.first)
                .min()
                .unwrap_or(own.first);
            let last = bursts
                .iter()
                .map(|(_, own)| own.last)
                .max()
                .unwrap_or(own.last);
            findings.push(
                Finding::new(&DOC, settings, client.id.as_str(), "refusals", message)
                    .seen(requests, first, last)
                    .traced(*day, own.routes[0], true),
            );
        }
        findings
    }
}
