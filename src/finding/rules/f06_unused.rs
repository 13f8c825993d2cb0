//! F6: clients and credentials that nobody uses.

use crate::analysis::{ClientAnalysis, Status};
use crate::finding::rule::{iso, nist, pci, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::format::AuthKind;
use crate::model::Day;
use crate::model::words::plural;

pub(super) struct Unused;

static DOC: Doc = Doc {
    number: "F6",
    id: "unused-client",
    title: "A client or a credential is not used",
    what: "A client that holds scopes, or a credential of a client, sent no request for the limit's number of covered days.",
    why: "What nobody uses nobody misses when it is stolen. Suspending the client removes all its scopes at once.",
    example: "legacy-cron: no request for 141 covered days; suspending it frees exposure 0.29",
    guards: "Only days with records count; a log that covers fewer than `idle` of them cannot tell. Standby systems and yearly jobs are silent by nature: put them on the `allow` list or write an exception. A client that never appears counts only when others of the same policy file do. Tokens are left out: an old one is merely over.",
    action: "Ask the owner; suspend the client for a month, then delete it. Revoke the credential.",
    fields: &["client", "as many covered days as `idle`"],
    severity: Severity::Medium,
    thresholds: &[Threshold {
        key: "idle",
        unit: Unit::Days,
        default: 90,
        text: "covered days without a request",
    }],
    controls: &[
        nist("AC-2(3)"),
        pci("7.2.4"),
        pci("7.2.5.1"),
        soc2("CC6.2"),
        soc2("CC6.3"),
        iso("A.5.18"),
    ],
};

impl Rule for Unused {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        let limit = settings.threshold(&DOC, "idle");
        let days = context.covered_days();
        if u64::from(days) < limit {
            return Err(MissingField::new(format!(
                "{} (limit idle; {days} covered)",
                plural(limit, "covered day")
            )));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let to = context.analysis.window.to;
        let limit = settings.threshold(&DOC, "idle");
        // Days on which the client's own sources have records.
        let idle = |client: Option<&ClientAnalysis>, last: Day| {
            let days = &context.coverage.days;
            let absent = |day: &Day| client.is_some_and(|client| client.absent.contains(day));
            let days = days.range(last.plus(1)..).map(|(day, _)| *day);
            let days = days.take_while(|day| *day <= to);
            days.filter(|day| !absent(day)).count() as u64
        };
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            if let Some(finding) = silent(context, settings, client, limit, &idle) {
                findings.push(finding);
            }
        }
        for ((client, hash), rows) in context.named_credentials() {
            let Some(last) = rows.last() else { continue };
            let holder = context.client(client);
            let alive = holder
                .and_then(|client| client.last_seen)
                .is_some_and(|seen| idle(holder, Day::of(seen)) < limit);
            let days = idle(holder, last.day);
            if days < limit || !alive || rows.iter().any(|row| row.kind == AuthKind::Token) {
                continue;
            }
            let requests = rows.iter().map(|row| row.facts.count).sum();
            let message = format!(
                "{hash:#} was last used on {}, {} ago",
                last.day,
                plural(days, "covered day")
            );
            findings.push(
                Finding::new(&DOC, settings, client, hash.to_string(), message)
                    .graded(settings, Severity::Low)
                    .seen(requests, rows[0].facts.first, last.facts.last),
            );
        }
        findings
    }
}

fn silent(
    context: &Context<'_>,
    settings: &RuleSettings,
    client: &ClientAnalysis,
    limit: u64,
    idle: &dyn Fn(Option<&ClientAnalysis>, Day) -> u64,
) -> Option<Finding> {
    if client.granted.is_empty() {
        return None;
    }
    let freed = client.exposure.before;
    let places = client.terms.iter().flat_map(|term| context.places(term));
    let new = |text: String| Finding::new(&DOC, settings, client.id.as_str(), "client", text);
    match client.last_seen {
        Some(seen) if idle(Some(client), Day::of(seen)) >= limit => {
            let days = idle(Some(client), Day::of(seen));
            let text = format!(
                "no request for {}; suspending it frees exposure {freed}",
                plural(days, "covered day")
            );
            Some(new(text).at(places).seen(0, seen, seen))
        }
        None if client.status == Status::Dormant => {
            let days = context.covered_days();
            let text = format!(
                "never seen in {}; suspending it frees exposure {freed}",
                plural(days, "covered day")
            );
            Some(new(text).at(places))
        }
        _ => None,
    }
}
